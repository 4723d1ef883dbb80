"""Which files lie under a path? Regular files in a steady order, hidden ones and the index left out."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from searchkit.article import Origin, Problem

_LATEST = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class File:
    """A file to be read: its absolute path, its size in bytes and its time of change in nanoseconds.

    ``name`` is the path below its root, with the root's label before it; ``explicit`` says that the
    person named this very file.
    """

    path: Path
    name: str
    size: int
    changed: int
    explicit: bool


def walk(root: Path, label: str, *, leave_out: Path, report: Callable[[Problem], None]) -> Iterator[File]:
    """Yield the files under ``root`` (or ``root`` itself), sorted by path, folder by folder.

    Names that begin with a dot and the folder ``leave_out`` are passed over; links to folders are
    not followed, so a loop of links ends. A folder that cannot be listed is reported.
    """
    if not root.is_dir():
        yield from _file(root, label, explicit=True, report=report)
        return

    def refused(error: OSError) -> None:
        report(Problem(Origin(str(error.filename)), f"cannot be listed ({error.strerror})"))

    for folder, folders, names in os.walk(root, onerror=refused):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and here / name != leave_out)
        below = here.relative_to(root).as_posix()
        prefix = label if below == "." else f"{label}/{below}"
        for name in sorted(names):
            if not name.startswith("."):
                yield from _file(here / name, f"{prefix}/{name}", explicit=False, report=report)


def printable(name: str) -> str:
    """A file's name as text that can be stored anywhere: a byte that is not UTF-8 becomes U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _file(path: Path, name: str, *, explicit: bool, report: Callable[[Problem], None]) -> Iterator[File]:
    try:
        status = path.stat()
    except OSError as error:
        report(Problem(Origin(str(path)), f"cannot be read ({error.strerror})"))
        return
    if stat.S_ISREG(status.st_mode):
        # A time beyond the year 2262 is still a time; the ledger's numbers end there.
        changed = max(-_LATEST, min(status.st_mtime_ns, _LATEST))
        yield File(path, printable(name), status.st_size, changed, explicit)
    else:
        report(Problem(Origin(str(path)), "is not a regular file"))
