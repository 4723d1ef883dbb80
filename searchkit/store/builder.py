"""How do articles become a segment? Texts go to disk as they come, words to a vocabulary; then all is sorted."""

from __future__ import annotations

import array
import struct
from collections.abc import Sequence
from itertools import accumulate
from operator import add
from typing import TYPE_CHECKING

import zstandard

from searchkit.analysis import ABBREVIATIONS, Chain, class_table
from searchkit.article import Article
from searchkit.store.folder import Folder
from searchkit.store.kernels import (
    Bench,
    Damage,
    Lexicon,
    Parcel,
    Register,
    TermOutput,
    Vocabulary,
    arrange,
    count_words,
    invert,
    sort_digests,
)
from searchkit.store.known import KnownColumns
from searchkit.store.manifest import SegmentEntry
from searchkit.store.queue import WriteQueue
from searchkit.store.ranking import Scale
from searchkit.store.sections import SectionWriter
from searchkit.store.strings import write_strings

if TYPE_CHECKING:
    from typing_extensions import Buffer

# Of a page of results ten blocks are unpacked: larger ones would take a few per cent less room, and longer.
TEXT_BLOCK = 4096
# The part of the memory in which occurrences are sorted, four bytes each; where they need eight, in several passes.
_SORTING = 2
ROOM = 8 << 20
# No article has as many words, and no stem as many written forms.
_POSITION_BITS = 26
_FORM_BITS = 31
_LENGTHS = struct.Struct("=QQ")
# What it takes to fold and stem a word, beyond what is kept of it.
_NEW_WORD = 200
# So many new words are folded and stemmed at once. At the end, when every lane wants the interpreter, few are left.
_NEW_WORDS = 4096
# There is room for all words that a segment may have, four bytes each, but not for more of them than this.
_MOST_WORDS = 1 << 28
# So many bytes of texts are brought to the disk before the rest of a segment is written, lest it wait at its end.
_MUCH_TEXT = 16 << 20
# One position between title and body belongs to no word: no phrase runs across.
GAP = 1


class Words:
    """The words of texts, and what is known of words; the latter may serve for one segment after another.

    ``memory``, in bytes, is what one of these segments may hold.
    """

    def __init__(self, memory: int = 8 * _SORTING * ROOM) -> None:
        self.bench = Bench(memory // _SORTING // 8)
        self._room = min(memory // 4, _MOST_WORDS)
        self.forget()

    def forget(self) -> None:
        """Begin anew; memory to sort in is kept."""
        self.vocabulary = new_vocabulary(self._room)
        self.lexicon = Lexicon()

    @property
    def bytes_held(self) -> int:
        """About how much memory this takes."""
        return self.vocabulary.bytes_held + self.lexicon.bytes_held

    def learn(self, chain: Chain) -> None:
        """Fold and stem the words that are new."""
        self.lexicon.learn(*chain.terms(self.vocabulary.words(len(self.lexicon))))


class SegmentBuilder:
    """One segment being made, in one thread.

    Texts are packed and written as they come. A later article takes the place of an earlier one with its id.
    Whoever adds articles asks how much is held.
    """

    def __init__(self, folder: Folder, name: str, chain: Chain, words: Words) -> None:
        self.name = name
        self._writer = SectionWriter(folder, name)
        self._writer.begin("texts")
        self._chain = chain
        self._words = words
        self._vocabulary = words.vocabulary
        self._compressor = new_compressor()
        # Texts are packed beside the search for words, postings written beside the sorting of others.
        self._queue = WriteQueue()
        self._register = Register(TEXT_BLOCK)
        self._block_ends = array.array("Q")
        self._known = KnownColumns()

    def __len__(self) -> int:
        return len(self._register)

    @property
    def bytes_held(self) -> int:
        """About how much memory the segment takes until it is finished, the sorting included."""
        words = self._words
        sorting = min(4 * words.vocabulary.token_count, 8 * words.bench.room)
        new = _NEW_WORD * (len(words.vocabulary) - len(words.lexicon))
        return words.bytes_held + sorting + new + self._register.bytes_held

    def add(self, items: list[Article | Parcel]) -> None:
        """Add articles, be they packed in parcels."""
        records, spans, blocks = self._register.add(items)
        self._known.add(items)
        if blocks:
            self._queue.step(self._pack, records, blocks)
        self._vocabulary.add_spans(records, spans)
        if len(self._vocabulary) - len(self._words.lexicon) > _NEW_WORDS:
            self._words.learn(self._chain)

    def remove(self, article_id: bytes) -> None:
        """Leave an article out after all, if it is here."""
        self._register.remove(article_id)

    def finish(self) -> SegmentEntry:
        """Sort everything, write it, sync it."""
        words, writer, queue = self._vocabulary, self._writer, self._queue
        if rest := self._register.end_block():
            queue.step(self._pack, rest, _LENGTHS.pack(0, len(rest)))
        queue.step(writer.end)
        order = _numbers(self._register.order())
        queue.step(self._write_columns, order)
        queue.step(self._send_texts)
        bounds, tokens = words.bounds(), words.tokens()
        arranged = arrange(_numbers(bounds), _numbers(words.borders()), order)
        titles, bodies, borders, border_ends = (_numbers(column) for column in arranged)
        title_words, body_words = sum(titles), sum(bodies)
        # Where every text stands, their words were counted when they were found.
        whole = len(order) == words.texts
        counts = _numbers(words.counts() if whole else count_words(tokens, _numbers(bounds), order, len(words)))
        stem_of, form_of, sizes = self._write_dictionary(counts)
        scale = Scale.of_averages(title_words, body_words, len(order))
        bits = entry_bits(len(order), titles, bodies, max(sizes, default=1))
        queue.step(writer.begin, "postings")
        output = TermOutput(titles, bodies, scale.for_bounds(), lambda data: queue.step(writer.append, data), *bits)
        invert(output, tokens, _numbers(bounds), order, counts, stem_of, form_of, sizes, GAP, self._words.bench)
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

    def _pack(self, records: memoryview | bytes, blocks: bytes) -> None:
        """Pack blocks, each an offset and a length in ``records``, and write them."""
        given = zstandard.BufferWithSegments(records, blocks)
        collection = self._compressor.multi_compress_to_buffer(given, threads=1)
        packed = [collection[number] for number in range(len(collection))]
        end = self._block_ends[-1] if self._block_ends else 0
        self._block_ends.extend(accumulate(map(len, packed[1:]), initial=end + len(packed[0])))
        # (A segment is a buffer, whatever its stub says.)
        self._writer.append_parts(packed)  # type: ignore[arg-type]

    def _send_texts(self) -> None:
        """Have the texts brought to the disk, if they are many, while there is nothing to write."""
        if self._block_ends and self._block_ends[-1] > _MUCH_TEXT:
            self._writer.sync()

    def _write_columns(self, order: memoryview[int]) -> None:
        ids, ends, days, sources, names, places = self._register.columns(order)
        self._writer.add("texts.ends", memoryview(self._block_ends).cast("B"))
        self._writer.add("texts.places", places)
        write_columns(self._writer, ids=ids, ends=ends, days=days, sources=sources, names=names)
        self._known.write(self._writer, order)

    def _write_dictionary(self, counts: memoryview[int]) -> tuple[memoryview[int], memoryview[int], memoryview[int]]:
        """Write the dictionary; returns (stem of each word, number of each word's form, forms of each stem)."""
        self._words.learn(self._chain)
        stem_of, form_of, sizes, sections = self._words.lexicon.dictionary(counts)
        for name, data in sections.items():
            self._queue.step(self._writer.add, name, data)
        return _numbers(stem_of), _numbers(form_of), _numbers(sizes)


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
    """What packs texts: level 1, but with tables that fit a processor's nearest cache, in blocks so small.

    Matches of seven bytes take a twelfth less time than those of six, and texts two per cent more room.
    """
    return zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(
            window_log=14,
            hash_log=13,
            chain_log=6,
            search_log=1,
            min_match=7,
            target_length=0,
            strategy=zstandard.STRATEGY_FAST,
            write_content_size=True,
        )
    )


def _numbers(buffer: Buffer) -> memoryview[int]:
    """A buffer as uint32."""
    view = memoryview(buffer)
    return view.cast("B").cast("I") if len(view) else memoryview(array.array("I"))


def new_vocabulary(room: int = 1 << 16) -> Vocabulary:
    """An empty vocabulary that knows what a letter is, and which words a full stop belongs to.

    There is ``room`` for so many words of texts before it grows.
    """
    return Vocabulary(class_table(), sorted(word.encode() for word in ABBREVIATIONS), room)


def write_columns(
    writer: SectionWriter, *, ids: bytes, ends: bytes, days: bytes, sources: bytes, names: list[str]
) -> None:
    """What is known of each article besides its text, in the order of the articles; ``names`` are the sources'."""
    writer.add("days", days)
    writer.add("sources", sources)
    write_strings(writer, "sources.names", [name.encode("utf-8", "replace") for name in names])
    writer.add("ids", ids)
    writer.add("ids.ends", ends)
    # To look an article up by its id: the digests of all ids, ascending, and whose they are.
    digests, whose = sort_digests(ids, _numbers(ends))
    writer.add("ids.digests", digests)
    writer.add("ids.articles", whose)
