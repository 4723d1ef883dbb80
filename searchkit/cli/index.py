"""searchkit index: bring an index into agreement with files and folders."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from searchkit.analysis import LANGUAGES
from searchkit.cli.options import DEFAULT_INDEX, IndexOption
from searchkit.cli.terminal import complain, screen, short_path, visible, write
from searchkit.errors import UsageError

if TYPE_CHECKING:
    from searchkit.article import Problem
    from searchkit.indexing import Progress

EXAMPLE = "Example: searchkit index seeds/"
_SHOWN_PROBLEMS = 20


def index(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and folders of articles.")],
    index_folder: IndexOption = DEFAULT_INDEX,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Start afresh: forget what the index holds.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with exit code 1 when anything was skipped.")] = False,
    memory: Annotated[
        int, typer.Option(metavar="MB", min=64, help="Memory to hold articles in before they are written.")
    ] = 512,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, max=64, envvar="SEARCHKIT_WORKERS", help="Threads: one a processor unless told."
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The language whose word forms are brought together: english unless told."),
    ] = None,
) -> None:
    """Index files and folders of articles.

    Run again, it is a sync: only what is new or changed is read, and what is gone leaves the index.
    Reads text, Markdown, JSON, JSON lines, CSV, TSV and Reuters SGML, each also as .gz; a file that
    cannot be read is reported and skipped.
    """
    from searchkit.indexing import Interrupted, Ledger, Sync, require_path  # heavy, and no other command needs them
    from searchkit.local import open_writer

    if language is not None and language not in LANGUAGES:
        raise UsageError(f"there is no language {language!r}", hint=f"Known: {', '.join(LANGUAGES)}.")
    if not all(path.strip() for path in paths):
        raise UsageError("a path is empty", hint="Name a file or a folder.")
    folder = Path(os.path.abspath(index_folder))  # noqa: PTH100  (a link stays the name it was given)
    roots = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100
    if not folder.exists():
        # A slip in a path must not leave an empty index behind.
        for root in roots:
            require_path(root)
    with (
        open_writer(folder, language=language, fresh=rebuild, memory=memory << 20, workers=workers) as writer,
        Ledger(folder) as ledger,
        _progress() as watch,
        _stopped_by_ctrl_c() as stop,
    ):
        try:
            report = Sync(writer, ledger, folder, watch=watch, stop=stop).run(roots, rebuild=rebuild)
        except Interrupted as interrupted:
            done = interrupted.report.added + interrupted.report.changed
            complain(f"Stopped: {done:,} new articles of this run are in the index. Run the same command to go on.")
            raise typer.Exit(1) from None
    _complain_of(report.problems, report.untold)
    write(str(report))
    if strict and report.skipped:
        raise typer.Exit(1)


def _complain_of(problems: list[Problem], untold: int) -> None:
    style = screen(sys.stderr)
    for problem in problems[:_SHOWN_PROBLEMS]:
        word = "note" if problem.kept else "skipped"
        where = visible(short_path(problem.origin.path))
        place = f", {problem.origin.place}" if problem.origin.place else ""
        complain(f"{style.error(word)}: {where}{place}: {visible(problem.reason)}")
    left = len(problems) - _SHOWN_PROBLEMS + untold
    if left > 0:
        complain(f"... and {left:,} more like these")


@contextmanager
def _stopped_by_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Ctrl-C lets the article at hand be finished and committed; a second one stops at once."""
    pressed = False

    def note(number: int, frame: object) -> None:
        nonlocal pressed
        pressed = True
        signal.signal(number, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None] | None]:
    """A progress bar on a terminal, with articles, megabytes and the time left; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress as rich_progress
    from rich.console import Console  # heavy, and only a terminal needs it

    bar = rich_progress.Progress(
        rich_progress.TextColumn("{task.fields[articles]:,} articles"),
        rich_progress.BarColumn(),
        rich_progress.DownloadColumn(),
        rich_progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=None, articles=0)

        def watch(far: Progress) -> None:
            bar.update(task, articles=far.articles, completed=far.bytes_read, total=far.bytes_total)

        yield watch
