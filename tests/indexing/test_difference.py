"""What is read again, what is not, and what a file leaves behind when it grows, moves or goes."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from pathlib import Path

import pytest
from home import Home

from searchkit.article import Article
from searchkit.index import open_index
from searchkit.indexing import sync as sync_module
from searchkit.readers import Settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def line(key: int, text: str) -> str:
    return json.dumps({"id": f"a{key}", "text": text}) + "\n"


def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What is read from now on: the names of the files, and whether only their ends are."""
    read: list[tuple[str, bool]] = []
    real = sync_module.Reading

    def reading(path: Path, name: str, **how: object) -> object:
        made = real(path, name, **how)  # type: ignore[arg-type]
        read.append((path.name, made.goes_on))
        return made

    monkeypatch.setattr(sync_module, "Reading", reading)
    return read


def test_a_file_of_lines_that_grew_is_read_from_where_it_stopped(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home.file("a.jsonl", line(1, "police") + "junk\n" + line(2, "parade"))
    home.sync()
    read = begun(monkeypatch)
    home.file("a.jsonl", path.read_text() + line(3, "pride") + "more junk\n" + line(1, "again"))
    report = home.sync()
    assert read == [("a.jsonl", True)]
    assert str(report) == "1 added, 0 changed, 2 unchanged, 0 removed, 3 skipped"
    assert [(problem.origin.place, problem.kind) for problem in report.problems] == [
        ("line 2", "damaged"),
        ("line 5", "damaged"),
        ("line 6", "id"),
    ]
    with open_index(home.index) as index:
        assert index.article("a3").origin.place == "line 4"
    # The third part stands on the second.
    home.file("a.jsonl", path.read_text() + line(4, "police"))
    assert str(home.sync()) == "1 added, 0 changed, 3 unchanged, 0 removed, 3 skipped"
    assert read == [("a.jsonl", True)] * 2
    assert home.ids("police") == ["a1", "a4"]


@pytest.mark.parametrize("change", ["beginning", "no newline", "shorter", "old newlines"])
def test_a_file_that_grew_otherwise_is_read_whole(home: Home, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    first = line(1, "police") + line(2, "parade")
    if change == "no newline":
        first = first[:-1]
    if change == "old newlines":
        first = first.replace("\n", "\r")
    home.file("a.jsonl", first)
    home.sync()
    read = begun(monkeypatch)
    if change == "beginning":
        home.file("a.jsonl", first.replace("police", "pride!") + line(3, "third"))
    elif change == "shorter":
        home.file("a.jsonl", line(2, "parade"))
    else:
        home.file("a.jsonl", first + "\n" + line(3, "third"))
    home.sync()
    assert read == [("a.jsonl", False)]
    assert home.ids("third") == ([] if change == "shorter" else ["a3"])
    assert home.ids("police") == ([] if change in ("beginning", "shorter") else ["a1"])


def test_a_file_whose_time_alone_has_changed_is_not_read_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home.file("a.txt", "police")
    home.sync()
    read = begun(monkeypatch)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert home.sync().unchanged == 1
    assert read == []


def test_a_change_within_one_tick_of_the_clock_is_seen(home: Home) -> None:
    path = home.file("a.txt", "police")
    now = time.time_ns()
    os.utime(path, ns=(now, now))
    home.sync()
    path.write_text("parade")
    os.utime(path, ns=(now, now))
    assert str(home.sync()) == "0 added, 1 changed, 0 unchanged, 0 removed, 0 skipped"
    assert home.ids("parade") == ["news/a.txt"]


def test_what_has_moved_is_known(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.file("z/a.txt", "police")
    home.file("b.jsonl", line(1, "parade") + line(2, "pride"))
    home.file("c.txt", "stays as it is")
    home.sync()
    (home.news / "deep").mkdir()
    (home.news / "z" / "a.txt").rename(home.news / "0.txt")
    (home.news / "b.jsonl").rename(home.news / "deep" / "zz.jsonl")
    read = begun(monkeypatch)
    report = home.sync()
    assert str(report) == "0 added, 0 changed, 1 unchanged, 0 removed, 3 moved, 0 skipped"
    assert sorted(name for name, _ in read) == ["0.txt", "zz.jsonl"]
    assert home.ids("police") == ["news/0.txt"]
    with open_index(home.index) as index:
        assert index.article("a2").origin.path == str(home.news / "deep" / "zz.jsonl")
        assert index.statistics().articles == 4


def test_an_exact_copy_is_said_and_keeps_its_place(home: Home) -> None:
    home.file("a.txt", "Title\n\nThe police marched.")
    home.file("b.txt", "TITLE\n\nThe  police\nmarched.")
    home.file("c.txt", "Title\n\nThe police marched on.")
    report = home.sync()
    assert (report.added, report.copies) == (3, 1)
    assert home.ids("marched") == ["news/a.txt", "news/b.txt", "news/c.txt"]
    assert home.sync().copies == 0


def test_other_settings_read_everything_again(home: Home) -> None:
    home.file("a.jsonl", json.dumps({"id": "1", "text": "police", "date": "03/04/2020"}) + "\n")
    assert [problem.kind for problem in home.sync().problems] == ["date"]
    assert home.sync(settings=Settings(dates="dmy")).changed == 1
    with open_index(home.index) as index:
        assert str(index.article("1").date) == "2020-04-03"
    assert home.sync(settings=Settings(dates="dmy")).unchanged == 1


def test_counts_of_formats_and_kinds(home: Home) -> None:
    home.file("a.txt", "police")
    home.file("b.jsonl", line(1, "police") + line(2, "parade"))
    home.file("c.xyz", "?")
    for _ in range(2):
        report = home.sync()
        assert dict(report.formats) == {"plain text": 1, "JSON lines": 2}
        assert dict(report.kinds) == {"format": 1}


def random_edit(random_: random.Random, news: Path) -> None:
    files = [path for path in news.rglob("*") if path.is_file()]
    kind = random_.choice(["new", "new", "edit", "grow", "move", "remove", "touch", "folder", "swap", "junk"])
    where = news / random_.choice(["", "a", "a/b", "c"])
    where.mkdir(parents=True, exist_ok=True)
    name = f"{random_.randrange(30)}{random_.choice(['.txt', '.jsonl', '.csv'])}"
    text = " ".join(random_.choices(["police", "parade", "pride", "march", "city"], k=random_.randrange(1, 6)))
    if kind in ("new", "junk") or not files:
        body = text if name.endswith(".txt") else "".join(line(random_.randrange(40), text) for _ in range(3))
        if name.endswith(".csv"):
            body = f"id,text\n{random_.randrange(40)},{text}\n"
        (where / name).write_text("\x7fELF\0" if kind == "junk" else body)
        return
    one, other = random_.choice(files), random_.choice(files)
    if kind == "edit":
        one.write_text(one.read_text().replace("police", "pride", 1) + " ")
    elif kind == "grow":
        with one.open("a") as file:
            file.write(line(random_.randrange(40), text))
    elif kind == "move":
        one.rename(where / f"moved{random_.randrange(5)}{one.suffix}")
    elif kind == "remove":
        one.unlink()
    elif kind == "touch":
        os.utime(one, (random_.randrange(10**9), random_.randrange(10**9)))
    elif kind == "folder":
        shutil.rmtree(where) if where != news else None
    elif one != other:
        one.rename(news / "aside")
        other.rename(one)
        (news / "aside").rename(other)


def held(index: Path) -> list[Article]:
    from searchkit.store.committed import every_article

    return sorted(every_article(index), key=lambda article: (article.origin.path, article.origin.place, article.body))


@pytest.mark.parametrize("seed", range(12))
def test_after_random_edits_the_index_is_what_a_rebuild_makes(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids apart, which a file keeps that had them first: what is in the index, and from where."""
    random_ = random.Random(seed)
    home = Home(tmp_path)
    # Some have all their files read by other processes.
    monkeypatch.setattr(sync_module, "_LARGE", 1 << 30 if seed % 3 else 1)
    # And of some the ledger is asked for what they said before, as of files with more articles than memory holds.
    monkeypatch.setattr("searchkit.indexing.told._REMEMBERED", 200_000 if seed % 2 else 0)
    for _ in range(random_.randrange(3, 8)):
        for _ in range(random_.randrange(1, 12)):
            random_edit(random_, home.news)
        home.sync(workers=2)
        found = [(article.origin, article.title, article.body, article.date) for article in held(home.index)]
        with open_index(home.index) as index:
            assert index.statistics().articles == len(found)
        kept, home.index = home.index, tmp_path / "rebuilt"
        home.sync(rebuild=True)
        made = [(article.origin, article.title, article.body, article.date) for article in held(home.index)]
        shutil.rmtree(home.index)
        home.index = kept
        assert found == made


def test_a_run_within_a_few_paths_looks_at_nothing_else(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.file("a/1.txt", "police")
    home.file("b/2.txt", "police")
    home.sync()
    home.file("a/1.txt", "parade")
    home.file("b/2.txt", "parade")
    home.file("a/new/3.txt", "parade")
    read = begun(monkeypatch)
    report = home.sync(within=[str(home.news / "a" / "1.txt"), str(home.news / "a" / "new")])
    assert (report.added, report.changed) == (1, 1)
    assert [name for name, _ in read] == ["1.txt", "3.txt"]
    assert home.ids("parade") == ["news/a/1.txt", "news/a/new/3.txt"]
