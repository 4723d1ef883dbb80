"""searchkit problems: what is not in the index, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from searchkit.article import KINDS
from searchkit.cli.formats import json_text
from searchkit.cli.options import DEFAULT_INDEX, IndexOption
from searchkit.cli.terminal import Screen, screen, short_path, visible, write
from searchkit.errors import UsageError
from searchkit.index import open_index

if TYPE_CHECKING:
    from searchkit.article import Problem

EXAMPLE = "Example: searchkit problems --kind date"


def problems(
    index_folder: IndexOption = DEFAULT_INDEX,
    kind: Annotated[str, typer.Option(metavar="KIND", help=f"Only of this kind: {', '.join(KINDS)}.")] = "",
    json: Annotated[bool, typer.Option("--json", help="As JSON, an object a line.")] = False,
) -> None:
    """Print the problems that the files of the index gave when they were last read."""
    from searchkit.indexing import standing_problems  # heavy, and few commands need it
    from searchkit.indexing.homes import ledger_folder

    if kind and kind not in KINDS:
        raise UsageError(f"there is no kind of problem {kind!r}", hint=f"Known: {', '.join(KINDS)}.")
    # Where there is no index, that is what has to be said.
    open_index(index_folder).close()
    found = (problem for problem in standing_problems(ledger_folder(index_folder)) if kind in ("", problem.kind))
    if json:
        for problem in found:
            write(problem_record(problem))
    else:
        _print(found, screen(sys.stdout))


def problem_line(problem: Problem, style: Screen) -> str:
    """A problem on one line, for people."""
    word = "note" if problem.kept else "skipped"
    place = f", {visible(problem.origin.place)}" if problem.origin.place else ""
    return f"{style.error(word)}: {visible(short_path(problem.origin.path))}{place}: {visible(problem.reason)}"


def problem_record(problem: Problem) -> str:
    """A problem as one line of JSON."""
    return json_text(
        {
            "path": problem.origin.path,
            "place": problem.origin.place,
            "reason": problem.reason,
            "kind": problem.kind,
            "skipped": not problem.kept,
        }
    )


def _print(found: Iterable[Problem], style: Screen) -> None:
    count = 0
    for problem in found:
        count += 1
        write(problem_line(problem, style))
    write(style.bold("No problem is known." if not count else f"{count:,} problem{'s' if count > 1 else ''}."))
