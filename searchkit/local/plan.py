"""From a tree to what the kernels run: its stems, and its nodes in postfix order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from searchkit.analysis import Chain
from searchkit.errors import QueryTooLarge
from searchkit.query import (
    AllBut,
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Days,
    Everything,
    Exact,
    First,
    Fuzzy,
    Id,
    Leaf,
    Near,
    Node,
    Phrase,
    Regex,
    Scope,
    Wildcard,
    Within,
    Word,
    pieces,
)

(_WORD, _PHRASE, _ALL_OF, _ANY_OF, _ALL_BUT, _EVERYTHING, _SPOT, _CHAIN, _UNION, _CLOSE, _NEAR, _WITHIN, _EARLY,
 _TIMES, _DAYS, _CHOSEN) = range(16)  # fmt: skip
_ANYWHERE, _IN_TITLE, _IN_BODY = range(3)
_SCOPES = {"title": _IN_TITLE, "body": _IN_BODY}
_UNITS = {"sentence": 0, "paragraph": 1}

# A kernel keeps about four kilobytes for each.
MOST_NODES = 1 << 17

# For each segment a byte for each form of a stem, 1 where it is meant, or None where none is; or None: all are.
Filter = Sequence[bytes | None] | None


class Known(Protocol):
    """What an index knows of the leaves of a query."""

    def meant(self, leaf: Leaf) -> list[tuple[str, Filter]]:
        """The stems that a pattern means, each with which of its forms."""

    def having(self, leaf: Leaf) -> int:
        """How many articles have a word that a pattern means."""

    def chosen(self, node: Scope | Id) -> list[bytes | None]:
        """The articles of which a condition holds: for each segment a bit for each, or None."""


class Plan:
    """A tree as stems and nodes. ``possible``: whether it can match anything in any index."""

    __slots__ = ("_chain", "_columns", "_known", "_words", "chosen", "has_days", "nodes", "numbers", "possible")

    def __init__(self, tree: Node, chain: Chain, known: Known) -> None:
        # Each stem with its number, in the order of their numbers.
        self.numbers: dict[str, int] = {}
        self.nodes: list[tuple[int, object]] = []
        self.chosen: list[list[bytes | None]] = []
        self._columns: list[Sequence[bytes | None]] = []
        self.has_days = False
        # Of the words of passages, how many.
        self._words = 0
        self._chain = chain
        self._known = known
        self.possible = self._add(tree, 1.0)

    def filters(self, segments: int) -> list[list[bytes | None]] | None:
        """For each segment the filters by their numbers."""
        if not self._columns:
            return None
        return [[column[number] for column in self._columns] for number in range(segments)]

    def _add(self, tree: Node, factor: float) -> bool:
        """Append the nodes of ``tree``; False, and none of them, where it can match nothing in any index."""
        kind = type(tree)
        if kind is Word and factor == 1.0:
            return self._stems(self._chain.stems(tree.text))  # type: ignore[union-attr]
        if kind is AnyOf or kind is AllOf:
            return self._parts(kind, tree.parts, factor)  # type: ignore[union-attr]
        if kind is Phrase and factor == 1.0 and self._is_plain(tree):  # type: ignore[arg-type]
            return self._stems(self._pieces(tree))  # type: ignore[arg-type]
        return self._add_other(tree, factor)

    def _stems(self, stems: Sequence[str]) -> bool:
        """A word, or words side by side, without any more to ask of them."""
        numbers = self.numbers
        if len(stems) == 1:
            self.nodes.append((_WORD, numbers.setdefault(stems[0], len(numbers))))
        elif stems:
            self.nodes.append((_PHRASE, tuple([numbers.setdefault(stem, len(numbers)) for stem in stems])))
        return bool(stems)

    def _is_plain(self, phrase: Phrase) -> bool:
        return not phrase.slop and all(type(part) is Word for part in phrase.parts)

    def _pieces(self, phrase: Phrase) -> list[str]:
        return [stem for part in phrase.parts for stem in self._chain.stems(part.text)]

    def _parts(self, kind: type[AnyOf] | type[AllOf], parts: Sequence[Node], factor: float) -> bool:
        before = len(self.nodes)
        count = 0
        for part in parts:
            count += self._add(part, factor)
        if count == 0 or (kind is AllOf and count < len(parts)):
            del self.nodes[before:]
            return False
        if count > 1:
            self.nodes.append((_ALL_OF if kind is AllOf else _ANY_OF, count))
        return True

    def _add_other(self, tree: Node, factor: float) -> bool:
        match tree:
            case AllBut(part, without):
                if not self._add(part, factor):
                    return False
                count = sum([self._add(other, 1.0) for other in without])
                if count:
                    self.nodes.append((_ALL_BUT, count + 1))
                return True
            case Boost(part, more):
                return self._add(part, factor * more)
            case Everything():
                self.nodes.append((_EVERYTHING, 0))
                return True
            case Days(first, last):
                self.has_days = True
                self.nodes.append((_DAYS, (first.toordinal() if first else 0, last.toordinal() if last else 0)))
                return True
            case Id():
                return self._choose(tree)
            case Scope(field) if field not in _SCOPES:
                return self._choose(tree)
            case Near() | Within() | First() | AtLeast() | Scope():
                return self._add_spread(tree, factor)
        return self._passage(tree, factor, _ANYWHERE)

    def _choose(self, node: Scope | Id) -> bool:
        self.nodes.append((_CHOSEN, len(self.chosen)))
        self.chosen.append(self._known.chosen(node))
        return True

    def _add_spread(self, tree: Node, factor: float) -> bool:
        """An operator of places, around whatever stands in it."""
        from searchkit.query.spread import spread  # few queries have one

        tree = spread(tree)
        if isinstance(tree, AtLeast):
            if not self._passage(tree.part, factor, _ANYWHERE):
                return False
            self.nodes.append((_TIMES, tree.count))
            return True
        if isinstance(tree, Near | Within | First | Scope):
            return self._passage(tree, factor, _ANYWHERE)
        return self._add(tree, factor)

    def _passage(self, node: Node, factor: float, scope: int) -> bool:
        """Append the nodes of a passage; False, and none of them, where it stands nowhere."""
        if self._words + len(self.nodes) > MOST_NODES:
            raise QueryTooLarge(
                f"the query comes to more than {MOST_NODES:,} words and operators, with all that its patterns mean",
                hint="Write more of the words, or ask in several queries.",
            )
        match node:
            case Scope(field, part):
                return self._passage(part, factor, _SCOPES[field])
            case Word(text):
                return self._word(self._chain.stems(text), factor, scope)
            case Phrase(parts, slop):
                return self._phrase(parts, slop, factor, scope)
            case Near(left, right, distance, ordered):
                return self._around(_NEAR, (left, right), (factor, -1, distance, ordered), scope)
            case Within(left, right, unit, ordered):
                return self._around(_WITHIN, (left, right), (factor, -1, _UNITS[unit], ordered), scope)
            case First(words, part):
                return self._around(_EARLY, (part,), (factor, -1, words, scope), scope)
            case AnyOf(parts):
                count = sum([self._passage(part, 1.0, scope) for part in parts])
                if count:
                    self.nodes.append((_UNION, (factor, -1, count)))
                return count > 0
            case Exact():
                return self._exact(node, factor, scope)
            case Wildcard() | Fuzzy() | Regex():
                return self._spot(node, self._known.having(node), factor, scope)
        raise TypeError(node)

    def _around(self, kind: int, parts: Sequence[Node], operand: tuple[object, ...], scope: int) -> bool:
        """An operator around passages that are all needed."""
        before = len(self.nodes)
        for part in parts:
            if not self._passage(part, 1.0, scope):
                del self.nodes[before:]
                return False
        self.nodes.append((kind, operand))
        return True

    def _phrase(self, parts: Sequence[Leaf], slop: int, factor: float, scope: int) -> bool:
        single = [piece for part in parts for piece in (pieces(part) if slop or type(part) is Word else [part])]
        if len(single) == 1:
            return self._passage(single[0], factor, scope)
        if slop:
            return self._around(_CLOSE, single, (factor, -1, len(single), slop), scope)
        return bool(single) and self._around(_CHAIN, single, (factor, -1, len(single)), scope)

    def _word(self, stems: Sequence[str], factor: float, scope: int) -> bool:
        numbers = self.numbers
        alone = len(stems) == 1
        for stem in stems:
            number = numbers.setdefault(stem, len(numbers))
            self.nodes.append((_SPOT, (factor if alone else 1.0, -1, scope, ((number, -1),))))
        if len(stems) > 1:
            self.nodes.append((_CHAIN, (factor, -1, len(stems))))
        return bool(stems)

    def _exact(self, leaf: Exact, factor: float, scope: int) -> bool:
        single = pieces(leaf)
        having = self._known.having(leaf)
        if len(single) == 1:
            return self._spot(single[0], having, factor, scope)
        before = len(self.nodes)
        for piece in single:
            # Together they have one weight, whatever they have alone.
            if not self._spot(piece, 0, 1.0, scope):
                del self.nodes[before:]
                return False
        self.nodes.append((_CHAIN, (factor, having, len(single))))
        return bool(single)

    def _spot(self, leaf: Leaf, having: int, factor: float, scope: int) -> bool:
        """One word of those that a pattern means."""
        numbers, words = self.numbers, []
        for stem, column in self._known.meant(leaf):
            words.append((numbers.setdefault(stem, len(numbers)), -1 if column is None else len(self._columns)))
            if column is not None:
                self._columns.append(column)
        if words:
            self._words += len(words)
            self.nodes.append((_SPOT, (factor, having, scope, tuple(words))))
        return bool(words)
