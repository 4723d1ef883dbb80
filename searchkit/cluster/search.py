"""How is one request answered by a cluster? Words of patterns first, then hits and counts in one round trip.

What the server cannot say exactly is asked of it more loosely, and decided here, article by article, up to a limit.
Where passages or patterns are ranked, the server's order is about ours; the best are put into ours here.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from searchkit.cluster.asking import Asking, counting, total_of
from searchkit.cluster.compiling import Compiled, compiled
from searchkit.cluster.connection import Connection
from searchkit.cluster.deciding import Judge, weighed
from searchkit.cluster.hits import Hits, Ranked, article_of
from searchkit.cluster.layout import Layout, words_index
from searchkit.cluster.queries import Query, filtered
from searchkit.cluster.vocabulary import WordsOfIndex
from searchkit.engine import Filters, Request, Response, Term
from searchkit.errors import QueryTooLarge
from searchkit.query import AllOf, Leaf, Near, Node, Phrase, Within, children, is_list, leaves
from searchkit.query.spread import is_passage, spread

# So many articles are looked at here, where the server cannot decide.
MOST_CANDIDATES = 10_000
# So many of the best are put into order here, where the server's order is about ours: of words with some passages
# among them, and where passages alone, or how near words stand to each other, which the server weighs, rank them.
REORDERED, REORDERED_PASSAGES = 30, 100
# The articles of so many hits come with the answer.
_WITH_ARTICLES = 200
# The server gives so many hits without a point in time.
_WINDOW = 10_000
_PAGE = 5_000
_DECIDED_AT_ONCE = 200
_KEEP_ALIVE = "2m"
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_DAY = 86_400_000
_NEVER = datetime.date.max.toordinal() + 1
_EVERY_ARTICLE: Query = {"match_all": {}}


class Search:
    """One request to one index."""

    def __init__(self, connection: Connection, index: str, layout: Layout, request: Request) -> None:
        self._connection = connection
        self._index = index
        self._layout = layout
        self._request = request
        self.asking = Asking(connection, request.deadline)
        self.words = WordsOfIndex(self.asking, words_index(index), self._holding, request.most_expansions)
        self._having: dict[Leaf | Phrase, int] = {}
        self._articles = -1

    def response(self) -> Response:
        """The answer."""
        request = self._request
        by_score = request.sort == "relevance" and request.limit > 0
        found = self._compiled(request.query, scored=by_score)
        parts = leaves(request.query)
        every = AllOf(tuple(parts)) if request.details and is_list(request.query) else None
        also = list(parts) if request.details else []
        if not found.exact or (by_score and not found.ranked):
            also += weighed(request.query)
        if found.exact:
            total, ranked, total_all = self._asked(found, also, every)
        else:
            self.count(also)
            total, ranked = self._decided(found.query)
            total_all = self._matching(every, request.filters) if every else total
        terms = tuple([Term(leaf, self.having(leaf)) for leaf in parts]) if request.details else ()
        return Response(total, total_all, Hits(ranked, self._fetch), terms, self._articles)

    def having(self, leaf: Leaf | Phrase) -> int:
        """In how many articles of the index a leaf stands."""
        if leaf not in self._having:
            self.count([leaf])
        return self._having[leaf]

    def articles(self) -> int:
        """How many articles the index holds."""
        if self._articles < 0:
            self.count([])
        return self._articles

    def holding_stems(self, stems: Sequence[str]) -> list[int]:
        """In how many articles each of these tokens of stems stands."""
        return self.asking.counts(self._index, [{"term": {"weights": stem}} for stem in stems])

    def _compiled(self, tree: Node, *, scored: bool = False) -> Compiled:
        return compiled(tree, self._layout.chain, self.words.of(tree), self._layout.fineness, scored=scored)

    def _holding(self, forms: Sequence[str]) -> int:
        """How many of these tokens of forms any article has."""
        queries: list[Query] = [
            {
                "query": {"bool": {"should": [{"term": {f"{field}.forms": form}} for field in ("title", "body")]}},
                "size": 0,
                "terminate_after": 1,
                "track_total_hits": True,
            }
            for form in forms
        ]
        return sum(total_of(answer) > 0 for answer in self.asking.searches(self._index, queries))

    def _asked(
        self, found: Compiled, also: Sequence[Leaf | Phrase], every: Node | None
    ) -> tuple[int, Sequence[Ranked], int]:
        """(total, hits, articles that have everything) where the server can say it, with counts along."""
        request = self._request
        last = request.offset + request.limit
        best = _reordered(request.query)
        reorder = request.sort == "relevance" and not found.ranked and request.offset < best and request.limit > 0
        begin, end = (0, max(last, best)) if reorder else (request.offset, last)
        alone = self._compiled(every) if every else None
        bodies = [self._page(found.query, begin, 0 if last > _WINDOW else min(end, _WINDOW) - begin)]
        if alone and alone.exact:
            bodies.append(counting(filtered(alone.query, request.filters)))
        counted, rest = self._to_count(also)
        answers = self.asking.searches(self._index, bodies + [counting(query) for query in counted.values()])
        self._keep(list(counted), answers[len(bodies) :])
        total = total_all = total_of(answers[0])
        if alone:
            total_all = total_of(answers[1]) if alone.exact else self._matching_of(alone, request.filters)
        for leaf in rest:
            self._having[leaf] = self._matching(leaf, Filters())
        ranked = [_ranked(hit) for hit in answers[0]["hits"]["hits"]]
        if last > _WINDOW and total > begin:
            ranked = self._read_on(found.query, last)[begin:]
        if reorder:
            ranked = self._in_order(ranked[:best]) + ranked[best:]
        return total, ranked[request.offset - begin : last - begin], total_all

    def _page(self, query: Query, begin: int, size: int) -> dict[str, Any]:
        """A search for hits in the order that is asked for."""
        return {
            "query": filtered(query, self._request.filters),
            "from": begin if size else 0,
            "size": size,
            "track_total_hits": True,
            "sort": _order(self._request.sort),
            "_source": size <= _WITH_ARTICLES,
        }

    def _in_order(self, best: list[Ranked]) -> list[Ranked]:
        """The best in our own order."""
        articles = [one.article for one in best if one.article is not None]
        if len(articles) < len(best):
            documents = self.asking.articles(self._index, [one.key for one in best])
            best = [one for one, document in zip(best, documents, strict=True) if document is not None]
            articles = [article_of(document) for document in documents if document is not None]
        scores = self._judge().scores(articles)
        made = [
            Ranked(one.key, one.score if score is None else score, one.sorting_id, one.day, article)
            for one, article, score in zip(best, articles, scores, strict=True)
        ]
        return sorted(made, key=_by_score)

    def _judge(self) -> Judge:
        return self._judge_of(self._request.query, self.articles(), self.having)

    def _judge_of(self, tree: Node, articles: int, having: Callable[[Leaf], int]) -> Judge:
        layout = self._layout
        forms = [form for meaning in self.words.of(tree).values() for form in meaning.forms]
        return Judge(tree, layout.known_words, layout.chain, layout.averages, articles, having, forms)

    def _decided(self, query: Query) -> tuple[int, Sequence[Ranked]]:
        """(total, hits) of a query that may match too much."""
        request = self._request
        kept = self._deciding(request.query, filtered(query, request.filters))
        by_day = request.sort != "relevance"
        if by_day:
            kept = [Ranked(one.key, 0.0, one.sorting_id, one.day, None) for one in kept]
        kept.sort(key={"relevance": _by_score, "newest": _newest, "oldest": _oldest}[request.sort])
        return len(kept), kept[request.offset : request.offset + request.limit]

    def _matching(self, tree: Node, filters: Filters) -> int:
        return self._matching_of(self._compiled(tree), filters, tree)

    def _matching_of(self, found: Compiled, filters: Filters, tree: Node | None = None) -> int:
        query = filtered(found.query, filters)
        if found.exact:
            return self.asking.counts(self._index, [query])[0]
        tree = tree or AllOf(tuple(leaves(self._request.query)))
        return len(self._deciding(tree, query, scored=False))

    def _deciding(self, tree: Node, query: Query, *, scored: bool = True) -> list[Ranked]:
        """The articles among those that match a query that match a tree."""
        body = {
            "query": {"constant_score": {"filter": query}},
            "size": MOST_CANDIDATES,
            "sort": ["_doc"],
            "track_total_hits": True,
            "_source": False,
        }
        answer = self.asking.search(self._index, body)
        if total_of(answer) > MOST_CANDIDATES:
            raise QueryTooLarge(
                f"{total_of(answer):,} articles may match what only searchkit itself can decide, and it looks at "
                f"{MOST_CANDIDATES:,} at most",
                hint="Nest fewer operators of places, or add a word, a date or a source that must be there.",
            )
        judge = self._judge_of(tree, max(self._articles, 1), self.having if scored else _nowhere)
        keys = [str(hit["_id"]) for hit in answer["hits"]["hits"]]
        kept: list[Ranked] = []
        for first in range(0, len(keys), _DECIDED_AT_ONCE):
            some = keys[first : first + _DECIDED_AT_ONCE]
            documents = [one for one in self.asking.articles(self._index, some) if one is not None]
            articles = [article_of(one) for one in documents]
            for document, article, score in zip(documents, articles, judge.scores(articles), strict=True):
                if score is not None:
                    day = (article.date.toordinal() - _EPOCH) * _DAY if article.date else None
                    kept.append(Ranked(document["_id"], score, article.id, day, None))
        return kept

    def _read_on(self, query: Query, last: int) -> list[Ranked]:
        """More hits than the server gives at once: page by page, from one point in time."""
        made = self._connection.post(
            f"/{self._index}/_search/point_in_time", params={"keep_alive": _KEEP_ALIVE}, timeout=self._left()
        )
        point = {"id": made["pit_id"], "keep_alive": _KEEP_ALIVE}
        ranked: list[Ranked] = []
        try:
            body = self._page(query, 0, _PAGE) | {"pit": point, "track_total_hits": False}
            while len(ranked) < last:
                hits = self.asking.search("", body)["hits"]["hits"]
                ranked += [_ranked(hit) for hit in hits]
                if len(hits) < _PAGE:
                    break
                body["search_after"] = hits[-1]["sort"]
        finally:
            self._connection.delete("/_search/point_in_time", body={"pit_id": [point["id"]]}, timeout=10.0)
        return ranked

    def _left(self) -> float:
        return self.asking.seconds_left()

    def _fetch(self, keys: Sequence[str]) -> list[dict[str, Any] | None]:
        # An answer may be read long after its deadline.
        return Asking(self._connection).articles(self._index, keys)

    def _to_count(
        self, also: Sequence[Leaf | Phrase]
    ) -> tuple[dict[Leaf | Phrase | None, Query], list[Leaf | Phrase]]:
        """(queries whose totals are wanted, None for all articles, leaves that the server cannot count exactly)."""
        counted: dict[Leaf | Phrase | None, Query] = {None: _EVERY_ARTICLE}
        rest = []
        for leaf in dict.fromkeys(also):
            if leaf in self._having:
                continue
            found = self._compiled(leaf)
            if found.exact:
                counted[leaf] = found.query
            else:
                rest.append(leaf)
        return counted, rest

    def count(self, also: Sequence[Leaf | Phrase]) -> None:
        """Look up in how many articles leaves stand, all in one round trip."""
        counted, rest = self._to_count(also)
        answers = self.asking.searches(self._index, [counting(query) for query in counted.values()])
        self._keep(list(counted), answers)
        for leaf in rest:
            self._having[leaf] = self._matching(leaf, Filters())

    def _keep(self, counted: Sequence[Leaf | Phrase | None], answers: Sequence[dict[str, Any]]) -> None:
        for leaf, answer in zip(counted, answers, strict=True):
            if leaf is None:
                self._articles = total_of(answer)
            else:
                self._having[leaf] = total_of(answer)


def _reordered(tree: Node) -> int:
    """How many of the best are put into our order."""

    def is_near(node: Node) -> bool:
        return isinstance(node, Near | Within) or any(map(is_near, children(node)))

    return REORDERED_PASSAGES if is_near(tree) or is_passage(spread(tree)) else REORDERED


def _nowhere(leaf: Leaf) -> int:
    return 0


def _order(sort: str) -> list[dict[str, Any]]:
    """Equal ones newest first, then by id; those without a day last."""
    direction = "asc" if sort == "oldest" else "desc"
    by_day: list[dict[str, Any]] = [{"day": {"order": direction, "missing": "_last"}}, {"id": "asc"}]
    return [{"_score": "desc"}, *by_day] if sort == "relevance" else by_day


def _ranked(hit: dict[str, Any]) -> Ranked:
    *score, day, sorting_id = hit["sort"]
    known = isinstance(day, int) and abs(day) < 1 << 62
    article = article_of(hit) if "_source" in hit else None
    return Ranked(hit["_id"], float(score[0]) if score else 0.0, sorting_id, day if known else None, article)


def _by_score(one: Ranked) -> tuple[float, int, bytes]:
    return -one.score, *_newest(one)


def _newest(one: Ranked) -> tuple[int, bytes]:
    return -one.day if one.day is not None else 1 << 62, one.sorting_id.encode("utf-8", "replace")


def _oldest(one: Ranked) -> tuple[int, bytes]:
    return one.day if one.day is not None else 1 << 62, one.sorting_id.encode("utf-8", "replace")
