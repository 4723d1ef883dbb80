"""A cluster answers random trees over random articles as the engine in memory does.

Totals and what is found are the same, and so is the order by day. Scores are those of the engine in memory where they
are made here, and within a thousandth of them where the server makes them, unless articles were removed: the server
weighs how rare a word is with those too, until it merges them away.
"""

from __future__ import annotations

import datetime
import math
import random
import time
from collections.abc import Iterator

import pytest
from random_trees import SOURCES, RandomQueries

from cluster.indexes import add, make_index, own, remove, remove_index
from searchkit.article import Article
from searchkit.cluster.connection import Connection
from searchkit.cluster.engine import ClusterEngine
from searchkit.cluster.layout import Layout
from searchkit.cluster.search import REORDERED
from searchkit.cluster.tokens import key_of
from searchkit.engine import Filters, Request, Response
from searchkit.memory import MemoryEngine
from searchkit.query import Node, canonical

INDEX = own("random-trees")
FIRST_DAY = datetime.date(2020, 1, 1)
# A weighted frequency is rounded to a 4096th, a score to single precision.
CLOSE = 1e-3


def random_request(choose: random.Random, tree: Node) -> Request:
    days = [FIRST_DAY + datetime.timedelta(choose.randrange(-2, 44)) for _ in range(2)]
    return Request(
        tree,
        Filters(
            choose.choice([None, None, None, min(days)]),
            choose.choice([None, None, None, max(days)]),
            tuple(choose.sample([*SOURCES, "HERALD", "nobody"], choose.choice([0, 0, 0, 0, 1, 2]))),
        ),
        choose.choice(["relevance", "relevance", "newest", "oldest"]),
        offset=choose.choice([0, 0, 0, 1, 10, 100]),
        limit=choose.choice([0, 1, 3, 10, 10, 1000, 1000]),
        details=choose.random() < 0.7,
    )


class Oracle(MemoryEngine):
    """The engine in memory, with the averages that an index was made with."""

    def __init__(self, articles: list[Article], layout: Layout) -> None:
        super().__init__(articles)
        self._scale = layout.averages


def is_ranked_by_the_server(engine: ClusterEngine, request: Request) -> bool:
    """Whether a query comes to nothing but words, and what adds nothing to a score."""
    return engine._searching(request)._compiled(request.query, scored=True).ranked


def compare(engine: ClusterEngine, oracle: MemoryEngine, request: Request, found: Response, whole: bool) -> None:
    wanted = oracle.search(request)
    assert (found.total, found.articles) == (wanted.total, wanted.articles)
    if request.details:
        assert found.total_all == wanted.total_all
    assert [(term.leaf, term.articles) for term in found.terms] == [
        (term.leaf, term.articles) for term in wanted.terms
    ]
    ids = [hit.id for hit in found.found]
    if request.sort != "relevance":
        assert ids == [hit.id for hit in wanted.found]
        assert all(hit.score == 0.0 for hit in found.found)
        return
    scores = oracle.scores(request.query, request.filters)
    assert len(set(ids)) == len(ids) == len(wanted.found)
    assert set(ids) <= scores.keys()
    if is_ranked_by_the_server(engine, request):
        if not whole:
            return
    elif wanted.total > REORDERED:
        # Of so many only the best are ranked here, and the server's order is about ours.
        return
    # Two that are so near to each other may change places, at the border of a page too.
    for hit, other in zip(found.found, wanted.found, strict=True):
        assert math.isclose(hit.score, scores[hit.id], rel_tol=CLOSE, abs_tol=CLOSE), (hit.id, hit.score)
        assert math.isclose(scores[hit.id], other.score, rel_tol=2 * CLOSE, abs_tol=2 * CLOSE), (hit.id, other.id)


def compare_explanation(engine: ClusterEngine, request: Request, response: Response) -> None:
    for hit in list(response.found)[:1]:
        if request.sort == "relevance":
            explained = engine.explain(request, hit.load())
            assert math.isclose(explained.score, hit.score, rel_tol=CLOSE, abs_tol=CLOSE), (hit.id, explained)
            assert math.isclose(sum(share.score for share in explained.shares), explained.score, abs_tol=1e-9)


def ask_both(
    engine: ClusterEngine, oracle: MemoryEngine, queries: RandomQueries, trees: int, name: str, whole: bool = True
) -> None:
    for number in range(trees):
        request = random_request(queries.random, queries.tree(queries.random.choice([1, 2, 3, 3, 4])))
        try:
            response = engine.search(request)
            compare(engine, oracle, request, response, whole)
            if whole:
                compare_explanation(engine, request, response)
        except BaseException as error:
            error.add_note(f"{name}, tree {number}: {canonical(request.query)}\n{request}")
            raise


@pytest.fixture
def connection(opensearch: str) -> Iterator[Connection]:
    made = Connection(opensearch)
    yield made
    remove_index(made, INDEX)
    made.close()


def ask_seed(connection: Connection, seed: int, trees: int) -> None:
    """Ask about an index that was changed: articles replaced and removed."""
    queries = RandomQueries(seed)
    choose = queries.random
    size = choose.choice([3, 20, 40, 90])
    live = {f"a{number}": queries.article(number) for number in choose.sample(range(size), choose.randint(1, size))}
    engine = make_index(connection, INDEX, list(live.values()), shards=choose.choice([1, 1, 3]))
    layout = Layout.for_articles("english", list(live.values()))
    changes = choose.random() < 0.5
    changed = [queries.article(choose.randrange(size)) for _ in range(size // 3 * changes)]
    removed = choose.sample(sorted(live), len(live) // 4 * changes)
    add(connection, INDEX, layout, changed)
    live |= {one.id: one for one in changed}
    remove(connection, INDEX, [key_of(key) for key in removed])
    for key in removed:
        live.pop(key)
    whole = not changed and not removed
    ask_both(engine, Oracle(list(live.values()), layout), queries, trees, f"seed {seed}", whole)


@pytest.mark.parametrize("seed", range(12))
def test_random_trees(connection: Connection, seed: int) -> None:
    ask_seed(connection, seed, 60)


def test_random_trees_over_long_articles(connection: Connection) -> None:
    queries = RandomQueries(77)
    articles = [queries.article(number, 150) for number in range(17)]
    engine = make_index(connection, INDEX, articles)
    layout = Layout.for_articles("english", articles)
    ask_both(engine, Oracle(articles, layout), queries, 60, "long")


@pytest.mark.long
def test_many_random_trees(connection: Connection) -> None:
    end = time.monotonic() + 600
    seed = 1000
    while time.monotonic() < end:
        ask_seed(connection, seed, 150)
        seed += 1
