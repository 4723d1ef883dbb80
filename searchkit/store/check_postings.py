"""Do the postings of a segment agree with its dictionary, its articles and its texts?

Postings are read by the compiled reader, written again by the compiled writer, and compared byte for byte with
what is there: whoever reads only what could have been written has nothing left to doubt. The texts themselves are
taken apart into words once more, and lengths, sentences and postings compared with them.
"""

from __future__ import annotations

import array
import math
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from operator import sub

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.store.builder import GAP, ROOM, entry_bits, new_vocabulary
from searchkit.store.kernels import Bench, Merger, TermOutput, count_words, invert
from searchkit.store.segment import SegmentReader
from searchkit.store.strings import Strings

_BLOCK = 128
_SKIP = 20
# Beyond this many bits the articles of a block could run over and come back.
_WIDEST_GAP = 26
_BIT_SET = 64


class PostingsCheck:
    """The postings of a segment, written again and compared; ``counts`` gets what was walked."""

    def __init__(self, reader: SegmentReader, counts: Counter[str]) -> None:
        self._reader = reader
        self._file = reader.file
        self._counts = counts

    def findings(self) -> Iterator[str]:
        """What is wrong."""
        file, reader = self._file, self._reader
        titles, bodies = _lengths(reader)
        written: list[bytes] = []
        bits = _entry_bits(reader)
        again = TermOutput(titles, bodies, reader.scale.for_bounds(), written.append, *bits)
        # On this scale a weighted frequency counts the positions that lie behind the end of their article.
        ends = array.array("I", map(sum, zip(titles, bodies, [GAP] * len(titles), strict=True)))
        beyond = TermOutput(ends, ends, (0.0, 1.0, 0.0, 1.0, 0.0), lambda _: None, *bits)
        merger, counter = Merger(again), Merger(beyond)
        numbers = array.array("I", range(reader.articles))
        postings = file.section("postings")
        occurrences = 0
        columns = zip(
            file.numbers("postings.ends", "Q"),
            file.numbers("stems.splits", "I"),
            file.numbers("stems.articles", "I"),
            file.numbers("stems.occurrences", "I"),
            pairwise(file.numbers("forms.first", "I")),
            strict=True,
        )
        begin = 0
        for term, (end, split, articles, count, (first, behind)) in enumerate(columns):
            data, forms, begin = postings[begin:end], behind - first, end
            if split > len(data):
                yield f"the postings of stem {term} run into those of the next"
                continue
            if not _gaps_ascend(data[:split], articles):
                yield f"the articles of stem {term} do not ascend"
                continue
            part = (data, split, articles, count, forms, numbers, array.array("I", range(forms)))
            merger.merge([part], forms)
            counter.merge([part], forms)
            again.flush()
            made = b"".join(written)
            written.clear()
            if made != data and not _same_but_for_peaks(made, data, articles // _BLOCK):
                yield f"the postings of stem {term} are not what their occurrences are written as"
            occurrences += count
            self._counts.update(postings=articles, positions=count)
        if occurrences != sum(titles) + sum(bodies):
            yield f"the stems have {occurrences:,} occurrences, and the articles {sum(titles) + sum(bodies):,} words"
        yield from self._against(again.sections())
        yield from (
            f"a position of stem {term} lies behind the end of its article"
            for term, outside in enumerate(_floats(beyond.sections()["stems.peaks"]))
            if outside >= 1
        )

    def _against(self, made: dict[str, bytes]) -> Iterator[str]:
        """What the dictionary says of each stem, against what its postings gave."""
        for name, data in made.items():
            if name != "stems.peaks":
                if data != self._file.section(name):
                    yield f"section {name!r} does not agree with the postings"
                continue
            pairs = zip(self._file.decimals(name), _floats(data), strict=True)
            yield from (
                f"the peak of stem {term} is too low"
                for term, (said, needed) in enumerate(pairs)
                if _too_low(said, needed)
            )


class WordsCheck:
    """The texts of a segment, taken apart again and inverted, against lengths, borders and postings."""

    def __init__(self, reader: SegmentReader, language: str) -> None:
        self._reader = reader
        self._file = reader.file
        self._language = language

    def findings(self, texts: Iterable[tuple[int, Article | None]]) -> Iterator[str]:
        """The texts, taken apart again and inverted, against lengths, borders and postings."""
        file, reader = self._file, self._reader
        words = new_vocabulary()
        place = array.array("I", bytes(4 * reader.articles))
        for at, (number, article) in enumerate(texts):
            if article is None:
                return
            place[number] = at
            words.add([article.title.encode("utf-8", "replace")], [article.body.encode("utf-8", "replace")])
        bounds = array.array("I", words.bounds())
        borders = memoryview(words.borders()).cast("I")
        titles, bodies = _lengths(reader)
        ends, kept = file.numbers("borders.ends", "I"), file.numbers("borders", "I")
        sound = True
        for number, text in enumerate(place):
            first, border = (bounds[3 * text - 2], bounds[3 * text - 1]) if text else (0, 0)
            middle, last, border_end = bounds[3 * text : 3 * text + 3]
            if (titles[number], bodies[number]) != (middle - first, last - middle):
                sound = False
                yield f"article {number} has another number of words than its text"
            if kept[ends[number - 1] if number else 0 : ends[number]] != borders[border:border_end]:
                yield f"the sentences of article {number} are not those of its text"
        if not sound:
            return
        tokens = memoryview(words.tokens()).cast("B").cast("I")
        # A vocabulary knows words (abbreviations) that no text need have.
        counts = memoryview(count_words(tokens, bounds, place, len(words))).cast("I")
        numbered = self._numbered(words.words(), counts)
        if numbered is None:
            yield "a word of the texts is not in the dictionary"
            return
        made: list[bytes] = []
        output = TermOutput(titles, bodies, reader.scale.for_bounds(), made.append, *_entry_bits(reader))
        invert(output, tokens, bounds, place, counts, *numbered, GAP, Bench(ROOM))
        output.flush()
        sections = output.sections()
        if sections["stems.occurrences"] != file.section("stems.occurrences"):
            yield "the stems do not occur as often as in the texts"
        elif (data := b"".join(made)) != file.section("postings"):
            yield from self._differing(data)

    def _numbered(
        self, words: list[bytes], counts: Sequence[int]
    ) -> tuple[array.array[int], array.array[int], array.array[int]] | None:
        """(stem of each word, form of each word, forms of each stem), by the segment's own dictionary."""
        first = self._file.numbers("forms.first", "I")
        forms, stems = list(Strings(self._file, "forms")), list(self._reader.stems)
        known: dict[tuple[bytes, bytes], tuple[int, int]] = {}
        for stem, name in enumerate(stems):
            for at in range(first[stem], first[stem + 1]):
                known[name, forms[at]] = stem, at - first[stem]
        stem_of, form_of = array.array("I"), array.array("I")
        for form, stem_name, here in zip(*Chain(self._language).terms(words), counts, strict=True):
            found = known.get((stem_name, form)) if here else (0, 0)
            if found is None:
                return None
            stem_of.append(found[0])
            form_of.append(found[1])
        counts = array.array("I", [after - before for before, after in pairwise(first)])
        return stem_of, form_of, counts

    def _differing(self, made: bytes) -> Iterator[str]:
        data, begin = self._file.section("postings"), 0
        ends = self._file.numbers("postings.ends", "Q")
        for term, (end, articles) in enumerate(zip(ends, self._file.numbers("stems.articles", "I"), strict=True)):
            blocks = articles // _BLOCK
            if made[begin:end] != data[begin:end] and not _same_but_for_peaks(
                made[begin:end], data[begin:end], blocks
            ):
                yield f"stem {term} does not stand where it stands in the texts"
            begin = end


def _lengths(reader: SegmentReader) -> tuple[memoryview[int], memoryview[int]]:
    return reader.file.numbers("lengths.title", "I"), reader.file.numbers("lengths.body", "I")


def _entry_bits(reader: SegmentReader) -> tuple[int, int]:
    first = reader.file.numbers("forms.first", "I")
    return entry_bits(reader.articles, *_lengths(reader), max(map(sub, islice(first, 1, None), first), default=1))


def _gaps_ascend(postings: memoryview[int], articles: int) -> bool:
    """Whether no block's gaps are so wide that its articles could run over and come back."""
    blocks = articles // _BLOCK
    begin = blocks * _SKIP
    for block in range(blocks):
        # (The articles of a bit set cannot but ascend.)
        if begin >= len(postings) or _WIDEST_GAP < postings[begin] != _BIT_SET:
            return False
        (begin,) = struct.unpack_from("<I", postings, block * _SKIP + 4)
    return True


def _same_but_for_peaks(made: bytes, data: memoryview[int], blocks: int) -> bool:
    """Whether postings differ at most in their blocks' maxima, and those are still bounds."""
    if len(made) != len(data) or made[blocks * _SKIP :] != data[blocks * _SKIP :]:
        return False
    for at in range(0, blocks * _SKIP, _SKIP):
        if made[at : at + 16] != data[at : at + 16]:
            return False
        if _too_low(struct.unpack_from("<f", data, at + 16)[0], struct.unpack_from("<f", made, at + 16)[0]):
            return False
    return True


def _too_low(said: float, needed: float) -> bool:
    """Whether a bound is none. What is needed was rounded up by one step: another machine may round a step lower."""
    return math.isnan(said) or said * (1 + 2.0**-22) < needed


def _floats(data: bytes) -> Sequence[float]:
    return memoryview(data).cast("f")
