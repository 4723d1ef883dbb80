"""Options and arguments that several commands share, each declared once."""

from __future__ import annotations

import calendar
import datetime
import re
from pathlib import Path
from typing import Annotated

import typer

from searchkit.errors import UsageError

IndexOption = Annotated[
    Path,
    typer.Option(
        "--index",
        metavar="DIR",
        envvar="SEARCHKIT_INDEX",
        help="The folder that holds the index.",
        show_default=True,
    ),
]
DEFAULT_INDEX = Path("index")

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


def day(text: str | None, option: str, *, last: bool = False) -> datetime.date | None:
    """The day that YYYY-MM-DD names; of YYYY or YYYY-MM the first day, or with ``last`` the last.

    Raises UsageError for anything else.
    """
    if text is None:
        return None
    match = _DATE.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError(text)
        year = int(match[1])
        month = int(match[2]) if match[2] else 12 if last else 1
        if match[3]:
            return datetime.date(year, month, int(match[3]))
        return datetime.date(year, month, calendar.monthrange(year, month)[1] if last else 1)
    except ValueError:
        raise UsageError(
            f"{option} {text!r} is not a date", hint="Write 2020-03-09, 2020-03 or 2020."
        ) from None
