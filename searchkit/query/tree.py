"""What does a query mean? A frozen tree that every engine answers alike.

A leaf keeps the words as the person wrote them: folding and stemming are the engine's part, so that one tree can
be answered by indexes of different languages. ``column`` says where in the text a part stood, counted from 1; it
takes no part in comparison.

Every node matches articles. Some also stand somewhere in an article: a passage is a run of words, from the first
to the last that the node needs, and lies in the title or in the body, never in both.

    Word, Exact, Wildcard, Fuzzy, Regex     one word each (a Word or Exact of several pieces: they stand side by side)
    Phrase, Near, Within, First             passages made of the passages of their parts
    AnyOf                                   the passages of all parts
    AllOf, AllBut, AtLeast, Boost           as operands of the above: see searchkit.query.spread
    Scope, Days, Id, Everything             what holds of the whole article
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Literal

from searchkit.frozen import frozen, put

# What a Scope can name. The first two are the parts of the text itself, the others are known of an article.
Field = Literal["title", "body", "author", "source", "section", "url", "language"]
TEXT_FIELDS = ("title", "body")
KNOWN_FIELDS = ("author", "source", "section", "url", "language")
FIELDS: tuple[Field, ...] = ("title", "body", "author", "source", "section", "url", "language")
Unit = Literal["sentence", "paragraph"]


@frozen
class Word:
    """One word, and what shares its stem. Where analysis splits it (``9/11``), its pieces must stand side by side."""

    text: str
    column: int = 1

    def __init__(self, text: str, column: int = 1) -> None:
        put(self, "text", text)
        put(self, "column", column)


@frozen
class Exact:
    """One word as it is written, but for its case."""

    text: str
    column: int = 1


@frozen
class Wildcard:
    """A word of this shape: ``*`` stands for any characters, ``?`` for one, a backslash for the next itself."""

    text: str
    column: int = 1


@frozen
class Fuzzy:
    """A word that at most ``edits`` letters added, left out, changed or exchanged with the next make of this one."""

    text: str
    edits: int
    column: int = 1


@frozen
class Regex:
    """A word that the regular expression matches as a whole, whatever its case."""

    text: str
    column: int = 1


@frozen
class Phrase:
    """The parts, two or more, side by side in this order.

    With a ``slop`` above zero: in any order, with at most so many other words among them; the shortest such passages.
    """

    parts: tuple[Leaf, ...]
    slop: int = 0
    column: int = 1


@frozen
class Near:
    """Passages of two parts that do not overlap, the later at most ``distance`` words behind the earlier.

    Side by side is a distance of 1. ``ordered``: the left one stands first.
    """

    left: Node
    right: Node
    distance: int
    ordered: bool = False
    column: int = 1


@frozen
class Within:
    """Passages of two parts that lie in one sentence or one paragraph and do not overlap.

    A title is a sentence and a paragraph of its own. ``ordered``: the left one stands first.
    """

    left: Node
    right: Node
    unit: Unit
    ordered: bool = False
    column: int = 1


@frozen
class First:
    """Passages of the part that lie within the first ``words`` words of the article, or of the scope."""

    words: int
    part: Node
    column: int = 1


@frozen
class AtLeast:
    """Articles in which passages of the part begin at ``count`` places or more."""

    count: int
    part: Node
    column: int = 1


@frozen
class AnyOf:
    """At least one of the parts; each part that an article has adds to its score."""

    parts: tuple[Node, ...]
    column: int = 1

    def __init__(self, parts: tuple[Node, ...], column: int = 1) -> None:
        put(self, "parts", parts)
        put(self, "column", column)


@frozen
class AllOf:
    """Every one of the parts; the score is their sum."""

    parts: tuple[Node, ...]
    column: int = 1

    def __init__(self, parts: tuple[Node, ...], column: int = 1) -> None:
        put(self, "parts", parts)
        put(self, "column", column)


@frozen
class AllBut:
    """The part, without what matches any of the others; these add nothing to a score."""

    part: Node
    without: tuple[Node, ...]
    column: int = 1


@frozen
class Boost:
    """The part, its score multiplied."""

    part: Node
    factor: float
    column: int = 1


@frozen
class Scope:
    """The part, looked for in one field alone. Of fields other than title and body nothing is added to a score."""

    field: Field
    part: Node
    column: int = 1


@frozen
class Days:
    """Articles of these civil days, both included; None is an open end. No article without a day is among them."""

    first: datetime.date | None
    last: datetime.date | None
    column: int = 1


@frozen
class Id:
    """The one article with this id."""

    text: str
    column: int = 1


@frozen
class Everything:
    """Every article; adds nothing to a score."""

    column: int = 1


Leaf = Word | Exact | Wildcard | Fuzzy | Regex
Branch = Phrase | Near | Within | First | AtLeast | AnyOf | AllOf | AllBut | Boost | Scope
Node = Leaf | Branch | Days | Id | Everything


def children(node: Node) -> tuple[Node, ...]:
    """The parts of a node, from left to right; of a leaf none."""
    match node:
        case AnyOf(parts) | AllOf(parts) | Phrase(parts):
            return parts
        case Near(left, right) | Within(left, right):
            return left, right
        case First(_, part) | AtLeast(_, part) | Boost(part) | Scope(_, part):
            return (part,)
        case AllBut(part, without):
            return part, *without
    return ()


def leaves(node: Node) -> list[Leaf | Phrase]:
    """The words, patterns and phrases of ``node`` that an article may hold, left to right; not what is excluded."""
    if isinstance(node, Leaf | Phrase):
        return [node]
    if isinstance(node, AllBut):
        return leaves(node.part)
    if isinstance(node, Scope) and node.field in KNOWN_FIELDS:
        # Not words of the text.
        return []
    return [leaf for part in children(node) for leaf in leaves(part)]


def is_list(node: Node) -> bool:
    """Whether a query is words and phrases to choose from, as they are typed side by side."""
    return isinstance(node, AnyOf) and all(isinstance(part, Leaf | Phrase) for part in node.parts)


def phrase(text: str) -> Phrase | Word:
    """The words of ``text``, parted by blanks, side by side."""
    words = tuple([Word(word) for word in text.split()])
    return Phrase(words) if len(words) > 1 else Word(text.strip())


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """``node`` with each of its parts changed; a leaf is itself."""
    at = node.column
    match node:
        case AnyOf(parts):
            return AnyOf(tuple([change(part) for part in parts]), at)
        case AllOf(parts):
            return AllOf(tuple([change(part) for part in parts]), at)
        case AllBut(part, without):
            return AllBut(change(part), tuple([change(other) for other in without]), at)
        case Near(left, right, distance, ordered):
            return Near(change(left), change(right), distance, ordered, at)
        case Within(left, right, unit, ordered):
            return Within(change(left), change(right), unit, ordered, at)
        case First(words, part):
            return First(words, change(part), at)
        case AtLeast(count, part):
            return AtLeast(count, change(part), at)
        case Boost(part, factor):
            return Boost(change(part), factor, at)
        case Scope(field, part):
            return Scope(field, change(part), at)
    return node
