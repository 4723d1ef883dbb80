"""A run that is killed loses the batch in flight and nothing before it, and the next run carries on from there."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from places import Run

# The program with small batches, which says how many articles of this run are committed, each time it commits.
PROGRAM = """
from searchkit.indexing import Ledger
from searchkit.indexing import sync

sync._BATCH = 400_000
real = sync.Sync._commit

def commit(self, *, whole=True):
    real(self, whole=whole)
    print(self._committed.added, flush=True)

sync.Sync._commit = commit
from searchkit.cli import main
main()
"""
LINES, FILES = 6_000, 300


@pytest.fixture
def news(tmp_path: Path) -> Path:
    folder = tmp_path / "news"
    folder.mkdir()
    text = "The police marched on and on. " * 20
    lines = [json.dumps({"id": f"a{number}", "text": f"{text} {number}"}) for number in range(LINES)]
    (folder / "b.jsonl").write_text("\n".join(lines) + "\n")
    for number in range(FILES):
        (folder / f"{'a' if number % 2 else 'c'}{number}.txt").write_text(f"{text} {number}")
    return folder


@pytest.mark.parametrize("commits", [1, 2, 4])
def test_a_killed_run_loses_at_most_its_batch(commits: int, news: Path, searchkit: Run) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "index", "news"], cwd=news.parent, stdout=subprocess.PIPE, text=True
    )
    assert program.stdout
    told = [int(program.stdout.readline()) for _ in range(commits)]
    # Somewhere in the next batch, or between its commit and the word on it.
    time.sleep(0.005 * commits)
    program.send_signal(signal.SIGKILL)
    told += [int(line) for line in program.stdout.read().split() if line.isdecimal()]
    program.wait()
    program.stdout.close()
    assert program.returncode == -signal.SIGKILL
    kept = json.loads(searchkit("stats", "--json").stdout)["articles"]
    batch = 400_000 // 600 + 1
    assert told[-1] <= kept <= told[-1] + 2 * batch
    assert kept < LINES + FILES
    assert searchkit("check").returncode == 0
    done = searchkit("index", "news")
    assert done.stdout.startswith(
        f"{LINES + FILES - kept:,} added, 0 changed, {kept:,} unchanged, 0 removed, 0 skipped\n"
    )
    assert json.loads(searchkit("stats", "--json").stdout)["articles"] == LINES + FILES
    assert searchkit("index", "news").stdout.startswith(f"0 added, 0 changed, {LINES + FILES:,} unchanged")
