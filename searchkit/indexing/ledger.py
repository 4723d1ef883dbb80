"""What was read before? A ledger of files and articles beside the index, so that a run is a sync.

The ledger is an SQLite file. It is committed after the index, never before, and notes of which commit it tells.
Where the index holds another one (a crash came between the two, the file was lost or is an old copy), the ledger
learns from the index what is there, article by article. So a ledger that is damaged is no loss: another is made.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from searchkit.article import Origin, Problem
from searchkit.errors import IndexDamaged, StorageError
from searchkit.indexing.walk import File, printable

NAME = "files.sqlite"
# What the conditions refuse, the check of a ledger that is opened finds.
_TABLES = """
CREATE TABLE IF NOT EXISTS commits (mark BLOB NOT NULL CHECK (typeof(mark) = 'blob'));
CREATE TABLE IF NOT EXISTS roots (
    path BLOB PRIMARY KEY CHECK (typeof(path) = 'blob'), label TEXT NOT NULL UNIQUE CHECK (typeof(label) = 'text')
);
CREATE TABLE IF NOT EXISTS files (
    number INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE CHECK (typeof(path) = 'blob'),
    size INTEGER NOT NULL CHECK (typeof(size) = 'integer'),
    changed INTEGER NOT NULL CHECK (typeof(changed) = 'integer')
);
CREATE TABLE IF NOT EXISTS articles (
    id TEXT PRIMARY KEY CHECK (typeof(id) = 'text'),
    file INTEGER NOT NULL CHECK (typeof(file) = 'integer'),
    digest BLOB NOT NULL CHECK (typeof(digest) = 'blob')
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS articles_of_file ON articles (file);
CREATE TABLE IF NOT EXISTS problems (
    file INTEGER NOT NULL CHECK (typeof(file) = 'integer'),
    place TEXT NOT NULL CHECK (typeof(place) = 'text'),
    reason TEXT NOT NULL CHECK (typeof(reason) = 'text'),
    kept INTEGER NOT NULL CHECK (typeof(kept) = 'integer')
);
CREATE INDEX IF NOT EXISTS problems_of_file ON problems (file);
"""
_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
# What the index was found to hold, while the ledger learns it.
_HELD = """
CREATE TEMP TABLE held (id TEXT PRIMARY KEY, path BLOB NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID
"""
_LEARN = (
    "CREATE TEMP VIEW noted AS SELECT id, path, digest FROM articles JOIN files ON files.number = articles.file",
    "INSERT OR IGNORE INTO files (path, size, changed) SELECT path, -1, 0 FROM held",
    # A file of which the two tell different things is read again, whatever its size and time say.
    "UPDATE files SET size = -1 WHERE path IN (SELECT path FROM (SELECT * FROM noted EXCEPT SELECT * FROM held)"
    " UNION SELECT path FROM (SELECT * FROM held EXCEPT SELECT * FROM noted))",
    "DELETE FROM articles",
    "INSERT INTO articles SELECT id, number, digest FROM held JOIN files ON files.path = held.path",
    "DROP VIEW noted",
    "DROP TABLE held",
)
# A file that was not read to its end: no file has this size.
_UNFINISHED = -1


class Ledger:
    """The ledger of the index in the folder ``index``; changes count once they are committed."""

    def __init__(self, index: Path) -> None:
        """Open the ledger, made where there is none; a damaged one gives way to an empty one, and ``is_new`` says so.

        Every method raises StorageError where the disk refuses, IndexDamaged where the file is found to be no
        ledger: it is removed then, and another made when it is opened again.
        """
        self._path = index / NAME
        self.is_new = False
        try:
            self._open()
        except IndexDamaged:
            self.is_new = True
            self._open()

    def _open(self) -> None:
        with self._errors():
            self._db = sqlite3.connect(self._path, isolation_level=None)
            # The file may come from a stranger: nothing in its schema is trusted to be harmless.
            self._db.execute("PRAGMA trusted_schema = OFF")
            self._db.execute("PRAGMA cell_size_check = ON")
            self._db.executescript(_TABLES)
            if self._db.execute(_SCHEMA).fetchall() != _schema():
                raise sqlite3.DatabaseError("these are the tables of another program")
            if (found := self._db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(found)
            self._db.execute("BEGIN")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "decode" not in str(error):
                raise StorageError(f"the list of indexed files cannot be used: {error}") from error
            raise self._damaged() from error
        except sqlite3.DatabaseError as error:
            raise self._damaged() from error

    def _damaged(self) -> IndexDamaged:
        """Remove the ledger, and return the error to raise."""
        self._db.close()
        # The journal after what it could be played into: one without its ledger is void.
        for ending in ("", "-journal", "-wal", "-shm"):
            try:
                self._path.with_name(NAME + ending).unlink(missing_ok=True)
            except OSError as error:
                raise StorageError(f"the list of indexed files cannot be removed: {error.strerror}") from error
        return IndexDamaged(
            f"the list of indexed files, {self._path}, was damaged",
            hint="Run the same command again: it is made anew, out of the index.",
        )

    def _rows(self, statement: str, *values: object) -> list[Any]:
        """Run one statement and return all its rows."""
        with self._errors():
            return self._db.execute(statement, values).fetchall()

    def clear(self) -> None:
        """Forget everything."""
        for table in ("commits", "roots", "files", "articles", "problems"):
            self._rows(f"DELETE FROM {table}")  # noqa: S608  (the names stand in the line above)

    def label(self, root: Path) -> str:
        """The label of a root, which begins the ids of its files: its name, or as much more as is needed.

        It is given once and kept, so that ids do not change when another folder joins. Where it was forgotten,
        the ids of the articles tell it.
        """
        key = os.fsencode(root)
        known = self._rows("SELECT label FROM roots WHERE path = ?", key)
        if known:
            return str(known[0][0])
        parts = [printable(part) for part in root.parts if part != root.anchor] or ["root"]
        taken = {label for (label,) in self._rows("SELECT label FROM roots")}
        labels = ["/".join(parts[-count:]) for count in range(1, len(parts) + 1)]
        free = [label for label in labels if label not in taken]
        label = self._told_by_ids(root, free) or (free[0] if free else printable(str(root)))
        self._rows("INSERT INTO roots VALUES (?, ?)", key, label)
        return label

    def _told_by_ids(self, root: Path, labels: list[str]) -> str | None:
        """The label with which the id of an article below ``root`` begins, if one does."""
        for number, path in self.files_below(root):
            ending = "".join(f"/{printable(part)}" for part in path.relative_to(root).parts)
            for article_id in self.articles(number):
                for label in labels:
                    if article_id == label + ending or article_id.startswith(f"{label}{ending}#"):
                        return label
        return None

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

    def tells_of(self, mark: bytes) -> bool:
        """Whether this is what the commit of the index with this mark holds."""
        return self._rows("SELECT mark FROM commits") == [(mark,)]

    def learn(self, articles: Iterable[tuple[str, str, bytes]]) -> None:
        """Note that the index holds just these articles: (id, path of the file, digest).

        A file is noted as not read to its end where that is news.
        """
        self._rows(_HELD)
        for article_id, path, digest in articles:
            self._rows("INSERT OR REPLACE INTO held VALUES (?, ?, ?)", article_id, os.fsencode(path), digest)
        for statement in _LEARN:
            self._rows(statement)

    def commit(self, mark: bytes) -> None:
        """Make what was noted durable, as what the commit of the index with this mark holds."""
        self._rows("DELETE FROM commits")
        self._rows("INSERT INTO commits VALUES (?)", mark)
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


@cache
def _schema() -> list[Any]:
    """What the tables of a sound ledger look like."""
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(_TABLES)
        return empty.execute(_SCHEMA).fetchall()
