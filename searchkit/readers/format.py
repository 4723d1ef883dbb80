"""What is a format? A name, the suffixes that announce it, and a function that streams it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from searchkit.article import Article, Origin, Problem

RECORD_LIMIT = 64 * 1024 * 1024
"""The longest record, and the longest file that has to be read as a whole, in bytes."""

RECORD_LIMIT_WORDS = "64 MiB"


class UnreadableError(Exception):
    """Why the rest of a file cannot be read, as half a sentence.

    A reader raises it to give up its file. It never leaves this room: ``Reading`` makes it a Problem.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Source:
    """One open file, as a reader is handed it.

    ``stream`` gives the decompressed bytes. ``path`` is the absolute path, for origins.
    ``name`` becomes the id of an article that brings none of its own: alone for a file that is
    one article, with ``#`` and the number of the record or line for a file that holds many.
    """

    stream: io.BufferedReader
    path: str
    name: str

    def origin(self, place: str = "") -> Origin:
        """Where in this file something stands; see ``Origin`` for the form of a place."""
        return Origin(self.path, place)

    def numbered(self, number: int) -> str:
        """The id of an article without one of its own, in a file that holds many."""
        return f"{self.name}#{number}"


Reader = Callable[[Source], Iterator[Article | Problem]]


@dataclass(frozen=True, slots=True)
class Format:
    """One row of the table of formats; ``suffixes`` are lower case and begin with a dot."""

    name: str
    suffixes: tuple[str, ...]
    read: Reader
