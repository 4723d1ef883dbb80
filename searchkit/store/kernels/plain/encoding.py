"""Occurrences become postings: dictionaries and lists instead of a counting sort; the bytes are the same.

The format stands in searchkit/store/kernels/encoding.pyx.
"""

from __future__ import annotations

import struct
from array import array
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer


_BLOCK = 128
_FLUSH = 1 << 23
# In place of a width: the articles of a block are a bit set; and the bytes it may take for each bit of a gap.
_BIT_SET = 64
_BIT_SET_COST = 24


class TermOutput:
    """What the terms of a segment become, one after the other in the order of the dictionary.

    ``scale`` is (title weight, title base, title slope, body base, body slope). ``write`` is called with bytes
    whenever some megabytes have gathered: the postings of a term, then its positions, and so on.
    An entry has so many bits for the number of a written form and for a position; the others are for the article.
    """

    def __init__(
        self,
        title_lengths: Buffer,
        body_lengths: Buffer,
        scale: tuple[float, float, float, float, float],
        write: Callable[[bytes], None],
        form_bits: int = 12,
        position_bits: int = 26,
    ) -> None:
        if form_bits > 31 or position_bits > 31:
            raise ValueError("a form or a position has 31 bits at most")
        self._form_bits = form_bits
        self._position_bits = position_bits
        self._titles: memoryview[int] = memoryview(title_lengths)
        self._bodies: memoryview[int] = memoryview(body_lengths)
        if len(self._titles) != len(self._bodies):
            raise ValueError("as many title lengths as body lengths")
        self._scale = [_single(number) for number in scale]
        self._write = write
        self._waiting = bytearray()
        self._written = 0
        self._ends = array("Q")
        self._splits = array("I")
        self._articles = array("I")
        self._occurrences = array("I")
        self._peaks = array("f")

    def add(self, entries: Buffer, forms: int) -> None:
        """Encode the next term from its entries, ascending; each is article, position and form in one number."""
        numbers: list[int] = list(memoryview(entries))
        if not numbers:
            raise ValueError("a term without occurrences")
        for at, item in enumerate(numbers):
            if item >> (self._position_bits + self._form_bits) >= len(self._titles):
                raise ValueError("an article beyond the last")
            if at and item >> self._form_bits <= numbers[at - 1] >> self._form_bits:
                raise ValueError("entries must ascend")
        self.take(numbers, forms)

    def take(self, entries: Sequence[int], forms: int) -> None:
        """The same for entries that are in order: those that ``invert`` and a merger make."""
        postings = []
        gaps: list[int] = []
        written: list[int] = []
        for article, of_article in groupby(entries, lambda item: item >> (self._position_bits + self._form_bits)):
            before, total, title, first = -1, 0, 0, len(gaps)
            for item in of_article:
                position = item >> self._form_bits & ((1 << self._position_bits) - 1)
                gaps.append(position - before - 1)
                written.append(item & ((1 << self._form_bits) - 1))
                before = position
                total += 1
                title += position < self._titles[article]
            postings.append((article, total, title, first))
        positions, begins = _positions(gaps, written, forms)
        encoded, peak = self._postings(postings, begins)
        self._waiting += encoded + positions
        self._ends.append(self._written + len(self._waiting))
        self._splits.append(len(encoded))
        self._articles.append(len(postings))
        self._occurrences.append(len(gaps))
        self._peaks.append(peak)
        if len(self._waiting) >= _FLUSH:
            self.flush()

    def entry(self, article: int, position: int, form: int) -> int:
        """One occurrence of a term as one number."""
        return (article << self._position_bits | position) << self._form_bits | form

    def flush(self) -> None:
        """Hand what has gathered to ``write``."""
        if self._waiting:
            self._write(bytes(self._waiting))
            self._written += len(self._waiting)
            self._waiting.clear()

    def sections(self) -> dict[str, bytes]:
        """The bytes of the sections that describe the terms, by name."""
        return {
            "postings.ends": self._ends.tobytes(),
            "stems.splits": self._splits.tobytes(),
            "stems.articles": self._articles.tobytes(),
            "stems.occurrences": self._occurrences.tobytes(),
            "stems.peaks": self._peaks.tobytes(),
        }

    def _postings(self, postings: list[tuple[int, int, int, int]], begins: list[int]) -> tuple[bytes, float]:
        """(bytes, largest weighted frequency) of (article, frequency, frequency in the title, first position)."""
        table, packed, peak, before = bytearray(), bytearray(), 0.0, -1
        full = len(postings) // _BLOCK * _BLOCK
        for at in range(0, full, _BLOCK):
            block = postings[at : at + _BLOCK]
            gaps = []
            for article, *_ in block:
                gaps.append(article - before - 1)
                before = article
            totals = [total - 1 for _, total, _, _ in block]
            titles = [title for _, _, title, _ in block]
            columns = [(_width(column), column) for column in (totals, titles)]
            kind, articles = _articles([article for article, *_ in block], gaps)
            packed += bytes((kind, *(width for width, _ in columns))) + articles
            packed += b"".join(_pack(column, width) for width, column in columns)
            block_peak = _next_single(max(self._weighted(*posting[:3]) for posting in block))
            first = block[0][3]
            end = len(postings) // _BLOCK * 20 + len(packed)
            table += struct.pack("<IIIIf", before, end, first, begins[first // _BLOCK], block_peak)
            peak = max(peak, block_peak)
        rest = bytearray()
        rest_peak = 0.0
        for article, total, title, _ in postings[full:]:
            gap, before = article - before - 1, article
            if total == 1 and title == 0:
                rest += _variable(2 * gap + 1)
            else:
                rest += _variable(2 * gap) + _variable(total) + _variable(title)
            rest_peak = max(rest_peak, self._weighted(article, total, title))
        if rest_peak > peak:
            peak = _next_single(rest_peak)
        return bytes(table + packed + rest), peak

    def _weighted(self, article: int, total: int, title: int) -> float:
        """The weighted frequency of BM25F, every step of it in single precision."""
        title_weight, title_base, title_slope, body_base, body_slope = self._scale
        norm = _single(body_base + _single(body_slope * _single(self._bodies[article])))
        share = _single(_single(total - title) / norm)
        if title:
            norm = _single(title_base + _single(title_slope * _single(self._titles[article])))
            share = _single(share + _single(_single(title_weight * title) / norm))
        return share


class Bench:
    """Memory to sort occurrences in, which only the compiled twin needs."""

    def __init__(self, room: int) -> None:
        self.room = room


def invert(
    output: TermOutput,
    tokens: Buffer,
    bounds: Buffer,
    order: Buffer,
    counts: Buffer,
    stem_of: Buffer,
    form_of: Buffer,
    forms: Buffer,
    gap: int,
    bench: Bench,
) -> None:
    """Sort the words of many texts by stem and hand them to ``output``, stem by stem.

    ``tokens`` and ``bounds`` are a vocabulary's (three bounds a text); ``order[i]`` is the text that becomes
    article ``i``, and ``counts`` says how often each word stands in these. ``stem_of`` and ``form_of`` say for each
    word its stem and the number of its form among the ``forms[stem]`` forms of that stem; each stem occurs. The
    body's positions begin ``gap`` behind the title's. All stems are sorted at once, whatever room ``bench`` has.
    """
    words, ends = _numbers(tokens), _numbers(bounds)
    stems, written = _numbers(stem_of), _numbers(form_of)
    if len(ends) % 3 or len(stems) != len(written) or len(_numbers(counts)) != len(stems):
        raise ValueError("the parts do not fit together")
    entries: dict[int, list[int]] = defaultdict(list)
    for article, text in enumerate(_numbers(order)):
        first, middle, last = _bounds_of(ends, text)
        for where in range(first, last):
            position = where - first + (gap if where >= middle else 0)
            entries[stems[words[where]]].append(output.entry(article, position, written[words[where]]))
    for stem, count in enumerate(_numbers(forms)):
        output.take(entries[stem], count)


def count_words(tokens: Buffer, bounds: Buffer, order: Buffer, words: int) -> bytearray:
    """How often each word of a vocabulary stands in the texts in ``order``: uint32."""
    numbers, ends = _numbers(tokens), _numbers(bounds)
    counts = array("I", bytes(4 * words))
    for text in _numbers(order):
        first, _, last = _bounds_of(ends, text)
        for word in numbers[first:last]:
            counts[word] += 1
    return bytearray(counts.tobytes())


def arrange(
    bounds: Buffer, borders: Buffer, order: Buffer
) -> tuple[bytearray, bytearray, memoryview[int], bytearray]:
    """(lengths of titles, lengths of bodies, borders, their ends) of the texts in ``order``, each uint32."""
    ends, drawn = _numbers(bounds), _numbers(borders)
    titles, bodies, kept, kept_ends = array("I"), array("I"), array("I"), array("I")
    for text in _numbers(order):
        first, middle, last = _bounds_of(ends, text)
        titles.append(middle - first)
        bodies.append(last - middle)
        kept.extend(drawn[(ends[3 * text - 1] if text else 0) : ends[3 * text + 2]])
        kept_ends.append(len(kept))
    parts = [bytearray(column.tobytes()) for column in (titles, bodies, kept, kept_ends)]
    return parts[0], parts[1], memoryview(parts[2]), parts[3]


def common(ours: Buffer, theirs: Buffer) -> list[tuple[int, int]]:
    """Pairs of places at which two ascending lists hold the same number; equal neighbours give every pair."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, number in enumerate(_numbers(theirs)):
        places[number].append(place)
    return [(here, there) for here, number in enumerate(_numbers(ours)) for there in places.get(number, ())]


def _numbers(buffer: Buffer) -> memoryview[int]:
    return memoryview(buffer)


def _bounds_of(bounds: memoryview[int], text: int) -> tuple[int, int, int]:
    """(first token, the one after the title, the one after the body) of a text."""
    return (bounds[3 * text - 2] if text else 0), bounds[3 * text], bounds[3 * text + 1]


def _positions(gaps: list[int], written: list[int], forms: int) -> tuple[bytes, list[int]]:
    """(the bytes of a term's positions, where each block of them begins, and their end)."""
    encoded = bytearray()
    begins = []
    full = len(gaps) // _BLOCK * _BLOCK
    for at in range(0, full, _BLOCK):
        begins.append(len(encoded))
        block, numbers = gaps[at : at + _BLOCK], written[at : at + _BLOCK]
        width, form_width = _width(block), _width(numbers) if forms > 1 else 0
        encoded += bytes((width, form_width)) + _pack(block, width) + _pack(numbers, form_width)
    begins.append(len(encoded))
    for gap, form in zip(gaps[full:], written[full:], strict=True):
        encoded += _variable(gap)
        if forms > 1:
            encoded += _variable(form)
    return bytes(encoded), begins


def _articles(articles: list[int], gaps: list[int]) -> tuple[int, bytes]:
    """The articles of a full block: (width, packed gaps), or (_BIT_SET, a bit set) where they stand close."""
    width = _width(gaps)
    first_word = (articles[0] - gaps[0]) >> 6
    words = (articles[-1] >> 6) - first_word + 1
    if width > 16 or 8 * words > _BIT_SET_COST * width:
        return width, _pack(gaps, width)
    bits = sum(1 << (article - 64 * first_word) for article in articles)
    return _BIT_SET, bits.to_bytes(8 * words, "little")


def _width(values: list[int]) -> int:
    """The bits that the largest value needs."""
    return max(values).bit_length()


def _pack(values: list[int], width: int) -> bytes:
    """128 values of ``width`` bits each: the values 0, 4, 8 ... are the first of four lanes, and so on.

    A lane is one long number; words of 32 bits are taken from the four in turn.
    """
    lanes = [sum(value << row * width for row, value in enumerate(values[lane::4])) for lane in range(4)]
    words = [lane >> 32 * word & 0xFFFFFFFF for word in range(width) for lane in lanes]
    return struct.pack(f"<{len(words)}I", *words)


def _variable(number: int) -> bytes:
    """One to five bytes, seven bits each, low bits first."""
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _single(number: float) -> float:
    """The nearest number of single precision."""
    return float(struct.unpack("<f", struct.pack("<f", number))[0])


def _next_single(number: float) -> float:
    """The next larger number of single precision."""
    bits = int.from_bytes(struct.pack("<f", number), "little") + 1
    return float(struct.unpack("<f", bits.to_bytes(4, "little"))[0])
