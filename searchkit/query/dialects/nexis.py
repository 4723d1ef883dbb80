"""What do the people of Nexis mean? Terms and connectors, as LexisNexis has described them for its news.

The order of connectors: phrase, OR, W/n and PRE/n (the smaller number first), W/S, W/P, AND, AND NOT. Sources, in
LexisNexis's own help: "Connectors" in its glossary (support.lexis-nexis.com/glossary), "How are Multiple Connectors
Processed?" (help.lexisnexis.com/tabula-rasa/rosetta), "Terms & Connectors Quick Reference" of the newer services
(help.lexisnexis.com/tabula-rasa/newlexis), "Segment (Field) Searching" (support.lexis.com). The newer services read
a * at the end of a word as any ending, and all places (n, S, P) in one order.
"""

from __future__ import annotations

import re
from typing import ClassVar

from searchkit.query import grammar as g
from searchkit.query.dialects.fields import LEAD, Target, prefix, targets
from searchkit.query.dialects.lexing import COMPARISONS, DialectLexer, operators, refusal, rule
from searchkit.query.grammar import Grammar, Operator
from searchkit.query.tokens import PREFIX, Token
from searchkit.query.tree import Leaf, Phrase

_AND_NOT, _AND, _PARAGRAPH, _SENTENCE = 1, 2, 3, 4
# Less its number of words.
_NEAR = g.MOST_APART + 10
_OR, _PHRASE = _NEAR + 1, _NEAR + 2

_operator = operators(
    (
        ("and|&", Operator(g.AND, "", binds=_AND)),
        ("or", Operator(g.OR, "", binds=_OR)),
        ("(?:and |but )?not", Operator(g.NOT, "", binds=_AND_NOT)),
        (r"(?:w|near)?/\d+", Operator(g.NEAR, "", binds=-_NEAR)),
        (r"(?:(?:pre|onear)/|\+)\d+", Operator(g.NEAR, "", ordered=True, binds=-_NEAR)),
        ("w?/s(?:ent)?", Operator(g.WITHIN, "", unit="sentence", binds=_SENTENCE)),
        ("w?/p(?:ara)?", Operator(g.WITHIN, "", unit="paragraph", binds=_PARAGRAPH)),
        (r"(?:pre/|\+)s", Operator(g.WITHIN, "", unit="sentence", ordered=True, binds=_SENTENCE)),
        (r"(?:pre/|\+)p", Operator(g.WITHIN, "", unit="paragraph", ordered=True, binds=_PARAGRAPH)),
        (r"(?:atleast|atl)/?\d+", Operator(g.AT_LEAST, "")),
    )
)

_LEAD_NOTICE = f"the lead is taken for the first {LEAD} words of an article; where it ends is not known here"
_SEGMENTS = {
    **targets(
        title="headline title hl",
        body="body text",
        author="byline author",
        source="publication pub source",
        section="section",
        language="language",
        url="url",
    ),
    "hlead": Target(None, LEAD, f"{_LEAD_NOTICE}, the headline counted with them"),
    "lead": Target("body", LEAD, _LEAD_NOTICE),
}
_KNOWN = ", ".join([*sorted(_SEGMENTS), "date"])


class _Lexer(DialectLexer):
    shapes: ClassVar = {"!": "*", "*": "?", "?": "?"}
    has_bounded_ends = True
    has_months_first = True
    counts_groups = True
    comparisons = COMPARISONS

    def _segment(self, match: re.Match[str]) -> list[Token] | None:
        if self._grammar.operator(match[1]):
            return None
        column = match.start() + 1
        target = _SEGMENTS.get(match[1].lower())
        is_apart = match[0][-2].isspace()
        if target is None:
            if is_apart:
                return None
            self.fail(
                column,
                f"there is no segment “{match[1]}”",
                f"Known: {_KNOWN}. If it is a word, write a blank behind it.",
            )
        if is_apart:
            text = (
                f"“{match[1]}” is the segment, as what follows is in parentheses; the word stands in quotation marks"
            )
            self.note_once(("apart", target), column, text)
        # The parenthesis is read as any other.
        self._at = match.end() - 1
        return [Token(PREFIX, column, prefix(match[1], target, column, self.note_once))]

    def _bounded(self, shape: str, most: int, column: int) -> Leaf | Phrase | None:
        self.note_once(
            "ends",
            column,
            "a * or ? at the end of a word is one letter or none, as in Nexis of old; write ! for any ending",
        )
        return super()._bounded(shape, most, column)

    rules: ClassVar = (
        refusal(
            r"(?:pre|w)?/seg(?=[\s()]|$)",
            "“{}” asks for the same segment, and an article has only its headline and its body",
            "Write headline(a and b) or body(a and b).",
        ),
        refusal(
            r"not\s+(?:w|pre|near)?/\w+",
            "“{}” is not known here: a place where the other word is not near cannot be asked for",
            "Write a and not (a w/5 b): that leaves out every article where they stand near.",
        ),
        refusal(
            r"(?:caps|allcaps|nocaps)\(",
            "“{}” asks for capitals, and words are compared whatever their case",
            "Leave it out, with its parentheses.",
        ),
        refusal(
            r"(?:plural|singular)\(",
            "“{}” asks for one number of a word, and a word is looked for with all its forms",
            "Leave it out. In searchkit's own language =word is the word as it is written.",
        ),
        rule(r"(?:and|but)\s+not(?=[\s(]|$)", DialectLexer.compound),
        rule(r"date\s*\(", DialectLexer.open_dates),
        rule(r"date\s*(?=[=<>])", DialectLexer.one_date),
        rule(r"date\s+(?=(?:is|aft|after|bef|before|geq|leq)(?:[\s()]|$))", DialectLexer.one_date),
        rule(r"([a-z][a-z-]*)\s*\(", _segment),
    )


GRAMMAR = Grammar(
    "nexis",
    _operator,
    {g.OR: _OR, g.AND: _AND, g.NOT: _AND_NOT, g.ADJACENT: _PHRASE, g.NEAR: _NEAR, g.WITHIN: _PARAGRAPH},
    "phrase",
    {},
    signs=False,
    lexer=_Lexer,
    beside="words side by side are a phrase in Nexis; searchkit's own language looks for any of them",
)
