"""How does Whoosh read the terms of a segment? Field by field, each made when it is asked for.

A posting of the store is about an article as a whole. Here it is shown as four fields: ``text`` is title and body,
with a gap of one position between them; ``title`` and ``body`` are its two parts; ``words`` is ``text`` again, with
the words as they were written instead of their stems. ``date``, ``source`` and ``id`` come from columns.
"""

from __future__ import annotations

import array
import datetime
import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Protocol

from whoosh.codec import base
from whoosh.fields import DATETIME
from whoosh.matching import LeafMatcher, ReadTooFar
from whoosh.reading import TermInfo, TermNotFound

from searchkit.store.builder import GAP
from searchkit.store.postings import TermPostings, read_counts, read_postings
from searchkit.store.segment import SegmentReader
from searchkit.store.strings import Strings

if TYPE_CHECKING:
    from whoosh.fields import FieldType
    from whoosh.formats import Format
    from whoosh.scoring import BaseScorer

# Terms whose postings stay at hand: Whoosh asks three times for each term of a query.
_REMEMBERED = 16


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


class TermsReader(base.TermsReader):  # type: ignore[misc]
    """The terms of all fields of a segment, and their postings.

    ``lengths`` tells how many words articles have in a field, and nothing for a field without words.
    """

    def __init__(self, reader: SegmentReader, lengths: Callable[[str, Sequence[int]], list[int]]) -> None:
        read = lru_cache(_REMEMBERED)(lambda number: read_postings(reader, number))
        self._lexicons: dict[str, Lexicon] = {
            "body": _Part(reader, read, title=False),
            "date": _Dates(reader),
            "id": _Ids(reader),
            "source": _Sources(reader),
            "text": _Stems(reader, read),
            "title": _Part(reader, read, title=True),
            "words": _Words(reader, read),
        }
        self._find = lru_cache(_REMEMBERED)(lambda field, term: self._lexicons[field].find(term))
        self._lengths = lengths

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        return term[0] in self._lexicons and self._lexicons[term[0]].counts(term[1])[0] > 0

    def indexed_field_names(self) -> list[str]:
        """The fields that can be searched, ascending."""
        return list(self._lexicons)

    def cursor(self, fieldname: str, fieldobj: FieldType) -> Cursor:
        """A walk over the terms of a field."""
        return Cursor(self, fieldname, self._lexicons[fieldname], fieldobj)

    def terms(self) -> Iterator[tuple[str, bytes]]:
        """(field, term), ascending."""
        return self.terms_from("", b"")

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        """(field, term) from one on, ascending; also those of the fields behind it."""
        for name, lexicon in self._lexicons.items():
            if name >= fieldname:
                for term in lexicon.terms_from(prefix if name == fieldname else b""):
                    yield name, term

    def items(self) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        """((field, term), its facts), ascending."""
        return self.items_from("", b"")

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        """((field, term), its facts) from one on, ascending."""
        return ((term, self.term_info(*term)) for term in self.terms_from(fieldname, prefix))

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        """The facts of a term; raises KeyError where there is no such term."""
        found = self._find(fieldname, text)
        if found is None:
            raise KeyError((fieldname, text))
        count = len(found.articles)
        lengths = self._lengths(fieldname, found.articles) or [0]
        return TermInfo(
            count if found.weights is None else sum(found.weights),
            count,
            min(lengths),
            max(lengths),
            1 if found.weights is None else max(found.weights),
            found.articles[0],
            found.articles[-1],
        )

    def frequency(self, fieldname: str, text: bytes) -> int:
        """How often a term stands in a field."""
        return self._lexicons[fieldname].counts(text)[1]

    def doc_frequency(self, fieldname: str, text: bytes) -> int:
        """In how many articles a term stands."""
        return self._lexicons[fieldname].counts(text)[0]

    def matcher(
        self, fieldname: str, text: bytes, format_: Format, scorer: BaseScorer | None = None
    ) -> PostingsMatcher:
        """A walk over the postings of a term; raises TermNotFound."""
        found = self._find(fieldname, text)
        if found is None:
            raise TermNotFound(f"no term {fieldname}:{text!r}")
        return PostingsMatcher(found, format_, (fieldname, text), scorer)


class Cursor(base.FieldCursor):  # type: ignore[misc]
    """A walk over the terms of one field; None is what stands behind the last."""

    def __init__(self, terms: TermsReader, name: str, lexicon: Lexicon, field: FieldType) -> None:
        self._terms = terms
        self._name = name
        self._lexicon = lexicon
        self._field = field
        self.first()

    def first(self) -> str | None:
        """Go to the first term."""
        return self.find(b"")

    def find(self, term: str | bytes) -> str | None:
        """Go to the first term from ``term`` on."""
        self._walk = self._lexicon.terms_from(self._field.to_bytes(term))
        return self.next()

    def next(self) -> str | None:
        """Go to the next term."""
        self._term = next(self._walk, None)
        return self.text()

    def text(self) -> str | None:
        """The term at hand."""
        return None if self._term is None else self._field.from_bytes(self._term)

    term = text

    def term_info(self) -> TermInfo | None:
        """The facts of the term at hand."""
        return None if self._term is None else self._terms.term_info(self._name, self._term)

    def is_valid(self) -> bool:
        """Whether there is a term at hand."""
        return self._term is not None


class PostingsMatcher(LeafMatcher):  # type: ignore[misc]
    """A walk over postings that are all at hand."""

    def __init__(
        self, postings: Postings, format_: Format, term: tuple[str, bytes], scorer: BaseScorer | None, at: int = 0
    ) -> None:
        self._postings = postings
        self.format = format_
        self._term = term
        self.scorer = scorer
        self._at = at

    def is_active(self) -> bool:
        """Whether there is a posting at hand."""
        return self._at < len(self._postings.articles)

    def reset(self) -> None:
        """Go to the first posting."""
        self._at = 0

    def copy(self) -> PostingsMatcher:
        """Another walk from here."""
        return PostingsMatcher(self._postings, self.format, self._term, self.scorer, self._at)

    def id(self) -> int:
        """The article of the posting."""
        return self._postings.articles[self._at]

    def all_ids(self) -> Iterator[int]:
        """The articles from here on."""
        return iter(self._postings.articles[self._at :])

    def next(self) -> bool:
        """Go to the next posting; whether a block ended."""
        if not self.is_active():
            raise ReadTooFar
        self._at += 1
        return not self.is_active()

    def skip_to(self, id: int) -> None:  # noqa: A002  (the name is Whoosh's)
        """Go to the first posting from article ``id`` on, never back."""
        if not self.is_active():
            raise ReadTooFar
        self._at = bisect_left(self._postings.articles, id, self._at)

    def weight(self) -> float:
        """How often the term stands in the article."""
        return 1.0 if self._postings.weights is None else float(self._postings.weights[self._at])

    def value(self) -> bytes:
        """The posting as Whoosh's format of the field encodes it."""
        positions = self._postings.positions
        encoded: bytes = self.format.encode(positions(self._at) if positions else 1)
        return encoded

    def value_as(self, astype: str) -> object:
        """The posting as Whoosh's format of the field gives it; positions take the short way."""
        if astype == "positions" and self._postings.positions is not None:
            return self._postings.positions(self._at)
        return self.format.decoder(astype)(self.value())

    def supports_block_quality(self) -> bool:
        """No: Whoosh's shortcuts over blocks lose hits of nested queries."""
        return False

    def max_quality(self) -> float:
        """No bound: Whoosh leaves matchers out by it whether they support it or not, and then counts wrongly."""
        return math.inf

    block_quality = max_quality

    def score(self) -> float:
        """The score; without a scorer, the frequency."""
        return self.weight() if self.scorer is None else float(self.scorer.score(self))


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
