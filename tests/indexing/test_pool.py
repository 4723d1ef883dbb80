"""Files that are read in other processes: in order, whatever becomes of a process."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from pathlib import Path

import pytest
from home import Home

from searchkit.article import NOWHERE, Article, Origin, Problem
from searchkit.indexing.pool import Pool
from searchkit.indexing.walk import File
from searchkit.indexing.worker import as_item, as_list
from searchkit.readers import Settings, is_heavy, open_articles


def packed(*texts: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number, text in enumerate(texts):
            archive.writestr(f"{number}.txt", text)
    return data.getvalue()


def file(path: Path, data: bytes, *, explicit: bool = False) -> File:
    path.write_bytes(data)
    return File(str(path), path.name, len(data), 0, explicit)


def test_what_goes_over_the_pipe_comes_back() -> None:
    for item in (
        Article(
            "i",
            "t",
            "b\ud800\n\n",
            None,
            "s",
            ("a", "b"),
            "x",
            "u",
            "en",
            Origin("/p\udcff", "line 1"),
            (("k", "v"),),
        ),
        Article("", "", "", None, origin=NOWHERE),
        Problem(Origin("/p", ""), "r", True, "date"),
    ):
        assert as_item(json.loads(json.dumps(as_list(item)))) == item


def test_files_are_answered_in_order_and_as_by_a_reading_here(tmp_path: Path) -> None:
    files = [
        file(tmp_path / f"{number}.zip", packed(*["police"] * (number % 5), f"the {number}")) for number in range(40)
    ]
    files.append(file(tmp_path / "broken.zip", packed("police")[:-30]))
    with Pool(2, Settings()) as pool:
        readings = [pool.submit(one) for one in files]
        for one, reading in zip(files, readings, strict=True):
            here = open_articles(Path(one.path), one.name)
            assert list(reading) == list(here)
            assert reading.formats == here.formats


def test_a_file_that_takes_too_long_is_given_up_and_the_others_are_not(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    first = file(tmp_path / "1.zip", packed("one"))
    pipe = File(str(tmp_path / "pipe"), "pipe", 0, 0, explicit=True)
    last = file(tmp_path / "2.zip", packed("two"))
    begin = time.monotonic()
    with Pool(1, Settings(seconds=3)) as pool:
        readings = [pool.submit(one) for one in (first, pipe, last)]
        assert [item.body for item in readings[0] if isinstance(item, Article)] == ["one"]
        (problem,) = readings[1]
        assert isinstance(problem, Problem)
        assert (problem.reason, problem.kind) == ("took longer than 3 seconds", "slow")
        assert [item.body for item in readings[2] if isinstance(item, Article)] == ["two"]
    assert time.monotonic() - begin < 60


def test_a_process_that_dies_costs_one_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    pipe = File(str(tmp_path / "pipe"), "pipe", 0, 0, explicit=True)
    last = file(tmp_path / "2.zip", packed("two"))
    with Pool(1, Settings()) as pool:
        readings = [pool.submit(one) for one in (pipe, last)]
        (process,) = pool._processes
        assert process._program
        process._program.kill()
        (problem,) = readings[0]
        assert isinstance(problem, Problem)
        assert problem.reason.startswith("made its reader end")
        assert [item.body for item in readings[1] if isinstance(item, Article)] == ["two"]


@pytest.mark.parametrize(
    "name", ["a.html", "a.HTML", "a.html.gz", "a.zip", "a.tar.gz", "a.tgz", "a.pdf", "a.warc.gz"]
)
def test_heavy_names(name: str) -> None:
    assert is_heavy(name)


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl.gz", "a", "a.gz", "html"])
def test_light_names(name: str) -> None:
    assert not is_heavy(name)


def test_a_run_over_both_kinds_keeps_the_order_of_paths(tmp_path: Path) -> None:
    """The first file that has an id keeps it, whoever reads faster."""
    home = Home(tmp_path)
    record = json.dumps({"id": "same", "text": "police"})
    for number in range(6):
        home.news.joinpath(f"{number}.jsonl").write_text(record)
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("in.jsonl", record)
        home.news.joinpath(f"{number}.zip").write_bytes(data.getvalue())
    home.sync()
    assert home.ids("police")[-1] == "same"
    assert len(home.ids("police")) == 12
    from searchkit.index import open_index

    with open_index(home.index) as index:
        assert index.article("same").origin.path.endswith("0.jsonl")
