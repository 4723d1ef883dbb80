"""What is known of an article besides its text, as texts of their own that a query can look into."""

from __future__ import annotations

import datetime
import re

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.memory.text import Text
from searchkit.query import Days, Everything, Exact, Id, Node, Phrase, Word, rebuilt
from searchkit.query.spread import spread
from searchkit.store.known import known_of

# The parts of an address are words of their own: bbc.co.uk is within www.bbc.co.uk.
_JOINTS = re.compile(r"[\W_]+")


def value_of(article: Article, field: str) -> str:
    """What an article has in a field; '' for nothing."""
    return article.source if field == "source" else known_of(article, field)


def whole_article(node: Days | Id | Everything, article: Article) -> bool:
    """Whether a condition holds of an article."""
    match node:
        case Days(first, last):
            date = article.date
            return date is not None and (first or datetime.date.min) <= date <= (last or datetime.date.max)
        case Id(text):
            return article.id == text
    return True


def holds(field: str, tree: Node, value: str, chain: Chain) -> bool:
    """Whether what is asked of a field holds of what an article has in it; nothing holds of an empty field."""
    return bool(value) and text_of(field, value, chain).holds(spread(field_tree(field, tree)))


def text_of(field: str, value: str, chain: Chain) -> Text:
    """What an article has in a field, taken apart."""
    if field == "url":
        value = _JOINTS.sub(" ", value)
    return Text.of_parts(value.split("\n"), chain)


def field_tree(field: str, tree: Node) -> Node:
    """What is asked of a field, in the words that its texts have."""
    if field != "url":
        return tree

    def in_pieces(node: Node) -> Node:
        if isinstance(node, Word | Exact):
            pieces = _JOINTS.sub(" ", node.text).split()
            kind = type(node)
            if len(pieces) > 1:
                return Phrase(tuple([kind(piece, node.column) for piece in pieces]), 0, node.column)
        if isinstance(node, Phrase):
            parts = [in_pieces(part) for part in node.parts]
            flat = [leaf for part in parts for leaf in (part.parts if isinstance(part, Phrase) else (part,))]
            return Phrase(tuple(flat), node.slop, node.column)  # type: ignore[arg-type]
        return rebuilt(node, in_pieces)

    return in_pieces(tree)
