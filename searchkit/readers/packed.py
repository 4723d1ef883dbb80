"""How is a packed file unfolded? Layer by layer, piece by piece, in memory, and only so far."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import zstandard

from searchkit.readers.decoding import SAMPLE_SIZE
from searchkit.readers.format import UnreadableError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# What a decompressor may ask for: as much as the highest levels of xz and zstd need, and no more.
_MEMORY = 256 << 20
_ZSTD_STEP = 4096


class SpentError(UnreadableError):
    """A file unfolds too far: nothing more of it is read, whatever else it packs."""


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

    def take(self, data: memoryview) -> None:
        """Note the next bytes."""
        self.size += len(data)
        self._hash.update(data)
        piece = bytes(data)
        self._lines += piece.count(b"\n")
        self._last = piece[-1]
        if self._simple and (b"\0" in piece or piece.count(b"\r") != piece.count(b"\r\n")):
            # A pair of the two that is cut by the end of a piece costs no more than another reading.
            self._simple = False

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
                self.trace.take(memoryview(buffer).cast("B")[:taken])
        return taken

    def close(self) -> None:
        """Let go of what is beneath."""
        self._file.close()
        super().close()


class Budget:
    """How many bytes one file has unfolded to, over all its layers and members.

    ``times`` its size is allowed, and ``free`` bytes in any case; ``size`` is 0 for a pipe, of which what was
    taken so far counts.
    """

    def __init__(self, file: Counted, size: int, times: int, free: int) -> None:
        self._file = file
        self._size = size
        self._times = times
        self._free = free
        self._spent = 0

    def spend(self, count: int) -> None:
        """Note ``count`` bytes more; raises SpentError where that is too much."""
        self._spent += count
        if self._spent > self._free:
            taken = min(self._file.taken, self._size) if self._size else self._file.taken
            if self._spent > self._times * max(taken, 1):
                raise SpentError(f"unfolds to more than {self._times} times its size, as no text does", "limit")


class Unfolded(io.RawIOBase):
    """What ``read`` (of at most so many bytes) gives, as a stream that spends a budget."""

    def __init__(self, read: Callable[[int], bytes], close: Callable[[], None], budget: Budget) -> None:
        self._read = read
        self._close = close
        self._budget = budget
        self._failure: Exception | None = None

    def readable(self) -> bool:
        """Whether bytes can be taken: yes."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer where it can be filled; what fails after some bytes is told when more are asked for."""
        view = memoryview(buffer).cast("B")
        count = 0
        while count < len(view):
            try:
                if self._failure:
                    raise self._failure
                piece = self._read(len(view) - count)
                self._budget.spend(len(piece))
            except Exception as error:
                if not count:
                    raise
                self._failure = error
                break
            if not piece:
                break
            view[count : count + len(piece)] = piece
            count += len(piece)
        return count

    def close(self) -> None:
        """Let go of what is beneath."""
        self._close()
        super().close()


def buffered(raw: io.RawIOBase) -> io.BufferedReader:
    """The raw stream with a buffer that is large enough to recognize a format by."""
    return io.BufferedReader(raw, SAMPLE_SIZE)


def layer_of(sample: bytes) -> str:
    """The suffix of the compression that a document begins with, or ''."""
    for suffix, (magic, _) in _LAYERS.items():
        # Prose may well begin with "BZh".
        if sample.startswith(magic) and (suffix != ".bz2" or sample[4:10] in (b"1AY&SY", b"\x17rE8P\x90")):
            return suffix
    return ""


def layer_suffix(suffix: str) -> bool:
    """Whether a suffix announces compression."""
    return suffix in _LAYERS


def unfolded(stream: io.BufferedReader, layer: str, budget: Budget) -> io.BufferedReader:
    """The content of a compressed stream; what fails while it is read is one of ``FAULTS``."""
    raw: io.RawIOBase = Unfolded(*_LAYERS[layer][1](stream), budget)
    return buffered(raw)


def without_suffix(name: str, layer: str) -> str:
    """The name of what is within a compressed file of this name."""
    lower = name.lower()
    short = {".tgz": ".tar", ".tbz2": ".tar", ".tbz": ".tar", ".txz": ".tar", ".tzst": ".tar", ".svgz": ".svg"}
    for suffix, within in short.items():
        if lower.endswith(suffix):
            return name[: -len(suffix)] + within
    known = (*_LAYERS, ".gzip", ".bzip2", ".zstd", ".z")
    return next((name[: -len(suffix)] for suffix in known if lower.endswith(suffix)), name)


def fault_words(error: Exception) -> str:
    """What a fault of compressed data means, as half a sentence."""
    if isinstance(error, EOFError):
        return "the compressed data ends too early"
    if isinstance(error, (lzma.LZMAError, zstandard.ZstdError)) and any(
        word in str(error).lower() for word in ("memory", "window")
    ):
        return f"asks for more than {_MEMORY >> 20} MiB to be decompressed"
    return "the compressed data is damaged"


_Opened = tuple[Callable[[int], bytes], Callable[[], None]]


def _gzip(stream: io.BufferedReader) -> _Opened:
    opened = gzip.GzipFile(fileobj=stream, mode="rb")
    return opened.read1, opened.close


def _bzip2(stream: io.BufferedReader) -> _Opened:
    opened = bz2.BZ2File(stream)
    return opened.read1, opened.close


def _zstd(stream: io.BufferedReader) -> _Opened:
    """The library's own stream takes a frame that was cut off for a whole one, so its frames are driven here.

    It has no limit to what one call gives: 4 KiB of blocks of equal bytes unfold to 170 MB at most.
    """
    fresh = zstandard.ZstdDecompressor(max_window_size=_MEMORY)
    frame = fresh.decompressobj()
    begun = False
    rest, held, at = b"", b"", 0

    def read(size: int) -> bytes:
        nonlocal frame, begun, rest, held, at
        while at == len(held):
            if begun and frame.eof:
                rest = frame.unused_data + rest
                frame, begun = fresh.decompressobj(), False
            rest = rest or stream.read1(SAMPLE_SIZE)
            if not rest:
                if begun:
                    raise EOFError
                return b""
            piece, rest = rest[:_ZSTD_STEP], rest[_ZSTD_STEP:]
            held, at, begun = frame.decompress(piece), 0, True
        piece = held[at : at + size]
        at += len(piece)
        return piece

    return read, lambda: None


def _xz(stream: io.BufferedReader) -> _Opened:
    """The lzma module's own file has no limit of memory, so its decompressor is driven here."""
    decompressor = lzma.LZMADecompressor(memlimit=_MEMORY)

    def read(size: int) -> bytes:
        nonlocal decompressor
        while True:
            if decompressor.eof:
                rest = decompressor.unused_data or stream.read1(SAMPLE_SIZE)
                # Streams may follow each other, and be padded with zeros.
                while rest and not rest.strip(b"\0"):
                    rest = stream.read1(SAMPLE_SIZE)
                if not rest:
                    return b""
                decompressor = lzma.LZMADecompressor(memlimit=_MEMORY)
                data = rest.lstrip(b"\0")
            else:
                data = stream.read1(SAMPLE_SIZE) if decompressor.needs_input else b""
                if decompressor.needs_input and not data:
                    raise EOFError
            piece = decompressor.decompress(data, size)
            if piece:
                return piece

    return read, lambda: None


_LAYERS: dict[str, tuple[bytes, Callable[[io.BufferedReader], _Opened]]] = {
    ".gz": (b"\x1f\x8b", _gzip),
    ".bz2": (b"BZh", _bzip2),
    ".xz": (b"\xfd7zXZ\x00", _xz),
    ".zst": (b"\x28\xb5\x2f\xfd", _zstd),
}
