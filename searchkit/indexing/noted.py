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
    statement = "SELECT id FROM articles WHERE text = ? AND id <> ? ORDER BY id LIMIT 100"
    try:
        return [str(key) for (key,) in _rows(index, statement, text_digest(article), article.id)]
    except StorageError:
        return []


def standing_problems(index: Path) -> Iterator[Problem]:
    """The problems that the files of an index gave when they were last read; StorageError where no ledger tells."""
    last = 0
    statement = f"SELECT rowid, path, place, reason, kept, kind FROM problems WHERE rowid > ? LIMIT {_PAGE}"  # noqa: S608
    while rows := _rows(index, statement, last):
        for _, path, place, reason, kept, kind in rows:
            yield Problem(Origin(os.fsdecode(path), place), reason, bool(kept), kind)
        last = rows[-1][0]


def _rows(index: Path, statement: str, *values: object) -> list[Any]:
    """All rows of a statement, the file open no longer than that; StorageError while it is written, or damaged."""
    try:
        with closing(sqlite3.connect((index / NAME).absolute().as_uri() + "?mode=ro", uri=True)) as ledger:
            ledger.execute("PRAGMA trusted_schema = OFF")
            return ledger.execute(statement, values).fetchall()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise StorageError(
                "the list of indexed files is being written", hint="Wait for the other program, and try again."
            ) from error
        raise _unknown() from error
    except sqlite3.Error as error:
        raise _unknown() from error


def _unknown() -> StorageError:
    return StorageError(
        "the list of indexed files is missing or damaged", hint="Index the same paths again: it is made anew."
    )
