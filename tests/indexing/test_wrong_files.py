"""A folder of everything that goes wrong: each file is one problem with place and reason, and the rest is read."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import socket
import time
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from places import Run

GOOD = b"A title\n\nThe police marched.\n"
NITF = "<nitf><head><title>{}</title></head><body><body.content><p>{}</p></body.content></body></nitf>"
DEEP = b"[" * 100_000 + b"]" * 100_000
NUL = "holds NUL bytes, which are left out"
NO_DAY = "fits two days: --dates dmy or --dates mdy settles it"


def zipped(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def dated(day: str) -> bytes:
    return f"Title: A day\nDate: {day}\n\nThe police marched.\n".encode()


def noise() -> bytes:
    words = random.Random(1)
    return b"".join(b'{"text": "%x"}\n' % words.getrandbits(200) for _ in range(1000))


CUT = gzip.compress(noise())[:-2000]
WHOLE = zlib.decompressobj(31).decompress(CUT).count(b"\n")

# A name, its bytes, how many articles it gives, and its one problem: place, how the reason begins, kind, skipped.
Told = tuple[str, str, str, bool]
FILES: dict[str, tuple[bytes | Callable[[], bytes], int, Told | None]] = {
    "zip bomb.zip": (
        lambda: zipped(("a.txt", GOOD), ("bomb.jsonl", b"a" * (280 << 20)), ("z.txt", GOOD)),
        1,
        ("bomb.jsonl", "unfolds to more than 200 times its size (--max-expansion)", "limit", True),
    ),
    "gzip bomb.jsonl.gz": (
        lambda: gzip.compress(b'{"text": "1"}\n') + gzip.compress(b"a" * (64 << 20)) * 5,
        1,
        ("", "unfolds to more than 200 times its size (--max-expansion)", "limit", True),
    ),
    "nested.zip": (
        zipped(("b.zip", zipped(("c.zip", zipped(("d.txt", GOOD))))), ("e.txt", GOOD)),
        1,
        ("b.zip/c.zip", "is packed in more than 2 archives", "archive", True),
    ),
    "climbing.zip": (
        zipped(("../../climbed.txt", GOOD), ("a.txt", GOOD)),
        1,
        ("../../climbed.txt", "has a name that climbs out of the archive", "archive", True),
    ),
    "laughs.rss": (
        b'<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>'
        b"<rss><channel><item><title>&c;</title></item></channel></rss>",
        0,
        ("", "declares entities of its own", "format", True),
    ),
    "external.nitf": (
        b'<!DOCTYPE nitf [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + NITF.format("T", "&a;").encode(),
        0,
        ("", "declares entities of its own", "format", True),
    ),
    # A document type is passed over, since every item of an agency names one.
    "dtd.nitf": (
        b'<!DOCTYPE nitf SYSTEM "http://127.0.0.1:9/nitf.dtd">' + NITF.format("T", "Police.").encode(),
        1,
        None,
    ),
    "deep.json": (DEEP, 0, ("record 1", "is nested too deeply", "limit", True)),
    "long line.jsonl": (
        lambda: b'{"text": "1"}\n{"text": "' + b"x" * (65 << 20) + b'"}\n{"text": "3"}\n',
        2,
        ("line 2", "is longer than 64 MiB", "limit", True),
    ),
    "cut.jsonl.gz": (
        CUT,
        WHOLE,
        ("", f"the compressed data ends too early: {WHOLE} articles were read before that", "damaged", True),
    ),
    "nul.txt": (GOOD * 3 + b"One\0word.\n", 1, ("", NUL, "damaged", False)),
    "nul.jsonl": (b'{"text": "' + b"a word " * 20_000 + b'\0"}\n', 1, ("", NUL, "damaged", False)),
    "latin.nitf": (
        ('<?xml version="1.0" encoding="utf-8"?>' + NITF.format("Café", "Été.")).encode("latin-1"),
        1,
        ("", "says that it is UTF-8 and is not", "damaged", False),
    ),
    "1623.txt": (dated("1623-11-08"), 1, None),
    "1423.txt": (dated("1423-11-08"), 1, ("", "date '1423-11-08' lies outside", "date", False)),
    "2999.txt": (dated("2999-01-01"), 1, ("", "date '2999-01-01' lies outside", "date", False)),
    "february.txt": (dated("31/02/2020"), 1, ("", "date '31/02/2020' is none that exists", "date", False)),
    "ambiguous.txt": (dated("03/04/2020"), 1, ("", f"date '03/04/2020' {NO_DAY}", "date", False)),
    "empty.txt": (b"", 0, ("", "is empty", "empty", True)),
    "blank.md": (b"\n \n", 0, ("", "holds no text", "empty", True)),
    "no body.html": (
        b"<html><head><title>A title</title></head><body></body></html>",
        0,
        ("", "holds no text of an article", "empty", True),
    ),
    "scripts.html": (
        b"<html><head><title>A</title></head><body><script>alert('police')</script><style>p{}</style></body></html>",
        0,
        ("", "holds no text of an article", "empty", True),
    ),
    "no mail.eml": (b"Subject: A title\nFrom: a@b.example\n\n", 0, ("", "holds no text", "empty", True)),
    "picture.txt": (b"\x89PNG\r\n\x1a\n\0\0", 0, ("", "looks binary (a PNG image)", "format", True)),
    "invoice.xml": (b"<invoice/>", 0, ("", "is XML, but of no format of news", "format", True)),
    "broken.pdf": (b"%PDF-1.7\nnothing", 0, ("", "is a damaged PDF", "damaged", True)),
    "cut.zip": (zipped(("a.txt", GOOD))[:60], 0, ("", "is a damaged zip (it has no table", "damaged", True)),
    "caf\udce9.txt": (GOOD, 1, None),
}
# What is no file.
OTHERS = {
    "loop.txt": "is a link that leads to itself",
    "folder loop": "is a link to a folder",
    "broken.txt": "is a link to nothing",
    "pipe.txt": "is a pipe, not a file",
    "zero.txt": "is a device, not a file",
    "socket.txt": "is a socket, not a file",
}


@pytest.fixture
def news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "news"
    folder.mkdir()
    for name, (data, _, _) in FILES.items():
        (folder / name).write_bytes(data() if callable(data) else data)
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    (folder / "folder loop").symlink_to(folder, target_is_directory=True)
    (folder / "broken.txt").symlink_to(folder / "nothing")
    os.mkfifo(folder / "pipe.txt")
    (folder / "zero.txt").symlink_to("/dev/zero")
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket.txt")
    return folder


def test_a_folder_of_everything_that_goes_wrong(news: Path, searchkit: Run) -> None:
    begin = time.monotonic()
    done = searchkit("index", "news", "--report", "report.jsonl")
    assert time.monotonic() - begin < 60
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    expected = sum(articles for _, articles, _ in FILES.values())
    assert done.stdout.startswith(f"{expected} added, 0 changed, 0 unchanged, 0 removed, ")
    told: dict[str, list[Told]] = defaultdict(list)
    for line in (news.parent / "report.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        told[Path(row["path"]).name].append((row["place"], row["reason"], row["kind"], row["skipped"]))
    for name, (_, _, problem) in FILES.items():
        found = told.pop(name.replace("\udce9", "?"), [])
        assert len(found) == (problem is not None), (name, found)
        if problem:
            place, reason, kind, skipped = found[0]
            assert (place, kind, skipped) == (problem[0], *problem[2:]), (name, found)
            assert reason.startswith(problem[1]), name
    assert {name: len(found) for name, found in told.items()} == dict.fromkeys(OTHERS, 1)
    for name, reason in OTHERS.items():
        place, said, kind, skipped = told[name][0]
        assert (place, kind, skipped) == ("", "access", True)
        assert said.startswith(reason), name
    # Nothing was written where an archive said.
    assert not list(news.parent.parent.rglob("climbed.txt"))
    # What nothing was wrong with is found, and the next run has nothing to do and says the same.
    again = searchkit("index", "news")
    assert again.stdout.startswith(f"0 added, 0 changed, {expected} unchanged, 0 removed, ")
    assert again.stdout.splitlines()[-1] == done.stdout.splitlines()[-1]
    assert json.loads(searchkit("query", "police", "--json").stdout)["total"] > 10
    assert searchkit("check").returncode == 0
