"""How is one file read from end to end? Opened, unzipped, handed to its reader, and closed, come what may.

Whatever fails on the way (the disk, the compression, the encoding, the format) becomes a Problem. An
exception that leaves a Reading is a mistake in this program.
"""

from __future__ import annotations

import errno
import gzip
import io
import stat
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from searchkit.article import Article, Origin, Problem
from searchkit.readers.decoding import SAMPLE_SIZE, refuse_binary
from searchkit.readers.format import Reader, Source, UnreadableError
from searchkit.readers.prose import clean

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_GZIP = b"\x1f\x8b"

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
    end of a ``with`` block.
    """

    def __init__(self, path: Path, name: str, reader: Reader, *, special: bool = False) -> None:
        """``special`` admits pipes and devices, which a person may name but a folder may not hide."""
        self._path = path.absolute()
        self._name = clean(name)
        self._reader = reader
        self._special = special
        self._file: _Counted | None = None
        self._count = 0
        self._items = self._read()

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

    def close(self) -> None:
        """Let go of the file; what was not read stays unread."""
        self._items.close()

    def _read(self) -> Generator[Article | Problem, None, None]:
        try:
            yield from self._read_open()
        except UnreadableError as error:
            yield self._problem(error.reason)
        except EOFError:
            yield self._problem("the gzip stream ends too early")
        except (gzip.BadGzipFile, zlib.error):
            yield self._problem("the gzip stream is damaged")
        except OSError as error:
            said = error.strerror.lower() if error.strerror else "could not be read"
            yield self._problem(_SAID.get(error.errno or 0, said))
        except ValueError as error:
            # A path that no system takes ("embedded null byte") is refused so.
            if self._file:
                raise
            yield self._problem(str(error))

    def _read_open(self) -> Iterator[Article | Problem]:
        mode = self._path.stat().st_mode
        if not (self._special or stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise UnreadableError("is a pipe or a device, not a file")
        self._file = _Counted(io.FileIO(self._path))
        with _buffered(self._file) as stream:
            if stream.peek(2)[:2] == _GZIP:
                with _buffered(_Unzipped(stream)) as unzipped:
                    yield from self._read_stream(unzipped)
            else:
                yield from self._read_stream(stream)

    def _read_stream(self, stream: io.BufferedReader) -> Iterator[Article | Problem]:
        sample = stream.peek(SAMPLE_SIZE)[:SAMPLE_SIZE]
        if not sample:
            raise UnreadableError("is empty")
        refuse_binary(sample)
        silent = True
        for item in self._reader(Source(stream, str(self._path), self._name)):
            silent = False
            self._count += isinstance(item, Article)
            yield item
        if silent:
            raise UnreadableError("holds no article")

    def _problem(self, reason: str) -> Problem:
        if self._count:
            before = "1 article was" if self._count == 1 else f"{self._count:,} articles were"
            reason = f"{reason}: {before} read before that"
        return Problem(Origin(str(self._path)), reason)


def _buffered(raw: io.RawIOBase) -> io.BufferedReader:
    return io.BufferedReader(raw, SAMPLE_SIZE)


class _Counted(io.RawIOBase):
    """A file that knows how much of it was taken, be it a pipe."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        taken = self._file.readinto(buffer)
        self.taken += taken or 0
        return taken

    def close(self) -> None:
        self._file.close()
        super().close()


class _Unzipped(io.RawIOBase):
    """The content of a gzip stream, piece by piece, so that damage costs no more than what it hit."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._gzip = gzip.GzipFile(fileobj=stream, mode="rb")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        piece = self._gzip.read1(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._gzip.close()
        super().close()
