"""What is a passage worth? The weights of its words, whoever counts the articles that have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from searchkit.query import AnyOf, First, Leaf, Near, Node, Phrase, Scope, Within, Word, pieces


def weight_of(node: Node, single: Callable[[Leaf], float]) -> float:
    """What the frequency of a passage is multiplied with: its words together; of a choice the least."""
    match node:
        case Word():
            return sum([single(piece) for piece in pieces(node)])
        case Phrase(parts, slop):
            return sum([weight_of(one, single) for part in parts for one in _weighed_apart(part, slop)])
        case Near(left, right) | Within(left, right):
            return weight_of(left, single) + weight_of(right, single)
        case AnyOf(parts):
            return min([weight_of(part, single) for part in parts])
        case First(_, part) | Scope(_, part):
            return weight_of(part, single)
    return single(node)  # type: ignore[arg-type]


def _weighed_apart(part: Leaf, slop: int) -> Sequence[Leaf]:
    return pieces(part) if slop or isinstance(part, Word) else [part]
