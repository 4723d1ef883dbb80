"""What did a query mean? Its canonical text and its tree, a line for each part."""

from __future__ import annotations

from collections.abc import Iterator

from searchkit.cli.formats import json_text
from searchkit.cli.terminal import Screen, visible
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
    Near,
    Node,
    Phrase,
    Query,
    Regex,
    Scope,
    Wildcard,
    Within,
    Word,
    canonical,
    children,
)


def as_text(query: Query, screen: Screen) -> str:
    """For people: the canonical text, the tree, and what is worth saying."""
    lines = [screen.bold(visible(canonical(query.tree))), *_lines(query.tree, 1)]
    lines += [screen.dim(f"column {notice.column}: {visible(notice.text)}") for notice in query.notices]
    return "\n".join(lines)


def as_json(query: Query) -> str:
    """For programs: the same as one object."""
    notices = [{"column": notice.column, "text": notice.text} for notice in query.notices]
    return json_text(
        {"query": query.text, "canonical": canonical(query.tree), "tree": _record(query.tree), "notices": notices},
        indent=2,
    )


def _lines(node: Node, depth: int) -> Iterator[str]:
    yield "  " * depth + visible(_said(node))
    for part in children(node):
        yield from _lines(part, depth + 1)


def _record(node: Node) -> dict[str, object]:
    record: dict[str, object] = {"kind": type(node).__name__, "said": _said(node), "column": node.column}
    parts = children(node)
    return record | ({"parts": [_record(part) for part in parts]} if parts else {})


def _said(node: Node) -> str:
    match node:
        case Word(text):
            return f"word {text}, with all that shares its stem"
        case Exact(text):
            return f"word {text}, as it is written"
        case Wildcard():
            return f"words of the shape {canonical(node)}"
        case Fuzzy(text, edits):
            return f"words like {text}, {edits} {'letter' if edits == 1 else 'letters'} astray"
        case Regex():
            return f"words that are {canonical(node)}"
        case Phrase(parts, slop) if slop:
            return f"{len(parts)} words in any order, at most {slop} others among them"
        case Phrase():
            return "side by side, in this order"
        case Near(_, _, distance, ordered):
            apart = "side by side" if distance == 1 else f"at most {distance} words apart"
            return f"{apart}, {'in this order' if ordered else 'in either order'}"
        case Within(_, _, unit, ordered):
            return f"in one {unit}, {'in this order' if ordered else 'in either order'}"
        case First(words):
            return f"among the first {words:,} words"
        case AtLeast(count):
            return f"{count:,} times or more"
        case AnyOf():
            return "any of"
        case AllOf():
            return "all of"
        case AllBut():
            return "the first without the others"
        case Boost(_, factor):
            return f"counts {factor:g} times"
        case Scope(field):
            return f"in {field}"
        case Days(first, last):
            return f"dated {first or 'any day'} to {last or 'any day'}" if first != last else f"dated {first}"
        case Id(text):
            return f"the article with the id {text}"
        case Everything():
            return "every article"
