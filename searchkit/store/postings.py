"""What do the postings of a term say? Read in plain Python, slowly and with every check.

For whoever needs certainty or convenience more than speed: the check of an index, Whoosh's tools, and the tests of
the kernels. The format is described in ``kernels/encoding.pyx``.
"""

from __future__ import annotations

import array
import math
import struct
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Literal

from searchkit.store.sections import SectionReader
from searchkit.store.segment import SegmentReader

BLOCK = 128
_SKIP = struct.Struct("<4If")
_WIDEST = 32
_BIT_SET = 64
_LARGEST = 0xFFFFFFFF


class TermPostings:
    """The postings of one term in one segment.

    Posting ``n`` is about article ``articles[n]``, where the term stands ``totals[n]`` times, ``titles[n]`` of
    them in the title. ``peaks`` are the bounds of the weighted frequency in each full block.

    ``postings`` and ``positions`` are the bytes of the term; ``count`` (articles), ``occurrences`` and ``forms``
    (written forms) are what the dictionary says of it, ``limit`` is the number of articles in the segment.
    ``damaged`` makes the exception to raise where the bytes contradict that or themselves.
    """

    def __init__(
        self,
        postings: bytes,
        positions: bytes,
        *,
        count: int,
        occurrences: int,
        forms: int,
        limit: int,
        damaged: Callable[[str], Exception],
    ) -> None:
        self._postings = postings
        self._positions = positions
        self._count = count
        self._occurrences = occurrences
        self._forms = forms
        self._limit = limit
        self._damaged = damaged
        self.articles = array.array("I")
        self.totals = array.array("I")
        self.titles = array.array("I")
        self.peaks: list[float] = []
        # For each full block, its first position's number, and where the block with that position begins.
        self._places: list[tuple[int, int]] = []
        self._read()
        self._starts = [0, *accumulate(self.totals)]
        if self._starts[-1] != occurrences:
            raise damaged("the frequencies of a term do not sum up to its occurrences")
        self._ends: list[int] | None = None
        self._at_hand: tuple[int, Sequence[int], Sequence[int]] = (-1, (), ())

    def __len__(self) -> int:
        return len(self.articles)

    def positions(self, number: int) -> list[tuple[int, int]]:
        """(position, number of the written form) of each occurrence in posting ``number``, ascending."""
        found: list[tuple[int, int]] = []
        at, end, previous = self._starts[number], self._starts[number + 1], -1
        while at < end:
            block, first = divmod(at, BLOCK)
            gaps, forms = self._position_block(block)
            last = min(first + end - at, BLOCK)
            for gap, form in zip(gaps[first:last], forms[first:last], strict=True):
                previous += gap + 1
                found.append((previous, form))
            if max(forms[first:last]) >= self._forms:
                raise self._damaged("a position has a written form that does not exist")
            at += last - first
        if previous >= _LARGEST:
            raise self._damaged("a position is too large to be one")
        return found

    def check(self, titles: Sequence[int], bodies: Sequence[int], gap: int) -> None:
        """Read everything once, and compare the positions with the lengths of the articles, by their numbers.

        ``gap`` positions lie between title and body.
        """
        for number, article in enumerate(self.articles):
            body = titles[article] + gap
            places = [position for position, _ in self.positions(number)]
            if sum(position < titles[article] for position in places) != self.titles[number]:
                raise self._damaged("the frequency in a title is not the number of positions there")
            if any(titles[article] <= position < body for position in places):
                raise self._damaged("a position lies between title and body")
            if places[-1] >= body + bodies[article]:
                raise self._damaged("a position lies behind the end of its article")
        # Also where there is nothing to compare with.
        self._find_position_blocks()

    def _read(self) -> None:
        blocks, rest = divmod(self._count, BLOCK)
        table = blocks * _SKIP.size
        if self._count == 0 or table > len(self._postings):
            raise self._damaged("a term has no room for its postings")
        at, previous, seen = table, -1, 0
        for number in range(blocks):
            last, end, before, place, peak = _SKIP.unpack_from(self._postings, number * _SKIP.size)
            if before != seen:
                raise self._damaged("a block of postings does not know where its positions begin")
            if not previous < last < self._limit:
                raise self._damaged("a block of postings ends with an article that cannot be its last")
            if not (math.isfinite(peak) and peak >= 0):
                raise self._damaged("the bound of a block of postings is no number")
            self._read_block(at, end, previous, last)
            if self.articles[-1] != last:
                raise self._damaged("a block of postings ends with another article than it says")
            self.peaks.append(peak)
            self._places.append((before, place))
            at, previous = end, last
            seen += sum(self.totals[-BLOCK:])
        for _ in range(rest):
            at, value = self._number(self._postings, at)
            total, title = 1, 0
            if not value & 1:
                at, total = self._number(self._postings, at)
                at, title = self._number(self._postings, at)
            previous += (value >> 1) + 1
            self._add(previous, total, title)
        if at != len(self._postings):
            raise self._damaged("bytes are left behind the postings of a term")

    def _read_block(self, begin: int, end: int, previous: int, last: int) -> None:
        data = self._postings
        if not begin + 3 <= end <= len(data):
            raise self._damaged("a block of postings lies outside its term")
        kind, *widths = data[begin : begin + 3]
        first_word = (previous + 1) >> 6
        size = 8 * ((last >> 6) - first_word + 1) if kind == _BIT_SET else 16 * kind
        at = begin + 3 + size
        if max(widths) > _WIDEST or (kind > _WIDEST and kind != _BIT_SET) or at + 16 * sum(widths) != end:
            raise self._damaged("a block of postings is not as long as it says")
        if kind == _BIT_SET:
            articles = self._set_bits(data[begin + 3 : at], 64 * first_word, previous)
        else:
            articles = [*accumulate((gap + 1 for gap in unpack(data[begin + 3 : at], kind)), initial=previous)][1:]
        columns = []
        for width in widths:
            columns.append(unpack(data[at : at + 16 * width], width))
            at += 16 * width
        for article, total, title in zip(articles, *columns, strict=True):
            self._add(article, total + 1, title)

    def _set_bits(self, data: bytes, first: int, previous: int) -> list[int]:
        """The articles of a block that is a bit set, whose first bit is article ``first``."""
        bits = int.from_bytes(data, "little")
        articles = []
        while bits:
            lowest = bits & -bits
            articles.append(first + lowest.bit_length() - 1)
            bits ^= lowest
        if len(articles) != BLOCK or articles[0] <= previous:
            raise self._damaged("a block of postings is a bit set of other articles than it should")
        return articles

    def _add(self, article: int, total: int, title: int) -> None:
        if article >= self._limit:
            raise self._damaged("a posting is about an article that does not exist")
        if title > total or not 0 < total <= _LARGEST:
            raise self._damaged("a posting counts wrongly")
        self.articles.append(article)
        self.totals.append(total)
        self.titles.append(title)

    def _position_block(self, block: int) -> tuple[Sequence[int], Sequence[int]]:
        """(gaps, written forms) of up to 128 positions."""
        known, gaps, forms = self._at_hand
        if known != block:
            ends = self._find_position_blocks()
            begin = ends[block - 1] if block else 0
            if block < len(ends):
                first, second = self._positions[begin : begin + 2]
                at = begin + 2
                gaps = unpack(self._positions[at : at + 16 * first], first)
                forms = unpack(self._positions[at + 16 * first : ends[block]], second)
            else:
                gaps, forms = self._last_positions(begin)
            # In one step: other threads may read here too.
            self._at_hand = (block, gaps, forms)
        return gaps, forms

    def _find_position_blocks(self) -> list[int]:
        """Where each full block of positions ends."""
        if self._ends is None:
            data, at, ends = self._positions, 0, [0]
            for _ in range(self._occurrences // BLOCK):
                widths = data[at : at + 2]
                at += 2 + 16 * sum(widths)
                if len(widths) != 2 or max(widths) > _WIDEST or at > len(data):
                    raise self._damaged("a block of positions lies outside its term")
                ends.append(at)
            if any(place != ends[before // BLOCK] for before, place in self._places):
                raise self._damaged("a block of postings does not know where its positions lie")
            if self._occurrences % BLOCK == 0 and at != len(data):
                raise self._damaged("bytes are left behind the positions of a term")
            self._ends = ends[1:]
        return self._ends

    def _last_positions(self, at: int) -> tuple[list[int], list[int]]:
        gaps, forms = [], []
        for _ in range(self._occurrences % BLOCK):
            at, gap = self._number(self._positions, at)
            form = 0
            if self._forms > 1:
                at, form = self._number(self._positions, at)
            gaps.append(gap)
            forms.append(form)
        if at != len(self._positions):
            raise self._damaged("bytes are left behind the positions of a term")
        return gaps, forms

    def _number(self, data: bytes, at: int) -> tuple[int, int]:
        """(what follows, the number at ``at``): seven bits a byte, low bits first."""
        value = shift = 0
        while at < len(data) and shift < 35:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value > _LARGEST:
                    break
                return at, value
            shift += 7
        raise self._damaged("a number of a term is cut off or too large")


def unpack(data: bytes, width: int) -> list[int]:
    """128 numbers of ``width`` bits each from 16 * width bytes: number 4r + l is row r of lane l."""
    values = [0] * BLOCK
    words = struct.unpack(f"<{4 * width}I", data)
    mask = (1 << width) - 1
    for lane in range(4):
        bits = int.from_bytes(struct.pack(f"<{width}I", *words[lane::4]), "little")
        values[lane::4] = [bits >> row * width & mask for row in range(BLOCK // 4)]
    return values


def read_counts(segment: SegmentReader, term: int) -> tuple[int, int, int]:
    """(articles, occurrences, written forms) of a term by its number, deleted articles included."""
    file = segment.file
    first, behind = _entries(file, "forms.first", "I", term, 2)
    (articles,) = _entries(file, "stems.articles", "I", term)
    (occurrences,) = _entries(file, "stems.occurrences", "I", term)
    if first >= behind:
        raise file.damaged("a term has no written form")
    return articles, occurrences, behind - first


def read_postings(segment: SegmentReader, term: int) -> TermPostings:
    """The postings of a term by its number; raises IndexDamaged."""
    file = segment.file
    count, occurrences, forms = read_counts(segment, term)
    before = term > 0
    *begin, end = _entries(file, "postings.ends", "Q", term - before, 1 + before)
    (length,) = _entries(file, "stems.splits", "I", term)
    split = sum(begin) + length
    file.verify("postings", sum(begin), end)
    if split > end:
        raise file.damaged("a term lies outside its section")
    section = file.section("postings")
    return TermPostings(
        bytes(section[sum(begin) : split]),
        bytes(section[split:end]),
        count=count,
        occurrences=occurrences,
        forms=forms,
        limit=segment.articles,
        damaged=file.damaged,
    )


def _entries(file: SectionReader, name: str, kind: Literal["I", "Q"], first: int, count: int = 1) -> list[int]:
    """``count`` numbers of a section, from number ``first`` on, verified."""
    size = struct.calcsize(kind)
    file.verify(name, size * first, size * (first + count))
    return file.numbers(name, kind, verify=False)[first : first + count].tolist()
