"""How is one file read from end to end? Opened, unpacked, recognized, given to its reader, and closed.

Whatever fails on the way (the disk, the compression, the encoding, the format) becomes a Problem. An
exception that leaves a Reading is a mistake in this program.
"""

from __future__ import annotations

import errno
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import zstandard

from searchkit.article import Article, Problem
from searchkit.readers.archives import archive_kind, members
from searchkit.readers.decoding import SAMPLE_SIZE, refuse_binary
from searchkit.readers.format import Source, UnreadableError
from searchkit.readers.packed import (
    Budget,
    Counted,
    SpentError,
    Trace,
    buffered,
    fault_words,
    layer_of,
    unfolded,
    without_suffix,
)
from searchkit.readers.prose import clean
from searchkit.readers.recognition import recognized
from searchkit.readers.settings import DEFAULTS, Settings

_PACKING_FAULTS = (
    EOFError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    zstandard.ZstdError,
    zipfile.BadZipFile,
    tarfile.TarError,
)
# Formats whose bytes are no text: of all others, binary files are refused by name.
_NO_TEXT = frozenset(("PDF", "Word document", "Parquet", "RTF", "ANPA 1312", "IPTC 7901", "WARC", "mail", "mailbox"))

_SAID = {
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOENT: "is not there any more",
    errno.EISDIR: "is a folder",
    errno.EIO: "the disk could not be read",
    errno.ELOOP: "is a link that leads to itself",
    errno.ENAMETOOLONG: "has a name that is too long",
}


class Reading:
    """The articles and problems of one file, one after the other.

    Iterate over it once. It closes its file when it is exhausted, when ``close`` is called, and at the
    end of a ``with`` block. ``formats`` counts the articles by the name of their format.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        *,
        explicit: bool = False,
        settings: Settings = DEFAULTS,
        after: Trace | None = None,
    ) -> None:
        """``explicit`` admits what a person may name but a folder may not hide: pipes, and any suffix.

        ``after`` is the trace of the file's beginning, if that was read before and is not wanted again.
        """
        self._path = path.absolute()
        self._name = clean(name)
        self._explicit = explicit
        self._settings = settings
        self._trace = after or Trace()
        self._begin = self._trace.size
        self._file: Counted | None = None
        self._size = 0
        self._items = self._read()
        self.formats: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Article | Problem]:
        return self

    def __next__(self) -> Article | Problem:
        return next(self._items)

    def __enter__(self) -> Reading:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def bytes_read(self) -> int:
        """How many bytes of the file, as it lies there (compressed), have been taken so far."""
        return self._file.taken if self._file else 0

    @property
    def goes_on(self) -> bool:
        """Whether only the end of the file is read, its beginning being known."""
        return bool(self._begin)

    @property
    def digest(self) -> bytes:
        """The digest of the file's bytes, if it was read from its beginning to its end; else b''."""
        whole = self._file and self._file.trace and self._size == self._trace.size
        return self._trace.digest if whole else b""

    @property
    def lines(self) -> int:
        """How many lines the file had; 0 where a later reading cannot go on from its end."""
        return self._trace.lines if self.digest else 0

    def close(self) -> None:
        """Let go of the file; what was not read stays unread."""
        self._items.close()

    def _read(self) -> Generator[Article | Problem, None, None]:
        whole = Source(
            io.BufferedReader(io.BytesIO()),
            str(self._path),
            self._name,
            self._settings,
            lines_before=self._trace.lines if self._begin else 0,
        )
        yield from _guarded(self._opened(whole), whole, outermost=True)

    def _opened(self, whole: Source) -> Iterator[Article | Problem]:
        try:
            mode = self._path.stat().st_mode
            if not (self._explicit or stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise UnreadableError("is a pipe or a device, not a file", "access")
            file = io.FileIO(self._path)
        except ValueError as error:
            # A path that no system takes ("embedded null byte") is refused so.
            raise UnreadableError(str(error), "access") from error
        before = os.fstat(file.fileno())
        self._file = Counted(file, self._trace)
        self._size = before.st_size
        if self._begin:
            file.seek(self._begin)
        budget = Budget(self._file, before.st_size, self._settings.expansion, self._settings.expansion_from)
        with buffered(self._file) as stream:
            yield from self._document(replace(whole, stream=stream), self._path.name, budget, 0, 0)
            after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) and stat.S_ISREG(mode):
            yield Problem(whole.origin(), "changed while it was read; the next run reads it again", True, "access")

    def _document(
        self, source: Source, called: str, budget: Budget, archives: int, layers: int
    ) -> Iterator[Article | Problem]:
        """What is in a document; ``called`` is its name without what says how it is packed."""
        sample = source.stream.peek(SAMPLE_SIZE)[:SAMPLE_SIZE]
        if not sample:
            raise UnreadableError("is empty", "empty")
        layer = layer_of(sample)
        archive = "" if layer else archive_kind(called, sample)
        most = self._settings.archives
        if (archive and archives >= most) or (layer and layers > most):
            raise UnreadableError(f"is packed in more than {most} archives, one in the other", "archive")
        if layer:
            with unfolded(source.stream, layer, budget) as stream:
                inner = replace(source, stream=stream)
                yield from self._document(inner, without_suffix(called, layer), budget, archives, layers + 1)
        elif archive:
            yield from self._members(source, archive, budget, archives + 1, layers)
        else:
            yield from self._articles(source, called, sample)

    def _members(
        self, source: Source, archive: str, budget: Budget, archives: int, layers: int
    ) -> Iterator[Article | Problem]:
        has_members = False
        for member in members(source.stream, archive, budget):
            has_members = True
            inside = f"{source.inside}/{member.name}" if source.inside else member.name
            part = replace(source, name=f"{source.name}/{member.name}", inside=inside)
            if member.stream is None:
                yield Problem(part.origin(), member.refusal, kind="archive")
                continue
            part = replace(part, stream=member.stream)
            called = member.name.rpartition("/")[2]
            yield from _guarded(self._document(part, called, budget, archives, layers), part)
        if not has_members:
            raise UnreadableError("is an archive without a file", "empty")

    def _articles(self, source: Source, called: str, sample: bytes) -> Iterator[Article | Problem]:
        row = recognized(called, sample, explicit=self._explicit)
        if row.name not in _NO_TEXT:
            refuse_binary(sample)
        silent = True
        for item in row.read(source):
            silent = False
            if isinstance(item, Article):
                self.formats[row.name] += 1
            yield item
        if silent:
            raise UnreadableError("holds no article", "empty")


def _guarded(
    items: Iterator[Article | Problem], source: Source, *, outermost: bool = False
) -> Generator[Article | Problem, None, None]:
    """``items``, and a Problem where they end with an error that is the document's own."""
    count = 0
    try:
        for item in items:
            count += isinstance(item, Article)
            yield item
    except SpentError as error:
        if not outermost:
            raise
        yield _problem(source, error.reason, error.kind, count)
    except UnreadableError as error:
        yield _problem(source, error.reason, error.kind, count)
    except _PACKING_FAULTS as error:
        yield _problem(source, fault_words(error), "damaged", count)
    except RecursionError:
        yield _problem(source, "is nested too deeply", "limit", count)
    except MemoryError:
        yield _problem(source, "needs more memory than there is", "limit", count)
    except OSError as error:
        said = error.strerror.lower() if error.strerror else "could not be read"
        yield _problem(source, _SAID.get(error.errno or 0, said), "access", count)


def _problem(source: Source, reason: str, kind: str, count: int) -> Problem:
    if count:
        before = "1 article was" if count == 1 else f"{count:,} articles were"
        reason = f"{reason}: {before} read before that"
    return Problem(source.origin(), reason, kind=kind)
