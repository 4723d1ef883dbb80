"""Which files are the index? The manifest says so, and nothing else does.

``manifest.json`` is two members: ``checksum``, the CRC-32 of the other as compact JSON with sorted keys, and
``index``. It is replaced in one step, after everything that it names is on the disk.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from searchkit.errors import IndexDamaged, IndexMissing, NotAnIndex, StorageError
from searchkit.store.folder import Folder, publish

NAME = "manifest.json"
FORMAT_VERSION = 5
_LARGEST = 16 << 20
# The files that an index consists of besides the manifest; those that last outlive a commit.
TRANSIENT = re.compile(r"(?:segment|deleted)-\d+|.*\.new")
_LASTING = r"writer\.lock|files\.sqlite(?:-\w+)?|_MAIN_\d+\.toc|MAIN_WRITELOCK"


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """A segment of the index, and what was deleted from it since it was written.

    ``deleted`` is the name of the file with the live articles, '' where all are. ``live``,
    ``title_words`` and ``body_words`` count live articles only.
    """

    name: str
    bytes: int
    articles: int
    live: int
    title_words: int
    body_words: int
    deleted: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One commit: its number, the chain of analysis, the segments, and the next free number for a file."""

    generation: int
    language: str
    fingerprint: str
    segments: tuple[SegmentEntry, ...] = ()
    next_file: int = 1

    def files(self) -> set[str]:
        """The names of all files that this commit consists of, the manifest left out."""
        return {name for entry in self.segments for name in (entry.name, entry.deleted) if name}

    def successor(self, segments: tuple[SegmentEntry, ...], next_file: int) -> Manifest:
        """The next commit."""
        return replace(self, generation=self.generation + 1, segments=segments, next_file=next_file)


def write_manifest(folder: Folder, manifest: Manifest) -> None:
    """Make ``manifest`` the index: once this returns, a crash does not undo it."""
    publish(folder, NAME, manifest_bytes(manifest))


def manifest_bytes(manifest: Manifest) -> bytes:
    """The file, as it is written."""
    index = {"format": FORMAT_VERSION, **asdict(manifest)}
    content = {"checksum": _checksum(index), "index": index}
    return json.dumps(content, indent=1).encode() + b"\n"


def read_manifest(path: Path) -> Manifest:
    """The manifest of the index in the folder ``path``.

    Raises IndexMissing where there is none, NotAnIndex where something else is there or the format is a
    newer one, IndexDamaged where it contradicts itself.
    """
    try:
        if (path / NAME).stat().st_size > _LARGEST:
            raise _damaged(path, "it is too large to be one")
        content = (path / NAME).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(path) from None
    except OSError as error:
        raise StorageError(f"the index {path} cannot be read: {error.strerror or error}") from error
    try:
        outer = json.loads(content)
        index: dict[str, Any] = outer["index"]
        if outer["checksum"] != _checksum(index):
            raise _damaged(path, "its checksum is another")
        if index["format"] != FORMAT_VERSION:
            raise NotAnIndex(
                f"the index {path} has format {index['format']}, and this version reads {FORMAT_VERSION}",
                hint="Build it again: remove the folder, then searchkit index PATH",
            )
        return _manifest(index)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, "it makes no sense") from error


def _manifest(index: dict[str, Any]) -> Manifest:
    segments = tuple(SegmentEntry(**entry) for entry in index["segments"])
    for entry in segments:
        numbers = (entry.bytes, entry.articles, entry.live, entry.title_words, entry.body_words)
        # No file is larger than this, and averages of larger numbers would be none.
        if (
            not all(type(number) is int and 0 <= number < 1 << 63 for number in numbers)
            or entry.live > entry.articles
        ):
            raise ValueError(entry)
        for name in (entry.name, entry.deleted):
            # A name is a file of this folder, never a way out of it.
            if not isinstance(name, str) or "/" in name or "\\" in name or name.startswith("."):
                raise ValueError(name)
    generation, language, fingerprint = index["generation"], index["language"], index["fingerprint"]
    if not (isinstance(generation, int) and isinstance(language, str) and isinstance(fingerprint, str)):
        raise TypeError(index)
    return Manifest(generation, language, fingerprint, segments, int(index["next_file"]))


def _checksum(index: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(index, sort_keys=True, separators=(",", ":")).encode())


def _damaged(path: Path, reason: str) -> IndexDamaged:
    return IndexDamaged(
        f"the index {path} is damaged: {NAME}: {reason}",
        hint="Build it again: searchkit index --rebuild PATH",
    )


def _may_lie_here(name: str) -> bool:
    """Whether a file does not make the folder somebody else's: a hidden one, or one of an index begun."""
    return name.startswith(".") or bool(TRANSIENT.fullmatch(name) or re.fullmatch(_LASTING, name))


def _missing(path: Path) -> Exception:
    hint = "Make one: searchkit index PATH (see searchkit index --help)"
    try:
        if path.exists() and not path.is_dir():
            return NotAnIndex(f"{path} is a file, not an index", hint="Name a folder: --index DIR")
        if path.is_dir() and any(not _may_lie_here(entry.name) for entry in path.iterdir()):
            return NotAnIndex(f"{path} holds something that is not an index", hint="Name another folder: --index DIR")
    except OSError as error:
        return StorageError(f"{path} cannot be read: {error.strerror or error}")
    return IndexMissing(f"there is no index at {path}", hint=hint)
