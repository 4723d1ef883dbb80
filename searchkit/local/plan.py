"""From a tree to what the kernels run: its stems, and its nodes in postfix order."""

from __future__ import annotations

from searchkit.analysis import Chain
from searchkit.query import AllOf, Leaf, Node, Phrase, Word

_WORD, _PHRASE, _ALL_OF, _ANY_OF = range(4)


class Plan:
    """A tree as stems and nodes. ``leaves`` are the words and phrases with their stems, left to right."""

    __slots__ = ("_chain", "leaves", "nodes", "numbers", "possible")

    def __init__(self, tree: Node, chain: Chain) -> None:
        # Each stem with its number, in the order of their numbers.
        self.numbers: dict[str, int] = {}
        self.nodes: list[tuple[int, int | tuple[int, ...]]] = []
        self.leaves: list[tuple[Leaf, tuple[str, ...]]] = []
        self._chain = chain
        self.possible = self._add(tree)

    def _add(self, tree: Node) -> bool:
        """Append the nodes of ``tree``; False, and none of them, where it can match nothing in any index."""
        kind = type(tree)
        if kind is Word or kind is Phrase:
            return self._leaf(tree)  # type: ignore[arg-type]
        before = len(self.nodes)
        parts = 0
        for part in tree.parts:  # type: ignore[union-attr]
            parts += self._add(part)
        if parts == 0 or (kind is AllOf and parts < len(tree.parts)):  # type: ignore[union-attr]
            del self.nodes[before:]
            return False
        if parts > 1:
            self.nodes.append((_ALL_OF if kind is AllOf else _ANY_OF, parts))
        return True

    def _leaf(self, leaf: Leaf) -> bool:
        stems = self._chain.stems(leaf.text)
        self.leaves.append((leaf, stems))
        numbers = self.numbers
        if len(stems) == 1:
            self.nodes.append((_WORD, numbers.setdefault(stems[0], len(numbers))))
        elif stems:
            self.nodes.append((_PHRASE, tuple([numbers.setdefault(stem, len(numbers)) for stem in stems])))
        return bool(stems)
