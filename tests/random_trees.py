"""Random queries over random articles, for whoever compares one engine with another."""

from __future__ import annotations

import datetime
import random

from searchkit.article import Article
from searchkit.query import (
    AllBut,
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Days,
    Everything,
    Exact,
    First,
    Fuzzy,
    Id,
    Leaf,
    Near,
    Node,
    Phrase,
    Regex,
    Scope,
    Wildcard,
    Within,
    Word,
    children,
)

# Some share a stem, some a beginning, some all letters but one.
WORDS = [
    "police", "policed", "policing", "polices", "polite", "pole", "parade", "parades", "parading", "prade",
    "pride", "prides", "bride", "man", "men", "mane", "mayor", "mayors", "major", "city", "cities", "march",
    "marched", "marches", "9", "11", "2020", "co-op", "it's", "café",
]  # fmt: skip
WEIGHTS = [1 / (1 + number) for number in range(len(WORDS))]
SOURCES = ["Herald", "The Herald", "Daily Post", ""]
_FIRST_DAY = datetime.date(2020, 1, 1)
_SHAPES = ["pol*", "*ed", "p*de", "m?n", "?arch*", "ma??r", "*a*", "zzz*", "polic?", "caf?"]
_EXPRESSIONS = ["pol.*", "m[ae]n", "(pa|p)rade", "[0-9]+", "ci.+y", "b?ride", "zz", "p.{3,4}"]


class RandomQueries:
    """Articles and trees from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def article(self, number: int, paragraphs: int = 3) -> Article:
        """An article of a few sentences, or of more paragraphs."""
        choose = self.random
        body = "\n\n".join(
            " ".join(self._sentence(choose.randint(1, 7)) for _ in range(choose.randint(1, 3)))
            for _ in range(choose.randint(0, paragraphs))
        )
        return Article(
            id=f"a{number}",
            title=self._sentence(choose.randint(1, 4)).rstrip(".") if choose.random() < 0.7 else "",
            body=body,
            date=_FIRST_DAY + datetime.timedelta(choose.randint(0, 40)) if choose.random() < 0.9 else None,
            source=choose.choice(SOURCES),
            authors=tuple(choose.sample(["Ann Miller", "Bo Mills", "Chen"], choose.randint(0, 2))),
            section=choose.choice(["", "World", "World politics"]),
            url=choose.choice(["", "https://www.herald.co.nz/world/police-parade", "http://post.example/9-11"]),
            language=choose.choice(["", "en", "de"]),
        )

    def _sentence(self, length: int) -> str:
        words = self.random.choices(WORDS, WEIGHTS, k=length)
        return " ".join([words[0].capitalize(), *words[1:]]) + self.random.choice([".", "!", ".", "?"])

    def leaf(self) -> Leaf:
        """A word or a pattern."""
        choose = self.random
        word = choose.choices(WORDS, WEIGHTS)[0]
        kind = choose.randrange(10)
        if kind == 0:
            return Exact(word)
        if kind == 1:
            return Wildcard(choose.choice(_SHAPES))
        if kind == 2:
            return Fuzzy(choose.choice([word for word in WORDS if word.isalpha()]), choose.randint(0, 2))
        if kind == 3:
            return Regex(choose.choice(_EXPRESSIONS))
        return Word(word)

    def passage(self, depth: int) -> Node:
        """Something that has a place in a text."""
        choose = self.random
        kind = choose.randrange(10) if depth > 0 else choose.randrange(2)
        if depth > 0 and choose.random() < 0.05:
            # Where the article has it so often, or in the title or the body alone.
            part = self.passage(depth - 1)
            return AtLeast(choose.randint(1, 3), part) if choose.random() < 0.5 else self._in_a_field(part)
        if kind < 2:
            return self.leaf()
        if kind == 2:
            slop = choose.choice([0, 0, 1, 3])
            return Phrase(tuple([self.leaf() for _ in range(choose.randint(2, 3))]), slop)
        if kind < 5:
            return Near(self.passage(depth - 1), self.passage(depth - 1), choose.randint(1, 4), choose.random() < 0.5)
        if kind < 7:
            unit = choose.choice(["sentence", "paragraph"])
            return Within(self.passage(depth - 1), self.passage(depth - 1), unit, choose.random() < 0.3)  # type: ignore[arg-type]
        if kind == 7:
            return First(choose.randint(1, 8), self.passage(depth - 1))
        return self._group(depth, self.passage)

    def _in_a_field(self, part: Node) -> Node:
        """In the title or the body, unless a part is in one already."""
        held = [part]
        for node in held:
            if isinstance(node, Scope):
                return part
            held += children(node)
        return Scope(self.random.choice(["title", "body"]), part)  # type: ignore[arg-type]

    def _group(self, depth: int, part: object) -> Node:
        choose = self.random
        parts = tuple([part(depth - 1) for _ in range(choose.randint(2, 3))])  # type: ignore[operator]
        kind = choose.randrange(6)
        if kind < 3:
            return AnyOf(parts)
        if kind == 3:
            return AllOf(parts)
        if kind == 4:
            return AllBut(parts[0], parts[1:])
        return Boost(parts[0], choose.choice([0.5, 2.0, 3.25]))

    def tree(self, depth: int = 3) -> Node:
        """Any query."""
        choose = self.random
        kind = choose.randrange(12) if depth > 0 else 0
        if kind < 3:
            return self.passage(depth)
        if kind < 7:
            return self._group(depth, self.tree)
        if kind == 7:
            return AtLeast(choose.randint(1, 4), self.passage(depth - 1))
        if kind == 8:
            return self._in_a_field(self._within_scope(depth - 1))
        if kind == 9:
            first = _FIRST_DAY + datetime.timedelta(choose.randint(0, 40))
            last = first + datetime.timedelta(choose.randint(0, 20))
            return Days(choose.choice([first, None]), choose.choice([last, last, None]))
        if kind == 10:
            return choose.choice([Everything(), Id(f"a{choose.randint(0, 90)}")])
        return self.condition()

    def condition(self) -> Node:
        """Something that is known of an article."""
        return self.random.choice(
            [
                Scope("source", Word("Herald")),
                Scope("source", Phrase((Word("the"), Word("herald")))),
                Scope("source", AllBut(Everything(), (Word("post"),))),
                Scope("author", Near(Word("miller"), Word("ann"), 1)),
                Scope("author", Wildcard("mill*")),
                Scope("section", Word("politics")),
                Scope("url", Word("herald.co.nz")),
                Scope("url", Phrase((Word("police"), Word("parade")))),
                Scope("language", Word("de")),
                Scope("author", Within(Word("mills"), Word("bo"), "sentence", self.random.random() < 0.5)),
                Scope("section", First(1, AnyOf((Word("politics"), Fuzzy("wrld", 1))))),
                Scope("url", AtLeast(2, Wildcard("p*"))),
                Scope("source", Boost(AllOf((Word("herald"), Regex("t.*"))), 2.0)),
            ]
        )

    def _within_scope(self, depth: int) -> Node:
        return (
            self._group(depth, self._within_scope)
            if depth > 0 and self.random.random() < 0.4
            else self.passage(depth)
        )
