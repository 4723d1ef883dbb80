"""What does a JSON Feed say? Version 1.0 or 1.1 (jsonfeed.org): an envelope about the feed, and its items."""

from __future__ import annotations

import json
from collections.abc import Iterator

from searchkit.article import Article, Problem
from searchkit.readers.dates import no_day, settled_day
from searchkit.readers.decoding import read_whole
from searchkit.readers.format import Source, UnreadableError
from searchkit.readers.markup import plain
from searchkit.readers.prose import introduced, one_line, tidy
from searchkit.readers.xml_text import of_html

Record = dict[str, object]


def read_json_feed(source: Source) -> Iterator[Article | Problem]:
    """One article an item; UnreadableError for what is no JSON Feed, or one without items."""
    feed = _parsed(read_whole(source.stream))
    items = feed.get("items")
    if not isinstance(items, list) or not items:
        raise UnreadableError("is a JSON Feed without an item", "empty")
    for number, item in enumerate(items, start=1):
        if isinstance(item, dict):
            yield from _article(source, feed, number, item)
        else:
            yield Problem(source.origin(f"record {number}"), "is no object, as an item of a JSON Feed has to be")


def _parsed(text: str) -> Record:
    try:
        feed = json.JSONDecoder(strict=False).decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UnreadableError(f"is not JSON ({error.msg.lower()} at {place})") from error
    except RecursionError as error:
        raise UnreadableError("is nested too deeply", "limit") from error
    except ValueError as error:
        raise UnreadableError("holds a number that is too long") from error
    if not isinstance(feed, dict):
        raise UnreadableError("is no JSON Feed: it is not an object", "format")
    return feed


def _article(source: Source, feed: Record, number: int, item: Record) -> Iterator[Article | Problem]:
    origin = source.origin(f"record {number}")
    title = one_line(plain(_said(item, "title")))
    body = tidy(of_html(_said(item, "content_html"))) or tidy(_said(item, "content_text"))
    body = introduced(body, tidy(_said(item, "summary")))
    if not title and not body:
        yield Problem(origin, "holds no text", kind="empty")
        return
    url = one_line(_said(item, "url")) or one_line(_said(item, "external_url"))
    own = item.get("id")
    own_id = one_line(str(own)) if isinstance(own, (str, int, float)) and not isinstance(own, bool) else ""
    language = one_line(_said(item, "language")) or one_line(_said(feed, "language"))
    notes: list[tuple[str, str]] = []
    stated = one_line(_said(item, "date_published"))
    if not stated and _said(item, "date_modified"):
        stated = one_line(_said(item, "date_modified"))
        notes.append(("date from", "date_modified"))
    date, words = settled_day(stated, source.settings.dates, language)
    if stated and not date:
        yield Problem(origin, no_day(stated), kept=True, kind="date")
    if words:
        notes.append(("date settled", words))
    yield Article(
        # An id is unique within its feed; only one that is an address is so among feeds.
        id=own_id if "://" in own_id else url or (f"{source.name}#{own_id}" if own_id else source.numbered(number)),
        title=title,
        body=body,
        date=date,
        source=one_line(_said(feed, "title")),
        authors=_authors(item) or _authors(feed),
        section=", ".join(_texts(item.get("tags"))),
        url=url,
        language=language,
        origin=origin,
        notes=tuple(notes) if date else (),
    )


def _said(record: Record, key: str) -> str:
    value = record.get(key)
    return value if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else []
    return list(dict.fromkeys(one_line(text) for text in values if isinstance(text, str) and text.strip()))


def _authors(record: Record) -> tuple[str, ...]:
    """The names; version 1.0 has one "author", 1.1 "authors"."""
    several = record.get("authors")
    authors = [*(several if isinstance(several, list) else ()), record.get("author")]
    return tuple(_texts([author.get("name") for author in authors if isinstance(author, dict)]))
