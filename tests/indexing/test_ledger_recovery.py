"""Whatever becomes of the ledger, the next run brings index and folder into agreement: none lost, none double."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from indexing.home import Home
from places import ROOT
from store.damages import damaged
from store.faults import Killed

from searchkit.article import Article
from searchkit.errors import IndexDamaged
from searchkit.indexing import Ledger
from searchkit.indexing import sync as sync_module
from searchkit.local import check_index, open_writer
from searchkit.store.committed import every_article

NEWS = {
    "a.txt": "alpha stays",
    "b.txt": "beta, which changes",
    "c.txt": "gamma, which goes",
    "d.jsonl": '{"id": "1", "text": "delta one"}\n{"id": "2", "text": "delta two"}\n',
    "e.jsonl": '{"id": "1", "text": "epsilon one"}\n{"id": "3", "text": "epsilon three"}\n',
    "deep/f.txt": "zeta below",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    for name, text in NEWS.items():
        home.file(name, text)
    return home


def content(index: Path) -> list[tuple[str, str]]:
    """Every live article of an index, (id, body), each as often as it is there."""
    return sorted((article.id, article.body) for article in every_article(index))


def bodies(index: Path) -> list[str]:
    return sorted(body for _, body in content(index))


def assert_agreed(home: Home, *roots: Path, same_ids: bool = True) -> None:
    """The index holds what a new one of the same folder holds, and a second run finds nothing to do."""
    fresh = home.index.with_name("fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    home.index, kept = fresh, home.index
    home.sync(*roots)
    home.index = kept
    assert bodies(home.index) == bodies(fresh)
    assert not same_ids or content(home.index) == content(fresh)
    assert len({key for key, _ in content(home.index)}) == len(content(home.index))
    assert check_index(home.index).sound
    again = home.sync(*roots)
    assert (again.added, again.changed, again.removed) == (0, 0, 0)
    assert again.unchanged == len(content(home.index))


def nothing(home: Home) -> None:
    """The folder stays as it is."""


def new_is_gone(home: Home) -> None:
    """What came with the run that was stopped is gone before the next."""
    (home.news / "new.txt").unlink()


def gone_is_back(home: Home) -> None:
    """What went with the run that was stopped is back, with the time that it had."""
    os.utime(home.file("c.txt", NEWS["c.txt"]), ns=home.times["c.txt"])


def old_is_back(home: Home) -> None:
    """What was changed is what it was, with its time, as out of a backup."""
    os.utime(home.file("b.txt", NEWS["b.txt"]), ns=home.times["b.txt"])


def owner_is_gone(home: Home) -> None:
    """The file is gone whose ids another had to give way to."""
    (home.news / "d.jsonl").unlink()


def everything_is_gone(home: Home) -> None:
    shutil.rmtree(home.news)
    home.news.mkdir()
    home.file("last.txt", "omega")


TURNS = [nothing, new_is_gone, gone_is_back, old_is_back, owner_is_gone, everything_is_gone]


def change(home: Home) -> None:
    """A change of each kind."""
    home.times = {  # type: ignore[attr-defined]
        name: ((status := (home.news / name).stat()).st_atime_ns, status.st_mtime_ns) for name in NEWS
    }
    home.file("new.txt", "eta, which is new")
    home.file("b.txt", "beta, changed")
    (home.news / "c.txt").unlink()
    home.file("e.jsonl", '{"id": "1", "text": "epsilon one"}\n{"id": "4", "text": "epsilon four"}\n')


def stop_at(monkeypatch: pytest.MonkeyPatch, home: Home, number: int, *, rebuild: bool = False) -> bool:
    """A run that dies between the index's commit and the ledger's, the ``number``-th time; False if it never came."""
    seen = 0
    real = Ledger.commit

    def commit(ledger: Ledger, mark: bytes, settings: str) -> None:
        nonlocal seen
        if seen == number:
            raise Killed
        seen += 1
        real(ledger, mark, settings)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "commit", commit)
        try:
            home.sync(rebuild=rebuild)
        except Killed:
            return True
    return False


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.__name__)
def test_a_crash_between_the_two_commits(
    home: Home, monkeypatch: pytest.MonkeyPatch, turn: Callable[[Home], None]
) -> None:
    home.sync()
    change(home)
    # Each article is a batch of its own.
    monkeypatch.setattr(sync_module, "_BATCH", 1)
    state = home.index.with_name("state")
    shutil.copytree(home.index, state)
    news = home.news.with_name("kept")
    shutil.copytree(home.news, news)
    number = 0
    while stop_at(monkeypatch, home, number):
        turn(home)
        home.sync()
        # A file that is not read again keeps the ids that it was given.
        assert_agreed(home, same_ids=turn is not owner_is_gone)
        for kept, place in ((state, home.index), (news, home.news)):
            shutil.rmtree(place)
            shutil.copytree(kept, place)
        number += 1
    assert number >= 4


def test_after_a_crash_only_what_differs_is_read_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.sync()
    change(home)
    assert stop_at(monkeypatch, home, 0)
    read: list[str] = []
    real = sync_module.Reading
    monkeypatch.setattr(
        sync_module, "Reading", lambda path, name, **how: read.append(path.name) or real(path, name, **how)
    )
    assert home.sync().added == 0
    assert read == ["b.txt", "e.jsonl", "new.txt"]


def test_a_file_that_was_named_keeps_its_id_though_the_ledger_is_lost(home: Home) -> None:
    for root in (home.news / "a.txt", home.news / "d.jsonl"):
        home.sync(root)
    before = content(home.index)
    (home.index / "files.sqlite").unlink()
    for root in (home.news / "d.jsonl", home.news / "a.txt"):
        assert (report := home.sync(root)).added == report.removed == 0
    assert content(home.index) == before


def test_what_a_program_has_put_itself_stays(home: Home) -> None:
    home.sync()
    with open_writer(home.index) as writer:
        writer.put(Article("own", "", "theta, of a program"))
        writer.commit()
    (home.news / "a.txt").unlink()
    assert str(home.sync()) == "0 added, 0 changed, 7 unchanged, 1 removed, 0 skipped"
    assert "theta, of a program" in bodies(home.index)


def test_a_crash_in_a_rebuild_loses_no_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger told of what the index held before, and all but the first batch was taken for indexed."""
    home.sync()
    monkeypatch.setattr(sync_module, "_BATCH", 1)
    for number in range(6):
        assert stop_at(monkeypatch, home, number, rebuild=True)
        assert len(content(home.index)) == number + 1
        home.sync()
        assert_agreed(home)


def test_a_process_that_ends_between_the_two_commits(home: Home) -> None:
    home.sync()
    change(home)
    program = (
        "import os, sys\n"
        "from searchkit.indexing import Ledger\n"
        "Ledger.commit = lambda ledger, mark, settings: os._exit(9)\n"
        "from searchkit.cli import main\n"
        "main()\n"
    )
    words = [sys.executable, "-c", program, "index", str(home.news), "--index", str(home.index)]
    done = subprocess.run(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    assert done.returncode == 9, done.stderr
    gone_is_back(home)
    new_is_gone(home)
    home.sync()
    assert_agreed(home)


def damage_by_cutting(part: float) -> Callable[[Path], None]:
    def cut(ledger: Path) -> None:
        os.truncate(ledger, int(ledger.stat().st_size * part))

    return cut


def garbage(ledger: Path) -> None:
    ledger.write_bytes(Random(1).randbytes(ledger.stat().st_size))


def garbage_behind_the_header(ledger: Path) -> None:
    whole = ledger.read_bytes()
    ledger.write_bytes(whole[:100] + Random(2).randbytes(len(whole) - 100))


def lost(ledger: Path) -> None:
    ledger.unlink()


def emptied(ledger: Path) -> None:
    ledger.write_bytes(b"")


def of_another_program(ledger: Path) -> None:
    """A sound database with tables of these names."""
    ledger.unlink()
    other = sqlite3.connect(ledger)
    other.executescript("CREATE TABLE files (name TEXT); CREATE VIEW roots AS SELECT name FROM files;")
    other.close()


def of_numbers(ledger: Path) -> None:
    """The tables are right, and what stands in them is not what should."""
    other = sqlite3.connect(ledger)
    other.execute("PRAGMA ignore_check_constraints = ON")
    other.execute("UPDATE files SET path = number, size = 'large'")
    other.commit()
    other.close()


def of_broken_text(ledger: Path) -> None:
    other = sqlite3.connect(ledger)
    other.execute("UPDATE articles SET id = CAST(X'80FF' || CAST(id AS BLOB) AS TEXT)")
    other.commit()
    other.close()


def with_a_stale_journal(ledger: Path) -> None:
    """Garbage, beside the journal of a change that was under way: it must not be played into the new ledger."""
    reader = sqlite3.connect(ledger, isolation_level=None)
    reader.execute("PRAGMA cache_size = 1")
    reader.execute("BEGIN")
    reader.execute("UPDATE articles SET digest = zeroblob(5000)")
    journal = ledger.with_name(ledger.name + "-journal")
    kept = journal.read_bytes()
    assert kept
    reader.execute("ROLLBACK")
    reader.close()
    garbage(ledger)
    journal.write_bytes(kept)


DAMAGES = [
    *(damage_by_cutting(part) for part in (0.001, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999)),
    garbage, garbage_behind_the_header, lost, emptied, of_another_program, of_numbers, of_broken_text,
    with_a_stale_journal,
]  # fmt: skip


def sync_until_done(home: Home, *roots: Path) -> None:
    """What is found only on the way ends the run, and the next one has another ledger."""
    try:
        home.sync(*roots)
    except IndexDamaged as error:
        assert "Run the same command again" in error.hint
        home.sync(*roots)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_ledger_that_is_damaged_or_lost(home: Home, damage: Callable[[Path], None]) -> None:
    for turn in TURNS:
        for place in (home.index, home.news):
            shutil.rmtree(place, ignore_errors=True)
        home.news.mkdir()
        for name, text in NEWS.items():
            home.file(name, text)
        home.sync()
        change(home)
        home.sync()
        damage(home.index / "files.sqlite")
        turn(home)
        sync_until_done(home)
        assert_agreed(home)


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_to_the_ledger(home: Home, seed: int) -> None:
    """Noise that the database itself cannot see does no harm while the folder stays: what is there stays there."""
    home.sync()
    ledger = home.index / "files.sqlite"
    _, noise = damaged(ledger.read_bytes(), Random(seed))
    ledger.write_bytes(noise)
    home.file("new.txt", "eta, which is new")
    sync_until_done(home)
    assert_agreed(home)


def test_a_ledger_out_of_an_old_copy(home: Home) -> None:
    home.sync()
    ledger = home.index / "files.sqlite"
    old = ledger.read_bytes()
    change(home)
    home.sync()
    ledger.write_bytes(old)
    gone_is_back(home)
    old_is_back(home)
    home.sync()
    assert_agreed(home)


def test_folders_of_one_name_keep_their_ids_though_the_ledger_is_lost(home: Home) -> None:
    """The labels were given in the order in which the folders came, and the order of the next run is another."""
    x, y = home.file("x/2020/a.txt", "police").parent, home.file("y/2020/a.txt", "parade").parent
    home.sync(x)
    home.sync(y)
    before = content(home.index)
    assert [key for key, _ in before] == ["2020/a.txt", "y/2020/a.txt"]
    (home.index / "files.sqlite").unlink()
    assert home.sync(y).unchanged == 1
    assert home.sync(x).unchanged == 1
    assert content(home.index) == before


def test_what_lies_elsewhere_stays_though_the_ledger_is_lost(home: Home) -> None:
    x, y = home.file("x/a.txt", "police").parent, home.file("y/a.txt", "parade").parent
    home.sync(x, y)
    (home.index / "files.sqlite").unlink()
    (y / "a.txt").unlink()
    home.file("x/a.txt", "police again")
    assert home.sync(x).changed == 1
    assert bodies(home.index) == ["parade", "police again"]
    assert home.sync(y).removed == 1
    assert bodies(home.index) == ["police again"]


def test_a_path_that_is_gone_takes_its_articles_along_though_the_ledger_is_lost(home: Home) -> None:
    gone = home.file("x/a.txt", "police").parent
    home.sync(gone)
    (home.index / "files.sqlite").unlink()
    shutil.rmtree(gone)
    assert home.sync(gone).removed == 1
    assert content(home.index) == []
