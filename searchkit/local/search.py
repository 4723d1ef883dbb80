"""How is one request answered? Each segment is asked with a plan, and the best of all are put in order."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import overload

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.engine import Filters, Request, Response, Term
from searchkit.errors import QueryTimeout, QueryTooLarge
from searchkit.local.known import KnownWords, Meant, as_pattern, timed_out
from searchkit.local.plan import Plan
from searchkit.query import AllOf, Boost, Days, Everything, Leaf, Node, Phrase, Word, is_list, leaves
from searchkit.store.kernels import Damage, Exhausted
from searchkit.store.passages import too_many
from searchkit.store.segment import SegmentReader
from searchkit.store.snapshot import LiveSegment, Snapshot

_NEVER = datetime.date.max.toordinal() + 1
_ORDERS: dict[str, int] = {"relevance": 0, "newest": 1, "oldest": 2}
_EVERYTHING = 5

# (score, number of the segment, article)
_Ranked = tuple[float, int, int]


class Hit:
    """An article that was found in a segment; keeps the Found protocol."""

    __slots__ = ("_number", "_segment", "score")

    def __init__(self, score: float, segment: SegmentReader, number: int) -> None:
        self.score = score
        self._segment = segment
        self._number = number

    @property
    def id(self) -> str:
        """The article's id."""
        return self._segment.article_id(self._number)

    def load(self) -> Article:
        """The article itself."""
        return self._segment.article(self._number)


class Best(Sequence[Hit]):
    """The hits of an answer, each made when it is asked for."""

    __slots__ = ("_found", "_snapshot")

    def __init__(self, snapshot: Snapshot, found: list[tuple[float, int, int]]) -> None:
        self._snapshot = snapshot
        self._found = found

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Hit]: ...
    def __getitem__(self, at: int | slice) -> Hit | Sequence[Hit]:
        if isinstance(at, slice):
            return Best(self._snapshot, self._found[at])
        score, segment, number = self._found[at]
        return Hit(score, self._snapshot.segments[segment].reader, number)


class Search:
    """One request to one snapshot."""

    __slots__ = ("_chain", "_known", "_request", "_snapshot")

    def __init__(self, snapshot: Snapshot, chain: Chain, request: Request) -> None:
        self._snapshot = snapshot
        self._chain = chain
        self._request = request
        self._known = KnownWords(
            snapshot, chain, self.count, self.count_meant, request.most_expansions, request.deadline
        )

    def response(self) -> Response:
        """The answer."""
        snapshot, request = self._snapshot, self._request
        tree, filters = _conditions(request.query, request.filters)
        limit, order = request.offset + request.limit, _ORDERS[request.sort]
        pattern, factor = _boosted(tree)
        numbers: dict[str, int] = {}
        counts: list[int] = []
        if pattern is not None:
            meant = self._known.in_segments(pattern)
            having, total, best = self._ask_meant(meant, factor, filters, limit, order)
            self._known.keep_having(pattern, having)
        else:
            plan = Plan(tree, self._chain, self._known)
            numbers = plan.numbers
            total, counts, best = self._ask(plan, filters, limit, order)
        found = Best(snapshot, best[request.offset :] if request.offset else best)
        if not request.details:
            return Response(total, total, found, (), snapshot.articles)
        total_all = total
        parts = leaves(request.query)
        if is_list(request.query):
            every = Plan(AllOf(tuple(parts)), self._chain, self._known)
            total_all = self._ask(every, request.filters, 0, 0)[0] if every.possible else 0
        terms = tuple([Term(leaf, self._having(leaf, numbers, counts)) for leaf in parts])
        return Response(total, total_all, found, terms, snapshot.articles)

    def count(self, plan: Plan) -> int:
        """How many articles match a plan, without any filter."""
        return self._ask(plan, Filters(), 0, 0)[0]

    def count_meant(self, meant: Meant) -> int:
        """How many articles have one of some words, without any filter."""
        return self._ask_meant(meant, 1.0, Filters(), 0, 0)[0]

    def _having(self, leaf: Leaf | Phrase, numbers: dict[str, int], counts: list[int]) -> int:
        """In how many articles of the index a leaf stands."""
        if type(leaf) is Word:
            stems = self._chain.stems(leaf.text)
            if len(stems) == 1 and stems[0] in numbers:
                return counts[numbers[stems[0]]]
        return self.having(leaf)

    def having(self, leaf: Leaf | Phrase) -> int:
        """In how many articles of the index a leaf stands."""
        if not isinstance(leaf, Phrase | Word):
            return self._known.having(leaf)
        alone = Plan(leaf, self._chain, self._known)
        return self.count(alone) if alone.possible else 0

    def _ask(self, plan: Plan, filters: Filters, limit: int, order: int) -> tuple[int, list[int], list[_Ranked]]:
        """(exact total, articles that have each stem, the ``limit`` best as (score, segment number, article))."""
        snapshot = self._snapshot
        nodes = plan.nodes
        if not plan.possible:
            # The stems are counted all the same.
            nodes, limit = [(_EVERYTHING, 0)], 0
        since, until, wanted = self._restrict(filters, order != 0 or plan.has_days)
        try:
            total, counts, best, tied = snapshot.searcher.search(
                [stem.encode() for stem in plan.numbers],
                nodes,
                since,
                until,
                wanted,
                limit,
                order,
                plan.filters(len(snapshot.segments)),
                plan.chosen,
                self._request.deadline,
            )
        except Damage as error:
            raise snapshot.damaged(error) from error
        except Exhausted as error:
            raise _exhausted(error) from None
        if tied:
            best = _in_order(snapshot, best, order)[:limit]
        return total if plan.possible else 0, counts, best

    def _ask_meant(
        self, meant: Meant, factor: float, filters: Filters, limit: int, order: int
    ) -> tuple[int, int, list[_Ranked]]:
        """(articles that have one of some words, filters aside, exact total, the ``limit`` best)."""
        snapshot = self._snapshot
        since, until, wanted = self._restrict(filters, order != 0)
        try:
            having, total, best, tied = snapshot.searcher.search_meant(
                meant, factor, since, until, wanted, limit, order, self._request.deadline
            )
        except Damage as error:
            raise snapshot.damaged(error) from error
        except Exhausted as error:
            raise _exhausted(error) from None
        if tied:
            best = _in_order(snapshot, best, order)[:limit]
        return having, total, best

    def _restrict(self, filters: Filters, by_day: bool) -> tuple[int, int, list[bytes] | None]:
        """(first day, last day, sources of each segment) as the kernels take them; columns of days are verified."""
        segments = self._snapshot.segments
        since = filters.since.toordinal() if filters.since else 0
        until = filters.until.toordinal() if filters.until else 0
        if since or until or by_day:
            for segment in segments:
                segment.reader.days  # noqa: B018  (verified before the kernel reads them)
        return since, until, [_wanted(segment, filters) for segment in segments] if filters.sources else None


def _boosted(tree: Node) -> tuple[Leaf | None, float]:
    """(pattern, what its weight is multiplied with) where a tree is nothing else, and else None."""
    factor = 1.0
    while isinstance(tree, Boost):
        factor *= tree.factor
        tree = tree.part
    return as_pattern(tree), factor


def _exhausted(error: Exhausted) -> QueryTimeout | QueryTooLarge:
    if error.args == ("time",):
        return timed_out()
    return too_many()


def _conditions(tree: Node, filters: Filters) -> tuple[Node, Filters]:
    """A tree of which days are required, without them; they narrow the filters, which costs nothing."""
    if isinstance(tree, Days):
        tree = AllOf((Everything(), tree))
    if not isinstance(tree, AllOf) or not any(isinstance(part, Days) for part in tree.parts):
        return tree, filters
    since, until = filters.since, filters.until
    rest = []
    for part in tree.parts:
        if not isinstance(part, Days):
            rest.append(part)
            continue
        first = part.first or (None if part.last else datetime.date.min)
        since = max(since, first) if since and first else since or first
        until = min(until, part.last) if until and part.last else until or part.last
    if since and until and since > until:
        return tree, filters
    narrowed = Filters(since, until, filters.sources)
    return (rest[0] if len(rest) == 1 else AllOf(tuple(rest)) if rest else Everything()), narrowed


def _wanted(segment: LiveSegment, filters: Filters) -> bytes:
    """A byte for each source of a segment, 1 where it passes; b'' where none does."""
    folded = {source.casefold() for source in filters.sources}
    segment.reader.sources  # noqa: B018  (verified before the kernel reads them)
    wanted = bytes(name.casefold() in folded for name in segment.reader.source_names)
    return wanted if any(wanted) else b""


def _in_order(snapshot: Snapshot, best: list[_Ranked], order: int) -> list[_Ranked]:
    """The hits of several segments: by score or day, equal ones newest first, then by id."""

    def key(hit: tuple[float, int, int]) -> tuple[float, int, bytes]:
        score, which, number = hit
        reader = snapshot.segments[which].reader
        day = reader.day_of(number)
        if order == _ORDERS["oldest"]:
            day = -day if day else -_NEVER
        return -score, -day, reader.ids[number]

    return sorted(best, key=key)
