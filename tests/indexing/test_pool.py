"""Files that are read in other processes: in order, whatever becomes of a process."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from multiprocessing.connection import Pipe
from pathlib import Path

import pytest
from home import Home

from searchkit.article import NOWHERE, Article, Origin, Problem
from searchkit.indexing import Progress
from searchkit.indexing import sync as sync_module
from searchkit.indexing.pool import Pool, PooledReading
from searchkit.indexing.walk import File
from searchkit.indexing.worker import as_item, as_list
from searchkit.readers import HeavyError, Settings, is_heavy, open_articles
from searchkit.store.kernels import Parcel


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
            assert unpacked(reading) == list(here)
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
        assert (problem.reason, problem.kind) == ("took longer than 3 seconds (--max-seconds)", "slow")
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


def test_a_process_that_dies_with_nothing_to_do_costs_no_file(tmp_path: Path) -> None:
    """A watch keeps its processes for hours."""
    first, last = (file(tmp_path / f"{number}.zip", packed(number)) for number in ("one", "two"))
    with Pool(1, Settings()) as pool:
        assert [getattr(item, "body", "") for item in pool.submit(first)] == ["one"]
        (process,) = pool._processes
        assert process._program
        process._program.kill()
        process._program.wait()
        assert [getattr(item, "body", "") for item in pool.submit(last)] == ["two"]


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


def lines_with_faults(path: Path, count: int) -> File:
    """A file of JSON lines, larger than a pipe, of which every tenth has no article."""
    record = {"id": "", "title": "Café", "text": "police " * 300, "date": "2020-01-02", "author": ["A", "B"]}
    lines = [json.dumps({**record, "id": f"a{number}"}) if number % 10 else "junk" for number in range(count)]
    return file(path, "\n".join([*lines, ""]).encode())


def unpacked(reading: PooledReading) -> list[Article | Problem]:
    """What a reading says, its parcels apart."""
    pieces = [item.articles() if isinstance(item, Parcel) else [item] for item in reading]
    return [item for piece in pieces for item in piece]


def test_a_large_file_is_read_by_another_process_as_by_a_reading_here(tmp_path: Path) -> None:
    one, other = lines_with_faults(tmp_path / "1.jsonl", 3000), lines_with_faults(tmp_path / "2.jsonl", 10)
    with Pool(1, Settings()) as pool:
        readings = [pool.submit(this, light=True) for this in (one, other)]
        for this, reading in zip((one, other), readings, strict=True):
            here = open_articles(Path(this.path), this.name)
            assert unpacked(reading) == list(here)
            assert (reading.formats, reading.digest, reading.lines) == (here.formats, here.digest, here.lines)
            assert reading.bytes_read == here.bytes_read == this.size


def test_a_large_file_is_never_given_up_for_its_silence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    pipe = File(str(tmp_path / "pipe"), "pipe", 0, 0, explicit=True)
    waited: list[float] = []

    def pulse() -> None:
        waited.append(time.monotonic())
        if waited[-1] - waited[0] > 1.5:
            (tmp_path / "pipe").write_text("police")

    with Pool(1, Settings(seconds=1), pulse) as pool:
        assert [getattr(item, "body", "") for item in unpacked(pool.submit(pipe, light=True))] == ["police"]


def test_a_file_that_only_its_content_shows_to_be_heavy_comes_back(tmp_path: Path) -> None:
    archive, last = file(tmp_path / "a.txt", packed("one")), file(tmp_path / "b.txt", b"two")
    with Pool(1, Settings()) as pool:
        readings = [pool.submit(one, light=True) for one in (archive, last)]
        with pytest.raises(HeavyError):
            next(iter(readings[0]))
        assert [getattr(item, "body", "") for item in unpacked(readings[1])] == ["two"]


@pytest.mark.parametrize("said", [{"size": 1 << 40}, {"size": -1}, {"size": "1"}, {"size": 8, "items": [None]}])
def test_what_a_process_says_is_checked(tmp_path: Path, said: dict[str, object]) -> None:
    one = file(tmp_path / "a.txt", b"one")
    with Pool(1, Settings()) as pool:
        reading = pool.submit(one, light=True)
        (process,) = pool._processes
        assert process._program
        assert process._connection
        process._program.kill()
        process._connection.close()
        process._connection, theirs = Pipe()
        theirs.send_bytes(json.dumps({"items": [], "bytes": 0, **said}).encode())
        os.write(theirs.fileno(), b"12345678")
        (problem,) = reading
        assert isinstance(problem, Problem)
        assert problem.reason.startswith("made its reader end")


def test_a_run_whose_large_files_are_read_ahead_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Problems in the order of the files, ids that are taken, growth from where it stopped, progress that grows."""
    told: list[list[object]] = []
    for workers in (1, 2):
        monkeypatch.setattr(sync_module, "_LARGE", 1000)
        (tmp_path / str(workers)).mkdir()
        home = Home(tmp_path / str(workers))
        for name in ("a.jsonl", "b/c.jsonl", "d.jsonl", "small.txt", "zip.txt"):
            home.file(name, "police")
        for name in ("a.jsonl", "b/c.jsonl", "d.jsonl"):
            lines_with_faults(home.news / name, 30)
        (home.news / "zip.txt").write_bytes(packed(*[f"{number} " * 400 for number in range(9)]))
        seen: list[Progress] = []
        first = home.sync(workers=workers, watch=seen.append)
        assert [far.bytes_read for far in seen] == sorted(far.bytes_read for far in seen)
        with (home.news / "a.jsonl").open("a") as grown:
            grown.write(json.dumps({"id": "new", "text": "police"}) + "\n")
        second = home.sync(workers=workers)
        assert (second.added, second.changed) == (1, 0)
        told.append([home.ids("police")])
        for report in (first, second):
            places = [(Path(problem.origin.path).name, problem.origin.place) for problem in report.problems]
            told[-1].append((str(report), report.formats, report.kinds, places))
    assert told[0] == told[1]


def test_copies_repeats_and_changes_are_told_alike_whoever_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[list[object]] = []
    for workers in (1, 2):
        monkeypatch.setattr(sync_module, "_LARGE", 1000)
        (tmp_path / str(workers)).mkdir()
        home = Home(tmp_path / str(workers))
        # Of a hundred texts each stands five times; an id comes twice; one article has markup.
        records = [{"id": f"a{number}", "text": f"police {number % 100}"} for number in range(500)]
        records += [{"id": "a7", "text": "again"}, {"id": "m", "text": "<p>marked</p>"}, {"id": "b1", "text": "mine"}]
        others = [{"id": f"b{number}", "text": f"POLICE  {number}"} for number in range(200)]
        others += [{"id": "a3", "text": "theirs"}, {"id": "b3", "text": "police 3", "author": "By A"}]
        reports = []
        for turn in range(3):
            home.file("a.jsonl", "".join(json.dumps(record) + "\n" for record in records))
            home.file("b.jsonl", "".join(json.dumps(record) + "\n" for record in others))
            reports.append(home.sync(workers=workers))
            if turn == 1:
                records[3]["text"], others[5]["text"] = "changed", "police 8"
                del records[9]
        told.append([home.ids("police"), home.ids("changed"), home.ids("marked"), home.ids("theirs")])
        for report in reports:
            said = [
                (problem.origin.place, problem.reason.replace(str(home.news), ""), problem.kind)
                for problem in report.problems
            ]
            told[-1] += [str(report), report.copies, report.formats, said]
    assert told[0] == told[1]
    assert told[0][5] == 400 + 100
