"""How near is the order of a cluster to that of a local index, and what does a query cost beyond the server's time?

    PYTHONPATH=tests python -m tests.bench.cluster_order URL [--shards 1] [--topics 400] [--keep]

The press releases go into a local index and into one of the server at URL. Every news topic is asked of both as any
word, all words, a phrase of its first two words, and these near each other. Printed are, for each kind, Kendall's tau
of the ten best (over all of the ten of either side; one that the other side does not have among its ten stands behind
them), the topics whose totals differ, and the milliseconds that a query takes beyond what the server says it took.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from typing import Any

from searchkit.analysis import word_spans
from searchkit.article import Article
from searchkit.cluster.connection import Connection
from searchkit.cluster.engine import ClusterEngine
from searchkit.engine import Engine, Request
from searchkit.errors import IndexMissing, QueryError
from searchkit.local import open_engine, open_writer
from searchkit.query import Near, Node, Phrase, Word, parse
from tests.bench.places import corpora_folder
from tests.cluster.indexes import make_index, remove_index

INDEX = "bench-order"
BEST = 10
ROUNDS = 5
KINDS = ("any words", "all words", "phrase", "near")


class Watched(Connection):
    """A connection that knows what the server says it took for the searches of a query."""

    took = 0

    def post(self, path: str, **options: Any) -> dict[str, Any]:
        answer = super().post(path, **options)
        self.took += int(answer.get("took", 0))
        return answer


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--topics", type=int, default=400)
    parser.add_argument("--keep", action="store_true", help="leave the index there, and use one that is there")
    options = parser.parse_args(arguments)
    connection = Watched(options.url)
    lines = (corpora_folder() / "queries" / "news-topics.tsv").read_text(encoding="utf-8").splitlines()
    topics = [line.split("\t", 1)[1] for line in lines][: options.topics]
    with tempfile.TemporaryDirectory() as folder:
        local = local_engine(Path(folder) / "index")
        cluster = cluster_engine(connection, options.shards, keep=options.keep)
        for kind in KINDS:
            print(measured(kind, topics, local, cluster, connection), flush=True)
    if not options.keep:
        remove_index(connection, INDEX)


def articles() -> Iterator[Article]:
    with gzip.open(corpora_folder() / "senate-press" / "docs.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            day = datetime.date.fromisoformat(record["date"]) if record.get("date") else None
            yield Article(record["id"], record.get("title", ""), record["text"], day, record.get("source", ""))


def local_engine(path: Path) -> Engine:
    with open_writer(path) as writer:
        for article in articles():
            writer.put(article)
        writer.commit()
    return open_engine(path)


def cluster_engine(connection: Connection, shards: int, *, keep: bool) -> ClusterEngine:
    if keep:
        with suppress(IndexMissing):
            return ClusterEngine(connection, INDEX)
    began = time.perf_counter()
    engine = make_index(connection, INDEX, list(articles()), shards=shards)
    print(f"loaded in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return engine


def tree_of(kind: str, topic: str) -> Node | None:
    """What is asked, or None where a topic has no such thing."""
    words = [Word(topic[start:end]) for start, end in word_spans(topic)]
    if kind == "phrase":
        return Phrase(tuple(words[:2])) if len(words) > 1 else None
    if kind == "near":
        return Near(words[0], words[1], 5) if len(words) > 1 else None
    try:
        return parse(topic, require_all=kind == "all words").tree
    except QueryError:
        return None


def measured(kind: str, topics: Sequence[str], local: Engine, cluster: ClusterEngine, connection: Watched) -> str:
    taus, beyond, whole, differing, asked = [], [], [], 0, 0
    for topic in topics:
        tree = tree_of(kind, topic)
        if tree is None:
            continue
        asked += 1
        request = Request(tree, limit=BEST)
        here, there = local.search(request), cluster.search(request)
        differing += (here.total, here.total_all) != (there.total, there.total_all)
        one, other = ([hit.id for hit in response.found] for response in (here, there))
        if len({*one, *other}) > 1:
            taus.append(tau(one, other))
        times = []
        for _ in range(ROUNDS):
            connection.took = 0
            began = time.perf_counter()
            cluster.search(request)
            times.append(((time.perf_counter() - began) * 1000, connection.took))
        whole.append(min(taken for taken, _ in times))
        beyond.append(min(taken - took for taken, took in times))
    return (
        f"{kind:10} {asked} topics: tau {statistics.mean(taus):.4f} on average, {min(taus):.3f} at least, "
        f"below 0.95 in {sum(one < 0.95 for one in taus)}; totals differ in {differing}; "
        f"beyond the server {statistics.median(beyond):.2f} ms (median), "
        f"{sorted(beyond)[len(beyond) * 95 // 100]:.2f} ms (95 of 100), {max(beyond):.2f} ms at most, "
        f"of {statistics.median(whole):.2f} ms"
    )


def tau(one: Sequence[str], other: Sequence[str]) -> float:
    """Kendall's tau of two lists of the best; those that one of them lacks stand behind all that it has, tied."""
    ids = sorted({*one, *other})
    place, behind = ({key: at for at, key in enumerate(best)} for best in (one, other))
    agreed = 0
    pairs = 0
    for left, right in combinations(ids, 2):
        first = place.get(left, len(one)) - place.get(right, len(one))
        second = behind.get(left, len(other)) - behind.get(right, len(other))
        pairs += 1
        agreed += (first * second > 0) - (first * second < 0)
    return agreed / pairs


if __name__ == "__main__":
    main()
