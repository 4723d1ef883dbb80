"""Where do the messages of a wire begin and end? At control characters: SOH a header, STX the text, ETX the rest.

ANPA 1312 and IPTC 7901 share this frame. A file may be one message or the log of a year, with whatever the line
carried between them; it is read as a stream, message by message.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from searchkit.article import Article, Problem
from searchkit.readers.format import RECORD_LIMIT, Source, UnreadableError
from searchkit.readers.guessing import guess

_SOH, _STX, _ETX, _EOT = b"\x01", b"\x02", b"\x03", b"\x04"
# No message comes near this; what does is no wire.
MESSAGE_LIMIT = RECORD_LIMIT // 4
_MESSAGE_LIMIT_WORDS = "16 MiB"
_CHUNK = 1 << 18
_PADDING = b"\x00\x04\x16\x7f \t\r\n"

# In words: letters of the page of the old PCs that are none in the western page, and letters of the western page.
_PC_LETTERS = re.compile(rb"(?<=[A-Za-z])[\x81-\x84\x86-\x89\x8b\x8d\x90\x94](?=[a-z])")
_WESTERN_LETTERS = re.compile(rb"(?<=[A-Za-z])[\xc0-\xff]")

# Both formats are of 1979: a year of two digits is none before.
_FIRST_YEAR = 79

_INDENTED = re.compile(r"[\t ]{2,}|\t")
_COLUMNS = re.compile(r"\S(?:[ ]{3,}|\t)\S")
_CREDIT = re.compile(r"[^()\n]{2,60} \(([A-Za-z][A-Za-z/. -]{1,19})\) ?[-–—_]")


class Message(NamedTuple):
    """A message of a wire: its parts as text with line feeds, its place and its id, and whether its end was there."""

    header: str
    text: str
    trailer: str
    place: str
    name: str
    ended: bool


def messages(source: Source) -> Iterator[Message | Problem]:
    """Every message in order, a Problem for one without a text; UnreadableError where there is none."""
    decode = _Decoder()
    frames = _frames(source)
    frame, number = next(frames, None), 0
    if frame is None:
        raise UnreadableError("holds no message of a wire (no start of a header)", "format")
    while frame is not None:
        following = next(frames, None)
        number += 1
        alone = number == 1 and following is None
        place = "" if alone else f"record {number}"
        header, begins, rest = frame.partition(_STX)
        text, ends, trailer = rest.partition(_ETX)
        if not begins:
            yield Problem(source.origin(place), "is a message without a text (no STX)", kind="empty")
        else:
            if not ends:
                text, _, trailer = rest.partition(_EOT)
            yield Message(
                decode(header),
                decode(text),
                decode(trailer.partition(_EOT)[0]),
                place,
                source.name if alone else source.numbered(number),
                bool(ends),
            )
        frame = following


class _Decoder:
    """Decodes the parts of messages: UTF-8, or the code page of the first part that is none; with line feeds."""

    def __init__(self) -> None:
        self._page = ""

    def __call__(self, part: bytes) -> str:
        try:
            text = part.decode("utf-8")
        except UnicodeDecodeError:
            self._page = self._page or _page(part)
            text = part.decode(self._page, "replace")
        return text.replace("\r\n", "\n").replace("\r", "\n")


def _page(part: bytes) -> str:
    """The page of the old PCs, the western one, or that of another script; no wire comes from an old Mac."""
    pc, others = len(_PC_LETTERS.findall(part)), len(_WESTERN_LETTERS.findall(part))
    if pc > others:
        return "cp850"
    page = guess(part)
    return "cp1252" if page == "mac_roman" else page


def _frames(source: Source) -> Iterator[bytes]:
    """What stands between one start of a header and the next."""
    held, within = b"", False
    while chunk := source.stream.read1(_CHUNK):
        pieces = chunk.split(_SOH)
        held += pieces[0]
        for piece in pieces[1:]:
            if within and held.strip(_PADDING):
                yield held
            held, within = piece, True
        if not within:
            held = b""
        if len(held) > MESSAGE_LIMIT:
            raise UnreadableError(f"has a message of more than {_MESSAGE_LIMIT_WORDS}", "limit")
    if within and held.strip(_PADDING):
        yield held


def short_year(digits: str) -> int:
    """The year that two or four digits mean."""
    year = int(digits)
    return year if len(digits) == 4 else year + (1900 if year >= _FIRST_YEAR else 2000)


def day_of(year: str, month: int, day: int) -> datetime.date | None:
    """The day of these numbers, or None if there is none."""
    try:
        return datetime.date(short_year(year), month, day)
    except ValueError:
        return None


def paragraphs(rows: list[str]) -> list[str]:
    """Rows of a fixed width as paragraphs: one begins where a row is indented, or behind a blank one.

    A row of a table keeps its line.
    """
    found: list[list[str]] = []
    fresh, in_table = True, False
    for row in rows:
        text = row.strip()
        if not text:
            fresh = True
            continue
        table = ("   " in text or "\t" in text) and bool(_COLUMNS.search(text))
        indented = bool(_INDENTED.match(row)) and not (table and in_table)
        if fresh or indented:
            found.append([text])
        else:
            found[-1] += ["\n" if table or in_table else " ", text]
        fresh, in_table = False, table
    return ["".join(pieces) for pieces in found]


def credit_of(body: str) -> str:
    """The agency that the dateline of a text credits: "AP" of "ATLANTA (AP) — Rain fell", or ''."""
    match = _CREDIT.match(body)
    return match.group(1) if match else ""


def articles(
    source: Source, article: Callable[[Source, Message], Iterator[Article | Problem]]
) -> Iterator[Article | Problem]:
    """What ``article`` makes of each message of a wire; UnreadableError where there is none."""
    for message in messages(source):
        if isinstance(message, Problem):
            yield message
        else:
            yield from article(source, message)
