"""What do the rows of a table (CSV, TSV) say? The first names the columns, each other is an article."""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterator
from itertools import chain, islice

from searchkit.article import Article, Problem
from searchkit.readers.decoding import SAMPLE_SIZE, lines
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, Source, UnreadableError
from searchkit.readers.prose import one_line
from searchkit.readers.records import entry, field_of, plan_for, unmet

_DELIMITERS = ",\t;|"
# How some programs begin a table.
_SEPARATOR = re.compile(r"sep=.", re.IGNORECASE)
_LONGEST_HEADER = 4096
_SPEAKING = ("title", "body", "summary")
_EXPECTED = "title, text, date, source, author, section, url, language, id"


# What a table of unknown names must have to be told from prose: so many columns, in so many rows with the first.
_COLUMNS, _ROWS = 3, 4
_COLUMN_NAME = re.compile(r"(?=.*[^\W\d])[\w#@.:/()%-][\w #@.:/()%-]{0,59}")


def looks_like_table(sample: bytes) -> bool:
    """Whether a document that begins so is a table with a header, as far as that can be told without its name."""
    text = sample.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").lstrip()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first, _, rest = text.partition("\n")
    first = first.strip()
    # A blank line after the first makes that a title.
    if (
        not any(mark in first for mark in _DELIMITERS)
        or len(first) > _LONGEST_HEADER
        or rest.startswith(("\n", "\r\n"))
    ):
        return False
    if _SEPARATOR.fullmatch(first):
        return True
    delimiter = max(_DELIMITERS, key=lambda mark: _score(first, mark))
    names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    if len(names) < 2 or len(set(names)) < len(names) or not all(map(_COLUMN_NAME.fullmatch, names)):
        return False
    rows = list(islice(_whole_rows(text, delimiter), _ROWS))
    if not all(len(row) == len(names) for row in rows):
        return False
    known = [field_of(name) for name in names]
    if any(field in known for field in _SPEAKING) and len(set(known) - {""}) >= 2:
        return len(rows) > 1
    # In prose a comma is followed by a blank.
    return len(names) >= _COLUMNS and len(rows) == _ROWS and ", " not in first


def _whole_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows of a sample that are there to their end, blank ones left out."""
    whole = text[: text.rfind("\n") + 1] if len(text) >= SAMPLE_SIZE else text
    with contextlib.suppress(csv.Error):
        yield from filter(None, csv.reader(whole.splitlines(keepends=True), delimiter=delimiter))


def read_delimited(source: Source) -> Iterator[Article | Problem]:
    """One article a row, at the line where the row begins; UnreadableError without usable column names."""
    # The csv module has one limit for the whole program.
    csv.field_size_limit(RECORD_LIMIT)
    supply = _Supply(lines(source.stream))
    first = next((line for line in supply if line.strip()), "")
    if not first:
        return
    if _SEPARATOR.fullmatch(first.strip()):
        delimiter = first.strip()[-1]
    else:
        delimiter = max(_DELIMITERS, key=lambda mark: _score(first, mark))
        supply.give_back(first)
    header: list[str] | None = None
    for row in _rows(source, supply, delimiter):
        if isinstance(row, Problem):
            yield row
        elif header is None:
            header = _header(row[1], source.settings.keys)
            yield from unmet(source, set(header))
        elif any(row[1]):
            yield from _article(source, header, *row)


def _score(line: str, delimiter: str) -> tuple[int, int]:
    """How well a delimiter parts the first line: how many columns become known, how many there are."""
    names = next(csv.reader([line], delimiter=delimiter), [])
    return len({field_of(name) for name in names} - {""}), len(names)


def _header(names: list[str], keys: tuple[tuple[str, str], ...]) -> list[str]:
    names = [one_line(name) for name in names]
    plan = plan_for(tuple(names), keys)
    if not any(getattr(plan, field) for field in _SPEAKING):
        found = ", ".join(name[:30] for name in names[:12]) + (", …" if len(names) > 12 else "")
        expected = f"known: {_EXPECTED}; --map title=COLUMN names another"
        raise UnreadableError(f"has no column for a title or a text (found: {found}; {expected})", "format")
    return names


def _article(source: Source, header: list[str], line: int, cells: list[str]) -> Iterator[Article | Problem]:
    while len(cells) > len(header) and not cells[-1].strip():
        cells.pop()
    origin = source.origin(f"line {line}")
    padding = [""] * (len(header) - len(cells))
    record = dict(zip(header, cells + padding, strict=False))
    items = list(entry(record, origin, source.numbered(line), source.settings))
    if len(cells) == len(header):
        yield from items
        return
    shape = f"has {len(cells)} cell{'' if len(cells) == 1 else 's'} where the header has {len(header)}"
    if isinstance(items[-1], Problem):
        yield Problem(origin, f"{shape}, and {items[-1].reason}")
        return
    yield Problem(origin, shape, kept=True)
    yield from items


def _rows(source: Source, supply: _Supply, delimiter: str) -> Iterator[tuple[int, list[str]] | Problem]:
    """Each row with the line where it begins, and what is wrong in between."""
    reader = csv.reader(supply, delimiter=delimiter)
    while True:
        supply.begin_row()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Problem(source.origin(f"line {supply.first}"), f"is no row of a table ({error})")
            continue
        for line in supply.take_overlong():
            yield Problem(source.origin(f"line {line}"), f"is longer than {RECORD_LIMIT_WORDS}", kind="limit")
        if cells is None:
            return
        if supply.ended and len(supply.held) > 1:
            # The reader ran to the end of the file in search of a closing quote.
            reason = "opens a quote that is never closed: from here on quotes are taken for text"
            yield Problem(source.origin(f"line {supply.first}"), reason, kept=True)
            for line, text in enumerate(supply.held, start=supply.first):
                yield line, next(csv.reader([text], delimiter=delimiter, quoting=csv.QUOTE_NONE), [])
            return
        yield supply.first, cells


class _Supply:
    """Hands lines to the csv module and remembers which of them make up the present row."""

    def __init__(self, numbered: Iterator[tuple[int, str | None]]) -> None:
        self._numbered = numbered
        self._overlong: list[int] = []
        self._size = 0
        self._line = 0
        self.held: list[str] = []
        self.first = 0
        self.ended = False

    def __iter__(self) -> _Supply:
        return self

    def __next__(self) -> str:
        for line, text in self._numbered:
            self._line = line
            if text is None:
                self._overlong.append(self._line)
                continue
            if not self.held:
                self.first = self._line
            self._size += len(text)
            if self._size > RECORD_LIMIT and self.held:
                raise UnreadableError(
                    f"a row that begins in line {self.first} is longer than {RECORD_LIMIT_WORDS}", "limit"
                )
            self.held.append(text)
            return text + "\n"
        self.ended = True
        raise StopIteration

    def begin_row(self) -> None:
        self.held = []
        self._size = 0

    def give_back(self, line: str) -> None:
        """Supply the line that was taken last once more."""
        self._numbered = chain([(self._line, line.removesuffix("\n"))], self._numbered)

    def take_overlong(self) -> list[int]:
        """The lines that were left out for their length since the last call."""
        taken, self._overlong = self._overlong, []
        return taken
