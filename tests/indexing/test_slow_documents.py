"""A document of a container that takes too long, or that ends its process, costs only itself."""

from __future__ import annotations

import io
import os
import signal
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from home import Home

from searchkit.article import Article, Problem
from searchkit.indexing.pool import Pool, PooledReading
from searchkit.indexing.walk import File
from searchkit.readers import Settings, open_articles

STORY = (
    "<p>The council said on Monday that it would close the old bridge for the whole of the summer, as was asked.</p>"
)


def page(title: str) -> str:
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title></head><body><article>{STORY * 3}</article></body></html>"
    )


# How long a page takes depends on the machine; so the reader itself waits at this one.
SLOW = (
    f"<html><head><title>Slow</title></head><body><!-- seven seconds --><article>{STORY * 3}</article></body></html>"
)
WAITING = """\
import time

import searchkit.readers.html as pages

read = pages._page


def page(source, data, *rest):
    if b"<!-- seven seconds -->" in data:
        time.sleep(7)
    return read(source, data, *rest)


pages._page = page
"""


@pytest.fixture(autouse=True)
def _readers_that_wait(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that are started load this module first, and so the libraries that take a second."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text(WAITING)
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)


def zipped(pages: dict[str, str]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in pages.items():
            archive.writestr(name, content)
    return data.getvalue()


def tarred(pages: dict[str, str]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz", compresslevel=1) as archive:
        for name, content in pages.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content.encode()))
    return data.getvalue()


def crawled(pages: dict[str, str]) -> bytes:
    records = []
    for name, content in pages.items():
        response = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{content}"
        records.append(
            f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/{name}\r\n"
            f"Content-Type: application/http\r\nContent-Length: {len(response)}\r\n\r\n{response}\r\n\r\n"
        )
    return "".join(records).encode()


PAGES = {
    "1.html": page("One"),
    "2.png": "no picture",
    "3.jsonl": '{"title": "Two", "text": "police"}\n{"title": "Three", "text": "police"}\n',
    "slow.html": SLOW,
    "../out.html": page("Out"),
    "5.html": page("Five"),
}


def given(path: Path, data: bytes, settings: Settings) -> tuple[list[str], PooledReading]:
    path.write_bytes(data)
    with Pool(1, settings) as pool:
        reading = pool.submit(File(str(path), path.name, len(data), 0))
        return [told(item) for item in reading], reading


def told(item: Article | Problem) -> str:
    return item.title if isinstance(item, Article) else f"{item.origin.place}: {item.reason}"


@contextmanager
def ended(pool: Pool, place: str, number: int = signal.SIGKILL) -> Iterator[None]:
    """Meanwhile, the one process gets a signal as soon as it reads the document at a place."""
    (process,) = pool._processes

    def end() -> None:
        # What is no document of a container has no place; the first beat says that the process has begun.
        while not (process.told.beats > 1 and process.told.place == place and process.told.is_open == bool(place)):
            time.sleep(0.01)
        assert process._program
        process._program.send_signal(number)

    killer = threading.Thread(target=end, daemon=True)
    killer.start()
    yield
    killer.join()


@pytest.mark.parametrize(("name", "packed"), [("a.zip", zipped), ("a.tar.gz", tarred)])
def test_a_page_that_takes_too_long_costs_only_itself(name: str, packed, tmp_path: Path) -> None:
    items, reading = given(tmp_path / name, packed(PAGES), Settings(seconds=4))
    assert items == [
        "One",
        "2.png: no reader for .png files",
        "Two",
        "Three",
        "slow.html: took longer than 4 seconds (--max-seconds)",
        "../out.html: has a name that climbs out of the archive",
        "Five",
    ]
    assert reading.formats == {"HTML": 2, "JSON lines": 2}
    # A zip is read from its end, and what is passed over is not read at all.
    if name == "a.tar.gz":
        assert reading.digest
        assert reading.bytes_read == (tmp_path / name).stat().st_size


def test_a_page_of_a_web_archive_that_takes_too_long_costs_only_itself(tmp_path: Path) -> None:
    pages = {"1": page("One"), "2": SLOW, "3": page("Three"), "4": SLOW, "5": page("Five")}
    items, reading = given(tmp_path / "a.warc", crawled(pages), Settings(seconds=4))
    assert items == [
        *(
            "One",
            "record 2: took longer than 4 seconds (--max-seconds)",
            "Three",
            "record 4: took longer than 4 seconds (--max-seconds)",
            "Five",
        ),
    ]
    assert reading.formats == {"WARC": 3}


@pytest.mark.parametrize(
    ("name", "number", "reason"),
    [
        ("a.zip", signal.SIGKILL, "made its reader end, or took more memory than it may"),
        ("a.warc", signal.SIGKILL, "made its reader end, or took more memory than it may"),
        # A library that does not come back.
        ("a.zip", signal.SIGSTOP, "took longer than 4 seconds (--max-seconds)"),
    ],
)
def test_a_page_that_ends_its_process_costs_only_itself(name: str, number: int, reason: str, tmp_path: Path) -> None:
    """What was read and not yet said is read again, what was said is not said twice."""
    packed, slow = (zipped, "slow.html") if name == "a.zip" else (crawled, "record 3")
    pages = {"1.html": page("One"), "2.html": page("Two"), "slow.html": SLOW, "5.html": page("Five")}
    path = tmp_path / name
    path.write_bytes(packed(pages))
    with Pool(1, Settings(seconds=4)) as pool:
        reading = pool.submit(File(str(path), name, path.stat().st_size, 0))
        with ended(pool, slow, number):
            items = [told(item) for item in reading]
    assert sorted(items) == sorted(["One", "Two", "Five", f"{slow}: {reason}"])
    assert reading.formats.total() == 3


def test_a_large_member_that_was_given_in_part_is_not_given_twice(tmp_path: Path) -> None:
    count = 5000
    lines = "".join(f'{{"id": "{number}", "text": "police {number}"}}\n' for number in range(count))
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"1.jsonl": lines, "slow.html": SLOW, "3.html": page("Three")}))
    with Pool(1, Settings()) as pool:
        reading = pool.submit(File(str(path), "a.zip", path.stat().st_size, 0))
        with ended(pool, "slow.html"):
            found = list(reading)
    ids = [item.id for item in found if isinstance(item, Article)]
    assert len(ids) == len(set(ids)) == count + 1
    assert [told(item) for item in found if isinstance(item, Problem)] == [
        "slow.html: made its reader end, or took more memory than it may"
    ]
    assert reading.formats == {"JSON lines": count, "HTML": 1}


def test_a_container_itself_that_does_not_come_back_is_given_up(tmp_path: Path) -> None:
    """A file that ends its process where no document is read would otherwise be read for ever."""
    path = tmp_path / "a.html"
    path.write_text(SLOW)
    with Pool(1, Settings()) as pool:
        reading = pool.submit(File(str(path), "a.html", path.stat().st_size, 0))
        (process,) = pool._processes
        with ended(pool, ""):
            assert [told(item) for item in reading] == [": made its reader end, or took more memory than it may"]
        assert not process.readings


def test_the_rest_of_the_file_stays_in_the_index_and_the_page_is_read_with_more_time(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.news.joinpath("a.zip").write_bytes(zipped({"slow.html": SLOW, "5.html": page("Five")}))
    report = home.sync(settings=Settings(seconds=4))
    assert (report.added, report.kinds) == (1, {"slow": 1})
    report = home.sync(settings=Settings(seconds=4))
    assert (report.added, report.unchanged, report.kinds) == (0, 1, {"slow": 1})
    report = home.sync()
    assert (report.added, report.unchanged, report.kinds) == (1, 1, {"limit": 1})
    assert [problem.reason[:28] for problem in report.problems] == ["was made with other limits ("]
    assert home.sync().kinds == {}


def test_only_what_went_beyond_a_limit_is_read_again_when_limits_change(tmp_path: Path) -> None:
    home = Home(tmp_path)
    inner = zipped({"in.html": page("Inner")})
    home.news.joinpath("a.zip").write_bytes(zipped_bytes("inner.zip", zipped_bytes("in.zip", inner)))
    home.news.joinpath("b.txt").write_text("police")
    assert home.sync().kinds == {"archive": 1}
    report = home.sync(settings=Settings(archives=3))
    assert (report.added, report.unchanged) == (1, 1)
    here = list(open_articles(home.news / "a.zip", "a", settings=Settings(archives=3)))
    assert [told(item) for item in here] == ["Inner"]


def zipped_bytes(name: str, data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, data)
    return packed.getvalue()
