"""The program: its commands, and what becomes of an error."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from searchkit.cli import index, query, show, stats
from searchkit.cli.terminal import complain, screen, visible, write
from searchkit.errors import QueryError, SearchkitError
from searchkit.version import __version__

app = typer.Typer(
    name="searchkit",
    help="Index the news that you have, and find what was written.",
    epilog='Example: searchkit index seeds/ && searchkit query "pride parade police"',
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=index.EXAMPLE)(index.index)
app.command(epilog=query.EXAMPLE)(query.query)
app.command(epilog=show.EXAMPLE)(show.show)
app.command(epilog=stats.EXAMPLE)(stats.stats)


def _version(wanted: bool) -> None:
    if wanted:
        write(f"searchkit {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Index the news that you have, and find what was written."""


def main() -> None:
    """Run the program; every error of searchkit's own is a sentence on standard error and an exit code."""
    try:
        app()
    except SearchkitError as error:
        complain(_sentence(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        complain("Stopped.")
        sys.exit(1)


def _sentence(error: SearchkitError) -> str:
    style = screen(sys.stderr)
    text = f"{style.error('searchkit:')} {visible(error.message)}"
    if isinstance(error, QueryError) and error.text.strip():
        before = visible(error.text[: error.column - 1])
        text += f"\n  {before}{visible(error.text[error.column - 1 :])}\n  {' ' * len(before)}^"
    return f"{text}\n{visible(error.hint)}" if error.hint else text
