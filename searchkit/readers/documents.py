"""What does a document of a word processor hold? One article, or the export of a service with many of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from searchkit.article import Article, Problem
from searchkit.frozen import frozen
from searchkit.readers.factiva import is_factiva, read_factiva_paragraphs
from searchkit.readers.format import Source
from searchkit.readers.nexis import is_nexis, read_nexis_paragraphs
from searchkit.readers.paragraphs import HEADING, TITLE, Paragraph, running_text
from searchkit.readers.prose import one_line

# What programs enter when nobody has told them a name or a title.
_NO_NAME = frozenset(
    (
        "admin",
        "administrator",
        "author",
        "microsoft office user",
        "owner",
        "python-docx",
        "unknown",
        "user",
        "windows user",
    )
)
_NO_TITLE = re.compile(r"microsoft word - |document ?[0-9]*$|untitled|word document$", re.IGNORECASE)
_BETWEEN = re.compile(r"[;|\n]")


@frozen
class Properties:
    """What a document says of itself beside its text, as it is written; ``created`` is when the file was made."""

    title: str = ""
    author: str = ""
    language: str = ""
    created: str = ""


def read_paragraphs(
    source: Source, paragraphs: list[Paragraph], properties: Properties
) -> Iterator[Article | Problem]:
    """The articles of an export of Nexis or Factiva, or else the one article that the document is."""
    if is_nexis(paragraphs):
        yield from read_nexis_paragraphs(source, paragraphs)
    elif is_factiva(paragraphs):
        yield from read_factiva_paragraphs(source, paragraphs)
    else:
        yield from _single(source, paragraphs, properties)


def _single(source: Source, paragraphs: list[Paragraph], properties: Properties) -> Iterator[Article | Problem]:
    at = _title_at(paragraphs)
    title = one_line(paragraphs[at].text) if at >= 0 else ""
    body = running_text(paragraphs[:at] + paragraphs[at + 1 :] if at >= 0 else paragraphs)
    notes: list[tuple[str, str]] = []
    if not title and not body:
        yield Problem(source.origin(), "holds no text", kind="empty")
        return
    if not title and not _NO_TITLE.match(one_line(properties.title)):
        title = one_line(properties.title)
        if title:
            notes.append(("title from", "the document's properties"))
    if created := one_line(properties.created):
        # When the file was made, which for a document from a template or a copy is years off: a note and no date.
        notes.append(("file made", created))
    yield Article(
        id=source.name,
        title=title,
        body=body,
        authors=_authors(properties.author),
        language=one_line(properties.language),
        origin=source.origin(),
        notes=tuple(notes),
    )


def _title_at(paragraphs: list[Paragraph]) -> int:
    """Where the first paragraph of the style Title stands, or else the first heading; -1 for neither."""
    for level in (TITLE, HEADING):
        for at, paragraph in enumerate(paragraphs):
            if paragraph.level == level and paragraph.text and not paragraph.text.isspace():
                return at
    return -1


def _authors(written: str) -> tuple[str, ...]:
    names = dict.fromkeys(one_line(name) for name in _BETWEEN.split(written))
    return tuple(name for name in names if name and name.lower() not in _NO_NAME)
