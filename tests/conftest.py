"""What the tests share: where the corpora lie, a small index, and the program itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from places import ROOT, Run

from searchkit.article import Article
from searchkit.index import Index
from searchkit.local import open_engine, open_writer


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real corpora; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("SEARCHKIT_CORPORA", ROOT.parent / "shared" / "corpora"))
    if not folder.is_dir():
        pytest.skip(f"no corpora at {folder}; set SEARCHKIT_CORPORA to their folder")
    return folder


@pytest.fixture
def fast_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is such a thing: nothing here needs a real disk."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(prefix="searchkit-crash-", dir=memory))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def make_index(tmp_path: Path) -> Callable[..., Index]:
    """A function that indexes articles and opens the index."""

    def make(articles: Iterable[Article], *, language: str = "english") -> Index:
        with open_writer(tmp_path / "made", language=language) as writer:
            for article in articles:
                writer.put(article)
            writer.commit()
        return Index(open_engine(tmp_path / "made"))

    return make


@pytest.fixture
def searchkit(tmp_path: Path) -> Run:
    """The program, run in an empty folder with an environment of its own."""

    def run(*words: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "searchkit", *words],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONUTF8": "1", **environment},
            capture_output=True,
            text=True,
            encoding="utf-8",
            input=typed,
            timeout=120,
            check=False,
        )

    return run
