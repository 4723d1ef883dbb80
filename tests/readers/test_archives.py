"""Archives are walked through as streams, whatever is wrong with them; what is sound in one is read."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import threading
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from searchkit.article import Article, Problem
from searchkit.readers import Settings, open_articles
from searchkit.readers.packed import layer_of

GOOD = b"A title\n\nSome text that is read."


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return file.getvalue()


def tarred(*members: tuple[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


PACKERS = {"zip": zipped, "tar": tarred}


class Raw(NamedTuple):
    """A member of a zip as it is written, true or not."""

    name: bytes
    data: bytes = GOOD
    method: int = 0
    flags: int = 0
    crc: int | None = None
    size: int | None = None
    attributes: int = 0
    name_there: bytes | None = None


def raw_zip(*members: Raw) -> bytes:
    """A zip whose fields say what they are told to say."""
    out, directory = bytearray(), bytearray()
    for one in members:
        crc = zlib.crc32(one.data) if one.crc is None else one.crc
        size = len(one.data) if one.size is None else one.size
        name = one.name if one.name_there is None else one.name_there
        fields = (20, one.flags, one.method, 0, 33, crc, len(one.data), size)
        directory += struct.pack(
            "<4sH5H3I5H2I", b"PK\1\2", 20, *fields, len(one.name), 0, 0, 0, 0, one.attributes, len(out)
        )
        directory += one.name
        out += struct.pack("<4s5H3I2H", b"PK\3\4", *fields, len(name), 0) + name + one.data
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(members), len(members), len(directory), len(out), 0)
    return bytes(out + directory + end)


def read(path: Path, data: bytes, **how: int) -> list[Article | Problem]:
    path.write_bytes(data)
    return list(open_articles(path, path.name, settings=Settings(**how)))


def ids(items: list[Article | Problem]) -> list[str]:
    return [item.id for item in items if isinstance(item, Article)]


def said(items: list[Article | Problem]) -> list[tuple[str, str]]:
    return [(item.origin.place, item.reason) for item in items if isinstance(item, Problem)]


@pytest.mark.parametrize("kind", PACKERS)
def test_members_are_read_each_by_its_own_format(kind: str, tmp_path: Path) -> None:
    packed = PACKERS[kind](("news/a.txt", GOOD), ("b.jsonl.gz", gzip.compress(b'{"text": "1"}\n{"text": "2"}\n')))
    items = read(tmp_path / f"a.{kind}", packed)
    assert ids(items) == [f"a.{kind}/news/a.txt", f"a.{kind}/b.jsonl.gz#1", f"a.{kind}/b.jsonl.gz#2"]
    assert [item.origin.place for item in items] == ["news/a.txt", "b.jsonl.gz, line 1", "b.jsonl.gz, line 2"]
    assert {item.origin.path for item in items} == {str(tmp_path / f"a.{kind}")}


def test_what_a_walk_passes_over_is_passed_over_here_too(tmp_path: Path) -> None:
    packed = zipped(
        (".hidden.txt", GOOD), ("__MACOSX/a.txt", GOOD), ("x/.git/a.txt", GOOD), ("x/", b""), ("a.txt", GOOD)
    )
    assert ids(read(tmp_path / "a.zip", packed)) == ["a.zip/a.txt"]
    assert said(read(tmp_path / "b.zip", zipped(("x/", b"")))) == [("", "is an archive without a file")]
    assert said(read(tmp_path / "c.zip", zipped())) == [("", "is an archive without a file")]
    assert said(read(tmp_path / "d.tar", tarred())) == [("", "is an archive without a file")]


@pytest.mark.parametrize("kind", PACKERS)
def test_a_member_that_nothing_reads_is_one_problem(kind: str, tmp_path: Path) -> None:
    packed = PACKERS[kind](("a.png", b"\x89PNG\r\n\x1a\n\0\0"), ("b.xyz", b"text"), ("c.txt", b""), ("d.txt", GOOD))
    items = read(tmp_path / "a", packed)
    assert ids(items) == ["a/d.txt"]
    assert [place for place, _ in said(items)] == ["a.png", "b.xyz", "c.txt"]


@pytest.mark.parametrize("name", ["a.tar", "a.tgz", "a.tar.gz", "a.txt", "noname"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_a_tar_is_known_by_its_content(name: str, pack, tmp_path: Path) -> None:
    assert ids(read(tmp_path / name, pack(tarred(("a.txt", GOOD))))) == [f"{name}/a.txt"]


def test_a_tar_of_the_first_kind_is_known_by_its_name(tmp_path: Path) -> None:
    data = bytearray(tarred(("a.txt", GOOD), form=tarfile.USTAR_FORMAT))
    data[257:265] = bytes(8)
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    assert ids(read(tmp_path / "a.tar", bytes(data))) == ["a.tar/a.txt"]
    assert ids(read(tmp_path / "b.tar.gz", gzip.compress(bytes(data)))) == ["b.tar.gz/a.txt"]


@pytest.mark.parametrize("outer", PACKERS)
@pytest.mark.parametrize("inner", PACKERS)
def test_archives_are_followed_two_deep(outer: str, inner: str, tmp_path: Path) -> None:
    one = PACKERS[inner](("a.txt", GOOD))
    two = PACKERS[outer]((f"in.{inner}", one), ("b.txt", GOOD))
    assert ids(read(tmp_path / "two", two)) == [f"two/in.{inner}/a.txt", "two/b.txt"]
    three = PACKERS[outer](("x/two", two), ("c.txt", GOOD))
    items = read(tmp_path / "three", three)
    assert ids(items) == ["three/x/two/b.txt", "three/c.txt"]
    assert said(items) == [
        (f"x/two/in.{inner}", "is packed in more than 2 archives, one in the other (--max-archives)")
    ]
    assert len(ids(read(tmp_path / "three", three, archives=3))) == 3


CLIMBING = [
    "../a.txt",
    "x/../../a.txt",
    "/etc/a.txt",
    "C:\\a.txt",
    "c:a.txt",
    "\\\\host\\a.txt",
    "x\\..\\..\\a.txt",
    "..",
]


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("name", CLIMBING)
def test_a_name_that_climbs_out_is_refused(kind: str, name: str, tmp_path: Path) -> None:
    items = read(tmp_path / f"a.{kind}", PACKERS[kind]((name, GOOD), ("b.txt", GOOD)))
    assert ids(items) == [f"a.{kind}/b.txt"]
    assert said(items) == [(name, "has a name that climbs out of the archive")]


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("name", ["9:30 news.txt", "a..b.txt", "x\\a.txt"])
def test_a_name_that_only_looks_so_is_read(kind: str, name: str, tmp_path: Path) -> None:
    assert ids(read(tmp_path / f"a.{kind}", PACKERS[kind]((name, GOOD)))) == [f"a.{kind}/{name}"]


def test_links_devices_and_holes_in_a_tar_are_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, kind in (
            ("s.txt", tarfile.SYMTYPE),
            ("h.txt", tarfile.LNKTYPE),
            ("p.txt", tarfile.FIFOTYPE),
            ("c.txt", tarfile.CHRTYPE),
            ("b.txt", tarfile.BLKTYPE),
            ("d.txt", tarfile.DIRTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("z.txt")
        info.size = len(GOOD)
        archive.addfile(info, io.BytesIO(GOOD))
    items = read(tmp_path / "a.tar", file.getvalue())
    assert ids(items) == ["a.tar/z.txt"]
    assert said(items) == [
        ("s.txt", "is a link"),
        ("h.txt", "is a link"),
        ("p.txt", "is a pipe or a device"),
        ("c.txt", "is a pipe or a device"),
        ("b.txt", "is a pipe or a device"),
    ]


def header(name: bytes, size: int, kind: bytes, tail: bytes = b"") -> bytes:
    """A header of a tar as GNU writes it."""
    block = bytearray(512)
    block[: len(name)] = name
    block[100:136] = b"0000644\0" + b"0000000\0" + b"0000000\0" + b"%011o\0" % size
    block[136:148] = b"%011o\0" % 0
    block[156:157] = kind
    block[257:265] = b"ustar  \0"
    block[386 : 386 + len(tail)] = tail
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def blocks(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def pax(**fields: str) -> bytes:
    out = b""
    for key, value in fields.items():
        line = f" {key.replace('__', '.')}={value}\n".encode()
        size = len(line) + len(str(len(line)))
        size = len(line) + len(str(size))
        out += str(size).encode() + line
    return header(b"pax", len(out), b"x") + blocks(out)


AFTER = header(b"after.txt", len(GOOD), b"0") + blocks(GOOD) + bytes(1024)
NAMED = {"GNU__sparse__name": "holes.txt"}
VERSION_1 = {"GNU__sparse__major": "1", "GNU__sparse__minor": "0", "GNU__sparse__realsize": "9999", **NAMED}
ONE_HOLE = b"%011o\0%011o\0" % (0, 512) + bytes(72) + b"\0" + b"%011o\0" % 4096
HOLES = {
    "old": header(b"holes.txt", 512, b"S", ONE_HOLE) + bytes(512),
    "0.0": pax(GNU__sparse__size="9999", GNU__sparse__numblocks="x") + header(b"holes.txt", 512, b"0") + bytes(512),
    "0.1": pax(GNU__sparse__map="no,number", **NAMED) + header(b"holes.txt", 512, b"0") + bytes(512),
    "1.0": pax(**VERSION_1) + header(b"holes.txt", 1024, b"0") + b"9" * 1024,
    "many": header(b"holes.txt", 0, b"S", bytes(96) + b"\1") + (bytes(504) + b"\1" + bytes(7)) * 500 + bytes(512),
}


@pytest.mark.parametrize("form", HOLES)
def test_a_file_with_holes_is_refused_and_costs_the_others_nothing(form: str, tmp_path: Path) -> None:
    items = read(tmp_path / "a.tar", HOLES[form] + AFTER)
    assert ids(items) == ["a.tar/after.txt"]
    assert said(items) == [("holes.txt", "is a file with holes, which are not filled here")]


def test_a_list_of_holes_without_end_ends_with_its_file(tmp_path: Path) -> None:
    """The list of holes of a file that ended within it was once read for ever."""
    cut = HOLES["many"][:-1200]
    assert said(read(tmp_path / "a.tar", cut)) == [("", "is a damaged tar (unexpected end of data)")]


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K", b"X"])
def test_a_header_of_gigabytes_is_refused_before_it_is_read(kind: bytes, tmp_path: Path) -> None:
    data = AFTER[:1024] + header(b"long", 7 << 30, kind) + bytes(4096)
    items = read(tmp_path / "a.tar", data)
    assert ids(items) == ["a.tar/after.txt"]
    assert said(items) == [("", "is a damaged tar (a header of 7,516,192,768 bytes): 1 article was read before that")]


def test_headers_for_all_members_do_not_pile_up(tmp_path: Path) -> None:
    field = b"%d k%07d=%s\n"
    piece = b"".join(field % (1019, n, b"v" * 1004) for n in range(300))
    data = (header(b"all", len(piece), b"g") + blocks(piece) + AFTER[:1024]) * 9
    items = read(tmp_path / "a.tar", data)
    assert len(ids(items)) == 3
    assert len(said(items)) == 1


@pytest.mark.parametrize("kind", [b"L", b"x", b"g"])
def test_a_chain_of_headers_is_one_problem(kind: bytes, tmp_path: Path) -> None:
    content = b"a name\0" if kind == b"L" else b"12 abc=defg\n"
    chain = (header(b"long", len(content), kind) + blocks(content)) * 5000
    ((place, _),) = said(read(tmp_path / "a.tar", chain + AFTER))
    assert place == ""


def test_a_tar_cut_at_every_byte_keeps_its_whole_members(tmp_path: Path) -> None:
    data = tarred(("a.txt", GOOD), ("b.jsonl", b'{"text": "1"}\n{"text": "2"}\n'), ("c.txt", GOOD))
    for cut in range(512, len(data) - 1, 7):
        items = read(tmp_path / "a.tar", data[:cut])
        whole = (cut >= 512 + len(GOOD)) + (cut >= 1536 + len(GOOD)) * 2 + (cut >= 2560 + len(GOOD))
        problems = said(items)
        assert len(ids(items)) in (whole, whole - 1), cut
        assert len(problems) <= 1, (cut, problems)
        # A tar that ends between two members is none that anybody could tell from a whole one.
        assert problems or cut % 512 == 0, cut


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_compressed_tar_that_is_cut_is_one_problem(pack, tmp_path: Path) -> None:
    noise = [os.urandom(3000).hex().encode() for _ in range(9)]
    data = pack(tarred(*((f"{n}.txt", text) for n, text in enumerate(noise))))
    for tenth in range(2, 10):
        items = read(tmp_path / "a.tar.gz", data[: len(data) * tenth // 10])
        ((place, reason),) = said(items)
        assert place == ""
        assert reason.startswith("the compressed data ends too early")
        assert len(ids(items)) in (tenth * 9 // 10 - 1, tenth * 9 // 10)


def test_a_cut_archive_within_another_costs_the_others_nothing(tmp_path: Path) -> None:
    inner = tarred(("a.txt", GOOD), ("b.txt", b"x" * 2000))
    outer = tarred(("in.tar", inner[:2000]), ("in.tgz", gzip.compress(inner)[:-20]), ("z.txt", GOOD))
    items = read(tmp_path / "a.tar", outer)
    assert ids(items) == ["a.tar/in.tar/a.txt", "a.tar/in.tgz/a.txt", "a.tar/in.tgz/b.txt", "a.tar/z.txt"]
    assert [place for place, _ in said(items)] == ["in.tar", "in.tgz"]


def test_what_breaks_around_two_archives_is_told_once(tmp_path: Path) -> None:
    inner = tarred(("a.txt", GOOD), ("b.txt", os.urandom(100_000).hex().encode()))
    items = read(tmp_path / "a.tar", tarred(("in.tar", inner), ("z.txt", GOOD))[:90_000])
    assert ids(items) == ["a.tar/in.tar/a.txt"]
    assert said(items) == [("", "is a damaged tar (unexpected end of data): 1 article was read before that")]


def test_a_broken_header_is_no_end(tmp_path: Path) -> None:
    """tarfile takes a header with a wrong sum for the end of the archive, and all behind it was lost in silence."""
    data = bytearray(tarred(("a.txt", GOOD), ("b.txt", GOOD)))
    data[1024] ^= 0xFF
    items = read(tmp_path / "a.tar", bytes(data))
    assert ids(items) == ["a.tar/a.txt"]
    assert said(items) == [("", "is a damaged tar (bad checksum): 1 article was read before that")]


def test_tars_follow_each_other(tmp_path: Path) -> None:
    data = tarred(("a.txt", GOOD)) + tarred(("b.txt", GOOD))
    assert ids(read(tmp_path / "a.tar", data)) == ["a.tar/a.txt", "a.tar/b.txt"]


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name_have_ids_of_their_own(kind: str, tmp_path: Path) -> None:
    names = ["a.txt", "a.txt", "b.txt", "a.txt", "a.txt (2)"]
    items = read(tmp_path / "x", PACKERS[kind](*((name, GOOD) for name in names)))
    assert said(items) == [("a.txt (2) (2)", "no reader for .txt (2) files")] or len(set(ids(items))) == 5


def test_names_are_made_clean(tmp_path: Path) -> None:
    names = ["caf\xe9.txt".encode("latin-1"), "café.txt".encode(), b"a\x07b\x1b[31m.txt", b"new\nline.txt"]
    items = read(tmp_path / "a.zip", raw_zip(*(Raw(name) for name in names)))
    assert ids(items) == ["a.zip/cafΘ.txt", "a.zip/café.txt", "a.zip/ab[31m.txt", "a.zip/new line.txt"]
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        archive.addfile(tarfile.TarInfo("caf\xe9\x07.txt"))
    assert said(read(tmp_path / "a.tar", file.getvalue())) == [("caf\ufffd.txt", "is empty")]


def test_a_name_that_only_claims_to_be_utf8_is_one_problem(tmp_path: Path) -> None:
    items = read(tmp_path / "a.zip", raw_zip(Raw(b"caf\xe9.txt", flags=0x800)))
    assert said(items) == [("", "is a damaged zip (a name in it is said to be UTF-8 and is not)")]


def test_a_member_without_a_name_costs_the_others_nothing(tmp_path: Path) -> None:
    """The zipfile module asks for the last letter of a name that has none."""
    items = read(tmp_path / "a.zip", raw_zip(Raw(b""), Raw(b"b.txt")))
    assert said(items) == [("", "has no name")]
    assert ids(items) == ["a.zip/b.txt"]


def test_a_name_without_end_is_refused(tmp_path: Path) -> None:
    items = read(tmp_path / "a.zip", raw_zip(Raw(b"n" * 60_000 + b".txt"), Raw(b"b.txt")))
    assert ids(items) == ["a.zip/b.txt"]
    assert [(len(place), reason) for place, reason in said(items)] == [(4096, "has a name that is too long")]


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (Raw(b"x.txt", flags=1), "is encrypted"),
        (Raw(b"x.txt", flags=0x41), "is encrypted"),
        (Raw(b"x.txt", method=9), "is compressed in a way that is not known here"),
        (Raw(b"x.txt", method=99), "is compressed in a way that is not known here"),
        (Raw(b"x.txt", flags=0x20), "is compressed in a way that is not known here"),
        (Raw(b"x.txt", attributes=(stat.S_IFLNK | 0o777) << 16), "is a link"),
        (Raw(b"x.txt", attributes=(stat.S_IFIFO | 0o777) << 16), "is a pipe or a device"),
        (Raw(b"x.txt", crc=1), "the compressed data is damaged"),
        (Raw(b"x.txt", method=8), "the compressed data is damaged"),
        (Raw(b"x.txt", method=12), "the compressed data is damaged"),
        (Raw(b"x.txt", method=14), "the compressed data is damaged"),
        (Raw(b"x.txt", size=9), "the compressed data is damaged"),
        (
            Raw(b"x.txt", name_there=b"y.txt"),
            "is a damaged member (file name in directory 'x.txt' and header b'y.txt' differ)",
        ),
    ],
)
def test_a_bad_member_of_a_zip_costs_the_others_nothing(member: Raw, reason: str, tmp_path: Path) -> None:
    items = read(tmp_path / "a.zip", raw_zip(Raw(b"a.txt"), member, Raw(b"b.txt")))
    assert ids(items) == ["a.zip/a.txt", "a.zip/b.txt"]
    assert said(items) == [("x.txt", reason)]


def test_a_member_with_a_wrong_sum_keeps_the_records_that_stand_before(tmp_path: Path) -> None:
    records = b'{"text": "a record"}\n' * 5000
    items = read(tmp_path / "a.zip", raw_zip(Raw(b"x.jsonl", records, crc=1)))
    assert len(ids(items)) > 4000
    assert len(said(items)) == 1


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_method_of_zip(method: int, tmp_path: Path) -> None:
    records = b'{"text": "a record"}\n' * 5000
    assert len(ids(read(tmp_path / "a.zip", zipped(("a.jsonl", records), method=method)))) == 5000


def test_lzma_that_asks_for_gigabytes_is_refused(tmp_path: Path) -> None:
    data = b"\x09\x04\x05\x00\x5d" + struct.pack("<I", 3 << 30) + bytes(40)
    items = read(tmp_path / "a.zip", raw_zip(Raw(b"x.txt", data, method=14), Raw(b"b.txt")))
    assert ids(items) == ["a.zip/b.txt"]
    assert said(items) == [("x.txt", "asks for more than 256 MiB to be decompressed")]


def test_a_zip_cut_at_every_byte_is_one_problem(tmp_path: Path) -> None:
    data = zipped(("a.txt", GOOD), ("b.txt", GOOD))
    for cut in range(8, len(data)):
        ((place, reason),) = said(read(tmp_path / "a.zip", data[:cut]))
        assert place == ""
        assert reason.startswith("is a damaged zip (")


def test_a_zip_with_text_before_and_after_it(tmp_path: Path) -> None:
    packed = zipped(("a.txt", GOOD))
    assert ids(read(tmp_path / "a.zip", packed + b"a comment that nobody announced")) == ["a.zip/a.txt"]
    assert ids(read(tmp_path / "b.zip", b"#!/bin/sh\n" + packed)) == ["b.zip/a.txt"]
    assert said(read(tmp_path / "c.zip", b"no zip")) == [
        ("", "is a damaged zip (it has no table of contents at its end, so it may be cut off)")
    ]


def test_members_that_lie_one_over_the_other_are_a_bomb(tmp_path: Path) -> None:
    """Fifield's bomb: many members share what is compressed, so that 42 kB unfold to gigabytes."""
    data = bytearray(raw_zip(*(Raw(b"a.txt", GOOD) for _ in range(50))))
    end = data.rindex(b"PK\5\6")
    begin = data.index(b"PK\1\2")
    for at in range(begin, end, 51):
        assert data[at : at + 4] == b"PK\1\2"
        data[at + 42 : at + 46] = bytes(4)
    assert said(read(tmp_path / "a.zip", bytes(data))) == [
        ("", "is a zip whose members lie one over the other, as only in a bomb")
    ]


def zeros(count: int) -> bytes:
    """So many times 64 MiB of zeros, deflated."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packing.compress(bytes(64 << 20)) + packing.flush(zlib.Z_FULL_FLUSH)
    return piece * count + b"\3\0"


def letters(count: int) -> bytes:
    """A record of JSON lines and so many times 64 MiB of one letter, as gzip."""
    return gzip.compress(b'{"text": "1"}\n') + gzip.compress(b"a" * (64 << 20)) * count


@pytest.mark.parametrize("kind", PACKERS)
def test_a_bomb_in_an_archive_ends_the_archive_within_bounds(kind: str, tmp_path: Path, read_bounded) -> None:
    path = tmp_path / f"a.{kind}"
    path.write_bytes(PACKERS[kind](("a.txt", GOOD), ("bomb.jsonl.gz", letters(64)), ("b.txt", GOOD)))
    result = read_bounded(path)
    ((place, reason, problem_kind),) = result.problems
    assert (result.articles, place, problem_kind) == (2, "bomb.jsonl.gz", "limit")
    assert reason.startswith("unfolds to more than 200 times its size")


def test_a_member_of_gigabytes_of_zeros(tmp_path: Path, read_bounded) -> None:
    packed = zeros(63)
    path = tmp_path / "a.zip"
    path.write_bytes(raw_zip(Raw(b"a.txt"), Raw(b"x.txt", packed, method=8, size=63 << 26), Raw(b"b.txt")))
    assert read_bounded(path) == (2, [("x.txt", "looks binary (it holds NUL bytes)", "format")])
    # In a tar it has to be passed over.
    path = tmp_path / "a.tar.gz"
    member = header(b"x.txt", 4 << 30, b"0")
    path.write_bytes(gzip.compress(tarred(("a.txt", GOOD))[:1024] + member) + gzip.compress(bytes(64 << 20)) * 64)
    result = read_bounded(path)
    assert result.articles == 1
    assert [problem[0] for problem in result.problems] == ["x.txt", ""]
    assert result.problems[1][2] == "limit"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_in_a_zip_of_another_method(method: int, tmp_path: Path, read_bounded) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(("bomb.jsonl", b'{"text": "1"}\n' + b"a" * (264 << 20)), method=method))
    ((_, reason, kind),) = read_bounded(path).problems
    assert reason.startswith("unfolds to more than 200 times its size")
    assert kind == "limit"


def test_zips_in_zips_in_zips(tmp_path: Path, read_bounded) -> None:
    """42.zip: five layers of sixteen zips, and 4 GB of zeros in each at the bottom."""
    data = raw_zip(Raw(b"0.dll", zeros(1), method=8, size=1 << 26))
    for layer in range(5):
        data = zipped(*((f"lib {layer}.{n}.zip", data) for n in range(16)))
    path = tmp_path / "42.zip"
    path.write_bytes(data)
    result = read_bounded(path)
    assert result.articles == 0
    assert {reason for _, reason, _ in result.problems} == {
        "is packed in more than 2 archives, one in the other (--max-archives)"
    }
    assert len(result.problems) == 256


def many(count: int) -> bytes:
    """A zip of so many empty members."""
    out, directory = bytearray(), bytearray()
    for number in range(count):
        name = b"%07d.txt" % number
        fields = (20, 0, 0, 0, 33, 0, 0, 0)
        directory += struct.pack("<4sH5H3I5H2I", b"PK\1\2", 20, *fields, len(name), 0, 0, 0, 0, 0, len(out)) + name
        out += struct.pack("<4s5H3I2H", b"PK\3\4", *fields, len(name), 0) + name
    begin, size = len(out), len(directory)
    end = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, begin)
    end += struct.pack("<4sIQI", b"PK\6\7", 0, begin + size, 1)
    end += struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return bytes(out + directory + end)


@pytest.mark.parametrize(("count", "problems"), [(100_000, 100_000), (1_200_000, 1)])
def test_a_zip_of_very_many_members(count: int, problems: int, tmp_path: Path, read_bounded) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(many(count))
    result = read_bounded(path)
    assert len(result.problems) == min(problems, 1000)
    reason = "is empty" if problems > 1 else "is a zip with a directory of more than 64 MiB"
    assert {problem[1] for problem in result.problems} == {reason}


@pytest.mark.parametrize("kind", PACKERS)
def test_an_archive_through_a_pipe(kind: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    data = PACKERS[kind](("a.txt", GOOD), ("b.txt", GOOD))
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    reading = open_articles(pipe, "pipe", explicit=True)
    assert ids(list(reading)) == ["pipe/a.txt", "pipe/b.txt"]
    assert reading.bytes_read == len(data)
    writer.join()


def open_files() -> int:
    """How many files this process has open, 0 where the system does not tell."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


@pytest.mark.parametrize("kind", PACKERS)
def test_a_reading_of_an_archive_can_be_left_early(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    path.write_bytes(PACKERS[kind](*((f"{n}.txt", os.urandom(100_000).hex().encode()) for n in range(9))))
    with open_articles(path, path.name) as reading:
        assert next(reading).id == f"a.{kind}/0.txt"
        before = open_files()
    assert open_files() == before - bool(before)
    assert list(reading) == []


@pytest.mark.parametrize("kind", PACKERS)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.data())
def test_any_damage_gives_articles_and_problems(kind: str, damage: st.DataObject, tmp_path: Path) -> None:
    data = bytearray(
        PACKERS[kind](("a.txt", GOOD), ("b.txt.gz", gzip.compress(GOOD)), ("x/c.jsonl", b'{"text": "1"}'))
    )
    for _ in range(damage.draw(st.integers(1, 4))):
        at = damage.draw(st.integers(1, len(data) - 1))
        data[at] = damage.draw(st.one_of(st.integers(0, 255), st.sampled_from([0, 1, 0x7F, 0x80, 0xFF])))
    if damage.draw(st.booleans()):
        del data[damage.draw(st.integers(1, len(data))) :]
    if layer_of(bytes(data)):
        return
    path = tmp_path / f"a.{kind}"
    path.write_bytes(data)
    items = list(open_articles(path, path.name))
    assert items or not data
    assert sum(isinstance(item, Problem) and item.origin.place == "" for item in items) <= 1
