"""What a query means, as a frozen tree that every engine answers alike.

A leaf keeps the words as the person wrote them: folding and stemming are the engine's part, so that
one tree can be answered by indexes of different languages. ``column`` says where in the text a part
stood, counted from 1; it takes no part in comparison.
"""

from __future__ import annotations

from searchkit.frozen import frozen, put


@frozen
class Word:
    """One word. Where analysis splits it (``9/11``), its pieces must stand side by side."""

    text: str
    column: int = 1

    def __init__(self, text: str, column: int = 1) -> None:
        put(self, "text", text)
        put(self, "column", column)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Word) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


@frozen
class Phrase:
    """Words that stand side by side, in this order."""

    text: str
    column: int = 1

    def __init__(self, text: str, column: int = 1) -> None:
        put(self, "text", text)
        put(self, "column", column)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Phrase) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


@frozen
class AnyOf:
    """At least one of the parts; each part that an article has adds to its score."""

    parts: tuple[Node, ...]


@frozen
class AllOf:
    """Every one of the parts; the score is their sum."""

    parts: tuple[Node, ...]


Node = Word | Phrase | AnyOf | AllOf
Leaf = Word | Phrase


def leaves(node: Node) -> list[Leaf]:
    """The words and phrases of ``node``, from left to right."""
    if isinstance(node, Word | Phrase):
        return [node]
    return [leaf for part in node.parts for leaf in leaves(part)]
