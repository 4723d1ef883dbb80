"""Odd files, odd arguments and odd streams: each once ended in a traceback, a hang or a silence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import SEED, Run


@pytest.fixture
def indexed(tmp_path: Path, searchkit: Run) -> Path:
    (tmp_path / "seeds").mkdir()
    shutil.copy(SEED, tmp_path / "seeds")
    assert searchkit("index", "seeds").returncode == 0
    return tmp_path


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the shell in which $SK is the program."""
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "SK": f"{sys.executable} -m searchkit", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_clash_of_ids_with_a_file_whose_name_is_not_utf8(tmp_path: Path, searchkit: Run) -> None:
    """The owner's path went into a message that the ledger could not store."""
    (tmp_path / "h").mkdir()
    line = json.dumps({"id": "q", "text": "police"}) + "\n"
    for name in (b"a\xff.jsonl", b"z.jsonl"):
        (tmp_path / "h" / os.fsdecode(name)).write_text(line)
    done = searchkit("index", "h")
    assert done.returncode == 0
    assert done.stdout.startswith("2 added, 0 changed, 0 unchanged, 0 removed, 0 skipped\n")
    assert "1 id is taken by" in done.stderr


def test_a_file_from_the_year_2446(tmp_path: Path, searchkit: Run) -> None:
    """Its time in nanoseconds did not fit into the ledger."""
    (tmp_path / "h").mkdir()
    (tmp_path / "h" / "a.txt").write_text("police")
    os.utime(tmp_path / "h" / "a.txt", (15032385535,) * 2)
    assert searchkit("index", "h").stdout.startswith("1 added")
    assert searchkit("index", "h").stdout.startswith("0 added, 0 changed, 1 unchanged")


@pytest.mark.parametrize("query", ["police " * 2_000, '"a" ' * 3_000, "police pride " * 1_500])
def test_a_word_a_thousand_times(query: str, indexed: Path, searchkit: Run) -> None:
    """Long queries once overflowed the stack."""
    assert json.loads(searchkit("query", "--json", query).stdout)["total"] == 1


def test_one_sentence_of_forty_thousand_words_has_a_short_snippet(tmp_path: Path, searchkit: Run) -> None:
    """A passage at the end of a text once reached back to the beginning of its sentence, however far."""
    (tmp_path / "h").mkdir()
    (tmp_path / "h" / "a.txt").write_text("Word " + "word " * 40_000 + "police said.")
    searchkit("index", "h")
    assert len(searchkit("query", "police").stdout) < 1_000


@pytest.mark.parametrize("character", [".", "?", "!", "…", "_", "'", ". ", "A.", "\n"])
def test_a_megabyte_of_one_character_is_quick(character: str, tmp_path: Path, searchkit: Run) -> None:
    """Runs of stops and of connectors once took time that grew with their square."""
    (tmp_path / "h").mkdir()
    text = "police " + character * (1_000_000 // len(character)) + " police said."
    (tmp_path / "h" / "a.txt").write_text(text, encoding="utf-8")
    assert searchkit("index", "h").returncode == 0
    assert searchkit("query", "police").returncode == 0


def test_closed_streams(indexed: Path) -> None:
    done = shell("$SK query police >&-", indexed)
    assert (done.returncode, done.stderr) == (
        1,
        "searchkit: the answer cannot be written: standard output is closed\n",
    )
    assert shell("$SK query police 2>&-", indexed).stdout.startswith("1 article")
    assert shell('$SK query "?" 2>&-', indexed).returncode == 2


@pytest.mark.parametrize("words", ["query police", "show seeds/" + SEED.name, "stats", "--help", "--version"])
def test_a_full_device(words: str, indexed: Path) -> None:
    done = shell(f"$SK {words} > /dev/full", indexed)
    assert done.returncode == 1
    assert done.stderr.startswith("searchkit: ")
    assert "Traceback" not in done.stderr


def test_an_output_that_is_not_utf8(indexed: Path) -> None:
    done = shell("$SK query police", indexed, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert "\\u2019" in done.stdout


def test_arguments_that_are_not_utf8(indexed: Path) -> None:
    done = shell("$SK show $'\\xff'", indexed)
    assert (done.returncode, "no article has the id" in done.stderr) == (2, True)
    assert shell("$SK query police --topic $'\\xff' --format trec", indexed).returncode == 0


def test_the_language_of_an_index_stays(indexed: Path, searchkit: Run) -> None:
    done = searchkit("index", "seeds", "--language", "german")
    assert (done.returncode, "is in the language 'english'" in done.stderr) == (2, True)
    assert searchkit("index", "seeds", "--language", "german", "--rebuild").returncode == 0
    assert "snowball-2-german" in searchkit("stats").stdout
    assert searchkit("index", "seeds").stdout.startswith("0 added, 0 changed, 1 unchanged")


def test_a_slip_in_a_path_leaves_nothing_behind(tmp_path: Path, searchkit: Run) -> None:
    for words in (["index", "nope"], ["index", ""]):
        assert searchkit(*words).returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_long_ids_and_queries_are_cut_in_messages(indexed: Path, searchkit: Run) -> None:
    assert len(searchkit("show", "x" * 90_000).stderr) < 1_000
    assert len(searchkit("query", "x" * 110_000).stderr) < 1_000
    assert len(searchkit("query", "x" * 90_000).stdout) < 1_000


def test_an_index_that_only_looks_begun_is_made(tmp_path: Path, searchkit: Run) -> None:
    """What a crash in the first commit leaves once made the folder unusable for ever."""
    (tmp_path / "seeds").mkdir()
    shutil.copy(SEED, tmp_path / "seeds")
    (tmp_path / "index").mkdir()
    for name in ("writer.lock", "segment-1", "manifest.json.new"):
        (tmp_path / "index" / name).write_bytes(b"half")
    assert searchkit("index", "seeds").returncode == 0
    assert sorted(path.name for path in (tmp_path / "index").glob("segment-*")) != []
    assert not (tmp_path / "index" / "manifest.json.new").exists()
