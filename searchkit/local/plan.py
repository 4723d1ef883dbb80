"""From a tree to what the kernels run: stems, their weights over the whole index, and nodes in postfix order."""

from __future__ import annotations

from searchkit.analysis import Chain
from searchkit.query import AllOf, Leaf, Node
from searchkit.store.ranking import term_weight
from searchkit.store.snapshot import LiveSegment, Snapshot

_WORD, _PHRASE, _ALL_OF, _ANY_OF = range(4)

Terms = list[tuple[float, ...]]
Nodes = list[tuple[int, int, int, tuple[int, ...], float]]


class Plan:
    """A tree bound to one snapshot. ``leaves`` are the words and phrases with their stems, left to right."""

    def __init__(self, tree: Node, chain: Chain, snapshot: Snapshot) -> None:
        self._tree = tree
        self._snapshot = snapshot
        self._numbers: dict[str, list[int]] = {}
        self._weights: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._stems: dict[int, tuple[str, ...]] = {}
        self.leaves: list[tuple[Leaf, tuple[str, ...]]] = []
        self._look_up(tree, chain)

    def articles_with(self, stem: str) -> int:
        """In how many articles of the whole index a stem stands."""
        return self._counts[stem]

    def compile(self, segment: LiveSegment) -> tuple[Terms, Nodes] | None:
        """(terms, nodes) for one segment, or None where nothing can match there."""
        terms: Terms = []
        nodes: Nodes = []
        which = self._snapshot.segments.index(segment)
        stretch = self._snapshot.scale.stretch(segment.reader.scale)
        return (terms, nodes) if self._node(self._tree, which, stretch, terms, nodes) >= 0 else None

    def _look_up(self, tree: Node, chain: Chain) -> None:
        if not isinstance(tree, Leaf):
            for part in tree.parts:
                self._look_up(part, chain)
            return
        stems = tuple(token.stem for token in chain.tokens(tree.text))
        self._stems[id(tree)] = stems
        self.leaves.append((tree, stems))
        for stem in stems:
            if stem not in self._numbers:
                key = stem.encode()
                numbers = [segment.reader.dictionary.find(key) for segment in self._snapshot.segments]
                pairs = zip(self._snapshot.segments, numbers, strict=True)
                count = sum(segment.articles_with(number) for segment, number in pairs if number >= 0)
                self._numbers[stem] = numbers
                self._counts[stem] = count
                self._weights[stem] = term_weight(self._snapshot.articles, count)

    def _node(self, tree: Node, which: int, stretch: float, terms: Terms, nodes: Nodes) -> int:
        """Append the node of ``tree`` behind its children; returns its number, or -1 where it matches nothing."""
        if isinstance(tree, Leaf):
            return self._leaf(tree, which, stretch, terms, nodes)
        children = []
        for part in tree.parts:
            child = self._node(part, which, stretch, terms, nodes)
            if child >= 0:
                children.append(child)
            elif isinstance(tree, AllOf):
                return -1
        if not children:
            return -1
        nodes.append((_ALL_OF if isinstance(tree, AllOf) else _ANY_OF, 0, 0, tuple(children), 0.0))
        return len(nodes) - 1

    def _leaf(self, leaf: Leaf, which: int, stretch: float, terms: Terms, nodes: Nodes) -> int:
        stems = self._stems[id(leaf)]
        numbers = [self._numbers[stem][which] for stem in stems]
        if not stems or -1 in numbers:
            return -1
        reader = self._snapshot.segments[which].reader
        first = len(terms)
        for stem, number in zip(stems, numbers, strict=True):
            facts = reader.dictionary.facts(number, len(stems) > 1)
            terms.append((*facts, stretch, self._weights[stem]))
        weight = sum(self._weights[stem] for stem in stems)
        nodes.append((_PHRASE if len(stems) > 1 else _WORD, first, len(stems), (), weight))
        return len(nodes) - 1
