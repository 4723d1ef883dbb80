"""Sizes and counts that claim gigabytes are refused before room is made for them.

What a forger may claim is tried in a process that has little memory to give: searchkit's own error must come of it,
never MemoryError, and the process must live.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from places import ROOT
from store import damages, forged_sizes

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is limited as Linux does it")

MEGABYTES = 160
HUGE = 2**32 - 1
Facts = dict[str, Any]
Forgery = Callable[[Path], None]


def forge_manifest(path: Path, change: Callable[[Facts], None]) -> None:
    index = json.loads((path / "manifest.json").read_bytes())["index"]
    change(index)
    checksum = zlib.crc32(json.dumps(index, sort_keys=True, separators=(",", ":")).encode())
    content = json.dumps({"checksum": checksum, "index": index}, indent=1)
    (path / "manifest.json").write_text(content + "\n", encoding="utf-8")


def forge_segment(path: Path, change: Callable[[bytearray, Facts], None]) -> None:
    data, facts = damages.opened((path / "segment-1").read_bytes())
    change(data, facts)
    (path / "segment-1").write_bytes(damages.sealed(data, facts))


def articles(count: int) -> Forgery:
    """Manifest and segment agree on a number of articles."""

    def forge(path: Path) -> None:
        def in_manifest(index: Facts) -> None:
            index["segments"][0].update(articles=count, live=count, deleted="")

        forge_manifest(path, in_manifest)
        forge_segment(path, lambda data, facts: facts.update(articles=count))

    return forge


def words(count: int) -> Forgery:
    def forge(path: Path) -> None:
        forge_manifest(path, lambda index: index["segments"][0].update(title_words=count, body_words=count))
        forge_segment(path, lambda data, facts: facts.update(title_words=count, body_words=count))

    return forge


def numbers(section: str, value: int, *, kind: str = "I", every: int = 1) -> Forgery:
    """Every so many numbers of a section are this one."""

    def change(data: bytearray, facts: Facts) -> None:
        offset, size = facts["sections"][section]
        step = struct.calcsize(kind)
        for at in range(offset, offset + size - step + 1, step * every):
            data[at : at + step] = struct.pack(f"<{kind}", value)

    return lambda path: forge_segment(path, change)


def together(*forgeries: Forgery) -> Forgery:
    def forge(path: Path) -> None:
        for one in forgeries:
            one(path)

    return forge


def postings_of(value: bytes) -> Forgery:
    """Bytes at the beginning of every term's postings, and again sixteen bytes further on."""

    def change(data: bytearray, facts: Facts) -> None:
        offset = facts["sections"]["postings"][0]
        begin, size = facts["sections"]["postings.ends"]
        ends = struct.unpack(f"<{size // 8}Q", data[begin : begin + size])
        for at, end in zip((0, *ends), ends, strict=False):
            for place in (at, at + 16):
                if place + len(value) <= end:
                    data[offset + place : offset + place + len(value)] = value

    return lambda path: forge_segment(path, change)


def wide_frequencies(value: int) -> Forgery:
    """Every term has one full block of postings, about the first 128 articles, each this often."""
    head = bytes([0, 32, 0])
    size = 20 + len(head) + 512
    postings = struct.pack("<4If", 127, size, 0, 0, 1.0) + head + struct.pack("<128I", *[value - 1] * 128)
    term = postings + bytes(2)

    def change(data: bytearray, facts: Facts) -> None:
        sections = facts["sections"]
        terms = sections["stems.ends"][1] // 4
        columns = {
            "postings": term * terms,
            "postings.ends": struct.pack(f"<{terms}Q", *(len(term) * (at + 1) for at in range(terms))),
            "stems.splits": struct.pack("<I", len(postings)) * terms,
            "stems.articles": struct.pack("<I", 128) * terms,
            "stems.occurrences": struct.pack("<I", 256) * terms,
        }
        for name, content in columns.items():
            data += bytes(-len(data) % 8)
            sections[name] = [len(data), len(content)]
            data += content
        facts["length"] = len(data)

    return lambda path: forge_segment(path, change)


def block_of_texts(packed: bytes) -> Forgery:
    """There is one block of texts, and it is this one."""

    def change(data: bytearray, facts: Facts) -> None:
        data += bytes(-len(data) % 8)
        facts["sections"]["texts"] = [len(data), len(packed)]
        data += packed
        facts["length"] = len(data)
        begin, size = facts["sections"]["texts.ends"]
        data[begin : begin + size] = struct.pack("<Q", len(packed)) * (size // 8)

    return lambda path: forge_segment(path, change)


def bomb(size: int) -> bytes:
    """So many zeros, well packed."""
    return zstandard.ZstdCompressor(level=19).compress(bytes(size))


def claimed(size: int) -> bytes:
    """A frame that says it holds so much, and is cut off."""
    return b"\x28\xb5\x2f\xfd" + b"\xe0" + struct.pack("<Q", size) + b"\x01\x00\x00"


def longer(name: str, size: int) -> Forgery:
    """A file with a hole behind it."""
    return lambda path: os.truncate(next(iter(path.glob(name))), size)


def behind_the_hole(path: Path) -> None:
    """A segment whose table of contents claims all of a large file for itself."""
    whole = (path / "segment-1").read_bytes()
    with (path / "segment-1").open("r+b") as file:
        file.truncate(100 << 20)
        file.seek((100 << 20) - 16)
        file.write(struct.pack("<II", HUGE, 0) + whole[-8:])


FORGERIES: dict[str, Forgery] = {
    "table of contents": behind_the_hole,
    **{f"articles {count}": articles(count) for count in (2**28, 2**31, 2**32, 2**40, 2**62)},
    **{f"words {count}": words(count) for count in (2**31, 2**62)},
    **{
        f"{section} {value}": numbers(section, value)
        for section in (
            "stems.articles", "stems.occurrences", "stems.splits", "stems.ends", "forms.ends", "forms.first",
            "forms.sorted", "ids.ends", "ids.articles", "sources", "sources.names.ends", "lengths.title",
            "lengths.body", "borders", "borders.ends", "days", "texts.places",
        )
        for value in (2**26, HUGE)
    },
    **{f"{section} {2**62}": numbers(section, 2**62, kind="Q") for section in ("texts.ends", "postings.ends")},
    "articles and occurrences": together(numbers("stems.articles", 2**27), numbers("stems.occurrences", HUGE)),
    "occurrences of some": numbers("stems.occurrences", HUGE, every=3),
    "last form": numbers("forms.first", 2**30, every=2),
    "frequencies": postings_of(b"\x00\xff\xff\xff\xff\x0f\x00"),
    **{f"wide frequencies {value}": wide_frequencies(value) for value in (3, 2**27, 2**31, HUGE)},
    "blocks": postings_of(struct.pack("<5I", 100, HUGE, 0, HUGE, HUGE)),
    "postings": postings_of(b"\xff" * 20),
    "claimed block": block_of_texts(claimed(1 << 30)),
    "claimed block beyond": block_of_texts(claimed(1 << 62)),
    "packed gigabyte": block_of_texts(bomb(1 << 30)),
    "packed gigabyte that may be one": block_of_texts(bomb(250 << 20)),
    "longer segment": longer("segment-1", 8 << 30),
    "longer manifest": longer("manifest.json", 8 << 30),
    "longer deletions": longer("deleted-*", 8 << 30),
    "longer table for Whoosh": longer("_MAIN_*.toc", 8 << 30),
}  # fmt: skip


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forged")
    damages.make_small_index(folder / "sound")
    files = {entry.name: entry.read_bytes() for entry in (folder / "sound").iterdir()}
    for name, forge in FORGERIES.items():
        (folder / name).mkdir()
        for file, content in files.items():
            (folder / name / file).write_bytes(content)
        forge(folder / name)
    return folder


def run(folder: Path, names: list[str], **environment: str) -> dict[str, list[str]]:
    """The errors that came of each index."""
    done = subprocess.run(
        [sys.executable, str(Path(forged_sizes.__file__)), str(folder), str(MEGABYTES), *names],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", **environment},
        timeout=600,
        check=False,
    )
    found = dict(map(json.loads, done.stdout.splitlines()))
    assert done.returncode == 0, f"ended with {done.returncode} after {list(found)[-1:]}\n{done.stderr[-4000:]}"
    assert list(found) == names
    return found


@pytest.mark.parametrize("kernels", ["compiled", pytest.param("plain", marks=pytest.mark.long)])
def test_what_claims_gigabytes_is_damage(forged: Path, kernels: str) -> None:
    environment = {"SEARCHKIT_KERNELS": "plain"} if kernels == "plain" else {}
    found = run(forged, list(FORGERIES), **environment)
    assert {name for name, errors in found.items() if not errors} == set()


def test_a_sound_index_is_read_with_so_little_memory(forged: Path) -> None:
    assert run(forged, ["sound"]) == {"sound": []}
