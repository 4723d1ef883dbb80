"""Passages: compiled and plain searchers give the same answers, refuse the same nodes, and survive every damage.

Queries are random nodes of every kind, from words to conditions, over the segments of test_query_kernel.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from store.test_query_kernel import STEMS, Made, damaged_dictionary, made

from searchkit.store import kernels
from searchkit.store.kernels import plain

pytestmark = pytest.mark.skipif(not kernels.COMPILED, reason="there are no compiled kernels here")

(WORD, PHRASE, ALL_OF, ANY_OF, ALL_BUT, EVERYTHING, SPOT, CHAIN, UNION, CLOSE, NEAR, WITHIN, EARLY,
 TIMES, DAYS, CHOSEN) = range(16)  # fmt: skip
FILTERS = 3
CONDITIONS = 2
STRANGE = [0, 1, 2, 3, 7, 33, -1, 2**31, 2**32 - 1, 2**32, 2**70, float("nan"), None, "x", b"x", (), (0,), [0]]

# (kind, operand)
Node = tuple[int, Any]
Answer = tuple[int, list[int], list[tuple[float, int, int]], bool] | type[Exception]


class Query:
    """Random nodes, and the filters and conditions that they refer to."""

    def __init__(self, random_: random.Random, segments: Sequence[Made], *, several: bool = True) -> None:
        self.random = random_
        self.several = several
        self.nodes: list[Node] = []
        self.whole(random_.choice([0, 1, 2, 3]))
        self.filters = [
            [random_.choice([None, bytes(random_.randrange(2) for _ in range(3)), b"\1"]) for _ in range(FILTERS)]
            for _ in segments
        ]
        self.chosen = [
            [random_.choice([None, random_.randbytes((segment.articles + 7) // 8)]) for segment in segments]
            for _ in range(CONDITIONS)
        ]

    def whole(self, depth: int) -> None:
        """A node that holds of articles."""
        kind = self.random.randrange(14) if depth else 5 + self.random.randrange(9)
        if kind < 5:
            count = self.random.randint(1, 3)
            for _ in range(count):
                self.whole(depth - 1)
            self.nodes.append((self.random.choice([ALL_OF, ANY_OF, ALL_BUT]), count))
        elif kind == 5:
            self.nodes.append((WORD, self.stem()))
        elif kind == 6:
            self.nodes.append((PHRASE, (self.stem(), self.stem())))
        elif kind == 7:
            self.passage(depth)
            self.nodes.append((TIMES, self.random.randint(0, 3)))
        elif kind == 8:
            first, last = self.random.randint(0, 9), self.random.choice([0, self.random.randint(0, 9)])
            self.nodes.append(
                self.random.choice(
                    [(DAYS, (first, last)), (CHOSEN, self.random.randrange(CONDITIONS)), (EVERYTHING, 0)]
                )
            )
        else:
            self.passage(depth)

    def passage(self, depth: int, *, inside: bool = False) -> None:
        kind = self.random.randrange(9) if depth > 0 else 0
        factor, having = self.random.choice([1.0, 1.0, 0.5, 7.0]), self.random.choice([-1, -1, 5, 0])
        if kind < 2:
            self.spot(several=inside and self.several)
        elif kind < 5:
            count = self.random.randint(1, 3)
            for _ in range(count):
                self.passage(depth - 1, inside=True)
            self.nodes.append((self.random.choice([CHAIN, UNION]), (factor, having, count)))
        elif kind == 5:
            count = self.random.randint(1, 4)
            for _ in range(count):
                self.spot(several=self.several)
            self.nodes.append((CLOSE, (factor, having, count, self.random.choice([0, 1, 3, 20]))))
        elif kind == 6:
            self.passage(depth - 1, inside=True)
            self.nodes.append((EARLY, (factor, having, self.random.randint(0, 9), self.random.randrange(3))))
        else:
            self.passage(depth - 1, inside=True)
            self.passage(depth - 1, inside=True)
            number = self.random.randrange(2) if kind == 8 else self.random.choice([0, 1, 2, 5, 10_000])
            ordered = self.random.random() < 0.5
            self.nodes.append((WITHIN if kind == 8 else NEAR, (factor, having, number, ordered)))

    def spot(self, *, several: bool) -> None:
        """A word, or one of several: here, unlike in any index, two words may stand at one place.

        Only within another passage are they surely counted once.
        """
        words = [
            (self.stem(), self.random.choice([-1, -1, self.random.randrange(FILTERS)]))
            for _ in range(self.random.choice([1, 1, 2, 4]) if several else 1)
        ]
        having = self.random.randint(0, 50) if len(words) > 1 else self.random.choice([-1, 9])
        self.nodes.append((SPOT, (1.0, having, self.random.choice([0, 0, 0, 1, 2]), tuple(words))))

    def stem(self) -> int:
        return self.random.randrange(len(STEMS))


def answers(
    random_: random.Random, segments: Sequence[Made], change: Callable[[Query], None] | None = None
) -> list[Answer]:
    """What both kernels say to one random query, once it was changed."""
    query = Query(random_, segments, several=change is None)
    if change is not None:
        change(query)
    since, until = random_.choice([0, 0, 0, 3]), random_.choice([0, 0, 0, 6])
    limit, order = random_.choice([0, 1, 10, 10, 1000]), random_.choice([0, 0, 0, 1, 2])
    dead = random_.random() < 0.4
    found: list[Answer] = []
    for number, module in enumerate((kernels, plain)):
        parts = [(*(one.dead if dead else one.parts)[number], 3.0) for one in segments]
        searcher = module.Searcher(parts, sum(one.articles for one in segments), segments[0].scale.for_scores())
        try:
            found.append(
                searcher.search(STEMS, query.nodes, since, until, None, limit, order, query.filters, query.chosen)
            )
        except ValueError:
            found.append(ValueError)
    assert found[0] == found[1], (query.nodes, since, until, limit, order, dead)
    return found


@pytest.mark.parametrize("articles", [1, 64, 129, 300])
def test_passages_over_small_segments(articles: int) -> None:
    random_ = random.Random(f"passages {articles}")
    total = 0
    for number in range(250):
        found = answers(random_, [made(articles, number // 50)])[0]
        assert isinstance(found, tuple)
        total += found[0]
    assert total


def test_passages_over_several_segments_and_windows() -> None:
    random_ = random.Random("several")
    for number in range(40):
        answers(random_, [made(size, number % 2) for size in random_.choices([1, 129, 257, 4097], k=2)])


@pytest.mark.parametrize(
    "nodes",
    [
        [(SPOT, (1.0, -1, 0, ()))],
        [(SPOT, (1.0, -1, 0, ((99, -1),)))],
        [(SPOT, (1.0, -1, 0, ((-1, -1),)))],
        [(SPOT, (1.0, -1, 0, ((0, 99),)))],
        [(SPOT, (1.0, -1, 0, ((0, -1), (1, -1))))],
        [(SPOT, (1.0, -1, 3, ((0, -1),)))],
        [(SPOT, (1.0, -1, -1, ((0, -1),)))],
        [(SPOT, (float("nan"), -1, 0, ((0, -1),)))],
        [(SPOT, (-1.0, -1, 0, ((0, -1),)))],
        [(SPOT, (1.0, -1, 0))],
        [(SPOT, (1.0, -1, 0, (0,)))],
        [(SPOT, 0)],
        [(SPOT, None)],
        [(WORD, None)],
        [(WORD, -1)],
        [(PHRASE, 0)],
        [(PHRASE, ("x",))],
        [(CHAIN, (1.0, -1, 0))],
        [(CHAIN, (1.0, -1, 1))],
        [(WORD, 0), (CHAIN, (1.0, -1, 1))],
        [(WORD, 0), (TIMES, 1)],
        [(EVERYTHING, 0), (UNION, (1.0, -1, 1))],
        [(SPOT, (1.0, -1, 0, ((0, -1),))), (CHAIN, (1.0, -1, -1))],
        [(SPOT, (1.0, -1, 0, ((0, -1),))), (CHAIN, (1.0, -1, 2**32 + 1))],
        [(SPOT, (1.0, -1, 0, ((0, -1),))), (NEAR, (1.0, -1, 1, False))],
        [*[(SPOT, (1.0, -1, 0, ((0, -1),)))] * 2, (NEAR, (1.0, -1, -1, False))],
        [*[(SPOT, (1.0, -1, 0, ((0, -1),)))] * 2, (NEAR, (1.0, -1))],
        [*[(SPOT, (1.0, -1, 0, ((0, -1),)))] * 2, (WITHIN, (1.0, -1, 2, False))],
        [*[(SPOT, (1.0, -1, 0, ((0, -1),)))] * 33, (CLOSE, (1.0, -1, 33, 1))],
        [(SPOT, (1.0, -1, 0, ((0, -1),))), (UNION, (1.0, -1, 1)), (CLOSE, (1.0, -1, 1, 1))],
        [(SPOT, (1.0, -1, 0, ((0, -1),))), (EARLY, (1.0, -1, 5, 3))],
        [(SPOT, (1.0, -1, 0, ((0, -1),))), (TIMES, -1)],
        [(SPOT, (1.0, -1, 0, ((0, -1),))), (TIMES, 1), (TIMES, 1)],
        [(SPOT, (1.0, -1, 0, ((0, -1),))), *[(UNION, (1.0, -1, 1))] * 100_000],
        [(WORD, 0), *[(ALL_OF, 1)] * 100_000],
        [(DAYS, 1)],
        [(DAYS, (1,))],
        [(DAYS, (-1, 2))],
        [(CHOSEN, 99)],
        [(CHOSEN, -1)],
        [(CHOSEN, None)],
        [(16, 0)],
        [(-1, 0)],
        [(2**40, 0)],
        [(None, 0)],
        [("x", 0)],
        [(WORD,)],
        [WORD],
        [None],
    ],
    ids=lambda nodes: repr(nodes)[:60],
)
def test_wrong_nodes_are_refused(nodes: list[Any]) -> None:
    segment = made(129, 0)

    def change(query: Query) -> None:
        query.nodes = nodes

    random_ = random.Random(1)
    assert answers(random_, [segment], change) == [ValueError, ValueError]


@pytest.mark.parametrize(
    "lists",
    [
        ([], None),
        (None, []),
        ([[]], [[]]),
        ([None], [None]),
        ([[b"\1", b"\1"]], [[b"", b""]]),
        ([["x", "x"]], [["x", "x"]]),
        ([b"\1\1"], [[7, 7]]),
        (None, None),
    ],
    ids=repr,
)
def test_lists_that_are_too_short_are_refused(lists: tuple[Any, Any]) -> None:
    """The second filter and the first condition are asked for, in the one segment; the articles need 17 bytes."""
    segment = made(129, 0)

    def change(query: Query) -> None:
        query.nodes = [(SPOT, (1.0, -1, 0, ((0, 1),))), (CHOSEN, 0), (ANY_OF, 2)]
        query.filters, query.chosen = lists

    assert b"stem00" in STEMS
    for seed in range(5):
        assert answers(random.Random(seed), [segment], change) == [ValueError, ValueError]


def mutated(random_: random.Random, value: Any) -> Any:
    """The same with one number somewhere in it made another thing."""
    if isinstance(value, tuple) and value and random_.random() < 0.9:
        at = random_.randrange(len(value))
        return (*value[:at], mutated(random_, value[at]), *value[at + 1 :])
    return random_.choice(STRANGE)


def mutate(query: Query) -> None:
    random_, nodes = query.random, query.nodes
    kind = random_.randrange(8)
    at = random_.randrange(len(nodes))
    if kind == 0:
        del nodes[at]
    elif kind == 1:
        nodes.insert(at, random_.choice(nodes))
    elif kind == 2:
        other = random_.randrange(len(nodes))
        nodes[at], nodes[other] = nodes[other], nodes[at]
    elif kind == 3:
        nodes[at] = (random_.randrange(17), nodes[at][1])
    else:
        nodes[at] = mutated(random_, nodes[at])


@pytest.mark.parametrize("seed", range(8))
def test_changed_nodes_are_refused_by_both_or_answered_alike(seed: int) -> None:
    random_ = random.Random(f"changed {seed}")
    segments = [made(129, seed), made(64, seed)]
    refused = sum(answers(random_, segments, mutate)[0] is ValueError for _ in range(500))
    assert 100 < refused < 500


def test_passages_of_damaged_postings_are_refused_or_answered() -> None:
    """Bytes of postings changed at random: an answer or Damage; never a crash."""
    random_ = random.Random(6)
    segment = made(300, 1)
    refused = 0
    for _ in range(600):
        damaged = damaged_dictionary(random_, segment)
        searcher = kernels.Searcher([(segment.parts[0][0], damaged, 1.0)], 300, segment.scale.for_scores())
        query = Query(random_, [segment])
        try:
            searcher.search(STEMS, query.nodes, 0, 0, None, 10, 0, query.filters, query.chosen)
        except kernels.Damage as error:
            assert error.args[1] == 0
            refused += 1
    assert refused > 60
