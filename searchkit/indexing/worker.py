"""How is a file read in a process of its own? By this program: jobs come in, articles and problems go out.

The pool starts it as a fresh interpreter that calls ``main``. Both speak JSON, and not pickle, because what reads
hostile pages may be taken over by one: then it can still say nothing but text. Of a light file, which is read here
only so that reading goes on beside indexing, the articles come packed behind each message: ``size`` bytes of them,
and each number among the items says how many of them stand there.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import mmap
import os
import resource
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from searchkit.article import KINDS, Article, Origin, Problem
from searchkit.indexing.handfuls import handfuls
from searchkit.readers import HeavyError, Reading, Settings
from searchkit.readers.steps import CELL_SIZE, SlowError, Steps, ToldSteps
from searchkit.store.kernels import pack_articles, pack_plain

# Beyond what the program itself takes.
MEMORY = 2 << 30
# Of a light file so many characters go over the pipe at once; of another so many items, and what there is after so
# many seconds.
_CHARACTERS = 1 << 20
_AT_MOST = 64
_SECONDS = 0.5


def as_list(item: Article | Problem) -> list[Any]:
    """What goes over the pipe."""
    if isinstance(item, Problem):
        return [item.origin.path, item.origin.place, item.reason, item.kept, item.kind]
    day = item.date.toordinal() if item.date else 0
    return [
        *(item.id, item.title, item.body, day, item.source, item.authors, item.section, item.url),
        *(item.language, item.origin.path, item.origin.place, item.notes),
    ]


def as_item(said: list[Any]) -> Article | Problem:
    """The article or problem that came over the pipe; raises ValueError or TypeError for anything else."""
    if len(said) == 5:
        path, place, reason, kept, kind = said
        if kind not in KINDS or not isinstance(kept, bool):
            raise ValueError("no problem")
        _texts(path, place, reason)
        return Problem(Origin(path, place), reason, kept, kind)
    key, title, body, day, source, authors, section, url, language, path, place, notes = said
    _texts(
        key,
        title,
        body,
        source,
        section,
        url,
        language,
        path,
        place,
        *authors,
        *(text for note in notes for text in note),
    )
    return Article(
        *(key, title, body, datetime.date.fromordinal(day) if day else None, source, tuple(authors), section, url),
        *(language, Origin(path, place)),
        notes=tuple((name, text) for name, text in notes),
    )


def _texts(*values: object) -> None:
    if not all(isinstance(value, str) for value in values):
        raise TypeError("no text")


def serve(connection: Connection, cell: mmap.mmap) -> None:
    """Read one file after the other until nobody asks any more; ``cell`` shows how far this is."""
    with contextlib.suppress(ValueError, OSError):
        used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))
    message = json.loads(connection.recv_bytes())
    message["keys"] = tuple((field, key) for field, key in message["keys"])
    settings = Settings(**message)
    alarm = _Alarm(settings.seconds)
    ToldSteps(cell).beat()
    while True:
        told = json.loads(connection.recv_bytes())
        if told["light"]:
            _read_light(connection, told, settings)
        else:
            _Job(connection, cell, settings, alarm, told).do()


def _read_light(connection: Connection, told: dict[str, Any], settings: Settings) -> None:
    """Read a file as it would be read where its articles go, without a limit of time."""
    path, explicit = Path(told["path"]), told["explicit"]
    reading = Reading(path, told["name"], explicit=explicit, settings=settings, light=True, packer=pack_plain)
    failure, heavy = "", False
    with reading:
        try:
            for held in handfuls(reading.packed_items(), _CHARACTERS):
                _send_packed(connection, held, _told_of(reading))
        except HeavyError:
            heavy = True
        except Exception as error:
            failure = _said(error)
    _send_packed(connection, [], {**_told_of(reading), **_end_of(reading, failure), "heavy": heavy})


def _told_of(reading: Reading) -> dict[str, Any]:
    """What each message says of a reading without steps."""
    return {"bytes": reading.bytes_read, "done": 0, "given": 0, "formats": reading.formats}


def _end_of(reading: Reading, failure: str) -> dict[str, Any]:
    """What the last message says of a file."""
    return {"end": True, "digest": reading.digest.hex(), "lines": reading.lines, "failure": failure}


def _said(error: Exception) -> str:
    """A mistake in a reader: it costs its file, and is told; the run goes on."""
    return f"{type(error).__name__}: {error}"[:200]


class _Alarm:
    """What ends the reading of a document that takes longer than ``seconds``, if it is in Python or comes back to it.

    Where it does not, this process is ended by the one that waits for it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._steps: Steps | None = None
        self._beats = 0
        self._since = 0.0
        self.ended_document = False
        signal.signal(signal.SIGALRM, self._look)
        interval = min(1.0, seconds / 20)
        signal.setitimer(signal.ITIMER_REAL, interval, interval)

    def next(self, items: Iterator[Article | Problem], steps: Steps) -> Article | Problem | None:
        """The next of the items, None at the end; raises SlowError where it does not come in time."""
        self._beats, self._since, self._steps = steps.beats, time.monotonic(), steps
        try:
            return next(items, None)
        finally:
            self._steps = None

    def _look(self, number: int, frame: object) -> None:
        steps = self._steps
        if steps is None:
            return
        if steps.beats != self._beats:
            self._beats, self._since = steps.beats, time.monotonic()
        elif time.monotonic() - self._since > self._seconds:
            self._steps = None
            self.ended_document = steps.is_open and bool(steps.place)
            raise SlowError


class _Job:
    """One file to be read: what is said of it goes out in messages of some items, each with how far this is."""

    def __init__(
        self, connection: Connection, cell: mmap.mmap, settings: Settings, alarm: _Alarm, told: dict[str, Any]
    ) -> None:
        self._connection = connection
        self._cell = cell
        self._settings = settings
        self._alarm = alarm
        self._path, self._name, self._explicit = told["path"], told["name"], told["explicit"]
        self._steps = ToldSteps(cell, told["after"], told["without"])
        # So many items of the first step that is wanted were given before.
        self._given = told["given"]
        self._reading = self._opened()
        # Of readings that were ended at a document.
        self._formats: Counter[str] = Counter()
        self._held: list[Any] = []
        self._since = time.monotonic()
        self._step = self._of_step = self._articles = 0

    def do(self) -> None:
        """Read the file, past each document of a container that takes too long."""
        failure = ""
        try:
            while not self._read():
                self._reading = self._opened()
        except Exception as error:
            failure = _said(error)
        self._send(**_end_of(self._reading, failure))

    def _opened(self) -> Reading:
        path = Path(self._path)
        return Reading(path, self._name, explicit=self._explicit, settings=self._settings, steps=self._steps)

    def _read(self) -> bool:
        """Read to the end; False where a document took too long, past which the file is to be read again."""
        with self._reading:
            items = iter(self._reading)
            try:
                while item := self._alarm.next(items, self._steps):
                    self._take(item)
            except SlowError:
                past = self._alarm.ended_document
                origin = Origin(self._path, self._steps.place if past else "")
                count = self._articles if self._step == self._steps.number else 0
                self._put(Problem(origin, too_slow(self._settings.seconds, count), kind="slow"))
                if past:
                    self._formats += self._reading.formats
                    self._steps, self._given = ToldSteps(self._cell, self._steps.number), 0
                return not past
        return True

    def _take(self, item: Article | Problem) -> None:
        steps = self._steps
        if not steps.is_open:
            # What is said of the container itself is a step of its own.
            steps.begin(item.origin.place)
        if steps.number != self._step:
            self._step, self._of_step, self._articles = steps.number, 0, 0
        self._of_step += 1
        self._articles += isinstance(item, Article)
        given = self._given if steps.number == steps.after + 1 else 0
        if steps.wanted and self._of_step > given:
            self._put(item)
        else:
            # It was counted when it was given first, and nothing before it was read this time.
            self._reading.formats.clear()
        steps.beat()

    def _put(self, item: Article | Problem) -> None:
        self._held.append(as_list(item))
        if len(self._held) >= _AT_MOST or time.monotonic() - self._since > _SECONDS:
            self._send()

    def _send(self, **more: object) -> None:
        steps = self._steps
        message = {
            "items": self._held,
            "bytes": self._reading.bytes_read,
            "done": max(steps.after, steps.number - steps.is_open),
            "given": self._of_step if steps.is_open else 0,
            "formats": self._formats + self._reading.formats,
            **more,
        }
        self._connection.send_bytes(json.dumps(message).encode("ascii"))
        self._held, self._since = [], time.monotonic()


def too_slow(seconds: float, count: int) -> str:
    """The reason of a Problem about what took too long, after it gave so many articles."""
    return f"took longer than {seconds:g} seconds (--max-seconds){before(count)}"


def before(count: int) -> str:
    """How many articles were read before a fault, if any were."""
    if not count:
        return ""
    return ": 1 article was read before that" if count == 1 else f": {count:,} articles were read before that"


def _send_packed(connection: Connection, items: Sequence[Article | Problem | bytes], message: dict[str, Any]) -> None:
    said: list[Any] = []
    pieces: list[bytes] = []
    for is_problem, run in groupby(items, lambda item: isinstance(item, Problem)):
        held = list(run)
        if is_problem:
            said += [as_list(item) for item in held if isinstance(item, Problem)]
            continue
        said.append(len(held))
        pieces += [pack_articles([item]) if isinstance(item, Article) else item for item in held]  # type: ignore[misc]
    packed = memoryview(b"".join(pieces))
    message["items"], message["size"] = said, len(packed)
    connection.send_bytes(json.dumps(message).encode("ascii"))
    while packed:
        packed = packed[os.write(connection.fileno(), packed) :]


def _end_with(parent: int) -> None:
    """End this process when the one that started it is no more, whatever it is at."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main() -> None:
    """The program: its arguments are the numbers of two files, the pipe and the memory that shows how far it is."""
    # Ctrl-C is for the program that asked: it finishes what it has, and closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        serve(Connection(int(sys.argv[1])), mmap.mmap(int(sys.argv[2]), CELL_SIZE))
