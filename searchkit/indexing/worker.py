"""How is a file read in a process of its own? By this program: jobs come in, articles and problems go out.

The pool starts it as a fresh interpreter that calls ``main``. Both speak JSON, and not pickle, because what reads
hostile pages may be taken over by one: then it can still say nothing but text.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import resource
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from searchkit.article import KINDS, Article, Origin, Problem
from searchkit.readers import Reading, Settings

# Beyond what the program itself takes.
MEMORY = 2 << 30
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


def serve(connection: Connection) -> None:
    """Read one file after the other until nobody asks any more."""
    with contextlib.suppress(ValueError, OSError):
        used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))
    told = json.loads(connection.recv_bytes())
    told["keys"] = tuple((field, key) for field, key in told["keys"])
    settings = Settings(**told)
    while True:
        path, name, explicit = json.loads(connection.recv_bytes())
        _read(connection, Reading(Path(path), name, explicit=explicit, settings=settings))


def _read(connection: Connection, reading: Reading) -> None:
    held: list[Any] = []
    since = time.monotonic()
    failure = ""
    with reading:
        try:
            for item in reading:
                held.append(as_list(item))
                if len(held) >= _AT_MOST or time.monotonic() - since > _SECONDS:
                    _send(connection, {"items": held})
                    held, since = [], time.monotonic()
        except Exception as error:
            # A mistake in a reader costs its file, and is told; the run goes on.
            failure = f"{type(error).__name__}: {error}"[:200]
    _send(
        connection,
        {
            "items": held,
            "end": True,
            "formats": reading.formats,
            "digest": reading.digest.hex(),
            "bytes": reading.bytes_read,
            "failure": failure,
        },
    )


def _send(connection: Connection, message: dict[str, Any]) -> None:
    connection.send_bytes(json.dumps(message).encode("ascii"))


def _end_with(parent: int) -> None:
    """End this process when the one that started it is no more, whatever it is at."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main() -> None:
    """The program: its argument is the number of the pipe's file."""
    # Ctrl-C is for the program that asked: it finishes what it has, and closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        serve(Connection(int(sys.argv[1])))
