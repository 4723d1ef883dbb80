"""searchkit watch: keep an index current while files come and go."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from searchkit.cli.index import (
    ArchivesOption,
    DatesOption,
    DetectOption,
    ExpansionOption,
    LanguageOption,
    MapOption,
    MemoryOption,
    SecondsOption,
    WorkersOption,
    absolute,
    complain_of,
    index_place,
    reading_settings,
    stopped_by_ctrl_c,
    summary,
)
from searchkit.cli.options import DEFAULT_INDEX, IndexOption
from searchkit.cli.terminal import complain, screen, write
from searchkit.errors import UsageError

EXAMPLE = "Example: searchkit watch seeds/ --once"


def watch(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and folders of articles.")],
    index_folder: IndexOption = DEFAULT_INDEX,
    once: Annotated[bool, typer.Option("--once", help="Bring the index up to date, and do not wait.")] = False,
    mapping: MapOption = None,
    dates: DatesOption = "",
    detect: DetectOption = False,
    max_seconds: SecondsOption = None,
    max_expansion: ExpansionOption = None,
    max_archives: ArchivesOption = None,
    memory: MemoryOption = 512,
    workers: WorkersOption = None,
    language: LanguageOption = None,
) -> None:
    """Index files and folders, and again whatever changes there, until Ctrl-C.

    A file that arrives is searchable within two seconds. Needs: pip install 'searchkit[watch]'.
    """
    from searchkit.indexing.watching import Watch  # heavy, and no other command needs it

    if "-" in paths:
        raise UsageError("standard input cannot be watched", hint="Name files and folders.")
    limits = {"seconds": max_seconds, "expansion": max_expansion, "archives": max_archives}
    settings = reading_settings(mapping, dates, detect, limits)
    place, roots = index_place(index_folder), [absolute(path) for path in paths]
    with stopped_by_ctrl_c() as stop:
        watching = Watch(
            *(place, roots, settings),
            memory=memory << 20,
            workers=workers,
            language=language,
            stop=stop,
            tell=complain,
        )
        for report in watching.rounds(once=once):
            complain_of(report.problems, report.untold)
            write("\n".join([str(report), *summary(report)]))
            sys.stdout.flush()
    if not once:
        complain(screen(sys.stderr).dim("Stopped. The index holds all that was said here."))
