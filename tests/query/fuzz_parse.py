"""Texts that nobody would type, and what must come of each: a tree that has a text, or an error with its place.

``Texts`` makes them at random, from the words of the language and from raw characters; test_fuzzed_queries.py asks
for many. With coverage to guide it, atheris (the extra "fuzz") makes better ones, for as long as it is let:

    python tests/query/fuzz_parse.py [CORPUS] [-max_total_time=600]
"""

from __future__ import annotations

import datetime
import random
import sys
import time

from searchkit.errors import QueryError
from searchkit.query import Node, canonical, children, parse

TODAY = datetime.date(2020, 3, 10)
# What stands in queries, by itself and hanging together.
PIECES = [
    "police", "pride", "a", "b", "9/11", "AT&T", "C++", "co-op", "O’Brien", "R&D", "e-mail", "２０２０",
    "ＡＮＤ", "北京", "קול", "AND", "OR", "NOT", "AND NOT", "&&", "||", "+", "-", "−", "(", ")", "(", ")", "((",
    "))", '"', "“", "”", "«", '""', "NEAR/5", "w/5", "W/s", "w/p", "PRE/3", "PRE/p", "NEAR/0", "w/99999",
    "ATLEAST/3", "FIRST/50", "FIRST/0", "near", "w/", "*", "?", "pol*", "*ice", "p?l*", "**", "*:*", "~", "~2",
    "~3", "word~", '"a b"~4', "^", "^3", "^0", "^99999.5", "^1e9", "/pol.*/", "/(a+)+$/", "/[/",
    "/a{1000}{1000}/", "/\\/", "/", "//", "=word", '="a b"', "==", "=", "title:", "body:(", "source:x",
    "author:", "url:http://x.org/a", "section:", "language:en", "colour:", "a:b", ":", "id:", "date:",
    "date:2020", "date:0000", "date:9999-12-31", "date:[2020 TO *]", "date:(", "after:", "on:",
    "before:2020-13", "since:yesterday", "until:", "last", "week", "30 days", "march 2020", "..", "2020..",
    "..9999", "to", "date:last 99999 years", "\\", "\\*", "\\\\", '\\"', "[", "]", "{", "}", "<", ">", "|", "&",
    ",", ".", ";", "'", "’s", "_", "#", "@", "…", "\0", "\t", "\n", "\r", "\x1b[2J", "\x7f", "\x85", "\xa0",
    "\xad", "\u200b", "\u200d", "\u202e", "\u2066", "\ufeff", "\ud800", "\udfff", "\U0010ffff", "👮",
    "👨\u200d👩\u200d👧", "é", "e\u0301", "ß", "ﬁ", "İ", "ǆ", "½", "１", "\u0660", "\u3000", "（", "）", "＂",
]  # fmt: skip
WORDS = ["police", "9/11", "=running", "pol*", "p?l", "polic~1", "/pol.*/", "café", "b^2", "-c", "+d"]
CONDITIONS = ["date:2020", "after:2020-03", "date:last week", "source:bbc", 'id:"x"', "*", "date:(2019 OR 2020)"]
OPERATORS = [" ", " ", " AND ", " OR ", " NOT ", " AND NOT ", " NEAR/3 ", " PRE/2 ", " w/s ", " w/p "]
RANGES = [(0, 0x7F), (0, 0x7F), (0, 0x2FF), (0x300, 0x36F), (0x590, 0x6FF), (0x2000, 0x206F), (0x3000, 0x9FFF),
          (0xD800, 0xDFFF), (0xFE00, 0xFFFF), (0x1F000, 0x1FAFF), (0, 0x10FFFF)]  # fmt: skip


class Texts:
    """Random texts from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def text(self) -> str:
        """A query of a grammar, one of its pieces in any order, raw characters, or one of these damaged."""
        kind = self.random.randrange(10)
        if kind < 4:
            text = self.query(self.random.randint(0, 4))
        elif kind < 8:
            text = self.pieces()
        else:
            text = self.raw()
        return self.damaged(text) if self.random.random() < 0.3 else text

    def pieces(self) -> str:
        count = self.random.choice([1, 2, 3, 5, 8, 13, 40])
        return "".join(self.random.choice(PIECES) + self.random.choice(["", " ", " "]) for _ in range(count))

    def raw(self) -> str:
        first, last = self.random.choice(RANGES)
        return "".join(chr(self.random.randint(first, last)) for _ in range(self.random.choice([1, 3, 10, 30])))

    def damaged(self, text: str) -> str:
        """With something left out, put in, or doubled."""
        at = self.random.randint(0, len(text))
        end = min(at + self.random.choice([0, 1, 1, 2, 10]), len(text))
        into = self.random.choice(["", self.random.choice(PIECES), self.raw(), text[at:end] * 3])
        return text[:at] + into + text[end:]

    def query(self, depth: int) -> str:
        """A query that mostly has a meaning."""
        choose = self.random
        kind = choose.randrange(14) if depth else choose.randrange(5)
        if kind < 3:
            return choose.choice(WORDS)
        if kind == 3:
            count = choose.randint(1, 4)
            inside = " ".join(choose.choice(["new", "york*", "=a", "r~", "of", "AND"]) for _ in range(count))
            return f'"{inside}"' + choose.choice(["", "", "~3", "^2", "~3^2"])
        if kind == 4:
            return choose.choice(CONDITIONS)
        if kind == 5:
            return f"({self.query(depth - 1)})" + choose.choice(["", "^2"])
        if kind == 6:
            return f"{choose.choice(['title', 'body', 'author', 'url'])}:({self.query(depth - 1)})"
        if kind == 7:
            return f"{choose.choice(['ATLEAST/2', 'FIRST/9', 'NOT'])} {self.query(depth - 1)}"
        operator = choose.choice(OPERATORS)
        return operator.join(self.query(depth - 1) for _ in range(choose.randint(2, 3)))


def check(text: str, *, require_all: bool = False) -> Node | None:
    """Read a text as it must be read; returns its tree, or None where it has no meaning."""
    try:
        tree = parse(text, require_all=require_all, today=TODAY).tree
    except QueryError as error:
        assert 1 <= error.column <= len(text) + 1, (text, error.column)
        assert error.message, text
        assert error.text == text, text
        return None
    again = canonical(tree)
    assert parse(again, today=TODAY).tree == tree, (text, again)
    return tree


def levels(tree: Node) -> int:
    """The nodes on the way to the deepest leaf."""
    return 1 + max(map(levels, children(tree)), default=0)


def check_many(seed: int, count: int) -> tuple[int, float]:
    """(how many of so many random texts have a meaning, the seconds that the slowest took)."""
    texts = Texts(seed)
    meant, slowest = 0, 0.0
    for number in range(count):
        text = texts.text()
        began = time.process_time()
        try:
            tree = check(text, require_all=number % 8 == 0)
            assert tree is None or levels(tree) <= 64 + 2
        except BaseException as error:
            error.add_note(f"seed {seed}, text {number}: {text!r}")
            raise
        slowest = max(slowest, time.process_time() - began)
        meant += tree is not None
    return meant, slowest


def main() -> None:
    """Let atheris look for texts that break a promise."""
    import atheris  # an extra of its own

    atheris.instrument_all()

    def one(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)
        check(provider.ConsumeUnicode(1000), require_all=provider.ConsumeBool())

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
