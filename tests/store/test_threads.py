"""Many readers at once, one writer beside them: each sees whole commits and right answers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from searchkit.article import Article
from searchkit.engine import Request
from searchkit.local.engine import LocalEngine
from searchkit.query import AllOf, AnyOf, Node, Word, phrase
from searchkit.store.writer import StoreWriter

TREES: list[Node] = [
    Word("even"),
    phrase("article number"),
    AnyOf((Word("even"), Word("odd"), Word("first"))),
    AllOf((Word("article"), Word("odd"))),
    AnyOf((AllOf((Word("odd"), phrase("number one"))), Word("first"))),
]


def article(number: int, commit: int) -> Article:
    kind = "even" if number % 2 == 0 else "odd"
    return Article(f"id{number}", f"Article {number}", f"An article number one, {kind}. Commit c{commit}.")


def answers(engine: LocalEngine) -> list[object]:
    out: list[object] = []
    for tree in TREES:
        answer = engine.search(Request(tree, limit=20))
        out.append((answer.total, [(hit.id, hit.score, hit.load().body) for hit in answer.found]))
    return out


def test_one_engine_answers_many_threads_alike(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "i") as writer:
        for commit in range(3):
            for number in range(commit * 2000, (commit + 1) * 2000):
                writer.put(article(number, commit))
            writer.remove(f"id{commit * 1500}")
            writer.commit()
    expected = answers(LocalEngine(tmp_path / "i"))
    # Opened anew: the threads find nothing verified, no norm made.
    for _ in range(5):
        engine = LocalEngine(tmp_path / "i")
        start = threading.Barrier(8)

        def ask(_: int, engine: LocalEngine = engine, start: threading.Barrier = start) -> list[object]:
            start.wait()
            return answers(engine)

        with ThreadPoolExecutor(8) as threads:
            assert all(found == expected for found in threads.map(ask, range(8)))


def test_readers_see_whole_commits_while_a_writer_works(tmp_path: Path) -> None:
    """Every commit replaces all articles: whoever saw two commits mixed would count two of them."""
    path, commits, articles = tmp_path / "i", 40, 30
    done = threading.Event()

    def write() -> None:
        with StoreWriter(path) as writer:
            for commit in range(1, commits):
                for number in range(articles):
                    writer.put(article(number, commit))
                writer.commit()
        done.set()

    with StoreWriter(path) as writer:
        for number in range(articles):
            writer.put(article(number, 0))
        writer.commit()

    def read(_: int) -> int:
        engine, last, looks = LocalEngine(path), 0, 0
        while True:
            over = done.is_set()
            engine.refresh()
            totals = [engine.search(Request(Word(f"c{commit}"))).total for commit in range(commits)]
            assert sorted(totals) == [0] * (commits - 1) + [articles]
            assert totals.index(articles) >= last
            last = totals.index(articles)
            looks += 1
            if over:
                assert last == commits - 1
                return looks

    with ThreadPoolExecutor(5) as threads:
        writing = threads.submit(write)
        assert all(looks > 1 for looks in threads.map(read, range(4)))
        writing.result()
