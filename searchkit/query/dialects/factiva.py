"""What do the people of Factiva mean? Its traditional search language, as Dow Jones describes it.

The order of operators: phrase, then same, adj, near, w and /Fn/ from left to right, then atleast and fields, not,
and, or. Sources: "Search Statement Operators", "Search Statement Examples", "Range Searches" and "Field-Qualified
Searches" of the Factiva Developer's Kit (factiva.com/CP_Developer/ProductHelp), "Using Connectors and Operators"
of its help, and Dow Jones's "Legacy Search" (developer.dowjones.com).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import ClassVar

from searchkit.query import grammar as g
from searchkit.query.dialects.fields import LEAD, Target, prefix, targets
from searchkit.query.dialects.lexing import ENDS, DialectLexer, operators, refusal, rule
from searchkit.query.grammar import Grammar, Operator
from searchkit.query.tokens import CLOSE, OPEN, OPERATOR, PREFIX, Token
from searchkit.query.tree import Leaf, Phrase

_OR, _AND, _NOT, _PREFIXED, _NEAR, _PHRASE = range(1, 7)

_operator = operators(
    (
        ("and", Operator(g.AND, "")),
        ("or", Operator(g.OR, "")),
        ("(?:and )?not", Operator(g.NOT, "")),
        (r"near\d+|/n\d+/|n\d+", Operator(g.NEAR, "")),
        (r"w/?\d+|adj\d+", Operator(g.NEAR, "", ordered=True)),
        ("w/|adj", Operator(g.NEAR, "", 1, ordered=True)),
        ("same", Operator(g.WITHIN, "", unit="paragraph")),
        (r"/f\d+/", Operator(g.AMONG_FIRST, "")),
        (r"atleast\d+", Operator(g.AT_LEAST, "")),
    )
)

_LEAD_NOTICE = f"the lead is taken for the first {LEAD} words; where its paragraphs end is not known here"
_CODES = "rst= takes codes in Factiva; here the name of the source is looked for"
_FIELDS = {
    **targets(title="hd", body="td", author="by", source="sn", section="se", language="la"),
    "hl": Target("title", 0, "hl= is the headline alone here, without the names of section and column"),
    "hlp": Target(None, LEAD, f"{_LEAD_NOTICE}, the headline counted with them"),
    "lp": Target("body", LEAD, _LEAD_NOTICE),
    "rst": Target("source", 0, _CODES),
}
_AGO = re.compile(r"(?<!\S)([+-]\d{1,3}|0)(?!\S)", re.ASCII)
# A sign between slashes ends a word, as a blank does.
_CHUNK = re.compile(rf"(?:(?!/[fn]\d+/)[^{ENDS}\[\]])+", re.IGNORECASE | re.ASCII)
_AT_MOST = re.compile(r"(?<=[^$*?])\$(\d)$", re.ASCII)


class _Lexer(DialectLexer):
    chunk = _CHUNK
    comparisons: ClassVar = {"after": "after", "before": "before"}
    shapes: ClassVar = {"$": "*", "*": "*", "?": "?"}

    def _date(self, match: re.Match[str]) -> list[Token]:
        self._at = match.end()
        chunk = self.chunk.match(self._plain, self._at)
        if chunk is None or self._grammar.operator(chunk[0]):
            self.fail(self._at + 1, "a date was expected behind “date”", 'To look for the word write "date".')
        return [self._compared_date(match.start() + 1)]

    def _ends_of_days(self) -> Iterator[int]:
        """Where a date may end; not behind a from alone, of which nothing could be said."""
        ends = list(super()._ends_of_days())
        yield from [end for end in ends if self._plain[self._at : end].lower() != "from"] or ends

    def _bracket(self, match: re.Match[str]) -> list[Token]:
        self._at = match.end()
        return [Token(OPEN if match[0] == "[" else CLOSE, self._at)]

    def _between_slashes(self, match: re.Match[str]) -> list[Token]:
        self._at = match.end()
        operator = self._grammar.operator(match[0])
        return [Token(OPERATOR, match.start() + 1, operator)]

    def _field_of(self, match: re.Match[str]) -> list[Token] | None:
        column = match.start() + 1
        target = _FIELDS.get(match[1].lower())
        if target is None:
            self.fail(
                column,
                f"there is no field “{match[1]}” here",
                f"Known: {', '.join(sorted(_FIELDS))}. If it is a word, write it in quotation marks.",
            )
        self._at = match.end()
        if self._at >= len(self._plain) or self._plain[self._at].isspace():
            self.fail(column, f"nothing follows “{match[0]}”", f"Write {match[0]}word, without a blank.")
        takes = _PREFIXED
        return [Token(PREFIX, column, prefix(match[0], target, column, self.note_once, takes))]

    def _operator_read(self, operator: Operator, column: int) -> None:
        if operator.kind == g.NEAR and operator.ordered and operator.written[0] in "wW":
            self.note_once(
                "ordered",
                column,
                f"{operator.written} keeps the order of its words in Factiva; write near for either",
            )

    def _shaped(self, written: str, column: int) -> Leaf | Phrase | None:
        bounded = _AT_MOST.search(written)
        if bounded and bounded[1] != "0":
            shape = "".join(self.shapes.get(letter, letter) for letter in written[: bounded.start()])
            return self._bounded(shape.replace("\\", "\\\\"), int(bounded[1]), column)
        return super()._shaped(written, column)

    def _part_of(self, written: str, column: int) -> Iterator[Token]:
        if written == "%":
            self.fail(column, "“%” stands for one word in Factiva, and no word is left open here", "Write a w/2 b.")
        yield from super()._part_of(written, column)

    def _as_dates(self, text: str) -> str:
        today = self._today or datetime.date.today()
        return _AGO.sub(lambda match: (today + datetime.timedelta(int(match[1]))).isoformat(), text)

    rules: ClassVar = (
        rule(r"[\[\]]", _bracket),
        rule(r"/[fn]\d+/", _between_slashes),
        rule(r"and\s+not(?=[\s(\[]|$)", DialectLexer.compound),
        refusal(r"wc\s*[<>=]+", "“{}” asks how long an article is, which is not known here", "Leave it out."),
        refusal(r"upd\s+(?=from|after|before|\d|[+-]\d)", "“{}” is the day of a change", "Write date for the day."),
        rule(r"date\s+(?=\S)", _date),
        rule(r"([a-z]{2,5})=", _field_of),
    )


GRAMMAR = Grammar(
    "factiva",
    _operator,
    {g.OR: _OR, g.AND: _AND, g.NOT: _NOT, g.NEAR: _NEAR, g.WITHIN: _NEAR, g.AMONG_FIRST: _NEAR, g.ADJACENT: _PHRASE},
    "phrase",
    {},
    signs=False,
    lexer=_Lexer,
    prefixed=_PREFIXED,
    beside="words side by side are a phrase in Factiva; searchkit's own language looks for any of them",
)
