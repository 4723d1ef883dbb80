"""What was taken of a file so far? How many bytes, and what can be said of them when the file is met again."""

from __future__ import annotations

import hashlib
import io
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Trace:
    """What a file was when it was read from its beginning to its end: a digest of its bytes, and its lines.

    ``lines`` is 0 where a reading cannot go on from there: the last line has no end, or lines end otherwise than
    in a line feed.
    """

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self.size = 0
        self._lines = 0
        self._last = 10
        self._simple = True

    def take(self, piece: bytes) -> None:
        """Note the next bytes, of which there is one at least."""
        self.size += len(piece)
        self._hash.update(piece)
        if not self._simple:
            return
        # A pair of the two that is cut by the end of a piece costs no more than another reading.
        if b"\0" in piece or (b"\r" in piece and piece.count(b"\r") != piece.count(b"\r\n")):
            self._simple = False
        self._lines += piece.count(b"\n")
        self._last = piece[-1]

    @property
    def digest(self) -> bytes:
        """The digest (16 bytes) of all that was taken."""
        return bytes(self._hash.digest())

    @property
    def lines(self) -> int:
        """How many lines were taken, or 0."""
        return self._lines if self._simple and self._last == 10 else 0


class Counted(io.RawIOBase):
    """A file that knows how much of it was taken, be it a pipe, and, while nobody seeks in it, what that was."""

    def __init__(self, file: io.FileIO, trace: Trace | None = None) -> None:
        self._file = file
        self.taken = 0
        self.trace = trace

    def readable(self) -> bool:
        """Whether bytes can be taken: yes."""
        return True

    def seekable(self) -> bool:
        """Whether it is a file and no pipe."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place of the file."""
        self.trace = None
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where in the file this is."""
        return self._file.tell()

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        """Take bytes, and count them."""
        taken = self._file.readinto(buffer)
        if taken:
            self.taken += taken
            if self.trace:
                self.trace.take(bytes(memoryview(buffer).cast("B")[:taken]))
        return taken

    def close(self) -> None:
        """Let go of what is beneath."""
        self._file.close()
        super().close()
