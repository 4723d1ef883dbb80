"""Opens, searches and checks indexes that claim gigabytes, with little memory; run as a program of its own.

    python forged_sizes.py FOLDER MEGABYTES NAME...

``FOLDER`` has a sound index, ``sound``, and forged ones of these names. Prints for each the classes of the errors
that came, once the memory that the process may have is limited to what a sound index took and ``MEGABYTES`` more.
"""

from __future__ import annotations

import faulthandler
import json
import resource
import sys
from pathlib import Path

from store.damages import LONGEST_SECONDS, answers

from searchkit.errors import SearchkitError
from searchkit.local import check_index
from searchkit.store.committed import every_article


def errors(path: Path) -> list[str]:
    """The names of the errors of searchkit that come of everything that reads an index; others are raised.

    That an article is missing is no error: one that is not there is asked for too.
    """
    found = {answer.__name__ for answer in answers(path) if isinstance(answer, type)} - {"ArticleMissing"}
    for deep in (False, True):
        try:
            report = check_index(path, deep=deep)
            found |= set() if report.sound else {"finding"}
        except SearchkitError as error:
            found.add(type(error).__name__)
    try:
        list(every_article(path))
    except SearchkitError as error:
        found.add(type(error).__name__)
    return sorted(found)


def limit_memory(megabytes: int) -> None:
    """Let this process have so much more than it has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    size = pages * resource.getpagesize() + (megabytes << 20)
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def main() -> None:
    """Try every index that the command line names."""
    folder, megabytes, names = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    faulthandler.enable()
    # Everything is imported, and every pool made, before the limit is drawn.
    errors(folder / "sound")
    limit_memory(megabytes)
    for name in names:
        faulthandler.dump_traceback_later(LONGEST_SECONDS, exit=True)
        try:
            found: object = errors(folder / name)
        except BaseException as error:
            error.add_note(f"the index: {name}")
            raise
        print(json.dumps([name, found]), flush=True)
    faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main()
