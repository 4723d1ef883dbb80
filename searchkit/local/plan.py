"""From a tree to what the kernels run: its stems, and its nodes in postfix order."""

from __future__ import annotations

from searchkit.analysis import Chain
from searchkit.query import AllOf, Leaf, Node, Phrase, Word

_WORD, _PHRASE, _ALL_OF, _ANY_OF = range(4)


class Plan:
    """A tree as stems and nodes. ``leaves`` are the words and phrases with their stems, left to right."""

    def __init__(self, tree: Node, chain: Chain) -> None:
        self.stems: list[bytes] = []
        self.nodes: list[tuple[int, int | tuple[int, ...]]] = []
        self.leaves: list[tuple[Leaf, tuple[str, ...]]] = []
        self._numbers: dict[str, int] = {}
        self._chain = chain
        self.possible = self._add(tree)

    def number(self, stem: str) -> int:
        """The number of a stem among ``stems``."""
        number = self._numbers.get(stem)
        if number is None:
            number = self._numbers[stem] = len(self.stems)
            self.stems.append(stem.encode())
        return number

    def _add(self, tree: Node) -> bool:
        """Append the nodes of ``tree``; False, and none of them, where it can match nothing in any index."""
        if isinstance(tree, Word | Phrase):
            stems = self._chain.stems(tree.text)
            self.leaves.append((tree, stems))
            if not stems:
                return False
            if len(stems) == 1:
                self.nodes.append((_WORD, self.number(stems[0])))
            else:
                self.nodes.append((_PHRASE, tuple(map(self.number, stems))))
            return True
        before = len(self.nodes)
        parts = sum([self._add(part) for part in tree.parts])
        if parts == 0 or (isinstance(tree, AllOf) and parts < len(tree.parts)):
            del self.nodes[before:]
            return False
        if len(tree.parts) > 1:
            self.nodes.append((_ALL_OF if isinstance(tree, AllOf) else _ANY_OF, parts))
        return True
