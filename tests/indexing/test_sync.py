"""A run of indexing is a sync: what is new is added, what changed is replaced, what is gone is removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from indexing.home import Home

from searchkit.errors import PathMissing
from searchkit.indexing import Interrupted, Progress
from searchkit.indexing import sync as sync_module


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_first_run_adds_and_a_second_does_nothing(home: Home) -> None:
    home.file("a.txt", "police")
    home.file("2020/b.txt", "police again")
    assert str(home.sync()) == "2 added, 0 changed, 0 unchanged, 0 removed, 0 skipped"
    assert str(home.sync()) == "0 added, 0 changed, 2 unchanged, 0 removed, 0 skipped"
    assert home.ids("police") == ["news/2020/b.txt", "news/a.txt"]


def test_only_what_changed_is_read(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.file("a.txt", "police")
    home.file("b.txt", "parade")
    home.sync()
    home.file("b.txt", "pride")
    read: list[str] = []
    real = sync_module.Reading
    monkeypatch.setattr(
        sync_module, "Reading", lambda path, name, **k: read.append(path.name) or real(path, name, **k)
    )
    assert str(home.sync()) == "0 added, 1 changed, 1 unchanged, 0 removed, 0 skipped"
    assert read == ["b.txt"]
    assert (home.ids("parade"), home.ids("pride")) == ([], ["news/b.txt"])


def test_what_is_gone_leaves_the_index(home: Home) -> None:
    home.file("a.txt", "police")
    home.file("b.txt", "police").unlink()
    gone = home.file("c.txt", "police")
    home.sync()
    gone.unlink()
    assert str(home.sync()) == "0 added, 0 changed, 1 unchanged, 1 removed, 0 skipped"
    assert home.ids("police") == ["news/a.txt"]


def test_only_the_paths_that_are_named_are_brought_into_agreement(home: Home) -> None:
    home.file("2019/a.txt", "police")
    home.file("2020/b.txt", "police")
    home.sync()
    (home.news / "2019" / "a.txt").unlink()
    assert home.sync(home.news / "2020").removed == 0
    assert home.sync(home.news / "2019").removed == 1


def test_a_record_that_leaves_a_file_leaves_the_index(home: Home) -> None:
    home.file("d.jsonl", '{"id": "x", "text": "police"}\n{"id": "y", "text": "police"}\n')
    home.sync()
    home.file("d.jsonl", '{"id": "x", "text": "police"}\n{"id": "z", "text": "police"}\n')
    assert str(home.sync()) == "1 added, 0 changed, 1 unchanged, 1 removed, 0 skipped"
    assert home.ids("police") == ["x", "z"]


def test_a_touched_file_is_unchanged(home: Home) -> None:
    home.file("a.txt", "police")
    home.sync()
    home.file("a.txt", "police")
    assert home.sync().unchanged == 1


def test_two_folders_of_one_name_keep_apart(home: Home) -> None:
    home.file("x/2020/a.txt", "police")
    home.file("y/2020/a.txt", "police")
    home.sync(home.news / "x" / "2020", home.news / "y" / "2020")
    assert home.ids("police") == ["2020/a.txt", "y/2020/a.txt"]
    assert home.sync(home.news / "y" / "2020", home.news / "x" / "2020").unchanged == 2


def test_a_file_under_two_paths_is_one_article(home: Home) -> None:
    home.file("2020/a.txt", "police")
    assert home.sync(home.news, home.news / "2020").added == 1
    assert home.sync(home.news / "2020").unchanged == 1


def test_two_articles_of_one_file_with_one_id_keep_the_first(home: Home) -> None:
    home.file("a.jsonl", '{"id": "x", "text": "police"}\n{"id": "x", "text": "parade"}\n')
    report = home.sync()
    assert str(report) == "1 added, 0 changed, 0 unchanged, 0 removed, 1 skipped"
    assert report.problems[0].origin.place == "line 2"
    assert report.problems[0].reason == "the id 'x' is taken already, by line 1"
    assert home.ids("police parade") == ["x"]
    # An unchanged file repeats its problems without being read again.
    assert home.sync().skipped == 1


def test_files_that_number_their_articles_alike_lose_none(home: Home) -> None:
    home.file("a.jsonl", '{"id": "1", "text": "police"}\n{"id": "2", "text": "police"}\n')
    home.file("b.jsonl", '{"id": "1", "text": "police"}\n{"id": "2", "text": "police"}\n{"id": "3", "text": "x"}\n')
    report = home.sync()
    assert (report.added, report.skipped) == (5, 0)
    assert [problem.reason for problem in report.problems] == [
        f"2 ids are taken by {home.news}/a.jsonl; in this file they begin with news/b.jsonl#"
    ]
    assert home.ids("police") == ["1", "2", "news/b.jsonl#1", "news/b.jsonl#2"]
    assert home.sync().unchanged == 5


@pytest.mark.parametrize("names", [("a.jsonl", "z.jsonl"), ("z.jsonl", "a.jsonl")])
def test_an_article_that_moves_from_file_to_file_is_never_lost(home: Home, names: tuple[str, str]) -> None:
    """A record that moved to a file read earlier was once refused, since its old file still had its id."""
    here, there = names
    home.file(here, '{"id": "1", "text": "stays"}\n{"id": "2", "text": "moves"}\n')
    home.file(there, '{"id": "3", "text": "other"}\n')
    home.sync()
    home.file(here, '{"id": "1", "text": "stays"}\n')
    home.file(there, '{"id": "3", "text": "other"}\n{"id": "2", "text": "moves"}\n')
    home.sync()
    assert len(home.ids("moves")) == 1
    (home.news / here).unlink()
    home.sync()
    assert len(home.ids("moves")) == 1
    assert home.ids("stays") == []


def test_bad_files_are_reported_and_the_run_goes_on(home: Home) -> None:
    home.file("a.txt", "police")
    home.file("empty.txt", "")
    (home.news / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    home.file("notes.xyz", "police")
    home.file("half.jsonl", '{"id": "x", "text": "police"}\n{"id": "y", "te')
    os.mkfifo(home.news / "pipe.txt")
    report = home.sync()
    assert (report.added, report.skipped) == (2, 5)
    reasons = {Path(problem.origin.path).name: problem.reason for problem in report.problems}
    assert "empty" in reasons["empty.txt"]
    assert "PNG" in reasons["picture.txt"]
    assert ".xyz" in reasons["notes.xyz"]
    assert reasons["pipe.txt"] == "is a pipe, not a file"
    assert home.ids("police") == ["news/a.txt", "x"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_an_unreadable_file_is_reported_and_keeps_its_articles(home: Home) -> None:
    path = home.file("a.txt", "police")
    home.sync()
    home.file("a.txt", "parade").chmod(0)
    report = home.sync()
    assert report.skipped == 1
    assert "permission" in report.problems[0].reason.lower()
    assert home.ids("police") == ["news/a.txt"]
    path.chmod(0o600)
    assert home.sync().changed == 1


def test_a_date_that_is_none_is_noted_and_the_article_kept(home: Home) -> None:
    home.file("a.jsonl", '{"id": "x", "text": "police", "date": "31/02/2020"}\n')
    report = home.sync()
    assert (report.added, report.skipped, len(report.problems)) == (1, 0, 1)
    assert "31/02/2020" in report.problems[0].reason


def test_hidden_files_and_the_index_itself_are_not_news(home: Home) -> None:
    home.file(".hidden.txt", "police")
    home.file(".git/a.txt", "police")
    home.index = home.news / "index"
    home.file("a.txt", "police")
    assert home.sync().added == 1
    assert str(home.sync()) == "0 added, 0 changed, 1 unchanged, 0 removed, 0 skipped"


def test_a_loop_of_links_ends(home: Home) -> None:
    home.file("a.txt", "police")
    (home.news / "loop").symlink_to(home.news, target_is_directory=True)
    (home.news / "broken.txt").symlink_to(home.news / "nothing")
    report = home.sync()
    assert (report.added, report.skipped) == (1, 2)
    assert {Path(problem.origin.path).name: problem.reason for problem in report.problems} == {
        "loop": "is a link to a folder: name that folder itself to have it read",
        "broken.txt": "is a link to nothing",
    }


def test_a_path_that_is_gone_takes_its_articles_along(home: Home) -> None:
    gone = home.file("2020/a.txt", "police")
    home.file("2021/b.txt", "police")
    home.sync(home.news / "2020", home.news / "2021")
    gone.unlink()
    gone.parent.rmdir()
    assert str(home.sync(gone.parent)) == "0 added, 0 changed, 0 unchanged, 1 removed, 0 skipped"
    assert home.ids("police") == ["2021/b.txt"]
    with pytest.raises(PathMissing, match="nothing at"):
        home.sync(gone.parent)


def test_a_run_that_is_stopped_commits_what_it_has(home: Home) -> None:
    for number in range(10):
        home.file(f"{number}.txt", "police")
    seen: list[Progress] = []
    with pytest.raises(Interrupted) as caught:
        home.sync(watch=seen.append, stop=lambda: seen[-1].articles == 4)
    assert caught.value.report.added == 4
    assert len(home.ids("police")) == 4
    assert (report := home.sync()).added == 6
    assert report.unchanged == 4


def test_a_flood_of_problems_is_counted_and_not_kept(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("searchkit.indexing.report.MOST_PROBLEMS", 5)
    home.file("a.jsonl", "junk\n" * 20)
    report = home.sync()
    assert (report.skipped, len(report.problems), report.untold) == (20, 5, 15)


def test_a_missing_path_changes_nothing(home: Home) -> None:
    home.file("a.txt", "police")
    home.sync()
    with pytest.raises(PathMissing, match="nothing at"):
        home.sync(home.news / "nothing")
    assert home.ids("police") == ["news/a.txt"]


def test_a_rebuild_starts_afresh(home: Home) -> None:
    home.file("a.txt", "police")
    home.sync()
    other = home.file("sub/b.txt", "police").parent
    assert str(home.sync(other, rebuild=True)) == "1 added, 0 changed, 0 unchanged, 0 removed, 0 skipped"
    assert home.ids("police") == ["sub/b.txt"]


def test_an_interrupted_run_keeps_what_was_committed_and_the_next_goes_on(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        home.file(f"{number}.txt", f"police number {number}")
    monkeypatch.setattr(sync_module, "_BATCH", 50)

    def stop(progress: Progress) -> None:
        if progress.articles == 7:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        home.sync(watch=stop)
    kept = caught.value.report.added
    assert 0 < kept < 7
    assert len(home.ids("police")) == kept
    report = home.sync()
    assert (report.added, report.unchanged) == (10 - kept, kept)
    assert len(home.ids("police")) == 10


def test_a_lost_ledger_costs_a_second_reading_and_nothing_else(home: Home) -> None:
    home.file("a.txt", "police")
    home.sync()
    (home.index / "files.sqlite").unlink()
    assert str(home.sync()) == "0 added, 0 changed, 1 unchanged, 0 removed, 0 skipped"
    assert home.ids("police") == ["news/a.txt"]


def test_a_damaged_ledger_is_said_and_made_anew(home: Home) -> None:
    home.file("a.txt", "police")
    home.sync()
    for rebuild in (False, True):
        (home.index / "files.sqlite").write_bytes(b"no ledger" * 1000)
        report = home.sync(rebuild=rebuild)
        assert (report.added, report.unchanged, report.skipped) == (int(rebuild), int(not rebuild), 0)
        assert [problem.origin.path for problem in report.problems] == (
            [] if rebuild else [str(home.index / "files.sqlite")]
        )
        assert all("damaged" in problem.reason for problem in report.problems)
        assert home.ids("police") == ["news/a.txt"]
        assert str(home.sync()) == "0 added, 0 changed, 1 unchanged, 0 removed, 0 skipped"


def test_half_of_a_copy_takes_nothing_out(home: Home) -> None:
    """A file that is written anew while it is read once lost its later articles until the next run."""
    records = [f'{{"id": "x{number}", "text": "police {"and parade " * 20}"}}\n' for number in range(900)]
    home.file("d.jsonl", "".join(records))
    home.sync()
    half = home.file("d.jsonl", "".join(records[:600]).replace('"x0"', '"new"'))
    # When the first articles have been taken, the reader is not yet at the end.
    report = home.sync(watch=lambda far: os.utime(half, (home.ticks, home.ticks + far.articles)))
    assert [(problem.kind, problem.kept) for problem in report.problems] == [("access", True)]
    assert "changed while it was read" in report.problems[0].reason
    assert str(report) == "1 added, 0 changed, 900 unchanged, 0 removed, 0 skipped"
    assert len(home.ids("police")) == 901
    # It is read again, though it looks as it did when it was noted.
    os.utime(half, (home.ticks, home.ticks))
    report = home.sync()
    assert str(report) == "0 added, 0 changed, 600 unchanged, 301 removed, 0 skipped"
    assert report.problems == []


def test_progress_reaches_its_total(home: Home) -> None:
    seen: list[Progress] = []
    home.file("a.txt", "police")
    home.file("b.jsonl", '{"text": "police"}\n' * 5)
    home.sync(watch=seen.append)
    assert seen[-1].bytes_read == seen[-1].bytes_total == sum(f.stat().st_size for f in home.news.iterdir())
    assert [item.bytes_read for item in seen] == sorted(item.bytes_read for item in seen)


def test_a_name_that_is_not_utf8_is_indexed(home: Home) -> None:
    path = os.fsencode(home.news) + b"/caf\xe9.txt"
    Path(os.fsdecode(path)).write_text("police")
    assert home.sync().added == 1
    assert home.sync().unchanged == 1
    assert home.ids("police") == ["news/caf\ufffd.txt"]
