"""How is a tree answered on this machine? By the segments of an index in a folder."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from searchkit.engine import Engine, Writer
from searchkit.errors import IndexDamaged, SearchkitError
from searchkit.store.folder import Folder
from searchkit.store.manifest import Manifest, read_manifest

if TYPE_CHECKING:
    from searchkit.store.check import Report


def open_engine(path: Path) -> Engine:
    """The index in the folder ``path``, ready to be asked.

    Raises IndexMissing, NotAnIndex, IndexDamaged, AnalysisMismatch or StorageError.
    """
    from searchkit.local.engine import LocalEngine  # heavy: not before an index is wanted

    return LocalEngine(path)


def open_writer(
    path: Path,
    *,
    language: str | None = None,
    fresh: bool = False,
    memory: int | None = None,
    workers: int | None = None,
) -> Writer:
    """The writer of the index in the folder ``path``, which is made where there is none.

    ``language`` is English for a new index, and must be the one of an index that is there. With ``fresh`` an
    index that is damaged, of another version or of another language gives way to an empty one, with the first
    commit. ``memory`` is in bytes. Raises UsageError for another language, NotAnIndex where the path holds
    something else, IndexLocked, AnalysisMismatch, IndexDamaged or StorageError.
    """
    from searchkit.store.writer import DEFAULT_MEMORY, StoreWriter, workers_of_this_machine

    writer = StoreWriter(
        path,
        language=language,
        fresh=fresh,
        memory=memory or DEFAULT_MEMORY,
        workers=workers or workers_of_this_machine(),
        after_commit=_show_to_whoosh,
        meanwhile=_learn_of_whoosh,
    )
    # What cannot be written now is written with the next commit.
    with suppress(OSError, SearchkitError):
        _mend_table(path)
    return writer


def check_index(path: Path, *, deep: bool = False) -> Report:
    """Verify the index in the folder ``path`` and its table of contents for Whoosh; see store/check.py."""
    from searchkit.local.whoosh_codec import about_table  # heavy: only a check and a commit need Whoosh
    from searchkit.store import check
    from searchkit.store.check_segment import Finding

    report = check.check_index(path, deep=deep)
    try:
        finding = about_table(path) if report.generation > 0 else None
    except IndexDamaged as error:
        # Since a moment ago.
        finding = Finding("manifest.json", "", str(error))
    return replace(report, findings=(*report.findings, finding)) if finding else report


def _mend_table(path: Path) -> None:
    """Leave Whoosh's table of the last commit where a crash has come between the two."""
    folder, manifest = Folder(path), read_manifest(path)
    tables = [name for name in folder.names() if name.endswith(".toc")]
    if tables != [f"_MAIN_{manifest.generation}.toc"]:
        _show_to_whoosh(folder, manifest)


def _learn_of_whoosh() -> None:
    """Load what ``_show_to_whoosh`` needs, while there is nothing else to do."""
    import searchkit.local.whoosh_codec  # noqa: F401 - heavy, as there


def _show_to_whoosh(folder: Folder, manifest: Manifest) -> None:
    """Leave a table of contents for Whoosh beside the manifest."""
    from searchkit.local.whoosh_codec import write_table_of_contents  # heavy: only a commit needs Whoosh

    write_table_of_contents(folder, manifest)


__all__ = ["check_index", "open_engine", "open_writer"]
