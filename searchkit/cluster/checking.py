"""Does an index in a cluster hold what its articles say? Counts, and articles taken apart again, tell.

Each commit notes how many articles and words there are, and the number of the last change that the server made. So
whatever is put or removed by something else is known at once; searchkit/cluster/comparing.py looks into articles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from searchkit.article import Article
from searchkit.cluster.address import parse_address
from searchkit.cluster.comparing import WITH_FACTS, Comparing
from searchkit.cluster.connection import Connection
from searchkit.cluster.indexes import Indexes
from searchkit.cluster.layout import words_index
from searchkit.cluster.lock import KEY as LOCK
from searchkit.cluster.lock import holds
from searchkit.cluster.reading import article_of, every_hit
from searchkit.cluster.sampling import SAMPLE, Sample
from searchkit.cluster.tokens import key_of
from searchkit.frozen import frozen
from searchkit.local import open_engine
from searchkit.store.committed import every_article

# Articles that are compared at once, that are fetched at once where they are named, and characters of them.
_AT_ONCE, _FETCHED, _CHARACTERS = 250, 25, 8_000_000
_MOST_FINDINGS = 100


@frozen
class Finding:
    """What is wrong, and where: an id, or '' for the index as a whole."""

    place: str
    what: str


@frozen
class Report:
    """What a check has found: ``checked`` of ``articles`` were taken apart, with ``words`` words."""

    index: str
    articles: int
    checked: int
    words: int
    copies_missing: int
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def check(address: str, *, deep: bool = False, against: str = "") -> Report:
    """Check an index: a sample of its articles, or with ``deep`` each of them; and that the local index has the same.

    Raises the errors of opening it: one that somebody has changed cannot be looked into.
    """
    if against:
        # Whether there is one is to be said before the work.
        open_engine(Path(against)).close()
    parsed = parse_address(address)
    with closing(Connection.to(parsed)) as connection:
        connection.check_product()
        return _Check(connection, Indexes(connection, parsed.index)).report(deep, against)


class _Check:
    """One check of one index."""

    def __init__(self, connection: Connection, indexes: Indexes) -> None:
        self._connection = connection
        self._indexes = indexes
        standing = indexes.find_whole()
        self._index, self._layout = standing.index, standing.layout
        self._findings: list[Finding] = []

    def report(self, deep: bool, against: str) -> Report:
        """What is found."""
        missing = self._missing_copies()
        count = self._indexes.count(self._index)
        self._check_load(count)
        checked = 0
        hits = self._every() if deep else self._some()
        with Comparing(self._connection, self._index, self._layout, self._find) as comparing:
            while some := list(islice(hits, _AT_ONCE)):
                comparing.put(some)
                checked += len(some)
            comparing.finish()
        if deep and checked != count:
            self._find("", f"{count:,} articles are counted, and {checked:,} can be read")
        if against:
            self._compare(Path(against), count, deep)
        return Report(self._index, count, checked, comparing.words, missing, tuple(self._findings))

    def _find(self, place: str, what: str) -> None:
        if len(self._findings) < _MOST_FINDINGS:
            self._findings.append(Finding(place, what))

    def _missing_copies(self) -> int:
        health = self._connection.get(f"/_cluster/health/{self._index},{words_index(self._index)}")
        return int(health.get("unassigned_shards", 0))

    def _check_load(self, count: int) -> None:
        """Whether a load was ended in order, and the index still has as many articles as it had then."""
        lock = self._indexes.noted(LOCK)
        if lock and holds(lock):
            # Somebody is at it: neither settings nor counts are the last.
            return
        self._check_others()
        if self._indexes.noted("load"):
            self._find("", "a load was not ended: refresh or copies are still off; run searchkit index again")
        told = self._indexes.noted(f"commit-{self._index}") or {}
        if told.get("mark") == "":
            self._find("", "a load was ended before its commit; run searchkit index again")
        else:
            self._check_held(told, count)

    def _check_held(self, told: Mapping[str, Any], count: int) -> None:
        """Whether the index still is what it was after its last commit, as it was noted then."""
        if isinstance(told.get("articles"), int) and told["articles"] != count:
            self._find("", f"it held {told['articles']:,} articles after the last commit, and now {count:,}")
        words = self._indexes.count(words_index(self._index))
        if isinstance(told.get("words"), int) and told["words"] != words:
            self._find("", f"its index of words held {told['words']:,} after the last commit, and now {words:,}")
        before = told.get("changes")
        if not isinstance(before, Mapping):
            return
        for shard, last in self._indexes.changes(self._index).items():
            if (more := last - int(before.get(shard, last))) > 0:
                self._find("", f"something else than searchkit has made {more:,} changes since the last commit")
                self._find_changed(shard, last - more)

    def _find_changed(self, shard: str, last: int) -> None:
        """Which articles of a shard were put there behind a change with this number."""
        answer = self._connection.post(
            f"/{self._index}/_search",
            body={"query": {"range": {"_seq_no": {"gt": last}}}, "size": _MOST_FINDINGS, "_source": ["article.id"]},
            params={"preference": f"_shards:{shard}", "allow_partial_search_results": "false"},
        )
        for hit in answer["hits"]["hits"]:
            article = hit.get("_source", {}).get("article", {})
            self._find(str(article.get("id", hit["_id"])), "was put there by something else than searchkit")

    def _check_others(self) -> None:
        """Whether indexes stand beside this one that its name does not mean."""
        for name in self._indexes.others(self._index):
            self._find(
                name,
                "is an index that no name means, of a load that was ended; the next searchkit index removes it",
            )

    def _every(self) -> Iterator[dict[str, Any]]:
        return every_hit(self._connection, self._index, WITH_FACTS)

    def _some(self) -> Iterator[dict[str, Any]]:
        """A sample: keys first, since many articles at once may be large."""
        chance: dict[str, Any] = {"function_score": {"query": {"match_all": {}}, "random_score": {}}}
        keys = [hit["_id"] for hit in self._search({"query": chance, "size": SAMPLE, "_source": False})]
        for first in range(0, len(keys), _FETCHED):
            some = keys[first : first + _FETCHED]
            yield from self._search(WITH_FACTS | {"query": {"ids": {"values": some}}, "size": len(some)})

    def _search(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        params = {"allow_partial_search_results": "false"}
        hits: list[dict[str, Any]] = self._connection.post(f"/{self._index}/_search", body=body, params=params)[
            "hits"
        ]["hits"]
        return hits

    def _compare(self, path: Path, count: int, deep: bool) -> None:
        """Whether a local index holds the same articles."""
        local = 0
        sample = Sample()
        batch: list[Article] = []
        characters = 0
        for article in every_article(path):
            local += 1
            if not deep:
                sample.put(article)
                continue
            batch.append(article)
            characters += len(article.title) + len(article.body)
            if len(batch) >= _AT_ONCE or characters > _CHARACTERS:
                self._compare_articles(batch)
                batch, characters = [], 0
        kept = [*sample.articles, *batch]
        for first in range(0, len(kept), _FETCHED):
            self._compare_articles(kept[first : first + _FETCHED])
        if local != count:
            self._find("", f"it holds {count:,} articles, and {path} holds {local:,}")

    def _compare_articles(self, articles: Sequence[Article]) -> None:
        if not articles:
            return
        ids = [key_of(article.id) for article in articles]
        answer = self._connection.post(
            f"/{self._index}/_mget", body={"ids": ids}, params={"realtime": "false", "_source": "article"}
        )
        for article, document in zip(articles, answer["docs"], strict=True):
            if not document.get("found"):
                self._find(article.id, "is in the local index and not here")
            elif article_of(document, self._index) != article:
                self._find(article.id, "says something else in the local index")
