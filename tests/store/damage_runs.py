"""Runs of the programs that damage an index, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from places import ROOT
from store.damages import LONGEST_SECONDS


def run(program: Path, sound: Path, folder: Path, mode: str, first: int, count: int) -> dict[str, int]:
    """``count`` damages in one process; returns what it counted."""
    done = subprocess.run(
        [sys.executable, str(program), str(sound), str(folder), mode, str(first), str(count)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        timeout=LONGEST_SECONDS + 10 * count,
        check=False,
    )
    last = done.stdout.splitlines()[-1:] or ["nothing"]
    assert done.returncode == 0, f"{mode} damage {last[0]} ended it with {done.returncode}\n{done.stderr[-6000:]}"
    counts: dict[str, int] = json.loads(last[0].removeprefix("done "))
    assert counts["damages"] == count
    return counts


def run_many(program: Path, sound: Path, folder: Path, mode: str, count: int, each: int) -> dict[str, int]:
    """The same in two processes at a time."""
    total: dict[str, int] = {}
    with ThreadPoolExecutor(2) as threads:
        for counts in threads.map(
            lambda first: run(program, sound, folder / str(first), mode, first, each), range(0, count, each)
        ):
            for name, number in counts.items():
                total[name] = total.get(name, 0) + number
    return total
