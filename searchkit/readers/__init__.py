"""What is in this file? One format per file; a reader streams Articles and Problems, and never stops a run.

``open_articles`` is the way in: it looks through compression and archives, picks the format by what the
document begins with and by the suffix of its name, and turns whatever is wrong into a ``Problem``.

    with open_articles(path, "politics/budget.txt") as reading:
        for item in reading:
            ...
"""

from __future__ import annotations

from pathlib import Path

from searchkit.readers.format import Format, HeavyError
from searchkit.readers.formats import BY_SUFFIX, FORMATS, suffixes
from searchkit.readers.packed import layer_suffix
from searchkit.readers.reading import Reading
from searchkit.readers.recognition import suffix_of
from searchkit.readers.settings import DEFAULTS, Settings
from searchkit.readers.trace import Trace

__all__ = ["FORMATS", "Format", "HeavyError", "Reading", "Settings", "Trace", "is_heavy", "open_articles", "suffixes"]


def open_articles(path: Path, name: str, *, explicit: bool = False, settings: Settings = DEFAULTS) -> Reading:
    """Read the articles of one file; nothing is opened before the first is asked for.

    ``name`` becomes the id of an article that has none of its own, as ``Source`` says. ``explicit``
    means that a person named this very file: then it is tried as plain text if nothing is known of it,
    and may be a pipe. Without it, a file of an unknown suffix is one Problem. A file without a suffix is
    always tried as plain text.
    """
    return Reading(path, name, explicit=explicit, settings=settings)


def is_heavy(name: str) -> bool:
    """Whether a file of this name likely costs milliseconds an article, and so a process beside this one.

    Archives do, and whatever else holds documents: nobody knows what is in them.
    """
    suffix = suffix_of(name)
    if layer_suffix(suffix):
        name = name[: -len(suffix)]
        suffix = suffix_of(name) or suffix
    row = BY_SUFFIX.get(suffix)
    return suffix in _ARCHIVES or (row is not None and (row.heavy or row.container))


_ARCHIVES = frozenset((".zip", ".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tzst"))
