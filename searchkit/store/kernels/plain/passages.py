"""Where do the words of a query stand together? For every article of a segment, with searchkit.store.passages."""

from __future__ import annotations

import operator
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
_ANYWHERE, _IN_TITLE, _IN_BODY = range(3)
MOST_CLOSE = 32
# As the compiled kernels have it, whose functions call themselves for the children of a node.
_DEEPEST = 500
_HEAVIEST = 1e300
# No term has this number.
_NONE = 0xFFFFFFFF


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
        filters: list[bytes | None],
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
    stack: list[tuple[int, int]] = []
    try:
        for kind, operand in nodes:
            count = _children(kind, operand, stems)
            if count > len(stack):
                raise ValueError("a node without its children")
            parts = stack[len(stack) - count :]
            if _SPOT < kind <= _TIMES:
                allowed = _SPOT if kind == _CLOSE else _EARLY
                if any(not _SPOT <= part <= allowed for part, _ in parts):
                    raise ValueError("what is no passage has no place")
            deep = max([deep + 1 for _, deep in parts], default=0)
            if deep > _DEEPEST:
                raise ValueError("a tree of too many levels")
            del stack[len(stack) - count :]
            stack.append((kind, deep))
    except (AttributeError, IndexError, TypeError) as error:
        raise ValueError("a node without its operand") from error
    if len(stack) != 1:
        raise ValueError("a tree has one root")


def _children(kind: int, operand: Any, stems: int) -> int:  # noqa: ANN401
    """How many children a node has; raises ValueError where its operand is none of its kind."""
    if kind in (_WORD, _PHRASE):
        _check_words((operand,) if kind == _WORD else operand, stems)
        return 0
    if _SPOT <= kind <= _EARLY:
        if not -1 << 63 <= operator.index(operand[1]) < 1 << 63:
            raise ValueError("a node without its operand")
        if not 0 <= operand[0] <= _HEAVIEST:
            raise ValueError("a weight that is none")
        scope = operand[2] if kind == _SPOT else operand[3] if kind == _EARLY else 0
        if scope not in (_ANYWHERE, _IN_TITLE, _IN_BODY) or (kind == _WITHIN and operand[2] not in (0, 1)):
            raise ValueError("a scope or unit that is none")
        if kind == _SPOT:
            _check_words([stem for stem, _ in operand[3]], stems)
            for _, number in operand[3]:
                _check_numbers(operator.index(number) + 1)
            if operand[1] < 0 and len(operand[3]) > 1:
                raise ValueError("a word without its articles")
            return 0
        if kind in (_CLOSE, _NEAR, _WITHIN):
            _check_numbers(operand[3] if kind == _CLOSE else bool(operand[3]))
        if kind in (_NEAR, _EARLY):
            _check_numbers(operand[2])
    elif kind in (_DAYS, _CHOSEN, _TIMES):
        first, last = operand if kind == _DAYS else (operand, operand)
        _check_numbers(first, last)
        return int(kind == _TIMES)
    elif kind == _EVERYTHING:
        return 0
    elif kind not in (_ALL_OF, _ANY_OF, _ALL_BUT):
        raise ValueError("a node of no kind")
    count = operator.index(
        operand if kind <= _ALL_BUT else 1 if kind == _EARLY else 2 if kind >= _NEAR else operand[2]
    )
    if count < 1:
        raise ValueError("a node without its children")
    if kind == _CLOSE and count > MOST_CLOSE:
        raise ValueError("too many words for a passage")
    return count


def _check_words(words: Sequence[int], stems: int) -> None:
    if not words:
        raise ValueError("a phrase without words")
    if any(not 0 <= operator.index(word) < stems for word in words):
        raise ValueError("a node without its stem")


def _check_numbers(*numbers: int) -> None:
    if any(not 0 <= operator.index(number) < 1 << 32 for number in numbers):
        raise ValueError("a node without its operand")


def check_lists(
    nodes: Sequence[Node],
    articles: Sequence[int],
    wanted: Any,  # noqa: ANN401
    filters: Any,  # noqa: ANN401
    chosen: Any,  # noqa: ANN401
) -> None:
    """Raise ValueError where a list lacks what the nodes refer to, or what the segments of so many articles need."""
    segments = len(articles)
    if wanted is not None:
        _check_list(wanted, segments)
    count = max([number + 1 for kind, operand in nodes if kind == _SPOT for _, number in operand[3]], default=0)
    if count > 0:
        if not isinstance(filters, list) or len(filters) < segments:
            raise ValueError("a list of the query is too short")
        for one in filters[:segments]:
            _check_list(one, count)
    for number in [operand for kind, operand in nodes if kind == _CHOSEN]:
        if not isinstance(chosen, list) or number >= len(chosen):
            raise ValueError("a list of the query is too short")
        _check_list(chosen[number], segments)
        if any(
            bits is not None and len(bits) * 8 < size for bits, size in zip(chosen[number], articles, strict=False)
        ):
            raise ValueError("a bit for each article is needed")


def check_meant(words: Any, factor: float, wanted: Any, segments: int) -> None:  # noqa: ANN401
    """Raise ValueError where the words of a pattern, its weight or the sources are none for so many segments."""
    if not 0 <= factor <= _HEAVIEST:
        raise ValueError("a weight that is none")
    if len(words) < segments:
        raise ValueError("a list of the query is too short")
    for one in words:
        for term, forms in one.items() if isinstance(one, dict) else [(None, None)]:
            if not isinstance(term, int) or not 0 <= term < _NONE or not isinstance(forms, bytes):
                raise ValueError("a word of the query is none")
    if wanted is not None:
        _check_list(wanted, segments)


def _check_list(values: Any, least: int) -> None:  # noqa: ANN401
    if not isinstance(values, list) or len(values) < least:
        raise ValueError("a list of the query is too short")
    if any(value is not None and not isinstance(value, bytes) for value in values):
        raise ValueError("a list of the query holds something else than bytes")
