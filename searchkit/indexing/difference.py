"""What is new, changed, moved or gone? The files under a path against those that the ledger knows."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import NamedTuple

from searchkit.indexing.ledger import Known
from searchkit.indexing.walk import File
from searchkit.readers import Trace

_PIECE = 1 << 20
# A file that was written this shortly before it was read may be written again within the same tick of its clock.
_FRESH = 2_000_000_000
_LIKE_LINES = "JSON lines "


class Job(NamedTuple):
    """A file to be read: as it is now, as it was known, and whether it lay elsewhere then."""

    file: File
    known: Known | None = None
    moved: bool = False


def merged(files: Iterator[File], known: Iterator[Known]) -> Iterator[tuple[File | None, Known | None]]:
    """Files and what is known of them, side by side; both come in the order of their paths' bytes."""
    file, row = next(files, None), next(known, None)
    while file or row:
        here = os.fsencode(file.path) if file else None
        there = os.fsencode(row.path) if row else None
        if there is None or (here is not None and here < there):
            yield file, None
            file = next(files, None)
        elif here is None or there < here:
            yield None, row
            row = next(known, None)
        else:
            yield file, row
            file, row = next(files, None), next(known, None)


def is_same(file: File, known: Known) -> bool | None:
    """Whether a file is as it was read; None where only its bytes can tell."""
    if known.again or known.size != file.size:
        return False
    if known.changed == file.changed:
        return True
    return None if known.digest else False


def is_gone(path: str) -> bool:
    """Whether nothing is at ``path``: what may not be looked at is not gone."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def is_gone_from(path: str, root: str) -> bool:
    """Whether a file that was read below ``root`` is no file there any more; it may be hidden, and then it is not."""
    if is_gone(path):
        return True
    folder = os.path.dirname(path)  # noqa: PTH120
    while len(folder) > len(root):
        if os.path.islink(folder):  # noqa: PTH114
            return True
        folder = os.path.dirname(folder)  # noqa: PTH120
    return os.path.isdir(path)  # noqa: PTH112


def digest_of(path: str) -> bytes:
    """The digest of a file's bytes, as ``Reading.digest`` gives it; b'' where it cannot be read."""
    found = trace_of(path, -1)
    return found.digest if found else b""


def trace_of(path: str, size: int) -> Trace | None:
    """The trace of the first ``size`` bytes of a file (-1: of all); None where it has fewer or cannot be read."""
    trace = Trace()
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123  (of a hundred thousand files, a path each)
            while size < 0 or trace.size < size:
                piece = file.read(_PIECE if size < 0 else min(_PIECE, size - trace.size))
                if not piece:
                    break
                trace.take(piece)
    except (OSError, ValueError):
        return None
    return trace if size < 0 or trace.size == size else None


def grown(job: Job) -> Trace | None:
    """The trace of what was read before, where that still is the beginning of a file of lines; else None."""
    known = job.known
    if not known or not may_have_grown(job):
        return None
    trace = trace_of(job.file.path, known.size)
    return trace if trace and trace.lines and trace.digest == known.digest else None


def may_have_grown(job: Job) -> bool:
    """Whether a file of lines is longer than it was: it may be read on from there."""
    file, known = job.file, job.known
    if job.moved or not known or not known.lines or not known.formats.startswith(_LIKE_LINES):
        return False
    return "," not in known.formats and 0 < known.size < file.size


def settled_time(file: File) -> int:
    """The time of change to be noted for a file that is read now; 0 where it cannot be relied on."""
    return 0 if abs(time.time_ns() - file.changed) < _FRESH else file.changed


def with_moves(jobs: list[Job], gone: dict[int, Known]) -> list[Job]:
    """The jobs, with what is known of those that are another file in another place; those are gone no more.

    A file that has become another (a log that was rotated) is gone too: its bytes may lie elsewhere. What has
    moved comes first: its row in the ledger leaves its old path to whatever is there now.
    """
    left = {job.known.number: job.known for job in jobs if job.known and job.known.size != job.file.size}
    by_bytes: dict[tuple[int, bytes], list[Known]] = {}
    for known in (*gone.values(), *left.values()):
        if known.digest and known.size > 0:
            by_bytes.setdefault((known.size, known.digest), []).append(known)
    sizes = {size for size, _ in by_bytes}
    moved, others = [], []
    taken: set[int] = set()
    for job in jobs:
        digest = digest_of(job.file.path) if not job.known and job.file.size in sizes else b""
        candidates = by_bytes.get((job.file.size, digest)) if digest else None
        if candidates:
            known = candidates.pop(0)
            gone.pop(known.number, None)
            taken.add(known.number)
            moved.append(Job(job.file, known, moved=True))
        else:
            others.append(job)
    return moved + [Job(job.file) if job.known and job.known.number in taken else job for job in others]


def lies_in(path: str, folder: str) -> bool:
    """Whether ``path`` is ``folder`` or lies below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")
