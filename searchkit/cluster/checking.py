"""Does an index in a cluster hold what its articles say? Counts, and articles taken apart again, tell.

The server does not show what it has indexed, but it can be asked: each word of an article must find it, a row of its
words must find it as a phrase, and the numbers beside it must be those that its text gives.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from searchkit.article import Article
from searchkit.cluster.address import parse_address
from searchkit.cluster.connection import Connection
from searchkit.cluster.indexes import Indexes
from searchkit.cluster.layout import Form, Layout, words_index
from searchkit.cluster.lock import KEY as LOCK
from searchkit.cluster.lock import holds
from searchkit.cluster.reading import article_of, every_hit
from searchkit.cluster.tokens import FILLER, key_of
from searchkit.errors import IndexDamaged
from searchkit.frozen import frozen
from searchkit.local import open_engine
from searchkit.store.committed import every_article

_SAMPLE = 200
# Articles in one round trip; words of each that are asked for; words in a row; findings that are kept.
_AT_ONCE = 25
_WORDS, _ROW = 20, 12
_MOST_FINDINGS = 100
_COUNTED = ("title.stems", "title.forms", "body.stems", "body.forms")
_FACTS = ("id", "title_words", "body_words", "day", "source", "source_name", "has")


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
        self._words = 0

    def report(self, deep: bool, against: str) -> Report:
        """What is found."""
        missing = self._missing_copies()
        count = self._indexes.count(self._index)
        self._check_load(count)
        checked = 0
        hits = self._every() if deep else self._some()
        while some := list(islice(hits, _AT_ONCE)):
            self._check_articles(some)
            checked += len(some)
        if deep and checked != count:
            self._find("", f"{count:,} articles are counted, and {checked:,} can be read")
        if against:
            self._compare(Path(against), count, deep)
        return Report(self._index, count, checked, self._words, missing, tuple(self._findings))

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
        if self._indexes.noted("load"):
            self._find("", "a load was not ended: refresh or copies are still off; run searchkit index again")
        told = self._indexes.noted(f"commit-{self._index}") or {}
        if told.get("mark") == "":
            self._find("", "a load was ended before its commit; run searchkit index again")
        elif isinstance(told.get("articles"), int) and told["articles"] != count:
            self._find("", f"it held {told['articles']:,} articles after the last commit, and now {count:,}")

    def _every(self) -> Iterator[dict[str, Any]]:
        return every_hit(self._connection, self._index, _WITH_FACTS)

    def _some(self) -> Iterator[dict[str, Any]]:
        chance: dict[str, Any] = {"function_score": {"query": {"match_all": {}}, "random_score": {}}}
        for _ in range(_SAMPLE // _AT_ONCE):
            body = _WITH_FACTS | {"query": chance, "size": _AT_ONCE}
            answer = self._connection.post(
                f"/{self._index}/_search", body=body, params={"allow_partial_search_results": "false"}
            )
            yield from answer["hits"]["hits"]
            if answer["hits"]["total"]["value"] <= _AT_ONCE:
                return

    def _check_articles(self, hits: Sequence[dict[str, Any]]) -> None:
        sound: list[tuple[dict[str, Any], Article]] = []
        for hit in hits:
            try:
                article = article_of(hit, self._index)
            except IndexDamaged:
                self._find(str(hit.get("_id")), "is no article")
                continue
            if hit["_id"] != key_of(article.id):
                self._find(article.id, "stands under the key of another article")
            sound.append((hit, article))
        # A layout tells of each word once; here all are wanted.
        layout = Layout(self._layout.chain.language, self._layout.averages)
        queries: list[tuple[str, str, dict[str, Any]]] = []
        forms: list[Form] = []
        made = layout.documents([article for _, article in sound])
        for (hit, article), (key, source, fresh) in zip(sound, made, strict=True):
            document = json.loads(source)
            self._check_facts(article, hit, document)
            queries += [(article.id, what, query) for what, query in _queries(key, document)]
            forms += fresh
            self._words += document["title_words"] + document["body_words"]
        for (place, what, _), found in zip(queries, self._counts([query for _, _, query in queries]), strict=True):
            if found != 1:
                self._find(place, f"is not found by {what}")
        self._check_words(layout, forms)

    def _check_facts(self, article: Article, hit: dict[str, Any], document: dict[str, Any]) -> None:
        there = hit.get("fields", {})
        for name in _FACTS:
            wanted = document.get(name, [])
            if sorted(map(str, wanted if isinstance(wanted, list) else [wanted])) != sorted(
                str(value) for value in there.get(name, [])
            ):
                self._find(article.id, f"has another {name} than its text gives")

    def _counts(self, queries: Sequence[dict[str, Any]]) -> Iterator[int]:
        lines: list[str] = []
        for query in queries:
            lines += [json.dumps({"allow_partial_search_results": False})]
            lines += [json.dumps({"query": query, "size": 0, "track_total_hits": True})]
        if not lines:
            return
        answer = self._connection.post(f"/{self._index}/_msearch", body="\n".join([*lines, ""]))
        for one in answer["responses"]:
            yield int(one["hits"]["total"]["value"]) if "error" not in one else -1

    def _check_words(self, layout: Layout, forms: Sequence[Form]) -> None:
        """Whether the words are in the index of words, each with its stem."""
        wanted = {}
        for form in forms:
            key, source = layout.word_document(form)
            wanted[key] = form.text, json.loads(source)
        if not wanted:
            return
        answer = self._connection.post(f"/{words_index(self._index)}/_mget", body={"ids": list(wanted)})
        for one in answer["docs"]:
            text, document = wanted[one["_id"]]
            if not one.get("found"):
                self._find(text, "is a word of an article and not in the index of words")
            elif one["_source"] != document:
                self._find(text, "has another stem in the index of words")

    def _compare(self, path: Path, count: int, deep: bool) -> None:
        """Whether a local index holds the same articles."""
        local = 0
        sample: list[Article] = []
        batch: list[Article] = []
        for article in every_article(path):
            local += 1
            if deep:
                batch.append(article)
                if len(batch) == _AT_ONCE:
                    self._compare_articles(batch)
                    batch = []
            elif len(sample) < _SAMPLE:
                sample.append(article)
            elif (place := random.randrange(local)) < _SAMPLE:  # noqa: S311  (no secret)
                sample[place] = article
        for first in range(0, len(sample), _AT_ONCE):
            self._compare_articles(sample[first : first + _AT_ONCE])
        self._compare_articles(batch)
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


_WITH_FACTS: dict[str, Any] = {
    "_source": ["article"],
    "docvalue_fields": [
        {"field": "day", "format": "strict_date"} if name == "day" else {"field": name} for name in _FACTS
    ],
}


def _queries(key: str, document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(what it is, a query that must find the article) for its words and for a row of them."""
    this = {"ids": {"values": [key]}}
    words: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for name in _COUNTED:
        field, kind = name.split(".")
        tokens = [token for token in document[field][kind].split() if token != FILLER]
        distinct = list(dict.fromkeys(tokens))
        chosen = random.sample(distinct, min(_WORDS, len(distinct)))
        words += [{"term": {name: token}} for token in chosen]
        if tokens:
            begin = random.randrange(max(1, len(tokens) - _ROW))  # noqa: S311  (no secret)
            rows.append({"match_phrase": {name: {"query": " ".join(tokens[begin : begin + _ROW])}}})
    stems = [pair.rpartition("|")[0] for pair in document["weights"].split()]
    words += [{"term": {"weights": stem}} for stem in random.sample(stems, min(_WORDS, len(stems)))]
    yield "its words", {"bool": {"filter": [this, *words]}}
    yield "its words in a row", {"bool": {"filter": [this, *rows]}}
