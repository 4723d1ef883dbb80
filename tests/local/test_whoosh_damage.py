"""Whatever happens to the segments under Whoosh: it gets the right answer or an error of searchkit's own.

Whoosh wraps little: where its own look-up of a listed term fails it says TermNotFound, which only a forger can bring
about, and a file that is missing stays FileNotFoundError, upon which it reads its table once more.
"""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest
from local import whoosh_damages
from store.damage_runs import run_many
from store.damages import opened, sealed

from searchkit.errors import IndexDamaged
from searchkit.local import check_index

PROGRAM = Path(whoosh_damages.__file__)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "index"
    whoosh_damages.make_index(path)
    assert check_index(path, deep=True).sound
    assert not any(isinstance(answer, type) for answer in whoosh_damages.answers(path))
    return path


def test_no_answer_over_damaged_segments_is_wrong(sound: Path, tmp_path: Path) -> None:
    counts = run_many(PROGRAM, sound, tmp_path, "random", 200, 100)
    assert counts["errors"] > 1000
    assert counts["right answers"] > 500


def test_forged_segments_bring_no_foreign_error(sound: Path, tmp_path: Path) -> None:
    counts = run_many(PROGRAM, sound, tmp_path, "hostile", 100, 50)
    assert min(counts["errors"], counts["right answers"], counts["other answers"]) > 100


@pytest.mark.parametrize(
    ("section", "at", "value"),
    [
        ("forms.sorted", 0, struct.pack("<I", 469762048)),
        ("forms.first", -4, struct.pack("<I", 1)),
        ("forms.first", 0, struct.pack("<I", 7)),
        ("days", -4, struct.pack("<I", 2**32 - 1)),
        ("sources", 0, struct.pack("<I", 77)),
        ("forms", 0, b"\xff"),
        ("stems", 0, b"\xff"),
        ("ids", 0, b"\xff"),
    ],
)
def test_forgeries_that_once_brought_a_foreign_error(
    sound: Path, tmp_path: Path, section: str, at: int, value: bytes
) -> None:
    """A number led Whoosh's readers beyond what is there, and bytes that are no text came out of its decoding."""
    path = tmp_path / "index"
    shutil.copytree(sound, path)
    data, facts = opened((path / "segment-1").read_bytes())
    offset, size = facts["sections"][section]
    begin = offset + at % size
    data[begin : begin + len(value)] = value
    (path / "segment-1").write_bytes(sealed(data, facts))
    assert IndexDamaged in whoosh_damages.answers(path)


@pytest.mark.long
def test_thousands_of_damages_and_forgeries(sound: Path, tmp_path: Path) -> None:
    assert run_many(PROGRAM, sound, tmp_path, "random", 3000, 300)["damages"] == 3000
    assert run_many(PROGRAM, sound, tmp_path, "hostile", 2000, 200)["damages"] == 2000
