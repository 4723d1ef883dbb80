"""The compiled searcher gives what its plain twin gives: the same totals, articles and scores, to the last bit."""

from __future__ import annotations

import itertools
import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from searchkit.store import kernels
from searchkit.store.kernels import plain
from searchkit.store.ranking import Scale

pytestmark = pytest.mark.skipif(not kernels.COMPILED, reason="there are no compiled kernels here")

WORD, PHRASE, ALL_OF, ANY_OF, ALL_BUT, EVERYTHING = range(6)
RELEVANCE, NEWEST, OLDEST = range(3)
WINDOW = 4096
SOURCES = 5
STEMS = [b"stem%02d" % number for number in range(14)]

Nodes = list[tuple[int, int | tuple[int, ...]]]
Part = tuple[Any, Any]


@dataclass(frozen=True)
class Made:
    """A segment and its dictionary for both kernels; in ``dead`` some articles are deleted."""

    parts: tuple[Part, Part]
    dead: tuple[Part, Part]
    scale: Scale
    articles: int
    days: int
    file: bytes
    places: list[tuple[int, int]]


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
    # Some stems of a query stand in one segment and not in another.
    stems = sorted(random_.sample(STEMS, 11))
    forms = []
    for _ in stems:
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
    file, places = dictionary_file(stems, b"".join(chunks), output.sections(), forms)
    dictionaries = [
        module.Dictionary(file, len(file) + 1, bytearray(b"\1"), lambda _: None, places)
        for module in (kernels, plain)
    ]
    undated = random_.choice([0, articles // 3, articles])
    latest = random_.choice([2, 9, 9000])
    days = array("I", [0] * undated + sorted(random_.randrange(1, latest) for _ in range(articles - undated)))
    sources = array("I", [int(SOURCES * random_.random() ** 2) for _ in range(articles)])
    live = bytearray(random_.randrange(256) | random_.randrange(256) for _ in range((articles + 7) // 8))
    columns = (titles, bodies, sources, days)
    borders = random_borders(random_, titles, bodies)
    return Made(
        parts(dictionaries, columns, None, borders),
        parts(dictionaries, columns, live, borders),
        scale,
        articles,
        latest,
        file,
        places,
    )


def random_borders(random_: random.Random, titles: Sequence[int], bodies: Sequence[int]) -> tuple[Any, Any]:
    """(the doubled numbers of the words that begin a sentence, odd for a paragraph; where those of articles end)."""
    borders, ends = array("I"), array("I")
    for title, body in zip(titles, bodies, strict=True):
        begins = {number: random_.randrange(2) for number in range(1, title + body) if random_.random() < 0.2}
        if title and body:
            begins[title] = 1
        borders.extend(2 * number + paragraph for number, paragraph in sorted(begins.items()))
        ends.append(len(borders))
    return borders, ends


def parts(
    dictionaries: list[Any], columns: tuple[Any, ...], live: bytearray | None, borders: tuple[Any, Any]
) -> tuple[Part, Part]:
    """(segment, dictionary) for the compiled kernels, and for the plain ones."""
    ours, twin = (
        (module.Segment(*columns, live, borders=borders), dictionary)
        for module, dictionary in zip((kernels, plain), dictionaries, strict=True)
    )
    return ours, twin


def dictionary_file(
    stems: list[bytes], postings: bytes, sections: dict[str, bytes], forms: list[int]
) -> tuple[bytes, list[tuple[int, int]]]:
    """The sections of a segment that its dictionary reads, in one piece, and where each of them lies."""
    columns = [
        b"".join(stems),
        array("I", itertools.accumulate(map(len, stems))).tobytes(),
        postings,
        sections["postings.ends"],
        *[sections["stems." + name] for name in ("splits", "articles", "occurrences", "peaks")],
        array("I", itertools.accumulate([0, *forms])).tobytes(),
    ]
    places, file = [], bytearray()
    for column in columns:
        file += bytes(-len(file) % 8)
        places.append((len(file), len(column)))
        file += column
    return bytes(file), places


class Tree:
    """A random tree, as nodes in postfix order."""

    def __init__(self, random_: random.Random, shape: str) -> None:
        self.random = random_
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

    def leaf(self, words: int) -> None:
        chosen = tuple(self.random.randrange(len(STEMS)) for _ in range(words))
        self.nodes.append((PHRASE, chosen) if words > 1 else (WORD, chosen[0]))

    def inner(self, kind: int, children: Sequence[None]) -> None:
        self.nodes.append((kind, len(children)))

    def node(self, depth: int) -> None:
        chance = self.random.random()
        if chance < 0.05:
            self.nodes.append((EVERYTHING, 0))
        elif depth == 0 or chance < 0.25:
            self.leaf(self.random.choice([1, 1, 2]))
        else:
            kind = self.random.choice([ANY_OF, ANY_OF, ALL_OF, ALL_BUT])
            self.inner(kind, [self.node(depth - 1) for _ in range(self.random.choice([1, 2, 2, 3]))])


def ask_both(random_: random.Random, segments: Sequence[Made], shape: str) -> int:
    """Ask both one random query about some segments; returns the total."""
    # Averages move when other segments come and articles go: upwards, the bounds must be stretched.
    factor = random_.choice([1.0, 1.0, 0.5, 3.0])
    first = segments[0].scale
    scale = Scale(first.average_title * factor, first.average_body * random_.choice([1.0, factor]))
    nodes = Tree(random_, shape).nodes
    since, until = 0, 0
    if random_.random() < 0.4:
        latest = segments[0].days
        since, until = random_.randrange(latest + 1), random_.choice([0, random_.randrange(latest + 1)])
    wanted = None
    if random_.random() < 0.3:
        wanted = [
            random_.choice([None, bytes(random_.randrange(2) for _ in range(random_.randrange(SOURCES + 1)))])
            for _ in segments
        ]
    limit = random_.choice([0, 1, 2, 10, 10, 10, 100, 1000])
    order = random_.choice([RELEVANCE, RELEVANCE, RELEVANCE, NEWEST, OLDEST])
    which = [segment.dead if random_.random() < 0.4 else segment.parts for segment in segments]
    articles = sum(segment.articles for segment in segments)
    answers = []
    for number, module in enumerate((kernels, plain)):
        asked = [(*both[number], scale.stretch(segment.scale)) for both, segment in zip(which, segments, strict=True)]
        searcher = module.Searcher(asked, articles, scale.for_scores())
        answers.append(searcher.search(STEMS, nodes, since, until, wanted, limit, order))
    assert answers[0] == answers[1], (nodes, since, until, wanted, limit, order)
    return int(answers[0][0])


SHAPES = ["word", "phrase", "any", "all", "tree"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("articles", [1, 2, 63, 64, 65, 127, 128, 129, 257, 600])
def test_queries_over_small_segments(articles: int, shape: str) -> None:
    random_ = random.Random(f"{articles} {shape}")
    for number in range(120):
        ask_both(random_, [made(articles, number // 20)], shape)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("articles", [4095, 4096, 4097, 8193, 12_500])
def test_queries_over_several_windows(articles: int, shape: str) -> None:
    random_ = random.Random(f"{articles} {shape}")
    totals = [ask_both(random_, [made(articles, number // 20)], shape) for number in range(60)]
    assert any(totals)


@pytest.mark.parametrize("shape", SHAPES)
def test_queries_over_several_segments(shape: str) -> None:
    random_ = random.Random(shape)
    for number in range(150):
        sizes = random_.choices([1, 64, 129, 257, 600, 4097], k=random_.choice([2, 3, 5]))
        ask_both(random_, [made(size, number % 4) for size in sizes], shape)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_many_queries_over_segments_of_any_size(seed: int) -> None:
    random_ = random.Random(seed)
    for round_ in range(15):
        segments = []
        for _ in range(random_.choice([1, 1, 2, 3])):
            articles = random_.choice([random_.randrange(1, 1000), random_.randrange(1, 20_000)])
            segments.append(made.__wrapped__(articles, round_))
        for _ in range(100):
            ask_both(random_, segments, random_.choice(SHAPES))


def test_a_searcher_refuses_what_is_no_query() -> None:
    segment = made(129, 0)
    for which, module in enumerate((kernels, plain)):
        searcher = module.Searcher([(*segment.parts[which], 1.0)], 129, segment.scale.for_scores())

        def ask(stems: list[bytes], nodes: list[Any], searcher: Any = searcher) -> Any:
            return searcher.search(stems, nodes, 0, 0, None, 10, RELEVANCE)

        for nodes in (
            [(WORD, 1)],
            [(PHRASE, (0, 1))],
            [(PHRASE, ())],
            [(ANY_OF, 0)],
            [(WORD, 0), (ANY_OF, 2)],
            [(WORD, 0), (9, 1)],
            [(WORD, 0), (WORD, 0)],
            [],
        ):
            with pytest.raises(ValueError, match=r"a node without|a phrase without|one root"):
                ask([STEMS[0]], nodes)
        assert ask([b"nowhere"], [(WORD, 0)]) == (0, [0], [], False)
        with pytest.raises(module.Damage, match="one length"):
            module.Segment(array("I", [1]), array("I"), array("I"), array("I"), None)
        nothing = module.Searcher([], 0, segment.scale.for_scores())
        assert nothing.search([b"a"], [(WORD, 0)], 0, 0, None, 10, RELEVANCE) == (0, [0], [], False)


def test_a_damaged_term_is_told_with_the_number_of_its_segment() -> None:
    """Bytes of postings changed at random: the right answer, another one, or Damage; never a crash."""
    random_ = random.Random(5)
    segment = made(600, 1)
    refused = 0
    for _ in range(300):
        sound = damaged_dictionary(random_, segment)
        searcher = kernels.Searcher(
            [(*segment.parts[0], 1.0), (segment.parts[0][0], sound, 1.0)], 1200, segment.scale.for_scores()
        )
        try:
            searcher.search(STEMS, Tree(random_, random_.choice(SHAPES)).nodes, 0, 0, None, 10, RELEVANCE)
        except kernels.Damage as error:
            assert error.args[1] == 1
            refused += 1
    assert refused > 30


def damaged_dictionary(random_: random.Random, segment: Made) -> Any:
    """The dictionary of a segment, with some bytes of its postings changed."""
    file, places = bytearray(segment.file), segment.places
    offset, size = places[2]
    for _ in range(random_.choice([1, 5, 50])):
        file[offset + random_.randrange(size)] = random_.choice([0, 1, 32, 64, 127, 128, 255])
    return kernels.Dictionary(bytes(file), len(file) + 1, bytearray(b"\1"), lambda _: None, places)
