"""What did the person mean? Text becomes a frozen tree, and every mistake has its column."""

from typing import TYPE_CHECKING

from searchkit.query.parsing import Query, parse
from searchkit.query.tree import (
    AllBut,
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Days,
    Everything,
    Exact,
    Field,
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
    children,
    is_list,
    leaves,
    phrase,
    rebuilt,
)
from searchkit.query.words import Notice, pieces, shape_pieces

__all__ = [
    "AllBut",
    "AllOf",
    "AnyOf",
    "AtLeast",
    "Boost",
    "Days",
    "Everything",
    "Exact",
    "Field",
    "First",
    "Fuzzy",
    "Id",
    "Leaf",
    "Near",
    "Node",
    "Notice",
    "Phrase",
    "Query",
    "Regex",
    "Scope",
    "Wildcard",
    "Within",
    "Word",
    "as_written",
    "canonical",
    "children",
    "is_list",
    "leaves",
    "parse",
    "phrase",
    "pieces",
    "rebuilt",
    "shape_pieces",
]

if TYPE_CHECKING:
    from searchkit.query.writing import as_written, canonical


def __getattr__(name: str) -> object:
    # A query is answered without being written down.
    if name in ("as_written", "canonical"):
        from searchkit.query import writing

        return getattr(writing, name)
    raise AttributeError(f"module 'searchkit.query' has no attribute {name!r}")
