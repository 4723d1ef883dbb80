"""What do operands mean together? Chains of one operator, and words side by side with their signs."""

from __future__ import annotations

from collections.abc import Sequence

from searchkit.query import grammar as g
from searchkit.query.tokens import Token
from searchkit.query.tree import (
    TEXT_FIELDS,
    AllBut,
    AllOf,
    AnyOf,
    AtLeast,
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
    children,
)

# Of these an article has one at most.
_SINGLE = ("source", "section", "url", "language")


class Chain:
    """Operands joined by one operator, of which a node is made when all are known: ten thousand are no work."""

    __slots__ = ("_parts", "kind")

    def __init__(self, node: Node) -> None:
        self.restart(node)

    def restart(self, node: Node) -> None:
        """A chain of one operand, without an operator yet."""
        self.kind = -1
        self._parts: list[Node] = [node]

    @property
    def last(self) -> Node:
        """The operand that was joined last."""
        return self._parts[-1]

    def grow(self, kind: int, added: Sequence[Node]) -> bool:
        """Join more by an operator; whether the chain so far becomes one part of what is joined."""
        if kind == self.kind:
            self._parts += added
            return False
        first = self.node()
        is_part = not (kind == g.ADJACENT and isinstance(first, Phrase))
        self.kind, self._parts = kind, [*(words_of(first) if kind == g.ADJACENT else (first,)), *added]
        return is_part

    def node(self) -> Node:
        """What the chain means."""
        parts, at = self._parts, self._parts[0].column
        if self.kind == g.NOT:
            return AllBut(parts[0], tuple(parts[1:]), at)
        if self.kind == g.ADJACENT:
            return Phrase(tuple(parts), 0, at)  # type: ignore[arg-type]
        return _joined_by(AnyOf if self.kind == g.OR else AllOf, parts, at)

    def left_out(self) -> tuple[Node, ...]:
        """What the chain leaves out, if it is nothing but that."""
        return left_out(self._parts[0]) if self.kind == -1 else ()


def words_of(node: Node) -> tuple[Leaf, ...]:
    """The words of a word or plain phrase; () of anything else."""
    if isinstance(node, Phrase):
        return () if node.slop else node.parts
    return (node,) if isinstance(node, Leaf) else ()


def height(node: Node) -> int:
    """How many nodes lie on the way to the deepest leaf of what one token means."""
    if isinstance(node, Phrase):
        return 2
    levels = 1
    while isinstance(node, Near):
        node, levels = node.left, levels + 1
    return levels + (levels > 1)


def left_out(node: Node) -> tuple[Node, ...]:
    """What a part leaves out that is nothing but a NOT; () of anything else."""
    return node.without if isinstance(node, AllBut) and isinstance(node.part, Everything) else ()


def signed(sign: Token | None, is_excluded: bool, part: Node) -> tuple[str, Node]:
    """A part of a run with its sign; a NOT that is a sign is taken for one."""
    if sign:
        return str(sign.value), part
    without = left_out(part) if is_excluded else ()
    return ("-", without[0]) if len(without) == 1 else ("", part)


def of_run(
    parts: list[tuple[str, Node]], column: int, *, require_all: bool, has_conditions: bool
) -> tuple[Node, int]:
    """Operands side by side, each with its sign: words to choose from, what must hold, what must not.

    Gives the node and how many levels deeper it is than its deepest part.
    """
    required, conditions, optional = [], [], []
    for sign, part in parts:
        if sign == "-":
            continue
        if not sign and has_conditions and is_condition(part):
            conditions.append(part)
        elif sign or require_all:
            required.append(part)
        else:
            optional.append(part)
    without = tuple([part for sign, part in parts if sign == "-"])
    if optional and required:
        # What may be there adds to the score of what must be.
        optional.append(Everything(column))
    found = required + ([_joined_by(AnyOf, optional, column)] if optional else []) + _grouped(conditions, column)
    tree = _joined_by(AllOf, found, column) if found else Everything(column)
    deeper = (len(parts) > 1) + (len(optional) > 1 and len(found) > 1) + (len(conditions) > 2)
    if without:
        return AllBut(tree, without, column), deeper + 1
    return tree, deeper


def is_condition(node: Node) -> bool:
    """Whether a part, or all of a group, says of which articles to choose, not what to look for in them."""
    if isinstance(node, AnyOf | AllOf):
        return all(map(is_condition, node.parts))
    return isinstance(node, Days | Id) or (isinstance(node, Scope) and node.field not in TEXT_FIELDS)


def _grouped(conditions: list[Node], column: int) -> list[Node]:
    """Conditions that must all hold; where an article can have one of several only, any of these."""
    groups: dict[str, list[Node]] = {}
    for number, node in enumerate(conditions):
        name = node.field if isinstance(node, Scope) else "id" if isinstance(node, Id) else ""
        groups.setdefault(name if name in (*_SINGLE, "id") else str(number), []).append(node)
    return [_joined_by(AnyOf, group, column) for group in groups.values()]


def _joined_by(kind: type[AnyOf] | type[AllOf], parts: list[Node], column: int) -> Node:
    return parts[0] if len(parts) == 1 else kind(tuple(parts), column)


def without_place(node: Node) -> Node | None:
    """The first part of a node that holds of a whole article and so stands at no place in it."""
    left = [node]
    while left:
        node = left.pop()
        if isinstance(node, AllBut):
            left.append(node.part)
            continue
        if isinstance(node, Days | Id | Everything) or (isinstance(node, Scope) and node.field not in TEXT_FIELDS):
            return node
        # What such an operator joins was looked at when it was joined.
        if not isinstance(node, Near | Within | First | AtLeast):
            left += children(node)
    return None
