"""What does a message in ANPA 1312 say? A header of codes, lines for the desk, and the paragraphs of a story.

The standard of the American Newspaper Publishers Association of 1979, as the wires of North America have used it:

    SYN SYN SOH  z0123 US -----            service level, number, selector
    r s DC4 DC1 BC-BBO--Park,0250  02-20 0250     priority, category, format, keyword, day, words
    STX ^Old park opens again<  ^By ANN EXAMPLE=  TAB Paragraph ...
    ETX AP-WF-02-20-16 0337GMT<  EOT       agency, day and time
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import NamedTuple

from searchkit.article import Article, Problem
from searchkit.readers.agency import category_of, doubted, named, noted
from searchkit.readers.format import Source
from searchkit.readers.prose import introduced, one_line, tidy
from searchkit.readers.wire import Message, articles, credit_of, day_of, paragraphs

_SERVICE = re.compile(r"\s*([A-Za-z]?[0-9]{1,6})")
_CODES = re.compile(
    r"([A-Za-z])[ \x1f]+([A-Za-z])[ \x10-\x1f]*\s"
    r"[ \x10-\x1f]*(\S.*?)??[ \x10-\x1f]+([0-9]{1,2}-[0-9]{1,2})(?:[ \x10-\x1f]+([0-9]{1,6}))?\s*$"
)
_LONGEST_ROW = 200
_TRAILER = re.compile(r"(?:\b([A-Z]{2,5})-[A-Z]{2,3}-)?\b([0-9]{2})-([0-9]{2})-([0-9]{2}|[0-9]{4})[ \t]+[0-9]{4}")

# Words to the typesetting machine, the word that the operator took back, and characters for places in a line.
_INSTRUCTION = re.compile("\x0c[^\x0b\n]{0,200}\x0b")
_QUADS = re.compile("[\x1c-\x1f]")
_ENDS = "<=>^! \t"
_LINE_END = re.compile(r"[<=>]\s*$")
_RULE = re.compile(r"_{3,}")

_KEYWORD_LINE = re.compile(r"[A-Za-z]{2}-\S.*|\S.*,\s?[0-9]{1,5}")
_BYLINE = re.compile(r"by\s+\S", re.IGNORECASE)
_PICTURES = re.compile(r"AP (?:Photo|Video|Audio|Graphic|Interactive)", re.IGNORECASE)
_TO_EDITORS = re.compile(r"\(?(?:Eds|EDITOR['’]?S['’]? NOTE)\s?[:.,_—-]*\s*(.*?)\)?", re.IGNORECASE)


class _Told(NamedTuple):
    """What the text of a message says."""

    title: str
    body: str
    authors: tuple[str, ...]
    to_editors: str
    last: str


def read_anpa(source: Source) -> Iterator[Article | Problem]:
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
    service = _SERVICE.match(message.header)
    codes = next((match for row in message.header.split("\n") if (match := _CODES.search(row[:_LONGEST_ROW]))), None)
    priority, category, keyword, filed, _ = codes.groups() if codes else ("",) * 5
    stated = _TRAILER.search(message.trailer) or _TRAILER.search(told.last)
    day: datetime.date | None = None
    if stated:
        day = day_of(stated.group(4), int(stated.group(2)), int(stated.group(3)))
        yield from doubted(origin, "" if day else stated.group())
    yield Article(
        id=message.name,
        title=told.title,
        body=told.body,
        date=day,
        source=(stated.group(1) if stated else "") or credit_of(told.body),
        authors=told.authors,
        section=category_of(category),
        origin=origin,
        notes=tuple(
            noted(
                ("date from", "the end of the message, month first" if day else ""),
                ("slugline", keyword or ""),
                ("priority", priority),
                ("category", category),
                ("message", service.group(1) if service else ""),
                # The header states no year.
                ("filed", "" if day else filed),
                ("to editors", told.to_editors),
            )
        ),
    )


def _told(text: str) -> _Told:
    rows = _readable(text).split("\n")
    last = next((row.strip() for row in reversed(rows) if row.strip()), "")
    if _TRAILER.search(last) and len(last) < 60:
        rows = rows[: len(rows) - 1 - rows[::-1].index(next(row for row in reversed(rows) if row.strip()))]
    heads, begin = _heads(rows)
    title = to_editors = ""
    bylines: list[str] = []
    summary: list[str] = []
    after_byline = False
    for number, head in enumerate(heads):
        editors = _TO_EDITORS.fullmatch(head)
        if after_byline or _PICTURES.match(head) or (not number and _KEYWORD_LINE.fullmatch(head)):
            # Beneath a byline stands whom its author writes for.
            after_byline = False
        elif editors:
            to_editors = to_editors or editors.group(1)
        elif _BYLINE.match(head):
            bylines.append(head)
            after_byline = True
        elif not title:
            title = one_line(head)
        else:
            summary.append(head)
    body = tidy("\n\n".join(_body(rows[begin:])))
    return _Told(title, introduced(body, *summary), named(bylines), to_editors, last)


def _readable(text: str) -> str:
    text = _INSTRUCTION.sub("", text)
    if "\x18" in text:
        text = _taken_back(text)
    text = _QUADS.sub(" ", text).replace("\x10", "   ")
    # What the character set of 1979 had no room for.
    return text.replace("``", "“").replace("''", "”").replace(" _ ", " — ")


def _taken_back(text: str) -> str:
    """The text without the words that a kill-word character follows, and the blank before each."""
    *pieces, last = text.split("\x18")
    kept = [piece[: max(piece.rfind(" "), piece.rfind("\n") + 1)] for piece in pieces]
    return "".join([*kept, last])


def _heads(rows: list[str]) -> tuple[list[str], int]:
    """The lines before the story, which say how they end, and where it begins."""
    heads: list[str] = []
    for number, row in enumerate(rows):
        text = row.strip()
        if not text:
            continue
        if not text.startswith("^") and (row[:1] in "\t\b" or not _LINE_END.search(text)):
            return heads, number
        if text.strip(_ENDS):
            heads.append(text.strip(_ENDS))
    return heads, len(rows)


def _body(rows: list[str]) -> list[str]:
    spaced: list[str] = []
    for row in rows:
        # A line of its own, be it a heading, and a row of a table.
        alone = row.lstrip().startswith("^")
        text = _LINE_END.sub("", row.lstrip().lstrip("^") if alone else row)
        text = "\t" + text.replace("\b", "") if text.startswith("\b") else text
        spaced += ["", text, ""] if alone else [text]
        if _LINE_END.search(row):
            spaced.append("")
    return [text for text in paragraphs(spaced) if not _RULE.fullmatch(text)]
