"""How do several segments become one? Texts are copied as they are packed; everything else is merged in order."""

from __future__ import annotations

import array
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import accumulate, groupby, islice
from operator import itemgetter, sub

from searchkit.errors import IndexDamaged
from searchkit.store.builder import (
    GAP,
    TEXT_BLOCK,
    entry_bits,
    new_compressor,
    write_columns,
)
from searchkit.store.folder import Folder
from searchkit.store.kernels import Damage, Merger, TermOutput
from searchkit.store.known import FIELDS, KnownColumns
from searchkit.store.manifest import SegmentEntry
from searchkit.store.ranking import Scale
from searchkit.store.record import encode
from searchkit.store.sections import SectionWriter
from searchkit.store.snapshot import LiveSegment
from searchkit.store.strings import Strings, write_strings

FACTOR = 8
_SMALLEST_TIER = 1 << 20
# Above 8 MB segments are large.
_LAST_SMALL_TIER = 1
_GONE = 0xFFFFFFFF
# Articles whose borders are written at once.
_AT_ONCE = 4096

__all__ = ["FACTOR", "GAP", "merge_segments", "to_merge"]


def to_merge(entries: Sequence[SegmentEntry]) -> list[SegmentEntry]:
    """The segments to merge next, or none.

    Segments are of one tier when their sizes are within a factor of 8. Eight of a tier are merged, so
    there are never more than seven of each, and a byte is written again once for each tier: O(log n)
    times. Of large segments twice as many may stand: to write them again takes long, and a query that
    looks into so much hardly feels a few more. A segment that is half deleted is rewritten alone.
    """
    tiers: dict[int, list[SegmentEntry]] = {}
    for entry in entries:
        if entry.live * 2 < entry.articles:
            return [entry]
        tier, size = 0, _SMALLEST_TIER
        while entry.bytes > size:
            tier, size = tier + 1, size * FACTOR
        tiers.setdefault(tier, []).append(entry)
    for tier, group in sorted(tiers.items()):
        if len(group) >= FACTOR * (2 if tier > _LAST_SMALL_TIER else 1):
            return group[:FACTOR]
    return []


def merge_segments(folder: Folder, name: str, segments: Sequence[LiveSegment]) -> SegmentEntry:
    """Write the live articles of ``segments`` as one new segment, ``name``; returns its entry."""
    writer = SectionWriter(folder, name)
    try:
        return _Merge(writer, segments).run(name)
    except Damage as error:
        raise IndexDamaged(f"the index is damaged: {error}", hint="See: searchkit check") from error
    finally:
        # It is closed already, unless the merge was refused.
        writer.abandon()


Part = tuple[memoryview, int, int, int, int, "array.array[int]", "array.array[int]"]


class _Merge:
    def __init__(self, writer: SectionWriter, segments: Sequence[LiveSegment]) -> None:
        self._writer = writer
        self._segments = segments
        for segment in segments:
            for section in segment.reader.file.names():
                segment.reader.file.verify(section, 0, len(segment.reader.file.section(section)))
            segment.reader.check_columns()
        self._ids = [list(_strings(segment.reader.ids, segment)) for segment in segments]
        # The segment of each article of the new one, and its number there: two arrays, since a list of pairs
        # takes twenty times as much memory.
        self._which, self._old = self._merged_order()
        # For each segment, the new number of each of its articles.
        self._numbers = [array.array("I", [_GONE]) * segment.reader.articles for segment in segments]
        for number, (which, old) in enumerate(self._order()):
            self._numbers[which][old] = number

    def run(self, name: str) -> SegmentEntry:
        writer, articles = self._writer, len(self._old)
        self._copy_texts()
        columns = [
            (segment.reader.days, segment.reader.sources, segment.reader.source_names) for segment in self._segments
        ]
        ids = [self._ids[which][old] for which, old in self._order()]
        sources = [columns[which][2][columns[which][1][old]] for which, old in self._order()]
        names = sorted(set(sources))
        number = {name: at for at, name in enumerate(names)}
        write_columns(
            writer,
            ids=b"".join(ids),
            ends=array.array("I", accumulate(map(len, ids))).tobytes(),
            days=array.array("I", [columns[which][0][old] for which, old in self._order()]).tobytes(),
            sources=array.array("I", [number[source] for source in sources]).tobytes(),
            names=names,
        )
        del ids, sources
        self._known().write(writer, range(articles))
        # The terms need the room.
        self._ids.clear()
        titles, bodies = self._lengths("lengths.title"), self._lengths("lengths.body")
        title_words, body_words = sum(titles), sum(bodies)
        scale = Scale.of_averages(title_words, body_words, articles)
        bits = entry_bits(articles, titles, bodies, self._most_forms())
        output = TermOutput(titles, bodies, scale.for_bounds(), writer.append, *bits)
        writer.begin("postings")
        stems, forms, counts = self._merge_terms(output)
        output.flush()
        writer.end()
        for section, data in output.sections().items():
            writer.add(section, data)
        _write_dictionary(writer, stems, forms, counts)
        self._copy_borders()
        writer.add("lengths.title", memoryview(titles).cast("B"))
        writer.add("lengths.body", memoryview(bodies).cast("B"))
        facts = {"articles": articles, "title_words": title_words, "body_words": body_words}
        size = writer.finish(facts)
        return SegmentEntry(name, size, articles, articles, title_words, body_words)

    def _known(self) -> KnownColumns:
        """What is known of the articles of the new segment."""
        columns = KnownColumns()
        for field in FIELDS:
            found = [segment.reader.values(field) for segment in self._segments]
            if all(len(values) == 1 for values, _ in found):
                continue
            for number, (which, old) in enumerate(self._order()):
                values, numbers = found[which]
                if value := values[numbers[old]]:
                    columns.tell(number, field, value)
        return columns

    def _most_forms(self) -> int:
        """No stem has more written forms in all segments together."""
        firsts = [segment.reader.file.numbers("forms.first", "I") for segment in self._segments]
        return sum(max(map(sub, islice(first, 1, None), first), default=1) for first in firsts)

    def _order(self) -> Iterator[tuple[int, int]]:
        """(segment, article) of every article of the new segment, in order."""
        return zip(self._which, self._old, strict=True)

    def _merged_order(self) -> tuple[array.array[int], array.array[int]]:
        """The segment and the number there of every live article, by day; within a day the smallest id comes last."""
        which, old = array.array("I"), array.array("I")
        days = (self._live_days(number, segment) for number, segment in enumerate(self._segments))
        for _, articles in groupby(merge(*days), itemgetter(0)):
            day = list(articles)
            if len(day) > 1:
                day.sort(key=lambda item: self._ids[item[1]][item[2]], reverse=True)
            for _, segment, article in day:
                which.append(segment)
                old.append(article)
        return which, old

    @staticmethod
    def _live_days(which: int, segment: LiveSegment) -> Iterator[tuple[int, int, int]]:
        """(day, ``which``, article) of the articles of a segment that are not deleted; the days ascend."""
        for article, day in enumerate(segment.reader.days):
            if segment.is_live(article):
                yield day, which, article

    def _lengths(self, section: str) -> array.array[int]:
        columns = [segment.reader.file.numbers(section, "I") for segment in self._segments]
        return array.array("I", [columns[which][old] for which, old in self._order()])

    def _copy_texts(self) -> None:
        """Copy the packed blocks; the texts of a segment that is half deleted are packed anew."""
        writer = self._writer
        ends, places = (
            array.array("Q"),
            [array.array("I", bytes(8 * s.reader.articles)) for s in self._segments],
        )
        total = 0
        writer.begin("texts")
        for segment, placed in zip(self._segments, places, strict=True):
            file = segment.reader.file
            first = len(ends)
            if segment.entry.live * 2 >= segment.entry.articles:
                writer.append(file.section("texts"))
                ends.extend(total + end for end in file.numbers("texts.ends", "Q"))
                total += len(file.section("texts"))
                old = file.numbers("texts.places", "I")
                for number in range(segment.reader.articles):
                    placed[2 * number] = old[2 * number] + first
                    placed[2 * number + 1] = old[2 * number + 1]
            else:
                for packed in self._repacked(segment, placed, first):
                    writer.append(packed)
                    total += len(packed)
                    ends.append(total)
        writer.end()
        merged = array.array("I")
        for which, number in self._order():
            merged.append(places[which][2 * number])
            merged.append(places[which][2 * number + 1])
        writer.add("texts.ends", memoryview(ends).cast("B"))
        writer.add("texts.places", memoryview(merged).cast("B"))

    def _repacked(self, segment: LiveSegment, placed: array.array[int], block: int) -> Iterator[bytes]:
        compressor = new_compressor()
        waiting: list[bytes] = []
        size = 0
        for number in range(segment.reader.articles):
            if not segment.is_live(number):
                continue
            article = segment.reader.article(number)
            record = encode(article, article.title.encode(), article.body.encode())
            placed[2 * number], placed[2 * number + 1] = block, size
            waiting.append(record)
            size += len(record)
            if size >= TEXT_BLOCK:
                yield compressor.compress(b"".join(waiting))
                waiting, size, block = [], 0, block + 1
        if waiting:
            yield compressor.compress(b"".join(waiting))

    def _merge_terms(self, output: TermOutput) -> tuple[list[bytes], list[bytes], array.array[int]]:
        """Merge the postings of every stem; returns (stems, forms by stem, forms of each stem)."""
        merger = Merger(output)
        readers = [segment.reader for segment in self._segments]
        stems = [
            self._numbered_stems(which, reader.stems, segment)
            for which, (reader, segment) in enumerate(zip(readers, self._segments, strict=True))
        ]
        forms = [Strings(reader.file, "forms").all() for reader in readers]
        firsts = [reader.file.numbers("forms.first", "I") for reader in readers]
        postings = [reader.file.section("postings") for reader in readers]
        kept: list[bytes] = []
        kept_forms: list[bytes] = []
        counts = array.array("I")
        for stem, terms in groupby(merge(*stems), itemgetter(0)):
            parts: list[Part] = []
            known: dict[bytes, int] = {}
            for _, which, term in terms:
                begin, split, end, articles, occurrences, held, _ = readers[which].dictionary.facts(term, True)
                first = firsts[which][term]
                held_forms = _between(*forms[which], first, first + held)
                renumbered = array.array("I", [known.setdefault(form, len(known)) for form in held_forms])
                part = (postings[which][begin:end], split - begin, articles, occurrences, held)
                parts.append((*part, self._numbers[which], renumbered))
            if merger.merge(parts, len(known)):
                kept.append(stem)
                kept_forms.extend(known)
                counts.append(len(known))
        return kept, kept_forms, counts

    @staticmethod
    def _numbered_stems(which: int, stems: Strings, segment: LiveSegment) -> Iterator[tuple[bytes, int, int]]:
        """(stem, ``which``, its number) for every stem of a segment; the stems ascend."""
        last = b""
        for number, stem in enumerate(_strings(stems, segment)):
            if number and stem <= last:
                raise segment.reader.file.damaged("its stems do not ascend")
            last = stem
            yield stem, which, number

    def _copy_borders(self) -> None:
        columns = [
            (segment.reader.file.section("borders"), segment.reader.file.numbers("borders.ends", "I"))
            for segment in self._segments
        ]
        ends, parts, total = array.array("I"), [], 0
        self._writer.begin("borders")
        for which, old in self._order():
            data, old_ends = columns[which]
            begin, end = (old_ends[old - 1] if old else 0), old_ends[old]
            parts.append(data[4 * begin : 4 * end])
            if len(parts) == _AT_ONCE:
                self._writer.append(b"".join(parts))
                parts = []
            total += end - begin
            ends.append(total)
        self._writer.append(b"".join(parts))
        self._writer.end()
        self._writer.add("borders.ends", memoryview(ends).cast("B"))


def _write_dictionary(writer: SectionWriter, stems: list[bytes], forms: list[bytes], counts: Sequence[int]) -> None:
    """The stems, ascending; the written forms by stem, where each group begins, and their alphabetical order."""
    write_strings(writer, "stems", stems)
    write_strings(writer, "forms", forms)
    first, total = array.array("I", [0]), 0
    for count in counts:
        total += count
        first.append(total)
    writer.add("forms.first", memoryview(first).cast("B"))
    by_name = array.array("I", sorted(range(len(forms)), key=forms.__getitem__))
    writer.add("forms.sorted", memoryview(by_name).cast("B"))


def _strings(strings: Strings, segment: LiveSegment) -> Iterator[bytes]:
    """All strings, in order, of a section that was verified."""
    data, ends = strings.all()
    begin = 0
    for end in ends:
        if not begin <= end <= len(data):
            raise segment.reader.file.damaged("its strings overlap")
        yield data[begin:end]
        begin = end


def _between(data: bytes, ends: memoryview, first: int, behind: int) -> Iterator[bytes]:
    """The strings ``first`` to ``behind`` out of many; the kernel refuses a part with fewer than it should have."""
    # What is forged may point behind them all: then there are none.
    begin = ends[first - 1] if 0 < first <= len(ends) else 0
    for end in ends[first:behind]:
        yield data[begin:end]
        begin = end
