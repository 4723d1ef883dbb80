"""What is in a file of the store? Named sections, every page of them under a checksum.

A file is: 8 bytes of magic with the version; the sections, each begun at a multiple of 8; a CRC-32 (zlib's) of
each page of 16 KiB of all that, uint32, little-endian; a table of contents in JSON (the length and the
sections as [offset, length], and what the writer added); 4 bytes with the length of that table, 4 with the CRC-32
of the checksums and the table together; 8 bytes of magic again. A page is verified when it is first read, so a
search reads nothing that was not verified and verifies nothing that it does not read.
"""

from __future__ import annotations

import json
import mmap
import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from searchkit.errors import IndexDamaged, StorageError
from searchkit.store.folder import Folder
from searchkit.store.kernels import page_checksums

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAGIC = b"skseg\x00\x00\x02"
PAGE = 16384
T = TypeVar("T")
_LARGEST_TABLE = 1 << 20
_TAIL = struct.Struct("<II8s")


class SectionWriter:
    """A file being written, section by section."""

    def __init__(self, folder: Folder, name: str) -> None:
        self.name = name
        self._output = folder.create(name)
        self._sections: dict[str, tuple[int, int]] = {}
        self._checksums = bytearray()
        self._page = bytearray()
        self._length = 0
        self._begun = ("", 0)
        self._append(MAGIC)

    def begin(self, name: str) -> None:
        """Begin a section; what is appended belongs to it until ``end``."""
        self._append(bytes(-self._length % 8))
        self._begun = (name, self._length)

    def append(self, data: bytes | memoryview) -> None:
        """Append to the section that was begun."""
        self._append(data)

    def append_parts(self, parts: Sequence[Buffer]) -> None:
        """Append several, in one piece: each write has to wait for the interpreter afterwards."""
        page, self._page = self._page, bytearray()
        self._length -= len(page)
        self._append(b"".join((page, *parts)))

    def end(self) -> None:
        """End the section that was begun."""
        name, offset = self._begun
        self._sections[name] = (offset, self._length - offset)

    def add(self, name: str, data: bytes | memoryview) -> None:
        """A whole section."""
        self.begin(name)
        self._append(data)
        self.end()

    def sync(self) -> None:
        """Wait until what is written so far is on the disk: then there is less to wait for at the end."""
        self._output.sync()

    def finish(self, facts: dict[str, Any]) -> int:
        """Write the table of contents with ``facts`` in it, sync, close; returns the bytes of the file."""
        if self._page:
            self._flush_page(self._page)
        table = json.dumps(
            {"length": self._length, "sections": self._sections, **facts}, separators=(",", ":")
        ).encode()
        end = bytes(self._checksums) + table
        self._write(end + _TAIL.pack(len(table), zlib.crc32(end), MAGIC))
        try:
            self._output.sync()
        finally:
            self._output.close()
        return self._length + len(end) + _TAIL.size

    def abandon(self) -> None:
        """Let go of the file as it is."""
        self._output.close()

    def _append(self, data: bytes | memoryview) -> None:
        self._length += len(data)
        view = memoryview(data).cast("B")
        if self._page:
            room = PAGE - len(self._page)
            self._page += view[:room]
            view = view[room:]
            if len(self._page) < PAGE:
                return
            self._flush_page(self._page)
            self._page = bytearray()
        whole = len(view) // PAGE * PAGE
        if whole:
            self._checksums += page_checksums(view[:whole], PAGE)
            self._write(view[:whole])
        self._page += view[whole:]

    def _flush_page(self, page: bytearray) -> None:
        self._checksums += page_checksums(page, PAGE)
        self._write(bytes(page))

    def _write(self, data: bytes | memoryview) -> None:
        try:
            self._output.write(data)
        except BaseException:
            # Nothing more can become of this file.
            self._output.close()
            raise


class SectionReader:
    """A file of sections, mapped into memory; raises IndexDamaged for whatever does not add up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self.size = file.seek(0, 2)
                if self.size < len(MAGIC) + _TAIL.size:
                    raise self.damaged("it is too short")
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError as error:
            raise self.damaged("it is missing") from error
        except (OSError, ValueError) as error:
            raise StorageError(f"{path} cannot be read: {error}") from error
        self._view = memoryview(self._map)
        self._read_table()

    def _read_table(self) -> None:
        table_length, checksum, magic = _TAIL.unpack(self._view[self.size - _TAIL.size :])
        if bytes(self._view[: len(MAGIC)]) != MAGIC or magic != MAGIC:
            raise self.damaged("it does not begin and end as it must")
        if table_length > _LARGEST_TABLE:
            raise self.damaged("its table of contents is too large to be one")
        end = self.size - _TAIL.size
        try:
            facts = json.loads(bytes(self._view[max(end - table_length, 0) : end]))
            length = facts["length"]
            if not _are_whole(length):
                raise self.damaged("its table of contents makes no sense")
            self._pages: int = -(-length // PAGE)
            begin = end - table_length - 4 * self._pages
            if begin != length or zlib.crc32(self._view[begin:end]) != checksum:
                raise self.damaged("its table of contents is not what was written")
            self._checksums = self._view[begin : begin + 4 * self._pages]
            self._sections: dict[str, tuple[int, int]] = {
                name: (offset, size) for name, (offset, size) in facts["sections"].items()
            }
            for offset, size in self._sections.values():
                if not _are_whole(offset, size) or offset + size > length or offset % 8:
                    raise self.damaged("a section lies outside it")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self.damaged("its table of contents makes no sense") from error
        self.facts: dict[str, Any] = facts
        self._length: int = length
        self._verified = bytearray(self._pages)

    def damaged(self, reason: str) -> IndexDamaged:
        """The error to raise for this file."""
        return IndexDamaged(
            f"the index is damaged: {self.path.name}: {reason}",
            hint="Build it again: searchkit index --rebuild PATH",
        )

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return self._pages

    def names(self) -> list[str]:
        """The names of the sections."""
        return list(self._sections)

    def sections_of_page(self, page: int) -> list[str]:
        """The names of the sections that have bytes in a page."""
        begin, end = page * PAGE, (page + 1) * PAGE
        return [
            name for name, (offset, size) in self._sections.items() if size and offset < end and begin < offset + size
        ]

    def section(self, name: str) -> memoryview:
        """The bytes of a section, not verified."""
        try:
            offset, size = self._sections[name]
        except KeyError:
            raise self.damaged(f"it has no section {name!r}") from None
        return self._view[offset : offset + size]

    def numbers(self, name: str, kind: Literal["B", "I", "Q"], *, verify: bool = True) -> memoryview[int]:
        """A section as unsigned numbers of one, four or eight bytes, verified as a whole unless told not to be."""
        return self._whole(name, struct.calcsize(kind), verify).cast(kind)

    def decimals(self, name: str, *, verify: bool = True) -> memoryview[float]:
        """A section as float32 numbers."""
        return self._whole(name, 4, verify).cast("f")

    def _whole(self, name: str, size: int, verify: bool) -> memoryview[int]:
        view = self.section(name)
        if len(view) % size:
            raise self.damaged(f"section {name!r} ends in the middle of a number")
        if verify:
            self.verify(name, 0, len(view))
        return view

    def for_kernel(self, make: Callable[..., T], names: list[str]) -> T:
        """What ``make`` gives for the whole file, its pages, and the (offset, size) of these sections."""
        for name in names:
            self.section(name)
        sections = [self._sections[name] for name in names]
        return make(self._view, PAGE, self._verified, self._verify_page, sections)

    def verify(self, name: str, begin: int, end: int) -> None:
        """Verify the pages of bytes ``begin`` to ``end`` of a section, unless they were before."""
        offset, size = self._sections[name]
        if not 0 <= begin <= end <= size:
            raise self.damaged(f"section {name!r} is shorter than it should be")
        if begin == end:
            return
        verified = self._verified
        for page in range((offset + begin) // PAGE, (offset + end - 1) // PAGE + 1):
            if not verified[page]:
                self._verify_page(page)

    def verify_all(self) -> list[int]:
        """Verify every page; returns the numbers of those that fail."""
        bad = []
        for page in range(self._pages):
            try:
                self._verify_page(page)
            except IndexDamaged:
                bad.append(page)
        return bad

    def _verify_page(self, page: int) -> None:
        begin = page * PAGE
        (expected,) = struct.unpack_from("<I", self._checksums, 4 * page)
        if zlib.crc32(self._view[begin : min(begin + PAGE, self._length)]) != expected:
            raise self.damaged(f"page {page} is not what was written")
        self._verified[page] = 1


def _are_whole(*numbers: object) -> bool:
    """Whether these, out of a file, are whole numbers of zero or more."""
    return all(type(number) is int and number >= 0 for number in numbers)
