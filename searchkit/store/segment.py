"""What does a segment hold? Articles in the order of their days, and everything that finds them again."""

from __future__ import annotations

import array
import threading
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from operator import le
from pathlib import Path

import zstandard

from searchkit.article import Article
from searchkit.errors import IndexDamaged, StorageError
from searchkit.store import kernels
from searchkit.store.forms import Forms
from searchkit.store.ranking import Scale
from searchkit.store.record import LAST_DAY
from searchkit.store.sections import SectionReader
from searchkit.store.strings import Strings
from searchkit.store.unpacking import unpack

_TERM_SECTIONS = [
    "stems",
    "stems.ends",
    "postings",
    "postings.ends",
    "stems.splits",
    "stems.articles",
    "stems.occurrences",
    "stems.peaks",
    "forms.first",
]
_TEXT_SECTIONS = ["texts", "texts.ends", "texts.places", "days"]


class SegmentReader:
    """An open segment; everything it returns was verified. Safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        self.file = SectionReader(path)
        facts = self.file.facts
        try:
            numbers = [facts["articles"], facts["title_words"], facts["body_words"]]
            if not all(type(number) is int and 0 <= number < 1 << 63 for number in numbers):
                raise ValueError(numbers)
            self.articles: int = numbers[0]
            self.title_words: int = numbers[1]
            self.body_words: int = numbers[2]
        except (KeyError, TypeError, ValueError) as error:
            raise self.file.damaged("its facts make no sense") from error
        if len(self.file.section("days")) != 4 * self.articles:
            raise self.file.damaged("its columns are not of one length")
        self.scale = Scale.of_averages(self.title_words, self.body_words, self.articles)
        self._unpacker = threading.local()
        self._values: dict[str, tuple[list[str], Sequence[int]]] = {}

    @cached_property
    def stems(self) -> Strings:
        """The stems, ascending by their bytes."""
        return Strings(self.file, "stems")

    @cached_property
    def ids(self) -> Strings:
        """The ids, in the order of the articles."""
        return Strings(self.file, "ids")

    @cached_property
    def days(self) -> memoryview:
        """The day of each article: its ordinal, 0 for none; ascending."""
        return self.file.numbers("days", "I")

    def day_of(self, number: int) -> int:
        """The day of one article, where the days of all are not needed."""
        self.file.verify("days", 4 * number, 4 * number + 4)
        return int(self._days[number])

    @cached_property
    def _days(self) -> memoryview:
        return self.file.numbers("days", "I", verify=False)

    @cached_property
    def source_names(self) -> list[str]:
        """The names of the sources, by their numbers."""
        names = Strings(self.file, "sources.names")
        return [names[at].decode("utf-8", "replace") for at in range(len(names))]

    @cached_property
    def sources(self) -> memoryview:
        """The number of the source of each article."""
        return self.file.numbers("sources", "I")

    def values(self, field: str) -> tuple[list[str], Sequence[int]]:
        """(the different values that articles have in a field, the number of each article's value among them).

        '' is the value of an article that has nothing there. Looked up once for each field.
        """
        found = self._values.get(field)
        if found is None:
            found = self._values[field] = self._read_values(field)
        return found

    def _read_values(self, field: str) -> tuple[list[str], Sequence[int]]:
        if field == "source":
            if len(self.sources) != self.articles or max(self.sources, default=-1) >= len(self.source_names):
                raise self.file.damaged("an article has a source without a name")
            return self.source_names, self.sources
        if f"known.{field}" not in self.file.names():
            return [""], memoryview(array.array("I", bytes(4 * self.articles)))
        numbers = self.file.numbers(f"known.{field}", "I")
        values = Strings(self.file, f"known.{field}.values")
        if len(numbers) != self.articles or max(numbers, default=0) > len(values):
            raise self.file.damaged("what is known of its articles contradicts itself")
        return ["", *[value.decode("utf-8", "replace") for value in values]], numbers

    @cached_property
    def dictionary(self) -> kernels.Dictionary:
        """The terms; a page of the file is verified when a look-up first comes to it."""
        try:
            return self.file.for_kernel(kernels.Dictionary, _TERM_SECTIONS)
        except kernels.Damage as error:
            raise damaged(error, self) from error

    @cached_property
    def forms(self) -> Forms:
        """The written forms, and which of them a pattern means."""
        return Forms(self.file)

    def check_columns(self) -> None:
        """Raise IndexDamaged where a column would lead whoever follows it out of its section, or out of order.

        A checksum tells what was damaged, but not what was forged. For whoever reads whole columns: it takes long.
        """
        file, articles = self.file, self.articles
        sizes = {name: len(file.numbers(name, "I")) for name in ("sources", "days", "lengths.title", "lengths.body")}
        text_ends, places = file.numbers("texts.ends", "Q"), file.numbers("texts.places", "I")
        border_ends = file.numbers("borders.ends", "I")
        if {*sizes.values(), len(border_ends), len(self.ids)} != {articles} or len(places) != 2 * articles:
            raise file.damaged("its columns are not of one length")
        if articles and max(self.sources) >= len(self.source_names):
            raise file.damaged("an article has a source without a name")
        if articles and max(places[::2]) >= len(text_ends):
            raise file.damaged("an article has no text")
        for ends, size in ((text_ends, len(file.section("texts"))), (border_ends, len(file.section("borders")) // 4)):
            if not all(map(le, ends, islice(ends, 1, None))) or (ends and ends[-1] != size):
                raise file.damaged("its parts overlap")
        if not all(map(le, self.days, islice(self.days, 1, None))) or (articles and self.days[-1] > LAST_DAY):
            raise file.damaged("its articles are not in the order of their days")

    def kernel(self, live: memoryview | None) -> kernels.Segment:
        """The segment as the kernels see it, with the articles that are live."""
        file = self.file

        def verify(first: int, behind: int) -> None:
            file.verify("lengths.title", 4 * first, 4 * behind)
            file.verify("lengths.body", 4 * first, 4 * behind)

        return kernels.Segment(
            file.numbers("lengths.title", "I", verify=False),
            file.numbers("lengths.body", "I", verify=False),
            # Whoever filters by source or day, or orders by day, verifies these first, by the properties above.
            file.numbers("sources", "I", verify=False),
            file.numbers("days", "I", verify=False),
            live,
            verify,
            self.day_of,
            (file.numbers("borders", "I", verify=False), file.numbers("borders.ends", "I", verify=False)),
            self._verify_borders,
        )

    def _verify_borders(self, first: int, behind: int) -> None:
        """Verify the borders of some articles."""
        file = self.file
        file.verify("borders.ends", max(4 * first - 4, 0), 4 * behind)
        ends = file.numbers("borders.ends", "I", verify=False)
        begin, end = (ends[first - 1] if first else 0), ends[behind - 1]
        if begin > end or 4 * end > len(file.section("borders")):
            raise file.damaged("its parts overlap")
        file.verify("borders", 4 * begin, 4 * end)

    def number_of(self, article_id: bytes) -> int:
        """The number of the article with this id, or -1."""
        digest = kernels.id_digest(article_id)
        digests = self.digests
        at = bisect_left(digests, digest)
        while at < len(digests) and digests[at] == digest:
            number = self.file.numbers("ids.articles", "I")[at]
            if number >= self.articles:
                raise self.file.damaged("an id belongs to no article")
            if self.ids[number] == article_id:
                return int(number)
            at += 1
        return -1

    @cached_property
    def digests(self) -> memoryview:
        """The digests of all ids, ascending."""
        return self.file.numbers("ids.digests", "Q")

    def article_id(self, number: int) -> str:
        """The id of an article."""
        return self.ids[number].decode("utf-8", "replace")

    def article(self, number: int) -> Article:
        """An article, whole."""
        try:
            packed, at, day = self._texts.packed(number)
        except kernels.Damage as error:
            raise damaged(error, self) from error
        try:
            unpacker = self._unpacker.made
        except AttributeError:
            unpacker = self._unpacker.made = zstandard.ZstdDecompressor()
        try:
            return kernels.read_article(unpack(unpacker, packed), at, day)
        except (zstandard.ZstdError, ValueError) as error:
            raise self.file.damaged("an article cannot be unpacked") from error
        except MemoryError as error:
            raise StorageError(f"{self.file.path}: a text does not fit into memory") from error

    @cached_property
    def _texts(self) -> kernels.Texts:
        """Where the articles lie."""
        try:
            return self.file.for_kernel(kernels.Texts, _TEXT_SECTIONS)
        except kernels.Damage as error:
            raise damaged(error, self) from error


def damaged(error: kernels.Damage, segment: SegmentReader) -> IndexDamaged:
    """What a kernel's complaint becomes."""
    return segment.file.damaged(str(error.args[0]))
