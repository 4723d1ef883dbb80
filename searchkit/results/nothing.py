"""Why did nothing match? Which part of a query stands nowhere, or what never stands together."""

from __future__ import annotations

from collections.abc import Callable

from searchkit.frozen import frozen
from searchkit.query import AllBut, AllOf, AtLeast, Boost, First, Leaf, Near, Node, Phrase, Scope, Within, canonical

# Of so many parts at most the articles are counted.
_MOST_PARTS = 10


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


def why_nothing(tree: Node, count: Callable[[Node], int], unfiltered: int) -> Nothing:
    """What keeps every article out; ``unfiltered`` match without the filters, ``count`` counts any tree."""
    if unfiltered:
        have = "article matches" if unfiltered == 1 else "articles match"
        return Nothing(f"Without the filters {unfiltered:,} {have}.")
    node = _narrowed(tree, count)
    together = _together(node)
    if together is None:
        # Of a word alone it is said anyway that no article has it.
        return Nothing(f"Nothing matches {canonical(node)}." if node != tree and not isinstance(node, Leaf) else "")
    counted = tuple([Part(canonical(part), count(part)) for part in together[1][:_MOST_PARTS]])
    return Nothing(together[0], counted)


def _narrowed(node: Node, count: Callable[[Node], int]) -> Node:
    """The smallest part that matches nothing and of whose own parts each matches something."""
    while True:
        if isinstance(node, Boost):
            node = node.part
            continue
        parts: tuple[Node, ...] = ()
        if isinstance(node, AllOf):
            parts = node.parts
        elif isinstance(node, AllBut):
            parts = (node.part,)
        elif isinstance(node, Near | Within):
            parts = (node.left, node.right)
        elif isinstance(node, First | AtLeast):
            parts = (node.part,)
        empty = next((part for part in parts[:_MOST_PARTS] if count(part) == 0), None)
        if empty is None:
            return node
        node = empty


def _together(node: Node) -> tuple[str, tuple[Node, ...]] | None:
    """(what its parts do not do, these parts)."""
    match node:
        case AllOf(parts):
            return "No article matches all of these:", parts
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
        case Scope(field, part) if field in ("title", "body"):
            return f"This never stands in a {field}:", (part,)
    return None
