"""What lies where in a segment's file: what it knows of a stem, and its articles. Pages are verified on the way."""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Callable
from typing import TYPE_CHECKING

from searchkit.store.record import decode

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from searchkit.article import Article
    from searchkit.store.postings import TermPostings

_SIZES = {"I": 4, "Q": 8, "f": 4}


class Damage(Exception):
    """The bytes of a segment contradict themselves."""


def occurrences_of(data: bytes, split: int, articles: int, occurrences: int, forms: int, limit: int) -> TermPostings:
    """The postings of a term in a segment of ``limit`` articles: its bytes, and what the dictionary says of it."""
    # The decoder serves the rooms above the kernels and so imports them; it is there when the first term is read.
    from searchkit.store.postings import TermPostings

    return TermPostings(
        data[:split],
        data[split:],
        count=articles,
        occurrences=occurrences,
        forms=forms,
        limit=limit,
        damaged=Damage,
    )


class Sections:
    """Sections of a file that are read in place; see Dictionary for what they are made of."""

    def __init__(
        self,
        file: Buffer,
        page: int,
        verified: bytearray,
        verify: Callable[[int], None],
        sections: list[tuple[int, int]],
    ) -> None:
        self._file: memoryview[int] = memoryview(file)
        self._page = page
        self._verified = verified
        self._verify = verify
        self._sections = sections
        for offset, size in sections:
            if offset + size > min(len(self._file), page * len(verified)):
                raise Damage("a section lies outside its file")

    def _number(self, section: tuple[int, int], at: int, kind: str = "I") -> float:
        size = _SIZES[kind]
        number: float
        (number,) = struct.unpack("<" + kind, self._bytes(section, size * at, size * at + size))
        return number

    def _bytes(self, section: tuple[int, int], begin: int, end: int) -> bytes:
        """Bytes of a section, their pages verified."""
        offset, size = section
        if not 0 <= begin <= end <= size:
            raise Damage("a section is shorter than it should be")
        if end > begin:
            for page in range((offset + begin) // self._page, (offset + end - 1) // self._page + 1):
                if not self._verified[page]:
                    self._verify(page)
        return bytes(self._file[offset + begin : offset + end])


class Dictionary(Sections):
    """The terms of one segment.

    ``file`` is the file's bytes, ``page`` the bytes of a page, ``verified`` a byte for each page, not 0 once it was
    verified, ``verify`` is called with the number of a page that was not, and raises where it is damaged.
    ``sections`` gives (offset, size) for "stems", "stems.ends", "postings", "postings.ends", "stems.splits",
    "stems.articles", "stems.occurrences", "stems.peaks" and "forms.first", in this order.
    """

    def __init__(
        self,
        file: Buffer,
        page: int,
        verified: bytearray,
        verify: Callable[[int], None],
        sections: list[tuple[int, int]],
    ) -> None:
        if len(sections) != 9:
            raise ValueError("nine sections")
        super().__init__(file, page, verified, verify, sections)
        (
            self._stems,
            self._stem_ends,
            self._postings,
            self._ends,
            self._splits,
            self._articles,
            self._occurrences,
            self._peaks,
            self._first,
        ) = sections
        self.stems = self._stem_ends[1] // 4
        columns = (self._ends, self._splits, self._articles, self._occurrences, self._peaks, self._first)
        if [size for _, size in columns] != [8 * self.stems, *[4 * self.stems] * 4, 4 * self.stems + 4]:
            raise Damage("the dictionary is not of one length")

    def find(self, stem: bytes) -> int:
        """The number of a stem, or -1."""
        at = bisect_left(range(self.stems), stem, key=self._stem)
        return at if at < self.stems and self._stem(at) == stem else -1

    def articles(self, term: int) -> int:
        """In how many articles a term stands, deleted ones included."""
        return int(self._number(self._articles, term))

    def facts(self, term: int, positions: bool) -> tuple[int, int, int, int, int, int, float]:
        """(begin, split, end, articles, occurrences, forms, peak) of a term, its postings verified.

        Its postings lie from begin to split in their section, its positions, verified if they are wanted,
        from split to end.
        """
        begin = int(self._number(self._ends, term - 1, "Q")) if term else 0
        end = int(self._number(self._ends, term, "Q"))
        split = begin + int(self._number(self._splits, term))
        if not begin <= split < end:
            raise Damage("a term lies outside its section")
        self._bytes(self._postings, begin, end if positions else split)
        return (
            begin,
            split,
            end,
            self.articles(term),
            int(self._number(self._occurrences, term)),
            int(self._number(self._first, term + 1) - self._number(self._first, term)),
            self._number(self._peaks, term, "f"),
        )

    def read(self, term: int, limit: int) -> TermPostings:
        """The postings of a term, in a segment of ``limit`` articles."""
        begin, split, end, articles, occurrences, forms, _ = self.facts(term, True)
        data = self._bytes(self._postings, begin, end)
        return occurrences_of(data, split - begin, articles, occurrences, forms, limit)

    def _stem(self, number: int) -> bytes:
        begin = int(self._number(self._stem_ends, number - 1)) if number else 0
        end = int(self._number(self._stem_ends, number))
        if begin > end:
            raise Damage("the stems overlap")
        return self._bytes(self._stems, begin, end)


class Texts(Sections):
    """Where the articles of one segment are kept; see Dictionary for what it is made of.

    ``sections`` gives "texts", "texts.ends", "texts.places" and "days", in this order.
    """

    def __init__(
        self,
        file: Buffer,
        page: int,
        verified: bytearray,
        verify: Callable[[int], None],
        sections: list[tuple[int, int]],
    ) -> None:
        super().__init__(file, page, verified, verify, sections)
        self._texts, self._ends, self._places, self._days = sections
        self.articles = self._days[1] // 4

    def packed(self, number: int) -> tuple[memoryview, int, int]:
        """(its packed block, where its record begins when that is unpacked, its day), all of it verified."""
        if not 0 <= number < self.articles:
            raise Damage("there is no such article")
        block, at = struct.unpack("<II", self._bytes(self._places, 8 * number, 8 * number + 8))
        begin = int(self._number(self._ends, block - 1, "Q")) if block else 0
        end = int(self._number(self._ends, block, "Q"))
        self._bytes(self._texts, begin, end)
        day = int(self._number(self._days, number))
        offset = self._texts[0]
        return self._file[offset + begin : offset + end], at, day


def read_article(data: bytes, at: int, day: int) -> Article:
    """The article whose record begins at ``at``; ValueError where the bytes are none, or ``day`` is none."""
    return decode(data, at, day)
