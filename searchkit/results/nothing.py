"""Why did nothing match? Which part of a query stands nowhere, what never stands together, or which filter it was."""

from __future__ import annotations

from collections.abc import Callable

from searchkit.engine import Filters, Request, Response, Sort
from searchkit.frozen import frozen
from searchkit.query import (
    AllBut,
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Days,
    Everything,
    First,
    Id,
    Leaf,
    Near,
    Node,
    Phrase,
    Scope,
    Within,
    canonical,
)

# Of so many parts at most the articles are counted.
_MOST_PARTS = 10
_TEXT = ("title", "body")
_ENDS: tuple[Sort, ...] = ("oldest", "newest")
_NAMES = {"url": "an address", "author": "an author"}


@frozen
class Part:
    """A part of a query, and how many articles of the whole index match it alone."""

    text: str
    articles: int


@frozen
class Nothing:
    """Why no article matches: ``reason`` is a sentence, ``parts`` are counted one by one."""

    reason: str
    parts: tuple[Part, ...] = ()


def why_nothing(request: Request, search: Callable[[Request], Response]) -> Nothing:
    """What keeps every article out of the answer to ``request``; ``search`` answers any other."""
    return _Reasons(request, search).nothing()


class _Reasons:
    """What is asked of the engine to find the reason: trees alone, without the filters of the request."""

    def __init__(self, request: Request, search: Callable[[Request], Response]) -> None:
        self._request = request
        self._search = search

    def nothing(self) -> Nothing:
        tree = self._request.query
        if self._request.filters != Filters() and (unfiltered := self._count(tree)):
            return Nothing(self._filtered(unfiltered))
        node = self._narrowed(tree)
        what, parts = self._together(node)
        counted = tuple([Part(canonical(part), self._count(part)) for part in parts[:_MOST_PARTS]])
        if what and (not isinstance(node, AnyOf) or any(part.articles for part in counted)):
            return Nothing(what, counted)
        return Nothing(self._alone(node, tree))

    def _ask(self, tree: Node, filters: Filters = Filters(), sort: Sort = "newest", limit: int = 0) -> Response:  # noqa: B008
        request = self._request
        return self._search(Request(tree, filters, sort, 0, limit, False, request.deadline, request.most_expansions))

    def _count(self, tree: Node, filters: Filters = Filters()) -> int:  # noqa: B008
        return self._ask(tree, filters).total

    def _span(self, tree: Node) -> str:
        """The first and the last day of the articles that match; '' where none has a day."""
        dated = AllOf((tree, Days(None, None)))
        ends = [self._ask(dated, sort=sort, limit=1).found for sort in _ENDS]
        days = [hit.load().date for found in ends for hit in found]
        return f"from {days[0]} to {days[-1]}" if days else ""

    def _filtered(self, unfiltered: int) -> str:
        """Which filter keeps out what matches without them."""
        filters, tree = self._request.filters, self._request.query
        without = f"{unfiltered:,} article{' matches' if unfiltered == 1 else 's match'}"
        named = " or ".join(f"“{name}”" for name in filters.sources[:_MOST_PARTS])
        if filters.sources and not self._count(Everything(), Filters(sources=filters.sources)):
            return f"No article is from the source {named}; searchkit stats lists the sources."
        if not filters.sources:
            return f"Without the days asked for {without}, {self._span(tree) or 'and none has a date'}."
        if not (filters.since or filters.until):
            return f"Without the source asked for {without}, none from {named}."
        of_days = self._count(tree, Filters(filters.since, filters.until))
        of_source = self._count(tree, Filters(sources=filters.sources))
        return f"Without the filters {without}: {of_days:,} of the days asked for, {of_source:,} from {named}."

    def _narrowed(self, node: Node) -> Node:
        """The smallest part that matches nothing and of whose own parts each matches something."""
        while True:
            parts: tuple[Node, ...] = ()
            match node:
                case Boost(part):
                    node = part
                    continue
                case AllOf(found):
                    parts = found
                case AllBut(part) | First(_, part) | AtLeast(_, part):
                    parts = (part,)
                case Near(left, right) | Within(left, right):
                    parts = (left, right)
                case Scope(field, part) if field in _TEXT:
                    parts = (part,)
            empty = next((part for part in parts[:_MOST_PARTS] if self._count(part) == 0), None)
            if empty is None:
                return node
            node = empty

    def _together(self, node: Node) -> tuple[str, tuple[Node, ...]]:
        """(what its parts do not do, these parts); '' where it is none of them together."""
        match node:
            case AllOf(parts):
                return "No article matches all of these:", parts
            case AnyOf(parts):
                inner = [of for part in parts for of in (part.parts if isinstance(part, AllOf) else (part,))]
                return "None of the alternatives matches; of their parts each alone:", tuple(inner)
            case AllBut(part, without):
                return "Every article that matches the first matches one of the others too:", (part, *without)
            case Near(left, right):
                return f"These never stand so near: {canonical(node)}.", (left, right)
            case Within(left, right, unit):
                return f"These never stand in one {unit}:", (left, right)
            case First(words, part):
                return f"This never stands among the first {words:,} words:", (part,)
            case AtLeast(times, part):
                return f"This stands in no article {times:,} times:", (part,)
            case Phrase(parts):
                return "These words never stand like this:", parts
            case Scope(field, part) if field in _TEXT:
                return f"This never stands in a {field}:", (part,)
        return "", ()

    def _alone(self, node: Node, tree: Node) -> str:
        """Why nothing is what ``node`` asks for; '' where it is said anyway that no article has these words."""
        match node:
            case Id(text):
                return f"No article has the id “{text}”."
            case Days():
                span = self._span(Everything())
                held = f"the index has articles {span}" if span else "no article has a date"
                return f"Nothing matches {canonical(node)}: {held}."
            case Scope(field):
                if not self._count(Scope(field, Everything())):
                    return f"Nothing matches {canonical(node)}: no article of this index names {_named(field)}."
                listed = " searchkit stats lists the sources." if field == "source" else ""
                return f"Nothing matches {canonical(node)}.{listed}"
            case Everything():
                return "There are no articles in this index."
        said = isinstance(node, Leaf) or (
            node == tree and isinstance(node, AnyOf) and all(isinstance(part, Leaf | Phrase) for part in node.parts)
        )
        return "" if said else f"Nothing matches {canonical(node)}."


def _named(field: str) -> str:
    return _NAMES.get(field, f"a {field}")
