"""What is a format? A name, the suffixes that announce it, and the function that streams it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from typing import cast

from searchkit.article import Article, Origin, Problem
from searchkit.readers.settings import DEFAULTS, Settings
from searchkit.readers.steps import Steps

RECORD_LIMIT = 64 * 1024 * 1024
"""The longest record, and the longest file that has to be read as a whole, in bytes."""

RECORD_LIMIT_WORDS = "64 MiB"


class UnreadableError(Exception):
    """Why the rest of a file cannot be read, as half a sentence; ``kind`` is one of ``article.KINDS``.

    A reader raises it to give up its file; ``place`` is where in its document that is, if it knows. It never leaves
    this room: ``Reading`` makes it a Problem.
    """

    def __init__(self, reason: str, kind: str = "damaged", place: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind
        self.place = place


class HeavyError(Exception):
    """A document is of a heavy format, and whoever reads it wanted light ones only: another process may."""


Packer = Callable[
    [
        dict[str, object], tuple[object, ...], bytes, str, str, Callable[[str], int],
        Callable[[Mapping[str, object], tuple[str, ...]], tuple[str, ...]],
    ],
    bytes | None,
]  # fmt: skip
"""What packs a record without making an article of it: ``searchkit.store.kernels.pack_plain`` does."""


@dataclass(frozen=True, slots=True)
class Source:
    """One open document, as a reader is handed it: a file, or what is packed in one.

    ``stream`` gives the decompressed bytes. ``path`` is the absolute path of the file that lies on the
    disk, for origins. ``name`` becomes the id of an article that brings none of its own: alone for a
    document that is one article, with ``#`` and the number of the record or line for one that holds many.
    ``inside`` says where in the file the document is packed: the name of a member of an archive, or ''.
    ``lines_before`` lines of the document were read in an earlier run: lines are counted from there. A reader of
    a container tells ``steps`` of each document in it. With ``light`` what is heavy is left to another process.
    Where there is a ``packer``, a reader may give bytes that it has packed in place of an article.
    """

    stream: io.BufferedReader
    path: str
    name: str
    settings: Settings = DEFAULTS
    inside: str = ""
    lines_before: int = 0
    steps: Steps = field(default_factory=Steps)
    light: bool = False
    packer: Packer | None = None

    def origin(self, place: str = "") -> Origin:
        """Where in this file something stands; see ``Origin`` for the form of a place."""
        if not self.inside:
            return Origin(self.path, place)
        return Origin(self.path, f"{self.inside}, {place}" if place else self.inside)

    def numbered(self, number: int) -> str:
        """The id of an article without one of its own, in a file that holds many."""
        return f"{self.name}#{number}"

    def part(self, data: bytes, place: str, name: str) -> Source:
        """A document of its own that stands in this one at ``place``: a page in a mail, a page in a web archive."""
        inside = f"{self.inside}, {place}" if self.inside and place else self.inside or place
        return replace(self, stream=io.BufferedReader(io.BytesIO(data)), name=name, inside=inside)


Reader = Callable[[Source], Iterator[Article | Problem]]


@dataclass(frozen=True, slots=True)
class Format:
    """One row of the table of formats; ``suffixes`` are lower case and begin with a dot.

    ``reader`` is "module:function" below this package: it is imported when it is first needed. ``needs`` are
    the modules of libraries that come with the extra ``extra``. ``heavy`` says that an article costs
    milliseconds, so that it pays to read files of this format in several processes. ``container`` says that a file
    holds many documents, each of which its reader begins as a step.
    """

    name: str
    suffixes: tuple[str, ...]
    reader: str
    extra: str = ""
    heavy: bool = False
    container: bool = False

    def read(self, source: Source) -> Iterator[Article | Problem]:
        """The articles and problems of ``source``; UnreadableError where the format's extra is not installed."""
        return self.load()(source)

    def load(self) -> Reader:
        """The reader; raises UnreadableError where its library is missing."""
        try:
            return _loaded(self.reader)
        except ModuleNotFoundError as error:
            if not self.extra or (error.name or "").startswith("searchkit"):
                raise
            reason = f"is {self.name}, which needs: pip install 'searchkit[{self.extra}]'"
            raise UnreadableError(reason, "extra") from error


@cache
def _loaded(reader: str) -> Reader:
    module, _, function = reader.partition(":")
    return cast(Reader, getattr(import_module(f"searchkit.readers.{module}"), function))
