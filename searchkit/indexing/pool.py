"""Who reads the files that cost milliseconds an article, and those that are large? Processes beside this one, a
file at a time, in order.

A process that does nothing for too long is ended, and so is its file: the files that it had still to read go to
another. Of a file that holds many documents only one is lost: the file is read again past it. What a process sends is
text, and is checked by what makes articles of it.
"""

from __future__ import annotations

import contextlib
import json
import math
import mmap
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict
from multiprocessing.connection import Connection, Pipe
from types import TracebackType
from typing import Any, Self

from searchkit.article import Article, Origin, Problem
from searchkit.indexing.walk import File
from searchkit.indexing.worker import as_item, before, too_slow
from searchkit.readers import HeavyError, Settings
from searchkit.readers.prose import one_line
from searchkit.readers.steps import CELL_SIZE, Told, told
from searchkit.store.kernels import Parcel

# An article has at most 64 MiB, and JSON writes a character in up to six bytes.
_LONGEST_MESSAGE = 1 << 30
_ROOM = 4 << 20
_PROGRAM = "from searchkit.indexing.worker import main; main()"
_ENDED = "made its reader end, or took more memory than it may"
# So often, in seconds, whoever waits looks whether to wait on.
_SLICE = 0.2
# A reader that looks at the clock itself, and then gives what it has, may be a little late, in part and in seconds.
_PATIENCE, _GRACE = 1.1, 2.0
# No file is worth more processes than this.
_MOST_ENDED = 50
AHEAD = 4
"""How many files a process is given before it has answered."""


class _FailedError(Exception):
    """Why a process has not answered, as half a sentence."""


class Pool:
    """``count`` processes, each started when it is first needed.

    ``pulse`` is called while one is waited for; what it raises ends the waiting. Another may take its place between
    two runs that share a pool.
    """

    def __init__(self, count: int, settings: Settings, pulse: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        self.pulse = pulse
        self._processes = [_Process() for _ in range(count)]
        self._aside = _Process()
        self.room = count * AHEAD

    def submit(self, file: File, *, light: bool = False) -> PooledReading:
        """Have a file read; its articles are asked for in the order in which the files were submitted.

        One that is ``light`` may be silent for as long as it takes, as if it were read here; where its content shows
        that it is not, the first item raises HeavyError.
        """
        return self._given(min(self._processes, key=lambda process: len(process.readings)), file, light)

    def read_aside(self, file: File) -> PooledReading:
        """Have a file read by a process that no other file waits for: its articles are asked for at once."""
        return self._given(self._aside, file, light=False)

    def _given(self, process: _Process, file: File, light: bool) -> PooledReading:
        reading = PooledReading(process, file, self._settings, self.pulse, light)
        process.readings.append(reading)
        process.ask(reading)
        return reading

    def close(self) -> None:
        """End all processes, whatever they are at."""
        for process in (*self._processes, self._aside):
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
        self._cell: mmap.mmap | None = None

    def ask(self, reading: PooledReading) -> None:
        """Tell the process of a file, be it that it has to be started."""
        if self._program and len(self.readings) == 1 and self._program.poll() is not None:
            # It died when it had nothing to do, which is no fault of this file.
            self.end()
        if self._connection is None:
            ours, theirs = Pipe()
            with tempfile.TemporaryFile() as file:
                file.truncate(CELL_SIZE)
                self._cell = mmap.mmap(file.fileno(), CELL_SIZE)
                _widen(theirs)
                self._start(theirs.fileno(), file.fileno())
            theirs.close()
            self._connection = ours
            with contextlib.suppress(OSError):
                ours.send_bytes(reading.settings())
        # If it has died, whoever waits for its first file will see that.
        with contextlib.suppress(OSError):
            self._connection.send_bytes(reading.job())

    def _start(self, *files: int) -> None:
        # Safe of path: what lies in the folder at hand is news, and no module of this program.
        command = [sys.executable, "-P", "-c", _PROGRAM, *map(str, files)]
        # A group of its own, so that Ctrl-C is for this program alone; what libraries say of hostile files is
        # nothing for a terminal.
        self._program = subprocess.Popen(  # noqa: S603
            command, pass_fds=files, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
        )

    @property
    def told(self) -> Told:
        """How far the process is."""
        return told(self._cell) if self._cell else Told(0, 0, False, "")

    def answer(self, seconds: float, pulse: Callable[[], None]) -> tuple[dict[str, Any], bytes]:
        """The next message about the first file, and what is packed behind it.

        Raises _FailedError where there is none and the process has ended, or did nothing for ``seconds``.
        """
        connection = self._connection
        if connection is None:
            raise _FailedError("its reader has ended")
        beats, since = self.told.beats, time.monotonic()
        try:
            while not connection.poll(min(_SLICE, seconds)):
                if beats != self.told.beats:
                    beats, since = self.told.beats, time.monotonic()
                elif time.monotonic() - since > seconds * _PATIENCE + _GRACE:
                    raise _FailedError(too_slow(seconds, 0))
                pulse()
            message = json.loads(connection.recv_bytes(_LONGEST_MESSAGE))
            if not isinstance(message, dict):
                raise _FailedError(_ENDED)
            return message, _packed(connection, message["size"]) if "size" in message else b""
        except (EOFError, OSError, TypeError, ValueError, RecursionError) as error:
            raise _FailedError(_ENDED) from error

    def begin_anew(self) -> None:
        """End the process, and have another one asked for all its files."""
        self.end()
        for reading in self.readings:
            self.ask(reading)

    def end(self) -> None:
        """End the process, whatever it is at."""
        if self._program:
            self._program.kill()
            self._program.wait()
        if self._connection:
            self._connection.close()
        if self._cell:
            self._cell.close()
        self._program = self._connection = self._cell = None


class PooledReading:
    """What a process says of one file; it looks like ``readers.Reading``."""

    def __init__(
        self, process: _Process, file: File, settings: Settings, pulse: Callable[[], None], light: bool
    ) -> None:
        self._light = light
        self._process = process
        self._file = file
        self._settings = settings
        self._pulse = pulse
        self._items = self._read()
        self.goes_on = False
        self.formats: Counter[str] = Counter()
        self.digest = b""
        self.lines = 0
        self.bytes_read = 0
        # How far it is: so many steps are done, and so many items of the next one given; one step is not to be read.
        self._done = self._given = self._without = 0
        # Of processes that were ended.
        self._formats_before: Counter[str] = Counter()

    def job(self) -> bytes:
        """What the process is told."""
        file = self._file
        where = {"after": self._done, "given": self._given, "without": self._without, "light": self._light}
        return json.dumps({"path": file.path, "name": file.name, "explicit": file.explicit, **where}).encode("ascii")

    def settings(self) -> bytes:
        """What the process is told first: how all its files are read."""
        return json.dumps(asdict(self._settings)).encode("ascii")

    def __iter__(self) -> Iterator[Article | Problem | Parcel]:
        return self._items

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._items.close()

    def _read(self) -> Generator[Article | Problem | Parcel, None, None]:
        count, processes, ended, failure = 0, 1, False, ""
        seconds = math.inf if self._light else self._settings.seconds
        while not ended:
            try:
                message, packed = self._process.answer(seconds, self._pulse)
                items, ended, failure = self._understood(message, packed)
            except _FailedError as error:
                place = self._place_passed() if processes < _MOST_ENDED else ""
                if not place:
                    self._process.readings.popleft()
                self._process.begin_anew()
                processes += 1
                said = str(error) if place else f"{error}{before(count)}"
                yield Problem(Origin(self._file.path, place), said, kind="slow")
                if not place:
                    return
                continue
            count += sum(len(item) if isinstance(item, Parcel) else isinstance(item, Article) for item in items)
            yield from items
        self._process.readings.popleft()
        if self._light and message.get("heavy") is True:
            raise HeavyError
        if failure:
            reason = f"made its reader fail, which is a mistake of this program: {failure}"
            yield Problem(Origin(self._file.path), reason)

    def _place_passed(self) -> str:
        """The place of the document that the process was at, from now on passed over; '' if that leads nowhere."""
        at = self._process.told
        if not at.is_open or at.number <= max(self._done, self._without):
            return ""
        self._without = at.number
        self._formats_before = self.formats.copy()
        return one_line(at.place)

    def _understood(
        self, message: dict[str, Any], packed: bytes
    ) -> tuple[list[Article | Problem | Parcel], bool, str]:
        """The items of a message, whether it is the last one, and what went wrong in the reader."""
        try:
            items = self._items_of(message["items"], packed)
            self.bytes_read = int(message["bytes"])
            self._done, self._given = int(message["done"]), int(message["given"])
            self.formats = self._formats_before + Counter(
                {str(name): int(count) for name, count in message["formats"].items()}
            )
            if "end" not in message:
                return items, False, ""
            self.digest, self.lines = bytes.fromhex(message["digest"]), int(message["lines"])
            return items, True, str(message["failure"])
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise _FailedError(_ENDED) from error

    def _items_of(self, said: list[Any], packed: bytes) -> list[Article | Problem | Parcel]:
        """The items of a message; raises ValueError, IndexError or TypeError where it says anything else."""
        path = self._file.path
        parcel = Parcel(packed, path.encode("utf-8", "surrogateescape"))
        items: list[Article | Problem | Parcel] = []
        begin = 0
        for one in said:
            if isinstance(one, int):
                items.append(parcel if one == len(parcel) else parcel.chosen(list(range(begin, begin + one))))
                begin += one
                continue
            item = as_item(one)
            if item.origin.path != path:
                raise ValueError("another file")
            items.append(item)
        if begin != len(parcel):
            raise ValueError("more than was said")
        return items


def _widen(connection: Connection) -> None:
    """Let more wait in a pipe than the system would: so much a process reads while this one is busy."""
    with socket.socket(fileno=os.dup(connection.fileno())) as pipe:
        pipe.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ROOM)


def _packed(connection: Connection, size: int) -> bytes:
    """So many bytes, as they come; raises EOFError, and ValueError where no message is so long."""
    if not 0 <= size <= _LONGEST_MESSAGE:
        raise ValueError("too much")
    if not size:
        return b""
    # A pipe of ours is a socket, which fills memory that nobody has to clear before.
    with socket.socket(fileno=os.dup(connection.fileno())) as pipe:
        packed = pipe.recv(size, socket.MSG_WAITALL)
        while len(packed) < size:
            more = pipe.recv(size - len(packed), socket.MSG_WAITALL)
            if not more:
                raise EOFError
            packed += more
    return packed
