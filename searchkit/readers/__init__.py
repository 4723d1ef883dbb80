"""What is in this file? One format per file; a reader streams Articles and Problems, and never stops a run.

``open_articles`` is the way in: it picks the format by the suffix of the file's name, looks through gzip,
and turns whatever is wrong into a ``Problem``.

    with open_articles(path, "politics/budget.txt") as reading:
        for item in reading:
            ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from searchkit.article import Article, Problem
from searchkit.readers.delimited import read_delimited
from searchkit.readers.format import Format, Reader, Source, UnreadableError
from searchkit.readers.json_records import read_json, read_json_lines
from searchkit.readers.reading import Reading
from searchkit.readers.reuters import read_reuters
from searchkit.readers.text import read_text

__all__ = ["FORMATS", "Format", "Reading", "knows", "open_articles", "suffixes"]


def _read_markdown(source: Source) -> Iterator[Article | Problem]:
    # YAML and Markdown together cost a start-up more than all the other formats.
    from searchkit.readers.markdown import read_markdown

    return read_markdown(source)


FORMATS: tuple[Format, ...] = (
    Format("plain text", (".txt", ".text"), read_text),
    Format("Markdown", (".md", ".markdown"), _read_markdown),
    Format("JSON lines", (".jsonl", ".ndjson"), read_json_lines),
    Format("JSON", (".json",), read_json),
    Format("CSV", (".csv", ".tsv"), read_delimited),
    Format("Reuters-21578", (".sgm", ".sgml"), read_reuters),
)
"""All formats, each with the suffixes that announce it; ``.gz`` may follow any of them."""

_BY_SUFFIX = {suffix: row.read for row in FORMATS for suffix in row.suffixes}

# What counts as a suffix at all: "budget v1.2 final" and "notes.2007" have none.
_SUFFIX = re.compile(r"\.(?=[0-9]*[a-z])[a-z0-9]{1,10}")


def suffixes() -> tuple[str, ...]:
    """Every suffix that has a reader, in the order of the table."""
    return tuple(suffix for row in FORMATS for suffix in row.suffixes)


def knows(path: Path) -> bool:
    """Whether the name of a file announces a format that has a reader."""
    return _suffix(path) in _BY_SUFFIX


def open_articles(path: Path, name: str, *, explicit: bool = False) -> Reading:
    """Read the articles of one file; nothing is opened before the first is asked for.

    ``name`` becomes the id of an article that has none of its own, as ``Source`` says. ``explicit``
    means that a person named this very file: then it is tried as plain text if its suffix is unknown,
    and may be a pipe. Without it, a file of an unknown suffix is one Problem. A file without a suffix is
    always tried as plain text.
    """
    suffix = _suffix(path)
    reader = _BY_SUFFIX.get(suffix, read_text if explicit or not suffix else _refusal(suffix))
    return Reading(path, name, reader, special=explicit)


def _suffix(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    suffix = Path(name).suffix
    return suffix if _SUFFIX.fullmatch(suffix) else ""


def _refusal(suffix: str) -> Reader:
    def refuse(source: Source) -> Iterator[Article | Problem]:
        raise UnreadableError(f"no reader for {suffix} files")

    return refuse
