"""Options and arguments that several commands share, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
