"""The limits of reading are options, with one table behind them and the same bounds in both commands."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from places import Run

from searchkit.readers.settings import DEFAULTS, LIMITS


def packed(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return file.getvalue()


@pytest.mark.parametrize("command", ["index", "watch"])
def test_help_says_the_defaults_and_bounds_are_checked(command: str, tmp_path: Path, searchkit: Run) -> None:
    said = " ".join(re.sub(r"[^\w.-]+", " ", searchkit(command, "--help").stdout).split())
    (tmp_path / "a.txt").write_text("police")
    for name, (least, most) in LIMITS.items():
        told = re.search(rf"--max-{name} N (.*?) unless told", said)
        assert told
        assert told.group(1).split()[-1] == f"{getattr(DEFAULTS, name):g}"
        for wrong in (least - 1, most + 1):
            done = searchkit(command, "a.txt", f"--max-{name}", str(wrong))
            assert done.returncode == 2
            assert f"--max-{name} cannot be {wrong:,}" in done.stderr
            assert f"It is a number from {least:,} to {most:,}." in done.stderr
    assert f"{DEFAULTS.expansion_from >> 20} MiB" in said
    assert not (tmp_path / "index").exists()


def test_archives_in_archives_are_read_as_deep_as_one_asks(tmp_path: Path, searchkit: Run) -> None:
    deep = packed("c.zip", packed("b.zip", packed("a.txt", b"police")))
    (tmp_path / "deep.zip").write_bytes(deep)
    done = searchkit("index", "deep.zip")
    assert "is packed in more than 2 archives" in done.stderr
    done = searchkit("index", "deep.zip", "--max-archives", "3")
    assert done.stdout.startswith("1 added")
    assert "was made with other limits" in done.stderr
    assert searchkit("index", "deep.zip", "--max-archives", "3").stdout.startswith("0 added, 0 changed, 1 unchanged")


def test_as_many_segments_are_made_side_by_side_as_one_asks(tmp_path: Path, searchkit: Run) -> None:
    lines = "".join(f'{{"id": "a{number}", "text": "police at parade {number}"}}\n' for number in range(200))
    (tmp_path / "a.jsonl").write_text(lines)
    for words, environment, expected in (
        ([], {"SEARCHKIT_WORKERS": "3"}, 3),
        (["--workers", "1"], {"SEARCHKIT_WORKERS": "3"}, 1),
    ):
        index = f"i{expected}"
        done = searchkit("index", "a.jsonl", "--index", index, *words, **environment)
        assert (done.returncode, done.stderr) == (0, "")
        assert len(list((tmp_path / index).glob("segment-*"))) == expected
        assert searchkit("query", "police", "--index", index).stdout.startswith("200 articles ")
    for wrong, said in (("many", "'many' is not a whole number"), ("0", "0 does not lie between 1 and 64")):
        done = searchkit("index", "a.jsonl", SEARCHKIT_WORKERS=wrong)
        assert (done.returncode, "'SEARCHKIT_WORKERS'" in done.stderr, said in done.stderr) == (2, True, True)
    done = searchkit("index", "a.jsonl", "--memory", "1")
    assert (done.returncode, "1 is less than 64" in done.stderr) == (2, True)
