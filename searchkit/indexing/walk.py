"""Which files lie under a path? Regular files in the order of their paths, hidden ones and the index left out."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from searchkit.article import Origin, Problem
from searchkit.readers.reading import no_file, refused

_LATEST = (1 << 63) - 1
STANDARD_INPUT = "/dev/stdin"
# What every index has, and no folder of news.
_OF_AN_INDEX = {"manifest.json", "writer.lock"}


class File(NamedTuple):
    """A file to be read: its absolute path, its size in bytes and its time of change in nanoseconds.

    ``name`` is the path below its root, with the root's label before it; ``explicit`` says that the
    person named this very file.
    """

    path: str
    name: str
    size: int
    changed: int
    explicit: bool = False


def walk(
    root: str, label: str, *, leave_out: str, report: Callable[[Problem], None], explicit: bool = True
) -> Iterator[File]:
    """Yield the files under ``root`` (or ``root`` itself) in the order of their paths' bytes.

    Names that begin with a dot and the folder ``leave_out`` are passed over. Links to folders are not
    followed, so a loop of links ends: each is reported, and so is a folder that cannot be listed. ``explicit`` says
    that the person named ``root``.
    """
    here = Path(root)
    if root == leave_out:
        report(Problem(Origin(root), "is the index itself, which holds no news of its own", kind="access"))
    # (It does not raise where a folder may not be entered, as a Path does.)
    elif os.path.isdir(root) and (explicit or not here.is_symlink()):  # noqa: PTH112
        yield from _folder(root, label, leave_out, report)
    else:
        try:
            status = here.stat()
        except OSError as error:
            report(_unread(root, error))
            return
        if stat.S_ISREG(status.st_mode) or root == STANDARD_INPUT:
            yield File(root, printable(label), status.st_size, _time(status), explicit=explicit)
        elif stat.S_ISDIR(status.st_mode):
            report(
                Problem(Origin(root), "is a link to a folder: name that folder itself to have it read", kind="access")
            )
        else:
            report(Problem(Origin(root), no_file(status.st_mode), kind="access"))


def printable(name: str) -> str:
    """A file's name as text that can be stored anywhere: a byte that is not UTF-8 becomes U+FFFD."""
    return name if name.isascii() else name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _folder(root: str, label: str, leave_out: str, report: Callable[[Problem], None]) -> Iterator[File]:
    """One folder after the other, however deep they lie, without a call within a call."""
    pending = [_listed(root, label, report)]
    while pending:
        entry = next(pending[-1], None)
        if entry is None:
            pending.pop()
            continue
        here, name = entry
        try:
            if here.is_dir(follow_symlinks=False):
                if here.path != leave_out:
                    pending.append(_listed(here.path, name, report))
                continue
            status = here.stat()
        except OSError as error:
            report(_unread(here.path, error))
            continue
        if stat.S_ISREG(status.st_mode):
            yield File(here.path, printable(name), status.st_size, _time(status))
        elif stat.S_ISDIR(status.st_mode):
            reason = "is a link to a folder: name that folder itself to have it read"
            report(Problem(Origin(here.path), reason, kind="access"))
        else:
            report(Problem(Origin(here.path), no_file(status.st_mode), kind="access"))


def _listed(path: str, name: str, report: Callable[[Problem], None]) -> Iterator[tuple[os.DirEntry[str], str]]:
    """What lies in a folder, with its name in the index."""
    try:
        with os.scandir(path) as entries:
            found = [(_place(entry), entry) for entry in entries if not entry.name.startswith(".")]
        if {entry.name for _, entry in found} >= _OF_AN_INDEX:
            report(Problem(Origin(path), "is an index of searchkit, which holds no news of its own", True, "format"))
            return
    except OSError as error:
        report(Problem(Origin(path), f"cannot be listed ({error.strerror})", kind="access"))
        return
    found.sort(key=lambda pair: pair[0])
    for _, entry in found:
        yield entry, f"{name}/{entry.name}"


def _place(entry: os.DirEntry[str]) -> bytes:
    """By this the paths of a whole tree stand in the order of their bytes: a folder is followed by a separator."""
    try:
        is_folder = entry.is_dir(follow_symlinks=False)
    except OSError:
        is_folder = False
    name = os.fsencode(entry.name)
    return name + b"/" if is_folder else name


def _unread(path: str, error: OSError) -> Problem:
    # What is listed and is not there is a link, or went this very moment.
    is_link = isinstance(error, FileNotFoundError) and os.path.islink(path)  # noqa: PTH114
    return Problem(Origin(path), "is a link to nothing" if is_link else refused(error), kind="access")


def _time(status: os.stat_result) -> int:
    # A time beyond the year 2262 is still a time; the ledger's numbers end there.
    return max(-_LATEST, min(status.st_mtime_ns, _LATEST))
