"""What do the people of Westlaw mean? Terms and connectors, where a blank is an OR.

The order of connectors: phrase, blank (OR), +n, /n, +s, /s, +p, /p, &, %. Sources: Westlaw's own help ("Using
Connectors", "Root Expander", "Universal Character" at government.westlaw.com and help.westkm.com; "Choose Boolean
connectors" at thomsonreuters.com) and its newsletter of January 2009 on restrictions to dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from searchkit.query import grammar as g
from searchkit.query.dialects.fields import LEAD, Target, prefix, targets
from searchkit.query.dialects.lexing import COMPARISONS, DialectLexer, operators, refusal, rule
from searchkit.query.grammar import Grammar, Operator
from searchkit.query.tokens import PART, PREFIX, Token
from searchkit.query.words import exact

_BUT_NOT, _AND, _PARAGRAPH, _PARAGRAPH_ORDERED, _SENTENCE, _SENTENCE_ORDERED, _NEAR, _NEAR_ORDERED, _OR = range(1, 10)

_operator = operators(
    (
        ("and|&", Operator(g.AND, "", binds=_AND)),
        ("or", Operator(g.OR, "", binds=_OR)),
        ("%|(?:but |and )?not", Operator(g.NOT, "", binds=_BUT_NOT)),
        (r"w?/\d+", Operator(g.NEAR, "", binds=_NEAR)),
        (r"(?:\+|pre/)\d+", Operator(g.NEAR, "", ordered=True, binds=_NEAR_ORDERED)),
        ("w?/s", Operator(g.WITHIN, "", unit="sentence", binds=_SENTENCE)),
        (r"\+s", Operator(g.WITHIN, "", unit="sentence", ordered=True, binds=_SENTENCE_ORDERED)),
        ("w?/p", Operator(g.WITHIN, "", unit="paragraph", binds=_PARAGRAPH)),
        (r"\+p", Operator(g.WITHIN, "", unit="paragraph", ordered=True, binds=_PARAGRAPH_ORDERED)),
        (r"atleast\d+", Operator(g.AT_LEAST, "")),
    )
)

_FIELDS = {
    **targets(
        title="ti title hl",
        body="te text",
        author="au author by",
        source="so source pub",
        section="se section",
        language="la language",
        url="url",
    ),
    "lp": Target(
        "body", LEAD, f"the lead is taken for the first {LEAD} words of a body; where it ends is not known here"
    ),
}
_KNOWN = ", ".join([*sorted(_FIELDS), "da", "date"])


class _Lexer(DialectLexer):
    shapes: ClassVar = {"!": "*", "*": "?"}
    has_bounded_ends = True
    has_months_first = True
    counts_groups = True
    comparisons = COMPARISONS

    def _field_of(self, match: re.Match[str]) -> list[Token] | None:
        if self._grammar.operator(match[1]):
            return None
        column = match.start() + 1
        target = _FIELDS.get(match[1].lower())
        if target is None:
            hint = f"Known: {_KNOWN}. If it is a word, write a blank behind it."
            if "," in match[1]:
                hint = "Write one after the other: ti(word) or te(word)."
            self.fail(column, f"there is no field “{match[1]}”", hint)
        self._at = match.end() - 1
        return [Token(PREFIX, column, prefix(match[1], target, column, self.note_once))]

    def _as_written(self, match: re.Match[str]) -> list[Token] | None:
        column = match.start() + 1
        part = exact(match[1].replace("\\", "\\\\"), column, self._note)
        self._at = match.end()
        return [Token(PART, column, part)] if part else []

    def _part_of(self, written: str, column: int) -> Iterator[Token]:
        if "*" in written:
            self.note_once(
                "one", column, "a * is one character in Westlaw, at the end of a word one or none; ! is any ending"
            )
        yield from super()._part_of(written, column)

    rules: ClassVar = (
        rule(r"(?:and|but)\s+not(?=[\s(]|$)", DialectLexer.compound),
        rule(r"(?:da|date)\s*\(", DialectLexer.open_dates),
        refusal(
            r"(?:ad|ad-date)\(",
            "“{}” asks when an article was added, and only its own day is known",
            "Write da(aft 2020) for the day of the article.",
        ),
        rule(r"([a-z]+(?:,[a-z]+)*)\(", _field_of),
        rule(r"#([^\s()\"“”„«»]+)", _as_written),
    )


GRAMMAR = Grammar(
    "westlaw",
    _operator,
    {g.OR: _OR, g.AND: _AND, g.NOT: _BUT_NOT, g.ADJACENT: _OR, g.NEAR: _NEAR, g.WITHIN: _SENTENCE},
    "or",
    {},
    signs=False,
    lexer=_Lexer,
)
