"""Postings that the kernel wrote are read back by the plain reader, and damage is noticed."""

from __future__ import annotations

import array
import random
import struct
from pathlib import Path

import pytest

from searchkit.article import Article
from searchkit.errors import IndexDamaged
from searchkit.local import open_writer
from searchkit.store.builder import GAP
from searchkit.store.kernels import TermOutput
from searchkit.store.postings import BLOCK, TermPostings, read_postings, unpack
from searchkit.store.snapshot import Snapshot

SCALE = (2.0, 1.0, 0.1, 1.0, 0.1)
# (article, position, form)
Occurrence = tuple[int, int, int]


class Damaged(Exception):
    pass


def occurrences(chance: random.Random, articles: int, most: int, forms: int) -> list[Occurrence]:
    found = []
    for article in sorted(chance.sample(range(4 * articles), articles)):
        for position in sorted(chance.sample(range(200), chance.randint(1, most))):
            found.append((article, position, chance.randrange(forms)))
    return found


def encoded(entries: list[Occurrence], lengths: list[int], forms: int) -> tuple[bytes, bytes]:
    parts: list[bytes] = []
    titles = array.array("I", lengths)
    output = TermOutput(titles, array.array("I", [300] * len(lengths)), SCALE, parts.append)
    output.add(array.array("Q", [a << 38 | p << 12 | f for a, p, f in entries]), forms)
    output.flush()
    data = b"".join(parts)
    (split,) = struct.unpack("<I", output.sections()["stems.splits"])
    return data[:split], data[split:]


def read(data: tuple[bytes, bytes], entries: list[Occurrence], limit: int, forms: int) -> TermPostings:
    return TermPostings(
        *data,
        count=len({entry[0] for entry in entries}),
        occurrences=len(entries),
        forms=forms,
        limit=limit,
        damaged=Damaged,
    )


@pytest.mark.parametrize("forms", [1, 2, 700])
@pytest.mark.parametrize("articles", [1, 2, 127, 128, 129, 256, 700])
@pytest.mark.parametrize("most", [1, 3, 150])
def test_what_the_kernel_wrote_is_read_back(articles: int, most: int, forms: int) -> None:
    chance = random.Random(f"{articles} {most} {forms}")
    entries = occurrences(chance, articles, most, forms)
    lengths = [chance.choice([0, 5, 50]) for _ in range(4 * articles)]
    data = encoded(entries, lengths, forms)
    postings = read(data, entries, 4 * articles, forms)
    again = [
        (article, position, form)
        for number, article in enumerate(postings.articles)
        for position, form in postings.positions(number)
    ]
    assert again == [(a, p, f if forms > 1 else 0) for a, p, f in entries]
    assert len(postings) == articles
    for article, total, title in zip(postings.articles, postings.totals, postings.titles, strict=True):
        places = [entry[1] for entry in entries if entry[0] == article]
        assert (total, title) == (len(places), sum(place < lengths[article] for place in places))
    for block, peak in enumerate(postings.peaks):
        for number in range(block * BLOCK, block * BLOCK + BLOCK):
            title, total = postings.titles[number], postings.totals[number]
            norm = 1.0 + 0.1 * lengths[postings.articles[number]]
            assert 2.0 * title / norm + (total - title) / 31.0 <= peak * 1.000001
    # Not only in their order.
    last = [(position, form) for article, position, form in again if article == postings.articles[-1]]
    assert postings.positions(articles - 1) == last


@pytest.mark.parametrize("width", range(33))
def test_numbers_of_every_width_are_unpacked(width: int) -> None:
    chance = random.Random(width)
    values = [chance.getrandbits(width) if width else 0 for _ in range(128)]
    lanes = [sum(value << width * row for row, value in enumerate(values[lane::4])) for lane in range(4)]
    words = [lanes[at % 4] >> 32 * (at // 4) & 0xFFFFFFFF for at in range(4 * width)]
    assert unpack(struct.pack(f"<{len(words)}I", *words), width) == values


def test_bytes_at_random_end_in_the_error_or_in_postings_that_are_sound() -> None:
    chance = random.Random(8)
    entries = occurrences(chance, 300, 3, 5)
    whole = encoded(entries, [20] * 1200, 5)
    noticed = 0
    for _ in range(400):
        parts = [bytearray(part) for part in whole]
        part = chance.choice(parts)
        kind = chance.randrange(3)
        if kind == 0:
            part[chance.randrange(len(part))] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del part[chance.randrange(len(part)) :]
        else:
            part += bytes([chance.randrange(256)])
        try:
            postings = read((bytes(parts[0]), bytes(parts[1])), entries, 1200, 5)
            for number in range(len(postings)):
                places = [position for position, _ in postings.positions(number)]
                assert places == sorted(set(places))
            assert sorted(set(postings.articles)) == list(postings.articles)
            assert postings.articles[-1] < 1200
        except Damaged:
            noticed += 1
    # A bit of a gap or of a frequency can be another gap: that is what checksums are for.
    assert noticed > 300


def test_what_the_dictionary_says_is_compared() -> None:
    entries = occurrences(random.Random(1), 200, 3, 1)
    data = encoded(entries, [20] * 800, 1)

    def reading(**changed: int) -> TermPostings:
        facts = {"count": 200, "occurrences": len(entries), "forms": 1, "limit": 800} | changed
        return TermPostings(*data, **facts, damaged=Damaged)

    assert len(reading()) == 200
    for changed in ({"count": 199}, {"count": 201}, {"count": 0}, {"occurrences": 1}, {"limit": entries[-1][0]}):
        with pytest.raises(Damaged):
            reading(**changed)
    with pytest.raises(Damaged, match=r"behind the positions|cut off"):
        reading(forms=2).positions(199)


def test_a_check_compares_positions_with_the_lengths_of_articles() -> None:
    entries = [(0, 2, 0), (0, 4, 0), (1, 0, 0)]
    postings = read(encoded(entries, [3, 1], 1), entries, 2, 1)
    postings.check([3, 1], [1, 0], gap=1)
    for titles, bodies in (([2, 1], [1, 0]), ([3, 1], [0, 0]), ([5, 1], [9, 0]), ([3, 0], [1, 9])):
        with pytest.raises(Damaged):
            postings.check(titles, bodies, gap=1)


def test_a_whole_segment_is_read(tmp_path: Path) -> None:
    chance = random.Random(3)
    words = [f"word{number}" for number in range(40)] + ["run", "runs", "running", "Running's"]
    articles = [
        Article(str(n), " ".join(chance.choices(words, k=chance.randrange(4))), " ".join(chance.choices(words, k=20)))
        for n in range(300)
    ]
    with open_writer(tmp_path / "i", workers=1) as writer:
        for article in articles:
            writer.put(article)
        writer.commit()
    (segment,) = Snapshot(tmp_path / "i").segments
    reader = segment.reader
    titles, bodies = reader.file.numbers("lengths.title", "I"), reader.file.numbers("lengths.body", "I")
    total = 0
    for term in range(len(reader.stems)):
        postings = read_postings(reader, term)
        postings.check(titles, bodies, GAP)
        total += sum(postings.totals)
    assert total == reader.title_words + reader.body_words == sum(titles) + sum(bodies)
    run = read_postings(reader, reader.stems.find(b"run"))
    # run, runs and running: the possessive is no form of its own.
    assert {form for number in range(len(run)) for _, form in run.positions(number)} == {0, 1, 2}
    with pytest.raises(IndexDamaged):
        read_postings(reader, len(reader.stems))
