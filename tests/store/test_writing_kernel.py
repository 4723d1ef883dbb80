"""The documents of a cluster, written out by both kernels: the same bytes for any text, and no number is trusted."""

from __future__ import annotations

import json
import random
from array import array
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.analysis import class_table
from searchkit.store import kernels
from searchkit.store.kernels import plain
from searchkit.store.ranking import Scale

pytestmark = pytest.mark.skipif(not kernels.COMPILED, reason="there are no compiled kernels here")

BOTH: list[Any] = [kernels, plain]
NORMS = Scale(7.5, 310.25).for_bounds()
PIECES = ["a", "police", "Policy", "é", "北", "x" * 40, " ", " ", ". ", "\n\n", "! B", "9", "U.S."]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


def spelled(terms: list[bytes]) -> tuple[bytearray, array[int]]:
    return bytearray(b"".join(terms)), array("I", accumulate(map(len, terms)))


def written(module: Any, titles: list[str], bodies: list[str], stems: int, fineness: float) -> list[bytes]:
    """Documents in which the words share so many stems."""
    words = module.Vocabulary(class_table(), [b"mr"])
    words.add([title.encode() for title in titles], [body.encode() for body in bodies])
    choose = random.Random(len(words))
    stem_of = array("I", [choose.randrange(stems) for _ in range(len(words))])
    found: list[bytes] = module.terms_of_articles(
        words.tokens(),
        memoryview(words.bounds()).cast("I"),
        memoryview(words.borders()).cast("I"),
        *spelled(words.words()),
        stem_of,
        *spelled([b"stem%d" % number for number in range(stems)]),
        NORMS,
        fineness,
    )
    return found


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4), st.integers(1, 9), st.sampled_from([1.0, 7.0, 4096.0, 1e9]))
def test_both_write_the_same(texts: list[tuple[str, str]], stems: int, fineness: float) -> None:
    titles, bodies = [title for title, _ in texts], [body for _, body in texts]
    ours, twin = (written(module, titles, bodies, stems, fineness) for module in BOTH)
    assert ours == twin
    for one in ours:
        assert set(json.loads(b"{" + one[1:])) == {"title", "body", "weights"}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4), st.integers(0, 1 << 20))
def test_both_find_the_same_words(texts: list[tuple[str, str]], chosen: int) -> None:
    words = kernels.Vocabulary(class_table(), [b"mr"])
    words.add([title.encode() for title, _ in texts], [body.encode() for _, body in texts])
    wanted = bytes(chosen >> at & 1 for at in range(len(words)))
    bounds = memoryview(words.bounds()).cast("I")
    ours, twin = (module.words_standing(words.tokens(), bounds, wanted) for module in BOTH)
    assert ours == twin
    if words.token_count:
        for module in BOTH:
            with pytest.raises(ValueError, match="nobody knows"):
                module.words_standing(words.tokens(), bounds, b"")


def test_a_long_text() -> None:
    choose = random.Random(3)
    body = " ".join("".join(choose.choices("abcdefgh", k=choose.randint(1, 9))) for _ in range(60_000))
    assert written(kernels, ["One. Two."], [body], 500, 4096.0) == written(plain, ["One. Two."], [body], 500, 4096.0)


GOOD: dict[str, Any] = {
    "tokens": [0, 1, 0],
    "bounds": [1, 3, 1],
    "borders": [3],
    "forms": b"ab",
    "form_ends": [1, 2],
    "stem_of": [0, 0],
    "stems": b"a",
    "stem_ends": [1],
}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tokens": [0, 2, 0]}, "nobody knows"),
        ({"stem_of": [0, 1]}, "nobody knows"),
        ({"bounds": [1, 4, 1]}, "before it begins"),
        ({"bounds": [2, 1, 1]}, "before it begins"),
        ({"bounds": [1, 3, 2]}, "before it begins"),
        ({"borders": [6]}, "behind its text"),
    ],
)
def test_numbers_are_not_trusted(changed: dict[str, Any], message: str) -> None:
    for module in BOTH:
        made = {
            name: array("I", value) if isinstance(value, list) else value for name, value in (GOOD | changed).items()
        }
        with pytest.raises(ValueError, match=message):
            module.terms_of_articles(**made, norms=NORMS, fineness=1.0)
    for module in BOTH:
        made = {name: array("I", value) if isinstance(value, list) else value for name, value in GOOD.items()}
        assert len(module.terms_of_articles(**made, norms=NORMS, fineness=1.0)) == 1


def test_letters_are_not_read_behind_their_end() -> None:
    """Where a word is said to end behind all letters, or before it begins, the compiled kernel reads nothing."""
    for changed in ({"form_ends": [1, 9]}, {"form_ends": [5, 2]}, {"stem_ends": [7]}):
        made = {
            name: array("I", value) if isinstance(value, list) else value for name, value in (GOOD | changed).items()
        }
        with pytest.raises(ValueError, match="nobody knows"):
            kernels.terms_of_articles(**made, norms=NORMS, fineness=1.0)
