"""What are the parts of a date as it is written? Numbers, words and marks, each with its place in the text."""

from __future__ import annotations

import re
from collections.abc import Container

from searchkit.errors import UsageError
from searchkit.frozen import frozen

_TOKEN = re.compile(
    r"(?P<number>[0-9]+)|(?P<word>[^\W\d_]+)|(?P<mark>\.{2,}|…|[<>]=?|=|[-‐‑–—−./,*\[\]{}])|(?P<other>\S)"
)
# Full-width characters, one for one, so that places stay what they are.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_HYPHENS, _DASHES, _DOTS = "-‐‑−", "–—", "…"
# No form of a date has half as many.
_MOST_TOKENS = 60
# A number of more digits is as good as this one: beyond every calendar.
_LARGEST = 10**9
_LONGEST_SAID = 60
HINT = "Write 2020-03-09, 2020-03, 2020, 2020-03-01..2020-03-09, 'march 2020' or 'last 30 days'."


class DateError(UsageError, ValueError):
    """A text that names no day; ``at`` is where in it, counted from 0, stands what was not understood."""

    def __init__(self, message: str, *, at: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.at = at


@frozen
class Token:
    """One part of a date: ``kind`` is "number", "word", "mark", "other" or, behind the last one, "end".

    A word stands in lower case. Of marks, ``..`` stands for any dots of a range, ``–`` for a dash of one, and
    ``-`` for a hyphen that joins what stands on both its sides. ``glued`` says that no blank stands before it.
    """

    kind: str
    text: str
    at: int
    end: int
    glued: bool

    @property
    def number(self) -> int:
        """The value of a number."""
        return int(self.text) if len(self.text) < 10 else _LARGEST


class Cursor:
    """A place between the tokens of a text, which moves on as they are taken.

    A hyphen between words is as good as a blank: ``last-30-days`` is ``last 30 days``.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self._tokens = _tokens(text)

    def peek(self, ahead: int = 0) -> Token:
        """The next token, or the one that many further on."""
        return self._tokens[min(self.place + ahead, len(self._tokens) - 1)]

    def take(self) -> Token:
        """The next token, which is passed."""
        token = self.peek()
        self.place += 1
        return token

    def mark(self, marks: Container[str]) -> str:
        """The next token, passed, where it is one of these marks; else ''."""
        token = self.peek()
        return self.take().text if token.kind == "mark" and token.text in marks else ""

    def word(self, words: Container[str]) -> str:
        """The next word, passed, where it is one of these; else ''."""
        ahead = self._joined()
        token = self.peek(ahead)
        if token.kind != "word" or token.text not in words:
            return ""
        self.place += ahead + 1
        return token.text

    def number(self) -> Token | None:
        """The next token, passed, where it is a number."""
        ahead = self._joined()
        token = self.peek(ahead)
        if token.kind != "number":
            return None
        self.place += ahead + 1
        return token

    def pass_joint(self) -> None:
        """Pass the hyphen behind a word."""
        if self.place and self.peek(-1).kind == "word":
            self.place += self._joined()

    def _joined(self) -> int:
        token = self.peek()
        return 1 if token.kind == "mark" and token.text == "-" else 0

    def mistake(self, token: Token, why: str = "", *, hint: str = HINT) -> DateError:
        """The error about what stands at ``token``; ``why`` is half a sentence."""
        said = " ".join(self.text[: _LONGEST_SAID * 4].split())
        said = said if len(said) <= _LONGEST_SAID else said[: _LONGEST_SAID - 1] + "…"
        return DateError(f"{said!r} is not a date" + (f": {why}" if why else ""), at=token.at, hint=hint)

    def unexpected(self, *, hint: str = HINT) -> DateError:
        """The error about a next token that no form of a date has here."""
        token = self.peek()
        if token.kind == "end":
            return self.mistake(token, "something is missing at its end", hint=hint)
        is_all = token.end - token.at == len(self.text.strip())
        return self.mistake(token, "" if is_all else f"{token.text!r} is not understood here", hint=hint)


def has_only(words: Container[str], text: str) -> bool:
    """Whether ``text`` is made of numbers, marks and these words."""
    return all(token.kind in ("number", "mark", "end") or token.text in words for token in _tokens(text))


def _tokens(text: str) -> list[Token]:
    """The tokens of ``text``, and an "end" behind them; those past the sixtieth are left out."""
    text = text.translate(_NARROW)
    found: list[Token] = []
    end = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        part, (start, stop) = match[kind], match.span(kind)
        if kind == "mark":
            part = _mark(part, start == end, text[stop : stop + 1])
        found.append(Token(kind, part.lower(), start, stop, start == end))
        end = stop
        if len(found) == _MOST_TOKENS:
            break
    found.append(Token("end", "", end, end, False))
    return found


def _mark(mark: str, is_glued: bool, behind: str) -> str:
    if mark in _HYPHENS:
        return "-" if is_glued and behind and not behind.isspace() else "–"
    if mark in _DASHES:
        return "–"
    return ".." if mark in _DOTS or mark.startswith("..") else mark
