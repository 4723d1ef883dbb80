"""Where do the parts of a query stand together? Passages of one article, made of the passages of their parts.

A passage is (first position, position behind its last). Positions run through the title, leave one free, and go on
through the body; ``title`` is how many words the title has. All functions return passages in ascending order, each
once. They are slow and plain: searchkit.store.kernels.search answers with their compiled twins.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

from searchkit.errors import QueryTooLarge

Passage = tuple[int, int]
# So many passages of one node may an article have.
MOST_PASSAGES = 1 << 22
ANYWHERE, IN_TITLE, IN_BODY = range(3)


def too_many() -> QueryTooLarge:
    """The error about an article in which the parts of a query stand together at too many places."""
    return QueryTooLarge(
        "the query stands at too many places of one article", hint="Ask for rarer words, or nearer to each other."
    )


def scoped(positions: Iterable[int], title: int, scope: int) -> list[Passage]:
    """Single words at ``positions``, those of the title or the body alone."""
    kept = [at for at in positions if scope == ANYWHERE or (at < title) == (scope == IN_TITLE)]
    return [(at, at + 1) for at in sorted(set(kept))]


def chain(parts: Sequence[Sequence[Passage]]) -> list[Passage]:
    """One passage of each part, each beginning where the one before it ends."""
    found = list(parts[0])
    for part in parts[1:]:
        found = _kept((begin, stop) for begin, end in found for start, stop in _from(part, end) if start == end)
    return found


def union(parts: Sequence[Sequence[Passage]]) -> list[Passage]:
    """The passages of any part."""
    return _kept(passage for part in parts for passage in part)


def near(
    left: Sequence[Passage], right: Sequence[Passage], distance: int, ordered: bool, title: int
) -> list[Passage]:
    """Two that do not overlap, the later beginning at most ``distance`` words behind the last word of the earlier."""
    return _kept(
        (one[0], other[1])
        for one, other in _pairs(left, right, ordered, lambda one: one[1] - 1 + distance)
        if (one[0] < title) == (other[0] < title)
    )


def within(
    left: Sequence[Passage], right: Sequence[Passage], borders: Sequence[int], ordered: bool, title: int
) -> list[Passage]:
    """Two that do not overlap and lie between the same two of ``borders``, which number words as ``word`` does."""
    ends = sorted(borders)

    def unit(position: int) -> int:
        return bisect_right(ends, word(position, title))

    return _kept(
        (one[0], other[1])
        for one, other in _pairs(left, right, ordered, lambda one: _last_of(ends, unit(one[0]), title))
        if unit(one[0]) == unit(one[1] - 1) == unit(other[0]) == unit(other[1] - 1)
    )


def close(parts: Sequence[Sequence[Passage]], slop: int, title: int) -> list[Passage]:
    """The shortest passages that hold a word of every part, each another, and at most ``slop`` words besides."""
    words: dict[int, list[int]] = {}
    for number, part in enumerate(parts):
        for begin, end in part:
            if end == begin + 1:
                words.setdefault(begin, []).append(number)
    places = sorted(words)
    found = []
    for number, begin in enumerate(places):
        behind = places[number : bisect_left(places, begin + len(parts) + slop)]
        end = _end_of_each([(at, words[at]) for at in behind if (at < title) == (begin < title)], len(parts))
        if end:
            found.append((begin, end))
    # One that another lies in is not the shortest: the next begins behind it, and may end with it.
    return [one for one, other in itertools.zip_longest(found, found[1:]) if not other or one[1] < other[1]]


def _pairs(
    left: Sequence[Passage], right: Sequence[Passage], ordered: bool, reach: Callable[[Passage], int]
) -> Iterator[tuple[Passage, Passage]]:
    """Each passage with those of the other part that begin behind it, as far as it reaches."""
    for ones, others in ((left, right),) if ordered else ((left, right), (right, left)):
        for one in ones:
            last = reach(one)
            for other in _from(others, one[1]):
                if other[0] > last:
                    break
                yield one, other


def _from(passages: Sequence[Passage], begin: int) -> Iterator[Passage]:
    """Those that begin at a position or behind it."""
    for at in range(bisect_left(passages, (begin,)), len(passages)):
        yield passages[at]


def _last_of(ends: Sequence[int], unit: int, title: int) -> int:
    """The last position that a sentence or paragraph can have."""
    return ends[unit] + (ends[unit] > title) if unit < len(ends) else 1 << 32


def _kept(found: Iterable[Passage]) -> list[Passage]:
    """Passages in order, each once; raises QueryTooLarge."""
    kept: set[Passage] = set()
    for passage in found:
        kept.add(passage)
        if len(kept) > MOST_PASSAGES:
            raise too_many()
    return sorted(kept)


def first(passages: Sequence[Passage], words: int, scope: int, title: int) -> list[Passage]:
    """Those whose last word is one of the first ``words``, counted from where the scope begins."""
    before = title if scope == IN_BODY else 0
    return [(begin, end) for begin, end in passages if 0 <= word(end - 1, title) - before < words]


def begins(passages: Sequence[Passage], title: int) -> tuple[int, int]:
    """(at how many places passages begin, how many of these lie in the title)."""
    places = {begin for begin, _ in passages}
    return len(places), sum(place < title for place in places)


def word(position: int, title: int) -> int:
    """The number of the word at a position, title and body on end."""
    return position if position < title else position - 1


def _end_of_each(words: Sequence[tuple[int, list[int]]], parts: int) -> int:
    """Behind which word each part has been given one of its own, or 0: a matching by augmenting paths (Kuhn 1955)."""
    taken: dict[int, int] = {}

    def place(at: int, tried: set[int]) -> bool:
        for part in words[at][1]:
            if part not in tried:
                tried.add(part)
                if part not in taken or place(taken[part], tried):
                    taken[part] = at
                    return True
        return False

    for at in range(len(words)):
        place(at, set())
        if len(taken) == parts:
            return words[at][0] + 1
    return 0
