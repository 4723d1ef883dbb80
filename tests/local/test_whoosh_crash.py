"""Whatever a crash leaves of the table for Whoosh: Whoosh opens a whole commit or says that it cannot.

A commit that was acknowledged is what it opens; and after the next writer, at the latest, it opens the last one.
"""

from __future__ import annotations

import errno
import re
from pathlib import Path
from random import Random

import pytest
import whoosh.index
from store.faults import Disk, FaultyFolder, Killed, Log, put_on_disk
from store.scenario import Content, Scenario, States, article, held
from whoosh import query

from searchkit.local import check_index, open_writer
from searchkit.local.whoosh_codec import about_table, write_table_of_contents
from searchkit.store.manifest import read_manifest
from searchkit.store.writer import StoreWriter


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoosh tries ten times to open a file that is missing, and waits in between."""
    monkeypatch.setattr(whoosh.index, "sleep", lambda seconds: None)


def tables(path: Path) -> list[int]:
    """The numbers of the commits whose tables lie in a folder."""
    return sorted(
        int(found[1]) for found in (re.fullmatch(r"_MAIN_(\d+)\.toc", file.name) for file in path.iterdir()) if found
    )


def shown(path: Path) -> Content | None:
    """What Whoosh finds in an index; None where it opens none or misses a file."""
    try:
        searcher = whoosh.index.open_dir(str(path)).searcher()
    except (whoosh.index.EmptyIndexError, FileNotFoundError):
        return None
    with searcher:
        content = {stored["id"]: stored["body"] for stored in searcher.all_stored_fields()}
        hits = {hit["id"] for hit in searcher.search(query.Term("text", "common"), limit=None)}
    assert hits == set(content)
    return content


class TableStates(States):
    """Verifies states in the eyes of Whoosh; ``commits`` are the contents by the number of the commit."""

    def __init__(self, folder: Path, commits: dict[int, Content]) -> None:
        super().__init__(folder)
        self.commits = commits
        # Nothing is under way: the one commit that is allowed was acknowledged, its table included.
        self.quiet = False
        self.stale = 0

    def look(self, path: Path, allowed: list[Content]) -> None:
        content = held(path)
        assert content in allowed
        found = shown(path)
        there = tables(path)
        if there:
            assert about_table(path) is None
            assert there[-1] <= read_manifest(path).generation
            assert found in (None, self.commits[there[-1]])
            assert found is not None or there[-1] < read_manifest(path).generation
        else:
            assert found is None
        self.stale += found != content
        if self.quiet and content:
            assert found == content
        assert_mended(path, content)


def assert_mended(path: Path, content: Content) -> None:
    """A writer that opens makes Whoosh see the last commit, and what it commits is seen too."""
    with open_writer(path, workers=1) as writer:
        if content:
            assert shown(path) == content
        writer.put(article("after", "common afterwards"))
        writer.commit()
    assert shown(path) == {**content, "after": "common afterwards"}
    assert tables(path) == [read_manifest(path).generation]
    assert {file.name for file in path.iterdir() if file.name.endswith(".new")} == set()
    assert check_index(path).sound


def crash_everywhere(folder: Path, seed: int, samples: int) -> TableStates:
    scenario = Scenario(folder / f"run{seed}", Log(), seed, after_commit=write_table_of_contents)
    scenario.run()
    operations = scenario.log.operations
    assert shown(scenario.path) == scenario.content
    assert any(operation.new_name.endswith(".toc") for operation in operations)
    states = TableStates(folder / "state", {at: content for at, (_, _, content) in enumerate(scenario.commits, 1)})
    disk = Disk()
    for number in range(len(operations) + 1):
        states.quiet = any(number == done for _, done, _ in scenario.commits)
        for state in disk.states(Random(seed * 100_000 + number), samples):
            states.verify(state, scenario.allowed(number), (seed, number, operations[max(number - 3, 0) : number]))
        if number < len(operations):
            disk.do(operations[number])
    return states


def test_a_power_failure_at_any_moment_leaves_whoosh_a_whole_commit_or_none(fast_path: Path) -> None:
    states = crash_everywhere(fast_path, 1, 1)
    assert states.count > 600
    assert states.stale > 50


@pytest.mark.long
def test_more_power_failures_leave_whoosh_a_whole_commit_or_none(fast_path: Path) -> None:
    # States that were seen are not looked at again: one run has so many different ones.
    assert sum(crash_everywhere(fast_path, seed, 20).count for seed in range(2, 10)) > 10_000


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_an_error_while_the_table_is_written_costs_only_the_table(fast_path: Path, number: int) -> None:
    whole = Scenario(fast_path / "whole", Log(), 3, after_commit=write_table_of_contents)
    whole.run()
    operations = whole.log.operations
    # Not the removal of an old table: that one is not missed.
    of_table = [at for at, op in enumerate(operations) if "_MAIN_" in op.name + op.new_name and op.kind != "remove"]
    assert len(of_table) > 50
    for at in of_table[:: 1 if number == errno.EIO else 5]:
        path = fast_path / f"failing{at}"
        log = Log(at=at, error=OSError(number, "made to fail"))
        scenario = Scenario(path, log, 3, after_commit=write_table_of_contents)
        scenario.run()
        assert log.failed == operations[at]
        assert held(scenario.path) == whole.content
        assert_mended(scenario.path, whole.content)


def test_the_table_of_an_index_that_was_built_anew_is_not_hidden_by_an_older_one(fast_path: Path) -> None:
    """Commits are counted from one again where the manifest was lost, and Whoosh opens the highest table."""
    with open_writer(fast_path / "sound", workers=1) as writer:
        for key in ("old", "older", "oldest"):
            writer.put(article(key, "common before"))
            writer.commit()
    before = {file.name: file.read_bytes() for file in (fast_path / "sound").iterdir()}
    before["manifest.json"] = b"{}"
    path = fast_path / "anew"
    path.mkdir()

    def rebuild(log: Log) -> None:
        with StoreWriter(
            path,
            fresh=True,
            make_folder=lambda path: FaultyFolder(path, log),
            after_commit=write_table_of_contents,
        ) as writer:
            writer.clear()
            writer.put(article("new", "common now"))
            writer.commit()

    put_on_disk(before, path)
    log = Log()
    rebuild(log)
    assert (tables(path), shown(path)) == ([1], {"new": "common now"})
    for at in range(log.count):
        put_on_disk(before, path)
        with pytest.raises(Killed):
            rebuild(Log(at=at, error=Killed()))
        if (path / "manifest.json").read_bytes() == before["manifest.json"]:
            continue
        assert shown(path) == ({"new": "common now"} if 1 in tables(path) else None)
        assert_mended(path, {"new": "common now"})
