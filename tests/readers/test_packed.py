"""Compression is looked through: what was whole before a fault stays, and the fault is one Problem."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from searchkit.article import Article, Problem
from searchkit.readers import Settings, open_articles
from searchkit.readers.packed import without_suffix

Pack = Callable[[bytes], bytes]


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


PACKS: dict[str, Pack] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd}
ENDS_EARLY = "the compressed data ends too early"
DAMAGED = "the compressed data is damaged"


def lines(count: int) -> bytes:
    """Records of JSON lines that do not compress into almost nothing."""
    words = ((n * 2654435761 % 4294967291).to_bytes(4, "big").hex() for n in range(count))
    return b"".join(b'{"text": "%s line"}\n' % word.encode() for word in words)


def unpacked(kind: str, data: bytes) -> bytes:
    """What the library gives of a stream that was cut, as an independent witness."""
    if kind == "gz":
        return zlib.decompressobj(31).decompress(data)
    if kind == "bz2":
        return bz2.BZ2Decompressor().decompress(data)
    if kind == "xz":
        return lzma.LZMADecompressor().decompress(data)
    return zstandard.ZstdDecompressor().decompressobj().decompress(data) if data else b""


def read(path: Path, data: bytes, **how: int) -> tuple[int, list[str]]:
    path.write_bytes(data)
    items = list(open_articles(path, path.name, settings=Settings(**how)))
    return (
        sum(isinstance(item, Article) for item in items),
        [item.reason for item in items if isinstance(item, Problem)],
    )


def after(count: int, reason: str) -> str:
    if not count:
        return reason
    return f"{reason}: {count:,} {'article was' if count == 1 else 'articles were'} read before that"


@pytest.mark.parametrize("kind", PACKS)
@pytest.mark.parametrize("count", [1, 20_000])
def test_a_whole_stream_is_read_whole_by_its_content(kind: str, count: int, tmp_path: Path) -> None:
    data = PACKS[kind](lines(count))
    assert read(tmp_path / f"a.jsonl.{kind}", data) == (count, [])
    assert read(tmp_path / "a.jsonl", data) == (count, [])
    assert read(tmp_path / "a.jsonl.gz", data) == (count, [])


@pytest.mark.parametrize("kind", PACKS)
def test_a_stream_cut_at_every_byte_keeps_what_was_whole(kind: str, tmp_path: Path) -> None:
    data = PACKS[kind](lines(40))
    for cut in range(10, len(data)):
        whole = unpacked(kind, data[:cut]).count(b"\n")
        assert read(tmp_path / "a.jsonl", data[:cut]) == (whole, [after(whole, ENDS_EARLY)]), cut


@pytest.mark.parametrize("kind", PACKS)
def test_a_long_stream_cut_anywhere_keeps_what_was_whole(kind: str, tmp_path: Path) -> None:
    data = PACKS[kind](lines(30_000))
    for tenth in range(1, 10):
        cut = len(data) * tenth // 10
        whole = unpacked(kind, data[:cut]).count(b"\n")
        assert read(tmp_path / "a.jsonl", data[:cut]) == (whole, [after(whole, ENDS_EARLY)])


def test_an_array_in_a_cut_stream_keeps_its_whole_records(tmp_path: Path) -> None:
    """The block of text that stood before the cut was once lost with it."""
    records = lines(2000).splitlines()
    data = gzip.compress(b"[" + b",".join(records) + b"]")
    count, reasons = read(tmp_path / "a.json", data[: len(data) // 2])
    assert count > 900
    assert reasons == [after(count, ENDS_EARLY)]


@pytest.mark.parametrize("kind", PACKS)
def test_streams_follow_each_other_and_are_padded(kind: str, tmp_path: Path) -> None:
    pack = PACKS[kind]
    data = pack(lines(3)) + pack(b"") + pack(lines(4)) + bytes(512) + pack(lines(5)) + bytes(70_000)
    assert read(tmp_path / f"a.jsonl.{kind}", data) == (12, [])


@pytest.mark.parametrize("kind", PACKS)
@pytest.mark.parametrize(
    "garbage", [b"garbage after the end of it", b"\0\0\0\0 garbage that is longer", b"x" * 100_000]
)
def test_garbage_after_a_stream_is_one_problem(kind: str, garbage: bytes, tmp_path: Path) -> None:
    assert read(tmp_path / f"a.jsonl.{kind}", PACKS[kind](lines(9)) + garbage) == (9, [after(9, DAMAGED)])


@pytest.mark.parametrize(("at", "what"), [(-1, "length"), (-8, "sum")])
def test_a_gzip_stream_with_a_wrong_sum_has_been_read(at: int, what: str, tmp_path: Path) -> None:
    data = bytearray(gzip.compress(lines(9)))
    data[at] ^= 0xFF
    assert read(tmp_path / "a.jsonl.gz", bytes(data)) == (9, [after(9, DAMAGED)]), what


def test_a_gzip_header_may_hold_everything_that_it_can(tmp_path: Path) -> None:
    plain = gzip.compress(lines(2))
    extra = b"ab" + b"x" * 300
    header = b"\x1f\x8b\x08\x1e" + bytes(6) + struct.pack("<H", len(extra)) + extra + b"a name\0a comment\0"
    data = header + struct.pack("<H", zlib.crc32(header) & 0xFFFF) + plain[10:]
    assert read(tmp_path / "a.jsonl.gz", data) == (2, [])
    for cut in range(3, len(header) + 2):
        assert read(tmp_path / "a.jsonl.gz", data[:cut]) == (0, [ENDS_EARLY])


@pytest.mark.parametrize("header", [b"\x1f\x8b\x07" + bytes(99), b"\x1f\x8b\x08\xe0" + bytes(99)])
def test_a_gzip_header_of_no_known_kind(header: bytes, tmp_path: Path) -> None:
    assert read(tmp_path / "a.jsonl.gz", header) == (0, [DAMAGED])


def test_a_gzip_header_with_a_name_without_end(tmp_path: Path) -> None:
    data = b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * (4 << 20)
    assert read(tmp_path / "a.jsonl.gz", data) == (0, [DAMAGED])


@pytest.mark.parametrize("kind", PACKS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.data())
def test_any_damage_gives_articles_and_one_problem_at_most(kind: str, damage: st.DataObject, tmp_path: Path) -> None:
    data = bytearray(PACKS[kind](lines(200)))
    for _ in range(damage.draw(st.integers(1, 3))):
        at = damage.draw(st.integers(6, len(data) - 1))
        data[at] ^= damage.draw(st.integers(1, 255))
    path = tmp_path / "a.jsonl"
    path.write_bytes(data)
    items = list(open_articles(path, path.name))
    assert items
    assert sum(isinstance(item, Problem) and item.origin.place == "" for item in items) <= 1


@pytest.mark.parametrize("kind", PACKS)
def test_layers_are_followed_so_far_and_no_further(kind: str, tmp_path: Path) -> None:
    data = lines(3)
    for _ in range(3):
        data = PACKS[kind](data)
    assert read(tmp_path / "a.jsonl.gz.gz.gz", data) == (3, [])
    assert read(tmp_path / "a.jsonl.gz", PACKS[kind](data)) == (
        0,
        ["is compressed more than 3 times over (--max-archives)"],
    )
    assert read(tmp_path / "a.jsonl.gz", PACKS[kind](data), archives=3) == (3, [])


def test_a_chain_of_a_thousand_layers(tmp_path: Path) -> None:
    data = b"text"
    for _ in range(1000):
        data = gzip.compress(data, 1)
    assert read(tmp_path / "a.txt.gz", data) == (0, ["is compressed more than 3 times over (--max-archives)"])


def greedy_xz() -> bytes:
    """A stream whose dictionary has 1 GiB: the byte of the block's header that says so, and its sum, are set."""
    data = bytearray(lzma.compress(lines(3)))
    length = (data[12] + 1) * 4
    data[16] = 36
    data[12 + length - 4 : 12 + length] = struct.pack("<I", zlib.crc32(data[12 : 12 + length - 4]))
    return bytes(data)


def greedy_zstd() -> bytes:
    """A frame with a window of 1 GiB."""
    packing = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    data = bytearray(packing.compress(lines(3)) + packing.flush())
    assert not data[4] & 0x20
    data[5] = (30 - 10) << 3
    return bytes(data)


@pytest.mark.parametrize("make", [greedy_xz, greedy_zstd])
def test_what_asks_for_gigabytes_of_memory_is_refused(make: Callable[[], bytes], tmp_path: Path) -> None:
    assert read(tmp_path / "a.jsonl", make()) == (0, ["asks for more than 256 MiB to be decompressed"])


def bomb(kind: str, content: bytes) -> bytes:
    """Gigabytes that begin with some bytes and go on with one letter."""
    return PACKS[kind](content) + PACKS[kind](b"a" * (64 << 20)) * 64


@pytest.mark.parametrize("kind", PACKS)
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("bomb.txt", b"A text", "is larger than 64 MiB, more than one article can be"),
        (
            "bomb.jsonl",
            b'{"text": "1"}\n',
            "unfolds to more than 200 times its size (--max-expansion), as no text does: 1 article was",
        ),
        ("bomb.csv", b"title,text\n1,2\n", ""),
    ],
)
def test_a_bomb_is_left_within_bounds(
    kind: str, name: str, content: bytes, reason: str, tmp_path: Path, read_bounded
) -> None:
    path = tmp_path / f"{name}.{kind}"
    path.write_bytes(bomb(kind, content))
    result = read_bounded(path)
    assert len(result.problems) == 1
    assert result.problems[0][1].startswith(reason)
    assert result.problems[0][2] == "limit"


def test_a_bomb_in_layers_is_left_within_bounds(tmp_path: Path, read_bounded) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(gzip.compress(bomb("gz", b'{"text": "1"}\n'))))
    ((_, reason, kind),) = read_bounded(path).problems
    assert (reason.partition(" of")[0][:21], kind) == ("unfolds to more than ", "limit")


def test_what_is_expanded_is_measured_by_the_settings(tmp_path: Path) -> None:
    data = gzip.compress(b'{"text": "word"}\n' * 100_000)
    assert read(tmp_path / "a.jsonl.gz", data) == (100_000, [])
    count, reasons = read(tmp_path / "a.jsonl.gz", data, expansion=10, expansion_from=1 << 16)
    assert 0 < count < 100_000
    assert reasons == [after(count, "unfolds to more than 10 times its size (--max-expansion), as no text does")]


@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("a.jsonl.gz", "a.jsonl"),
        ("a.TXT.BZ2", "a.TXT"),
        ("a.tgz", "a.tar"),
        ("a.tar.zst", "a.tar"),
        ("a.v1.txz", "a.v1.tar"),
        ("plain", "plain"),
        ("a.txt", "a.txt"),
        (".gz", ".gz"),
    ],
)
def test_the_name_of_what_is_within(name: str, within: str) -> None:
    assert without_suffix(name) == within


def test_without_the_faster_library_all_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where isal cannot be installed, zlib does its work."""
    import importlib

    import searchkit.readers.packed as packed

    data = gzip.compress(lines(5000))
    monkeypatch.setitem(sys.modules, "isal", None)
    plain = importlib.util.module_from_spec(importlib.util.spec_from_file_location("packed_plainly", packed.__file__))
    plain.__spec__.loader.exec_module(plain)
    assert plain.crc32 is zlib.crc32
    for part in (data, data[: len(data) // 2]):
        budget = plain.Budget(lambda: len(data), len(data), 200, 1 << 28)
        stream = plain.unfolded(io.BufferedReader(io.BytesIO(part)), ".gz", budget)
        assert stream.read1(1 << 20) == unpacked("gz", part)
