"""A query starts fast: what it does not need is not imported, and what ends it is not skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import SEED, Run

# A module, with all below it. Each takes a start longer than the query itself takes.
HEAVY = (
    "asyncio",
    "calendar",
    "charset_normalizer",
    "concurrent",
    "csv",
    "email",
    "hashlib",
    "html",
    "http",
    "logging",
    "markdown_it",
    "multiprocessing",
    "rich",
    "sqlite3",
    "opensearchpy",
    "ssl",
    "urllib3",
    "whoosh",
    "xml",
    "yaml",
    "searchkit.cluster",
    "searchkit.indexing",
    "searchkit.readers",
    "searchkit.local.whoosh_codec",
    "searchkit.query.dates",
    "searchkit.store.builder",
    "searchkit.store.merge",
    "searchkit.store.writer",
)
COMMANDS = {"check", "copy", "index", "query", "show", "stats"}


@pytest.fixture
def indexed(tmp_path: Path, searchkit: Run) -> Path:
    (tmp_path / "seeds").mkdir()
    shutil.copy(SEED, tmp_path / "seeds")
    assert searchkit("index", "seeds").returncode == 0
    return tmp_path


def imported(folder: Path, *words: str) -> set[str]:
    """The modules that a fresh process has imported when ``searchkit`` with these words is done."""
    program = (
        "import sys; from searchkit.cli import main\ntry: main()\nfinally: sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    assert done.stdout
    return set(done.stderr.split())


def are_of(modules: set[str], tops: tuple[str, ...]) -> list[str]:
    return sorted(name for name in modules if any(name == top or name.startswith(top + ".") for top in tops))


@pytest.mark.parametrize("extra", [(), ("--all", "-n", "3"), ("--json",)])
def test_a_query_imports_nothing_heavy_and_no_other_command(indexed: Path, extra: tuple[str, ...]) -> None:
    modules = imported(indexed, "query", "police", *extra)
    assert "searchkit.cli.query" in modules
    assert are_of(modules, HEAVY) == []
    assert {name for name in COMMANDS if f"searchkit.cli.{name}" in modules} == {"query"}


def test_the_version_is_said_without_any_command(indexed: Path) -> None:
    modules = imported(indexed, "--version")
    assert are_of(modules, (*HEAVY, *(f"searchkit.cli.{name}" for name in COMMANDS), "searchkit.store")) == []


def test_what_a_search_gives_needs_no_table_of_all_code_points(indexed: Path) -> None:
    """Curly quotes and accents are read by stand-ins; the table of classes takes longer than the answer."""
    program = (
        "import searchkit; from searchkit.analysis import words;"
        "hits = list(searchkit.open('index').search('“police” café'));"
        "print([hit.snippet for hit in hits] and words.class_table.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=indexed, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_a_mistyped_command_is_told_the_nearest_one(searchkit: Run) -> None:
    done = searchkit("querry", "police")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean 'query'?" in done.stderr


@pytest.mark.parametrize(("typed", "at", "offered"), [("q", "1", "query"), ("query --un", "2", "--until")])
def test_completion_knows_commands_and_options(tmp_path: Path, typed: str, at: str, offered: str) -> None:
    program = "import sys; sys.argv[0] = 'searchkit'; from searchkit.cli import main; main()"
    completion = {"_SEARCHKIT_COMPLETE": "complete_bash", "COMP_WORDS": f"searchkit {typed}", "COMP_CWORD": at}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **completion},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [offered]
