"""What stands in the text of a query? Tokens, each with its column: one pass, linear in the text."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn

from searchkit.errors import QueryError
from searchkit.frozen import frozen, put
from searchkit.query.grammar import Grammar
from searchkit.query.late import late
from searchkit.query.tree import Days, Everything, Id, Leaf, Node, Phrase, Regex, Wildcard
from searchkit.query.words import Notice, exact, fuzzy, phrase, pieces, word

if TYPE_CHECKING:
    from searchkit.query.dialects.comparing import Comparison

# Kinds of tokens.
OPEN, CLOSE, PART, OPERATOR, SIGN, SCOPE, SUFFIX, END, PREFIX = range(9)

_QUOTES = '"“”„«»'
# The characters of a full-width keyboard that could be meant as operators, made plain one by one: columns stay.
_PLAIN = {0xFF08: "(", 0xFF09: ")", 0xFF02: '"', 0x3000: " "} | {
    wide: chr(wide - 0xFEE0) for first, last in ((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))
    for wide in range(first, last + 1)
}  # fmt: skip
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ufeff]+")
_CHUNK = re.compile(rf"(?:\\.|[^\s\x00-\x1f\x7f-\x9f\ufeff(){_QUOTES}\\]|\\$)+", re.DOTALL)
_CLOSING = late(rf"(?:\\.|[^{_QUOTES}\\])*", re.DOTALL)
_REGEX = late(r"/((?:\\.|[^/\\\n])+)/(?=[\s)^]|$)")
_FIELD = late(r"([A-Za-z][A-Za-z_]*):")
_BOOST = late(r"(?<!\\)\^(\d[\w.+]*)$", re.ASCII)
_SUFFIX = late(r"(?:~(\d{0,6}))?(?:\^(\d{1,6}(?:\.\d{1,6})?))?(?=[\s)]|$)", re.ASCII)
_FUZZY = late(r"(?<!\\)~(\d{0,3})$", re.ASCII)
_BRACKETS = late(r"[\[{][^\[\]{}]*[\]}]")
_QUESTION = late(r"[^*?\\]+\?+")
# What operators and fields of other systems begin with, and days as they are said; see searchkit.query.habits.
_HABITS = frozenset({
    "and", "or", "not", "near", "adj", "w", "pre", "around", "atleast", "atl", "headline", "hlead", "byline",
    "publication", "allintitle", "allintext", "last", "past", "this", "january", "february", "march", "april", "may",
    "june", "july", "august", "september", "october", "november", "december",
})  # fmt: skip
_SIGNS = "+-−"
EVERYTHING = ("*", "*:*")
# A day is told in at most so many words: "between 1 march 2020 and 9 march 2020".
_DAY_WORDS = 9
MOST_BOOST = 100.0
MOST_SLOP = 10_000
# Of so many words the kernels can say whether each has a place of its own.
MOST_CLOSE = 32


@frozen
class Token:
    """One token: its kind, its column, and what it is: a node, an operator, a sign, a name, a factor."""

    kind: int
    column: int
    value: object = None

    def __init__(self, kind: int, column: int, value: object = None) -> None:
        put(self, "kind", kind)
        put(self, "column", column)
        put(self, "value", value)


@frozen
class Prefix:
    """The field of another system: as it was written, the field that it is here or '', and what it makes of its part.

    ``takes`` says how tightly must bind what it takes; below zero it takes one operand.
    """

    written: str
    field: str
    make: Callable[[Node], Node]
    takes: int = -1


def narrowed(text: str) -> str:
    """``text`` as it is read: what a full-width keyboard writes, in the characters of any other, one for one."""
    return text if text.isascii() else text.translate(_PLAIN)


class Lexer:
    """The tokens of one text. ``notices`` grows with what is passed over or read in a way worth saying."""

    def __init__(self, text: str, grammar: Grammar, today: datetime.date | None) -> None:
        self.text = text
        self.notices: list[Notice] = []
        self._plain = narrowed(text)
        self._grammar = grammar
        self._today = today
        self._at = 0
        # How deep the parenthesis of a date is, 0 outside of one.
        self._dates = 0

    def tokens(self) -> Iterator[Token]:
        """Yield every token, an END last."""
        text, end = self._plain, len(self._plain)
        while True:
            blank = _BLANK.match(text, self._at)
            if blank:
                self._at = blank.end()
            if self._at >= end:
                yield Token(END, end + 1)
                return
            first = text[self._at]
            if first in "()":
                self._at += 1
                if self._dates:
                    self._dates += 1 if first == "(" else -1
                yield Token(OPEN if first == "(" else CLOSE, self._at)
                if first == ")":
                    yield from self._suffix(phrase_of=None)
            elif first in _QUOTES:
                yield from self._quotation()
            else:
                yield from self._chunk()

    def fail(self, column: int, message: str, hint: str = "") -> NoReturn:
        """Raise the QueryError of this text."""
        raise QueryError(message, text=self.text, column=column, hint=hint)

    def said(self) -> tuple[Notice, ...]:
        """What the reader should know of how the text was taken."""
        return tuple(self.notices)

    def comparison(self) -> Comparison | None:
        """What is said of the operators of a dialect: nothing of our own."""
        return None

    def _quotation(self) -> Iterator[Token]:
        column = self._at + 1
        inside = self._quoted()
        part = phrase(inside, column + 1, self._grammar, self._note)
        yield from self._suffix(phrase_of=part, column=column)

    def _quoted(self) -> str:
        """What the quotation marks hold that open here; goes behind them."""
        begin = self._at + 1
        match = _CLOSING().match(self._plain, begin)
        end = match.end() if match else begin
        if end >= len(self._plain):
            self.fail(
                self._at + 1,
                "the quotation that opens here is never closed",
                'Close it with ", or leave the opening mark out.',
            )
        self._at = end + 1
        return self.text[begin:end]

    def _suffix(self, *, phrase_of: Leaf | Phrase | None, column: int = 0) -> Iterator[Token]:
        """What stands right behind a closing mark: ~4 and ^3. ``phrase_of`` is what the quotation marks held."""
        match = _SUFFIX().match(self._plain, self._at)
        slop, factor = (match[1], match[2]) if match else (None, None)
        if match:
            self._at = match.end()
        if column and phrase_of is None:
            self._note(column, "there is no word in these quotation marks; they are passed over")
            return
        if phrase_of is not None:
            for part in phrase_of.parts if isinstance(phrase_of, Phrase) else (phrase_of,):
                self._sound(part)
            if slop is not None:
                phrase_of = self._with_slop(phrase_of, slop, column)
            yield Token(PART, column, phrase_of)
        elif slop is not None:
            self.fail(
                match.start() + 1 if match else 1, "a ~ belongs behind a word or a quotation, not a parenthesis"
            )
        if factor is not None:
            yield self._boost(factor, self._at - len(factor))

    def _sound(self, leaf: Leaf) -> Leaf:
        """``leaf``, unless it is a regular expression without a meaning, or a * where a word must stand."""
        if isinstance(leaf, Regex):
            from searchkit.query.regex import RegexError, compile_regex  # heavy, and few queries have one

            try:
                compile_regex(leaf.text)
            except RegexError as error:
                column = leaf.column + 1 + (error.position or 0)
                self.fail(column, str(error), "Regular expressions are written as RE2 reads them.")
        elif leaf == Wildcard("*"):
            self.fail(leaf.column, "a * within a phrase needs letters", "For any word between two, write a PRE/2 b.")
        return leaf

    def _with_slop(self, part: Leaf | Phrase, slop: str, column: int) -> Leaf | Phrase:
        count = int(slop) if slop else 0
        if not slop or count > MOST_SLOP:
            self.fail(
                self._at,
                "the ~ behind a phrase needs the number of other words that may stand among its own",
                'Write "a b"~4.',
            )
        if isinstance(part, Phrase):
            words = sum(len(pieces(one)) for one in part.parts)
            if count and words > MOST_CLOSE:
                self.fail(
                    column, f"a phrase of {words} words has no ~; {MOST_CLOSE} are the most", "Leave words out."
                )
            return Phrase(part.parts, count, column)
        self._note(column, "one word alone has no others among it; the ~ is passed over")
        return part

    def _boost(self, factor: str, at: int) -> Token:
        try:
            value = round(float(factor), 6)
        except ValueError:
            value = 0
        if not 0 < value <= MOST_BOOST:
            self.fail(at + 1, f"a weight must be more than 0 and at most {MOST_BOOST:g}", "Write ^3 or ^0.5.")
        return Token(SUFFIX, at, value)

    def _chunk(self) -> Iterator[Token]:
        text, at = self._plain, self._at
        if text[at] == "/" and (found := _REGEX().match(text, at)):
            self._at = found.end()
            yield Token(PART, at + 1, self._sound(Regex(self.text[at + 1 : self._at - 1], at + 1)))
            yield from self._suffix(phrase_of=None)
            return
        if self._grammar.signs and text[at] in _SIGNS and self._is_sign(at):
            self._at = at + 1
            yield Token(SIGN, at + 1, "+" if text[at] == "+" else "-")
            return
        if self._dates:
            match = _CHUNK.match(text, at)
            if match and (operator := self._grammar.operator(match.group())):
                self._at = match.end()
                yield Token(OPERATOR, at + 1, operator)
            else:
                yield Token(PART, at + 1, self._days("date", at + 1))
            return
        field = _FIELD().match(text, at)
        if field and (named := self._field(field)):
            yield named
            return
        if text[at] == "=" and at + 1 < len(text) and text[at + 1] in _QUOTES:
            self._at = at + 1
            inside = self._quoted()
            part = phrase(inside, at + 3, self._grammar, self._note, exactly=True)
            yield from self._suffix(phrase_of=part, column=at + 1)
            return
        match = _CHUNK.match(text, at)
        if match is None:
            # A lone backslash at the end.
            self._at = at + 1
            return
        self._at = match.end()
        yield from self._plain_chunk(at, match.end())

    def _is_sign(self, at: int) -> bool:
        text = self._plain
        if at and not (_BLANK.match(text[at - 1]) or text[at - 1] in "(+-"):
            return False
        return at + 1 < len(text) and not _BLANK.match(text[at + 1]) and text[at + 1] not in ")-+"

    def _plain_chunk(self, begin: int, end: int) -> Iterator[Token]:
        """A chunk without a field and a sign: an operator, a word, a shape of words."""
        chunk, column = self._plain[begin:end], begin + 1
        operator = self._grammar.operator(chunk)
        if operator is not None:
            yield Token(OPERATOR, column, operator)
            return
        boost = _BOOST().search(chunk) if "^" in chunk else None
        if boost and boost.start():
            end = begin + boost.start()
        if self._plain[begin:end] in EVERYTHING:
            yield Token(PART, column, Everything(column))
        else:
            part = self._part(self.text[begin:end], self._plain[begin:end], column)
            for one in part.parts if isinstance(part, Phrase) else ():
                self._sound(one)
            if part is None:
                self._note(column, f"“{self.text[begin:end]}” holds no letter or number and is passed over")
                return
            self._say_how_taken(part, self._plain[begin:end], column)
            yield Token(PART, column, Everything(column) if part == Wildcard("*") else part)
        if boost and boost.start():
            yield self._boost(boost[1], end)

    def _say_how_taken(self, part: Leaf | Phrase, chunk: str, column: int) -> None:
        """Say of a chunk what a person may not have meant."""
        last = part.parts[-1] if isinstance(part, Phrase) else part
        if isinstance(last, Wildcard) and _QUESTION().fullmatch(last.text):
            word = last.text.rstrip("?")
            self._note(column, f"in “{last.text}” the ? stands for one more letter; for the word itself write {word}")
        elif self._grammar.name == "searchkit" and (
            not chunk.isalnum() or chunk.lower().rstrip("0123456789") in _HABITS
        ):
            from searchkit.query.habits import habit  # few chunks are anything but words

            if said := habit(chunk, self._plain[column - 1 : column + 40]):
                self._note(column, said)

    def _part(self, written: str, plain: str, column: int) -> Leaf | Phrase | None:
        if plain[0] == "=" and len(plain) > 1:
            return exact(written[1:], column, self._note)
        close = _FUZZY().search(plain) if "~" in plain else None
        if close and close.start():
            found = fuzzy(written[: close.start()], close[1], column)
            if isinstance(found, str):
                self.fail(column + close.start(), found, "Write word~1 or word~2.")
            return found
        return word(written, column, self._grammar, self._note)

    def _field(self, match: re.Match[str]) -> Token | None:
        """The token of a name before a colon; None where it is none. Goes behind the colon."""
        text, column, behind = self._plain, match.start() + 1, match.end()
        name = self._grammar.fields.get(match[1].lower())
        blank = behind >= len(text) or _BLANK.match(text, behind) is not None
        if name is None:
            # An address has slashes here; "police: three arrested" was taken from a page.
            if blank or text[behind] in "/)" or text.startswith("*", behind):
                return None
            from searchkit.query.habits import field_meant  # only where a name is none

            names = sorted(self._grammar.fields)
            meant = field_meant(match[1], names)
            meaning = f"Did you mean {meant}:? " if meant else ""
            self.fail(
                column,
                f"there is no field “{match[1]}”",
                f"{meaning}Known: {', '.join(names)}. To look for the words, write them in quotation marks.",
            )
        self._at = behind
        if gap := _BLANK.match(text, behind):
            self._at = gap.end()
        if self._at >= len(text) or text[self._at] == ")":
            self.fail(column, f"nothing follows “{match[0]}”", f"Write {match[0]}word or {match[0]}(two words).")
        if name == "id":
            return Token(PART, column, Id(self._value(), column))
        if name not in ("date", "after", "before", "since", "until"):
            return Token(SCOPE, column, name)
        if text[self._at] == "(" and name == "date":
            self._at += 1
            self._dates = 1
            return Token(OPEN, self._at)
        return Token(PART, column, self._days(name, column))

    def _value(self) -> str:
        """A quotation or a chunk as it is written; goes behind it."""
        if self._plain[self._at] in _QUOTES:
            return re.sub(r"\\(.)", r"\1", self._quoted(), flags=re.DOTALL)
        match = _CHUNK.match(self._plain, self._at)
        begin, self._at = self._at, match.end() if match else self._at + 1
        return re.sub(r"\\(.)", r"\1", self.text[begin : self._at], flags=re.DOTALL)

    def _days(self, name: str, column: int) -> Days:
        """The days that are told from here on, in as many words as make sense."""
        from searchkit.query.dates import DateError, days_of  # heavy, and few queries have a date

        begin = self._at
        prefix = "" if name == "date" else name + " "
        today = self._today or datetime.date.today()
        failure: DateError | None = None
        for end in reversed(list(self._ends_of_days())):
            value = self._as_dates(self._plain[begin:end])
            quoted = value[0] in _QUOTES
            try:
                found = days_of(prefix + (value[1:-1] if quoted else value), today)
            except DateError as error:
                # Of what could all be a date, the whole tells best why it is none.
                failure = failure or error
                continue
            self._at = end
            return Days(found.first, found.last, column)
        assert failure is not None  # noqa: S101  (there is always one end)
        at = begin + max(failure.at - len(prefix), 0) + quoted
        return self.fail(min(at, len(self.text)) + 1, failure.message, failure.hint)

    def _as_dates(self, text: str) -> str:
        """What is told of days, in the forms that searchkit.query.dates knows."""
        return text

    def _ends_of_days(self) -> Iterator[int]:
        """Where the text of a date may end: behind a bracket, a quotation, or one or more words."""
        at, text = self._at, self._plain
        if text[at] in _QUOTES:
            self._quoted()
            yield self._at
            return
        bracket = _BRACKETS().match(text, at)
        if bracket:
            yield bracket.end()
            return
        for _ in range(_DAY_WORDS):
            match = _CHUNK.match(text, at)
            if match is None or (at > self._at and not self._is_of_a_date(match.group())):
                break
            yield match.end()
            blank = _BLANK.match(text, match.end())
            if blank is None:
                break
            at = blank.end()
        if _CHUNK.match(text, self._at) is None:
            yield self._at + 1

    def _is_of_a_date(self, chunk: str) -> bool:
        from searchkit.query.dates import goes_on  # heavy, and few queries have a date

        return not self._grammar.operator(chunk) and goes_on(chunk)

    def _note(self, column: int, text: str) -> None:
        self.notices.append(Notice(column, text))
