"""How does a cluster answer? From the index as it is when it is asked; searchkit/cluster/search.py asks it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from searchkit.article import Article
from searchkit.cluster.asking import Asking
from searchkit.cluster.connection import Connection
from searchkit.cluster.deciding import weighed
from searchkit.cluster.hits import article_of
from searchkit.cluster.indexes import Indexes
from searchkit.cluster.layout import words_index
from searchkit.cluster.queries import Query
from searchkit.cluster.search import Search
from searchkit.cluster.tokens import key_of
from searchkit.cluster.vocabulary import similar
from searchkit.engine import Explanation, Request, Response, Statistics
from searchkit.errors import ArticleMissing, IndexMissing
from searchkit.query import Everything
from searchkit.version import __version__

_BUCKETS = 10_000
NO_COPIES = (
    "The first load goes on, or was ended before its end: the index has no copies yet, and a disk that is lost takes "
    "articles with it. They are made at the end of the load, or of the next: searchkit index PATH."
)


class ClusterEngine:
    """The index of this name, or the one that this is an alias of; keeps the Engine protocol."""

    def __init__(self, connection: Connection, index: str) -> None:
        self._connection = connection
        self._name = index
        self._asked: tuple[Request, Search] | None = None
        self.refresh()

    @property
    def language(self) -> str:
        """The language of the stems."""
        return self._layout.chain.language

    def refresh(self) -> None:
        """See which index the name stands for now, and how it is laid out."""
        standing = Indexes(self._connection, self._name).find()
        self._index, self._layout = standing.index, standing.layout
        self._asked = None

    def search(self, request: Request) -> Response:
        """Answer ``request``: exact totals, the best in their order."""
        try:
            return self._searching(request).response()
        except IndexMissing:
            # Behind an alias another index may have taken its place.
            before = self._index
            self.refresh()
            if self._index == before:
                raise
            return self._searching(request).response()

    def similar(self, word: str) -> list[tuple[str, int]]:
        """Words of the index that ``word`` may be a slip for, each with how many articles have it, best first."""
        searching = Search(self._connection, self._index, self._layout, Request(Everything()))
        return similar(word, searching.words, self._layout.chain, searching.holding_stems)

    def explain(self, request: Request, article: Article) -> Explanation:
        """The score of an article that matches."""
        from searchkit.memory.explaining import explain  # only when somebody asks why

        if self._asked is None or self._asked[0] is not request:
            searching = self._searching(request)
            searching.count(weighed(request.query))
            self._asked = request, searching
        searching = self._asked[1]
        layout = self._layout
        return explain(request.query, article, layout.chain, layout.averages, searching.articles(), searching.having)

    def article(self, article_id: str) -> Article:
        """The article with this id; raises ArticleMissing."""
        (document,) = Asking(self._connection).articles(self._index, [key_of(article_id)])
        if document is None:
            raise ArticleMissing(
                f"no article has the id {article_id!r}",
                hint="The ids of hits are shown by: searchkit query --json TEXT",
            )
        return article_of(document)

    def statistics(self) -> Statistics:
        """What the index holds; its bytes are those of all copies."""
        asking = Asking(self._connection)
        answer = asking.search(
            self._index,
            {
                "size": 0,
                "track_total_hits": True,
                "aggs": {
                    "title": {"sum": {"field": "title_words"}},
                    "body": {"sum": {"field": "body_words"}},
                    "first": {"min": {"field": "day"}},
                    "last": {"max": {"field": "day"}},
                    "undated": {"missing": {"field": "day"}},
                },
            },
        )
        found = answer["aggregations"]
        both = f"{self._index},{words_index(self._index)}"
        store = self._connection.get(f"/{both}/_stats/store")["_all"]["total"]["store"]
        of_texts: Query = {"bool": {"must_not": [{"term": {"known": True}}]}}
        sources = dict(_all_values(asking, self._index, "source_name", {"match_all": {}}))
        return Statistics(
            articles=int(answer["hits"]["total"]["value"]),
            words=int(found["title"]["value"] + found["body"]["value"]),
            terms=sum(1 for _ in _all_values(asking, words_index(self._index), "stem", of_texts)),
            sources=tuple(sorted(sources.items(), key=lambda item: (-item[1], item[0]))),
            first_date=_day(found["first"]["value"]),
            last_date=_day(found["last"]["value"]),
            undated=int(found["undated"]["doc_count"]),
            bytes=int(store["size_in_bytes"]),
            versions=self._versions(answer),
            notices=(NO_COPIES,) if Indexes(self._connection, self._name).lacks_copies(self._index) else (),
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._connection.close()

    def _searching(self, request: Request) -> Search:
        return Search(self._connection, self._index, self._layout, request)

    def _versions(self, answer: dict[str, Any]) -> dict[str, str]:
        server = self._connection.get("/")["version"]
        return {
            "searchkit": __version__,
            "analysis": self._layout.chain.fingerprint,
            "shards": str(answer["_shards"]["total"]),
            "cluster": f"{server.get('distribution', '')} {server.get('number', '')}".strip(),
        }


def _all_values(asking: Asking, index: str, field: str, query: Query) -> Iterator[tuple[str, int]]:
    """Each value of a field, and how many of the documents that match have it."""
    pages: dict[str, Any] = {"size": _BUCKETS, "sources": [{"value": {"terms": {"field": field}}}]}
    while True:
        body = {"query": query, "size": 0, "track_total_hits": False, "aggs": {"values": {"composite": pages}}}
        answer = asking.search(index, body)
        found = answer["aggregations"]["values"]
        for bucket in found["buckets"]:
            yield bucket["key"]["value"], int(bucket["doc_count"])
        if len(found["buckets"]) < _BUCKETS:
            return
        pages = {**pages, "after": found["after_key"]}


def _day(millis: float | None) -> datetime.date | None:
    if millis is None:
        return None
    return datetime.date(1970, 1, 1) + datetime.timedelta(milliseconds=millis)
