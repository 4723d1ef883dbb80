"""Whatever happens to the files of an index: `check` finds it, and nobody gets a wrong answer or a crash.

The damages are tried in processes of their own, so that even the death of one is seen (see damages.py).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from places import ROOT
from store import damages

from searchkit.store.check import check_index

PROGRAM = Path(damages.__file__)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "index"
    damages.make_index(path)
    report = check_index(path, deep=True)
    assert (report.findings, report.orphans) == ((), ())
    assert report.counts.segments == 4
    return path


def run(sound: Path, folder: Path, mode: str, first: int, count: int) -> dict[str, int]:
    """``count`` damages in one process; returns what it counted."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(sound), str(folder), mode, str(first), str(count)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=damages.LONGEST_SECONDS + 10 * count,
        check=False,
    )
    last = done.stdout.splitlines()[-1:] or ["nothing"]
    assert done.returncode == 0, f"{mode} damage {last[0]} ended it with {done.returncode}\n{done.stderr[-6000:]}"
    counts: dict[str, int] = json.loads(last[0].removeprefix("done "))
    assert counts["damages"] == count
    return counts


def run_many(sound: Path, folder: Path, mode: str, count: int, each: int) -> dict[str, int]:
    """The same in two processes at a time."""
    total: dict[str, int] = {}
    with ThreadPoolExecutor(2) as threads:
        for counts in threads.map(
            lambda first: run(sound, folder / str(first), mode, first, each), range(0, count, each)
        ):
            for name, number in counts.items():
                total[name] = total.get(name, 0) + number
    return total


def test_check_finds_every_damage_and_no_answer_is_wrong(sound: Path, tmp_path: Path) -> None:
    counts = run_many(sound, tmp_path, "random", 500, 250)
    assert counts["found by check"] == counts["damages"] == 500
    # Most damage is met by some question, and much is not: both must be seen here.
    assert counts["errors"] > 1000
    assert counts["right answers"] > 1000


def test_a_forged_index_never_ends_the_program(sound: Path, tmp_path: Path) -> None:
    counts = run_many(sound, tmp_path, "hostile", 200, 100)
    assert counts["merged"] > 10
    assert counts["refused to write"] > 10


@pytest.mark.parametrize("number", [133, 201, 1874, 2496])
def test_damages_that_once_went_wrong(sound: Path, tmp_path: Path, number: int) -> None:
    """A day that settled a tie was read unverified; a merge followed forged forms beyond the last of them."""
    mode = "random" if number == 133 else "hostile"
    assert run(sound, tmp_path, mode, number, 1)["damages"] == 1


@pytest.mark.long
def test_ten_thousand_damages(sound: Path, tmp_path: Path) -> None:
    counts = run_many(sound, tmp_path, "random", 10_000, 1000)
    assert counts["found by check"] == counts["damages"] == 10_000


@pytest.mark.long
def test_ten_thousand_forgeries(sound: Path, tmp_path: Path) -> None:
    assert run_many(sound, tmp_path, "hostile", 10_000, 500)["damages"] == 10_000
