"""How do articles become a segment? Texts go to disk as they come, words to a vocabulary; then all is sorted."""

from __future__ import annotations

import array
from collections.abc import Sequence

import zstandard

from searchkit.analysis import ABBREVIATIONS, Chain, class_table
from searchkit.article import Article
from searchkit.store.digest import id_digest
from searchkit.store.folder import Folder
from searchkit.store.kernels import TermOutput, Vocabulary, invert, used_words
from searchkit.store.manifest import SegmentEntry
from searchkit.store.ranking import Scale
from searchkit.store.record import encode
from searchkit.store.sections import SectionWriter
from searchkit.store.strings import write_strings

TEXT_BLOCK = 12288
LEVEL = 1
# One position between title and body belongs to no word: no phrase runs across.
GAP = 1


class SegmentBuilder:
    """One segment being made, in one thread.

    Texts are packed and written as they come. A later article takes the place of an earlier one with its id.
    """

    def __init__(self, folder: Folder, name: str, chain: Chain, vocabulary: Vocabulary) -> None:
        self.name = name
        self._writer = SectionWriter(folder, name)
        self._writer.begin("texts")
        self._chain = chain
        self._vocabulary = vocabulary
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
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
        return words.bytes_held + 8 * words.token_count + 200 * len(words) + 400 * len(self._ids)

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
        self._end_block()
        self._pack_blocks()
        self._writer.end()
        order = self._order()
        self._write_columns(order)
        bounds = array.array("I", self._vocabulary.bounds())
        tokens = self._vocabulary.tokens()
        titles, bodies = array.array("I"), array.array("I")
        for text in order:
            first = bounds[3 * text - 2] if text else 0
            titles.append(bounds[3 * text] - first)
            bodies.append(bounds[3 * text + 1] - bounds[3 * text])
        title_words, body_words = sum(titles), sum(bodies)
        scale = Scale.of_averages(title_words, body_words, len(order))
        used = used_words(tokens, bounds, order, len(self._vocabulary))
        forms, stems, stem_of, form_of, counts = self._dictionary(used)
        output = TermOutput(titles, bodies, scale.for_bounds(), self._writer.append)
        self._writer.begin("postings")
        invert(output, tokens, bounds, order, stem_of, form_of, counts, GAP)
        output.flush()
        self._writer.end()
        for name, data in output.sections().items():
            self._writer.add(name, data)
        write_dictionary(self._writer, stems, forms, counts)
        self._write_borders(order, bounds)
        self._writer.add("lengths.title", memoryview(titles).cast("B"))
        self._writer.add("lengths.body", memoryview(bodies).cast("B"))
        facts = {"articles": len(order), "title_words": title_words, "body_words": body_words}
        size = self._writer.finish(facts)
        return SegmentEntry(self.name, size, len(order), len(order), title_words, body_words)

    def abandon(self) -> None:
        """Give up; the file is left for whoever cleans the folder."""
        self._writer.abandon()

    def _end_block(self) -> None:
        if self._block:
            self._full.append(b"".join(self._block))
            self._blocks += 1
            self._block, self._block_size = [], 0

    def _pack_blocks(self) -> None:
        """Pack the blocks that are full, all at once: other threads go on meanwhile."""
        if not self._full:
            return
        packed = self._compressor.multi_compress_to_buffer(self._full, threads=1)
        self._full = []
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
        self, used: bytearray
    ) -> tuple[list[bytes], list[bytes], array.array[int], array.array[int], array.array[int]]:
        """(forms by stem, stems, stem of each word, number of each word's form, forms of each stem)."""
        written, stemmed = self._chain.terms(self._vocabulary.words())
        stems = sorted({stem for stem, here in zip(stemmed, used, strict=True) if here})
        rank = {stem: at for at, stem in enumerate(stems)}
        counts = array.array("I", bytes(4 * len(stems)))
        known: dict[str, int] = {}
        of_stem: list[list[bytes]] = [[] for _ in stems]
        stem_of, form_of = array.array("I", bytes(4 * len(used))), array.array("I", bytes(4 * len(used)))
        for at, form in enumerate(written):
            if not used[at]:
                continue
            stem_of[at] = stem = rank[stemmed[at]]
            number = known.get(form)
            if number is None:
                number = known[form] = counts[stem]
                counts[stem] += 1
                of_stem[stem].append(form.encode())
            form_of[at] = number
        forms = [form for group in of_stem for form in group]
        return forms, [stem.encode() for stem in stems], stem_of, form_of, counts

    def _write_borders(self, order: array.array[int], bounds: array.array[int]) -> None:
        borders = memoryview(self._vocabulary.borders()).cast("I")
        ends, parts, total = array.array("I"), [], 0
        for text in order:
            begin, end = (bounds[3 * text - 1] if text else 0), bounds[3 * text + 2]
            parts.append(borders[begin:end].cast("B"))
            total += end - begin
            ends.append(total)
        self._writer.add("borders", b"".join(parts))
        self._writer.add("borders.ends", memoryview(ends).cast("B"))


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


def write_dictionary(writer: SectionWriter, stems: list[bytes], forms: list[bytes], counts: array.array[int]) -> None:
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
