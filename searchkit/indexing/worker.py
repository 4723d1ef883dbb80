"""How is a file read in a process of its own? By this program: jobs come in, articles and problems go out.

The pool starts it as a fresh interpreter that calls ``main``. Both speak JSON, and not pickle, because what reads
hostile pages may be taken over by one: then it can still say nothing but text. Of a light file, which is read here
only so that reading goes on beside indexing, the articles come packed behind each message: ``size`` bytes of them,
in place of each null among the items.
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
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from searchkit.article import KINDS, Article, Origin, Problem
from searchkit.indexing.handfuls import handfuls
from searchkit.readers import HeavyError, Reading, Settings
from searchkit.store.kernels import pack_articles

# Beyond what the program itself takes.
MEMORY = 2 << 30
# So many characters go over the pipe at once.
_CHARACTERS = 1 << 20


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
        path, name, explicit, light = json.loads(connection.recv_bytes())
        reading = Reading(Path(path), name, explicit=explicit, settings=settings, light=light)
        _read(connection, reading, _send_packed if light else _send)


def _read(
    connection: Connection,
    reading: Reading,
    send: Callable[[Connection, list[Article | Problem], dict[str, Any]], None],
) -> None:
    failure, heavy = "", False
    with reading:
        try:
            for held in handfuls(reading, _CHARACTERS):
                send(connection, held, {"bytes": reading.bytes_read})
        except HeavyError:
            heavy = True
        except Exception as error:
            # A mistake in a reader costs its file, and is told; the run goes on.
            failure = f"{type(error).__name__}: {error}"[:200]
    end = {
        "end": True,
        "formats": reading.formats,
        "digest": reading.digest.hex(),
        "lines": reading.lines,
        "bytes": reading.bytes_read,
        "failure": failure,
        "heavy": heavy,
    }
    send(connection, [], end)


def _send(connection: Connection, items: list[Article | Problem], message: dict[str, Any]) -> None:
    message["items"] = [as_list(item) for item in items]
    connection.send_bytes(json.dumps(message).encode("ascii"))


def _send_packed(connection: Connection, items: list[Article | Problem], message: dict[str, Any]) -> None:
    packed = memoryview(pack_articles([item for item in items if isinstance(item, Article)]))
    message["items"] = [None if isinstance(item, Article) else as_list(item) for item in items]
    message["size"] = len(packed)
    connection.send_bytes(json.dumps(message).encode("ascii"))
    while packed:
        packed = packed[os.write(connection.fileno(), packed) :]


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
