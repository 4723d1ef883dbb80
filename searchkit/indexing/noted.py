"""What does the ledger tell whoever only asks? Problems and copies, page by page, so that no writer has to wait."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from searchkit.article import Article, Origin, Problem
from searchkit.errors import StorageError
from searchkit.indexing.digests import text_digest
from searchkit.indexing.ledger import NAME

_PAGE = 2000


def copies_of(index: Path, article: Article) -> list[str]:
    """The ids of other articles with the same folded text; none where no sound ledger tells of them."""
    return [
        str(key)
        for (key,) in _rows(
            index,
            "SELECT id FROM articles WHERE text = ? AND id <> ? ORDER BY id LIMIT 100",
            text_digest(article),
            article.id,
        )
    ]


def standing_problems(index: Path) -> Iterator[Problem]:
    """The problems that the files of an index gave when they were last read; none where no sound ledger tells."""
    last = 0
    statement = f"SELECT rowid, path, place, reason, kept, kind FROM problems WHERE rowid > ? LIMIT {_PAGE}"  # noqa: S608
    while rows := _rows(index, statement, last):
        for _, path, place, reason, kept, kind in rows:
            yield Problem(Origin(os.fsdecode(path), place), reason, bool(kept), kind)
        last = rows[-1][0]


def _rows(index: Path, statement: str, *values: object) -> list[Any]:
    """All rows of a statement, the file open no longer than that; raises StorageError while it is being written."""
    try:
        with closing(sqlite3.connect((index / NAME).absolute().as_uri() + "?mode=ro", uri=True)) as ledger:
            ledger.execute("PRAGMA trusted_schema = OFF")
            return ledger.execute(statement, values).fetchall()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise StorageError(
                "the list of indexed files is being written", hint="Wait for the other program, and try again."
            ) from error
        return []
    except sqlite3.Error:
        return []
