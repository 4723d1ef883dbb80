"""Which items does a file of XML hold? Each as an element, one after the other, whatever is wrapped around them.

Agencies send one item a file, many in an envelope, or many documents one after the other in one file. The file is
read as a stream, and an item is let go before the next is built. Entities and document types are never followed:
nothing is fetched, and a document that declares entities of its own is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import name2codepoint
from typing import Any, NamedTuple, cast

from lxml import etree

from searchkit.article import Problem
from searchkit.readers.decoding import SAMPLE_SIZE, chunks
from searchkit.readers.format import RECORD_LIMIT, Source, UnreadableError
from searchkit.readers.prose import one_line
from searchkit.readers.recognition import root_of

# A tree takes many times the room of its text, so an item may be shorter than a record of another format.
ITEM_LIMIT = RECORD_LIMIT // 8
_ITEM_LIMIT = "has an item of more than 8 MiB"

_ENCODING = re.compile(rb"<\?xml[^>]{0,200}\bencoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
# What may stand between two documents, and how far back the end of one is looked for.
_BETWEEN = 256
_PROLOG = 8192

# XML allows no control characters, but wires are full of them; and the entities that people write are HTML's.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REFERENCE = re.compile(r"&(?:([A-Za-z][A-Za-z0-9]{1,31})|#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6}));")
_LONGEST_REFERENCE = 34
_OWN = frozenset(("amp", "lt", "gt", "quot", "apos"))

# The numbers of libxml2 for what it does not read for its size or depth, and for entities.
_LIMIT, _LOOP, _UNDECLARED = 114, 89, 26


class Item(NamedTuple):
    """An element that is an item: ``place`` is where in the file it stands, ``name`` its id if it has none."""

    element: etree._Element
    place: str
    name: str


def items(source: Source, *tags: str) -> Iterator[Item | Problem]:
    """The outermost elements of these names, in order; a document that is no XML is a Problem if others follow.

    An element is valid until the next is asked for. Raises UnreadableError where the rest cannot be read.
    """
    held: etree._Element | None = None
    number = 0
    documents = _Documents(chunks(source.stream, _declared(source)))
    try:
        for document in documents:
            try:
                for element in _ended(document, tags):
                    number += 1
                    if number == 1 and element.getparent() is None:
                        # Whether it is alone in its file shows when there is another.
                        held = element
                        continue
                    if held is not None:
                        yield Item(held, "record 1", source.numbered(1))
                        held = None
                    yield Item(element, f"record {number}", source.numbered(number))
            except UnreadableError as error:
                if not documents.leave():
                    raise
                number += 1
                if held is not None:
                    yield Item(held, "record 1", source.numbered(1))
                    held = None
                yield Problem(source.origin(f"record {number}"), error.reason, kind=error.kind)
    except UnreadableError:
        if held is not None:
            yield Item(held, "record 1", source.numbered(1))
        raise
    if held is not None:
        yield Item(held, "", source.name)


def _declared(source: Source) -> str:
    match = _ENCODING.search(source.stream.peek(SAMPLE_SIZE)[:1024])
    return match.group(1).decode("ascii") if match else ""


class _Documents:
    """The XML documents of a text, which may follow each other: each as the pieces of its text."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._text = ""
        # What is before this place has been given.
        self._at = 0
        self._open = False
        # Where a document ends and another begins; nothing does until the root of the first is known.
        self._edge = re.compile("(?!)")

    def __iter__(self) -> Iterator[Iterator[str]]:
        self._text = next(self._pieces, "").lstrip()
        while self._at < len(self._text):
            self._open = True
            yield self._document()
            self.leave()

    def leave(self) -> bool:
        """Pass over the rest of the document at hand; whether another follows it."""
        while self._open:
            self._next()
        return self._at < len(self._text)

    def _document(self) -> Iterator[str]:
        while len(self._text) - self._at < _PROLOG and (piece := next(self._pieces, "")):
            self._take(piece)
        root = re.escape(root_of(self._text[self._at : self._at + _PROLOG].encode("utf-8", "replace")))
        self._edge = re.compile(
            rf"</(?:[\w.-]{{1,40}}:)?{root}\s*>\s*(?=<\?xml\s|<!DOCTYPE\s|<(?:[\w.-]{{1,40}}:)?{root}[\s/>])",
            re.IGNORECASE,
        )
        while self._open:
            yield self._next()

    def _next(self) -> str:
        edge = self._edge.search(self._text, self._at)
        piece = None if edge else next(self._pieces, None)
        if piece is None:
            end = edge.end() if edge else len(self._text)
            self._open = False
        else:
            end = max(self._at, len(self._text) - _BETWEEN)
        given, self._at = self._text[self._at : end], end
        if piece:
            self._take(piece)
        return given

    def _take(self, piece: str) -> None:
        self._text, self._at = self._text[self._at :] + piece, 0


def _ended(document: Iterator[str], tags: tuple[str, ...]) -> Iterator[etree._Element]:
    """The outermost elements of these names, as they end; each is emptied when the next is asked for."""
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=[f"{{*}}{tag}" for tag in tags],
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    spent: etree._Element | None = None
    depth = size = 0
    for piece in _mended(document):
        fault = _fed(parser, piece)
        size += len(piece)
        for event, element in _events(parser):
            if event == "start":
                if not depth:
                    _refuse_entities(element)
                depth += 1
                continue
            depth -= 1
            if depth:
                continue
            yield element
            if element.getparent() is not None:
                # The parser may still hang a text on the last element, so the one before it is dropped.
                element.clear()
                _drop(spent)
                spent = element
            size = 0
        if fault:
            raise fault
        if size > ITEM_LIMIT:
            raise UnreadableError(_ITEM_LIMIT, "limit")
    try:
        parser.close()
    except etree.XMLSyntaxError as error:
        raise _fault(parser, error, at_end=True) from error


def _events(parser: etree.XMLPullParser) -> Iterator[tuple[str, etree._Element]]:
    return cast("Iterator[tuple[str, etree._Element]]", parser.read_events())


def _fed(parser: etree.XMLPullParser, piece: str) -> UnreadableError | None:
    try:
        parser.feed(piece.encode("utf-8", "replace"))
    except etree.XMLSyntaxError as error:
        return _fault(parser, error)
    return None


def _drop(element: etree._Element | None) -> None:
    parent = element.getparent() if element is not None else None
    if element is not None and parent is not None:
        parent.remove(element)


def _mended(document: Iterator[str]) -> Iterator[str]:
    """The text without control characters, and with numbers for the entities of HTML."""
    rest = ""
    for piece in document:
        text = _CONTROLS.sub("", rest + piece)
        # A reference may go on in the next piece.
        start = text.rfind("&", max(0, len(text) - _LONGEST_REFERENCE))
        cut = start if start >= 0 and ";" not in text[start:] else len(text)
        text, rest = text[:cut], text[cut:]
        if text:
            yield _REFERENCE.sub(_number, text) if "&" in text else text
    if rest:
        yield rest


def _number(match: re.Match[str]) -> str:
    name, decimal, hexadecimal = match.groups()
    if name:
        return f"&#{name2codepoint[name]};" if name in name2codepoint and name not in _OWN else match.group()
    code = int(decimal) if decimal else int(hexadecimal, 16)
    allowed = code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    return match.group() if allowed else ""


def _refuse_entities(element: etree._Element) -> None:
    dtd: Any = element.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise UnreadableError("declares entities of its own, which are not followed", "format")


def _fault(parser: etree.XMLPullParser, error: etree.XMLSyntaxError, *, at_end: bool = False) -> UnreadableError:
    codes = {entry.type for entry in parser.error_log} | {getattr(error, "code", 0)}
    said = one_line(str(error.msg or ""))
    if _LOOP in codes or "amplification" in said:
        return UnreadableError("declares entities of its own, which are not followed", "format")
    if _LIMIT in codes:
        deep = "depth" in said.lower()
        return UnreadableError("is nested too deeply" if deep else _ITEM_LIMIT, "limit")
    if _UNDECLARED in codes:
        return UnreadableError("is not well-formed XML (it names an entity that nobody declares)")
    if at_end:
        return UnreadableError("is XML that ends too early")
    said = re.sub(r" \(<string>, line [0-9]+\)$", "", said)
    return UnreadableError(f"is not well-formed XML ({said[:1].lower()}{said[1:]})")
