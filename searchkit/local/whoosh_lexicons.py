"""Which terms has a field of Whoosh's, and where do they stand? One lexicon for each field of a segment.

A posting of the store is about an article as a whole. Here it is shown as four fields: ``text`` is title and body,
with a gap of one position between them; ``title`` and ``body`` are its two parts; ``words`` is ``text`` again, with
the words as they were written instead of their stems. ``date``, ``source`` and ``id`` come from columns.
"""

from __future__ import annotations

import array
import datetime
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from whoosh.fields import DATETIME

from searchkit.store.builder import GAP
from searchkit.store.postings import TermPostings, read_counts
from searchkit.store.segment import SegmentReader
from searchkit.store.strings import Strings


@dataclass(frozen=True, slots=True)
class Postings:
    """The postings of a term in one field: articles, ascending; how often (None: once each) and where."""

    articles: Sequence[int]
    weights: Sequence[int] | None = None
    positions: Callable[[int], list[int]] | None = None


class Lexicon(Protocol):
    """The terms of one field."""

    def find(self, term: bytes) -> Postings | None:
        """The postings of a term, None where there are none."""

    def counts(self, term: bytes) -> tuple[int, int]:
        """(articles, occurrences) of a term."""

    def terms_from(self, first: bytes) -> Iterator[bytes]:
        """The terms from ``first`` on, ascending."""


def lexicons(reader: SegmentReader, read: Callable[[int], TermPostings]) -> dict[str, Lexicon]:
    """The lexicon of each field that can be searched, ascending; ``read`` gives the postings of a stem."""
    return {
        "body": _Part(reader, read, title=False),
        "date": _Dates(reader),
        "id": _Ids(reader),
        "source": _Sources(reader),
        "text": _Stems(reader, read),
        "title": _Part(reader, read, title=True),
        "words": _Words(reader, read),
    }


class _Counted:
    """Counts a term by its postings."""

    def find(self, term: bytes) -> Postings | None:
        raise NotImplementedError

    def counts(self, term: bytes) -> tuple[int, int]:
        found = self.find(term)
        if found is None:
            return 0, 0
        return len(found.articles), len(found.articles) if found.weights is None else sum(found.weights)


class _Stems:
    """The field ``text``."""

    def __init__(self, reader: SegmentReader, read: Callable[[int], TermPostings]) -> None:
        self._reader = reader
        self._read = read

    def find(self, term: bytes) -> Postings | None:
        number = self._reader.stems.find(term)
        return None if number < 0 else _whole(self._read(number))

    def counts(self, term: bytes) -> tuple[int, int]:
        number = self._reader.stems.find(term)
        return (0, 0) if number < 0 else read_counts(self._reader, number)[:2]

    def terms_from(self, first: bytes) -> Iterator[bytes]:
        return _from(self._reader, self._reader.stems, first)


class _Part(_Counted):
    """The field ``title`` or ``body``: what stands there of each stem, positions from 0."""

    def __init__(self, reader: SegmentReader, read: Callable[[int], TermPostings], *, title: bool) -> None:
        self._reader = reader
        self._read = read
        self._title = title
        self._title_lengths = reader.file.numbers("lengths.title", "I")

    def find(self, term: bytes) -> Postings | None:
        number = self._reader.stems.find(term)
        if number < 0:
            return None
        postings = self._read(number)
        frequencies: Sequence[int] = postings.titles
        if not self._title:
            frequencies = [total - title for total, title in zip(postings.totals, postings.titles, strict=True)]
        chosen = [at for at, frequency in enumerate(frequencies) if frequency]

        def positions(at: int) -> list[int]:
            places = [position for position, _ in postings.positions(chosen[at])]
            count = postings.titles[chosen[at]]
            if self._title:
                return places[:count]
            begin = self._title_lengths[postings.articles[chosen[at]]] + GAP
            return [position - begin for position in places[count:]]

        return _chosen(postings.articles, frequencies, chosen, positions)

    def terms_from(self, first: bytes) -> Iterator[bytes]:
        return (term for term in _from(self._reader, self._reader.stems, first) if self.find(term))


class _Words(_Counted):
    """The field ``words``: each written form, out of the postings of its stem."""

    def __init__(self, reader: SegmentReader, read: Callable[[int], TermPostings]) -> None:
        self._reader = reader
        self._read = read
        self._forms = Strings(reader.file, "forms")
        self._order = reader.file.numbers("forms.sorted", "I")
        self._first = reader.file.numbers("forms.first", "I")
        if len(self._order) != len(self._forms) or len(self._first) != len(reader.stems) + 1:
            raise reader.file.damaged("its written forms are not those of its stems")

    def find(self, term: bytes) -> Postings | None:
        number, form, forms = self._look_up(term)
        if number < 0:
            return None
        postings = self._read(number)
        if forms == 1:
            return _whole(postings)
        places = [
            [position for position, here in postings.positions(at) if here == form] for at in range(len(postings))
        ]
        chosen = [at for at, here in enumerate(places) if here]
        frequencies = [len(here) for here in places]
        return _chosen(postings.articles, frequencies, chosen, lambda at: places[chosen[at]])

    def counts(self, term: bytes) -> tuple[int, int]:
        number, _, forms = self._look_up(term)
        if number >= 0 and forms == 1:
            return read_counts(self._reader, number)[:2]
        return super().counts(term)

    def terms_from(self, first: bytes) -> Iterator[bytes]:
        return _from(self._reader, self._forms, first, self._order)

    def _look_up(self, term: bytes) -> tuple[int, int, int]:
        """(its stem, its number among the forms of that stem, how many these are); no stem is -1."""
        at = self._forms.find(term, self._order)
        if at < 0:
            return -1, 0, 0
        stem = bisect_right(self._first, at) - 1
        if not 0 <= stem < len(self._first) - 1:
            raise self._reader.file.damaged("a written form belongs to no stem")
        return stem, at - self._first[stem], self._first[stem + 1] - self._first[stem]


class _Listed(_Counted):
    """A field whose terms are gathered from a column once."""

    def find(self, term: bytes) -> Postings | None:
        articles = self._table.get(term)
        return Postings(articles) if articles else None

    def terms_from(self, first: bytes) -> Iterator[bytes]:
        return iter(self._terms[bisect_left(self._terms, first) :])

    @cached_property
    def _terms(self) -> list[bytes]:
        return sorted(self._table)

    @cached_property
    def _table(self) -> dict[bytes, Sequence[int]]:
        raise NotImplementedError


class _Dates(_Listed):
    """The field ``date``, with the coarser terms that Whoosh makes of a number for its ranges.

    Articles stand in the order of their days, so each term has a range of them.
    """

    def __init__(self, reader: SegmentReader) -> None:
        self._days = reader.days

    @cached_property
    def _table(self) -> dict[bytes, Sequence[int]]:
        field, days = DATETIME(), self._days
        table: dict[bytes, Sequence[int]] = {}
        begin = bisect_right(days, 0)
        while begin < len(days):
            end = bisect_right(days, days[begin], begin)
            moment = datetime.datetime.fromordinal(days[begin])
            for shift in range(0, field.bits, field.shift_step):
                term = field.to_bytes(moment, shift)
                table[term] = range(table[term][0] if term in table else begin, end)
            begin = end
        return table


class _Sources(_Listed):
    """The field ``source``: one term for each name."""

    def __init__(self, reader: SegmentReader) -> None:
        self._names = [name.encode() for name in reader.source_names]
        self._sources = reader.sources

    @cached_property
    def _table(self) -> dict[bytes, Sequence[int]]:
        table: dict[bytes, array.array[int]] = defaultdict(lambda: array.array("I"))
        for article, source in enumerate(self._sources):
            if self._names[source]:
                table[self._names[source]].append(article)
        return dict(table)


class _Ids(_Counted):
    """The field ``id``. One is found by its digest; only a walk over them has them sorted."""

    def __init__(self, reader: SegmentReader) -> None:
        self._reader = reader

    def find(self, term: bytes) -> Postings | None:
        number = self._reader.number_of(term)
        return None if number < 0 else Postings((number,))

    def terms_from(self, first: bytes) -> Iterator[bytes]:
        return iter(self._sorted[bisect_left(self._sorted, first) :])

    @cached_property
    def _sorted(self) -> list[bytes]:
        return sorted(readable(key, self._reader) for key in self._reader.ids)


def _whole(postings: TermPostings) -> Postings:
    """All postings of a stem."""
    return Postings(
        postings.articles,
        postings.totals,
        lambda at: [position for position, _ in postings.positions(at)],
    )


def _chosen(
    articles: Sequence[int], frequencies: Sequence[int], chosen: list[int], positions: Callable[[int], list[int]]
) -> Postings | None:
    """Some of the postings of a stem, None where none are left."""
    if not chosen:
        return None
    return Postings(
        array.array("I", [articles[at] for at in chosen]),
        array.array("I", [frequencies[at] for at in chosen]),
        positions,
    )


def readable(text: bytes, reader: SegmentReader) -> bytes:
    """A term or an id; raises IndexDamaged where it is not the UTF-8 that Whoosh will take it for."""
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError as error:
            raise reader.file.damaged("a term is no text") from error
    return text


def _from(
    reader: SegmentReader, strings: Strings, first: bytes, order: Sequence[int] | None = None
) -> Iterator[bytes]:
    """The strings from ``first`` on; they ascend, by themselves or in ``order``."""

    def string(at: int) -> bytes:
        return readable(strings.at(at if order is None else order[at]), reader)

    begin = bisect_left(range(len(strings)), first, key=string)
    return map(string, range(begin, len(strings)))
