"""What does an operator of places mean of a group? The same tree, with such operators around words and passages only.

``(a AND b) w/5 c`` is ``(a w/5 c) AND (b w/5 c)``: each word of the group must stand near the other. What a group
leaves out, or wants so often, concerns the article: ``(a NOT b) w/5 c`` is ``(a w/5 c) NOT b``. A field goes to the
words that stand in it.
"""

from __future__ import annotations

from collections.abc import Callable

from searchkit.errors import QueryError
from searchkit.query.tree import (
    TEXT_FIELDS,
    AllBut,
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Exact,
    First,
    Fuzzy,
    Near,
    Node,
    Phrase,
    Regex,
    Scope,
    Wildcard,
    Within,
    Word,
)

# So many nodes may a query become.
MOST_NODES = 100_000
_LEAF = (Word, Exact, Wildcard, Fuzzy, Regex, Phrase)


def spread(tree: Node) -> Node:
    """The tree that an engine answers; raises QueryError, with an empty text, where groups multiply too often."""
    return _Spreading().node(tree, None)


def is_passage(node: Node) -> bool:
    """Whether a node of a spread tree stands somewhere in a text, as a word or a passage does."""
    kind = type(node)
    if kind in _LEAF or kind in (Near, Within, First):
        return True
    if kind is Scope:
        return node.field in TEXT_FIELDS  # type: ignore[union-attr]
    return kind is AnyOf and all(map(is_passage, node.parts))  # type: ignore[union-attr]


class _Spreading:
    def __init__(self) -> None:
        self._made = 0

    def node(self, node: Node, scope: Scope | None) -> Node:
        match node:
            case AnyOf(parts):
                return AnyOf(tuple([self.node(part, scope) for part in parts]), node.column)
            case AllOf(parts):
                return AllOf(tuple([self.node(part, scope) for part in parts]), node.column)
            case AllBut(part, without):
                return AllBut(
                    self.node(part, scope), tuple([self.node(other, scope) for other in without]), node.column
                )
            case Boost(part, factor):
                return Boost(self.node(part, scope), factor, node.column)
            case Near(left, right, distance, ordered):
                return self._two(
                    self.node(left, scope),
                    self.node(right, scope),
                    lambda one, other: Near(one, other, distance, ordered, node.column),
                )
            case Within(left, right, unit, ordered):
                return self._two(
                    self.node(left, scope),
                    self.node(right, scope),
                    lambda one, other: Within(one, other, unit, ordered, node.column),
                )
            case First(words, part):
                in_body = scope is not None and scope.field == "body"
                field = (lambda made: Scope("body", made, node.column)) if in_body else (lambda made: made)
                return self._one(self.node(part, scope), lambda one: field(First(words, one, node.column)))
            case AtLeast(count, part):
                return self._one(self.node(part, scope), lambda one: AtLeast(count, one, node.column))
            case Scope(field, part) if field in TEXT_FIELDS:
                return self.node(part, node)
        if scope is not None and isinstance(node, _LEAF):
            return Scope(scope.field, node, node.column)
        return node

    def _two(self, left: Node, right: Node, make: Callable[[Node, Node], Node]) -> Node:
        if not is_passage(left):
            return self._one(left, lambda one: self._two(one, right, make))
        return self._one(right, lambda other: make(left, other))

    def _one(self, node: Node, make: Callable[[Node], Node]) -> Node:
        """``make`` of a node that may be a group."""
        self._made += 1
        if self._made > MOST_NODES:
            raise QueryError(
                f"groups within operators of places make more than {MOST_NODES:,} passages of this query",
                text="",
                column=node.column,
                hint="Write OR instead of AND within them, or ask in several queries.",
            )
        if is_passage(node):
            return make(node)
        match node:
            case AllOf(parts):
                return AllOf(tuple([self._one(part, make) for part in parts]), node.column)
            case AnyOf(parts):
                return AnyOf(tuple([self._one(part, make) for part in parts]), node.column)
            case AllBut(part, without):
                return AllBut(self._one(part, make), without, node.column)
            case Boost(part, factor):
                return Boost(self._one(part, make), factor, node.column)
            case AtLeast(count, part):
                return self._at_least(node, count, part, make)
        # Only what has a place is parsed here.
        return make(node)

    def _at_least(self, node: AtLeast, count: int, part: Node, make: Callable[[Node], Node]) -> Node:
        made = make(part)
        if isinstance(made, First) or (isinstance(made, Scope) and isinstance(made.part, First)):
            # So often among the first words, not among all.
            return AtLeast(count, made, node.column)
        return AllOf((node, made), node.column)
