"""What was read before? A ledger of files and articles beside the index, so that a run is a sync.

The ledger is an SQLite file. It is committed after the index, never before, so it can only know less
than the index holds: what it does not know is read again, and an article that is put twice is the
same article.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from searchkit.article import Origin, Problem
from searchkit.errors import IndexDamaged, StorageError
from searchkit.indexing.walk import File, printable

NAME = "files.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS roots (path BLOB PRIMARY KEY, label TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS files (
    number INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, changed INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS articles (
    id TEXT PRIMARY KEY, file INTEGER NOT NULL, digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS articles_of_file ON articles (file);
CREATE TABLE IF NOT EXISTS problems (
    file INTEGER NOT NULL, place TEXT NOT NULL, reason TEXT NOT NULL, kept INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS problems_of_file ON problems (file);
"""
# A file that was not read to its end: no file has this size.
_UNFINISHED = -1


class Ledger:
    """The ledger of the index in the folder ``index``; changes count once they are committed."""

    def __init__(self, index: Path, *, fresh: bool = False) -> None:
        """Open the ledger, made where there is none; with ``fresh`` a damaged one gives way to an empty one.

        Every method raises StorageError where the disk refuses, IndexDamaged where the file is no ledger.
        """
        self._path = index / NAME
        try:
            self._open()
        except IndexDamaged:
            if not fresh:
                raise
            self._db.close()
            self._path.unlink()
            self._open()

    def _open(self) -> None:
        with self._errors():
            self._db = sqlite3.connect(self._path, isolation_level=None)
            # The file may come from a stranger: nothing in its schema is trusted to be harmless.
            self._db.execute("PRAGMA trusted_schema = OFF")
            self._db.execute("PRAGMA cell_size_check = ON")
            self._db.executescript(_TABLES)
            self._db.execute("BEGIN")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StorageError(f"the list of indexed files cannot be used: {error}") from error
        except sqlite3.DatabaseError as error:
            raise IndexDamaged(
                f"the list of indexed files, {self._path}, is damaged",
                hint="Build the index again: searchkit index --rebuild PATH",
            ) from error

    def _rows(self, statement: str, *values: object) -> list[Any]:
        """Run one statement and return all its rows."""
        with self._errors():
            return self._db.execute(statement, values).fetchall()

    def clear(self) -> None:
        """Forget everything."""
        for table in ("roots", "files", "articles", "problems"):
            self._rows(f"DELETE FROM {table}")  # noqa: S608  (the names stand in the line above)

    def label(self, root: Path) -> str:
        """The label of a root, which begins the ids of its files: its name, or as much more as is needed.

        It is given once and kept, so that ids do not change when another folder joins.
        """
        key = os.fsencode(root)
        known = self._rows("SELECT label FROM roots WHERE path = ?", key)
        if known:
            return str(known[0][0])
        parts = [printable(part) for part in root.parts if part != root.anchor] or ["root"]
        taken = {label for (label,) in self._rows("SELECT label FROM roots")}
        labels = ("/".join(parts[-count:]) for count in range(1, len(parts) + 1))
        label = next((label for label in labels if label not in taken), printable(str(root)))
        self._rows("INSERT INTO roots VALUES (?, ?)", key, label)
        return label

    def file(self, path: Path) -> tuple[int, int, int] | None:
        """(number, size, time of change) of a file that was seen before; the size is -1 if not to its end."""
        rows = self._rows("SELECT number, size, changed FROM files WHERE path = ?", os.fsencode(path))
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else None

    def begin_file(self, file: File) -> int:
        """Note that ``file`` is being read, forget its problems, and return its number."""
        [(number,)] = self._rows(
            "INSERT INTO files (path, size, changed) VALUES (?, ?, 0)"
            " ON CONFLICT (path) DO UPDATE SET size = excluded.size RETURNING number",
            os.fsencode(file.path),
            _UNFINISHED,
        )
        self._rows("DELETE FROM problems WHERE file = ?", number)
        return int(number)

    def finish_file(self, number: int, file: File) -> None:
        """Note that file ``number`` was read to its end as ``file`` describes it."""
        self._rows("UPDATE files SET size = ?, changed = ? WHERE number = ?", file.size, file.changed, number)

    def remove_file(self, number: int) -> None:
        """Forget a file, its articles and its problems."""
        self._rows("DELETE FROM articles WHERE file = ?", number)
        self._rows("DELETE FROM problems WHERE file = ?", number)
        self._rows("DELETE FROM files WHERE number = ?", number)

    def files_below(self, root: Path) -> Iterator[tuple[int, Path]]:
        """Yield (number, path) of every known file that is ``root`` or lies below it."""
        key = os.fsencode(root)
        below = key.rstrip(b"/") + b"/"
        # The byte after the separator: every path below the root sorts before it.
        rows = self._rows(
            "SELECT number, path FROM files WHERE path = ? OR (path >= ? AND path < ?)",
            key,
            below,
            below[:-1] + b"0",
        )
        for number, path in rows:
            yield number, Path(os.fsdecode(path))

    def articles(self, number: int) -> dict[str, bytes]:
        """The ids of the articles of a file, each with the digest of its content."""
        rows = self._rows("SELECT id, digest FROM articles WHERE file = ?", number)
        return {key: bytes(digest) for key, digest in rows}

    def count(self, number: int) -> int:
        """How many articles a file gave."""
        return int(self._rows("SELECT count(*) FROM articles WHERE file = ?", number)[0][0])

    def owner(self, article_id: str) -> Path | None:
        """The file that gave the article with this id, or None."""
        rows = self._rows(
            "SELECT path FROM articles JOIN files ON files.number = articles.file WHERE id = ?", article_id
        )
        return Path(os.fsdecode(rows[0][0])) if rows else None

    def put_article(self, article_id: str, number: int, digest: bytes) -> None:
        """Note that file ``number`` gave this article."""
        self._rows("INSERT OR REPLACE INTO articles VALUES (?, ?, ?)", article_id, number, digest)

    def remove_article(self, article_id: str) -> None:
        """Forget an article."""
        self._rows("DELETE FROM articles WHERE id = ?", article_id)

    def put_problem(self, number: int, problem: Problem) -> None:
        """Note a problem of file ``number``."""
        row = (number, printable(problem.origin.place), printable(problem.reason), int(problem.kept))
        self._rows("INSERT INTO problems VALUES (?, ?, ?, ?)", *row)

    def problems(self, number: int, path: Path) -> list[Problem]:
        """The problems that a file gave when it was last read."""
        rows = self._rows("SELECT place, reason, kept FROM problems WHERE file = ?", number)
        return [Problem(Origin(str(path), place), reason, bool(kept)) for place, reason, kept in rows]

    def commit(self) -> None:
        """Make what was noted durable."""
        self._rows("COMMIT")
        self._rows("BEGIN")

    def close(self) -> None:
        """Give up what is not committed."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
