"""What is an article? One frozen record crosses every seam, with where it was found."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from searchkit.frozen import frozen, setters_of


@frozen
class Origin:
    """Where something was read: a file, and a place in it.

    ``path`` is absolute. ``place`` is a line or a record of the file, counted from 1 and said
    in words ("line 17", "record 3"), or '' for the whole file.
    """

    path: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.path}, {self.place}" if self.place else self.path


NOWHERE = Origin("")


@dataclass(frozen=True, slots=True, init=False)
class Article:
    """One piece of news, as every room of the house knows it.

    ``id`` is unique within an index. ``title`` is '' where the document has none; it is never
    made up here. ``body`` separates paragraphs by a blank line. ``date`` is the civil day of
    publication, without a clock or a time zone. Whatever is not known is '' or None.

    ``notes`` are what else there is to say of it, each a name and a text on one line: what the document
    states beside its fields ("slugline", "priority"), and what a reader did not find stated ("date from":
    "the URL"). ``show`` prints them; nobody searches them.
    """

    id: str
    title: str
    body: str
    date: datetime.date | None = None
    source: str = ""
    authors: tuple[str, ...] = ()
    section: str = ""
    url: str = ""
    language: str = ""
    origin: Origin = NOWHERE
    notes: tuple[tuple[str, str], ...] = ()

    # The one that a frozen dataclass writes takes twice as long, and there are millions of articles.
    def __init__(
        self,
        id: str,  # noqa: A002 - the name of the field
        title: str,
        body: str,
        date: datetime.date | None = None,
        source: str = "",
        authors: tuple[str, ...] = (),
        section: str = "",
        url: str = "",
        language: str = "",
        origin: Origin = NOWHERE,
        notes: tuple[tuple[str, str], ...] = (),
    ) -> None:
        _put_id(self, id)
        _put_title(self, title)
        _put_body(self, body)
        _put_date(self, date)
        _put_source(self, source)
        _put_authors(self, authors)
        _put_section(self, section)
        _put_url(self, url)
        _put_language(self, language)
        _put_origin(self, origin)
        _put_notes(self, notes)


(
    _put_id,
    _put_title,
    _put_body,
    _put_date,
    _put_source,
    _put_authors,
    _put_section,
    _put_url,
    _put_language,
    _put_origin,
    _put_notes,
) = setters_of(Article)


KINDS = ("access", "archive", "damaged", "date", "empty", "extra", "format", "id", "limit", "slow")
"""What a problem may be about.

- access: the file may not be read, is gone, or is no file;
- archive: what is packed in a way that is not followed (a path that climbs out, archives too deep);
- damaged: what is there is not what its format asks for;
- date: a day that does not exist or is ambiguous;
- empty: there is no text, or no article;
- extra: the library of the format is not installed;
- format: nothing here reads such a file;
- id: an article with this id is there already;
- limit: it is larger or deeper than the settings allow;
- slow: it took longer than they allow, or more memory, and may pass another time.
"""


@frozen
class Problem:
    """Why something was not read, or was read with a reservation.

    ``reason`` is half a sentence for a person. With ``kept`` the article was indexed all the
    same (its date could not be understood, for example); without it, it was skipped. ``kind`` is one
    of ``KINDS``.
    """

    origin: Origin
    reason: str
    kept: bool = False
    kind: str = "damaged"
