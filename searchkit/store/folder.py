"""Where do writes go? A folder, through the few calls whose order makes a commit safe.

Everything that the store changes on disk passes through here, so that tests can stop, lose or fail
each call.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol


class Output(Protocol):
    """A file that is being written, from its beginning to its end."""

    def write(self, data: bytes | memoryview) -> None:
        """Append ``data``."""

    def sync(self) -> None:
        """Wait until everything written is on the disk."""

    def close(self) -> None:
        """Let go of the file."""


class Folder:
    """The folder of an index. Every method raises OSError where the system refuses."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """Make the folder itself; nothing happens where it is there."""
        self.path.mkdir(exist_ok=True)

    def create(self, name: str) -> Output:
        """A new file, empty whatever was there before."""
        return _File((self.path / name).open("wb", buffering=0))

    def rename(self, name: str, new_name: str) -> None:
        """Give a file another name, in one step, in place of what has that name."""
        (self.path / name).replace(self.path / new_name)

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens where there is none."""
        (self.path / name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """The names of the files in the folder."""
        return sorted(entry.name for entry in os.scandir(self.path) if entry.is_file(follow_symlinks=False))

    def sync(self) -> None:
        """Wait until names that were made, changed or removed are on the disk."""
        number = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


class _File:
    """An Output over a file of the system."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes | memoryview) -> None:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]

    def sync(self) -> None:
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def make_folders(path: Path, make_folder: Callable[[Path], Folder] = Folder) -> None:
    """Make the folder ``path`` and those above it that are not there, and wait until their names are on the disk.

    The names of folders that are there already are waited for too, up to the border of the file system: whoever
    made them may have been stopped before they were safe.
    """
    whole = path.absolute()
    for folder in reversed((whole, *whole.parents)):
        if folder == whole or not folder.exists():
            make_folder(folder).make()
    for folder in (whole, *whole.parents):
        if folder.is_mount():
            break
        # Whoever may not read a folder cannot wait for it.
        with suppress(PermissionError):
            make_folder(folder.parent).sync()


def publish(folder: Folder, name: str, content: bytes) -> None:
    """Put ``content`` under ``name`` so that a crash leaves the old file or the new one, whole."""
    draft = name + ".new"
    output = folder.create(draft)
    try:
        output.write(content)
        output.sync()
    finally:
        output.close()
    folder.rename(draft, name)
    folder.sync()
