"""What once went wrong between a folder and its index; each test tells its story."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from home import Home

from searchkit.article import Problem
from searchkit.errors import PathMissing
from searchkit.indexing import Ledger, standing_problems
from searchkit.indexing import sync as sync_module
from searchkit.indexing.pool import Pool
from searchkit.indexing.walk import File
from searchkit.readers import Settings
from searchkit.readers.format import UnreadableError


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def line(key: object, text: str = "police", end: str = "\n") -> str:
    return json.dumps({"id": str(key), "text": text}) + end


def rebuilt(home: Home, *paths: Path) -> list[str]:
    """The ids that an index made afresh would hold."""
    kept, home.index = home.index, home.index.with_name("rebuilt")
    home.sync(*paths, rebuild=True)
    found = home.ids("police")
    home.index = kept
    return found


def test_a_module_in_the_folder_of_news_is_not_run(tmp_path: Path) -> None:
    """The reading processes looked for modules where they were started: among the news of strangers."""
    (tmp_path / "resource.py").write_text("open('ran', 'w')\n")
    (tmp_path / "trafilatura.py").write_text("open('ran', 'w')\n")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.txt", "police")
        archive.writestr("b.html", "<html><body><p>police</p></body></html>")
    (tmp_path / "a.zip").write_bytes(data.getvalue())
    program = "from searchkit.cli import main; main()"
    command = [sys.executable, "-P", "-c", program, "index", ".", "--index", str(tmp_path.parent / "index")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "added" in done.stdout
    assert not (tmp_path / "ran").exists()


def test_a_gone_file_below_two_roots_moves_to_one_place(home: Home) -> None:
    """It was listed twice as gone, and two new copies of it shared one row of the ledger."""
    home.file("a/x.txt", "police")
    home.sync(home.news, home.news / "a")
    (home.news / "a" / "x.txt").unlink()
    home.file("y.txt", "police")
    home.file("z.txt", "police")
    home.sync(home.news, home.news / "a")
    assert home.ids("police") == ["news/y.txt", "news/z.txt"]


def test_an_id_made_for_a_clash_clashes_with_no_third(home: Home) -> None:
    """Names that print alike gave one id to two files, and the second replaced the first."""
    for name in (b"\xfd.jsonl", b"\xfe.jsonl", b"\xff.jsonl"):
        (home.news / os.fsdecode(name)).write_text(line("x"))
    assert home.sync().added == 3
    assert len(home.ids("police")) == 3


def test_lines_that_end_as_on_windows_grow_too(home: Home) -> None:
    """A pair of carriage return and line feed lay across two pieces, and lines were counted from 1 again."""
    path = home.file("a.jsonl", "")
    rows = [
        line(None, f"police {'x' * (1500 + number % 7)}", "\r\n").replace('"id": "None", ', "")
        for number in range(1500)
    ]
    for end in (1400, 1450, 1500):
        path.write_bytes("".join(rows[:end]).encode())
        os.utime(path, (end, end))
        home.sync()
    assert home.sync().unchanged == 1500


def test_what_is_gone_past_the_files_foreseen_leaves_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what was found gone before the first file was read was ever removed."""
    monkeypatch.setattr(sync_module, "_FORESEEN", 2)
    for number in range(8):
        home.file(f"{number}.txt", "police")
    home.sync()
    for number in range(8):
        if number < 4:
            home.file(f"{number}.txt", "police again")
        else:
            (home.news / f"{number}.txt").unlink()
    assert str(home.sync()) == "0 added, 4 changed, 0 unchanged, 4 removed, 0 skipped"
    assert home.ids("police") == rebuilt(home)


def test_a_log_that_is_rotated_keeps_its_ids(home: Home) -> None:
    """Its old path was not gone, so all that it had held was renamed for good."""
    path = home.file("news.jsonl", line(1) + line(2))
    home.sync()
    path.rename(home.news / "news.1.jsonl")
    home.file("news.jsonl", line(3))
    report = home.sync()
    assert (report.moved, report.added, report.removed, report.problems) == (2, 1, 0, [])
    assert home.ids("police") == ["1", "2", "3"] == rebuilt(home)
    assert home.sync().unchanged == 3


def test_problems_are_noted_once(home: Home) -> None:
    """Each run that told of an unchanged file's problem noted it again."""
    home.file("a.jsonl", line(1) + "junk\n")
    os.mkfifo(home.news / "pipe.txt")
    for _ in range(3):
        assert home.sync().skipped == 2
    home.file("a.jsonl", line(1) + "junk\n" + line(2))
    home.sync()
    for _ in range(2):
        home.sync(within=[str(home.news / "pipe.txt"), str(home.news / "a.jsonl")])
    assert len(list(standing_problems(home.index))) == 2
    (home.news / "pipe.txt").unlink()
    home.sync()
    assert [problem.reason[:11] for problem in standing_problems(home.index)] == ["is not JSON"]


def test_a_link_to_a_folder_that_a_watch_names_is_not_followed(home: Home) -> None:
    """It led to articles that no later run took out."""
    home.file("a.txt", "police")
    home.sync()
    (home.news / "loop").symlink_to(home.news, target_is_directory=True)
    home.sync(within=[str(home.news / "loop")])
    assert home.ids("police") == ["news/a.txt"]


def test_a_file_that_became_a_folder_leaves(home: Home) -> None:
    """Something was there, so the file was not gone."""
    home.file("x", "police")
    home.file("d/y.txt", "police")
    home.sync()
    (home.news / "x").unlink()
    home.file("x/z.txt", "police")
    (home.news / "d").rename(home.news.parent / "elsewhere")
    (home.news / "d").symlink_to(home.news.parent / "elsewhere", target_is_directory=True)
    home.sync()
    assert home.ids("police") == ["news/x/z.txt"] == rebuilt(home)


def test_whoever_lists_problems_holds_up_nobody(home: Home) -> None:
    """A list on its way to a pager held a lock, and the run that wrote meanwhile failed."""
    home.file("a.jsonl", "junk\n" * 5000)
    home.sync()
    listed = standing_problems(home.index)
    next(listed)
    home.file("b.txt", "police")
    assert home.sync().added == 1
    assert len(list(listed)) >= 4998


def test_a_ledger_of_an_earlier_version_gives_way(home: Home) -> None:
    """Its tables lacked a column, and every run ended with that."""
    import sqlite3

    home.file("a.txt", "police")
    home.sync()
    ledger = home.index / "files.sqlite"
    ledger.unlink()
    with sqlite3.connect(ledger) as old:
        old.executescript("CREATE TABLE articles (id TEXT PRIMARY KEY, file INTEGER, digest BLOB) WITHOUT ROWID")
    old.close()
    assert home.sync().unchanged == 1


def test_an_appended_blank_line_is_no_problem(home: Home) -> None:
    """What was added held no article, and the whole file was said to hold none."""
    path = home.file("a.jsonl", line(1))
    home.sync()
    home.file("a.jsonl", path.read_text() + "\n")
    assert str(home.sync()) == "0 added, 0 changed, 1 unchanged, 0 removed, 0 skipped"


def test_a_growing_file_without_a_suffix_stays_what_it_is(home: Home) -> None:
    """Its end was taken for plain text."""
    path = home.file("dump", line(1))
    home.sync()
    home.file("dump", path.read_text() + '  { "id": "2", "text": "police" }\n')
    home.sync()
    assert home.ids("police") == ["1", "2"]


def test_a_copy_that_went_is_no_copy(home: Home) -> None:
    """Renamed files and texts that had moved were counted as copies of what was about to go."""
    home.file("a.txt", "police")
    home.file("b.jsonl", line(1, "the parade police"))
    home.sync()
    (home.news / "a.txt").rename(home.news / "c.txt")
    home.file("b.jsonl", line(2, "the parade police"))
    assert home.sync().copies == 0


def test_what_cannot_be_read_today_is_counted_as_it_was(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that failed in passing kept its articles, and no count told of them."""
    home.file("a.jsonl", line(1) + line(2))
    home.sync()
    home.file("a.jsonl", line(1) + line(3))

    def refuse(*_: object, **__: object) -> object:
        raise UnreadableError("needs a library", "extra")

    with monkeypatch.context() as patch:
        patch.setattr("searchkit.readers.reading.recognized", refuse)
        report = home.sync()
    assert (report.unchanged, report.removed) == (2, 0)
    assert home.ids("police") == ["1", "2"]


def test_rebuilding_what_is_not_there_empties_nothing(home: Home) -> None:
    """The ledger knew the path, which was then forgotten before anybody looked for it."""
    path = home.file("a.txt", "police")
    home.sync(path)
    path.unlink()
    with pytest.raises(PathMissing):
        home.sync(path, rebuild=True)
    assert home.ids("police") != []


def test_the_index_is_no_news(home: Home) -> None:
    """Named itself, it was read, file by file."""
    home.file("a.txt", "police")
    home.sync()
    report = home.sync(home.index)
    assert [problem.reason for problem in report.problems] == ["is the index itself, which holds no news of its own"]


@pytest.mark.parametrize(
    "message",
    [
        "{}", "[]", '"x"', "7", "nonsense", '{"items": [{}]}', '{"items": [[1]]}', "[" * 100_000,
        '{"items": [["p", "", 1, false, "date"]]}', '{"items": [["/p", "", "r", false, "none"]]}',
        '{"items": [], "end": true}',
        '{"items": [], "end": 1, "formats": {}, "digest": "zz", "bytes": 1, "failure": ""}',
        '{"items": [["i", [], "b", 0, "", [], "", "", "", "/p", "", []]]}',
        '{"items": [["i", "t", "b", -7, "", [], "", "", "", "/p", "", []]]}',
    ],
)  # fmt: skip
def test_a_process_that_says_nonsense_costs_its_file(tmp_path: Path, message: str) -> None:
    """What it sent was believed."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "police")
    with Pool(1, Settings()) as pool:
        bad, good = (pool.submit(File(str(path), "a.zip", 1, 0)) for _ in range(2))
        (process,) = pool._processes
        assert process._connection
        real = process._connection

        class Liar:
            def poll(self, seconds: float) -> bool:
                return True

            def recv_bytes(self, most: int) -> bytes:
                return message.replace("/p", str(path)).encode()

            def send_bytes(self, data: bytes) -> None:
                real.send_bytes(data)

            def close(self) -> None:
                real.close()

        process._connection = Liar()  # type: ignore[assignment]
        (problem,) = bad
        assert isinstance(problem, Problem)
        assert problem.kind == "slow"
        assert len(list(good)) == 1


def test_a_large_folder_that_moves_is_no_square(home: Home) -> None:
    """Each file that had moved was looked for among all that were gone. (Thousands, so that a square would show.)"""
    order = list(range(3000))
    random.Random(1).shuffle(order)
    for number in order:
        home.file(f"old/{number}.txt", f"police {number:05}")
    home.sync()
    (home.news / "old").rename(home.news / "new")
    report = home.sync()
    assert (report.moved, report.added, report.removed) == (3000, 0, 0)


def test_pages_that_no_name_announces_are_read_in_a_process_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile page under another name would have had all the time and memory there is."""
    aside: list[str] = []
    real = Pool.read_aside
    monkeypatch.setattr(Pool, "read_aside", lambda pool, file: aside.append(file.name) or real(pool, file))
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.txt", "police")
    (home.news / "packed").write_bytes(data.getvalue())
    home.file("plain.txt", "police")
    home.sync()
    assert aside == ["news/packed"]
    assert home.ids("police") == ["news/packed/a.txt", "news/plain.txt"]
    with Ledger(home.index) as ledger:
        assert [known.formats for known in ledger.files_below(str(home.news))] == ["plain text 1"] * 2
