"""SQLite FTS5, with the Porter stemmer, the articles kept in it, and their dates in a table beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

from tests.bench.corpora import records
from tests.bench.engine import Abilities, Answer, Question

JOINERS = {"any": " OR ", "all": " AND ", "phrase": " + "}


class Fts5:
    """FTS5 as its manual would have it: one transaction, then ``optimize``."""

    name: ClassVar[str] = "fts5"
    abilities: ClassVar[Abilities] = Abilities(workers=False, remark="a database has one writer at a time")
    index_of: ClassVar[str] = ""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    @staticmethod
    def version() -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    @classmethod
    def build(cls, articles: Path, index: Path, workers: int) -> None:
        database = sqlite3.connect(index / "news.db")
        database.execute("CREATE VIRTUAL TABLE news USING fts5(title, text, tokenize='porter unicode61')")
        database.execute("CREATE TABLE facts (number INTEGER PRIMARY KEY, id TEXT, date TEXT, source TEXT)")

        def texts() -> Iterator[tuple[int, str, str]]:
            for number, record in enumerate(records(articles), 1):
                facts = (number, record["id"], record.get("date"), record.get("source"))
                database.execute("INSERT INTO facts VALUES (?, ?, ?, ?)", facts)
                yield number, record["title"], record["text"]

        database.executemany("INSERT INTO news (rowid, title, text) VALUES (?, ?, ?)", texts())
        database.execute("CREATE INDEX facts_date ON facts (date)")
        database.execute("INSERT INTO news (news) VALUES ('optimize')")
        database.commit()
        database.close()

    @classmethod
    def open(cls, index: Path) -> Self:
        # Read through the page cache like the others, not through 2 MB of SQLite's own.
        database = sqlite3.connect(f"file:{index / 'news.db'}?mode=ro", uri=True)
        database.execute("PRAGMA mmap_size = 8589934592")
        return cls(database)

    def search(self, question: Question) -> tuple[int, list[tuple[int, float]]]:
        match = JOINERS[question.kind].join(f'"{word}"' for word in question.words)
        # CROSS JOIN keeps FTS5 outermost. A plain "rowid IN (days)" looks up one row at a time: on 72,644
        # articles a query then took 12 s instead of 0.1 s.
        tables, where, values = "news", "news MATCH ?", [match]
        if question.since is not None and question.until is not None:
            where += " AND facts.date BETWEEN ? AND ?"
            values += [question.since.isoformat(), question.until.isoformat()]
        if question.since is not None or question.sort == "newest":
            tables = "news CROSS JOIN facts ON facts.number = news.rowid"
        score, order = ("0.0", "facts.date DESC") if question.sort == "newest" else ("rank", "rank")
        best = f"SELECT news.rowid, {score} FROM {tables} WHERE {where} ORDER BY {order} LIMIT ?"
        hits = self._database.execute(best, [*values, question.limit]).fetchall()
        counted = "news" if question.since is None else tables
        total = self._database.execute(f"SELECT count(*) FROM {counted} WHERE {where}", values).fetchone()[0]
        return total, hits

    def answer(self, found: tuple[int, list[tuple[int, float]]]) -> Answer:
        total, rows = found
        hits: list[tuple[str, float]] = []
        articles: list[tuple[str, str]] = []
        one = "SELECT id, title, text FROM news JOIN facts ON facts.number = news.rowid WHERE news.rowid = ?"
        for number, score in rows:
            name, title, text = self._database.execute(one, (number,)).fetchone()
            hits.append((name, -score))  # FTS5 counts downwards, so that the best is the least
            articles.append((title, text))
        return Answer(total, hits, articles)

    def facts(self) -> dict[str, Any]:
        return {}
