"""What did the person mean? Text becomes a frozen tree, and every mistake has its column."""

from searchkit.query.parsing import parse
from searchkit.query.tree import AllOf, AnyOf, Leaf, Node, Phrase, Word, leaves

__all__ = ["AllOf", "AnyOf", "Leaf", "Node", "Phrase", "Word", "leaves", "parse"]
