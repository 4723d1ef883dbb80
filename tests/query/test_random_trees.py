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
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
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
    """Change the index in ``path`` at random, with up to ``size`` articles; yields what is in it after some commits."""
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


def ask(path: Path, queries: RandomQueries, size: int, trees: int) -> int:
    """Ask about ``trees`` random trees after each of some commits; returns how many it were."""
    asked = 0
    for live in changed(queries, path, size):
        engine, oracle = LocalEngine(path), MemoryEngine(live.values())
        for _ in range(trees):
            request = random_request(queries.random, queries.tree(queries.random.choice([1, 2, 3, 3, 4])))
            try:
                compare(engine.search(request), oracle.search(request))
            except BaseException as error:
                error.add_note(f"{path.name}, tree {asked}: {canonical(request.query)}\n{request}")
                raise
            asked += 1
        engine.close()
    return asked


def ask_seeds(folder: Path, first: int, seeds: int, trees: int) -> int:
    asked = 0
    for seed in range(first, first + seeds):
        path = folder / f"seed-{seed}"
        queries = RandomQueries(seed)
        asked += ask(path, queries, queries.random.choice([3, 20, 20, 40, 90]), trees)
        shutil.rmtree(path)
    return asked


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_random_trees(tmp_path: Path, first: int) -> None:
    assert ask_seeds(tmp_path, first, 10, 25) >= 250


if __name__ == "__main__":
    print(ask_seeds(Path(sys.argv[1]), *map(int, sys.argv[2:5])))
