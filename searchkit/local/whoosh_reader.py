"""How does Whoosh read the terms of a segment? Field by field, each out of its lexicon; see whoosh_lexicons.py."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from whoosh.codec import base
from whoosh.matching import LeafMatcher, ReadTooFar
from whoosh.reading import TermInfo, TermNotFound

from searchkit.local.whoosh_lexicons import Lexicon, Postings, lexicons
from searchkit.store.postings import read_postings
from searchkit.store.segment import SegmentReader

if TYPE_CHECKING:
    from whoosh.fields import FieldType
    from whoosh.formats import Format
    from whoosh.scoring import BaseScorer

# Terms whose postings stay at hand: Whoosh asks three times for each term of a query.
_REMEMBERED = 16


class TermsReader(base.TermsReader):  # type: ignore[misc]
    """The terms of all fields of a segment, and their postings.

    ``lengths`` tells how many words articles have in a field, and nothing for a field without words.
    """

    def __init__(self, reader: SegmentReader, lengths: Callable[[str, Sequence[int]], list[int]]) -> None:
        read = lru_cache(_REMEMBERED)(lambda number: read_postings(reader, number))
        self._lexicons = lexicons(reader, read)
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
