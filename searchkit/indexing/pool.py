"""Who reads the files that cost milliseconds an article? Processes beside this one, a file at a time, in order.

A process that says nothing for too long is ended, and so is its file: the files that it had still to read go to
another. What one sends is text, and is checked by what makes articles of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Generator, Iterator
from dataclasses import asdict
from multiprocessing.connection import Connection, Pipe
from types import TracebackType
from typing import Any, Self

from searchkit.article import Article, Origin, Problem
from searchkit.indexing.walk import File
from searchkit.indexing.worker import as_item
from searchkit.readers import Settings

# An article has at most 64 MiB, and JSON writes a character in up to six bytes.
_LONGEST_MESSAGE = 1 << 30
_PROGRAM = "from searchkit.indexing.worker import main; main()"
AHEAD = 4
"""How many files a process is given before it has answered."""


class Pool:
    """``count`` processes, each started when it is first needed."""

    def __init__(self, count: int, settings: Settings) -> None:
        self._settings = settings
        self._processes = [_Process() for _ in range(count)]
        self.room = count * AHEAD

    def submit(self, file: File) -> PooledReading:
        """Have a file read; its articles are asked for in the order in which the files were submitted."""
        process = min(self._processes, key=lambda process: len(process.readings))
        reading = PooledReading(process, file, self._settings)
        process.readings.append(reading)
        process.ask(reading)
        return reading

    def close(self) -> None:
        """End all processes, whatever they are at."""
        for process in self._processes:
            process.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Process:
    """One process, and the files that it has still to read, the first of them under way."""

    def __init__(self) -> None:
        self.readings: deque[PooledReading] = deque()
        self._connection: Connection | None = None
        self._program: subprocess.Popen[bytes] | None = None

    def ask(self, reading: PooledReading) -> None:
        if self._connection is None:
            ours, theirs = Pipe()
            command = [sys.executable, "-c", _PROGRAM, str(theirs.fileno())]
            self._program = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603
            theirs.close()
            self._connection = ours
        try:
            self._connection.send_bytes(reading.job())
        except OSError:
            # It has died; whoever waits for its first file will see that.
            return

    def answer(self, seconds: float) -> dict[str, Any] | str:
        """The next message about the first file, or why there is none; then the other files are asked for anew."""
        connection = self._connection
        if connection is None:
            return "its reader has ended"
        try:
            if connection.poll(seconds):
                message: dict[str, Any] = json.loads(connection.recv_bytes(_LONGEST_MESSAGE))
                return message
            failure = f"took longer than {seconds:g} seconds"
        except (EOFError, OSError, ValueError):
            failure = "made its reader end, or took more memory than it may"
        self.end()
        self.readings.popleft()
        for reading in self.readings:
            self.ask(reading)
        return failure

    def end(self) -> None:
        if self._program:
            self._program.kill()
            self._program.wait()
        if self._connection:
            self._connection.close()
        self._program = self._connection = None


class PooledReading:
    """What a process says of one file; it looks like ``readers.Reading``."""

    def __init__(self, process: _Process, file: File, settings: Settings) -> None:
        self._process = process
        self._file = file
        self._settings = settings
        self._items = self._read()
        self.goes_on = False
        self.formats: Counter[str] = Counter()
        self.digest = b""
        self.lines = 0
        self.bytes_read = 0

    def job(self) -> bytes:
        """What the process is told."""
        file = self._file
        return json.dumps([file.path, file.name, file.explicit, asdict(self._settings)]).encode("ascii")

    def __iter__(self) -> Iterator[Article | Problem]:
        return self._items

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._items.close()

    def _read(self) -> Generator[Article | Problem, None, None]:
        count = 0
        while True:
            message = self._process.answer(self._settings.seconds)
            if isinstance(message, str):
                before = f": {count:,} articles were read before that" if count else ""
                yield Problem(Origin(self._file.path), message + before, kind="limit")
                return
            for said in message["items"]:
                item = as_item(said)
                count += isinstance(item, Article)
                yield item
            if "end" in message:
                break
        self._process.readings.popleft()
        self.formats = Counter(message["formats"])
        self.digest = bytes.fromhex(message["digest"])
        self.bytes_read = int(message["bytes"])
        if message["failure"]:
            reason = f"made its reader fail, which is a mistake of this program: {message['failure']}"
            yield Problem(Origin(self._file.path), reason)
