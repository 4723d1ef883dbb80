"""Whatever happens to the files of an index: `check` finds it, and nobody gets a wrong answer or a crash.

The damages are tried in processes of their own, so that even the death of one is seen (see damages.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from store import damages
from store.damage_runs import run, run_many

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


def test_check_finds_every_damage_and_no_answer_is_wrong(sound: Path, tmp_path: Path) -> None:
    counts = run_many(PROGRAM, sound, tmp_path, "random", 500, 250)
    assert counts["found by check"] == counts["damages"] == 500
    # Most damage is met by some question, and much is not: both must be seen here.
    assert counts["errors"] > 1000
    assert counts["right answers"] > 1000


def test_a_forged_index_never_ends_the_program(sound: Path, tmp_path: Path) -> None:
    counts = run_many(PROGRAM, sound, tmp_path, "hostile", 200, 100)
    assert counts["merged"] > 10
    assert counts["refused to write"] > 10


@pytest.mark.parametrize("number", [133, 201, 1874, 2496, 20_000, 20_929])
def test_damages_that_once_went_wrong(sound: Path, tmp_path: Path, number: int) -> None:
    """A day that settled a tie was read unverified; a merge followed forged forms beyond the last of them.

    A pattern met a dictionary that was forged, and forms of more stems than there are.
    """
    mode = "random" if number == 133 else "hostile"
    assert run(PROGRAM, sound, tmp_path, mode, number, 1)["damages"] == 1


@pytest.mark.long
def test_ten_thousand_damages(sound: Path, tmp_path: Path) -> None:
    counts = run_many(PROGRAM, sound, tmp_path, "random", 10_000, 1000)
    assert counts["found by check"] == counts["damages"] == 10_000


@pytest.mark.long
def test_ten_thousand_forgeries(sound: Path, tmp_path: Path) -> None:
    assert run_many(PROGRAM, sound, tmp_path, "hostile", 10_000, 500)["damages"] == 10_000
