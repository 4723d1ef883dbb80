"""Without compiled kernels everything works all the same, slowly, and says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT, Run

from searchkit.store import kernels

SAID = "plain, slow: SEARCHKIT_KERNELS asks for them"


def test_the_engine_keeps_its_word_on_plain_kernels() -> None:
    """All of the engine's own tests, in a process that has the plain kernels."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(ROOT / "tests" / "local" / "test_engine.py")],
        cwd=ROOT,
        env={**os.environ, "SEARCHKIT_KERNELS": "plain"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout


def test_a_folder_is_indexed_and_asked_on_plain_kernels(searchkit: Run, tmp_path: Path) -> None:
    """Each kind of kernels answers over what the other wrote, and both write the same bytes."""
    answers = []
    for kind, other in (("plain", "compiled"), ("compiled", "plain")):
        index = str(tmp_path / kind)
        made = searchkit(
            "index", str(ROOT / "seeds"), "--index", index, SEARCHKIT_KERNELS=kind, SEARCHKIT_WORKERS="1"
        )
        assert made.returncode == 0, made.stderr
        for asking in (kind, other):
            found = searchkit("query", "--json", "pride parade police", "--index", index, SEARCHKIT_KERNELS=asking)
            assert found.returncode == 0, found.stderr
            answers.append({**json.loads(found.stdout), "took_ms": 0})
    assert answers[0]["total"]
    assert answers == [answers[0]] * 4
    segments = [sorted((tmp_path / kind).glob("segment-*")) for kind in ("plain", "compiled")]
    assert [file.name for file in segments[0]] == [file.name for file in segments[1]]
    assert all(one.read_bytes() == two.read_bytes() for one, two in zip(*segments, strict=True))


def test_stats_say_that_the_kernels_are_plain(searchkit: Run, tmp_path: Path) -> None:
    (tmp_path / "news").mkdir()
    (tmp_path / "news" / "a.txt").write_text("Police at the parade.")
    assert searchkit("index", "news", "--index", "i", SEARCHKIT_KERNELS="plain").returncode == 0
    for kind, said in (("plain", SAID), ("", "compiled" if kernels.COMPILED else SAID)):
        held = searchkit("stats", "--json", "--index", "i", SEARCHKIT_KERNELS=kind)
        assert json.loads(held.stdout)["versions"]["kernels"] == said
        assert f"kernels {said}" in " ".join(
            searchkit("stats", "--index", "i", SEARCHKIT_KERNELS=kind).stdout.split()
        )


def test_a_machine_without_a_compiler_gets_the_package_all_the_same(tmp_path: Path) -> None:
    """Cython had dropped what made the kernels optional: without a compiler nothing could be installed."""
    pytest.importorskip("Cython")
    built = ROOT / "build" / "searchkit" / "store" / "kernels"
    if not list(built.glob("*.c")):
        pytest.skip("the kernels were not built from this folder, and to translate them takes minutes")
    done = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--build-temp", str(tmp_path / "a"), "--build-lib", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "CC": "/bin/false"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr.count("failed: command '/bin/false' failed") == len(list(built.glob("*.c")))
    assert not list(tmp_path.rglob("*.so"))
