"""What merging costs and leaves: few segments whatever the commits, and no byte written again too often."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from store.damages import opened, sealed

from searchkit.article import Article
from searchkit.engine import Request
from searchkit.errors import IndexDamaged
from searchkit.local.engine import LocalEngine
from searchkit.query import Word
from searchkit.store.check import check_index
from searchkit.store.folder import Folder, Output
from searchkit.store.manifest import SegmentEntry, read_manifest
from searchkit.store.merge import FACTOR, to_merge
from searchkit.store.writer import StoreWriter


class CountingFolder(Folder):
    """A folder that counts the bytes of the segments that are written into it."""

    written = 0

    def create(self, name: str) -> Output:
        output = super().create(name)
        if not name.startswith("segment-"):
            return output
        folder = self

        class Counting:
            def write(self, data: bytes | memoryview) -> None:
                folder.written += len(data)
                output.write(data)

            def sync(self) -> None:
                output.sync()

            def close(self) -> None:
                output.close()

        return Counting()


def test_a_thousand_small_commits_leave_few_segments(tmp_path: Path) -> None:
    folders: list[CountingFolder] = []

    def folder(path: Path) -> Folder:
        folders.append(CountingFolder(path))
        return folders[-1]

    with StoreWriter(tmp_path / "i", make_folder=folder) as writer:
        for number in range(1000):
            writer.put(Article(f"id{number}", f"Title {number}", f"Police at parade number {number}. " * 20))
            writer.commit()
    engine = LocalEngine(tmp_path / "i")
    assert int(engine.statistics().versions["segments"]) < 2 * FACTOR
    assert engine.search(Request(Word("police"))).total == 1000
    assert check_index(tmp_path / "i", deep=True).sound
    # Each commit writes a file of some kilobytes whatever is in it; those are counted as written once.
    written = sum(folder.written for folder in folders)
    least = written / (1 + math.log(1000, FACTOR))
    standing = sum(path.stat().st_size for path in (tmp_path / "i").glob("segment-*"))
    assert standing > 0
    assert least < standing + 1000 * 6_000


def test_no_byte_is_written_again_more_than_once_a_tier() -> None:
    """The policy alone, over commits of very different sizes: merges are counted by the bytes that they write."""
    entries: list[SegmentEntry] = []
    written = first = 0
    for number in range(5000):
        size = 10_000 * (1 + number * number % 97)
        first += size
        entries.append(SegmentEntry(f"segment-{number}", size, 10, 10, 1, 1))
        while chosen := to_merge(entries):
            merged = sum(entry.bytes for entry in chosen)
            written += merged
            entries = [entry for entry in entries if entry not in chosen]
            entries.append(SegmentEntry(f"segment-{number}m{written}", merged, 10, 10, 1, 1))
    tiers = 1 + math.ceil(math.log(max(entry.bytes for entry in entries) / (1 << 20), FACTOR))
    assert written <= tiers * first
    assert len(entries) <= 2 * FACTOR * tiers


def test_a_segment_that_is_half_deleted_is_written_alone() -> None:
    whole = SegmentEntry("segment-1", 1000, 10, 10, 1, 1)
    emptied = SegmentEntry("segment-2", 1000, 10, 4, 1, 1)
    assert to_merge([whole, emptied]) == [emptied]
    assert to_merge([whole] * (FACTOR - 1)) == []
    assert to_merge([whole] * FACTOR) == [whole] * FACTOR


WORDS = ["alpha", "bravo", "delta", "gamma"]


def forged(path: Path, segment: str, stems: list[str]) -> None:
    """Give a segment other stems of the same lengths, with every checksum right."""
    data, facts = opened((path / segment).read_bytes())
    offset, size = facts["sections"]["stems"]
    content = "".join(stems).encode()
    assert len(content) == size
    data[offset : offset + size] = content
    (path / segment).write_bytes(sealed(data, facts))


@pytest.fixture
def seven(tmp_path: Path) -> Path:
    """An index of as many small segments as stand beside each other; the next commit merges them."""
    with StoreWriter(tmp_path / "i") as writer:
        for number in range(FACTOR - 1):
            writer.put(Article(f"id{number}", "", " ".join(WORDS)))
            writer.commit()
    assert len(read_manifest(tmp_path / "i").segments) == FACTOR - 1
    return tmp_path / "i"


@pytest.mark.parametrize("which", [0, 3, FACTOR - 2])
@pytest.mark.parametrize(
    "stems",
    [
        ["bravo", "alpha", "delta", "gamma"],
        ["alpha", "bravo", "gamma", "delta"],
        ["gamma", "delta", "bravo", "alpha"],
        ["alpha", "bravo", "bravo", "gamma"],
        ["gamma", "gamma", "gamma", "gamma"],
    ],
    ids="-".join,
)
def test_stems_that_do_not_ascend_are_refused(seven: Path, stems: list[str], which: int) -> None:
    """A look-up could miss what is merged out of order; the commit before stays as it is."""
    before = read_manifest(seven)
    forged(seven, before.segments[which].name, stems)
    with StoreWriter(seven) as writer:
        writer.put(Article("more", "", " ".join(WORDS)))
        with pytest.raises(IndexDamaged, match="its stems do not ascend"):
            writer.commit()
    assert read_manifest(seven) == before
    with StoreWriter(seven) as writer:
        assert {file.name for file in seven.glob("segment-*")} == before.files()
        writer.clear()
        writer.put(Article("new", "", "alpha"))
        writer.commit()
    assert check_index(seven, deep=True).sound
