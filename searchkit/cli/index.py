"""searchkit index: bring an index into agreement with files and folders."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from searchkit.analysis import LANGUAGES
from searchkit.cli.options import DEFAULT_INDEX, IndexOption
from searchkit.cli.problems import problem_line, problem_record
from searchkit.cli.terminal import complain, screen, write
from searchkit.errors import UsageError
from searchkit.index import is_cluster

if TYPE_CHECKING:
    from searchkit.article import Problem
    from searchkit.indexing import Progress, Report
    from searchkit.readers import Settings

EXAMPLE = "Example: searchkit index seeds/"
_SHOWN_PROBLEMS = 20


MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="FIELD=KEY", help="The key or column that a field is taken from, such as title=headline."
    ),
]
DetectOption = Annotated[
    bool, typer.Option("--detect-language", help="Find out the language of articles that do not state it.")
]
DatesOption = Annotated[str, typer.Option(metavar="ORDER", help="How 03/04/2020 is read: dmy or mdy.")]
# What is said here of the defaults is held against ``readers.settings`` by a test: that room is heavy.
SecondsOption = Annotated[
    int | None,
    typer.Option(
        "--max-seconds",
        metavar="N",
        help="Seconds that one web page or document may take, each in an archive for itself: 60 unless told.",
    ),
]
ExpansionOption = Annotated[
    int | None,
    typer.Option(
        "--max-expansion",
        metavar="N",
        help="Times its size that a packed file may unfold to, beyond its first 256 MiB: 200 unless told.",
    ),
]
ArchivesOption = Annotated[
    int | None,
    typer.Option("--max-archives", metavar="N", help="How many archives may lie one in the other: 2 unless told."),
]
MemoryOption = Annotated[
    int, typer.Option(metavar="MB", min=64, help="Memory to hold articles in before they are written.")
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        max=64,
        envvar="SEARCHKIT_WORKERS",
        help="Threads and processes: one a processor unless told.",
    ),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The language whose word forms are brought together: english unless told."),
]


def index(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files and folders of articles; - is standard input.")
    ],
    index_folder: IndexOption = DEFAULT_INDEX,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Start afresh: forget what the index holds.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with exit code 1 when anything was skipped.")] = False,
    mapping: MapOption = None,
    dates: DatesOption = "",
    detect: DetectOption = False,
    max_seconds: SecondsOption = None,
    max_expansion: ExpansionOption = None,
    max_archives: ArchivesOption = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write each problem into this file, as a line of JSON.")
    ] = None,
    memory: MemoryOption = 512,
    workers: WorkersOption = None,
    language: LanguageOption = None,
) -> None:
    """Index files and folders of articles.

    Run again, it is a sync: only what is new or changed is read, and what is gone leaves the index. Reads text,
    web pages, feeds, mail, agency and archive formats, tables and more, also packed; README has them all. What
    cannot be read is reported and skipped.
    """
    from searchkit.indexing import Interrupted, Ledger, Sync, require_path  # heavy, and few commands need them
    from searchkit.indexing.homes import ledger_folder, made_ledger_folder, open_writer, workers_of_this_machine

    limits = {"seconds": max_seconds, "expansion": max_expansion, "archives": max_archives}
    settings = reading_settings(mapping, dates, detect, limits)
    if language is not None and language not in LANGUAGES:
        raise UsageError(f"there is no language {language!r}", hint=f"Known: {', '.join(LANGUAGES)}.")
    place, roots = index_place(index_folder), [absolute(path) for path in paths]
    folder = ledger_folder(place)
    if report and any(absolute(report).is_relative_to(root) for root in roots):
        raise UsageError("the report lies among what is indexed", hint="Name a file elsewhere.")
    if not folder.exists():
        # A slip in a path must not leave an empty index behind.
        for root in roots:
            require_path(root)
    with (
        _written(report) as on_problem,
        open_writer(
            place, language=language, fresh=rebuild, memory=memory << 20, workers=workers, tell=complain
        ) as writer,
        Ledger(made_ledger_folder(place)) as ledger,
        _progress() as watch,
        stopped_by_ctrl_c() as stop,
    ):
        sync = Sync(
            *(writer, ledger, folder),
            settings=settings,
            workers=workers or workers_of_this_machine(),
            watch=watch,
            on_problem=on_problem,
            stop=stop,
        )
        try:
            done = sync.run(roots, rebuild=rebuild)
        except Interrupted as interrupted:
            if rebuild and is_cluster(place):
                complain("Stopped: the index is what it was before. Run the same command to rebuild it.")
                raise typer.Exit(1) from None
            kept = interrupted.report.added + interrupted.report.changed
            complain(f"Stopped: {kept:,} new articles of this run are in the index. Run the same command to go on.")
            raise typer.Exit(1) from None
    complain_of(done.problems, done.untold)
    write("\n".join([str(done), *summary(done)]))
    if strict and done.skipped:
        raise typer.Exit(1)


def index_place(index: str) -> str | Path:
    """The address of an index in a cluster as it is, or the absolute path of its folder."""
    return index if is_cluster(index) else absolute(index)


def absolute(path: str | Path) -> Path:
    """The absolute path, links left as they are named; ``-`` is standard input. Raises UsageError for ''."""
    if not str(path).strip():
        raise UsageError("a path is empty", hint="Name a file or a folder.")
    from searchkit.indexing.walk import STANDARD_INPUT  # that room is heavy

    return Path(STANDARD_INPUT if str(path) == "-" else os.path.abspath(path).replace("//", "/"))  # noqa: PTH100


def reading_settings(
    mapping: list[str] | None, dates: str, detect: bool, limits: Mapping[str, int | None]
) -> Settings:
    """The settings of readers that the options ask for; raises UsageError."""
    from searchkit.readers.settings import DAY_ORDERS, Settings, parse_keys, with_limits  # heavy, as all there

    if dates and dates not in DAY_ORDERS:
        raise UsageError(f"there is no order of dates {dates!r}", hint=f"Known: {', '.join(DAY_ORDERS)}.")
    if detect:
        from searchkit.readers.language_detection import require_library

        require_library()
    settings = Settings(keys=parse_keys(mapping or ()), dates=dates, detect_language=detect)
    return with_limits(settings, limits)


def summary(done: Report) -> list[str]:
    """What there is to say beyond the counts, a line each."""
    out = []
    if len(done.formats) > 1:
        out.append("Formats: " + _counted(done.formats) + ".")
    if done.copies:
        new = "1 new article has" if done.copies == 1 else f"{done.copies:,} new articles have"
        out.append(f"Copies: {new} the text of another one; both are in the index, and show says so.")
    if done.kinds:
        out.append(f"Problems: {_counted(done.kinds)}. searchkit problems lists them.")
    return out


def _counted(counts: Mapping[str, int]) -> str:
    """The counts, the largest first; equal ones by name, so that two runs say the same."""
    return ", ".join(
        f"{name} {count:,}" for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    )


@contextmanager
def _written(path: Path | None) -> Iterator[Callable[[Problem], None] | None]:
    """What writes each problem into a file, a line of JSON each; None where no file is asked for."""
    if path is None:
        yield None
        return
    failure: OSError | None = None

    def put(problem: Problem) -> None:
        nonlocal failure
        try:
            if not failure:
                file.write(problem_record(problem) + "\n")
        except OSError as error:
            # The index is worth more than its report: the run goes on.
            failure = error

    try:
        file = path.open("w", encoding="utf-8", errors="replace")
    except OSError as error:
        reason = f"the report {path} cannot be written: {error.strerror}"
        raise UsageError(reason, hint="Name another file.") from error
    try:
        yield put
    finally:
        try:
            file.close()
        except OSError as error:
            failure = failure or error
        if failure:
            complain(f"The report {path} is not whole: {failure.strerror}.")


def complain_of(problems: list[Problem], untold: int) -> None:
    """Print the first problems of a run on standard error, and how many there are beyond."""
    style = screen(sys.stderr)
    for problem in problems[:_SHOWN_PROBLEMS]:
        complain(problem_line(problem, style))
    left = len(problems) - _SHOWN_PROBLEMS + untold
    if left > 0:
        complain(f"... and {left:,} more like these: searchkit problems lists them")


@contextmanager
def stopped_by_ctrl_c() -> Iterator[Callable[[], bool]]:
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
