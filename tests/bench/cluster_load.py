"""How fast does a cluster load, against opensearch-py's own ``parallel_bulk``, and what does a query cost beyond it?

    PYTHONPATH=tests python -m tests.bench.cluster_load URL [--articles 20000] [--rounds 3] [--lanes 4]

In each round, one after the other, in an order that turns, the same press releases go into a new index of the server
at URL, refresh and copies off, and are refreshed at the end:

- searchkit: `ClusterWriter`, from the articles to its commit: words are found, folded and stemmed, documents made
  and sent, the words sent along, all acknowledged and counted;
- prepared: `parallel_bulk` with the very documents that searchkit sends, made beforehand, into the same mapping: what
  the client and the server take for documents of the same size, all else left out;
- raw: `parallel_bulk` with title and body alone, which the server takes apart with its standard analyzer: what a user
  would have without searchkit. Its documents are a fourth of the size, and cannot answer what ours do.

Printed are articles a second of each, the medians and their ratios, and for the queries of the topics the
milliseconds that `Index.search` takes beyond what the server says.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.helpers import parallel_bulk

from searchkit.article import Article
from searchkit.cluster.engine import ClusterEngine
from searchkit.cluster.layout import Layout
from searchkit.cluster.writing import ClusterWriter
from searchkit.errors import QueryError
from searchkit.index import Index
from searchkit.readers import Reading
from tests.bench.cluster_order import Watched
from tests.bench.places import corpora_folder
from tests.cluster.loads import address_at, remove_all

NAME = "bench-load"
RAW = {
    "settings": {"index": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}},
    "mappings": {"dynamic": "strict", "properties": {"title": {"type": "text"}, "body": {"type": "text"}}},
}
# The first queries warm the server and are not counted.
WARM = 30


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--topics", type=int, default=200)
    options = parser.parse_args(arguments)
    articles = list(islice(press_releases(), options.articles))
    runs = Runs(options.url, articles, options.lanes)
    ways: dict[str, Callable[[], float]] = {"searchkit": runs.searchkit, "prepared": runs.prepared, "raw": runs.raw}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    order = list(ways)
    for number in range(options.rounds):
        for name in order[number % len(order) :] + order[: number % len(order)]:
            seconds[name].append(ways[name]())
            rate = len(articles) / seconds[name][-1]
            print(f"round {number + 1} {name}: {rate:,.0f} articles a second", file=sys.stderr, flush=True)
    median = {name: statistics.median(taken) for name, taken in seconds.items()}
    result: dict[str, Any] = {
        "articles": len(articles),
        "bytes": {"text": runs.text_bytes, "documents": runs.document_bytes, "raw": runs.raw_bytes},
        "lanes": options.lanes,
        "articles_a_second": {name: [len(articles) / one for one in taken] for name, taken in seconds.items()},
        "of_prepared": median["prepared"] / median["searchkit"],
        "of_raw": median["raw"] / median["searchkit"],
    }
    runs.searchkit()
    result["milliseconds_beyond_the_server"] = runs.queries(options.topics)
    remove_all(options.url, NAME)
    json.dump(result, sys.stdout, indent=2)
    print()


def press_releases() -> Iterator[Article]:
    path = corpora_folder() / "senate-press" / "docs.jsonl.gz"
    with Reading(path, path.name) as reading:
        yield from (item for item in reading if isinstance(item, Article))


class Runs:
    """The ways of loading the same articles."""

    def __init__(self, url: str, articles: Sequence[Article], lanes: int) -> None:
        self._url = url
        self._articles = articles
        self._lanes = lanes
        self._client = OpenSearch(url, timeout=120)
        self._layout = Layout.for_articles("english", articles)
        self._documents: list[tuple[str, str]] = []
        layout = Layout("english", self._layout.averages)
        for key, source, _ in layout.documents(articles):
            self._documents.append((key, source.decode()))
        self.text_bytes = sum(len((one.title + one.body).encode("utf-8", "replace")) for one in articles)
        self.document_bytes = sum(len(source.encode()) for _, source in self._documents)
        self.raw_bytes = sum(len(json.dumps({"title": one.title, "body": one.body})) for one in articles)

    def searchkit(self) -> float:
        remove_all(self._url, NAME)
        began = time.perf_counter()
        with ClusterWriter(address_at(self._url, NAME), lanes=self._lanes) as writer:
            for article in self._articles:
                writer.put(article)
            writer.commit()
            return time.perf_counter() - began

    def prepared(self) -> float:
        body = self._layout.settings_and_mappings(1)
        body["settings"]["index"]["refresh_interval"] = "-1"
        actions = ({"_index": NAME, "_id": key, "_source": source} for key, source in self._documents)
        return self._bulk(body, actions, expand=_expand_prepared)

    def raw(self) -> float:
        actions = (
            {"_index": NAME, "_id": key, "title": article.title, "body": article.body}
            for (key, _), article in zip(self._documents, self._articles, strict=True)
        )
        return self._bulk(RAW, actions)

    def _bulk(self, body: Any, actions: Iterator[dict[str, Any]], expand: Any = None) -> float:
        remove_all(self._url, NAME)
        more = {"expand_action_callback": expand} if expand else {}
        began = time.perf_counter()
        self._client.indices.create(index=NAME, body=body)
        done = sum(good for good, _ in parallel_bulk(self._client, actions, thread_count=self._lanes, **more))
        self._client.indices.refresh(index=NAME)
        taken = time.perf_counter() - began
        assert done == len(self._articles)
        return taken

    def queries(self, topics: int) -> dict[str, float]:
        """Milliseconds of `Index.search` beyond the server's own time: the median and the 95th percentile."""
        connection = Watched(self._url)
        index = Index(ClusterEngine(connection, NAME))
        taken: list[float] = []
        for number, text in enumerate(queries_of(topics)):
            connection.took = 0
            began = time.perf_counter()
            with suppress(QueryError):
                index.search(text)
            milliseconds = (time.perf_counter() - began) * 1000
            if number >= WARM:
                taken.append(milliseconds - connection.took)
        index.close()
        cuts = statistics.quantiles(taken, n=20)
        return {"median": statistics.median(taken), "of_95_in_100": cuts[-1], "queries": len(taken)}


def _expand_prepared(action: dict[str, Any]) -> tuple[dict[str, Any], str]:
    return {"index": {"_index": action["_index"], "_id": action["_id"]}}, action["_source"]


def queries_of(topics: int) -> list[str]:
    path = corpora_folder() / "queries" / "news-topics.tsv"
    with path.open(encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t")[-1] for line in islice(file, topics)]


if __name__ == "__main__":
    main()
