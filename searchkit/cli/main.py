"""The program: its commands, and what becomes of an error."""

# No annotations put off: Typer reads them, and would have to compile the text of each at every start.

import gc
import os
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from searchkit.cli.terminal import complain, screen, visible, write
from searchkit.errors import QueryError, SearchkitError, StorageError, UsageError
from searchkit.version import __version__

# Of a message, and of a query before and behind the caret: what a person can still take in.
_LONGEST = 400
_AROUND = 60

# Each is a function of its name in a module of its name; help lists them in this order.
_NAMES = ("index", "watch", "query", "show", "problems", "stats", "check", "copy")


class _Commands(Mapping[str, TyperCommand]):
    """The commands by their names, each imported and made when it is asked for: a start pays for one of them."""

    def __init__(self) -> None:
        self._made: dict[str, TyperCommand] = {}

    def __getitem__(self, name: str) -> TyperCommand:
        if name not in _NAMES:
            raise KeyError(name)
        if name not in self._made:
            module = import_module(f"searchkit.cli.{name}")
            alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
            alone.command(name, epilog=module.EXAMPLE)(getattr(module, name))
            made = typer.main.get_command(alone)
            assert isinstance(made, TyperCommand)  # noqa: S101  (for the type checker)
            self._made[name] = made
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


class _Group(TyperGroup):
    """A group whose commands are made late."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  (whatever Typer passes on)
        super().__init__(**settings)
        self.commands = _Commands()  # type: ignore[assignment]

    def list_commands(self, ctx: object) -> list[str]:
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401  (Typer's own types)
        found = super().resolve_command(ctx, args)
        # All that was imported stays to the end: neither a collection nor the end itself need look through it.
        gc.freeze()
        gc.enable()
        return found


app = typer.Typer(
    name="searchkit",
    cls=_Group,
    help="Index the news that you have, and find what was written.",
    epilog='Example: searchkit index seeds/ && searchkit query "pride parade police"',
    invoke_without_command=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        write(f"searchkit {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Index the news that you have, and find what was written."""
    if context.invoked_subcommand is None:
        complain(context.get_help())
        raise typer.Exit(2)


def run() -> None:
    """Run the program; every error of searchkit's own is a sentence on standard error and an exit code."""
    code: object = 0
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except SearchkitError as error:
        complain(_sentence(error))
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        complain("Stopped.")
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        what = f" ({error.filename})" if error.filename else ""
        complain(_sentence(StorageError(f"{error.strerror or error}{what}")))
        sys.exit(1)
    except Exception as error:
        # The command line's own complaints have a message for people; nothing else is expected here.
        if not hasattr(error, "format_message"):
            raise
        complain(_sentence(_usage(error)))
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)


def _usage(error: Exception) -> UsageError:
    """What the command line found wrong, as one of this project's errors."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "searchkit"
    message = str(getattr(error, "format_message", str)()).strip().rstrip(".")
    message = message.replace("is not a valid int range", "is not a whole number")
    message = re.sub(r"is not in the range (\d+)<=x<=(\d+)", r"does not lie between \1 and \2", message)
    message = re.sub(r"is not in the range x>=(\d+)", r"is less than \1", message)
    hint = f"See {command} --help."
    if "No such option" in message or "'-n'" in message:
        hint += " Words that begin with a dash stand behind --."
    return UsageError(message, hint=hint)


def _sentence(error: SearchkitError) -> str:
    style = screen(sys.stderr)
    message = error.message if len(error.message) <= _LONGEST else error.message[:_LONGEST] + "…"
    text = f"{style.error('searchkit:')} {visible(message)}"
    if isinstance(error, QueryError) and error.text.strip():
        begin = max(error.column - 1 - _AROUND, 0)
        before = ("…" if begin else "") + visible(error.text[begin : error.column - 1])
        behind = visible(error.text[error.column - 1 : error.column - 1 + _AROUND])
        text += f"\n  {before}{behind}\n  {' ' * len(before)}^"
    return f"{text}\n{visible(error.hint)}" if error.hint else text
