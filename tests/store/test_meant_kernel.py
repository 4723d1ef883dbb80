"""The words of one pattern, summed up: both kernels say the same, and what a tree with a node of these words says."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from store.test_query_kernel import SOURCES, STEMS, Made, damaged_dictionary, made

from searchkit.store import kernels
from searchkit.store.kernels import plain

pytestmark = pytest.mark.skipif(not kernels.COMPILED, reason="there are no compiled kernels here")

SPOT = 6
Words = list[dict[int, bytes]]


def searchers(segments: Sequence[Made], *, dead: bool, stretch: float = 3.0) -> tuple[Any, Any]:
    """A compiled and a plain one."""
    ours, twin = (
        module.Searcher(
            [(*(one.dead if dead else one.parts)[number], stretch) for one in segments],
            sum(one.articles for one in segments),
            segments[0].scale.for_scores(),
        )
        for number, module in enumerate((kernels, plain))
    )
    return ours, twin


def random_words(random_: random.Random, segments: Sequence[Made]) -> Words:
    """For each segment some terms, of which all forms are meant, or some, or none."""
    flags = [b"\1", b"\1\1\1", b"\1\0\1", b"\0\1", b"\2\0\0", b"\0\0\0", b"", b"\1" * 9]
    return [
        {term: random_.choice(flags) for term in range(one.parts[0][1].stems) if random_.random() < share}
        for one in segments
        for share in [random_.choice([0, 0.1, 0.5, 1])]
    ]


def answers(random_: random.Random, segments: Sequence[Made]) -> int:
    """How many articles both kernels find for random words."""
    words = random_words(random_, segments)
    wanted = None
    if random_.random() < 0.3:
        wanted = [random_.choice([b"", bytes(random_.randrange(2) for _ in range(SOURCES))]) for _ in segments]
    asked = (
        random_.choice([0.0, 1e-9, 1.0, 1.0, 7.5]),
        random_.choice([0, 0, 0, 3]),
        random_.choice([0, 0, 0, 6]),
        wanted,
        random_.choice([0, 1, 10, 10, 1000]),
        random_.choice([0, 0, 0, 1, 2]),
    )
    ours, twin = searchers(segments, dead=random_.random() < 0.4)
    found = ours.search_meant(words, *asked)
    assert found == twin.search_meant(words, *asked), (words, asked)
    assert found[0] >= found[1]
    return int(found[1])


@pytest.mark.parametrize("articles", [1, 64, 129, 300])
def test_words_over_small_segments(articles: int) -> None:
    random_ = random.Random(f"meant {articles}")
    assert sum(answers(random_, [made(articles, number // 50)]) for number in range(250))


def test_words_over_several_segments_and_windows() -> None:
    random_ = random.Random("meant in several")
    for _ in range(60):
        answers(
            random_, [made(size, random_.randrange(2)) for size in random_.choices([1, 129, 257, 4097, 8193], k=3)]
        )


@pytest.mark.parametrize("articles", [257, 4097, 8193])
@pytest.mark.parametrize("seed", range(4))
def test_what_cannot_be_among_the_best_is_counted_all_the_same(articles: int, seed: int) -> None:
    """Of the same segment again and again, bounds are as near as they can be, and the first has the best."""
    random_ = random.Random(f"pruned {articles} {seed}")
    segments = [made(articles, seed)] * 3
    for dead in (False, True):
        ours, twin = searchers(segments, dead=dead, stretch=1.0)
        for limit in (1, 3, 10, 100):
            words = random_words(random_, segments)
            for days in ((0, 0), (2, 6)):
                assert ours.search_meant(words, 1.0, *days, None, limit, 0) == twin.search_meant(
                    words, 1.0, *days, None, limit, 0
                )


@pytest.mark.parametrize("articles", [129, 4097])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_one_word_is_ranked_as_a_tree_of_it(articles: int, order: int) -> None:
    """To the last bit, ties included: whether a pattern stands alone or in a tree must not change its score."""
    segments = [made(articles, seed) for seed in range(2)]
    ours, _ = searchers(segments, dead=True)
    for number, stem in enumerate(STEMS):
        words: Words = []
        column: list[list[bytes | None]] = []
        for one in segments:
            term = one.parts[0][1].find(stem)
            words.append({term: b"\1\0\1"} if term >= 0 else {})
            column.append([b"\1\0\1"])
        having, total, best, tied = ours.search_meant(words, 2.0, 0, 0, None, 20, order)
        nodes = [(SPOT, (2.0, having, 0, ((number, 0),)))]
        in_tree = ours.search(STEMS, nodes, 0, 0, None, 20, order, column)
        assert (total, best, tied) == (in_tree[0], *in_tree[2:])


@pytest.mark.parametrize(
    "words",
    [
        [],
        [{}],
        [None, {}],
        [{}, {"x": b"\1"}],
        [{}, {-1: b"\1"}],
        [{}, {2**32: b"\1"}],
        [{}, {0: None}],
        [{}, {0: "x"}],
    ],
    ids=repr,
)
def test_wrong_words_are_refused(words: Any) -> None:
    for searcher in searchers([made(129, 0), made(64, 0)], dead=False):
        with pytest.raises(ValueError):
            searcher.search_meant(words, 1.0, 0, 0, None, 10, 0)


def test_wrong_numbers_are_refused() -> None:
    for searcher in searchers([made(129, 0)], dead=False):
        for factor, wanted, order in [(-1.0, None, 0), (float("nan"), None, 0), (1.0, [], 0), (1.0, None, 3)]:
            with pytest.raises(ValueError):
                searcher.search_meant([{0: b"\1"}], factor, 0, 0, wanted, 10, order)


def test_a_term_that_is_not_there_is_damage_of_its_segment() -> None:
    for searcher in searchers([made(129, 0), made(64, 0)], dead=False):
        with pytest.raises((kernels.Damage, plain.Damage)) as caught:
            searcher.search_meant([{0: b"\1"}, {11: b"\1"}], 1.0, 0, 0, None, 10, 0)
        assert caught.value.args[1] == 1


def test_a_deadline_ends_it() -> None:
    for searcher, module in zip(searchers([made(129, 0)], dead=False), (kernels, plain), strict=True):
        with pytest.raises(module.Exhausted, match="time"):
            searcher.search_meant([{0: b"\1"}], 1.0, 0, 0, None, 10, 0, 1)


def test_damaged_postings_are_refused_or_answered() -> None:
    """Bytes of postings changed at random: an answer or Damage; never a crash."""
    random_ = random.Random(8)
    segment = made(300, 1)
    refused = 0
    for _ in range(600):
        damaged = damaged_dictionary(random_, segment)
        searcher = kernels.Searcher([(segment.parts[0][0], damaged, 1.0)], 300, segment.scale.for_scores())
        try:
            searcher.search_meant(random_words(random_, [segment]), 1.0, 0, 0, None, 10, 0)
        except kernels.Damage as error:
            assert error.args[1] == 0
            refused += 1
    assert refused > 60
