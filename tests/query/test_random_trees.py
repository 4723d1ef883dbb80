"""The local engine answers random trees over random articles as the engine in memory does, to the last tie.

An index is changed in many commits, so that it has several segments and deletions; after some of them it is asked.
Run as a program it asks as its arguments say, so that it can be run with other kernels:

    python test_random_trees.py FOLDER FIRST_SEED SEEDS TREES
"""

from __future__ import annotations

import datetime
import math
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from places import ROOT
from random_trees import SOURCES, RandomQueries

from searchkit.article import Article
from searchkit.engine import Filters, Request, Response
from searchkit.local.engine import LocalEngine
from searchkit.memory import MemoryEngine
from searchkit.query import Node, canonical
from searchkit.store.writer import StoreWriter

FIRST_DAY = datetime.date(2020, 1, 1)


def changed(queries: RandomQueries, path: Path, size: int) -> Iterator[dict[str, Article]]:
    """Change the index in ``path`` at random, with up to ``size`` articles; yields what it holds, now and then."""
    choose = queries.random
    live: dict[str, Article] = {}
    commits = choose.choice([1, 2, 3, 5, 9])
    with StoreWriter(path, workers=1) as writer:
        for number in range(commits):
            share = 0.8 if number == 0 and choose.random() < 0.5 else 1.5 / commits
            for _ in range(int(size * share) + 1):
                key = f"a{choose.randrange(size)}"
                if choose.random() < 0.15:
                    writer.remove(key)
                    live.pop(key, None)
                else:
                    live[key] = queries.article(int(key[1:]))
                    writer.put(live[key])
            writer.commit()
            if number == commits - 1 or choose.random() < 0.3:
                yield dict(live)


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


def compare(found: Response, wanted: Response) -> None:
    assert (found.total, found.total_all, found.articles) == (wanted.total, wanted.total_all, wanted.articles)
    assert [hit.id for hit in found.found] == [hit.id for hit in wanted.found]
    for one, other in zip(found.found, wanted.found, strict=True):
        assert math.isclose(one.score, other.score, rel_tol=1e-9, abs_tol=1e-9), (one.id, one.score, other.score)
    assert [(term.leaf, term.articles) for term in found.terms] == [
        (term.leaf, term.articles) for term in wanted.terms
    ]


def compare_explanations(engine: LocalEngine, request: Request, response: Response) -> None:
    """The score of the best hit, explained: factors multiply to shares, and shares add up to it."""
    if request.sort != "relevance":
        return
    for hit in list(response.found)[:1]:
        article = hit.load()
        explained = engine.explain(request, article)
        assert math.isclose(explained.score, hit.score, rel_tol=1e-9, abs_tol=1e-9), (hit.id, explained)
        assert math.isclose(sum(share.score for share in explained.shares), hit.score, rel_tol=1e-9, abs_tol=1e-9)
        for share in explained.shares:
            product = share.boost * share.idf * share.scale * share.saturation
            assert math.isclose(share.score, product, rel_tol=1e-6, abs_tol=1e-9), share
            assert math.isclose(share.idf, sum(weight.idf for weight in share.weights), rel_tol=1e-9), share


def ask_both(engine: LocalEngine, oracle: MemoryEngine, queries: RandomQueries, trees: int, name: str) -> int:
    """Ask both about random trees; returns how many it were."""
    for number in range(trees):
        request = random_request(queries.random, queries.tree(queries.random.choice([1, 2, 3, 3, 4])))
        try:
            response = engine.search(request)
            compare(response, oracle.search(request))
            compare_explanations(engine, request, response)
        except BaseException as error:
            error.add_note(f"{name}, tree {number}: {canonical(request.query)}\n{request}")
            raise
    return trees


def ask_seeds(folder: Path, first: int, seeds: int, trees: int) -> int:
    """Ask about ``trees`` random trees after some commits of the index of each seed; returns how many it were."""
    asked = 0
    for seed in range(first, first + seeds):
        path = folder / f"seed-{seed}"
        queries = RandomQueries(seed)
        for live in changed(queries, path, queries.random.choice([3, 20, 20, 40, 90])):
            engine = LocalEngine(path)
            asked += ask_both(engine, MemoryEngine(live.values()), queries, trees, path.name)
            engine.close()
        shutil.rmtree(path)
    return asked


def run(folder: Path, kernels: str, first: int, seeds: int, trees: int) -> int:
    """The same in a process of its own, with compiled or plain kernels."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, __file__, str(folder), *map(str, (first, seeds, trees))],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "SEARCHKIT_KERNELS": kernels},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return int(done.stdout)


def ask_one_index(path: Path, seed: int, paragraphs: int, commits: list[int], trees: int) -> int:
    """Ask about an index of so many articles in each commit, some of which were there before."""
    queries = RandomQueries(seed)
    choose = queries.random
    live: dict[str, Article] = {}
    with StoreWriter(path, workers=1) as writer:
        for count in commits:
            for _ in range(count):
                article = queries.article(choose.randrange(10 * sum(commits)), paragraphs)
                live[article.id] = article
                writer.put(article)
            for key in choose.sample(sorted(live), len(live) // 20):
                writer.remove(key)
                del live[key]
            writer.commit()
    engine = LocalEngine(path)
    asked = ask_both(engine, MemoryEngine(live.values()), queries, trees, f"seed {seed}")
    engine.close()
    return asked


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_random_trees(tmp_path: Path, first: int) -> None:
    assert ask_seeds(tmp_path, first, 10, 25) >= 250


def test_random_trees_over_more_than_one_window(tmp_path: Path) -> None:
    """A window has 4,096 articles."""
    assert ask_one_index(tmp_path / "index", 1, 1, [4700, 300, 30], 20) == 20


def test_random_trees_over_long_articles(tmp_path: Path) -> None:
    """A block has 128 positions: here a common word has several in one article."""
    assert ask_one_index(tmp_path / "index", 2, 150, [10, 5, 2], 50) == 50


def test_random_trees_on_plain_kernels(tmp_path: Path) -> None:
    assert run(tmp_path, "plain", 500, 12, 12) >= 144


@pytest.mark.long
def test_a_hundred_thousand_random_trees(tmp_path: Path) -> None:
    """Half of them in each of two processes; every tenth on plain kernels."""
    asked, first = 0, 10_000
    with ThreadPoolExecutor(2) as threads:
        while asked < 100_000:
            parts = [(first, "compiled"), (first + 100, "plain" if first % 1000 == 0 else "compiled")]
            folders = [tmp_path / str(number) for number, _ in parts]
            asked += sum(
                threads.map(
                    lambda folder, part: run(folder, part[1], part[0], 100 if part[1] != "plain" else 20, 40),
                    folders,
                    parts,
                )
            )
            first += 200


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 15))
def test_random_trees_over_large_indexes(tmp_path: Path, seed: int) -> None:
    assert ask_one_index(tmp_path / "wide", seed, 2, [9000, 5000, 200, 20], 100) == 100
    assert ask_one_index(tmp_path / "long", seed, 600, [20, 10, 5], 300) == 300


if __name__ == "__main__":
    print(ask_seeds(Path(sys.argv[1]), *map(int, sys.argv[2:5])))
