"""searchkit copy: an index in another place, from a folder to a cluster or back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from searchkit.cli.index import MemoryOption, WorkersOption, complain_of, index_place
from searchkit.cli.terminal import write

EXAMPLE = "Example: searchkit copy index/ backup/"


def copy(
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="A folder or an address: opensearch://host:9200/news.")
    ],
    target: Annotated[str, typer.Argument(metavar="TO", help="Another one, which must hold no articles.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Let the articles that TO holds give way, once all are copied.")
    ] = False,
    memory: MemoryOption = 512,
    workers: WorkersOption = None,
) -> None:
    """Copy an index: all its articles, into another folder or into a cluster, or back.

    TO changes in one step, at the end, and both are counted then. What was read from which files is not copied: the
    next searchkit index learns it from the articles.
    """
    from searchkit.indexing.copying import copy_index  # heavy, and no other command needs it

    with _progress() as watch:
        copied = copy_index(
            index_place(source),
            index_place(target),
            replace=replace,
            memory=memory << 20,
            workers=workers,
            watch=watch,
        )
    complain_of(list(copied.problems), 0)
    write(f"{copied.articles:,} article{'' if copied.articles == 1 else 's'} copied, counted at both ends.")
    if copied.problems:
        raise typer.Exit(1)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress
    from rich.console import Console  # heavy, and only a terminal needs it

    bar = progress.Progress(
        progress.BarColumn(),
        progress.TextColumn("{task.completed:,} of {task.total:,} articles"),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=0)
        yield lambda put, total: bar.update(task, completed=put, total=total)
