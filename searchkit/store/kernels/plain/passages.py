"""Where do the words of a query stand together? For every article of a segment, with searchkit.store.passages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from searchkit.store import passages
from searchkit.store.passages import Passage

if TYPE_CHECKING:
    from searchkit.store.kernels.plain.search import Segment
    from searchkit.store.postings import TermPostings

# (kind, operand): see Searcher.search.
Node = tuple[int, Any]

(_WORD, _PHRASE, _ALL_OF, _ANY_OF, _ALL_BUT, _EVERYTHING, _SPOT, _CHAIN, _UNION, _CLOSE, _NEAR, _WITHIN, _EARLY,
 _TIMES, _DAYS, _CHOSEN) = range(16)  # fmt: skip
_MOST_CLOSE = 32


class Passages:
    """The passages of a node in each article that has some."""

    def __init__(self, segment: Segment, weight: float, factor: float, places: dict[int, list[Passage]]) -> None:
        self._segment = segment
        self.weight = weight
        self.factor = factor
        self.places = {article: found for article, found in places.items() if found}

    @classmethod
    def of_words(
        cls,
        segment: Segment,
        terms: Sequence[TermPostings | None],
        operand: Any,  # noqa: ANN401
        weights: Sequence[float],
        weigh: Callable[[int], float],
        filters: Sequence[bytes | None],
    ) -> Passages:
        """Where one of some words stands."""
        factor, having, scope, words = operand
        places: dict[int, set[int]] = {}
        for stem, number in words:
            postings, meant = terms[stem], filters[number] if number >= 0 else b""
            if postings is None or meant is None:
                continue
            for at, article in enumerate(postings.articles):
                for place, form in postings.positions(at):
                    if number < 0 or (form < len(meant) and meant[form]):
                        places.setdefault(article, set()).add(place)
        weight = weigh(having) if having >= 0 else weights[words[0][0]]
        scoped = {
            article: passages.scoped(found, segment.titles[article], scope) for article, found in places.items()
        }
        return cls(segment, weight, factor, scoped)

    def begins(self, article: int) -> tuple[int, int]:
        """(at how many places passages begin, how many of these lie in the title)."""
        return passages.begins(self.places[article], self._segment.titles[article])


def pop_passages(
    stack: list[Any],
    kind: int,
    operand: Any,  # noqa: ANN401
    segment: Segment,
    weigh: Callable[[int], float],
) -> None:
    """Put what an operator makes of the passages on top of a stack in their place."""
    count = operand[2] if kind in (_CHAIN, _UNION, _CLOSE) else 1 if kind == _EARLY else 2
    parts: list[Passages] = stack[-count:]
    del stack[-count:]
    factor, having = operand[:2]
    weight = min(part.weight for part in parts) if kind == _UNION else sum(part.weight for part in parts)
    if having >= 0:
        weight = weigh(having)
    articles = set(parts[0].places)
    for part in parts[1:]:
        articles = articles | set(part.places) if kind == _UNION else articles & set(part.places)
    places = {
        article: _joined(kind, operand, [part.places.get(article, []) for part in parts], segment, article)
        for article in articles
    }
    stack.append(Passages(segment, weight, factor, places))


def _joined(
    kind: int,
    operand: Any,  # noqa: ANN401
    parts: list[list[Passage]],
    segment: Segment,
    article: int,
) -> list[Passage]:
    title = segment.titles[article]
    if kind == _CHAIN:
        return passages.chain(parts)
    if kind == _UNION:
        return passages.union(parts)
    if kind == _CLOSE:
        return passages.close(parts, operand[3], title)
    if kind == _EARLY:
        return passages.first(parts[0], operand[2], operand[3], title)
    if kind == _NEAR:
        return passages.near(parts[0], parts[1], operand[2], operand[3], title)
    borders = [border >> 1 for border in _borders(segment, article) if not operand[2] or border & 1]
    return passages.within(parts[0], parts[1], borders, operand[3], title)


def _borders(segment: Segment, article: int) -> Sequence[int]:
    if segment.borders is None or segment.border_ends is None:
        raise ValueError("a segment without borders")
    if segment.verify_borders is not None:
        segment.verify_borders(article, article + 1)
    ends = segment.border_ends
    return segment.borders[ends[article - 1] if article else 0 : ends[article]]


def check_nodes(nodes: Sequence[Node], stems: int) -> None:
    """Raise ValueError where nodes are no tree."""
    stack: list[int] = []
    for kind, operand in nodes:
        count = 0
        if kind in (_WORD, _PHRASE, _SPOT):
            words = operand if kind == _PHRASE else (operand,) if kind == _WORD else [stem for stem, _ in operand[3]]
            if any(not 0 <= word < stems for word in words):
                raise ValueError("a node without its stem")
            if not words:
                raise ValueError("a phrase without words")
            if kind == _SPOT and operand[1] < 0 and len(words) > 1:
                raise ValueError("a word without its articles")
        elif _SPOT < kind <= _TIMES:
            count = operand[2] if kind in (_CHAIN, _UNION, _CLOSE) else 1 if kind in (_EARLY, _TIMES) else 2
            if kind == _CLOSE and count > _MOST_CLOSE:
                raise ValueError("too many words for a passage")
            if any(not _SPOT <= part <= _EARLY for part in stack[len(stack) - count :]):
                raise ValueError("what is no passage has no place")
        elif kind not in (_EVERYTHING, _DAYS, _CHOSEN):
            count = operand
            if kind not in (_ALL_OF, _ANY_OF, _ALL_BUT) or count < 1:
                raise ValueError("a node of no kind")
        if count > len(stack):
            raise ValueError("a node without its children")
        del stack[len(stack) - count :]
        stack.append(kind)
    if len(stack) != 1:
        raise ValueError("a tree has one root")
