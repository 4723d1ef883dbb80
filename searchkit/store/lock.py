"""Who may write? One process at a time, under a lock of the operating system that dies with it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from searchkit.errors import IndexLocked, StorageError

NAME = "writer.lock"


class WriterLock:
    """The right to write to the index in ``path``; raises IndexLocked where another process has it.

    The file stays when the lock is given up: a removed file could be locked twice.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise StorageError(f"the index {path} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 20, 0).strip().decode("ascii", "replace")
            os.close(self._file)
            named = f"process {holder}" if holder.isdigit() else "another process"
            raise IndexLocked(
                f"{named} is writing to the index {path}", hint="Wait until it is done, then run this again."
            ) from None
        except OSError as error:
            os.close(self._file)
            raise StorageError(
                f"the index {path} cannot be locked: {error.strerror}",
                hint="Put the index on a disk of this machine; some network file systems have no locks.",
            ) from error
        # Who holds it is a courtesy: on a full disk the lock holds without it.
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let another writer in."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
