"""Is a segment sound? Its pages, its columns, its texts, its dictionary; see check_postings.py for the rest."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice, pairwise
from operator import le, lt
from pathlib import Path

import zstandard

from searchkit.article import Article
from searchkit.errors import IndexDamaged, StorageError
from searchkit.store.check_postings import PostingsCheck, WordsCheck
from searchkit.store.kernels import Damage, id_digest
from searchkit.store.known import FIELDS, known_of
from searchkit.store.manifest import SegmentEntry
from searchkit.store.record import decode
from searchkit.store.sections import PAGE
from searchkit.store.segment import SegmentReader
from searchkit.store.snapshot import LiveSegment
from searchkit.store.strings import Strings
from searchkit.store.unpacking import unpack

# Of one structure of one file, so many findings are told: the first ones say what is wrong.
_TOLD = 20

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


class SegmentCheck:
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
            self._found(_file_of(error) or entry.name, "", reason(error))
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
        for field in FIELDS:
            self._walked(f"known.{field}", partial(self._about_known, field))
        texts = self._walked("texts", self._about_texts)
        dictionary = self._walked("dictionary", self._about_dictionary)
        self._walked("borders", self._about_borders)
        if dictionary:
            postings = PostingsCheck(self._reader, self.counts)
            if self._walked("postings", postings.findings) and self._deep and texts:
                words = WordsCheck(self._reader, self._language)
                self._walked("words", lambda: words.findings(self._texts()))

    def _found(self, file: str, place: str, what: str) -> None:
        self.findings.append(Finding(file, place, what))

    def _walked(self, place: str, steps: Callable[[], Iterable[str]]) -> bool:
        """Whether nothing is wrong there; the kernels' and the readers' own complaints are findings too."""
        before = len(self.findings)
        try:
            for what in islice(steps(), _TOLD):
                self._found(self._entry.name, place, what)
        except (IndexDamaged, Damage, ValueError, IndexError, OverflowError) as error:
            self._found(self._entry.name, place, reason(error))
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
        # What nobody knew of any article has no sections.
        fields = [field for field in FIELDS if any(name.startswith(f"known.{field}") for name in names)]
        expected = dict(_SECTIONS)
        for field in fields:
            expected[f"known.{field}"] = (4, "article")
            expected[f"known.{field}.values"] = (1, None)
            expected[f"known.{field}.values.ends"] = (4, None)
        missing, strange = expected.keys() - set(names), set(names) - expected.keys()
        if missing or strange:
            yield from (f"there is no section {name!r}" for name in sorted(missing))
            yield from (f"there is a section {name!r} that has no meaning" for name in sorted(strange))
            return
        stems, forms = len(file.section("stems.ends")) // 4, len(file.section("forms.ends")) // 4
        numbers = {"article": articles, "stem": stems, "form": forms, "stem and one": stems + 1}
        for name, (size, of) in expected.items():
            length = len(file.section(name))
            if length % size or (of is not None and length != size * numbers[of]):
                yield f"section {name!r} has another length than it should"
                return
        for name, kind, size in _ENDED + [(f"known.{field}.values", "I", 1) for field in fields]:
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

    def _about_known(self, field: str) -> Iterator[str]:
        if f"known.{field}" not in self._file.names():
            return
        values = list(Strings(self._file, f"known.{field}.values"))
        if not all(map(lt, values, islice(values, 1, None))):
            yield "its values do not ascend"
        numbers = self._file.numbers(f"known.{field}", "I")
        if set(numbers) - {0} != set(range(1, len(values) + 1)):
            yield "its articles have other values than it lists"
        for value in values:
            value.decode()

    def _about_texts(self) -> Iterator[str]:
        reader = self._reader
        sources = reader.source_names
        known = {field: reader.values(field) for field in FIELDS}
        for number, article in self._texts():
            if article is None:
                yield f"the text of article {number} cannot be unpacked"
            elif article.id.encode("utf-8", "replace") != reader.ids[number]:
                yield f"the text of article {number} is that of {article.id!r}"
            elif article.source.encode("utf-8", "replace").decode() != sources[reader.sources[number]]:
                yield f"the text of article {number} names another source"
            else:
                for field, (values, numbers) in known.items():
                    if known_of(article, field).encode("utf-8", "replace").decode() != values[numbers[number]]:
                        yield f"the text of article {number} has another {field}"

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
                text = unpack(unpacker, packed[begin:end])
            except (zstandard.ZstdError, ValueError):
                text = None
            except MemoryError as error:
                raise StorageError(f"{file.path}: a text does not fit into memory") from error
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

    def _lengths(self) -> tuple[memoryview[int], memoryview[int]]:
        return self._file.numbers("lengths.title", "I"), self._file.numbers("lengths.body", "I")


def reason(error: Exception) -> str:
    """What is wrong, without the words that say where."""
    text = str(error)
    return (
        text.split(": ", 2)[2] if isinstance(error, IndexDamaged) and text.count(": ") > 1 else text or "unreadable"
    )


def _file_of(error: IndexDamaged) -> str:
    parts = str(error).split(": ")
    return parts[1] if len(parts) > 2 else ""
