"""Does the server find articles by the words of their texts? Many are asked for at once, the odd ones one by one.

The server does not show what it has indexed, but it can be asked: some words of an article, in all their forms, and
some in a row must find it, and the numbers beside it must be those that its text gives. Where all is well, a few
requests say so of hundreds of articles. Which words are asked for is drawn by lot, each time anew.
"""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from searchkit.article import Article
from searchkit.cluster.asking import counting, total_of
from searchkit.cluster.connection import Connection, as_error
from searchkit.cluster.layout import Form, Layout, words_index
from searchkit.cluster.reading import article_of
from searchkit.cluster.tokens import FILLER, key_of
from searchkit.errors import IndexDamaged

Query = dict[str, Any]
# Of each title and each body: words that are asked for, and words in a row.
_WORDS, _ROW = 4, 6
# The server takes 1,024 clauses in a search, and a word in a row may count twice.
_MOST_CLAUSES = 480
# Requests on their way, and words of one of them.
_UNDER_WAY = 6
_WORDS_AT_ONCE = 1000
_FACTS = ("id", "title_words", "body_words", "day", "source", "source_name", "has")
# What a search for articles to be compared asks for.
WITH_FACTS: dict[str, Any] = {
    "_source": True,
    "docvalue_fields": [
        {"field": "day", "format": "strict_date"} if name == "day" else {"field": name} for name in _FACTS
    ],
}


class Comparing:
    """Articles of one index, taken apart again; ``find`` is told of what is wrong, and where."""

    def __init__(self, connection: Connection, index: str, layout: Layout, find: Callable[[str, str], None]) -> None:
        self._connection = connection
        self._index = index
        self._find = find
        # It tells of each word once, so that each is looked up once.
        self._layout = Layout(layout.chain.language, layout.averages)
        self._forms: dict[str, Form] = {}
        self._threads = ThreadPoolExecutor(_UNDER_WAY, "searchkit-check")
        self._asked: deque[Future[list[tuple[str, str]]]] = deque()
        self.words = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    def put(self, hits: Sequence[dict[str, Any]]) -> None:
        """Compare documents, each with what WITH_FACTS asks for; waits while enough is under way."""
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
        asked: list[tuple[str, Query, Query]] = []
        made = self._layout.documents([article for _, article in sound])
        for (hit, article), (_, source, fresh) in zip(sound, made, strict=True):
            document = json.loads(source)
            self._compare_facts(article, hit, document)
            asked.append((article.id, *_queries(hit["_id"], document)))
            self.words += document["title_words"] + document["body_words"]
            for form in fresh:
                self._forms[self._layout.word_document(form)[0]] = form
        self._start(self._not_found, asked)
        while len(self._forms) >= _WORDS_AT_ONCE:
            self._start_words()

    def finish(self) -> None:
        """Wait for the last answers."""
        while self._forms:
            self._start_words()
        while self._asked:
            self._take()

    def _start(self, ask: Callable[[Any], list[tuple[str, str]]], what: object) -> None:
        while len(self._asked) >= _UNDER_WAY:
            self._take()
        self._asked.append(self._threads.submit(ask, what))

    def _start_words(self) -> None:
        some = dict(list(self._forms.items())[:_WORDS_AT_ONCE])
        for key in some:
            del self._forms[key]
        self._start(self._not_known, some)

    def _take(self) -> None:
        for place, what in self._asked.popleft().result():
            self._find(place, what)

    def _compare_facts(self, article: Article, hit: dict[str, Any], document: dict[str, Any]) -> None:
        there = hit.get("fields", {})
        for name in _FACTS:
            wanted = document.get(name, [])
            wanted = wanted if isinstance(wanted, list) else [wanted]
            found = there.get(name, [])
            if wanted != found and sorted(map(str, wanted)) != sorted(map(str, found)):
                self._find(article.id, f"has another {name} than its text gives")

    def _not_found(self, asked: Sequence[tuple[str, Query, Query]]) -> list[tuple[str, str]]:
        """Which articles their words do not find: groups of them first, then the members of those that lack one."""
        groups = list(_groups(asked))
        together = [{"bool": {"should": [_both(words, rows) for _, words, rows in group]}} for group in groups]
        counts = self._counts(together)
        odd = [one for group, count in zip(groups, counts, strict=True) if count != len(group) for one in group]
        found: list[tuple[str, str]] = []
        for first in range(0, len(odd), _UNDER_WAY * 10):
            some = odd[first : first + _UNDER_WAY * 10]
            for what, queries in (
                ("its words", [words for _, words, _ in some]),
                ("its words in a row", [rows for _, _, rows in some]),
            ):
                for (place, _, _), count in zip(some, self._counts(queries), strict=True):
                    if count != 1:
                        found.append((place, f"is not found by {what}"))
        return found

    def _counts(self, queries: Sequence[Query]) -> list[int]:
        """How many articles each query finds."""
        if not queries:
            return []
        header = json.dumps({"index": self._index, "allow_partial_search_results": False})
        lines = [line for query in queries for line in (header, json.dumps(counting(query)))]
        answer = self._connection.post("/_msearch", body="\n".join([*lines, ""]))
        for one in answer["responses"]:
            if "error" in one:
                raise as_error(int(one.get("status", 500)), one)
        return [total_of(one) for one in answer["responses"]]

    def _not_known(self, forms: dict[str, Form]) -> list[tuple[str, str]]:
        """Which words are not in the index of words, or with another stem."""
        answer = self._connection.post(f"/{words_index(self._index)}/_mget", body={"ids": list(forms)})
        found: list[tuple[str, str]] = []
        for one in answer["docs"]:
            form = forms[one["_id"]]
            if not one.get("found"):
                found.append((form.text, "is a word of an article and not in the index of words"))
            elif one["_source"] != json.loads(self._layout.word_document(form)[1]):
                found.append((form.text, "has another stem in the index of words"))
        return found


def _queries(key: str, document: dict[str, Any]) -> tuple[Query, Query]:
    """Two queries that must find an article: by its words, and by rows of them."""
    words: list[Query] = []
    rows: list[Query] = []
    for field in ("title", "body"):
        stems = [token for token in document[field]["stems"].split() if token != FILLER]
        forms = [token for token in document[field]["forms"].split() if token != FILLER]
        for at in random.sample(range(len(stems)), min(_WORDS, len(stems))):
            words += [{"term": {f"{field}.stems": stems[at]}}, {"term": {f"{field}.forms": forms[at]}}]
            words.append({"term": {"weights": stems[at]}})
        if stems:
            begin = random.randrange(max(1, len(stems) - _ROW + 1))  # noqa: S311  (no secret)
            kind, tokens = random.choice((("stems", stems), ("forms", forms)))  # noqa: S311  (no secret)
            rows.append({"match_phrase": {f"{field}.{kind}": " ".join(tokens[begin : begin + _ROW])}})
    this = {"ids": {"values": [key]}}
    return {"bool": {"filter": [this, *words]}}, {"bool": {"filter": [this, *rows]}}


def _both(words: Query, rows: Query) -> Query:
    return {"bool": {"filter": [*words["bool"]["filter"], *rows["bool"]["filter"][1:]]}}


def _groups(asked: Sequence[tuple[str, Query, Query]]) -> Iterator[list[tuple[str, Query, Query]]]:
    """As many as one search may have clauses for."""
    group: list[tuple[str, Query, Query]] = []
    clauses = 0
    for one in asked:
        more = len(one[1]["bool"]["filter"]) + (2 * _ROW + 1) * len(one[2]["bool"]["filter"])
        if group and clauses + more > _MOST_CLAUSES:
            yield group
            group, clauses = [], 0
        group.append(one)
        clauses += more
    if group:
        yield group
