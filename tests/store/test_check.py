"""`check` finds whatever is wrong, and says where."""

from __future__ import annotations

import datetime
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from places import Run
from store.damages import make_index, opened, sealed

from searchkit.article import Article
from searchkit.errors import IndexMissing, NotAnIndex
from searchkit.local.whoosh_codec import about_table
from searchkit.store.check import check_index
from searchkit.store.writer import StoreWriter

Change = Callable[[bytearray], None]


def small_index(path: Path, *, bodies: tuple[str, ...] = ("Alpha beta. Beta again", "gamma alpha", "beta")) -> None:
    with StoreWriter(path) as writer:
        for number, body in enumerate(bodies):
            day = datetime.date(2020, 1, 1 + number // 2)
            writer.put(Article(f"id{number}", "The title", body, day, source=f"source {number}"))
        writer.commit()
        writer.remove("id0")
        writer.commit()


@pytest.fixture
def index(tmp_path: Path) -> Path:
    small_index(tmp_path / "index")
    return tmp_path / "index"


def forge(file: Path, section: str, change: Change) -> None:
    """Change the bytes of a section and make every checksum right."""
    data, facts = opened(file.read_bytes())
    offset, size = facts["sections"][section]
    part = data[offset : offset + size]
    change(part)
    assert len(part) == size
    data[offset : offset + size] = part
    file.write_bytes(sealed(data, facts))


def number(at: int, value: int) -> Change:
    """Write a number of 32 bits."""
    return lambda part: struct.pack_into("<I", part, 4 * at, value)


def swapped(size: int) -> Change:
    """The first two elements change places."""

    def swap(part: bytearray) -> None:
        part[: 2 * size] = part[size : 2 * size] + part[:size]

    return swap


def test_a_sound_index_is_sound_and_everything_in_it_was_walked(tmp_path: Path) -> None:
    make_index(tmp_path / "index")
    for deep in (False, True):
        report = check_index(tmp_path / "index", deep=deep)
        assert (report.findings, report.orphans, report.sound, report.deep) == ((), (), True, deep)
    counts = report.counts
    assert (counts.files, counts.segments, counts.articles, counts.live) == (7, 4, 931, 927)
    named = [entry for entry in (tmp_path / "index").iterdir() if entry.name != "writer.lock"]
    assert counts.bytes == sum(entry.stat().st_size for entry in named)
    assert min(counts.pages, counts.stems, counts.forms, counts.postings, counts.borders) > 0
    assert counts.positions > counts.postings > counts.articles


def test_an_index_without_articles_is_sound(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "index") as writer:
        writer.commit()
    assert check_index(tmp_path / "index", deep=True).sound
    with StoreWriter(tmp_path / "index") as writer:
        writer.put(Article("", "", ""))
        writer.commit()
    assert check_index(tmp_path / "index", deep=True).findings == ()


def test_an_orphan_is_mentioned_and_no_error(index: Path) -> None:
    (index / "segment-77").write_bytes(b"left behind")
    report = check_index(index)
    assert (report.orphans, report.sound) == (("segment-77",), True)


def test_where_there_is_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        check_index(tmp_path / "none")
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotAnIndex):
        check_index(tmp_path / "file")


def test_every_flipped_bit_is_found(index: Path) -> None:
    flipped = 0
    for file in sorted(index.iterdir()):
        if file.name == "writer.lock":
            continue
        content = bytearray(file.read_bytes())
        for at in range(8 * len(content)):
            content[at >> 3] ^= 1 << (at & 7)
            file.write_bytes(content)
            assert not check_index(index).sound, (file.name, at)
            content[at >> 3] ^= 1 << (at & 7)
            flipped += 1
        file.write_bytes(content)
    assert check_index(index).sound
    assert flipped > 10_000


@pytest.mark.parametrize(
    ("section", "change", "place", "what"),
    [
        ("lengths.body", number(0, 77), "live articles", "do not add up"),
        ("days", number(0, 800_000), "days", "is older than the one before"),
        ("days", number(2, 4_000_000), "days", "beyond the calendar"),
        ("ids.digests", swapped(8), "ids", "digest"),
        ("ids.articles", number(0, 9), "ids", "one article each"),
        ("sources", number(0, 3), "sources", "without a name"),
        ("sources", swapped(4), "texts", "names another source"),
        ("texts.places", swapped(8), "texts", "is that of 'id"),
        ("texts.places", number(0, 5), "texts", "cannot be unpacked"),
        ("texts", number(1, 0), "texts", "cannot be unpacked"),
        ("texts.ends", number(0, 7), "sections", "'texts' does not end"),
        ("ids.ends", swapped(4), "sections", "the ends of 'ids' do not ascend"),
        ("stems", lambda part: part.reverse(), "dictionary", "the stems do not ascend"),
        ("forms.first", number(0, 1), "dictionary", "not grouped"),
        ("forms.sorted", swapped(4), "dictionary", "is none"),
        ("forms.sorted", number(0, 99), "dictionary", "each form once"),
        ("borders", number(0, 2 * 99), "borders", "begins outside"),
        ("stems.articles", number(0, 2), "postings", ""),
        ("stems.occurrences", number(0, 9), "postings", ""),
        ("stems.splits", number(0, 0), "postings", ""),
        (
            "stems.peaks",
            lambda part: struct.pack_into("<f", part, 0, 0.0),
            "postings",
            "the peak of stem 0 is too low",
        ),
        ("stems.peaks", lambda part: struct.pack_into("<f", part, 0, float("nan")), "postings", "peak"),
    ],
)
def test_what_is_said_twice_must_agree(index: Path, section: str, change: Change, place: str, what: str) -> None:
    forge(index / "segment-1", section, change)
    report = check_index(index)
    assert any(
        finding.file == "segment-1" and finding.place == place and what in finding.what for finding in report.findings
    ), report.findings


def test_the_live_articles_agree_with_the_manifest(index: Path) -> None:
    deleted = next(entry for entry in index.iterdir() if entry.name.startswith("deleted-"))
    forge(deleted, "live", lambda part: part.__setitem__(0, 0xFF))
    assert "the manifest says 2 live articles, and there are 3" in [f.what for f in check_index(index).findings]


def test_an_id_is_live_once(tmp_path: Path) -> None:
    path = tmp_path / "index"
    with StoreWriter(path) as writer:
        for text in ("first", "second"):
            writer.put(Article("same" if text == "first" else "sane", "", text))
            writer.commit()
    data, facts = opened((path / "segment-1").read_bytes())
    # The second segment becomes a copy of the first, with all that the manifest says of it.
    (path / "segment-3").write_bytes(sealed(data, facts))
    content = json.loads((path / "manifest.json").read_text())
    first, second = content["index"]["segments"]
    content["index"]["segments"][1] = {**first, "name": second["name"]}
    text = json.dumps(content["index"], sort_keys=True, separators=(",", ":"))
    content["checksum"] = zlib.crc32(text.encode())
    (path / "manifest.json").write_text(json.dumps(content, indent=1) + "\n")
    [finding] = check_index(path).findings
    assert finding.what == "the id 'same' is live twice, here and in segment-1"


def test_a_position_behind_the_end_of_its_article_is_found(index: Path) -> None:
    """Lengths that agree in sum and not one by one."""

    def one_to_the_other(part: bytearray) -> None:
        first, second, third = struct.unpack("<3I", part)
        part[:] = (
            struct.pack("<3I", first, second + third - 1, 1) if third > 1 else struct.pack("<3I", 1, second, first)
        )

    forge(index / "segment-1", "lengths.body", one_to_the_other)
    report = check_index(index)
    assert any("behind the end of its article" in finding.what for finding in report.findings), report.findings


def test_only_a_deep_look_sees_words_that_changed_places(tmp_path: Path) -> None:
    for name, words in (("one", "alpha beta gamma"), ("other", "gamma beta alpha")):
        with StoreWriter(tmp_path / name) as writer:
            writer.put(Article("id", "", words))
            writer.commit()
    contents = [(tmp_path / name / "segment-1").read_bytes() for name in ("one", "other")]
    (one, facts), (other, other_facts) = map(opened, contents)
    assert facts == other_facts
    offset, size = facts["sections"]["texts"]
    one[offset : offset + size] = other[offset : offset + size]
    (tmp_path / "one" / "segment-1").write_bytes(sealed(one, facts))
    assert check_index(tmp_path / "one").sound
    report = check_index(tmp_path / "one", deep=True)
    assert {finding.what for finding in report.findings} == {
        "stem 0 does not stand where it stands in the texts",
        "stem 2 does not stand where it stands in the texts",
    }


def test_the_command_says_what_is_wrong_and_ends_with_1(index: Path, searchkit: Run) -> None:
    done = searchkit("check", "--index", str(index))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "The index is sound."
    (index / "segment-9").write_bytes(b"")
    content = bytearray((index / "segment-1").read_bytes())
    content[100] ^= 1
    (index / "segment-1").write_bytes(content)
    done = searchkit("check", "--index", str(index))
    assert (done.returncode, done.stderr) == (1, "")
    first, orphans, _, last = done.stdout.splitlines()
    assert first.startswith("damaged: segment-1, page 0 (byte 0; ")
    assert first.endswith("): it is not what was written")
    assert orphans.endswith(": segment-9")
    assert last.startswith("1 thing is wrong.")
    done = searchkit("check", "--json", "--deep", "--index", str(index))
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["sound"], answer["deep"], answer["orphans"]) == (1, False, True, ["segment-9"])
    assert [finding["file"] for finding in answer["findings"]] == ["segment-1"]
    (index / "manifest.json").write_bytes(b"{}")
    done = searchkit("check", "--index", str(index))
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "damaged: manifest.json: it makes no sense")
    done = searchkit("check", "--index", str(index.parent / "none"))
    assert (done.returncode, done.stdout) == (2, "")


def test_the_table_for_whoosh_is_compared_too(searchkit: Run, tmp_path: Path) -> None:
    """searchkit never reads it, but whoever opens the index with Whoosh does."""
    (tmp_path / "news").mkdir()
    (tmp_path / "news" / "a.txt").write_text("Police at the parade.")
    assert searchkit("index", "news", "--index", "i").returncode == 0
    (table,) = (tmp_path / "i").glob("_MAIN_*.toc")
    sound = table.read_bytes()
    assert searchkit("check", "--index", "i").returncode == 0
    for at in range(0, len(sound), 97):
        table.write_bytes(sound[:at] + bytes([sound[at] ^ 4]) + sound[at + 1 :])
        done = searchkit("check", "--index", "i") if at % 4 == 0 else None
        finding = about_table(tmp_path / "i")
        assert finding is not None
        assert finding.file == table.name
        assert done is None or (done.returncode == 1 and table.name in done.stdout)
    # It is written behind the commit, and a crash may come between.
    table.unlink()
    assert searchkit("check", "--index", "i").returncode == 0
