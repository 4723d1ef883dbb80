"""How does the text of another system come apart? By a table of rules, tried in their order, then word by word."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from searchkit.analysis import fold, word_spans
from searchkit.query import words
from searchkit.query.dialects.comparing import Comparison
from searchkit.query.grammar import AT_LEAST, MOST_APART, NATIVE, Grammar, Operator
from searchkit.query.regex import LONGEST
from searchkit.query.tokens import OPEN, OPERATOR, PART, Lexer, Token
from searchkit.query.tree import Days, Leaf, Phrase, Regex
from searchkit.query.words import Notice

# A pattern, and what reads it where it fits: tokens, or None where it is not meant after all.
Rule = tuple[re.Pattern[str], Callable[[Any, re.Match[str]], "list[Token] | None"]]
# What ends a chunk of text, whatever the dialect, as a class of characters.
ENDS = r'\s\x00-\x1f\x7f-\x9f\ufeff()"“”„«»'
_CHUNK = re.compile(rf"[^{ENDS}]+")
_SLASHED = re.compile(r"(?<![\d/-])(\d{1,2})([/-])(\d{1,2})\2(\d{4})(?![\d/-])", re.ASCII)
_MONTHS = range(1, 13)
_SIGNS = "+-−"
_NUMBER = re.compile(r"\d+", re.ASCII)
# Words before a date, and the names of our own that they are.
COMPARISONS = {
    "is": "date", "=": "date", "aft": "after", "after": "after", ">": "after", "bef": "before", "before": "before",
    "<": "before", "geq": "since", ">=": "since", "leq": "until", "<=": "until",
}  # fmt: skip
# Signs of our own shapes.
_OWN = "*?\\"


def rule(pattern: str, read: Callable[[Any, re.Match[str]], list[Token] | None]) -> Rule:
    """A rule, whatever the case of the text."""
    return re.compile(pattern, re.IGNORECASE | re.ASCII), read


def refusal(pattern: str, message: str, hint: str) -> Rule:
    """A rule that refuses what it fits; ``{}`` in the message is what was written."""

    def refuse(lexer: Lexer, match: re.Match[str]) -> list[Token] | None:
        lexer.fail(match.start() + 1, message.format(match[0].rstrip("( ")), hint)

    return rule(pattern, refuse)


def operators(forms: tuple[tuple[str, Operator], ...]) -> Callable[[str], Operator | None]:
    """The operators of a dialect: each form is how it is written, and what it is but for what was written.

    A form with a number in it takes its number from the text. Where its ``binds`` is negative, it binds the
    tighter the smaller its number is.
    """
    known = re.compile("|".join(f"({pattern})" for pattern, _ in forms), re.IGNORECASE | re.ASCII)

    def operator(chunk: str) -> Operator | None:
        match = known.fullmatch(chunk)
        if match is None or match.lastindex is None:
            return None
        form = forms[match.lastindex - 1][1]
        digits = _NUMBER.search(chunk)
        number = int(digits[0][:9]) if digits else form.number
        binds = form.binds if form.binds >= 0 else -form.binds - min(number, MOST_APART)
        return Operator(form.kind, chunk, number, form.unit, form.ordered, binds)

    return operator


# RE2 takes a backslash before no other sign.
_ASCII_SIGN = re.compile(r"[!-/:-@\[-`{-~]")


class RuledLexer(Lexer):
    """A lexer that tries its rules before it reads a chunk as searchkit's own language does."""

    rules: ClassVar[tuple[Rule, ...]] = ()

    def __init__(self, text: str, grammar: Grammar, today: datetime.date | None) -> None:
        super().__init__(text, grammar, today)
        self._noted: set[object] = set()

    def _chunk(self) -> Iterator[Token]:
        if not self._dates:
            for pattern, read in self.rules:
                match = pattern.match(self._plain, self._at)
                if match and (found := read(self, match)) is not None:
                    yield from found
                    return
        yield from self._word_or_operator()

    def _word_or_operator(self) -> Iterator[Token]:
        yield from super()._chunk()

    def comparison(self) -> Comparison | None:
        """What is said of the operators."""
        return Comparison(self._grammar, self.note_once)

    def said(self) -> tuple[Notice, ...]:
        """The notices, from left to right."""
        return tuple(sorted(self.notices, key=lambda notice: notice.column))

    def note_once(self, what: object, column: int, text: str) -> None:
        """Say something of the query, unless it was said of another part of it."""
        if what not in self._noted:
            self._noted.add(what)
            self._note(column, text)


class DialectLexer(RuledLexer):
    """A lexer whose chunks have nothing of searchkit's own language: no ~ and ^, no /expressions/ and =words.

    ``chunk`` is what may belong to one word. ``shapes`` says what stands for any characters (``*``) and for one
    (``?``). ``has_bounded_ends``: signs for one character at the end of a word stand for so many at most.
    ``has_months_first``: 3/1/2020 is a day of March. ``comparisons`` are words before a date. ``counts_groups``: what
    ATLEAST counts stands in parentheses.
    """

    chunk: ClassVar[re.Pattern[str]] = _CHUNK
    shapes: ClassVar[Mapping[str, str]] = {}
    has_bounded_ends: ClassVar[bool] = False
    has_months_first: ClassVar[bool] = False
    counts_groups: ClassVar[bool] = False
    comparisons: ClassVar[Mapping[str, str]] = {}

    def _word_or_operator(self) -> Iterator[Token]:
        match = self.chunk.match(self._plain, self._at)
        if match is None:
            self._at += 1
            return
        begin, end = match.span()
        chunk, column = match[0], begin + 1
        operator = self._grammar.operator(chunk)
        if operator is not None:
            self._at = end
            self._operator_read(operator, column)
            yield Token(OPERATOR, column, operator)
        elif self._dates:
            yield self._compared_date(column)
        else:
            self._at = end
            if chunk[0] in _SIGNS and len(chunk) > 1 and not self._grammar.signs and chunk[1].isalpha():
                self.note_once(
                    "sign",
                    column,
                    f"a {chunk[0]} before a word says nothing in {self._grammar.title} and is passed over",
                )
            yield from self._part_of(self.text[begin:end], column)

    def _operator_read(self, operator: Operator, column: int) -> None:
        """Refuse an operator that lacks something, or say something of it."""
        if operator.kind == AT_LEAST and self.counts_groups and not self._plain.startswith("(", self._at):
            message = f"“{operator.written}” needs parentheses around what it counts"
            self.fail(column, message, f"Write {operator.written}(word).")

    def _part_of(self, written: str, column: int) -> Iterator[Token]:
        if written[0] in self.shapes and not any(map(str.isalnum, written)):
            self.fail(column, f"“{written}” stands for no word where it stands alone", "Write letters before it.")
        part = self._shaped(written, column)
        if part is None:
            self._note(column, f"“{written}” holds no letter or number and is passed over")
            return
        for one in part.parts if isinstance(part, Phrase) else (part,):
            self._sound(one)
        yield Token(PART, column, part)

    def _shaped(self, written: str, column: int) -> Leaf | Phrase | None:
        """A chunk as a word, or as the shape of one."""
        shape = "".join(
            self.shapes.get(letter) or ("\\" + letter if letter in _OWN else letter) for letter in written
        )
        if self.has_bounded_ends and (ending := re.search(r"(?<=[^*?\\])(\?+)[.,;:]*$", shape)):
            return self._bounded(shape[: ending.start()], len(ending[1]), column)
        return words.word(shape, column, NATIVE, self._note)

    def _bounded(self, shape: str, most: int, column: int) -> Leaf | Phrase | None:
        """A word with at most so many letters more: the last word of a shape, as a regular expression."""
        letters = re.findall(r"\\.|.", shape, re.DOTALL)
        spans = list(word_spans("".join("x" if one in "*?" else one[-1] for one in letters)))
        if not spans:
            return None
        last = letters[spans[-1][0] : spans[-1][1]]
        signs = {"*": ".*", "?": "."}
        text = "".join(signs.get(one) or _ASCII_SIGN.sub(r"\\\g<0>", fold(one[-1])) for one in last)
        part = self._sound(Regex(f"{text}.{{0,{most}}}", column))
        before = words.word("".join(letters[: spans[-1][0]]), column, NATIVE, self._note) if len(spans) > 1 else None
        if before is None:
            return part
        first = before.parts if isinstance(before, Phrase) else tuple(words.pieces(before))
        return Phrase((*first, part), 0, column)

    def _sound(self, leaf: Leaf) -> Leaf:
        # Expressions are made here only, and a short one is sound: to see that for each would cost its compilation.
        return leaf if isinstance(leaf, Regex) and len(leaf.text) <= LONGEST else super()._sound(leaf)

    def _quotation(self) -> Iterator[Token]:
        column = self._at + 1
        inside = self._quoted()
        parts: list[Leaf] = []
        for match in self.chunk.finditer(inside):
            part = self._in_quotes(match[0], column + 1 + match.start())
            if part is not None:
                parts += part.parts if isinstance(part, Phrase) else [part]
        if not parts:
            self._note(column, "there is no word in these quotation marks; they are passed over")
            return
        for one in parts:
            self._sound(one)
        yield Token(PART, column, parts[0] if len(parts) == 1 else Phrase(tuple(parts), 0, column))

    def _in_quotes(self, written: str, column: int) -> Leaf | Phrase | None:
        return self._shaped(written, column)

    def _suffix(self, *, phrase_of: Leaf | Phrase | None, column: int = 0) -> Iterator[Token]:
        yield from ()

    def open_dates(self, match: re.Match[str]) -> list[Token]:
        """Read ``date(``: what follows are dates, up to the closing parenthesis."""
        self._at = match.end()
        self._dates = 1
        return [Token(OPEN, self._at)]

    def one_date(self, match: re.Match[str]) -> list[Token]:
        """Read ``date``, where a date follows it without parentheses."""
        self._at = match.end()
        return [self._compared_date(match.start() + 1)]

    def compound(self, match: re.Match[str]) -> list[Token] | None:
        """Read an operator of two words."""
        operator = self._grammar.operator(" ".join(match[0].split()))
        if operator is None:
            return None
        self._at = match.end()
        return [Token(OPERATOR, match.start() + 1, operator)]

    def _compared_date(self, column: int) -> Token:
        """A date, perhaps behind a word that compares, and then perhaps in parentheses."""
        name = "date"
        match = self.chunk.match(self._plain, self._at)
        said = self.comparisons.get(match[0].lower()) if match else None
        if match and said is not None:
            name = said
            self._at = match.end()
            blank = re.compile(r"\s*").match(self._plain, self._at)
            self._at = blank.end() if blank else self._at
            if self._at >= len(self._plain) or self._plain[self._at] == ")":
                self.fail(match.start() + 1, f"nothing follows “{match[0]}”", "Write a date behind it.")
            if self._plain[self._at] == "(":
                return self._in_parentheses(name, column)
        return Token(PART, column, self._days(name, column))

    def _in_parentheses(self, name: str, column: int) -> Token:
        opening = self._at + 1
        closing = self._plain.find(")", self._at)
        self._at += 1
        while self._at < len(self._plain) and self._plain[self._at].isspace():
            self._at += 1
        if closing < 0 or self._at >= closing:
            self.fail(opening, "there is no date in this parenthesis", "Write (3/1/2020).")
        days = self._days(name, column)
        while self._at < closing and self._plain[self._at].isspace():
            self._at += 1
        if self._at != closing:
            self.fail(self._at + 1, "the parenthesis of this date should close here", "Write (3/1/2020).")
        self._at += 1
        return Token(PART, column, days)

    def _days(self, name: str, column: int) -> Days:
        begin = self._at
        days = super()._days(name, column)
        if self.has_months_first:
            for match in _SLASHED.finditer(self._plain, begin, self._at):
                if _is_ambiguous(match):
                    said = f"{match[4]}-{int(match[1]):02}-{int(match[3]):02}"
                    self._note(match.start() + 1, f"{match[0]} is read as {said}: the month stands first")
        return days

    def _as_dates(self, text: str) -> str:
        """Dates with slashes in a form that cannot be read in two ways, each as long as it was."""
        return _SLASHED.sub(_month_first, text) if self.has_months_first else text


def _is_ambiguous(match: re.Match[str]) -> bool:
    return int(match[1]) in _MONTHS and int(match[3]) in _MONTHS and int(match[1]) != int(match[3])


def _month_first(match: re.Match[str]) -> str:
    if not _is_ambiguous(match):
        return match[0]
    month, day, year = int(match[1]), int(match[3]), match[4]
    if len(match[0]) == 10:
        return f"{year}-{month:02}-{day:02}"
    return f"{year}{month:02}{day:02}".ljust(len(match[0]))
