"""What is packed in an archive? Its members one after the other, as streams; nothing is unpacked to disk."""

from __future__ import annotations

import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple

from searchkit.readers.binary import binary_kind
from searchkit.readers.decoding import SAMPLE_SIZE, read_some
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, UnreadableError
from searchkit.readers.packed import MEMORY, Budget, ContainerError, SpentError, Unfolded, buffered
from searchkit.readers.prose import one_line

# A header of a tar that tells names beyond this lies.
_LONGEST_HEADER = 1 << 20
_LONGEST_NAME = 4096
_TAR_FAULTS = (tarfile.TarError, ValueError, OverflowError, IndexError)
_ZIP_FAULTS = (
    zipfile.BadZipFile,
    OSError,
    ValueError,
    RuntimeError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)
# What is read of a member at a time. Without a limit of what comes out, 4 KiB of bzip2 unfold to 80 MB at most.
_DEFLATED_PIECE = 16 * 1024
_OTHER_PIECE = 4096


class Member(NamedTuple):
    """A file in an archive: its name there, and its content, or why it is not read."""

    name: str
    stream: io.BufferedReader | None
    refusal: str = ""


def archive_kind(name: str, sample: bytes) -> str:
    """Which archive of files this is: "zip", "tar" or '' (a Word document is no archive here)."""
    if sample.startswith(b"PK"):
        return "zip" if binary_kind(sample) in ("a ZIP archive", "an empty ZIP archive") else ""
    # The first tars had no mark.
    marked = sample.startswith(b"ustar", 257)
    return "tar" if marked or (name.lower().endswith(".tar") and b"\0" in sample[:512]) else ""


def members(stream: io.BufferedReader, kind: str, budget: Budget, depth: int) -> Iterator[Member]:
    """Every file of an archive in its order, each with a name of its own; read one before the next is asked for.

    ``depth`` is how deep the archive lies, 1 for the outermost: ``ContainerError`` leaves the stream of a member
    if what is around it breaks, UnreadableError if the member itself is damaged.
    """
    named = _Names()
    if kind == "zip":
        yield from _zipped(_seekable(stream), budget, named)
    else:
        yield from _tarred(stream, budget, depth, named)


class _Names:
    """Names of members, made different where an archive has one twice; only their hashes are kept."""

    def __init__(self) -> None:
        self._met: dict[int, int] = {}

    def __call__(self, name: str) -> str:
        count = self._met.get(hash(name), 0)
        if not count:
            self._met[hash(name)] = 1
            return name
        while True:
            count += 1
            other = f"{name} ({count})"
            if hash(other) not in self._met:
                self._met[hash(name)] = count
                self._met[hash(other)] = 1
                return other


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


def _zipped(file: io.BufferedIOBase, budget: Budget, named: _Names) -> Iterator[Member]:
    archive, infos = _directory(file)
    # The directory of a million members takes half a gigabyte: what was read of it is let go.
    infos.reverse()
    while infos:
        info = infos.pop()
        name = one_line(_zip_name(info))
        if info.is_dir() or _hidden(name):
            continue
        name = named(name[:_LONGEST_NAME])
        refusal = _refusal(name) or _zip_refusal(info)
        if refusal:
            yield Member(name, None, refusal)
            continue
        try:
            opened = archive.open(info)
            too_much = info.compress_type == zipfile.ZIP_LZMA and _lzma_memory(file, info) > MEMORY
        except NotImplementedError:
            yield Member(name, None, "is compressed in a way that is not known here")
            continue
        except _ZIP_FAULTS as error:
            yield Member(name, None, _damaged("member", error))
            continue
        with opened:
            if too_much:
                yield Member(name, None, f"asks for more than {MEMORY >> 20} MiB to be decompressed")
                continue
            with buffered(Unfolded(_zip_read(opened, info.compress_type), budget)) as stream:
                yield Member(name, stream)


def _directory(file: io.BufferedIOBase) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
    """The archive, and all that its directory names; UnreadableError where no directory of a sound zip is there."""
    try:
        end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
        if end and end[zipfile._ECD_SIZE] > RECORD_LIMIT:  # type: ignore[attr-defined]
            raise UnreadableError(f"is a zip with a directory of more than {RECORD_LIMIT_WORDS}", "limit")
        archive = zipfile.ZipFile(file)
    except UnicodeDecodeError as error:
        raise UnreadableError("is a damaged zip (a name in it is said to be UTF-8 and is not)") from error
    except _ZIP_FAULTS as error:
        raise UnreadableError(_damaged("zip", error)) from error
    infos = archive.filelist
    archive.NameToInfo.clear()
    before = None
    for info in sorted(infos, key=lambda info: info.header_offset):
        if before and before.header_offset + 30 + before.compress_size > info.header_offset:
            raise UnreadableError("is a zip whose members lie one over the other, as only in a bomb", "archive")
        before = info
    return archive, infos


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name, which many programs write as UTF-8 without saying so."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _zip_refusal(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 1:
        return "is encrypted"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "is a link"
    return "is a pipe or a device" if kind not in (0, stat.S_IFREG) else ""


def _zip_read(opened: IO[bytes], method: int) -> Callable[[int], bytes]:
    most = _DEFLATED_PIECE if method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) else _OTHER_PIECE

    def read(size: int) -> bytes:
        try:
            return opened.read1(min(size, most))  # type: ignore[attr-defined,no-any-return]
        except EOFError as error:
            raise UnreadableError("the compressed data ends too early") from error
        except _ZIP_FAULTS as error:
            raise UnreadableError("the compressed data is damaged") from error

    return read


def _lzma_memory(file: io.BufferedIOBase, info: zipfile.ZipInfo) -> int:
    """How much memory a member that is compressed by LZMA wants."""
    file.seek(info.header_offset + 26)
    lengths = struct.unpack("<HH", file.read(4))
    file.seek(sum(lengths), io.SEEK_CUR)
    return int.from_bytes(file.read(9)[5:], "little")


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
        return ContainerError(depth, UnreadableError(_damaged("tar", found)))


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


def _tarred(stream: io.BufferedReader, budget: Budget, depth: int, named: _Names) -> Iterator[Member]:
    pieces = _Pieces(stream)
    try:
        archive = _Tar.open(fileobj=pieces, mode="r|", tarinfo=_Header, ignore_zeros=True)  # type: ignore[call-overload]
        with archive:
            while info := archive.next():
                # It would keep all headers.
                archive.members.clear()
                name = one_line(info.name)
                if info.isdir() or _hidden(name):
                    continue
                name = named(name[:_LONGEST_NAME])
                refusal = _refusal(name) or _tar_refusal(info)
                opened = None if refusal else archive.extractfile(info)
                if opened is None:
                    yield Member(name, None, refusal or "cannot be read")
                    continue
                with buffered(Unfolded(_tar_read(opened, pieces, depth), budget)) as content:
                    yield Member(name, content)
    except _TAR_FAULTS as error:
        raise pieces.fault(error, depth) or error from error
    if fault := pieces.fault(None, depth):
        raise fault


def _tar_refusal(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "is a link"
    if info.issparse():
        return "is a file with holes, which are not filled here"
    return "" if info.isreg() else "is a pipe or a device"


def _tar_read(opened: object, pieces: _Pieces, depth: int) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        try:
            return opened.read1(min(size, SAMPLE_SIZE))  # type: ignore[attr-defined,no-any-return]
        except _TAR_FAULTS as error:
            raise pieces.fault(error, depth) or error from error

    return read


def _damaged(what: str, error: Exception) -> str:
    said = one_line(str(error)).rstrip(".")[:200]
    return f"is a damaged {what} ({said[:1].lower()}{said[1:]})" if said else f"is a damaged {what}"


def _parts(name: str) -> list[str]:
    return name.replace("\\", "/").split("/")


def _hidden(name: str) -> bool:
    """Names that a walk through folders passes over too: those that begin with a dot, and a Mac's own."""
    return any((part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in _parts(name))


def _refusal(name: str) -> str:
    drive = name[1:2] == ":" and name[0].isascii() and name[0].isalpha()
    if ".." in _parts(name) or name.startswith(("/", "\\")) or drive:
        return "has a name that climbs out of the archive"
    if len(name) >= _LONGEST_NAME:
        return "has a name that is too long"
    return "" if name else "has no name"
