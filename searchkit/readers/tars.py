"""What is packed in a tar? Its members as they come, of a stream that cannot go back."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from typing import Any

from searchkit.readers.decoding import SAMPLE_SIZE
from searchkit.readers.format import UnreadableError
from searchkit.readers.member import LONGEST_NAME, Member, Names, damaged, hidden, refusal
from searchkit.readers.packed import Budget, ContainerError, SpentError, Unfolded, buffered
from searchkit.readers.prose import one_line

# A header that tells names beyond this lies.
_LONGEST_HEADER = 1 << 20
_FAULTS = (tarfile.TarError, ValueError, OverflowError, IndexError)


class _Pieces:
    """What a tar is read from. A failure looks like the end at first, so that nothing before it is lost."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self.failure: Exception | None = None

    def read(self, size: int) -> bytes:
        if self.failure:
            return b""
        try:
            return self._stream.read1(size)
        except Exception as error:
            self.failure = error
            return b""

    def fault(self, found: Exception | None, depth: int) -> Exception | None:
        """Why the tar ends: what befell the bytes beneath, or what is wrong with it; None for nothing."""
        if isinstance(self.failure, (SpentError, ContainerError)):
            return self.failure
        if self.failure or not found:
            return self.failure and ContainerError(depth, self.failure)
        return ContainerError(depth, UnreadableError(damaged("tar", found)))


class _Tar(tarfile.TarFile):
    """A tar; ``headers`` counts the bytes of the headers that hold for all members."""

    headers = 0


class _Header(tarfile.TarInfo):
    """A header of a tar that is not trusted."""

    @classmethod
    def fromtarfile(cls, tar: tarfile.TarFile) -> _Header:
        """The next header; a broken one is a fault, where TarFile would take it for the end."""
        try:
            return super().fromtarfile(tar)
        except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError) as error:  # type: ignore[attr-defined]
            raise tarfile.ReadError(str(error)) from error

    def _proc_member(self, tar: _Tar) -> tarfile.TarInfo:
        special = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE)
        if self.type in (*special, tarfile.SOLARIS_XHDTYPE):
            if self.type == tarfile.XGLTYPE:
                tar.headers += self.size
            if max(self.size, tar.headers) > _LONGEST_HEADER:
                raise tarfile.ReadError(f"a header of {max(self.size, tar.headers):,} bytes")
        if self.size < 0:
            raise tarfile.ReadError("a member with a size below zero")
        return super()._proc_member(tar)  # type: ignore[misc,no-any-return]

    # Files with holes are refused, so the lists of their holes, which may have no end, are not kept.

    def _proc_sparse(self: Any, tar: Any) -> tarfile.TarInfo:  # noqa: ANN401 (of the insides of tarfile)
        _, goes_on, _ = self._sparse_structs
        del self._sparse_structs
        while goes_on:
            block = tar.fileobj.read(tarfile.BLOCKSIZE)
            if len(block) < tarfile.BLOCKSIZE:
                raise tarfile.ReadError("unexpected end of data")
            goes_on = bool(block[504])
        self.sparse = []
        self.offset_data = tar.fileobj.tell()
        tar.offset = self.offset_data + self._block(self.size)
        return self  # type: ignore[no-any-return]

    def _proc_gnusparse_00(self, header: Any, *_: object) -> None:  # noqa: ANN401
        header.sparse = []

    _proc_gnusparse_01 = _proc_gnusparse_10 = _proc_gnusparse_00


def tar_members(stream: io.BufferedReader, budget: Budget, depth: int) -> Iterator[Member]:
    """Every file of a tar; see ``archives.members``."""
    named = Names()
    pieces = _Pieces(stream)
    try:
        archive = _Tar.open(fileobj=pieces, mode="r|", tarinfo=_Header, ignore_zeros=True)  # type: ignore[call-overload]
        with archive:
            while info := archive.next():
                # It would keep all headers.
                archive.members.clear()
                name = one_line(info.name)
                if info.isdir() or hidden(name):
                    continue
                name = named(name[:LONGEST_NAME])
                refused = refusal(name) or _refusal(info)
                opened = None if refused else archive.extractfile(info)
                if opened is None:
                    yield Member(name, None, refused or "cannot be read")
                    continue
                with buffered(Unfolded(_reader(opened, pieces, depth), budget)) as content:
                    yield Member(name, content)
    except _FAULTS as error:
        raise pieces.fault(error, depth) or error from error
    if fault := pieces.fault(None, depth):
        raise fault


def _refusal(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "is a link"
    if info.issparse():
        return "is a file with holes, which are not filled here"
    return "" if info.isreg() else "is a pipe or a device"


def _reader(opened: object, pieces: _Pieces, depth: int) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        try:
            return opened.read1(min(size, SAMPLE_SIZE))  # type: ignore[attr-defined,no-any-return]
        except _FAULTS as error:
            raise pieces.fault(error, depth) or error from error

    return read
