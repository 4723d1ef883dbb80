"""The compiled query gives what its plain twin gives: the same totals, articles and scores, to the last bit."""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from searchkit.store import kernels
from searchkit.store.kernels import plain
from searchkit.store.ranking import Scale, term_weight

pytestmark = pytest.mark.skipif(not kernels.COMPILED, reason="there are no compiled kernels here")

WORD, PHRASE, ALL_OF, ANY_OF, ALL_BUT, EVERYTHING = range(6)
WINDOW = 4096
SOURCES = 5

Terms = list[tuple[float, ...]]
Nodes = list[tuple[int, int, int, tuple[int, ...], float]]


@dataclass(frozen=True)
class Made:
    """A segment for both kernels; ``facts`` are those of each term, without stretch and weight."""

    segments: tuple[Any, Any]
    dead: tuple[Any, Any]
    facts: list[tuple[float, ...]]
    scale: Scale
    articles: int


def having(random_: random.Random, articles: int) -> list[int]:
    """Which articles have a term: in all of them, in some, in runs, at the borders of windows and blocks."""
    kind = random_.randrange(9)
    if kind == 0:
        chosen: Sequence[int] = range(articles)
    elif kind == 1:
        begin = random_.randrange(articles)
        chosen = range(begin, min(begin + random_.choice([1, 127, 128, 129, 300, 5000]), articles))
    elif kind == 2:
        chosen = [at for at in (0, 1, 127, 128, 4095, 4096, 4097, 8191, 8192, articles - 1) if at < articles]
    elif kind == 3:
        chosen = random_.sample(range(articles), min(articles, random_.choice([1, 2, 127, 128, 129, 256, 257])))
    elif kind == 4:
        # Nothing in some windows.
        chosen = [at for at in range(articles) if at // WINDOW % 2 and random_.random() < 0.1]
    else:
        density = random_.choice([0.9, 0.5, 0.1, 0.02, 0.002])
        chosen = [at for at in range(articles) if random_.random() < density]
    return sorted(set(chosen)) or [random_.randrange(articles)]


@cache
def made(articles: int, seed: int) -> Made:
    random_ = random.Random(f"{articles} {seed}")
    # Few lengths and few frequencies: many scores are equal.
    titles = array("I", [random_.choice([0, 2, 2, 3]) for _ in range(articles)])
    bodies = array("I", [random_.choice([1, 6, 6, 8]) for _ in range(articles)])
    for _ in range(3):
        bodies[random_.randrange(articles)] = 900
    scale = Scale.of_averages(sum(titles), sum(bodies), articles)
    chunks: list[bytes] = []
    output = kernels.TermOutput(titles, bodies, scale.for_bounds(), chunks.append)
    forms = []
    for _ in range(12):
        entries = array("Q")
        forms.append(random_.choice([1, 1, 3]))
        most = random_.choice([1, 2, 400])
        for article in having(random_, articles):
            length = titles[article] + bodies[article]
            for at in sorted(random_.sample(range(length), random_.randrange(min(most, length)) + 1)):
                place = at if at < titles[article] else at + 1
                entries.append((article << 26 | place) << 12 | random_.randrange(forms[-1]))
        output.add(entries, forms[-1])
    output.flush()
    sections = output.sections()
    ends = memoryview(sections["postings.ends"]).cast("Q")
    columns = [memoryview(sections["stems." + name]).cast("I") for name in ("splits", "articles", "occurrences")]
    peaks = memoryview(sections["stems.peaks"]).cast("f")
    facts = []
    for term, end in enumerate(ends):
        begin = ends[term - 1] if term else 0
        split, count, occurrences = (column[term] for column in columns)
        facts.append((begin, begin + split, end, count, occurrences, forms[term], peaks[term]))
    undated = random_.choice([0, articles // 3, articles])
    days = sorted(random_.randrange(1, random_.choice([2, 9, 9000])) for _ in range(articles - undated))
    sources = array("I", [int(SOURCES * random_.random() ** 2) for _ in range(articles)])
    live = bytearray(random_.randrange(256) | random_.randrange(256) for _ in range((articles + 7) // 8))
    shared = (b"".join(chunks), titles, bodies, sources, array("I", [0] * undated + days))
    return Made(
        (kernels.Segment(*shared, None), plain.Segment(*shared, None)),
        (kernels.Segment(*shared, live), plain.Segment(*shared, live)),
        facts,
        scale,
        articles,
    )


class Tree:
    """A random tree, as terms and nodes in postfix order."""

    def __init__(self, random_: random.Random, segment: Made, scale: Scale, shape: str) -> None:
        self.random = random_
        self.segment = segment
        self.stretch = scale.stretch(segment.scale)
        self.terms: Terms = []
        self.nodes: Nodes = []
        count = random_.choice([1, 1, 2, 2, 3, 5, 9])
        if shape == "word":
            self.leaf(1)
        elif shape == "phrase":
            self.leaf(random_.choice([2, 2, 3, 4]))
        elif shape == "any":
            self.inner(ANY_OF, [self.leaf(1) for _ in range(count)])
        elif shape == "all":
            self.inner(ALL_OF, [self.leaf(random_.choice([1, 1, 1, 2])) for _ in range(min(count, 3))])
        else:
            self.node(random_.choice([1, 2, 3]))

    def leaf(self, words: int) -> int:
        first = len(self.terms)
        for _ in range(words):
            facts = self.random.choice(self.segment.facts)
            weight = self.random.choice(
                [1.0, term_weight(self.segment.articles, int(facts[3])), 5 * self.random.random()]
            )
            self.terms.append((*facts, self.stretch, weight))
        weight = sum(term[8] for term in self.terms[first:])
        return self.inner(PHRASE if words > 1 else WORD, (), first, words, weight)

    def inner(self, kind: int, children: Sequence[int], first: int = 0, count: int = 0, weight: float = 0.0) -> int:
        self.nodes.append((kind, first, count, tuple(children), weight))
        return len(self.nodes) - 1

    def node(self, depth: int) -> int:
        chance = self.random.random()
        if chance < 0.05:
            return self.inner(EVERYTHING, ())
        if depth == 0 or chance < 0.25:
            return self.leaf(self.random.choice([1, 1, 2]))
        kind = self.random.choice([ANY_OF, ANY_OF, ALL_OF, ALL_BUT])
        return self.inner(kind, [self.node(depth - 1) for _ in range(self.random.choice([1, 2, 2, 3]))])


def ask_both(random_: random.Random, segment: Made, shape: str) -> int:
    """Ask both for one random query; returns the total."""
    # Averages move when other segments come and articles go: upwards, the bounds must be stretched.
    factor = random_.choice([1.0, 1.0, 0.5, 3.0])
    scale = Scale(segment.scale.average_title * factor, segment.scale.average_body * random_.choice([1.0, factor]))
    tree = Tree(random_, segment, scale, shape)
    articles = segment.articles
    low, high = 0, articles
    if random_.random() < 0.4:
        borders = [0, 1, 63, 64, 127, 4095, 4096, 4097, articles, articles + 9, random_.randrange(articles)]
        low, high = random_.choice(borders), random_.choice([articles, *borders])
    wanted = (
        bytes(random_.randrange(2) for _ in range(random_.randrange(SOURCES + 1))) if random_.random() < 0.3 else None
    )
    limit = random_.choice([0, 1, 2, 10, 10, 10, 100, 1000])
    order = random_.choice(["relevance", "relevance", "relevance", "newest", "oldest"])
    which = segment.dead if random_.random() < 0.4 else segment.segments
    common = (scale.for_scores(), tree.terms, tree.nodes, low, high, wanted)
    floor = 0.0 if order == "relevance" else -1e300
    twin = plain.Query(which[1], *common, max(limit, 1000), floor)
    best = twin.run(order)
    if order == "relevance" and best and random_.random() < 0.3:
        # As good as the worst of the hits that other segments gave; what equals it still counts.
        floor = random_.choice(best)[0]
        best = [hit for hit in best if hit[0] >= floor]
    query = kernels.Query(which[0], *common, limit, floor)
    found = query.run(order)
    assert query.total == twin.total, (tree.nodes, tree.terms)
    assert found == best[:limit], (tree.nodes, tree.terms, low, high, wanted, limit, order, floor)
    return query.total


SHAPES = ["word", "phrase", "any", "all", "tree"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("articles", [1, 2, 63, 64, 65, 127, 128, 129, 257, 600])
def test_queries_over_small_segments(articles: int, shape: str) -> None:
    random_ = random.Random(f"{articles} {shape}")
    for number in range(120):
        ask_both(random_, made(articles, number // 20), shape)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("articles", [4095, 4096, 4097, 8193, 12_500])
def test_queries_over_several_windows(articles: int, shape: str) -> None:
    random_ = random.Random(f"{articles} {shape}")
    totals = [ask_both(random_, made(articles, number // 20), shape) for number in range(60)]
    assert any(totals)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_many_queries_over_segments_of_any_size(seed: int) -> None:
    random_ = random.Random(seed)
    for round_ in range(15):
        articles = random_.choice([random_.randrange(1, 1000), random_.randrange(1, 20_000)])
        segment = made.__wrapped__(articles, round_)
        for _ in range(100):
            ask_both(random_, segment, random_.choice(SHAPES))


def test_a_query_refuses_what_is_none() -> None:
    segment = made(129, 0)
    scale = segment.scale.for_scores()
    term = (*segment.facts[0], 1.0, 1.0)
    begin, split, end, *_ = term
    for which, module in enumerate((kernels, plain)):

        def run(term: tuple[float, ...], node: tuple[Any, ...], module: Any = module, which: int = which) -> None:
            module.Query(segment.segments[which], scale, [term], [node], 0, 129, None, 10, 0.0).run()

        word = (WORD, 0, 1, (), 0.0)
        run(term, word)
        for changed in ((end, split), (begin, end), (begin, split, 1 << 40), (begin, split, end, 0), (begin, begin)):
            with pytest.raises(module.Damage):
                run((*changed, *term[len(changed) :]), word)
        for node in ((PHRASE, 0, 2, (), 0.0), (WORD, 1, 1, (), 0.0), (ANY_OF, 0, 0, (0,), 0.0)):
            with pytest.raises(ValueError, match=r"a node without|a child behind"):
                run(term, node)
        with pytest.raises(module.Damage, match="one length"):
            module.Segment(b"", array("I", [1]), array("I"), array("I"), array("I"), None)
        nothing = module.Query(segment.segments[which], scale, [], [], 0, 129, None, 10, 0.0)
        assert (nothing.run(), nothing.total) == ([], 0)
