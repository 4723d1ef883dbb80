"""How is an article kept? As the lengths of its fields, then the fields, in UTF-8; its day is a column."""

from __future__ import annotations

import datetime
import struct
from itertools import chain

from searchkit.article import Article, Origin

_FIELDS = 11
_PATH = 7
_LENGTHS = struct.Struct(f"<{_FIELDS}I")
# Authors are one field, and so are notes; no reader lets this character into either.
_BETWEEN = "\x1f"
HEAD = _LENGTHS.size
LAST_DAY = datetime.date.max.toordinal()


def encode(article: Article, title: bytes, body: bytes) -> bytes:
    """The article as bytes; ``title`` and ``body`` are its own in UTF-8, since the caller has them already."""
    origin = article.origin
    fields = [
        article.id.encode("utf-8", "replace"),
        title,
        article.source.encode("utf-8", "replace"),
        _BETWEEN.join(article.authors).encode("utf-8", "replace"),
        article.section.encode("utf-8", "replace"),
        article.url.encode("utf-8", "replace"),
        article.language.encode("utf-8", "replace"),
        # A path may hold bytes that are not UTF-8.
        origin.path.encode("utf-8", "surrogateescape"),
        origin.place.encode("utf-8", "replace"),
        _BETWEEN.join(chain.from_iterable(article.notes)).encode("utf-8", "replace"),
        body,
    ]
    return _LENGTHS.pack(*map(len, fields)) + b"".join(fields)


def decode(data: bytes | memoryview, at: int, day: int) -> Article:
    """The article at ``at``; raises ValueError where the bytes are none, or ``day`` no day of the calendar."""
    if day > LAST_DAY:
        raise ValueError("a day beyond the calendar")
    lengths = _LENGTHS.unpack_from(data, at) if at + _LENGTHS.size <= len(data) else ()
    at += _LENGTHS.size
    if not lengths or at + sum(lengths) > len(data):
        raise ValueError("the record runs over its block")
    fields: list[str] = []
    for number, length in enumerate(lengths):
        # Most fields of most articles are empty.
        if length:
            fields.append(str(data[at : at + length], "utf-8", "surrogateescape" if number == _PATH else "strict"))
            at += length
        else:
            fields.append("")
    key, title, source, authors, section, url, language, path, place, notes, body = fields
    said = notes.split(_BETWEEN) if notes else []
    if len(said) % 2:
        raise ValueError("a note without its text")
    return Article(
        id=key,
        title=title,
        body=body,
        date=datetime.date.fromordinal(day) if day else None,
        source=source,
        authors=tuple(authors.split(_BETWEEN)) if authors else (),
        section=section,
        url=url,
        language=language,
        origin=Origin(path, place),
        notes=tuple(zip(said[::2], said[1::2], strict=True)),
    )
