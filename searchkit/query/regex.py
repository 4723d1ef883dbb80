r"""What does a regular expression mean? RE2 decides, in time that is linear in what it reads.

An expression is held against whole words, written in any case. Its syntax is RE2's
(https://github.com/google/re2/wiki/Syntax): no back-references, nothing that looks ahead or behind; ``\w``, ``\d``
and ``\b`` know ASCII only, ``\pL`` is a letter of any alphabet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Protocol

# Longer ones come from programs, and each is compiled and kept while its query runs.
LONGEST = 1000
# For the program and its table of states together, in bytes; what needs more is refused as too large.
_MEMORY = 4 << 20

_PART = r"""
    \\Q .*? (?: \\E | \Z )               # text that means itself
  | \\[pP] (?: \{ [^}]* \} | . )         # a class of Unicode
  | \\x\{ [^}]* \}
  | \\ .
  | \[ \^? \]? (?: \[:\^?\w*:\] | \\. | [^]\\] )* \]
  | \(\? P? < [^>]* >                    # a group with a name
  | \(\? [\w^-]* [:)]                    # flags, of a group or of what follows
  | \{ \d* ,? \d* \}
  | .
"""
_SPECIAL = frozenset("^$.|()[]{}*+?\\")
_CLASS = re.compile(r"\\(?:[dDsSwW]|[pP].*)", re.DOTALL)
# Letters, a full stop for any one character, and any number of those: wildcards say as much.
_EXACT = re.compile(r"\^?(?:[^][^$.|(){}*+?\\]|\\[^\w\s]|\.(?:[*+]\??)?)*\$?")
_NUMBERED = re.compile(r"\\[x0-9]")

# What RE2 says, and the sentence of it; a piece of the expression may follow either.
_SENTENCES = {
    "missing )": "a bracket is opened and never closed",
    "unexpected )": "a bracket is closed that was never opened",
    "missing ]": "a class of characters is opened and never closed",
    "invalid character class": "there is no such class of characters",
    "invalid character class range": "there is no such class or range of characters",
    "trailing \\": "it ends with a backslash, which says nothing alone",
    "no argument for repetition operator": "nothing stands before this that could be repeated",
    "invalid repetition size": "a repetition has at most 1,000 turns, all those within it included",
    "bad repetition operator": "a repetition cannot be repeated without brackets",
    "invalid perl operator": "a group cannot begin like this; nothing looks ahead or behind here",
    "invalid named capture group": "a group has no such name, or has it twice",
    "invalid escape sequence": "this means nothing behind a backslash, and there are no references to groups",
}


# The characters of ASCII that a step takes, whether it may be left out, whether it is taken on and on.
Step = tuple[bytes, bool, bool]
_MOST_STEPS = 63
# What a word may have: no newline.
_ANY = bytes(set(range(0x80)) - {0x0A})
_SHORT_CLASSES = {"\\d": b"0123456789", "\\w": bytes(one for one in _ANY if chr(one).isalnum() or one == 0x5F)}
_TURNS = {"": (False, False), "?": (True, False), "*": (True, True)}


class _Matcher(Protocol):
    def finditer(self, text: bytes) -> Iterator[re.Match[bytes]]: ...


class RegexError(ValueError):
    """An expression without a meaning: its text is a sentence, ``position`` counts characters from 0 or is None."""

    def __init__(self, sentence: str, position: int | None = None) -> None:
        super().__init__(sentence)
        self.position = position


class CompiledRegex:
    """An expression that was understood; ``compile_regex`` makes it.

    Every word that it means fits its ``outline``, which is quicker to find: folded letters, "" for one character,
    None for any number of them, as in ``shape_pieces``. Where it is ``exact``, every word that fits it is meant.
    ``steps``, unless they are None, say of words of ASCII what the expression says, in less time.
    """

    __slots__ = ("_matcher", "_parts", "exact", "outline", "steps", "text")

    def __init__(self, text: str, parts: list[str]) -> None:
        self.text = text
        self.outline: Sequence[str | None] = _outline(parts)
        self.exact = _EXACT.fullmatch(text) is not None and all(len(one.casefold()) == 1 for one in text)
        self.steps = steps_of(parts)
        self._parts = parts
        # Where steps say the same, RE2 is asked when a word comes up that they cannot decide on.
        self._matcher = None if self.steps is not None else self._compiled()

    def _compiled(self) -> _Matcher:
        text, parts = self.text, self._parts
        # Alone first: what is put around it must not close what it left open.
        _compiled(text, text, parts)
        _refuse_lines(parts)
        open_end = "\\E" if parts and parts[-1].startswith("\\Q") and not parts[-1].endswith("\\E") else ""
        return _compiled(f"(?m)^(?:{text}{open_end})$", text, parts)

    def fits(self, word: str) -> bool:
        """Whether one word is what is meant, from end to end."""
        return self.matching(word.encode("utf-8", "replace") + b"\n") == [0]

    def matching(self, lines: bytes) -> list[int]:
        """The numbers of the lines, each with a newline behind it, that are what is meant, from end to end."""
        found: list[int] = []
        number, at = 0, -1
        if self._matcher is None:
            self._matcher = self._compiled()
        for match in self._matcher.finditer(lines):
            begin, end = match.span()
            if begin == len(lines):
                # Behind the last newline there is no line any more.
                break
            if begin == at + 1:
                # Most often the next line after one that was found, and else one of those behind it.
                number += at >= 0
            else:
                number += lines.count(b"\n", max(at, 0), begin)
            # An empty line may be found twice.
            if not found or found[-1] != number:
                found.append(number)
            at = end
        return found


@lru_cache(maxsize=8)
def compile_regex(text: str) -> CompiledRegex:
    """Understand an expression; RegexError, which is a ValueError, says in a sentence what is wrong and where.

    The last few are remembered: the parser asks whether one has a meaning, then the engine for what it means.
    """
    if len(text) > LONGEST:
        sentence = f"a regular expression has at most {LONGEST:,} characters, and this has {len(text):,}"
        raise RegexError(sentence, LONGEST)
    half = next((at for at, character in enumerate(text) if "\ud800" <= character <= "\udfff"), None)
    if half is not None:
        raise RegexError("half a character stands in the regular expression", half)
    parts = re.findall(_PART, text, re.VERBOSE | re.DOTALL)
    return CompiledRegex(text, parts)


def _compiled(expression: str, text: str, parts: list[str]) -> _Matcher:
    # An import of its own: only those who write regular expressions wait for it.
    import re2

    options = re2.Options()
    options.case_sensitive = False
    options.never_nl = True
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        matcher: _Matcher = re2.compile(expression, options)
    except re2.error as error:
        said = error.args[0]
        raise _error(said.decode("utf-8", "replace") if isinstance(said, bytes) else said, text, parts) from error
    finally:
        # It would keep the last 128 expressions, each with its memory.
        re2.purge()
    return matcher


def _error(said: str, text: str, parts: list[str]) -> RegexError:
    """RE2's complaint as a sentence, with the place where it is known."""
    if said.startswith("pattern too large"):
        return RegexError("the regular expression means too much: with all its repetitions it is too large")
    kind, _, piece = said.partition(": ")
    sentence = _SENTENCES.get(kind, f"the regular expression cannot be read ({kind})")
    if kind in ("missing )", "unexpected )"):
        return RegexError(sentence, _odd_bracket(parts))
    if kind == "trailing \\":
        return RegexError(sentence, len(text) - 1)
    # Where the same piece stands twice, nobody knows which was meant.
    position = text.find(piece) if piece and text.count(piece) == 1 else None
    return RegexError(f"{sentence}: {piece}" if piece else sentence, position)


def _odd_bracket(parts: list[str]) -> int | None:
    """Where the first bracket stands that closes nothing, or the last that nothing closes."""
    opened: list[int] = []
    at = 0
    for part in parts:
        if part == ")":
            if not opened:
                return at
            opened.pop()
        elif _opens(part):
            opened.append(at)
        at += len(part)
    return opened[-1] if opened else None


def _opens(part: str) -> bool:
    return part[0] == "(" and part[-1] != ")"


def _refuse_lines(parts: list[str]) -> None:
    """Refuse what asks where the text begins and ends: all words are one text when they are searched."""
    at = 0
    for part in parts:
        if part in ("\\A", "\\z"):
            raise RegexError(f"a whole word is meant anyway: leave out {part}", at)
        if part == "\\C":
            raise RegexError("\\C is half a character, and words have whole ones: write a full stop", at)
        if part.startswith("(?") and "<" not in part and "m" in part:
            raise RegexError(f"a word has one line only: leave the m out of {part}", at)
        at += len(part)


def _outline(parts: list[str]) -> list[str | None]:
    """A pattern of wildcards for all that is meant: what stands outside brackets and is never left out."""
    outline: list[str | None] = []
    depth = 0
    for at, part in enumerate(parts):
        depth += _opens(part) - (part == ")")
        if (part == "|" and depth == 0) or _NUMBERED.fullmatch(part):
            # Either this or that; or a character by its number, which goes on in the parts behind it.
            return [None]
        if (part == "^" and at == 0) or (part == "$" and at == len(parts) - 1):
            continue
        if part in ("*", "?") or part[0] == "{":
            # What stands before it may be left out.
            outline[-1:] = [None]
        else:
            outline.append(None if depth or part == "+" else _meant(part))
    return outline


def steps_of(parts: list[str]) -> list[Step] | None:
    """An expression, in its parts, as steps one after the other; None where it is more than that."""
    if parts[:1] == ["^"]:
        parts = parts[1:]
    if parts[-1:] == ["$"]:
        parts = parts[:-1]
    steps: list[Step] = []
    at = 0
    while at < len(parts):
        taken = _taken(parts[at])
        turns = parts[at + 1] if at + 1 < len(parts) and parts[at + 1] in ("?", "*", "+") else ""
        at += 1 + len(turns)
        if turns and at < len(parts) and parts[at] == "?":
            # It says which of several matches is wanted; of whole words there is one.
            at += 1
        if taken is None:
            return None
        if turns == "+":
            steps.append((taken, False, False))
        steps.append((taken, *_TURNS["*" if turns == "+" else turns]))
    return steps if len(steps) <= _MOST_STEPS else None


@lru_cache(maxsize=64)
def _taken(part: str) -> bytes | None:
    """The characters of ASCII that a part means, in either case; None where it is not one of those, or a rare one."""
    if part == ".":
        return _ANY
    if part in _SHORT_CLASSES:
        return _SHORT_CLASSES[part]
    if not part.isascii() or not part.isprintable():
        return None
    if part[0] == "[":
        return _of_class(part)
    if len(part) == 2 and part[0] == "\\" and not part[1].isalnum() and part[1] != "_":
        return part[1].encode()
    if len(part) > 1 or part in _SPECIAL:
        return None
    return bytes(sorted({ord(part.lower()), ord(part.upper())}))


def _of_class(part: str) -> bytes | None:
    """The same for a class in brackets, unless it has more than characters and ranges of them."""
    inner = part[1:-1].removeprefix("^")
    if part[-1] != "]" or not inner or any(one in inner for one in "[]\\^"):
        return None
    found: set[int] = set()
    at = 0
    while at < len(inner):
        first = last = ord(inner[at])
        if inner[at + 1 : at + 2] == "-" and at + 2 < len(inner):
            last = ord(inner[at + 2])
            at += 2
        elif inner[at] == "-":
            return None
        if first > last:
            return None
        found.update(range(first, last + 1))
        at += 1
    found |= {ord(chr(one).swapcase()) for one in found}
    return bytes(sorted(set(_ANY) - found if part[1] == "^" else found))


def _meant(part: str) -> str | None:
    """A part, outside brackets, as text or a wildcard."""
    if part == "." or part[0] == "[" or _CLASS.fullmatch(part):
        return ""
    escaped = len(part) == 2 and part[0] == "\\" and not part[1].isalnum()
    folded = (part[1] if escaped else part).casefold()
    # A letter that is folded to several is in no form, whatever it means to RE2.
    return folded if len(folded) == 1 and (escaped or part not in _SPECIAL) else None
