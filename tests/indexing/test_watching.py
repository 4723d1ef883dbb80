"""An index that is watched is current within two seconds, and ends cleanly."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from searchkit.errors import IndexMissing
from searchkit.index import open_index

pytest.importorskip("watchfiles", reason="the extra searchkit[watch] is not installed")


def wait_for(index: Path, text: str, count: int) -> float:
    """How many seconds it takes until ``count`` articles match; a minute is never."""
    begin = time.monotonic()
    while time.monotonic() - begin < 60:
        try:
            with open_index(index) as opened:
                if opened.search(text).total == count:
                    return time.monotonic() - begin
        except IndexMissing:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{text} was not found {count} times")


def test_what_comes_and_goes_is_followed(tmp_path: Path) -> None:
    news, index = tmp_path / "news", tmp_path / "news" / "index"
    news.mkdir()
    (news / "a.txt").write_text("police")
    command = [sys.executable, "-m", "searchkit", "watch", str(news), "--index", str(index)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        try:
            wait_for(index, "police", 1)
            (news / "b.txt").write_text("police parade")
            wait_for(index, "police", 2)
            (news / "deep" / "er").mkdir(parents=True)
            (news / "deep" / "er" / "c.txt").write_text("police pride")
            wait_for(index, "police", 3)
            (news / "b.txt").rename(news / "moved.txt")
            wait_for(index, 'police id:"news/moved.txt"', 1)
            (news / ".hidden.txt").write_text("police")
            (news / "a.txt").unlink()
            wait_for(index, "police", 2)
            with (news / "lines.jsonl").open("a") as lines:
                for number in range(3):
                    lines.write(f'{{"text": "growing {number}"}}\n')
                    lines.flush()
                    wait_for(index, "growing", number + 1)
        finally:
            program.send_signal(signal.SIGINT)
            out, complaints = program.communicate(timeout=30)
    assert program.returncode == 0
    assert out.startswith("1 added, 0 changed, 0 unchanged, 0 removed, 0 skipped\n1 added")
    assert "1 moved" in out
    assert complaints.startswith("Stopped.")


def test_a_file_is_searchable_within_two_seconds(tmp_path: Path) -> None:
    """From its arrival until a new reader finds it. The best of three: others may use the machine."""
    news, index = tmp_path / "news", tmp_path / "index"
    (news / "deep").mkdir(parents=True)
    for number in range(200):
        (news / "deep" / f"{number}.txt").write_text(f"police {number}")
    command = [sys.executable, "-m", "searchkit", "watch", str(news), "--index", str(index)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        try:
            wait_for(index, "police", 200)
            taken = []
            for number in range(3):
                # What comes after the watch has settled, as most files do.
                time.sleep(0.3)
                (news / "deep" / f"new{number}.txt").write_text(f"flood{number}")
                taken.append(wait_for(index, f"flood{number}", 1))
            assert min(taken) < 2
            # Pages are read in a process of their own, which once was started anew for each batch: that took seconds.
            taken = []
            for number in range(4):
                time.sleep(0.3)
                text = f"<p>{'The storm came. ' * 30}</p>"
                (news / f"{number}.html").write_text(f"<html><title>Storm{number}</title><body>{text}</body></html>")
                taken.append(wait_for(index, f"storm{number}", 1))
            assert min(taken[1:]) < 2
        finally:
            program.send_signal(signal.SIGINT)
            program.communicate(timeout=30)


def test_a_root_that_is_made_again_is_watched_again(tmp_path: Path) -> None:
    """The system watches what the folder was: the new one was never looked at."""
    news, index = tmp_path / "news", tmp_path / "index"
    news.mkdir()
    (news / "a.txt").write_text("police")
    command = [sys.executable, "-m", "searchkit", "watch", str(news), "--index", str(index)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        try:
            wait_for(index, "police", 1)
            shutil.rmtree(news)
            wait_for(index, "police", 0)
            time.sleep(0.5)
            news.mkdir()
            (news / "b.txt").write_text("police")
            wait_for(index, 'police id:"news/b.txt"', 1)
            (news / "c.txt").write_text("police")
            wait_for(index, "police", 2)
        finally:
            program.send_signal(signal.SIGINT)
            program.communicate(timeout=30)


def test_once_is_one_run(tmp_path: Path, searchkit) -> None:
    (tmp_path / "news").mkdir()
    (tmp_path / "news" / "a.txt").write_text("police")
    done = searchkit("watch", "news", "--once")
    assert (done.returncode, done.stdout) == (0, "1 added, 0 changed, 0 unchanged, 0 removed, 0 skipped\n")
    done = searchkit("watch", "nowhere", "--once", "--index", "other")
    assert done.returncode == 2
    assert "nothing at" in done.stderr
    assert not (tmp_path / "other").exists()
    done = searchkit("watch", "-", "--once")
    assert (done.returncode, "standard input cannot be watched" in done.stderr) == (2, True)
