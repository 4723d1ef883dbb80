"""What do the people of Google mean? Its search operators, those of Google News with them.

OR and | bind tighter than a blank, which is an AND; words in quotation marks are as they are written. Sources:
Google's list of operators as copied at blog.csdn.net/xzz_hust/article/details/8847291 and in several gists, "Google
Hacks" on the basics, rba.co.uk and others on AROUND (so many words may stand between), Google's announcement of
before: and after: (a year alone begins on its first day).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from searchkit.query import grammar as g
from searchkit.query.dialects.fields import Target, prefix, targets
from searchkit.query.dialects.lexing import ENDS, DialectLexer, refusal, rule
from searchkit.query.grammar import Grammar, Operator
from searchkit.query.tokens import OPERATOR, PART, PREFIX, SIGN, Prefix, Token
from searchkit.query.tree import Leaf, Near, Node, Phrase
from searchkit.query.words import exact

_WORDS = {"OR": g.OR, "AND": g.ADJACENT}


def _operator(chunk: str) -> Operator | None:
    kind = _WORDS.get(chunk)
    return None if kind is None else Operator(kind, chunk)


_ADDRESS = "the words of an address are looked for anywhere in it, not in its host alone"
_FIELDS = {
    **targets(title="intitle", body="intext", url="inurl", source="source", author="author"),
    "site": Target("url", 0, _ADDRESS),
}
# These take all that follows.
_WIDE = {"allintitle": "intitle", "allintext": "intext", "allinurl": "inurl"}
_KNOWN = ", ".join(sorted([*_FIELDS, *_WIDE, "before", "after"]))
_NOWHERE = (
    "allinanchor|book|cache|daterange|define|ext|filetype|group|imagesize|inanchor|info|insubject|link|loc|location"
    "|map|movie|phonebook|related|safesearch|stocks|weather"
)
_ALONE = 'a * alone is any word between others in quotation marks only, "three * mice"; it is passed over'
_YEAR = re.compile(r"(\d{4}(?:-\d{1,2})?)(?=[\s)]|$)", re.ASCII)


class _Lexer(DialectLexer):
    chunk = re.compile(rf"[^{ENDS}|]+")
    shapes: ClassVar = {"*": "*"}

    def _bar(self, match: re.Match[str]) -> list[Token]:
        self._at = match.end()
        return [Token(OPERATOR, match.start() + 1, Operator(g.OR, match[0]))]

    def _around(self, match: re.Match[str]) -> list[Token]:
        self._at = match.end()
        between = int(match[1])
        self.note_once(
            "around",
            match.start() + 1,
            f"{match[0]} lets so many words stand between in Google: as NEAR/{between + 1} of searchkit's own",
        )
        return [Token(OPERATOR, match.start() + 1, Operator(g.NEAR, match[0], between + 1))]

    def _sign(self, match: re.Match[str]) -> list[Token] | None:
        column = match.start() + 1
        if not self._is_sign(self._at):
            return None
        self._at = match.end()
        if match[0] in "-−":
            return [Token(SIGN, column, "-")]
        self.note_once(match[0], column, f"a {match[0]} before a word says nothing any more and is passed over")
        return []

    def _star(self, match: re.Match[str]) -> list[Token]:
        self._at = match.end()
        self.note_once("alone", match.start() + 1, _ALONE)
        return []

    def _field_of(self, match: re.Match[str]) -> list[Token] | None:
        text, column, name = self._plain, match.start() + 1, match[1].lower()
        behind = re.compile(r"\s*").match(text, match.end())
        at = behind.end() if behind else match.end()
        if name not in _FIELDS and name not in _WIDE and name not in ("before", "after"):
            # An address, or a word with a colon behind it.
            if at > match.end() or at >= len(text) or text[at] in "/)":
                return None
            hint = f"Known: {_KNOWN}. To look for the words, write them in quotation marks."
            self.fail(column, f"there is no operator “{match[0]}”", hint)
        if at >= len(text) or text[at] == ")":
            self.fail(column, f"nothing follows “{match[0]}”", f"Write {match[0]}word.")
        self._at = at
        if name in ("before", "after"):
            return [self._bound(name, column)]
        if name in _WIDE:
            return [Token(PREFIX, column, self._wide(match[0], name, column))]
        found = [Token(PREFIX, column, prefix(match[0], _FIELDS[name], column, self.note_once))]
        value = self.chunk.match(text, at)
        if name == "source" and value and (part := self._name(value[0], at + 1)):
            self._at = value.end()
            found.append(Token(PART, at + 1, part))
        return found

    def _name(self, written: str, column: int) -> Phrase | None:
        """A name with _ for its blanks: new_york_times."""
        words = [part for one in written.split("_") if (part := self._shaped(one, column))]
        leaves = [
            self._sound(leaf) for part in words for leaf in (part.parts if isinstance(part, Phrase) else (part,))
        ]
        return Phrase(tuple(leaves), 0, column) if len(words) > 1 else None

    def _wide(self, written: str, name: str, column: int) -> Prefix:
        narrow = prefix(written, _FIELDS[_WIDE[name]], column, self.note_once)
        return Prefix(written, narrow.field, narrow.make, 0)

    def _bound(self, name: str, column: int) -> Token:
        year = _YEAR.match(self._plain, self._at)
        if year and name == "after":
            self._note(column, f"{year[1]} begins on its first day in Google: its own days are among those after it")
            name = "since"
        return Token(PART, column, self._days(name, column))

    def _part_of(self, written: str, column: int) -> Iterator[Token]:
        if written.strip("*") == "":
            self.note_once("alone", column, _ALONE)
            return
        if written == "NOT":
            self.note_once("not", column, "NOT is a word like any other in Google; to leave a word out write -word")
        elif "*" in written:
            self.note_once("star", column, "a * within a word stands for any letters here; Google knows no endings")
        yield from super()._part_of(written, column)

    def _quotation(self) -> Iterator[Token]:
        """Words as they are written; a * between them is any word."""
        column = self._at + 1
        inside = self._quoted()
        found: list[list[Leaf]] = [[]]
        gaps: list[int] = []
        for match in re.finditer(r"\S+", inside):
            at = column + 1 + match.start()
            if match[0] == "*":
                if not found[-1] and gaps:
                    gaps[-1] += 1
                else:
                    gaps.append(1)
                    found.append([])
            elif part := exact(match[0].replace("\\", "\\\\"), at, self._note):
                found[-1].append(part)
        if not any(found):
            self._note(column, "there is no word in these quotation marks; they are passed over")
            return
        self.note_once(
            "quotes", column, "words in quotation marks are looked for as they are written, not in other forms"
        )
        yield Token(PART, column, self._with_gaps(found, gaps, column))

    def _with_gaps(self, found: list[list[Leaf]], gaps: list[int], column: int) -> Node:
        node: Node | None = None
        for number, leaves in enumerate(found):
            if not leaves:
                self.note_once("edge", column, "a * at the edge of a quotation stands for no word and is passed over")
                continue
            part = leaves[0] if len(leaves) == 1 else Phrase(tuple(leaves), 0, column)
            if node is None:
                node = part
            else:
                apart = gaps[number - 1]
                words = "one word" if apart == 1 else f"{apart} words"
                self.note_once("gap", column, f"a * in quotation marks stands for at most {words} here, and for none")
                node = Near(node, part, apart + 1, True, column)
        assert node is not None  # noqa: S101  (some part has a word)
        return node

    rules: ClassVar = (
        rule(r"\|+", _bar),
        (re.compile(r"AROUND ?\((\d{1,6})\)"), _around),
        rule(r"[-+−~](?=\S)", _sign),
        rule(r"\*(?=[\s()|]|$)", _star),
        refusal(
            rf"(?:{_NOWHERE}):(?=\S)",
            "“{}” asks for what is not known of an article here",
            "Leave it out.",
        ),
        refusal(
            r"\$?\d+\.\.\$?\d+(?=[\s)]|$)",
            "“{}” is a range of numbers, and numbers are words here",
            "For days write after:2019 before:2021.",
        ),
        rule(r"([a-z]+):", _field_of),
    )


GRAMMAR = Grammar(
    "google",
    _operator,
    {g.ADJACENT: 1, g.AND: 1, g.NOT: 1, g.OR: 2, g.NEAR: 3, g.WITHIN: 3},
    "all",
    {},
    lexer=_Lexer,
    has_conditions=False,
    beside="an article must have all words side by side in Google; searchkit's own language looks for any of them",
)
