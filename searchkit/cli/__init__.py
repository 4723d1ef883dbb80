"""The same request from a terminal: one file per command, and nothing below this room prints."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """The program ``searchkit``. Whatever happens, from the first import on, ends in a sentence and a code."""
    try:
        if sys.stderr is None:
            sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  (open to the end)
        if sys.stdout is None:
            sys.stderr.write("searchkit: the answer cannot be written: standard output is closed\n")
            sys.exit(1)
        for stream in (sys.stdout, sys.stderr):
            # What a stream's encoding lacks is spelled out.
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        # Imports make much and drop nothing; collections among them are in vain. They begin with the command.
        gc.disable()
        from searchkit.cli.main import run  # in here, so that Ctrl-C during start-up is met as well

        run()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(1)
