"""What do the people of Lucene mean? The syntax of its classic query parser, with _exists_ of Elasticsearch.

OR is the same as a blank, and NOT, ! and - are one sign. Lucene's parser has no order of operators: each AND makes
both its neighbours necessary, and what an OR joins to them optional. Here AND is read before OR, which is said.
Sources: Lucene's "Query Parser Syntax" (lucene.apache.org, package org.apache.lucene.queryparser.classic), its
"Precedence Query Parser", and Elasticsearch's "Query string syntax".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from searchkit.query import grammar as g
from searchkit.query.dialects.lexing import ENDS, RuledLexer, refusal, rule
from searchkit.query.grammar import NATIVE_FIELDS, Grammar, Operator
from searchkit.query.tokens import OPERATOR, PART, SCOPE, SIGN, Token
from searchkit.query.tree import KNOWN_FIELDS, Days, Everything, Field, Leaf, Phrase, Regex, Word
from searchkit.query.words import fuzzy

_WORDS = {"AND": g.AND, "&&": g.AND, "OR": g.ADJACENT, "||": g.ADJACENT, "NOT": g.NOT}


def _operator(chunk: str) -> Operator | None:
    kind = _WORDS.get(chunk)
    return None if kind is None else Operator(kind, chunk)


_KNOWN = ", ".join(sorted((*KNOWN_FIELDS, "date")))
# Signs that Lucene's expressions have and RE2's have not.
_FOREIGN = re.compile(r"(?<!\\)[~@&<#\"]")
_BARE = re.compile(r"(?<!\\)~$")


class _Lexer(RuledLexer):
    _previous: Token | None = None

    def tokens(self) -> Iterator[Token]:
        """Yield every token; knows the one before."""
        for token in super().tokens():
            if token.kind == PART:
                self._look_at(token)
            self._previous = token
            yield token

    def _look_at(self, token: Token) -> None:
        if isinstance(token.value, Regex) and _FOREIGN.search(token.value.text):
            text = "a regular expression is read by RE2, where ~ @ & < # and quotation marks stand for themselves"
            self.note_once("regex", token.column, text)

    def _is_sign(self, at: int) -> bool:
        text = self._plain
        if at and text[at - 1] == ":":
            self.fail(
                at + 1,
                f"a {text[at]} cannot stand behind a field",
                f"Write it before the field: {text[at]}title:word.",
            )
        return not at or text[at - 1].isspace() or text[at - 1] in "(+-!"

    def _excluding(self, match: re.Match[str]) -> list[Token] | None:
        if not self._is_sign(self._at):
            return None
        if len(match[0]) > 1:
            text = f"a {match[0][0]} leaves out the word behind it in Lucene, also behind a blank"
            self.note_once("blank", match.start() + 1, text)
        self._at = match.end()
        return [Token(OPERATOR, match.start() + 1, Operator(g.NOT, match[0].rstrip()))]

    def _requiring(self, match: re.Match[str]) -> list[Token] | None:
        if not self._is_sign(self._at):
            return None
        self._at = match.end()
        before = self._previous.value if self._previous else None
        # AND makes it necessary already.
        is_needed = isinstance(before, Operator) and before.kind == g.AND
        return [] if is_needed else [Token(SIGN, match.start() + 1, "+")]

    def _exists(self, match: re.Match[str]) -> list[Token] | None:
        column, name = match.start() + 1, match[1].lower()
        self._at = match.end()
        if name == "date":
            return [Token(PART, column, Days(None, None, column))]
        if name not in KNOWN_FIELDS:
            self.fail(column, f"of “{match[1]}” it cannot be asked whether it exists", f"Known: {_KNOWN}.")
        field: Field = name  # type: ignore[assignment]
        return [Token(SCOPE, column, field), Token(PART, column, Everything(column))]

    def _equals(self, match: re.Match[str]) -> list[Token] | None:
        self._at = match.end()
        self._note(match.start() + 1, "a = before a word says nothing in Lucene and is passed over")
        return []

    def _part(self, written: str, plain: str, column: int) -> Leaf | Phrase | None:
        close = _BARE.search(plain)
        if close and close.start():
            found = fuzzy(written[: close.start()], "2", column)
            if not isinstance(found, str):
                if len(found.text) < 6:
                    text = "a ~ alone allows two letters in Lucene, however short the word is"
                    self.note_once("fuzzy", column, text)
                return found
        return super()._part(written, plain, column)

    def _with_slop(self, part: Leaf | Phrase, slop: str, column: int) -> Leaf | Phrase:
        found = super()._with_slop(part, slop, column)
        if isinstance(found, Phrase) and found.slop:
            text = (
                "Lucene counts how far words are moved, two for an exchange; here other words among them are counted"
            )
            self.note_once("slop", column, text)
        return found

    def _quotation(self) -> Iterator[Token]:
        for token in super()._quotation():
            parts = token.value.parts if isinstance(token.value, Phrase) else (token.value,)
            if token.kind == PART and not all(isinstance(part, Word) for part in parts):
                text = "signs in quotation marks are shapes of words here; Lucene's classic parser knows none there"
                self.note_once("shapes", token.column, text)
            yield token

    rules: ClassVar = (
        rule(r"[-−!]\s*(?=[^\s)])", _excluding),
        rule(r"\+\s*(?=[^\s)])", _requiring),
        rule(r"_exists_:([A-Za-z_]+)", _exists),
        rule(r"=+(?=[^\s=])", _equals),
        refusal(
            r"[\[{][^\[\]{}]{0,200}\sTO\s[^\[\]{}]{0,200}[\]}]",
            "“{}” is a range, and only days have one here",
            "Write date:[2020-03-01 TO 2020-03-09].",
        ),
        refusal(
            rf"[^{ENDS}~]+~\d*\.\d+",
            "“{}” asks for a likeness; here the letters that differ are counted",
            "Write word~1 or word~2.",
        ),
    )


GRAMMAR = Grammar(
    "lucene",
    _operator,
    {g.ADJACENT: 1, g.OR: 1, g.AND: 2, g.NEAR: 3, g.WITHIN: 3, g.NOT: 4},
    "any",
    NATIVE_FIELDS,
    lexer=_Lexer,
    has_conditions=False,
    excludes=True,
    mixed={
        (g.ADJACENT, g.AND): "AND is read before OR and before a blank here; Lucene's own parser makes both sides of "
        "the AND necessary and the rest optional: use parentheses"
    },
)
