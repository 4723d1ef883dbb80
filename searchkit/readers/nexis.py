"""What does an export of Nexis hold? Many articles in one file: as text, or in the paragraphs of a DOCX or an RTF.

There are two layouts. LexisNexis Academic began each article with "3 of 100 DOCUMENTS", then publication, date,
headline, fields in capitals (BYLINE, SECTION, LENGTH), the text, and more fields (LOAD-DATE, LANGUAGE). Nexis Uni
prints a cover, then for each article title, publication, date, copyright, fields (Section, Length, Byline), "Body",
the text, "Classification" with more fields, and "End of Document". ``nexis_article`` reads one article of either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from searchkit.article import Article, Problem
from searchkit.frozen import frozen
from searchkit.readers.decoding import lines
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, Source, UnreadableError
from searchkit.readers.nexis_article import BODY, CLOSING, article
from searchkit.readers.paragraphs import Paragraph

_FIRST = re.compile(
    r"\s*(?:(?P<number>[0-9]{1,6}) (?:of|von|de) (?P<all>[0-9]{1,6}) (?:DOCUMENTS?|DOKUMENTEN?|DOCUMENTOS?)"
    r"|(?:Document|Dokument|Documento) (?P<numbered>[0-9]{1,6}) (?:of|von|de) (?P<total>[0-9]{1,6}))\s*"
)
_LAST = re.compile(r"\s*(?:End of Document|Ende des Dokuments?|Fin du document|Fin del documento)\s*", re.IGNORECASE)
_COVER_COUNT = re.compile(r"\s*Documents? \(([0-9]{1,6})\)\s*")
_NO_ARTICLE = 500


@frozen
class _Block:
    """What stands between two marks. ``number`` is what the first says, or 0; ``is_whole`` that there is a second."""

    paragraphs: list[Paragraph]
    number: int
    is_whole: bool


def is_nexis(paragraphs: Iterable[Paragraph]) -> bool:
    """Whether these are the paragraphs of an export."""
    firsts = lasts = bodies = fields = 0
    for paragraph in paragraphs:
        if len(paragraph.text) > 400:
            continue
        firsts += _FIRST.fullmatch(paragraph.text) is not None
        lasts += _LAST.fullmatch(paragraph.text) is not None
        bodies += BODY.fullmatch(paragraph.text) is not None
        fields += CLOSING.match(paragraph.text) is not None
    return bool((lasts and bodies) or (firsts and fields))


def read_nexis_text(source: Source) -> Iterator[Article | Problem]:
    """The articles of an export as text, each as soon as its end is seen."""
    yield from read_nexis_paragraphs(source, _text_paragraphs(source))


def read_nexis_paragraphs(source: Source, paragraphs: Iterable[Paragraph]) -> Iterator[Article | Problem]:
    """The articles, and a Problem for what could not be parted or is missing; UnreadableError where there is none."""
    parts = _Parts()
    count = before = 0
    for block in parts.of(paragraphs):
        count += 1
        if before and block.number > before + 1:
            reason = f"goes from document {before} to {block.number}: what lies between is missing or not parted"
            yield Problem(source.origin(f"record {count}"), reason, kept=True)
        before = block.number
        yield from article(source, count, block.paragraphs)
        if not block.is_whole:
            yield Problem(
                source.origin(f"record {count}"), "ends before its 'End of Document': it is cut off", kept=True
            )
    if not count:
        raise UnreadableError("is an export of Nexis, but no article of it could be parted", "format")
    if parts.left_over > _NO_ARTICLE:
        yield Problem(source.origin(), f"has {parts.left_over:,} characters that belong to no document", kept=True)
    if parts.announced and parts.announced != count:
        reason = f"announces {parts.announced:,} documents on its cover, and holds {count:,}"
        yield Problem(source.origin(), reason, kept=True)


class _Parts:
    """The paragraphs, parted at the marks. What stands before the first and behind the last belongs to no article."""

    def __init__(self) -> None:
        self.announced = 0
        self.left_over = 0

    def of(self, paragraphs: Iterable[Paragraph]) -> Iterator[_Block]:
        """The blocks, each as soon as its end is seen."""
        held: list[Paragraph] = []
        number = size = 0
        for paragraph in paragraphs:
            first = _FIRST.fullmatch(paragraph.text) if len(paragraph.text) < 200 else None
            ends = not first and len(paragraph.text) < 60 and _LAST.fullmatch(paragraph.text)
            if first or ends:
                if (number or ends) and _speaks(held):
                    yield _Block(held, number, is_whole=True)
                held, size = [], 0
                number = int(first["number"] or first["numbered"]) if first else 0
                continue
            if cover := _COVER_COUNT.fullmatch(paragraph.text[:40]):
                self.announced = int(cover[1])
            held.append(paragraph)
            size += len(paragraph.text)
            if size > RECORD_LIMIT:
                raise UnreadableError(f"has an article of more than {RECORD_LIMIT_WORDS}", "limit")
        if _speaks(held) and (number or any(BODY.fullmatch(paragraph.text) for paragraph in held)):
            yield _Block(held, number, is_whole=bool(number))
        else:
            self.left_over = size


def _speaks(paragraphs: list[Paragraph]) -> bool:
    return any(paragraph.text and not paragraph.text.isspace() for paragraph in paragraphs)


# An export is broken into lines of some 78 characters. A line that had room for the next word was ended on purpose.
_WIDTH = 68
_INDENTED = re.compile(r" {2,6}\S")


def _text_paragraphs(source: Source) -> Iterator[Paragraph]:
    held: list[str] = []
    size = 0
    for _, raw in lines(source.stream):
        if raw is None:
            raise UnreadableError(f"has a line of more than {RECORD_LIMIT_WORDS}", "limit")
        line = raw.replace("\u00a0", " ").replace("\f", "")
        begins = _INDENTED.match(line) and held and not held[-1].startswith(" ")
        if held and (begins or not line.strip() or _FIRST.fullmatch(line)):
            yield Paragraph(_joined(held))
            held = []
        if line.strip():
            held.append(line)
            size = size + len(line) if len(held) > 1 else len(line)
            if size > RECORD_LIMIT:
                raise UnreadableError(f"has a paragraph of more than {RECORD_LIMIT_WORDS}", "limit")
        if held and _FIRST.fullmatch(line):
            yield Paragraph(line.strip())
            held = []
    if held:
        yield Paragraph(_joined(held))


def _joined(written: list[str]) -> str:
    """The lines of a paragraph, with line feeds only where its author has put them."""
    pieces: list[str] = []
    room = 0
    for line in written:
        stripped = line.strip()
        if pieces:
            word = stripped.split(" ", 1)[0]
            pieces.append("\n" if room + 1 + len(word) <= _WIDTH else " ")
        pieces.append(stripped)
        room = len(stripped)
    return "".join(pieces)
