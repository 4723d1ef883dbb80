"""A searcher keeps what it looked up, and answers as one that was made for the question."""

from __future__ import annotations

import random

import pytest
from store.test_query_kernel import RELEVANCE, SHAPES, STEMS, WORD, Tree, made

from searchkit.store import kernels
from searchkit.store.kernels import plain

pytestmark = pytest.mark.skipif(not kernels.COMPILED, reason="there are no compiled kernels here")


@pytest.mark.parametrize("live", [True, False])
def test_a_searcher_that_was_asked_much_answers_as_a_new_one(live: bool) -> None:
    random_ = random.Random(live)
    segments = [made(size, seed) for size, seed in ((600, 0), (129, 1), (4097, 2))]
    scale = segments[0].scale
    sides = []
    for number, module in enumerate((kernels, plain)):
        both = [segment.parts if live else segment.dead for segment in segments]
        parts = [(*one[number], scale.stretch(segment.scale)) for one, segment in zip(both, segments, strict=True)]
        sides.append((module, parts))
    old, twin = (module.Searcher(parts, 4826, scale.for_scores()) for module, parts in sides)
    for number in range(150):
        # More stems than are kept: what is known is forgotten now and then, in the middle of the questions.
        for other in range(100):
            unknown = b"unknown %d" % (100 * number + other)
            assert old.search([unknown], [(WORD, 0)], 0, 0, None, 10, RELEVANCE) == (0, [0], [], False)
        nodes = Tree(random_, random_.choice(SHAPES)).nodes
        asked = (STEMS, nodes, 0, 0, None, random_.choice([0, 10, 100]), RELEVANCE)
        assert old.search(*asked) == twin.search(*asked), nodes


def test_a_damaged_stem_is_not_kept() -> None:
    """What failed once is looked up again, and says again which segment is damaged."""
    whole, torn = made(257, 0), made(600, 1)
    verified = bytearray(1)
    looks = []

    def verify(page: int) -> None:
        looks.append(page)
        if len(looks) < 3:
            raise kernels.Damage("a page is not what was written")
        verified[0] = 1

    late = kernels.Dictionary(torn.file, len(torn.file) + 1, verified, verify, torn.places)
    parts = [(*whole.parts[0], 9.0), (torn.parts[0][0], late, 9.0)]
    searcher = kernels.Searcher(parts, 857, whole.scale.for_scores())
    asked = (STEMS, Tree(random.Random(1), "any").nodes, 0, 0, None, 10, RELEVANCE)
    for _ in range(2):
        with pytest.raises(kernels.Damage) as caught:
            searcher.search(*asked)
        assert caught.value.args[1] == 1
    new = kernels.Searcher([(*whole.parts[0], 9.0), (*torn.parts[0], 9.0)], 857, whole.scale.for_scores())
    assert searcher.search(*asked) == new.search(*asked)
