"""The best articles of one segment for a query: every posting is read, every article scored, and all are sorted."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from typing_extensions import Buffer

from searchkit.store.ranking import share

if TYPE_CHECKING:
    from searchkit.store.postings import TermPostings

_WORD, _PHRASE, _ALL_OF, _ANY_OF, _ALL_BUT, _EVERYTHING = range(6)
# In the order of days turned round, what comes behind every day.
_NEVER = -1e15


class Damage(Exception):
    """The bytes of a segment contradict themselves."""


class Segment:
    """The sections of a segment that a search reads.

    ``live`` has a bit for each article (the first in the lowest bit of the first byte), or is None.
    """

    def __init__(
        self,
        postings: Buffer,
        titles: Buffer,
        bodies: Buffer,
        sources: Buffer,
        days: Buffer,
        live: Buffer | None,
    ) -> None:
        self.postings: memoryview[int] = memoryview(postings)
        self.titles: memoryview[int] = memoryview(titles)
        self.bodies: memoryview[int] = memoryview(bodies)
        self.sources: memoryview[int] = memoryview(sources)
        self.days: memoryview[int] = memoryview(days)
        self.live: memoryview[int] | None = None if live is None else memoryview(live)
        self.articles = len(self.titles)
        columns = (self.bodies, self.sources, self.days)
        if any(len(column) != self.articles for column in columns) or (
            self.live is not None and len(self.live) * 8 < self.articles
        ):
            raise Damage("the columns are not of one length")


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


class Query:
    """A query over one segment, ready to be run once.

    ``scale`` is (k1, title weight, title base, title slope, body base, body slope), with the k1 of
    searchkit.store.ranking. ``terms`` is a list of (begin, split, end, articles, occurrences, forms, peak, stretch,
    weight): its postings lie from begin to split, its positions from split to end;
    ``nodes`` a list in postfix order of (kind, first term, terms, child numbers, weight), the root last.
    """

    def __init__(
        self,
        segment: Segment,
        scale: tuple[float, float, float, float, float, float],
        terms: Sequence[tuple[float, ...]],
        nodes: Sequence[tuple[int, int, int, tuple[int, ...], float]],
        low: int,
        high: int,
        wanted: bytes | None,
        limit: int,
        floor: float,
    ) -> None:
        self._segment = segment
        self._scale = scale[1:]
        self._terms = [self._read(*term) for term in terms]
        self._weights = [term[8] for term in terms]
        self._nodes = nodes
        self._range = range(low, min(high, segment.articles))
        self._wanted = wanted
        self._limit = limit
        self._floor = floor
        self.total = 0
        for number, (kind, first, count, children, _) in enumerate(nodes):
            if kind in (_WORD, _PHRASE) and first + count > len(terms):
                raise ValueError("a node without its terms")
            if kind not in (_WORD, _PHRASE) and any(child >= number for child in children):
                raise ValueError("a child behind its parent")

    def run(self, order: str = "relevance") -> list[tuple[float, int]]:
        """Answer: the best as (score, article), best first; ``total`` is then exact.

        ``order`` "newest" and "oldest" give articles by their day instead, with scores of zero.
        """
        if not self._nodes:
            return []
        matching = {
            article: score
            for article, score in self._matching(len(self._nodes) - 1).items()
            if self._allowed(article)
        }
        self.total = len(matching)
        days = self._segment.days
        if order == "newest":
            matching = {article: float(days[article]) for article in matching}
        elif order == "oldest":
            matching = {article: -float(days[article]) if days[article] else _NEVER for article in matching}
        found = sorted(
            ((score, article) for article, score in matching.items() if score >= self._floor), reverse=True
        )
        return [(score if order == "relevance" else 0.0, article) for score, article in found[: self._limit]]

    def _read(
        self,
        begin: float,
        split: float,
        end: float,
        articles: float,
        occurrences: float,
        forms: float,
        *_: float,
    ) -> TermPostings:
        if not begin <= split < end <= len(self._segment.postings):
            raise Damage("a term lies outside its section")
        return occurrences_of(
            bytes(self._segment.postings[int(begin) : int(end)]),
            int(split - begin),
            int(articles),
            int(occurrences),
            int(forms),
            self._segment.articles,
        )

    def _allowed(self, article: int) -> bool:
        """Whether an article passes the filters and is not deleted."""
        segment = self._segment
        if article not in self._range:
            return False
        if segment.live is not None and not segment.live[article >> 3] >> (article & 7) & 1:
            return False
        source = segment.sources[article]
        return self._wanted is None or (source < len(self._wanted) and self._wanted[source] != 0)

    def _matching(self, number: int) -> dict[int, float]:
        """The score of every article that a node matches."""
        kind, first, count, children, weight = self._nodes[number]
        if kind == _WORD:
            postings = self._terms[first]
            return {
                article: self._share(self._weights[first], article, total, title)
                for article, total, title in zip(postings.articles, postings.totals, postings.titles, strict=True)
            }
        if kind == _PHRASE:
            return self._phrase(self._terms[first : first + count], weight)
        if kind == _EVERYTHING:
            return dict.fromkeys(range(self._segment.articles), 0.0)
        parts = [self._matching(child) for child in children]
        if kind == _ALL_BUT:
            return {article: score for article, score in parts[0].items() if not any(article in p for p in parts[1:])}
        articles = set(parts[0])
        for part in parts[1:]:
            articles = articles & set(part) if kind == _ALL_OF else articles | set(part)
        return {article: sum(part.get(article, 0.0) for part in parts) for article in articles}

    def _phrase(self, words: list[TermPostings], weight: float) -> dict[int, float]:
        numbers = [{article: number for number, article in enumerate(word.articles)} for word in words]
        found = {}
        for article in numbers[0]:
            if not all(article in known for known in numbers):
                continue
            places = [
                {place for place, _ in word.positions(known[article])}
                for word, known in zip(words, numbers, strict=True)
            ]
            begins = [place for place in places[0] if all(place + at in later for at, later in enumerate(places))]
            if begins:
                title = sum(place < self._segment.titles[article] for place in begins)
                found[article] = self._share(weight, article, len(begins), title)
        return found

    def _share(self, weight: float, article: int, total: int, title: int) -> float:
        """What a word or phrase adds to an article's score."""
        title_weight, title_base, title_slope, body_base, body_slope = self._scale
        # The norm of a body is kept in single precision, once for all queries; so is what is multiplied with it.
        norm = _single(1 / (body_base + body_slope * self._segment.bodies[article]))
        frequency = _single((total - title) * norm)
        if title:
            frequency += title_weight * title / (title_base + title_slope * self._segment.titles[article])
        return share(weight, frequency)


def _single(number: float) -> float:
    """The nearest number of single precision."""
    return float(struct.unpack("<f", struct.pack("<f", number))[0])
