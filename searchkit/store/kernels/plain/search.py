"""The best articles of some segments for a query: every posting is read, every article scored, and all are sorted."""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from searchkit.errors import QueryTooLarge
from searchkit.store.kernels.plain.dictionary import Damage, Dictionary
from searchkit.store.kernels.plain.passages import Node, Passages, check_lists, check_meant, check_nodes, pop_passages
from searchkit.store.ranking import share

if TYPE_CHECKING:
    from typing_extensions import Buffer

if TYPE_CHECKING:
    from searchkit.store.postings import TermPostings

_WORD, _PHRASE, _ALL_OF, _ANY_OF, _ALL_BUT, _EVERYTHING, _SPOT = range(7)
_EARLY, _TIMES, _DAYS, _CHOSEN = range(12, 16)
_RELEVANCE, _NEWEST, _OLDEST = range(3)
# In the order of days turned round, what comes behind every day.
_NEVER = -1e15
# No day is later.
_LAST = 1 << 32

# (score, or what stands for the day, day, number of the segment, article)
_Hit = tuple[float, int, int, int]


class Exhausted(Exception):
    """A query took more time than it was given, or its passages in one article more room than there is."""


class Segment:
    """The sections of a segment that a search reads besides its postings.

    ``live`` has a bit for each article (the first in the lowest bit of the first byte), or is None. ``verify``,
    unless it is None, is called with the first of some articles and the one behind them before their ``titles``
    and ``bodies`` are read, and raises where those are damaged; ``verify_day`` is called with an article before its
    day is read to settle which of two that score the same is newer. ``borders``, (borders, where those of each
    article end), are needed for sentences and paragraphs only; ``verify_borders`` is to them what ``verify`` is to
    the lengths.
    """

    def __init__(
        self,
        titles: Buffer,
        bodies: Buffer,
        sources: Buffer,
        days: Buffer,
        live: Buffer | None,
        verify: Callable[[int, int], None] | None = None,
        verify_day: Callable[[int], object] | None = None,
        borders: tuple[Buffer, Buffer] | None = None,
        verify_borders: Callable[[int, int], None] | None = None,
    ) -> None:
        self.verify_borders = verify_borders
        self.borders: memoryview[int] | None = memoryview(borders[0]) if borders else None
        self.border_ends: memoryview[int] | None = memoryview(borders[1]) if borders else None
        self.titles: memoryview[int] = memoryview(titles)
        self.bodies: memoryview[int] = memoryview(bodies)
        self.sources: memoryview[int] = memoryview(sources)
        self.days: memoryview[int] = memoryview(days)
        self.live: memoryview[int] | None = None if live is None else memoryview(live)
        self.verify = verify
        self.verify_day = verify_day
        self.articles = len(self.titles)
        columns = [self.bodies, self.sources, self.days]
        if self.border_ends is not None:
            columns.append(self.border_ends)
        if any(len(column) != self.articles for column in columns) or (
            self.live is not None and len(self.live) * 8 < self.articles
        ):
            raise Damage("the columns are not of one length")

    def is_live(self, article: int) -> bool:
        """Whether an article is not deleted."""
        return self.live is None or bool(self.live[article >> 3] >> (article & 7) & 1)


class Searcher:
    """Answers queries over some segments.

    ``parts`` are (segment, its dictionary, by how much its bounds must be stretched); ``articles`` is how many
    live ones they have together; ``scale`` is (k1, title weight, title base, title slope, body base, body slope),
    with the k1 of searchkit.store.ranking.
    """

    def __init__(
        self,
        parts: list[tuple[Segment, Dictionary, float]],
        articles: int,
        scale: tuple[float, float, float, float, float, float],
    ) -> None:
        self._parts = parts
        self._articles = articles
        self._scale = scale

    def search(
        self,
        stems: list[bytes],
        nodes: Sequence[Node],
        since: int,
        until: int,
        wanted: list[bytes | None] | None,
        limit: int,
        order: int,
        filters: list[list[bytes | None]] | None = None,
        chosen: list[list[bytes | None]] | None = None,
        deadline: int = 0,
    ) -> tuple[int, list[int], list[tuple[float, int, int]], bool]:
        """(exact total, in how many articles each stem stands, the best, whether they are tied).

        ``nodes`` are in postfix order: (WORD, number of a stem), (PHRASE, numbers of stems), (ALL_OF, ANY_OF or
        ALL_BUT, number of children), (EVERYTHING, 0). Of passages each operand begins with a factor of its weight and
        the number of articles that have it, or -1 where its weight is that of its words: (SPOT, (.., scope, ((stem,
        filter or -1), ..))), (CHAIN or UNION, (.., children)), (CLOSE, (.., children, slop)), (NEAR, (.., distance,
        ordered)) and (WITHIN, (.., 1 for paragraphs, ordered)) of two children, (EARLY, (.., words, scope)) of
        one. Of whole articles: (TIMES, count) of one passage, (DAYS, (first, last)), 0 for no bound, (CHOSEN,
        number). A scope is 0 for anywhere, 1 for the title, 2 for the body.

        ``filters`` has for each segment a list by the filters' numbers: bytes with one for each form of the stem, not
        0 where it is meant, or None where none is.
        ``chosen`` has for each number a list of bytes by segment, with a bit for each article, or None.

        ``since`` and ``until`` are days, included, 0 for no bound;
        ``wanted`` has for each segment a byte for each of its sources, or None, or is None. ``order`` is RELEVANCE
        (0), NEWEST (1) or OLDEST (2).

        The best are (score, number of a segment, article), best first; by day, scores are zero. Where articles of
        different segments are equal in score and day they are tied: whoever knows their ids puts them in order,
        and then cuts them to ``limit``. A Damage has the number of its segment as second argument. Raises Exhausted
        when time.monotonic_ns() passes ``deadline``, unless that is 0, and ValueError where ``nodes`` are no tree or
        refer to what is not there.
        """
        check_nodes(nodes, len(stems))
        if order not in (_RELEVANCE, _NEWEST, _OLDEST):
            raise ValueError("an order that is none")
        check_lists(nodes, [segment.articles for segment, _, _ in self._parts], wanted, filters, chosen)
        counts = [0] * len(stems)
        total, number = 0, 0
        hits: list[_Hit] = []
        try:
            asked = []
            for number, (segment, dictionary, _) in enumerate(self._parts):  # noqa: B007  (it names a damaged one below)
                one = _InSegment(segment, dictionary, stems, self._scale[1:])
                counts = [known + more for known, more in zip(counts, one.counts(), strict=True)]
                asked.append(one)
            weigh = partial(_weight, self._scale[0], self._articles)
            weights = [weigh(count) for count in counts]
            for number, one in enumerate(asked):
                if deadline and time.monotonic_ns() > deadline:
                    raise Exhausted("time")
                sources = wanted[number] if wanted is not None else None
                meant = filters[number] if filters else []
                bits = [column[number] for column in chosen or ()]
                found = [
                    _hit(order, score, one.day(article), number, article)
                    for article, score in one.matching(nodes, weights, weigh, meant, bits).items()
                    if one.passes(article, since, until, sources)
                ]
                total += len(found)
                hits += sorted(found, key=_place)[:limit]
        except Damage as error:
            raise Damage(error.args[0], number) from None
        except QueryTooLarge:
            raise Exhausted("room") from None
        best, tied = _best(hits, limit, order)
        return total, counts, best, tied

    def search_meant(
        self,
        words: Sequence[dict[int, bytes]],
        factor: float,
        since: int,
        until: int,
        wanted: Sequence[bytes | None] | None,
        limit: int,
        order: int,
        deadline: int = 0,
    ) -> tuple[int, int, list[tuple[float, int, int]], bool]:
        """(in how many articles any of some words stands, exact total, the best, whether they are tied).

        ``words`` has for each segment the numbers of its terms, each with a byte for each of its forms, not 0 where
        it is meant. All of them are ranked as one word, whose weight is multiplied with ``factor``. Nothing keeps
        an article out of the first of the counts but that it is deleted. All else is as in ``search``.
        """
        check_meant(words, factor, wanted, len(self._parts))
        if order not in (_RELEVANCE, _NEWEST, _OLDEST):
            raise ValueError("an order that is none")
        having, number = 0, 0
        asked: list[tuple[_InSegment, dict[int, tuple[int, int]]]] = []
        try:
            for number, (segment, dictionary, _) in enumerate(self._parts):
                if deadline and time.monotonic_ns() > deadline:
                    raise Exhausted("time")
                one = _InSegment(segment, dictionary, [], self._scale[1:])
                asked.append((one, one.counts_meant(dictionary, words[number])))
                having += sum(map(segment.is_live, asked[-1][1]))
            weight = _weight(self._scale[0], self._articles, having) * factor
            hits: list[_Hit] = []
            total = 0
            for number, (one, counts) in enumerate(asked):
                sources = wanted[number] if wanted is not None else None
                found = [
                    _hit(order, one.share(weight, article, *count), one.day(article), number, article)
                    for article, count in counts.items()
                    if one.passes(article, since, until, sources)
                ]
                total += len(found)
                hits += sorted(found, key=_place)[:limit]
        except Damage as error:
            raise Damage(error.args[0], number) from None
        best, tied = _best(hits, limit, order)
        return having, total, best, tied


def _best(hits: list[_Hit], limit: int, order: int) -> tuple[list[tuple[float, int, int]], bool]:
    """The best of some hits, and whether articles of different segments among them are equal."""
    hits.sort(key=_place)
    while len(hits) > limit and hits[-1][:2] != hits[limit - 1][:2]:
        hits.pop()
    tied = any(one[:2] == other[:2] and one[2] != other[2] for one, other in pairwise(hits))
    if not tied:
        del hits[limit:]
    return [(hit[0] if order == _RELEVANCE else 0.0, hit[2], hit[3]) for hit in hits], tied


def _weight(k1: float, articles: int, having: int) -> float:
    """The idf of a word that so many of the articles have, times k1 + 1."""
    having = min(having, articles)
    return math.log(1 + (articles - having + 0.5) / (having + 0.5)) * (k1 + 1)


def _hit(order: int, score: float, day: int, number: int, article: int) -> _Hit:
    if order == _RELEVANCE:
        return score, day, number, article
    if order == _NEWEST:
        return float(day), 0, number, article
    return -float(day) if day else _NEVER, 0, number, article


def _place(hit: _Hit) -> tuple[float, int, int, int]:
    """By what hits are sorted."""
    return -hit[0], -hit[1], hit[2], -hit[3]


class _InSegment:
    """The stems of a query in one segment."""

    def __init__(
        self, segment: Segment, dictionary: Dictionary, stems: list[bytes], scale: tuple[float, ...]
    ) -> None:
        self.segment = segment
        self._scale = scale
        if segment.verify is not None:
            segment.verify(0, segment.articles)
        self._terms: list[TermPostings | None] = []
        for stem in stems:
            number = dictionary.find(stem)
            self._terms.append(dictionary.read(number, segment.articles) if number >= 0 else None)

    def counts(self) -> list[int]:
        """In how many live articles each stem stands."""
        return [
            sum(map(self.segment.is_live, postings.articles)) if postings is not None else 0
            for postings in self._terms
        ]

    def counts_meant(self, dictionary: Dictionary, words: dict[int, bytes]) -> dict[int, tuple[int, int]]:
        """How often any of some words stands in each article that has one, and how often in its title."""
        found: dict[int, tuple[int, int]] = {}
        for term, forms in words.items():
            if term >= dictionary.stems:
                raise Damage("a form has no stem")
            postings = dictionary.read(term, self.segment.articles)
            for at, article in enumerate(postings.articles):
                meant = [form < len(forms) and forms[form] != 0 for _, form in postings.positions(at)]
                if any(meant):
                    total, title = found.get(article, (0, 0))
                    found[article] = total + sum(meant), title + sum(meant[: postings.titles[at]])
        return found

    def day(self, article: int) -> int:
        """The day of an article, verified."""
        if self.segment.verify_day is not None:
            self.segment.verify_day(article)
        return self.segment.days[article]

    def passes(self, article: int, since: int, until: int, wanted: bytes | None) -> bool:
        """Whether an article passes the filters and is not deleted."""
        segment = self.segment
        if not segment.is_live(article):
            return False
        if (since or until) and not (since or 1) <= segment.days[article] <= (until or _LAST):
            return False
        source = segment.sources[article]
        return wanted is None or (source < len(wanted) and wanted[source] != 0)

    def matching(
        self,
        nodes: Sequence[Node],
        weights: Sequence[float],
        weigh: Callable[[int], float],
        filters: list[bytes | None],
        chosen: list[bytes | None],
    ) -> dict[int, float]:
        """The score of every article that the tree matches."""
        stack: list[dict[int, float] | Passages] = []
        for kind, operand in nodes:
            if kind in (_WORD, _PHRASE):
                stack.append(self._leaf((operand,) if kind == _WORD else tuple(operand), weights))
            elif kind == _SPOT:
                stack.append(Passages.of_words(self.segment, self._terms, operand, weights, weigh, filters))
            elif _SPOT < kind <= _EARLY:
                pop_passages(stack, kind, operand, self.segment, weigh)
            elif kind == _TIMES:
                scores = self._scores(stack.pop(), operand)
                stack.append(scores)
            elif kind in (_EVERYTHING, _DAYS, _CHOSEN):
                stack.append(dict.fromkeys(self._whole(kind, operand, chosen), 0.0))
            else:
                parts = [self._scores(part) for part in stack[-operand:]]
                del stack[-operand:]
                stack.append(_joined(kind, parts))
        return self._scores(stack[0])

    def _scores(self, found: dict[int, float] | Passages, least: int = 1) -> dict[int, float]:
        """The scores of the articles in which passages begin at so many places."""
        if not isinstance(found, Passages):
            return found
        scores = {}
        for article in found.places:
            total, title = found.begins(article)
            if total >= least:
                scores[article] = self.share(found.weight * found.factor, article, total, title)
        return scores

    def _whole(self, kind: int, operand: Any, chosen: list[bytes | None]) -> Iterable[int]:  # noqa: ANN401
        """The articles of some days, or that were chosen, or all."""
        articles = range(self.segment.articles)
        if kind == _DAYS:
            first, last = operand
            return [at for at in articles if (first or 1) <= self.segment.days[at] <= (last or _LAST)]
        if kind == _CHOSEN:
            bits = chosen[operand]
            return [at for at in articles if bits is not None and bits[at >> 3] >> (at & 7) & 1]
        return articles

    def _leaf(self, words: tuple[int, ...], weights: Sequence[float]) -> dict[int, float]:
        terms = [postings for word in words if (postings := self._terms[word]) is not None]
        if len(terms) < len(words):
            return {}
        weight = sum(weights[word] for word in words)
        if len(terms) > 1:
            return self._phrase(terms, weight)
        counts = zip(terms[0].articles, terms[0].totals, terms[0].titles, strict=True)
        return {article: self.share(weight, article, total, title) for article, total, title in counts}

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
                title = sum(place < self.segment.titles[article] for place in begins)
                found[article] = self.share(weight, article, len(begins), title)
        return found

    def share(self, weight: float, article: int, total: int, title: int) -> float:
        """What a word or phrase adds to an article's score."""
        title_weight, title_base, title_slope, body_base, body_slope = self._scale
        # The norm of a body is kept in single precision, once for all queries; so is what is multiplied with it.
        norm = _single(1 / (body_base + body_slope * self.segment.bodies[article]))
        frequency = _single((total - title) * norm)
        if title:
            frequency += title_weight * title / (title_base + title_slope * self.segment.titles[article])
        return share(weight, frequency)


def _joined(kind: int, parts: list[dict[int, float]]) -> dict[int, float]:
    if kind == _ALL_BUT:
        return {article: score for article, score in parts[0].items() if not any(article in p for p in parts[1:])}
    articles = set(parts[0])
    for part in parts[1:]:
        articles = articles & set(part) if kind == _ALL_OF else articles | set(part)
    return {article: sum(part.get(article, 0.0) for part in parts) for article in articles}


def _single(number: float) -> float:
    """The nearest number of single precision."""
    return float(struct.unpack("<f", struct.pack("<f", number))[0])
