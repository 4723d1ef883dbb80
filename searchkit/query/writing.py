"""How is a tree written down? As the one text that parses to the same tree, every group in parentheses."""

from __future__ import annotations

import re

from searchkit.query.days import Days as Span
from searchkit.query.days import as_text
from searchkit.query.grammar import NATIVE
from searchkit.query.tokens import EVERYTHING, narrowed
from searchkit.query.tree import (
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
)

# What has a meaning wherever it stands in a word, what only at its beginning, and what makes a field of it.
_ANYWHERE = r'[*?~^()"“”„«»（）＂]'
_FIELD = re.compile(r"([A-Za-z][A-Za-z_]*):")
_SPECIAL = re.compile(rf"\\|[\s\x00-\x1f\x7f-\x9f\ufeff]|{_ANYWHERE}")
_SPECIAL_IN_SHAPE = re.compile(rf"(\\.)|[\s\x00-\x1f\x7f-\x9f\ufeff]|{_ANYWHERE.replace('*?', '')}", re.DOTALL)
_UNITS = {"sentence": "s", "paragraph": "p"}


def canonical(node: Node) -> str:
    """The text of a tree in searchkit's own language."""
    match node:
        case Word() | Exact() | Wildcard() | Fuzzy() | Regex():
            return _leaf(node)
        case Phrase(parts, slop):
            inside = " ".join(_in_quotes(part) for part in parts)
            return f'"{inside}"~{slop}' if slop else f'"{inside}"'
        case Near(left, right, distance, ordered):
            return f"({canonical(left)} {'PRE' if ordered else 'NEAR'}/{distance} {canonical(right)})"
        case Within(left, right, unit, ordered):
            return f"({canonical(left)} {'PRE' if ordered else 'w'}/{_UNITS[unit]} {canonical(right)})"
        case AnyOf(parts):
            return f"({' OR '.join(map(canonical, parts))})"
        case AllOf(parts):
            return f"({' AND '.join(map(canonical, parts))})"
        case AllBut(part, without):
            return f"({' NOT '.join(map(canonical, (part, *without)))})"
        case First(words, part):
            return f"FIRST/{words} {_operand(part)}"
        case AtLeast(count, part):
            return f"ATLEAST/{count} {_operand(part)}"
        case Boost(part, factor):
            return f"{_boostable(part)}^{_number(factor)}"
        case Scope(field, part):
            return f"{field}:{_operand(part)}"
        case Days():
            return f"date:{as_text(Span(node.first, node.last))}"
        case Id(text):
            return f'id:"{_escaped(text)}"'
        case Everything():
            return "*"


def as_written(leaf: Leaf | Phrase) -> str:
    """A word or phrase without its quotation marks and escapes; a pattern with its signs."""
    match leaf:
        case Word(text):
            return text
        case Phrase(parts):
            return " ".join(map(as_written, parts))
        case Exact(text):
            return f"={text}"
    return _leaf(leaf)


def _operand(node: Node) -> str:
    """What may stand behind a prefix: a weight or another prefix would be taken for the whole's."""
    text = canonical(node)
    return f"({text})" if isinstance(node, Boost | First | AtLeast | Scope) else text


def _boostable(node: Node) -> str:
    text = canonical(node)
    closed = isinstance(
        node, Word | Exact | Wildcard | Fuzzy | Regex | Phrase | AnyOf | AllOf | AllBut | Near | Within
    )
    return text if closed or isinstance(node, Everything) else f"({text})"


def _number(factor: float) -> str:
    return f"{factor:.6f}".rstrip("0").rstrip(".")


def _leaf(leaf: Leaf) -> str:
    match leaf:
        case Word(text):
            return f'"{_escaped(text)}"' if NATIVE.operator(narrowed(text)) else _escaped(text)
        case Exact(text):
            return "=" + _escaped(text)
        case Wildcard(text):
            return f'"{text}"' if text in EVERYTHING else _escaped_shape(text)
        case Fuzzy(text, edits):
            return f"{_escaped(text)}~{edits}"
        case Regex(text):
            return f"/{text}/"


def _in_quotes(leaf: Leaf) -> str:
    if isinstance(leaf, Wildcard):
        return _escaped_shape(leaf.text)
    return _escaped(leaf.text) if isinstance(leaf, Word) else _leaf(leaf)


def _escaped(text: str) -> str:
    return _begin_escaped(_SPECIAL.sub(r"\\\g<0>", text))


def _escaped_shape(shape: str) -> str:
    """A wildcard's text, whose own signs and escapes stay."""
    return _begin_escaped(_SPECIAL_IN_SHAPE.sub(lambda match: match[1] or "\\" + match[0], shape))


def _begin_escaped(text: str) -> str:
    if text[:1] in ("/", "+", "=", "-", "−"):
        return "\\" + text
    field = _FIELD.match(narrowed(text))
    return text[: field.end() - 1] + "\\" + text[field.end() - 1 :] if field else text
