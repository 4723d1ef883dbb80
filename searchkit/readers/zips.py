"""What is packed in a zip? What its directory names, each found where the directory says that it lies.

The zipfile module reads the directory and finds the members. What they hold is decompressed here, since that module
gives all at once that four kilobytes unfold to, which may be gigabytes.
"""

from __future__ import annotations

import bz2
import copy
import io
import lzma
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from typing import IO

from searchkit.readers.decoding import SAMPLE_SIZE, read_some
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, UnreadableError
from searchkit.readers.member import LONGEST_NAME, Member, Names, damaged, hidden, refusal
from searchkit.readers.packed import (
    DAMAGED,
    ENDS_EARLY,
    INFLATE_FAULTS,
    MEMORY,
    PIECE,
    Budget,
    Decompressor,
    Inflater,
    Unfolded,
    buffered,
    crc32,
)
from searchkit.readers.prose import one_line

_FAULTS = (zipfile.BadZipFile, OSError, ValueError, RuntimeError, EOFError, OverflowError, struct.error)
_UNPACKING_FAULTS: tuple[type[Exception], ...] = (*INFLATE_FAULTS, lzma.LZMAError, OSError, ValueError)


def zip_members(file: io.BufferedReader, budget: Budget) -> Iterator[Member]:
    """Every file of a zip; see ``archives.members``."""
    named = Names()
    archive, infos = _directory(_seekable(file))
    # The directory of a million members takes half a gigabyte: what was read of it is let go.
    infos.reverse()
    while infos:
        info = infos.pop()
        name = one_line(_name(info))
        # (``is_dir`` fails where a name is empty.)
        if info.filename.endswith("/") or hidden(name):
            continue
        name = named(name[:LONGEST_NAME])
        refused = refusal(name) or _refusal(info)
        if refused:
            yield Member(name, None, refused)
            continue
        try:
            opened = archive.open(_as_stored(info))
        except NotImplementedError:
            yield Member(name, None, _UNKNOWN)
            continue
        except _FAULTS as error:
            yield Member(name, None, damaged("member", error))
            continue
        with opened, buffered(Unfolded(_reader(opened, info), budget)) as stream:
            yield Member(name, stream)


def _seekable(stream: io.BufferedReader) -> io.BufferedIOBase:
    """A zip has its table of contents at its end. One that comes through a pipe or lies in another is held whole."""
    if stream.seekable():
        return stream
    data = read_some(stream, RECORD_LIMIT + 1)
    if len(data) > RECORD_LIMIT:
        raise UnreadableError(
            f"is a zip of more than {RECORD_LIMIT_WORDS} in a place where it cannot be read from its end", "limit"
        )
    return io.BytesIO(data)


def _directory(file: io.BufferedIOBase) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
    """The archive, and all that its directory names; UnreadableError where no directory of a sound zip is there."""
    try:
        end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
        if end and end[zipfile._ECD_SIZE] > RECORD_LIMIT:  # type: ignore[attr-defined]
            raise UnreadableError(f"is a zip with a directory of more than {RECORD_LIMIT_WORDS}", "limit")
        archive = zipfile.ZipFile(file)
    except UnicodeDecodeError as error:
        raise UnreadableError("is a damaged zip (a name in it is said to be UTF-8 and is not)") from error
    except _FAULTS as error:
        raise UnreadableError(damaged("zip", error)) from error
    infos = archive.filelist
    archive.NameToInfo.clear()
    before = None
    for info in sorted(infos, key=lambda info: info.header_offset):
        if before and before.header_offset + 30 + before.compress_size > info.header_offset:
            raise UnreadableError("is a zip whose members lie one over the other, as only in a bomb", "archive")
        before = info
    return archive, infos


def _name(info: zipfile.ZipInfo) -> str:
    """The name, which many programs write as UTF-8 without saying so."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _refusal(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 1:
        return "is encrypted"
    if info.compress_type not in _METHODS:
        return _UNKNOWN
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "is a link"
    return "is a pipe or a device" if kind not in (0, stat.S_IFREG) else ""


def _as_stored(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """The same member, taken for one that is not compressed: so it is given as it lies there."""
    stored = copy.copy(info)
    stored.compress_type = zipfile.ZIP_STORED
    stored.file_size = info.compress_size
    # The sum is that of what is unfolded.
    del stored.CRC
    return stored


class _Stored:
    """What is not compressed, given as it is."""

    eof = False
    unused_data = b""

    def __init__(self) -> None:
        self.needs_input = True
        self._held = b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        held = self._held + data
        self._held = held[max_length:]
        self.needs_input = not self._held
        return held[:max_length]


class _Lzma:
    """LZMA with the header that it has in a zip: a version, the length of what follows, one byte, four of memory."""

    def __init__(self) -> None:
        self._held = b""
        self._opened: lzma.LZMADecompressor | None = None

    @property
    def eof(self) -> bool:
        return self._opened is not None and self._opened.eof

    @property
    def needs_input(self) -> bool:
        return self._opened is None or self._opened.needs_input

    @property
    def unused_data(self) -> bytes:
        return self._opened.unused_data if self._opened else b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if self._opened is None:
            self._held += data
            if len(self._held) < 9:
                return b""
            length, kind, memory = struct.unpack("<2xHBI", self._held[:9])
            if length != 5 or kind >= 225:
                raise lzma.LZMAError
            if memory > MEMORY:
                raise UnreadableError(f"asks for more than {MEMORY >> 20} MiB to be decompressed", "limit")
            how = {
                "id": lzma.FILTER_LZMA1,
                "dict_size": memory,
                "lc": kind % 9,
                "lp": kind // 9 % 5,
                "pb": kind // 45,
            }
            self._opened = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[how])
            data = self._held[9:]
        return self._opened.decompress(data, max_length)


_METHODS: dict[int, Callable[[], Decompressor]] = {
    zipfile.ZIP_STORED: _Stored,
    zipfile.ZIP_DEFLATED: Inflater,
    zipfile.ZIP_BZIP2: bz2.BZ2Decompressor,
    zipfile.ZIP_LZMA: _Lzma,
}
_UNKNOWN = "is compressed in a way that is not known here"


def _reader(opened: IO[bytes], info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    """What the bytes of a member unfold to; its sum is looked at when all of it was given."""
    current = _METHODS[info.compress_type]()
    size = total = 0

    def read(most: int) -> bytes:
        nonlocal size, total
        while True:
            try:
                data = opened.read(SAMPLE_SIZE) if current.needs_input and not current.eof else b""
            except _FAULTS as error:
                raise UnreadableError(DAMAGED) from error
            if current.eof or (current.needs_input and not data):
                if not current.eof and size < info.file_size:
                    raise UnreadableError(ENDS_EARLY)
                if (size, total) != (info.file_size, info.CRC):
                    raise UnreadableError(DAMAGED)
                return b""
            try:
                piece = current.decompress(data, min(most, PIECE))
            except _UNPACKING_FAULTS as error:
                raise UnreadableError(DAMAGED) from error
            size += len(piece)
            total = crc32(piece, total)
            if piece:
                return piece

    return read
