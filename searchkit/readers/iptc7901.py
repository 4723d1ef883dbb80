"""What does a message in IPTC 7901 say? A header of codes, a keyword line, a heading, and a text in short rows.

The text transmission format of the International Press Telecommunications Council, as its members use it:

    SOH bdt0123 4 pl 250  dpa 0042     source and number, priority, category, words, more
    Park/Town/                         the keywords
    STX Old park opens again           the heading, to a blank line or a sign of equality
    By Ann Example =
    Bonn (dpa) - The text ...
    ETX 211259 Nov 18                  day of the month and time, month, year
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import NamedTuple

from searchkit.article import Article, Problem
from searchkit.readers.agency import category_of, doubted, named, noted
from searchkit.readers.format import Source
from searchkit.readers.prose import one_line, tidy
from searchkit.readers.wire import Message, articles, credit_of, day_of, paragraphs

_HEADER = re.compile(r"\s*([A-Za-z]{1,6})([0-9]{1,6})[ \t]+(\S)[ \t]+(\S{1,4})[ \t]+([0-9]{1,6})(?:[ \t]+([^\n]*))?")
_STATED = re.compile(
    r"([0-9]{2})([0-9]{4})[ \t]*(?:[A-Z]{1,5}[ \t]+)?([^\W\d_]{3,9})\.?[ \t]+([0-9]{4}|[0-9]{2})(?![0-9])"
)
_SOURCE = re.compile(r"[A-Za-z][A-Za-z/-]{1,19}")

# Months by their first letters, in the languages whose agencies write so.
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan ene gen", "feb fev fév", "mar mär mrz", "apr abr avr", "may mai mag", "jun giu juin", "jul lug juil",
         "aug ago aou aoû", "sep set", "oct okt ott out", "nov", "dec dez dic déc"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip

_BYLINE = re.compile(r"(?:by|von|par|por)\s+\S", re.IGNORECASE)
_REMARK = re.compile(r"\(.{1,80}\)")
_LONGEST_HEADING = 8
_LONGEST_HEADING_TEXT = 200
_INDENT = ("  ", "\t")
# From here on an agency speaks to its customers only.
_NOT_FOR_PUBLICATION = re.compile(
    r"The following information is not (?:intended )?for publication"
    r"|Die folgenden Informationen sind nicht zur Veröffentlichung bestimmt",
    re.IGNORECASE,
)
_RULE = re.compile(r"[*_ -]{3,}")


class _Told(NamedTuple):
    """What the text of a message says; ``stated`` is the line of its day, where that stands before its end."""

    title: str
    body: str
    authors: tuple[str, ...]
    stated: re.Match[str] | None


def read_iptc7901(source: Source) -> Iterator[Article | Problem]:
    """One article a message; UnreadableError where there is none."""
    return articles(source, _article)


def _article(source: Source, message: Message) -> Iterator[Article | Problem]:
    origin = source.origin(message.place)
    told = _told(message.text)
    if not told.title and not told.body:
        yield Problem(origin, "holds no text", kind="empty")
        return
    if not message.ended:
        yield Problem(origin, "is a message without its end (no ETX): it may be cut", kept=True)
    header = _HEADER.match(message.header)
    service, number, priority, category, _, more = header.groups() if header else ("",) * 6
    keywords = message.header[header.end() if header else 0 :]
    stated = _STATED.search(message.trailer) or told.stated
    day = _day(stated)
    yield from doubted(origin, stated.group() if stated and not day else "")
    agency = _SOURCE.match(more or "")
    yield Article(
        id=message.name,
        title=told.title,
        body=told.body,
        date=day,
        source=credit_of(told.body) or (agency.group() if agency else service),
        authors=told.authors,
        section=category_of(category),
        origin=origin,
        notes=tuple(
            noted(
                ("slugline", one_line(keywords).strip("/ ")),
                ("priority", priority),
                ("category", category),
                ("message", f"{service}{number}"),
            )
        ),
    )


def _day(stated: re.Match[str] | None) -> datetime.date | None:
    if not stated:
        return None
    word = stated.group(3).lower()
    month = _MONTHS.get(word[:4]) or _MONTHS.get(word[:3])
    return day_of(stated.group(4), month, int(stated.group(1))) if month else None


def _told(text: str) -> _Told:
    hidden = _NOT_FOR_PUBLICATION.search(text)
    rows = (text[: hidden.start()] if hidden else text).strip("\n").split("\n")
    stated = None
    while rows and (not rows[-1].strip() or _RULE.fullmatch(rows[-1].strip())):
        rows.pop()
    if rows and (stated := _STATED.fullmatch(rows[-1].strip())):
        rows.pop()
    heading, begin = _heading(rows)
    title = one_line(" ".join(row for row in heading if not _BYLINE.match(row) and not _REMARK.fullmatch(row)))
    bylines = [row for row in heading if _BYLINE.match(row)]
    body = [part for part in paragraphs(rows[begin:]) if not _RULE.fullmatch(part)]
    return _Told(title, tidy("\n\n".join(body)), named(bylines), stated)


def _heading(rows: list[str]) -> tuple[list[str], int]:
    """The rows of the heading without their ends, and where the text begins; none if nothing parts the two."""
    for number, row in enumerate(rows[: _LONGEST_HEADING + 1]):
        text = row.rstrip()
        if text.endswith("="):
            return [line.strip().rstrip("= ") for line in rows[: number + 1]], number + 1
        if not text or row.startswith(_INDENT):
            heading = [line.strip() for line in rows[:number]]
            return (heading, number) if _is_heading(heading) else ([], 0)
    return [], 0


def _is_heading(heading: list[str]) -> bool:
    """Whether rows before a gap are a heading, not the first paragraph: they are short and end no sentence."""
    text = " ".join(heading)
    return bool(text) and len(text) <= _LONGEST_HEADING_TEXT and text[-1] not in ".,;:" and not credit_of(text)
