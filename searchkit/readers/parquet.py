"""What do the rows of a Parquet table say? Each is an article; only the columns that speak for a field are read."""

from __future__ import annotations

import datetime
import decimal
import io
from collections.abc import Iterator
from typing import Any, NoReturn

import pyarrow
import pyarrow.parquet

from searchkit.article import Article, Problem
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, Source, UnreadableError
from searchkit.readers.prose import one_line
from searchkit.readers.records import ENVELOPES, entry, field_of, plan_for, unmet

# A few rows are as quick as many. A row may be as long as a record may be, and a text of which there are many
# copies is stored once: so there is no telling from its size on the disk what a batch will need.
_ROWS = 8
_BUFFER = 1 << 20
_DEEPEST = 8
_MOST_COLUMNS = 5_000
_SPEAKING = ("title", "body", "summary")
_EXPECTED = "title, text, date, source, author, section, url, language, id"

# What pyarrow cannot take apart is an OSError too, without the number that one of the disk's own has.
_FAULTS = (
    pyarrow.ArrowException,
    OSError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    AttributeError,
)

Value = Any  # what a cell holds: pyarrow has no types


def read_parquet(source: Source) -> Iterator[Article | Problem]:
    """One article a row; UnreadableError for a damaged table, or one without a column for a title or a text."""
    file, size = _seekable(source)
    table = _opened(file)
    names = _columns(table, source.settings.keys)
    met: set[str] = set()
    spent = number = 0
    for number, row in enumerate(_rows(table, names), start=1):
        origin = source.origin(f"record {number}")
        if isinstance(row, str):
            yield Problem(origin, row)
            continue
        length = sum(map(_length, row.values()))
        spent += length
        if spent > max(source.settings.expansion_from, source.settings.expansion * size):
            raise UnreadableError(
                f"unfolds to more than {source.settings.expansion} times its size (--max-expansion), as no text does",
                "limit",
            )
        if length > RECORD_LIMIT:
            yield Problem(origin, f"is longer than {RECORD_LIMIT_WORDS}", kind="limit")
            continue
        yield from entry(row, origin, source.numbered(number), source.settings, met=met)
    told = table.metadata.num_rows
    if number != told:
        raise UnreadableError(f"is a damaged Parquet table (it tells of {told:,} rows, and has {number:,})")
    yield from unmet(source, met)


def _seekable(source: Source) -> tuple[io.BufferedIOBase, int]:
    """The file and its size: the table of contents stands at the end. What comes packed is held whole."""
    stream = source.stream
    if stream.seekable():
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        return stream, size
    data = stream.read(RECORD_LIMIT + 1)
    if len(data) > RECORD_LIMIT:
        raise UnreadableError(
            f"is a Parquet table of more than {RECORD_LIMIT_WORDS} in a place where it cannot be read from its end",
            "limit",
        )
    return io.BytesIO(data), len(data)


def _opened(file: io.BufferedIOBase) -> Value:
    try:
        return pyarrow.parquet.ParquetFile(
            pyarrow.PythonFile(file, mode="r"), pre_buffer=False, buffer_size=_BUFFER, memory_map=False
        )
    except _FAULTS as error:
        _give_up(error)


def _columns(table: Value, keys: tuple[tuple[str, str], ...]) -> list[str]:
    """The columns that are worth reading: those that a field could be in, and those that a mapped key begins with."""
    try:
        names = [str(name) for name in table.schema_arrow.names]
    except _FAULTS as error:
        _give_up(error)
    if len(names) > _MOST_COLUMNS:
        raise UnreadableError(f"has more than {_MOST_COLUMNS:,} columns", "limit")
    mapped = {key for _, key in keys} | {key.partition(".")[0] for _, key in keys}
    chosen = [name for name in names if field_of(name) or name in mapped or name in ENVELOPES]
    plan = plan_for(tuple(names), keys)
    nested = any(name in chosen for name in (*ENVELOPES, *mapped))
    if not nested and not any(getattr(plan, field) for field in _SPEAKING):
        found = ", ".join(one_line(name)[:30] for name in names[:12]) + (", …" if len(names) > 12 else "")
        expected = f"known: {_EXPECTED}; --map title=COLUMN names another"
        raise UnreadableError(f"has no column for a title or a text (found: {found}; {expected})", "format")
    return chosen


def _rows(table: Value, names: list[str]) -> Iterator[dict[str, Value] | str]:
    """Each row as a record, or why it is none."""
    batches = table.iter_batches(batch_size=_ROWS, columns=names, use_threads=False)
    while True:
        try:
            batch = next(batches, None)
        except _FAULTS as error:
            _give_up(error)
        if batch is None:
            return
        columns = [(str(name), _in_microseconds(batch.column(at))) for at, name in enumerate(batch.schema.names)]
        for at in range(batch.num_rows):
            try:
                row = {name: _plain(column[at].as_py()) for name, column in columns}
            except _FAULTS as error:
                yield f"cannot be read ({_words(error)})"
                continue
            yield row


def _in_microseconds(column: Value) -> Value:
    """Nanoseconds are more than Python's clock can tell."""
    if pyarrow.types.is_timestamp(column.type) and column.type.unit == "ns":
        return column.cast(pyarrow.timestamp("us", column.type.tz), safe=False)
    return column


def _plain(value: Value, depth: int = 0) -> Value:
    """A value as it would stand in JSON: days as text, in the time zone of their column."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return None
    if isinstance(value, decimal.Decimal):
        return str(value)
    if depth >= _DEEPEST:
        return None
    if isinstance(value, dict):
        return {str(key): _plain(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        # A map comes as a list of pairs.
        if value and all(isinstance(pair, tuple) and len(pair) == 2 for pair in value):
            return {str(key): _plain(inner, depth + 1) for key, inner in value}
        return [_plain(inner, depth + 1) for inner in value]
    return None


def _length(value: Value) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_length, value.values()))
    return sum(map(_length, value)) if isinstance(value, list) else 8


def _give_up(error: Exception) -> NoReturn:
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno):
        raise error
    raise UnreadableError(f"is a damaged Parquet table ({_words(error)})") from error


def _words(error: Exception) -> str:
    return one_line(str(error)).rstrip(".")[:120] or type(error).__name__
