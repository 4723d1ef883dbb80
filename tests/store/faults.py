"""A folder that remembers every change and can refuse one, and a disk that forgets what was not synced."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal

from searchkit.store.folder import Folder, Output

Kind = Literal["create", "write", "sync", "rename", "remove", "sync names", "names", "make folder", "sync parent"]


class Killed(BaseException):
    """The process ends here: nothing of the program may catch it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One change as it was asked for. ``file`` numbers the files in the order in which they were made."""

    kind: Kind
    name: str = ""
    new_name: str = ""
    file: int = -1
    data: bytes = b""


@dataclass(slots=True)
class Log:
    """What was done to a folder, and where it is to fail: ``error`` at operation ``at``, once or from then on."""

    operations: list[Operation] = field(default_factory=list)
    at: int = -1
    error: OSError | Killed | None = None
    forever: bool = False
    files: int = 0
    failed: Operation | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    count: int = 0

    def note(self, operation: Operation) -> None:
        """Count an operation, and fail it if its turn has come; only what does not fail is remembered."""
        with self.lock:
            number, self.count = self.count, self.count + 1
            if self.error is not None and (number == self.at or (self.forever and number > self.at >= 0)):
                self.failed = self.failed or operation
                raise type(self.error)(*self.error.args)
            self.operations.append(operation)


class FaultyFolder(Folder):
    """A folder whose every operation goes through a log; ``index`` says whether it is the index or lies above it."""

    def __init__(self, path: Path, log: Log, *, index: bool = True) -> None:
        super().__init__(path)
        self._log = log
        self._index = index
        # Which file has which name now.
        self._files: dict[str, int] = {}

    def make(self) -> None:
        if not self.path.exists():
            self._log.note(Operation("make folder", str(self.path)))
        super().make()

    def create(self, name: str) -> Output:
        with self._log.lock:
            number = self._files.get(name, self._log.files)
            self._log.files += number == self._log.files
        self._log.note(Operation("create", name, file=number))
        self._files[name] = number
        return _FaultyOutput(super().create(name), name, number, self._log)

    def rename(self, name: str, new_name: str) -> None:
        self._log.note(Operation("rename", name, new_name, self._files[name]))
        super().rename(name, new_name)
        self._files[new_name] = self._files.pop(name)

    def remove(self, name: str) -> None:
        self._log.note(Operation("remove", name))
        super().remove(name)
        self._files.pop(name, None)

    def names(self) -> list[str]:
        self._log.note(Operation("names"))
        return super().names()

    def sync(self) -> None:
        self._log.note(Operation("sync names") if self._index else Operation("sync parent", str(self.path)))


class _FaultyOutput:
    def __init__(self, inner: Output, name: str, file: int, log: Log) -> None:
        self._inner = inner
        self._name = name
        self._file = file
        self._log = log

    def write(self, data: bytes | memoryview) -> None:
        content = bytes(data)
        try:
            self._log.note(Operation("write", self._name, file=self._file, data=content))
        except OSError:
            # A full disk takes what it can.
            self._inner.write(content[: len(content) // 2])
            raise
        self._inner.write(content)

    def sync(self) -> None:
        self._log.note(Operation("sync", self._name, file=self._file))

    def close(self) -> None:
        self._inner.close()


@dataclass(slots=True)
class _File:
    """``synced`` is sure, ``written`` may be there."""

    synced: bytes = b""
    written: bytes = b""


class Disk:
    """What is on a disk, and what is only on its way, after some operations."""

    def __init__(self) -> None:
        self._files: dict[int, _File] = {}
        self._sure: dict[str, int] = {}
        self._pending: list[Operation] = []
        # The index and the folders above it, whose own names a crash may lose.
        self._unsure: set[Path] = set()

    def do(self, operation: Operation) -> None:
        """One operation more."""
        file = self._files.setdefault(operation.file, _File()) if operation.file >= 0 else _File()
        match operation.kind:
            case "create":
                file.written = b""
                self._pending.append(operation)
            case "write":
                file.written += operation.data
            case "sync":
                file.synced = file.written
            case "rename" | "remove":
                self._pending.append(operation)
            case "sync names":
                self._sure = self._names([1] * len(self._pending))
                self._pending.clear()
            case "make folder":
                self._unsure.add(Path(operation.name))
            case "sync parent":
                self._unsure = {path for path in self._unsure if path.parent != Path(operation.name)}

    def states(self, random: Random, samples: int) -> Iterator[dict[str, bytes]]:
        """What a crash may leave: all kept and all lost, each with every fate of the data, then random mixtures."""
        if self._unsure:
            # With a folder all goes that lies in it.
            yield {}
        for names in (1, 0):
            for fate in FATES:
                yield self._state([names] * len(self._pending), lambda fate=fate: fate, random)  # type: ignore[misc]
        for _ in range(samples):
            yield self._state(
                # A rename that is half done has made the new name and not yet removed the old one.
                [random.choice((0, 1, 2)) for _ in self._pending],
                lambda: random.choice(FATES),
                random,
            )

    def _state(self, kept: list[int], fate: object, random: Random) -> dict[str, bytes]:
        assert callable(fate)
        names = self._names(kept)
        contents = {number: _fated(self._files[number], fate(), random) for number in sorted(set(names.values()))}
        return {name: contents[number] for name, number in names.items()}

    def _names(self, kept: list[int]) -> dict[str, int]:
        names = dict(self._sure)
        for operation, how in zip(self._pending, kept, strict=True):
            if not how:
                continue
            if operation.kind == "remove":
                names.pop(operation.name, None)
            elif operation.kind == "create":
                names[operation.name] = operation.file
            else:
                if how == 1 and names.get(operation.name) == operation.file:
                    del names[operation.name]
                names[operation.new_name] = operation.file
        return names


FATES = ("keep", "lose", "halve", "damage", "zero")


def _fated(file: _File, fate: str, random: Random) -> bytes:
    if file.written == file.synced or fate == "keep":
        return file.written
    if fate == "lose":
        return file.synced
    sure = len(file.synced) if file.written.startswith(file.synced) else 0
    begin, rest = file.written[:sure], bytearray(file.written[sure:])
    if fate == "halve":
        return begin + rest[: len(rest) // 2]
    if fate == "zero":
        return begin + bytes(len(rest))
    for _ in range(random.randint(1, 3)):
        if rest:
            rest[random.randrange(len(rest))] ^= 1 << random.randrange(8)
    return begin + bytes(rest)


def put_on_disk(state: dict[str, bytes], folder: Path) -> None:
    """Make ``folder`` hold just these files."""
    for entry in os.scandir(folder):
        Path(entry.path).unlink()
    for name, content in state.items():
        (folder / name).write_bytes(content)
