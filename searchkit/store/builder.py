"""How do articles become a segment? Texts go to disk as they come, words to a vocabulary; then all is sorted."""

from __future__ import annotations

import array
from collections.abc import Sequence
from operator import add
from typing import TYPE_CHECKING

import zstandard

from searchkit.analysis import ABBREVIATIONS, Chain, class_table
from searchkit.article import Article
from searchkit.store.digest import id_digest
from searchkit.store.folder import Folder
from searchkit.store.kernels import Damage, TermOutput, Vocabulary, arrange, count_words, group, invert
from searchkit.store.manifest import SegmentEntry
from searchkit.store.queue import WriteQueue
from searchkit.store.ranking import Scale
from searchkit.store.record import encode
from searchkit.store.sections import SectionWriter
from searchkit.store.strings import write_strings

if TYPE_CHECKING:
    from typing_extensions import Buffer

# Of a page of results ten blocks are unpacked: larger ones would take a few per cent less room, and longer.
TEXT_BLOCK = 4096
# The part of the memory in which occurrences are sorted, eight bytes each, in as many passes as it takes.
_SORTING = 4
ROOM = 8 << 20
_NONE = 0xFFFFFFFF
# No article has as many words, and no stem as many written forms.
_POSITION_BITS = 26
_FORM_BITS = 31
# One position between title and body belongs to no word: no phrase runs across.
GAP = 1


class SegmentBuilder:
    """One segment being made, in one thread.

    Texts are packed and written as they come. A later article takes the place of an earlier one with its id.
    ``memory``, in bytes, is what may be held altogether: whoever adds articles asks for ``bytes_held``.
    """

    def __init__(
        self, folder: Folder, name: str, chain: Chain, vocabulary: Vocabulary, memory: int = 8 * _SORTING * ROOM
    ) -> None:
        self.name = name
        self._room = memory // _SORTING // 8
        self._writer = SectionWriter(folder, name)
        self._writer.begin("texts")
        self._chain = chain
        self._vocabulary = vocabulary
        self._compressor = new_compressor()
        # Texts are packed beside the search for words, postings written beside the sorting of others.
        self._queue = WriteQueue()
        self._full: list[bytes | bytearray | memoryview] = []
        self._blocks = 0
        self._block: list[bytes] = []
        self._block_size = 0
        self._texts_end = 0
        self._block_ends = array.array("Q")
        self._places = array.array("I")
        self._texts: dict[bytes, int] = {}
        self._ids: list[bytes] = []
        self._days = array.array("I")
        self._sources: list[str] = []

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def bytes_held(self) -> int:
        """About how much memory the segment takes until it is finished, the sorting included."""
        words = self._vocabulary
        sorting = 8 * min(words.token_count, self._room)
        return words.bytes_held + sorting + 200 * len(words) + 400 * len(self._ids)

    def add(self, articles: Sequence[Article]) -> None:
        """Add articles."""
        titles = [article.title.encode("utf-8", "replace") for article in articles]
        bodies = [article.body.encode("utf-8", "replace") for article in articles]
        for article, title, body in zip(articles, titles, bodies, strict=True):
            record = encode(article, title, body)
            self._places.append(self._blocks)
            self._places.append(self._block_size)
            self._block.append(record)
            self._block_size += len(record)
            if self._block_size >= TEXT_BLOCK:
                self._end_block()
            key = article.id.encode("utf-8", "replace")
            self._texts[key] = len(self._ids)
            self._ids.append(key)
            self._days.append(article.date.toordinal() if article.date else 0)
            self._sources.append(article.source)
        self._pack_blocks()
        self._vocabulary.add(titles, bodies)

    def remove(self, article_id: bytes) -> None:
        """Leave an article out after all, if it is here."""
        self._texts.pop(article_id, None)

    def finish(self) -> SegmentEntry:
        """Sort everything, write it, sync it."""
        words, writer, queue = self._vocabulary, self._writer, self._queue
        self._end_block()
        self._pack_blocks()
        queue.step(writer.end)
        order = self._order()
        queue.step(self._write_columns, order)
        bounds, tokens = words.bounds(), words.tokens()
        arranged = arrange(_numbers(bounds), _numbers(words.borders()), order)
        titles, bodies, borders, border_ends = (_numbers(column) for column in arranged)
        title_words, body_words = sum(titles), sum(bodies)
        counts = _numbers(count_words(tokens, _numbers(bounds), order, len(words)))
        forms, stems, stem_of, form_of, sizes = self._dictionary(counts)
        queue.step(write_dictionary, writer, stems, forms, sizes)
        scale = Scale.of_averages(title_words, body_words, len(order))
        bits = entry_bits(len(order), titles, bodies, max(sizes, default=1))
        queue.step(writer.begin, "postings")
        output = TermOutput(titles, bodies, scale.for_bounds(), lambda data: queue.step(writer.append, data), *bits)
        invert(output, tokens, _numbers(bounds), order, counts, stem_of, form_of, sizes, GAP, self._room)
        output.flush()
        queue.step(writer.end)
        columns = {
            **output.sections(),
            "borders": borders.cast("B"),
            "borders.ends": border_ends.cast("B"),
            "lengths.title": titles.cast("B"),
            "lengths.body": bodies.cast("B"),
        }
        for name, data in columns.items():
            queue.step(writer.add, name, data)
        size = queue.wait(
            writer.finish, {"articles": len(order), "title_words": title_words, "body_words": body_words}
        )
        return SegmentEntry(self.name, size, len(order), len(order), title_words, body_words)

    def abandon(self) -> None:
        """Give up; the file is left for whoever cleans the folder."""
        self._queue.give_up()
        self._writer.abandon()

    def _end_block(self) -> None:
        if self._block:
            self._full.append(b"".join(self._block))
            self._blocks += 1
            self._block, self._block_size = [], 0

    def _pack_blocks(self) -> None:
        """Hand over the blocks that are full, to be packed all at once."""
        if self._full:
            self._queue.step(self._pack, self._full)
            self._full = []

    def _pack(self, blocks: list[bytes | bytearray | memoryview]) -> None:
        packed = self._compressor.multi_compress_to_buffer(blocks, threads=1)
        for block in (packed[number] for number in range(len(packed))):
            self._writer.append(block.tobytes())
            self._texts_end += len(block)
            self._block_ends.append(self._texts_end)

    def _order(self) -> array.array[int]:
        """The texts in the order of their days; among those of one day the smallest id comes last."""
        numbers = [number for _, number in sorted(self._texts.items(), reverse=True)]
        return array.array("I", sorted(numbers, key=self._days.__getitem__))

    def _write_columns(self, order: array.array[int]) -> None:
        places = array.array("I")
        for text in order:
            places.append(self._places[2 * text])
            places.append(self._places[2 * text + 1])
        self._writer.add("texts.ends", memoryview(self._block_ends).cast("B"))
        self._writer.add("texts.places", memoryview(places).cast("B"))
        write_columns(
            self._writer,
            ids=[self._ids[text] for text in order],
            days=array.array("I", [self._days[text] for text in order]),
            sources=[self._sources[text] for text in order],
        )

    def _dictionary(
        self, counts: memoryview[int]
    ) -> tuple[list[bytes], list[bytes], array.array[int], memoryview[int], memoryview[int]]:
        """(forms by stem, stems, stem of each word, number of each word's form, forms of each stem)."""
        written, stemmed = self._chain.terms(self._vocabulary.words())
        if 0 in counts:
            # A word of an article that another took the place of, or an abbreviation that no text has.
            stems = sorted({stem for stem, count in zip(stemmed, counts, strict=True) if count})
        else:
            stems = sorted(set(stemmed))
        rank = dict(zip(stems, range(len(stems)), strict=True))
        stem_of = array.array("I", [rank.get(stem, _NONE) for stem in stemmed])
        kept = stem_of[:]
        for at, count in enumerate(counts):
            if not count:
                kept[at] = _NONE
        first_with: dict[bytes, int] = {}
        same: list[tuple[int, int]] = []
        for at, form in enumerate(written):
            # Words that were written in other bytes may be folded to the same form.
            if counts[at] and first_with.setdefault(form, at) != at:
                same.append((at, first_with[form]))
                kept[at] = _NONE
        numbers, sizes, order = (_numbers(column) for column in group(kept, len(stems)))
        for at, first in same:
            numbers[at] = numbers[first]
        return [written[at] for at in order], stems, stem_of, numbers, sizes


class DoesNotFit(Exception):
    """Articles, positions and written forms of a segment need more than the 64 bits of an entry."""


def entry_bits(articles: int, titles: Sequence[int], bodies: Sequence[int], forms: int) -> tuple[int, int]:
    """(bits for a written form, bits for a position) in the entries of a segment.

    Raises DoesNotFit, or Damage where an article is longer than any that was put.
    """
    longest = max(map(add, titles, bodies), default=0) + GAP
    form_bits, position_bits = max(forms - 1, 0).bit_length(), longest.bit_length()
    if position_bits > _POSITION_BITS or form_bits > _FORM_BITS:
        raise Damage("an article is longer, or a stem has more forms, than any can")
    if form_bits + position_bits + articles.bit_length() > 64:
        raise DoesNotFit
    return form_bits, position_bits


def new_compressor() -> zstandard.ZstdCompressor:
    """What packs texts: level 1, but with tables that fit a processor's nearest cache, in blocks so small."""
    return zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(
            window_log=14,
            hash_log=13,
            chain_log=6,
            search_log=1,
            min_match=6,
            target_length=0,
            strategy=zstandard.STRATEGY_FAST,
            write_content_size=True,
        )
    )


def _numbers(buffer: Buffer) -> memoryview[int]:
    """A buffer as uint32."""
    view = memoryview(buffer)
    return view.cast("B").cast("I") if len(view) else memoryview(array.array("I"))


def new_vocabulary() -> Vocabulary:
    """An empty vocabulary that knows what a letter is, and which words a full stop belongs to."""
    return Vocabulary(class_table(), sorted(word.encode() for word in ABBREVIATIONS))


def write_columns(writer: SectionWriter, *, ids: list[bytes], days: array.array[int], sources: list[str]) -> None:
    """What is known of each article besides its text, in the order of the articles."""
    names = sorted(set(sources))
    number = {name: at for at, name in enumerate(names)}
    writer.add("days", memoryview(days).cast("B"))
    writer.add("sources", memoryview(array.array("I", [number[source] for source in sources])).cast("B"))
    write_strings(writer, "sources.names", [name.encode("utf-8", "replace") for name in names])
    write_strings(writer, "ids", ids)
    # To look an article up by its id: the digests of all ids, ascending, and whose they are.
    digests = [id_digest(key) for key in ids]
    by_digest = array.array("I", sorted(range(len(ids)), key=digests.__getitem__))
    writer.add("ids.digests", memoryview(array.array("Q", [digests[at] for at in by_digest])).cast("B"))
    writer.add("ids.articles", memoryview(by_digest).cast("B"))


def write_dictionary(writer: SectionWriter, stems: list[bytes], forms: list[bytes], counts: Sequence[int]) -> None:
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
