"""What does a Word document say? Its paragraphs and tables, streamed from the XML that is zipped in it.

A .docx is a zip of parts (ECMA-376, part 2) whose main part is WordprocessingML (part 1, 17). It is read here part
by part, since a parser that builds the whole tree first is at the mercy of a zip bomb, and since python-docx leaves
out the text of tracked insertions and content controls. What was deleted with changes tracked, and what the file
keeps for older programs a second time, is not read.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from lxml import etree

from searchkit.article import Article, Problem
from searchkit.readers.documents import Properties, read_paragraphs
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, Source, UnreadableError
from searchkit.readers.member import PLAINLY
from searchkit.readers.paragraphs import HEADING, TITLE, Paragraph, row_of
from searchkit.readers.prose import one_line

# A part may unfold to this much whatever it is packed in, and beyond to so many times that.
_FREE = 16 << 20
_SMALL_PART = 4 << 20
# The table of contents of the zip, in bytes: some twenty thousand parts.
_LARGEST_CONTENTS = 2 << 20
# Both the begin and the end of a paragraph, a table, a row and a cell are steps: an honest document of the greatest
# size that is read has half as many.
_MOST_STEPS = 1_000_000

_MAIN = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_NAMESPACES = (_MAIN, _STRICT)
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"

_BOX_KINDS = ("tbl", "tr", "tc")
_WATCHED = (
    *(space + name for space in _NAMESPACES for name in (*_BOX_KINDS, "p", "del", "moveFrom")),
    _FALLBACK,
)
_KINDS = {tag: tag.rpartition("}")[2] for tag in _WATCHED}
_SPEAKING = {
    space + name: said
    for space in _NAMESPACES
    for name, said in {"t": "", "tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}.items()
}


def read_docx(source: Source) -> Iterator[Article | Problem]:
    """One article, or those of the export that the document is; UnreadableError where it is no Word document."""
    package = _Package(source)
    paragraphs = list(_Paragraphs(package).read())
    yield from read_paragraphs(source, paragraphs, package.properties())


class _Package:
    """The zip: its parts by name, each within the limits."""

    def __init__(self, source: Source) -> None:
        data = source.stream.read(RECORD_LIMIT + 1)
        if len(data) > RECORD_LIMIT:
            raise UnreadableError(f"is larger than {RECORD_LIMIT_WORDS}", "limit")
        ending = data.rfind(b"PK\x05\x06")
        if ending >= 0 and int.from_bytes(data[ending + 12 : ending + 16], "little") > _LARGEST_CONTENTS:
            raise UnreadableError("is a zip with more parts than a Word document has", "limit")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            self._names = {name.lower(): name for name in reversed(self._zip.namelist())}
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
            raise UnreadableError(f"is a damaged Word document ({_words(error)})") from error
        self._times = source.settings.expansion
        targets = dict(self._targets("_rels/.rels"))
        self.main = targets.get("officeDocument", "word/document.xml")
        self._core = targets.get("core-properties", "docProps/core.xml")
        if not self.has(self.main):
            raise UnreadableError("is a zip, but holds no Word document", "format")

    def has(self, name: str) -> bool:
        """Whether there is such a part."""
        return name.lower() in self._names

    def open(self, name: str, most: int = RECORD_LIMIT) -> IO[bytes]:
        """The content of a part, of which no more is read than its header claims."""
        info = self._zip.getinfo(self._names[name.lower()])
        if info.flag_bits & 1:
            raise UnreadableError("is encrypted", "access")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnreadableError("is compressed as no Word document is", "format")
        allowed = min(most, max(_FREE, self._times * info.compress_size))
        if info.file_size > allowed:
            words = f"{info.file_size:,} bytes, of {info.compress_size:,}"
            raise UnreadableError(f"unfolds {one_line(name)} to {words}, which is too much", "limit")
        try:
            return self._zip.open(info)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
            raise UnreadableError(f"is a damaged Word document ({_words(error)})") from error

    def tree(self, name: str) -> etree._Element | None:
        """A small part of XML; None where it is not there or not sound."""
        if not self.has(name):
            return None
        try:
            with self.open(name, _SMALL_PART) as part:
                root = etree.parse(
                    part, etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
                ).getroot()
        except (*_FAULTS, UnreadableError):
            return None
        return None if root is None or _declares(root) else root

    def styles(self) -> str:
        """The name of the part with the styles."""
        folder, _, name = self.main.rpartition("/")
        targets = dict(self._targets(f"{folder}/_rels/{name}.rels"))
        target = targets.get("styles", "styles.xml")
        return target if self.has(target) else f"{folder}/{target}".lstrip("/")

    def properties(self) -> Properties:
        """What the document says of itself (Dublin Core, in the part for core properties)."""
        root = self.tree(self._core)
        said: dict[str, str] = {}
        for child in root if root is not None else ():
            if isinstance(child.tag, str) and child.text:
                said.setdefault(_local(child), child.text)
        made = said.get("created", "")
        return Properties(said.get("title", ""), said.get("creator", ""), said.get("language", ""), made)

    def _targets(self, relations: str) -> Iterator[tuple[str, str]]:
        """What kind of part each relation leads to, and its name."""
        root = self.tree(relations)
        for child in root if root is not None else ():
            kind, target = child.get("Type", ""), child.get("Target", "")
            if kind and target and child.get("TargetMode") != "External":
                yield kind.rpartition("/")[2], target.lstrip("/")


class _Paragraphs:
    """A walk through the main part. Tables may lie in tables; the row that is being read is the last of ``_rows``."""

    def __init__(self, package: _Package) -> None:
        self._package = package
        self._levels = _levels(package)
        self._rows: list[list[list[Paragraph]]] = []
        self._unread = 0

    def read(self) -> Iterator[Paragraph]:
        """The paragraphs and rows in their order."""
        try:
            with self._package.open(self._package.main) as part:
                yield from self._walk(part)
        except _FAULTS as error:
            raise UnreadableError(f"is a damaged Word document ({_words(error)})") from error

    def _walk(self, part: IO[bytes]) -> Iterator[Paragraph]:
        count = 0
        steps = etree.iterparse(
            part,
            ("start", "end"),
            tag=_WATCHED,
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
        )
        for event, element in steps:
            count += 1
            if count == 1 and _declares(element):
                raise UnreadableError("declares a document type, as no Word document does")
            if count > _MOST_STEPS:
                raise UnreadableError("has more than half a million paragraphs", "limit")
            kind = _KINDS[str(element.tag)]
            if event == "start":
                if kind != "p":
                    self._opened(kind)
                continue
            if kind in _UNREAD:
                self._unread -= 1
            elif not self._unread and (kind != "p" or len(element)):
                yield from self._closed(kind, element)
            _forget(element, kind)

    def _opened(self, kind: str) -> None:
        self._unread += kind in _UNREAD
        if self._unread:
            return
        if kind == "tr":
            self._rows.append([])
        elif kind == "tc" and self._rows:
            self._rows[-1].append([])

    def _closed(self, kind: str, element: etree._Element) -> list[Paragraph]:
        """What an element gives that has ended: the paragraphs of the document itself, none within a table."""
        found: list[Paragraph] = []
        if kind == "p":
            paragraph = self._paragraph(element)
            found = [paragraph] if paragraph.text else []
        elif kind == "tr" and self._rows:
            found = row_of(self._rows.pop())
        if not self._rows:
            return found
        if self._rows[-1]:
            self._rows[-1][-1].extend(found)
        return []

    def _paragraph(self, element: etree._Element) -> Paragraph:
        pieces: list[str] = []
        is_bold = True
        for node in element.iter(*_SPEAKING):
            said = _SPEAKING[str(node.tag)] or node.text or ""
            run = node.getparent()
            # A tab within the properties of a paragraph is a stop, not a character.
            if run is None or _local(run) != "r":
                continue
            style = run[0] if len(run) and _local(run[0]) == "rPr" else None
            if style is not None and _is_on(style, "vanish"):
                continue
            pieces.append(said)
            is_bold = is_bold and (not said.strip() or (style is not None and _is_on(style, "b")))
        text = "".join(pieces)
        return Paragraph(text, self._level(element), is_bold and bool(text))

    def _level(self, element: etree._Element) -> int:
        style = element[0] if len(element) and _local(element[0]) == "pPr" else None
        if style is None:
            return 0
        level = 0
        for child in style:
            if _local(child) == "pStyle":
                level = self._levels.get(_value(child), 0)
            elif _local(child) == "outlineLvl" and not level:
                level = HEADING if _value(child) == "0" else 0
        return level


_UNREAD = frozenset(("del", "moveFrom", "Fallback"))
_FAULTS = (
    etree.LxmlError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    ValueError,
)


def _forget(element: etree._Element, kind: str) -> None:
    """Let go of what was read, so that a million paragraphs take the place of one."""
    if len(element):
        element.clear()
    if kind in ("p", "tbl", "tr"):
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]


def _levels(package: _Package) -> dict[str, int]:
    """Which styles are titles and headings of the first order, by their ids (which are in any language)."""
    root = package.tree(package.styles())
    found: dict[str, int] = {}
    for style in root if root is not None else ():
        if not isinstance(style.tag, str) or _local(style) != "style":
            continue
        own_id = next((value for key, value in style.attrib.items() if str(key).endswith("styleId")), "")
        name = next((_value(child) for child in style if _local(child) == "name"), "").lower()
        based = next((_value(child) for child in style if _local(child) == "basedOn"), "")
        level = {"title": TITLE, "heading 1": HEADING}.get(name, 0)
        if not level and name and not name.startswith(("heading", "toc", "subtitle", "header", "footer")):
            level = found.get(str(based), 0)
        if level and own_id:
            found[str(own_id)] = level
    return found or {"Title": TITLE, "Heading1": HEADING}


def _declares(element: etree._Element) -> bool:
    return element.getroottree().docinfo.internalDTD is not None


def _local(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _value(element: etree._Element) -> str:
    return next((str(value) for key, value in element.attrib.items() if str(key).endswith("}val")), "")


def _is_on(style: etree._Element, name: str) -> bool:
    return any(_local(child) == name and _value(child) not in ("0", "false", "off", "none") for child in style)


def _words(error: Exception) -> str:
    said = one_line(str(error)).rstrip(".")
    return PLAINLY.get(said, said.lower()[:120]) or "it ends too early"
