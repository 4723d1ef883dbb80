"""What does a JSON file hold? A record, an array of them, an envelope around an array, or a record a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from searchkit.article import Article, Problem
from searchkit.readers.decoding import chunks, lines
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, Source, UnreadableError
from searchkit.readers.records import Shortcut, entry, said, unmet

# Not strict about control characters within texts: the damage is small, and the text is good.
_JSON = json.JSONDecoder(strict=False)

# Where an envelope keeps its records, alone or one within the other (hits.hits, response.docs).
_HOLDERS = (
    "articles", "documents", "docs", "items", "results", "hits", "response", "records", "entries", "stories",
    "posts", "news", "rows", "value", "data",
)  # fmt: skip
_HOLDERS_DEEP = 4

# How close to the end of what was read a fault may stand and still be the fault of the cut.
_CUT_MARGIN = 16

_NEXT = re.compile(r"[^ \t\r\n,]")

_Lines = Iterator[tuple[int, str | None]]


def read_json_lines(source: Source) -> Iterator[Article | Problem]:
    """One record a line. A file that opens with a bracket alone on its line is one JSON text after all."""
    numbered = lines(source.stream)
    first = _next_line(numbered)
    if first and first[1] is not None and first[1].strip() in ("[", "{"):
        yield from _whole(source, chain([first], numbered))
    elif first:
        yield from _by_line(source, chain([first], numbered))


def read_json(source: Source) -> Iterator[Article | Problem]:
    """An array is read record by record, anything else as a whole; JSON lines are read as such."""
    start = source.stream.peek(64).lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    if start.startswith(b"["):
        yield from _array(source)
        return
    numbered = lines(source.stream)
    first, second = _next_line(numbered), _next_line(numbered)
    rest = chain([line for line in (first, second) if line], numbered)
    if second and first and _is_object(first[1]):
        yield from _by_line(source, rest)
    elif first:
        yield from _whole(source, rest)


def _next_line(numbered: _Lines) -> tuple[int, str | None] | None:
    """The next line that is not blank."""
    return next((line for line in numbered if line[1] is None or line[1].strip()), None)


def _by_line(source: Source, numbered: _Lines) -> Iterator[Article | Problem]:
    met: set[str] = set()
    shortcut = Shortcut(source.packer, source) if source.packer else None
    for line, text in numbered:
        number = source.lines_before + line
        if text is not None and (not text or text.isspace()):
            continue
        if text is None:
            yield Problem(source.origin(f"line {number}"), f"is longer than {RECORD_LIMIT_WORDS}", kind="limit")
            continue
        try:
            record = _parsed(text)
        except _FaultError as fault:
            yield Problem(source.origin(f"line {number}"), fault.reason, kind=fault.kind)
            continue
        if shortcut and (packed := shortcut.take(record, number)):
            yield packed  # type: ignore[misc]  # (whoever gives a packer asks for that)
            continue
        origin = source.origin(f"line {number}")
        yield from entry(record, origin, source.numbered(number), source.settings, met=met)
    if not source.lines_before:
        yield from unmet(source, met)


def _whole(source: Source, numbered: _Lines) -> Iterator[Article | Problem]:
    kept: list[tuple[int, str]] = []
    size = 0
    for number, text in numbered:
        size += RECORD_LIMIT if text is None else len(text)
        if text is None or size >= RECORD_LIMIT:
            raise UnreadableError(
                f"is one JSON text of more than {RECORD_LIMIT_WORDS} and no array of records", "limit"
            )
        kept.append((number, text))
    try:
        document = _parsed("\n".join(text for _, text in kept))
    except _FaultError as fault:
        # Lines of JSON of which the first is broken.
        if any(_is_object(text) for _, text in kept[1:10]):
            yield from _by_line(source, iter(kept))
            return
        raise UnreadableError(fault.reason, fault.kind) from fault
    held = _held(document, source.settings.keys)
    if held is None:
        met: set[str] = set()
        yield from entry(document, source.origin(), source.name, source.settings, met=met)
        yield from unmet(source, met)
        return
    yield from _numbered(source, held)


def _numbered(source: Source, records: Iterable[object]) -> Iterator[Article | Problem]:
    met: set[str] = set()
    for number, record in enumerate(records, start=1):
        origin = source.origin(f"record {number}")
        yield from entry(record, origin, source.numbered(number), source.settings, met=met)
    yield from unmet(source, met)


def _held(document: object, keys: tuple[tuple[str, str], ...]) -> list[object] | None:
    """The records within an envelope; None for what is a record itself."""
    for _ in range(_HOLDERS_DEEP):
        if isinstance(document, list):
            return document
        if not isinstance(document, dict) or said(document, "body", keys):
            # What brings a text of its own is an article, whatever lists it holds.
            return None
        document = next((document[key] for key in _HOLDERS if _holds(document.get(key))), None)
    return document if isinstance(document, list) else None


def _holds(value: object) -> bool:
    if isinstance(value, list):
        return not value or isinstance(value[0], dict)
    return isinstance(value, dict) and any(_holds_list(value.get(key)) for key in _HOLDERS)


def _holds_list(value: object) -> bool:
    if isinstance(value, dict):
        return any(isinstance(value.get(key), list) for key in _HOLDERS)
    return isinstance(value, list)


def _array(source: Source) -> Iterator[Article | Problem]:
    yield from _numbered(source, _Array(chunks(source.stream)))


class _Array:
    """The elements of a JSON array that is longer than memory, one after the other.

    A record that breaks off at the end of what was read is tried again with twice as much text.
    """

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._text = ""
        self._at = 0
        self._count = 0

    def __iter__(self) -> Iterator[object]:
        self._next_character()
        self._at += 1
        while self._next_character() != "]":
            self._count += 1
            yield self._element()
        self._at += 1
        if self._next_character(or_end=True):
            raise UnreadableError("goes on after the end of its array")

    def _next_character(self, *, or_end: bool = False) -> str:
        while True:
            match = _NEXT.search(self._text, self._at)
            if match:
                self._at = match.start()
                return match.group()
            self._at = len(self._text)
            if not self._read_more():
                if or_end:
                    return ""
                raise UnreadableError("the array ends too early")

    def _element(self) -> object:
        while True:
            try:
                value, end = _JSON.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                # A cut shows as a fault at the end of the text, or as a text that has no end.
                cut = error.pos >= len(self._text) - _CUT_MARGIN or error.msg.startswith("Unterminated")
                if cut and self._read_more():
                    continue
                raise self._fault(f"is not JSON ({error.msg.lower()})") from error
            except (ValueError, RecursionError) as error:
                raise self._fault(_unusual(error), "limit") from error
            # A number may go on in the next piece; nothing else can.
            if end == len(self._text) and isinstance(value, (int, float)) and self._read_more():
                continue
            self._at = end
            return value

    def _fault(self, reason: str, kind: str = "damaged") -> UnreadableError:
        """What ends the array at the record at hand."""
        return UnreadableError(reason, kind, f"record {self._count}")

    def _read_more(self) -> bool:
        """Whether there was more; drops what has been read and doubles what has not."""
        parts = [self._text[self._at :]]
        wanted, size = len(parts[0]), len(parts[0])
        if size >= RECORD_LIMIT:
            raise self._fault(f"is longer than {RECORD_LIMIT_WORDS}", "limit")
        more = False
        for piece in self._pieces:
            parts.append(piece)
            size += len(piece)
            more = True
            if size >= 2 * wanted:
                break
        self._text, self._at = "".join(parts), 0
        return more


class _FaultError(Exception):
    """Why a text is not JSON, as half a sentence."""

    def __init__(self, reason: str, kind: str = "damaged") -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind


def _parsed(text: str) -> object:
    try:
        value: object = _JSON.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}" if "\n" in text else f"column {error.colno}"
        raise _FaultError(f"is not JSON ({error.msg.lower()} at {place})") from error
    except (ValueError, RecursionError) as error:
        raise _FaultError(_unusual(error), "limit") from error
    return value


def _unusual(error: Exception) -> str:
    # Besides faults of syntax, Python refuses numbers of more than 4,300 digits.
    return "is nested too deeply" if isinstance(error, RecursionError) else "holds a number that is too long"


def _is_object(text: str | None) -> bool:
    if text is None or not text.lstrip().startswith("{"):
        return False
    try:
        return isinstance(_parsed(text), dict)
    except _FaultError:
        return False
