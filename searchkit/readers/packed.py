"""How is a packed file unfolded? Layer by layer, piece by piece, in memory, and only so far.

Each layer is driven here and not by its library's own file: those differ in what they take for an end. Here streams
may follow each other and be padded with zeros, anything else behind them is damage, one that was cut off is
told from a whole one, and what stood before the fault has been given.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

import zstandard

from searchkit.readers.decoding import SAMPLE_SIZE
from searchkit.readers.format import UnreadableError

try:
    from isal import isal_zlib
except ImportError:
    # Some machines have no such library, and zlib does the same in three times the time.
    _decompressobj, crc32 = zlib.decompressobj, zlib.crc32
    INFLATE_FAULTS: tuple[type[Exception], ...] = (zlib.error,)
else:
    _decompressobj, crc32 = isal_zlib.decompressobj, isal_zlib.crc32  # type: ignore[assignment]
    INFLATE_FAULTS = (isal_zlib.error,)  # type: ignore[assignment]

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

ENDS_EARLY = "the compressed data ends too early"
DAMAGED = "the compressed data is damaged"

# What a decompressor may ask for: as much as the highest levels of xz and zstd need, and no more.
MEMORY = 256 << 20
# What is decompressed at a time is what damage costs of what stands before it.
PIECE = 16 * 1024
# A decompressor of zstd gives all that it is given unfolds to: 44 MB at most of so much.
_ZSTD_PIECE = 1024
# Beyond the fixed part, a header of gzip holds a name and a comment.
_LONGEST_GZIP_HEADER = 1 << 18


class SpentError(UnreadableError):
    """A file unfolds too far: nothing more of it is read, whatever else it packs.

    Its ``place`` is that of the member of an archive that was being read.
    """


class ContainerError(Exception):
    """What failed while a member was read is the archive around it, not the member.

    ``depth`` is how deep that archive lies, 1 for the outermost. ``fault`` is what befell it.
    """

    def __init__(self, depth: int, fault: Exception) -> None:
        super().__init__(depth, fault)
        self.depth = depth
        self.fault = fault


class Budget:
    """How many bytes one file has unfolded to, over all its layers and members.

    ``times`` its size is allowed, and ``free`` bytes in any case. ``taken`` says how many bytes of it were
    read so far, of which ``size`` count at most; ``size`` is 0 for a pipe.
    """

    def __init__(self, taken: Callable[[], int], size: int, times: int, free: int) -> None:
        self._taken = taken
        self._size = size
        self._times = times
        self._free = free
        self._spent = 0

    def spend(self, count: int) -> None:
        """Note ``count`` bytes more; raises SpentError where that is too much."""
        self._spent += count
        if self._spent > self._free:
            taken = self._taken()
            if self._spent > self._times * max(min(taken, self._size or taken), 1):
                raise SpentError(
                    f"unfolds to more than {self._times} times its size (--max-expansion), as no text does", "limit"
                )


class Unfolded(io.RawIOBase):
    """What ``read`` (of at most so many bytes) gives, as a stream that spends a budget."""

    def __init__(self, read: Callable[[int], bytes], budget: Budget) -> None:
        self._read = read
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
                self._failure = error
                if not count:
                    raise
                break
            if not piece:
                break
            view[count : count + len(piece)] = piece
            count += len(piece)
        return count


def buffered(raw: io.RawIOBase) -> io.BufferedReader:
    """The raw stream with a buffer that is large enough to recognize a format by."""
    return io.BufferedReader(raw, SAMPLE_SIZE)


def layer_of(sample: bytes) -> str:
    """The suffix of the compression that a document begins with, or ''."""
    suffix = _FIRST_BYTES.get(sample[0], "") if sample else ""
    if not suffix or not sample.startswith(_LAYERS[suffix].magic):
        return ""
    # Prose may well begin with "BZh".
    return suffix if suffix != ".bz2" or sample[4:10] in (b"1AY&SY", b"\x17rE8P\x90") else ""


def layer_suffix(suffix: str) -> bool:
    """Whether a suffix announces compression."""
    return suffix in _LAYERS


def unfolded(stream: io.BufferedReader, layer: str, budget: Budget) -> io.BufferedReader:
    """The content of a compressed stream, which stays open; UnreadableError leaves it where it is damaged."""
    raw: io.RawIOBase = Unfolded(_driven(stream, _LAYERS[layer]), budget)
    return buffered(raw)


def without_suffix(name: str) -> str:
    """The name of what is within a compressed file of this name; other names stay as they are."""
    at = name.rfind(".")
    within = _WITHIN.get(name[at:].lower()) if at > 0 else None
    return name if within is None else name[:at] + within


class Decompressor(Protocol):
    """One stream of compressed data, as the decompressors of ``lzma`` and ``bz2`` are driven."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended, and all of it was given."""

    @property
    def unused_data(self) -> bytes:
        """What stood behind the end."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes of what was given to it so far."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """At most so many bytes more, which may be none."""


class _Layer(NamedTuple):
    """A way of compression: what it begins with, what unfolds it, and what that raises."""

    magic: bytes
    fresh: Callable[[], Decompressor]
    faults: tuple[type[Exception], ...]


def _driven(stream: io.BufferedReader, layer: _Layer) -> Callable[[int], bytes]:
    current = layer.fresh()

    def read(size: int) -> bytes:
        nonlocal current
        while True:
            data = b""
            if current.eof:
                data = current.unused_data or stream.read1(SAMPLE_SIZE)
                while data and not data.strip(b"\0"):
                    data = stream.read1(SAMPLE_SIZE)
                if not data:
                    return b""
                data = data.lstrip(b"\0")
                current = layer.fresh()
            elif current.needs_input:
                data = stream.read1(SAMPLE_SIZE)
                if not data:
                    raise UnreadableError(ENDS_EARLY)
            try:
                piece = current.decompress(data, min(size, PIECE))
            except layer.faults as error:
                raise UnreadableError(*_fault(error)) from error
            if piece:
                return piece

    return read


def _fault(error: Exception) -> tuple[str, str]:
    """The reason and the kind of a problem with compressed data."""
    if isinstance(error, (lzma.LZMAError, zstandard.ZstdError)) and any(
        word in str(error).lower() for word in ("memory", "window")
    ):
        return f"asks for more than {MEMORY >> 20} MiB to be decompressed", "limit"
    return DAMAGED, "damaged"


class _GzipError(Exception):
    """What is no gzip, or does not have the sum that it says."""


class Inflater:
    """One deflated stream, driven as the decompressors of ``lzma`` and ``bz2`` are."""

    def __init__(self) -> None:
        self.needs_input = True
        self._inflate = _decompressobj(-15)
        self._held = b""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""
        return self._inflate.eof

    @property
    def unused_data(self) -> bytes:
        """What stood behind the end."""
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """At most so many bytes more."""
        piece = self._inflate.decompress(self._held + data if self._held else data, max_length)
        self._held = b"" if self._inflate.eof else self._inflate.unconsumed_tail
        # Where a piece is as long as it may be, more of it may wait inside.
        self.needs_input = not self._held and len(piece) < max_length and not self._inflate.eof
        return piece


class _Gzip:
    """One stream of gzip. Its sum is looked at when all of it has been given, so that a wrong one costs nothing."""

    def __init__(self) -> None:
        self.eof = False
        self.unused_data = b""
        self.needs_input = True
        self._content = Inflater()
        self._begun = False
        self._held = b""
        self._sum = 0
        self._size = 0

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if not self._begun:
            self._held += data
            begin = _gzip_header(self._held)
            if not begin:
                return b""
            data, self._held, self._begun = self._held[begin:], b"", True
        if self._content.eof:
            self._end(data)
            return b""
        piece = self._content.decompress(data, max_length)
        self._sum = crc32(piece, self._sum)
        self._size += len(piece)
        self._held = self._content.unused_data
        self.needs_input = self._content.needs_input
        return piece

    def _end(self, data: bytes) -> None:
        self._held += data
        if len(self._held) < 8:
            self.needs_input = True
            return
        said = self._held[:8]
        if said != self._sum.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little"):
            raise _GzipError
        self.unused_data = self._held[8:]
        self.eof = True


def _gzip_header(held: bytes) -> int:
    """How long the header of a gzip stream is (RFC 1952), 0 where it goes on beyond ``held``."""
    if not held.startswith(b"\x1f\x8b\x08"[: len(held)]) or len(held) > _LONGEST_GZIP_HEADER or held[3:4] > b"\x1f":
        raise _GzipError
    if len(held) < 12:
        return 0
    flags, end = held[3], 10
    if flags & 4:
        end += 2 + int.from_bytes(held[10:12], "little")
    for text in (8, 16):
        if flags & text:
            end = held.find(b"\0", end) + 1
            if not end:
                return 0
    end += flags & 2
    return end if end <= len(held) else 0


class _Zstd:
    """One frame of zstd; the library's own stream takes one that was cut off for a whole one."""

    def __init__(self) -> None:
        self.eof = False
        self.unused_data = b""
        self.needs_input = True
        self._frame = zstandard.ZstdDecompressor(max_window_size=MEMORY).decompressobj()
        self._rest, self._at = b"", 0
        self._held, self._given = b"", 0

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if data:
            self._rest, self._at = self._rest[self._at :] + data, 0
        while self._given == len(self._held) and self._at < len(self._rest) and not self._frame.eof:
            piece = self._rest[self._at : self._at + _ZSTD_PIECE]
            self._at += len(piece)
            self._held, self._given = self._frame.decompress(piece), 0
        piece = self._held[self._given : self._given + max_length]
        self._given += len(piece)
        spent = self._given == len(self._held)
        self.needs_input = spent and self._at == len(self._rest)
        if spent and self._frame.eof:
            self.unused_data = self._frame.unused_data + self._rest[self._at :]
            self.eof = True
        return piece


def _xz() -> Decompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)


_LAYERS = {
    ".gz": _Layer(b"\x1f\x8b", _Gzip, (*INFLATE_FAULTS, _GzipError)),
    ".bz2": _Layer(b"BZh", bz2.BZ2Decompressor, (OSError, ValueError)),
    ".xz": _Layer(b"\xfd7zXZ\x00", _xz, (lzma.LZMAError,)),
    ".zst": _Layer(b"\x28\xb5\x2f\xfd", _Zstd, (zstandard.ZstdError,)),
}
_FIRST_BYTES = {layer.magic[0]: suffix for suffix, layer in _LAYERS.items()}
_WITHIN = {
    **dict.fromkeys((*_LAYERS, ".gzip", ".bz", ".bzip2", ".zstd"), ""),
    **dict.fromkeys((".tgz", ".taz", ".tbz2", ".tbz", ".tb2", ".txz", ".tzst"), ".tar"),
}
