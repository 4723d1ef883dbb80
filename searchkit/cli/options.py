"""Options and arguments that several commands share, each declared once."""

from __future__ import annotations

from typing import Annotated

import typer

IndexOption = Annotated[
    str,
    typer.Option(
        "--index",
        metavar="DIR",
        envvar="SEARCHKIT_INDEX",
        help="The folder that holds the index, or the address of one in a cluster: opensearch://host:9200/news.",
        show_default=True,
    ),
]
DEFAULT_INDEX = "index"
