"""Which folder holds an index? One with ``searchkit.json``, which says how its terms were made."""

from __future__ import annotations

import json
from pathlib import Path

from searchkit.analysis import Chain
from searchkit.engine import Engine, Writer
from searchkit.errors import AnalysisMismatch, IndexDamaged, IndexMissing, NotAnIndex, StorageError

FORMAT_VERSION = 1
_MARKER = "searchkit.json"


def open_engine(path: Path) -> Engine:
    """The index in the folder ``path``, ready to be asked.

    Raises IndexMissing, NotAnIndex, IndexDamaged, AnalysisMismatch or StorageError.
    """
    if not _exists(path):
        raise IndexMissing(
            f"there is no index at {path}", hint="Make one: searchkit index PATH (see searchkit index --help)"
        )
    chain = _chain(path)
    from searchkit.local.whoosh_engine import WhooshEngine  # heavy: after the folder was looked at

    return WhooshEngine(path, chain)


def open_writer(path: Path, *, language: str = "english", fresh: bool = False) -> Writer:
    """The writer of the index in the folder ``path``, which is made where there is none.

    With ``fresh`` an index that is damaged, or of another version, gives way to an empty one.

    Raises NotAnIndex where the path holds something else, IndexLocked, AnalysisMismatch,
    IndexDamaged or StorageError.
    """
    from searchkit.local import whoosh_engine  # heavy: see open_engine

    if _exists(path):
        try:
            return whoosh_engine.WhooshWriter(path, _chain(path))
        except (IndexDamaged, AnalysisMismatch):
            if not fresh:
                raise
    chain = Chain(language)
    try:
        path.mkdir(parents=True, exist_ok=True)
        whoosh_engine.create(path)
        marker = {"format": FORMAT_VERSION, "language": language, "analysis": chain.fingerprint}
        (path / _MARKER).write_text(json.dumps(marker) + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"no index can be made at {path}: {error.strerror or error}") from error
    return whoosh_engine.WhooshWriter(path, chain)


def _exists(path: Path) -> bool:
    """Whether an index is at ``path``; a hidden file alone does not make a folder somebody else's."""
    try:
        if path.is_file():
            raise NotAnIndex(f"{path} is a file, not an index", hint="Name a folder: --index DIR")
        if not path.is_dir():
            return False
        if (path / _MARKER).is_file():
            return True
        if any(not entry.name.startswith(".") for entry in path.iterdir()):
            raise NotAnIndex(
                f"{path} holds something that is not an index", hint="Name another folder: --index DIR"
            )
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}") from error
    return False


def _chain(path: Path) -> Chain:
    """The chain that the index was written with, where this version can still make it."""
    try:
        marker = json.loads((path / _MARKER).read_text(encoding="utf-8"))
        version, language, fingerprint = marker["format"], marker["language"], marker["analysis"]
        if not isinstance(version, int):
            raise TypeError(version)
        chain = Chain(str(language))
    except OSError as error:
        raise StorageError(f"the index {path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(
            f"the index {path} is damaged: {_MARKER} makes no sense",
            hint="Remove the folder and build it again: searchkit index PATH",
        ) from error
    if version != FORMAT_VERSION or fingerprint != chain.fingerprint:
        raise AnalysisMismatch(
            f"the index {path} was written by another version of searchkit",
            hint="Remove the folder and build it again: searchkit index PATH",
        )
    return chain
