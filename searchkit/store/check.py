"""Is an index sound? Every byte is verified, every structure walked, and what is said twice is compared.

Postings are read by the compiled reader, written again by the compiled writer, and compared byte for byte with
what is there: whoever reads only what could have been written has nothing left to doubt. With ``deep`` the texts
themselves are taken apart into words once more, and lengths, sentences and postings are compared with them.
"""

from __future__ import annotations

import array
import datetime
import math
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import islice, pairwise
from operator import le, lt, sub
from pathlib import Path

import zstandard

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.errors import IndexDamaged, StorageError
from searchkit.store.builder import GAP, ROOM, entry_bits, new_vocabulary
from searchkit.store.digest import id_digest
from searchkit.store.folder import Folder
from searchkit.store.kernels import Damage, Merger, TermOutput, count_words, invert
from searchkit.store.manifest import NAME as MANIFEST
from searchkit.store.manifest import TRANSIENT, Manifest, SegmentEntry, manifest_bytes, read_manifest
from searchkit.store.record import decode
from searchkit.store.sections import PAGE
from searchkit.store.segment import SegmentReader
from searchkit.store.snapshot import LiveSegment
from searchkit.store.strings import Strings

# Of one structure of one file, so many findings are told: the first ones say what is wrong.
_TOLD = 20
_LARGEST_TEXT_BLOCK = 1 << 30
_BLOCK = 128
_SKIP = 20
# Beyond this many bits the articles of a block could run over and come back.
_WIDEST_GAP = 26
_BIT_SET = 64

# The sections of a segment: bytes of each element, and of what there is one each (None: no fixed number).
_SECTIONS: dict[str, tuple[int, str | None]] = {
    "texts": (1, None), "texts.ends": (8, None), "texts.places": (8, "article"),
    "days": (4, "article"), "sources": (4, "article"), "sources.names": (1, None), "sources.names.ends": (4, None),
    "ids": (1, None), "ids.ends": (4, "article"), "ids.digests": (8, "article"), "ids.articles": (4, "article"),
    "postings": (1, None), "postings.ends": (8, "stem"),
    "stems": (1, None), "stems.ends": (4, "stem"), "stems.splits": (4, "stem"), "stems.articles": (4, "stem"),
    "stems.occurrences": (4, "stem"), "stems.peaks": (4, "stem"),
    "forms": (1, None), "forms.ends": (4, "form"), "forms.first": (4, "stem and one"), "forms.sorted": (4, "form"),
    "borders": (4, None), "borders.ends": (4, "article"),
    "lengths.title": (4, "article"), "lengths.body": (4, "article"),
}  # fmt: skip
# What ends where its last end says: the data, the ends, and the bytes of one element.
_ENDED = [("texts", "Q", 1), ("postings", "Q", 1), ("borders", "I", 4)] + [
    (name, "I", 1) for name in ("stems", "forms", "ids", "sources.names")
]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: in which file, at which place of it ('' for all of it), and what."""

    file: str
    place: str
    what: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What was walked. ``articles`` counts deleted ones too; ``stems`` and ``forms`` count each segment's own."""

    files: int = 0
    bytes: int = 0
    pages: int = 0
    segments: int = 0
    articles: int = 0
    live: int = 0
    stems: int = 0
    forms: int = 0
    postings: int = 0
    positions: int = 0
    borders: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What ``check_index`` found. ``orphans`` are files of the store that no commit names: no error.

    ``generation`` is the number of the commit, -1 where the manifest cannot be read. ``deep`` says whether the
    texts were taken apart again.
    """

    generation: int
    deep: bool
    findings: tuple[Finding, ...]
    orphans: tuple[str, ...]
    counts: Counts

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def check_index(path: Path, *, deep: bool = False) -> Report:
    """Verify the index in the folder ``path``; what is wrong is reported, not raised.

    Raises IndexMissing or NotAnIndex where there is nothing to verify, StorageError where the system refuses a
    read. It takes no lock: a commit in between makes it begin anew.
    """
    while True:
        report = _checked(path, deep)
        if report.sound or report.generation < 0:
            return report
        try:
            if read_manifest(path).generation == report.generation:
                return report
        except IndexDamaged:
            return report


def _checked(path: Path, deep: bool) -> Report:
    try:
        manifest = read_manifest(path)
    except IndexDamaged as error:
        return Report(-1, deep, (Finding(MANIFEST, "", _reason(error)),), (), Counts(files=1))
    try:
        content = (path / MANIFEST).read_bytes()
        names = Folder(path).names()
    except OSError as error:
        raise StorageError(f"the index {path} cannot be read: {error.strerror or error}") from error
    findings = [Finding(MANIFEST, "", what) for what in _about_manifest(manifest, content)]
    counts: Counter[str] = Counter(files=1, bytes=len(content))
    owners: dict[bytes, str] = {}
    for entry in manifest.segments:
        check = _SegmentCheck(path, entry, manifest.language, deep, owners)
        check.run()
        findings += check.findings
        counts += check.counts
    named = manifest.files()
    orphans = tuple(name for name in names if TRANSIENT.fullmatch(name) and name not in named)
    known = {field.name for field in fields(Counts)}
    walked = Counts(**{name: count for name, count in counts.items() if name in known})
    return Report(manifest.generation, deep, tuple(findings), orphans, walked)


def _about_manifest(manifest: Manifest, content: bytes) -> Iterator[str]:
    if content != manifest_bytes(manifest):
        yield "it is not written as it was"
    names = [name for entry in manifest.segments for name in (entry.name, entry.deleted) if name]
    if len(set(names)) < len(names):
        yield "it names a file twice"
    for name in names:
        if not TRANSIENT.fullmatch(name) or int(name.rpartition("-")[2]) >= manifest.next_file:
            yield f"it names a file that it cannot have made: {name}"


class _SegmentCheck:
    """One segment and what was deleted from it: ``run`` fills ``findings`` and ``counts``."""

    def __init__(self, path: Path, entry: SegmentEntry, language: str, deep: bool, owners: dict[bytes, str]) -> None:
        self.findings: list[Finding] = []
        self.counts: Counter[str] = Counter()
        self._path = path
        self._entry = entry
        self._language = language
        self._deep = deep
        # The file in which each id is live, over all segments so far.
        self._owners = owners

    def run(self) -> None:
        """Verify everything; what builds on something unsound is left out."""
        entry = self._entry
        try:
            segment = LiveSegment(self._path, entry)
        except IndexDamaged as error:
            # The message names the file, which may be the one with the deletions.
            self._found(_file(error) or entry.name, "", _reason(error))
            return
        self._segment, self._reader, self._file = segment, segment.reader, segment.reader.file
        self._articles = segment.reader.articles
        self.counts.update(segments=1, articles=self._articles)
        if self._file.size != entry.bytes:
            self._found(entry.name, "", f"it has {self._file.size:,} bytes and the manifest says {entry.bytes:,}")
        whole = self._pages(segment.reader, entry.name)
        if segment.deletions is not None:
            self._pages_of_deletions()
        if not whole or not self._walked("sections", self._about_sections):
            return
        self._walked("live articles", self._about_live)
        if self._walked("ids", self._about_ids):
            self._walked("days", self._about_days)
        self._walked("sources", self._about_sources)
        texts = self._walked("texts", self._about_texts)
        dictionary = self._walked("dictionary", self._about_dictionary)
        self._walked("borders", self._about_borders)
        if dictionary and self._walked("postings", self._about_postings) and self._deep and texts:
            self._walked("words", self._about_words)

    def _found(self, file: str, place: str, what: str) -> None:
        self.findings.append(Finding(file, place, what))

    def _walked(self, place: str, steps: Callable[[], Iterable[str]]) -> bool:
        """Whether nothing is wrong there; the kernels' and the readers' own complaints are findings too."""
        before = len(self.findings)
        try:
            for what in islice(steps(), _TOLD):
                self._found(self._entry.name, place, what)
        except (IndexDamaged, Damage, ValueError, IndexError, OverflowError) as error:
            self._found(self._entry.name, place, _reason(error))
        return len(self.findings) == before

    def _pages(self, reader: SegmentReader, name: str) -> bool:
        file = reader.file
        bad = file.verify_all()
        self.counts.update(files=1, bytes=file.size, pages=file.pages)
        for page in bad:
            hit = file.sections_of_page(page)
            place = f"page {page} (byte {page * PAGE:,}; {', '.join(hit) or 'between sections'})"
            self._found(name, place, "it is not what was written")
        return not bad

    def _pages_of_deletions(self) -> None:
        file, entry = self._segment.deletions, self._entry
        assert file is not None  # noqa: S101  (the caller looked)
        bad = file.verify_all()
        self.counts.update(files=1, bytes=file.size, pages=file.pages)
        for page in bad:
            self._found(entry.deleted, f"page {page}", "it is not what was written")
        if file.facts.get("segment") != entry.name:
            self._found(entry.deleted, "", f"it does not belong to {entry.name}")
        if file.names() != ["live"]:
            self._found(entry.deleted, "", "it has other sections than it should")

    def _about_sections(self) -> Iterator[str]:
        file, articles = self._file, self._articles
        names = file.names()
        missing, strange = _SECTIONS.keys() - set(names), set(names) - _SECTIONS.keys()
        if missing or strange:
            yield from (f"there is no section {name!r}" for name in sorted(missing))
            yield from (f"there is a section {name!r} that has no meaning" for name in sorted(strange))
            return
        stems, forms = len(file.section("stems.ends")) // 4, len(file.section("forms.ends")) // 4
        numbers = {"article": articles, "stem": stems, "form": forms, "stem and one": stems + 1}
        for name, (size, of) in _SECTIONS.items():
            length = len(file.section(name))
            if length % size or (of is not None and length != size * numbers[of]):
                yield f"section {name!r} has another length than it should"
                return
        for name, kind, size in _ENDED:
            ends = file.numbers(name + ".ends", "Q" if kind == "Q" else "I")
            if not all(map(le, ends, islice(ends, 1, None))):
                yield f"the ends of {name!r} do not ascend"
            if size * (ends[-1] if ends else 0) != len(file.section(name)):
                yield f"section {name!r} does not end where its last end says"
        self.counts.update(stems=stems, forms=forms)

    def _about_live(self) -> Iterator[str]:
        segment, entry = self._segment, self._entry
        titles, bodies = self._lengths()
        numbers = [number for number in range(self._articles) if segment.is_live(number)]
        self.counts.update(live=len(numbers))
        said = (entry.live, entry.title_words, entry.body_words)
        counted = (len(numbers), sum(titles[n] for n in numbers), sum(bodies[n] for n in numbers))
        for what, claim, count in zip(
            ("live articles", "words of titles", "words of bodies"), said, counted, strict=True
        ):
            if claim != count:
                yield f"the manifest says {claim:,} {what}, and there are {count:,}"
        reader = self._reader
        if (sum(titles), sum(bodies)) != (reader.title_words, reader.body_words):
            yield "the lengths of the articles do not add up to the words of the segment"

    def _about_ids(self) -> Iterator[str]:
        reader, segment = self._reader, self._segment
        ids = list(reader.ids)
        digests, whose = list(reader.digests), list(self._file.numbers("ids.articles", "I"))
        if sorted(whose) != list(range(len(ids))):
            yield "the digests do not belong to one article each"
            return
        if not all(map(le, digests, islice(digests, 1, None))):
            yield "the digests do not ascend"
        if digests != [id_digest(ids[number]) for number in whose]:
            yield "a digest is not that of its id"
        for number, key in enumerate(ids):
            if segment.is_live(number):
                other = self._owners.get(key)
                if other is not None:
                    yield f"the id {key.decode('utf-8', 'replace')!r} is live twice, here and in {other}"
                self._owners[key] = self._entry.name

    def _about_days(self) -> Iterator[str]:
        days, ids = list(self._reader.days), list(self._reader.ids)
        if days and max(days) > datetime.date.max.toordinal():
            yield "a day lies beyond the calendar"
        for number, (day, following) in enumerate(pairwise(days)):
            if day > following:
                yield f"article {number + 1} is older than the one before it"
            elif day == following and ids[number] <= ids[number + 1]:
                yield f"articles {number} and {number + 1}, of one day, do not stand in the order of their ids"

    def _about_sources(self) -> Iterator[str]:
        names = list(Strings(self._file, "sources.names"))
        if not all(map(lt, names, islice(names, 1, None))):
            yield "the names of the sources do not ascend"
        if self._articles and max(self._reader.sources) >= len(names):
            yield "an article has a source without a name"
        for name in names:
            name.decode()

    def _about_texts(self) -> Iterator[str]:
        reader = self._reader
        sources = reader.source_names
        for number, article in self._texts():
            if article is None:
                yield f"the text of article {number} cannot be unpacked"
            elif article.id.encode("utf-8", "replace") != reader.ids[number]:
                yield f"the text of article {number} is that of {article.id!r}"
            elif article.source.encode("utf-8", "replace").decode() != sources[reader.sources[number]]:
                yield f"the text of article {number} names another source"

    def _texts(self) -> Iterator[tuple[int, Article | None]]:
        """Every article by its text, in the order in which texts are packed; None where it cannot be unpacked."""
        file, days = self._file, self._reader.days
        ends, packed = file.numbers("texts.ends", "Q"), file.section("texts")
        places = file.numbers("texts.places", "I")
        blocks: list[list[int]] = [[] for _ in ends]
        for number in range(self._articles):
            if places[2 * number] >= len(blocks):
                yield number, None
            else:
                blocks[places[2 * number]].append(number)
        unpacker = zstandard.ZstdDecompressor()
        begin = 0
        for end, numbers in zip(ends, blocks, strict=True):
            text: bytes | None
            try:
                known = zstandard.get_frame_parameters(packed[begin:end]).content_size <= _LARGEST_TEXT_BLOCK
                text = unpacker.decompress(packed[begin:end]) if known else None
            except zstandard.ZstdError:
                text = None
            begin = end
            if text is None and not numbers:
                raise self._file.damaged("a block of texts that are no longer in use cannot be unpacked")
            for number in numbers:
                try:
                    article = None if text is None else decode(text, places[2 * number + 1], days[number])
                except (ValueError, OverflowError):
                    article = None
                yield number, article

    def _about_dictionary(self) -> Iterator[str]:
        file = self._file
        stems, forms = list(self._reader.stems), list(Strings(file, "forms"))
        if not all(map(lt, stems, islice(stems, 1, None))):
            yield "the stems do not ascend"
        first = list(file.numbers("forms.first", "I"))
        if first[0] != 0 or first[-1] != len(forms) or not all(map(lt, first, islice(first, 1, None))):
            yield "the forms are not grouped by their stems"
        order = list(file.numbers("forms.sorted", "I"))
        if sorted(order) != list(range(len(forms))):
            yield "the alphabetical order does not have each form once"
            return
        by_name = [forms[number] for number in order]
        if not all(map(lt, by_name, islice(by_name, 1, None))):
            yield "the alphabetical order of the forms is none"
        b"\n".join(forms).decode()
        b"\n".join(stems).decode()

    def _about_borders(self) -> Iterator[str]:
        file = self._file
        ends, borders = file.numbers("borders.ends", "I"), file.numbers("borders", "I")
        titles, bodies = self._lengths()
        begin = 0
        for number, end in enumerate(ends):
            # A border is the number of a word, doubled; odd where a paragraph begins.
            words = [border >> 1 for border in borders[begin:end]]
            if words and (words[0] == 0 or words[-1] >= titles[number] + bodies[number]):
                yield f"a sentence of article {number} begins outside it"
            if not all(map(lt, words, islice(words, 1, None))):
                yield f"the sentences of article {number} do not ascend"
            begin = end
        self.counts.update(borders=len(borders))

    def _entry_bits(self) -> tuple[int, int]:
        first = self._file.numbers("forms.first", "I")
        return entry_bits(self._articles, *self._lengths(), max(map(sub, islice(first, 1, None), first), default=1))

    def _lengths(self) -> tuple[memoryview[int], memoryview[int]]:
        return self._file.numbers("lengths.title", "I"), self._file.numbers("lengths.body", "I")

    def _about_postings(self) -> Iterator[str]:
        file, reader = self._file, self._reader
        titles, bodies = self._lengths()
        written: list[bytes] = []
        bits = self._entry_bits()
        again = TermOutput(titles, bodies, reader.scale.for_bounds(), written.append, *bits)
        # On this scale a weighted frequency counts the positions that lie behind the end of their article.
        ends = array.array("I", map(sum, zip(titles, bodies, [GAP] * len(titles), strict=True)))
        beyond = TermOutput(ends, ends, (0.0, 1.0, 0.0, 1.0, 0.0), lambda _: None, *bits)
        merger, counter = Merger(again), Merger(beyond)
        numbers = array.array("I", range(self._articles))
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
            self.counts.update(postings=articles, positions=count)
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

    def _about_words(self) -> Iterator[str]:
        """The texts, taken apart again and inverted, against lengths, borders and postings."""
        file, reader = self._file, self._reader
        words = new_vocabulary()
        place = array.array("I", bytes(4 * self._articles))
        for at, (number, article) in enumerate(self._texts()):
            if article is None:
                return
            place[number] = at
            words.add([article.title.encode("utf-8", "replace")], [article.body.encode("utf-8", "replace")])
        bounds = array.array("I", words.bounds())
        borders = memoryview(words.borders()).cast("I")
        titles, bodies = self._lengths()
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
        output = TermOutput(titles, bodies, reader.scale.for_bounds(), made.append, *self._entry_bits())
        invert(output, tokens, bounds, place, counts, *numbered, GAP, ROOM)
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


def _reason(error: Exception) -> str:
    """What is wrong, without the words that say where."""
    text = str(error)
    return (
        text.split(": ", 2)[2] if isinstance(error, IndexDamaged) and text.count(": ") > 1 else text or "unreadable"
    )


def _file(error: IndexDamaged) -> str:
    parts = str(error).split(": ")
    return parts[1] if len(parts) > 2 else ""
