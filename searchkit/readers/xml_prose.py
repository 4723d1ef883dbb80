"""What does an element say? Its parts by their names, whatever their namespace, and its text as paragraphs.

The blocks of NITF and of XHTML are known here, as they stand side by side in the items of agencies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from lxml import etree

from searchkit.readers.markup import unescape
from searchkit.readers.prose import one_line, tidy


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_BLOCKS = _names(
    "p div section article aside header footer main nav blockquote bq block pre h1 h2 h3 h4 h5 h6 hl1 hl2 ul ol dl "
    "table caption hr address fn note tagline figure figcaption media media-caption body html body.head body.content "
    "body.end credit datasource"
)
_LINES = _names("br li tr dt dd")
_CELLS = frozenset(("td", "th"))
# What is no text of the article: what a browser does not show, and what belongs to pictures beside their captions.
_SILENT = _names(
    "head script style template iframe svg title metadata media-reference media-producer media-metadata media-object"
)

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_FIRST_PARTS = 50
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; '' for an entity."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: etree._Element | None, *path: str) -> Iterator[etree._Element]:
    """All elements that a path of names leads to, in order."""
    if element is None:
        return
    name, *rest = path
    for child in element:
        if local(child) == name:
            if rest:
                yield from children(child, *rest)
            else:
                yield child


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """The first element that a path of names leads to."""
    return next(children(element, *path), None)


def heading(holder: etree._Element | None, name: str) -> etree._Element | None:
    """The part of an envelope that stands before its items, of which there may be thousands."""
    parts = islice(holder, _FIRST_PARTS) if holder is not None else ()
    return next((part for part in parts if local(part) == name), None)


def said(element: etree._Element | None, *path: str) -> str:
    """The first text, on one line, of the elements that a path leads to; of the element itself without a path."""
    found: Iterable[etree._Element | None] = children(element, *path) if path else (element,)
    return next((text for text in map(_line, found) if text), "")


def language_of(element: etree._Element | None) -> str:
    """What ``xml:lang`` says of an element, or ''."""
    return one_line(element.get(_LANGUAGE, "")) if element is not None else ""


def prose(element: etree._Element | None, but: frozenset[str] = frozenset()) -> str:
    """The running text of an element, its paragraphs parted by a blank line, without the elements named ``but``."""
    if element is None:
        return ""
    parts: list[str] = []
    _gather(element, parts, _SILENT | but, outermost=True)
    rows = "".join(parts).split("\n")
    return tidy("\n".join([" ".join(row.split()) for row in rows]))


def _line(element: etree._Element | None) -> str:
    if element is None:
        return ""
    if not len(element):
        return one_line(element.text or "")
    return one_line(prose(element))


def _gather(element: etree._Element, parts: list[str], silent: frozenset[str], *, outermost: bool = False) -> None:
    name = local(element)
    if name in silent and not outermost:
        return
    edge = "\n\n" if name in _BLOCKS else " " if name in _CELLS else ""
    parts.append("\n" if name in _LINES else edge)
    if element.text:
        parts.append(element.text if name == "pre" else _folded(element.text))
    for inner in element:
        if isinstance(inner.tag, str):
            _gather(inner, parts, silent)
        elif inner.tag is etree.Entity:
            parts.append(unescape(inner.text or ""))
        if inner.tail:
            parts.append(_folded(inner.tail))
    parts.append(edge)


def _folded(text: str) -> str:
    # In markup a newline is only a blank, unless the text was written in lines that are paragraphs.
    if "\n" not in text and "\r" not in text:
        return text
    if not text.strip():
        return " "
    return "\n\n".join([part.replace("\n", " ") for part in _BLANK_LINE.split(text)])
