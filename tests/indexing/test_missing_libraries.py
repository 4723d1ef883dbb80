"""A library that is not installed costs the files that need it, and names what to install."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from places import ROOT

from searchkit.readers import FORMATS

CASES = ROOT / "tests" / "readers" / "cases"
# What each extra brings, and files that need it.
LIBRARIES = {
    "web": (("trafilatura", "warcio"), ("html-microdata", "mhtml-chrome", "warc-crawl")),
    "documents": (("pypdf",), ("pdf-story",)),
    "parquet": (("pyarrow",), ("parquet-table",)),
}


@pytest.fixture
def without(tmp_path: Path):
    """The program where some libraries cannot be imported, in its reading processes either."""

    def run(libraries: tuple[str, ...], *words: str) -> subprocess.CompletedProcess[str]:
        site = tmp_path / "site"
        site.mkdir(exist_ok=True)
        lines = [f"sys.modules[{name!r}] = None\n" for name in libraries]
        (site / "sitecustomize.py").write_text("import sys\n" + "".join(lines))
        return subprocess.run(
            [sys.executable, "-m", "searchkit", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(site), "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_each_extra_of_a_format_is_tried() -> None:
    assert set(LIBRARIES) == {row.extra for row in FORMATS if row.extra}


def test_all_is_all_of_them() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    named = everything.removeprefix("searchkit[").removesuffix("]").split(",")
    # What is left serves those who work on the program.
    assert set(extras) - set(named) == {"all", "test", "bench", "fuzz", "lint"}


@pytest.mark.parametrize("extra", LIBRARIES)
def test_a_file_that_needs_a_library_is_a_problem_that_names_its_extra(extra: str, without, tmp_path: Path) -> None:
    libraries, cases = LIBRARIES[extra]
    (tmp_path / "news").mkdir()
    (tmp_path / "news" / "a.txt").write_text("The police marched.")
    names = []
    for case in cases:
        (file,) = (CASES / case).glob("input.*")
        names.append(f"{case}{file.suffix}")
        shutil.copy(file, tmp_path / "news" / names[-1])
    done = without(libraries, "index", "news", "--report", "report.jsonl")
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        f"1 added, 0 changed, 0 unchanged, 0 removed, {len(cases)} skipped",
    )
    told = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    assert sorted(Path(row["path"]).name for row in told) == sorted(names)
    assert {row["kind"] for row in told} == {"extra"}
    assert all(row["reason"].endswith(f", which needs: pip install 'searchkit[{extra}]'") for row in told)
    # Once it is installed, the next run reads them, though they have not changed.
    done = without((), "index", "news")
    assert "skipped" in done.stdout
    assert json.loads(without((), "stats", "--json").stdout)["articles"] > len(cases)
    assert "extra" not in done.stdout


def test_languages_are_not_left_unknown_in_silence(without, tmp_path: Path) -> None:
    """Without its library, --detect-language did nothing, and nobody said so."""
    (tmp_path / "a.txt").write_text(
        "Der Minister erklärte am Montag in München, dass die Maßnahmen nötig seien. " * 3
    )
    done = without(("py3langid",), "index", "a.txt", "--detect-language")
    assert done.returncode == 2
    assert "pip install 'searchkit[language]'" in done.stderr
    assert not (tmp_path / "index").exists()
    assert without((), "index", "a.txt", "--detect-language").returncode == 0
    shown = json.loads(without((), "show", "a.txt", "--json").stdout)
    assert (shown["language"], shown["notes"]) == ("de", {"language from": "the text"})
    without((), "index", "a.txt", "--rebuild")
    assert json.loads(without((), "show", "a.txt", "--json").stdout)["language"] == ""
