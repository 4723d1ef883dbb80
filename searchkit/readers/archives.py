"""What is packed in an archive? Its members one after the other, as streams; nothing is unpacked to disk."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

from searchkit.readers.binary import binary_kind
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, UnreadableError
from searchkit.readers.packed import Budget, Unfolded, buffered
from searchkit.readers.prose import one_line

# A header of a tar that tells names beyond this lies.
_LONGEST_HEADER = 1 << 20
_TAR_FAULTS = (tarfile.TarError, OverflowError)


class Member(NamedTuple):
    """A file in an archive: its name there, and its content, or why it is not read."""

    name: str
    stream: io.BufferedReader | None
    refusal: str = ""


def archive_kind(name: str, sample: bytes) -> str:
    """Which archive of files this is: "zip", "tar" or '' (a Word document is no archive here)."""
    kind = binary_kind(sample)
    if kind in ("a ZIP archive", "an empty ZIP archive") and not name.lower().endswith(".docx"):
        return "zip"
    # The first tars had no mark.
    return "tar" if kind == "a tar archive" or (name.lower().endswith(".tar") and b"\0" in sample[:512]) else ""


def members(stream: io.BufferedReader, kind: str, budget: Budget) -> Iterator[Member]:
    """Every file of an archive in its order; each stream is spent before the next is asked for."""
    return _zipped(_seekable(stream), budget) if kind == "zip" else _tarred(stream, budget)


def _seekable(stream: io.BufferedReader) -> io.BufferedIOBase:
    """A zip has its table of contents at its end. One that comes through a pipe or lies in another is held whole."""
    if stream.seekable():
        return stream
    data = stream.read(RECORD_LIMIT + 1)
    if len(data) > RECORD_LIMIT:
        raise UnreadableError(
            f"is a zip of more than {RECORD_LIMIT_WORDS} in a place where it cannot be read from its end", "limit"
        )
    return io.BytesIO(data)


def _zipped(file: io.BufferedIOBase, budget: Budget) -> Iterator[Member]:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise UnreadableError(f"is a damaged zip ({one_line(str(error)).rstrip('.').lower()})") from error
    for info in archive.infolist():
        name = one_line(info.filename)
        if info.is_dir() or _hidden(name):
            continue
        refusal = _refusal(name)
        if info.flag_bits & 1:
            refusal = "is encrypted"
        elif stat.S_ISLNK(info.external_attr >> 16):
            refusal = "is a link"
        if refusal:
            yield Member(name, None, refusal)
            continue
        try:
            opened = archive.open(info)
        except NotImplementedError:
            yield Member(name, None, "is compressed in a way that is not known here")
            continue
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            yield Member(name, None, f"is damaged ({one_line(str(error)).rstrip('.').lower()})")
            continue
        with opened, buffered(Unfolded(opened.read, opened.close, budget)) as stream:
            yield Member(name, stream)


class _Header(tarfile.TarInfo):
    """A header that does not take a name of gigabytes into memory."""

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        special = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE)
        if self.type in (*special, tarfile.SOLARIS_XHDTYPE) and self.size > _LONGEST_HEADER:
            raise tarfile.ReadError(f"a header of {self.size:,} bytes")
        return super()._proc_member(tar)  # type: ignore[misc,no-any-return]


def _tarred(stream: io.BufferedReader, budget: Budget) -> Iterator[Member]:
    try:
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header) as archive:
            for info in archive:
                name = one_line(info.name)
                if info.isdir() or _hidden(name):
                    continue
                refusal = _refusal(name)
                if not info.isreg() or info.issparse():
                    refusal = "is a link" if info.issym() or info.islnk() else "is a pipe, a device or full of holes"
                opened = None if refusal else archive.extractfile(info)
                if opened is None:
                    yield Member(name, None, refusal or "cannot be read")
                    continue
                with buffered(Unfolded(opened.read, opened.close, budget)) as content:
                    yield Member(name, content)
                # In a stream, what is left of a member is passed over by reading: as much as its header claims.
                archive.members = []  # type: ignore[attr-defined]
    except _TAR_FAULTS as error:
        raise UnreadableError(f"is a damaged tar ({one_line(str(error)).lower() or 'it ends too early'})") from error


def _hidden(name: str) -> bool:
    """Names that a walk through folders passes over too: those that begin with a dot, and a Mac's own."""
    return any((part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in name.split("/"))


def _refusal(name: str) -> str:
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or name.startswith(("/", "\\")) or name[1:2] == ":":
        return "has a name that climbs out of the archive"
    return "" if name else "has no name"
