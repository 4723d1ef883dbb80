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
from typing import Any, NamedTuple, Self

from searchkit.article import Origin, Problem
from searchkit.errors import IndexDamaged, StorageError
from searchkit.indexing.seen import Seen
from searchkit.indexing.tables import HELD, LEARN, MET, SCHEMA, TABLES
from searchkit.indexing.walk import printable

NAME = "files.sqlite"
# A file that was not read to its end: no file has this size.
UNFINISHED = -1
# Problems of no file: a folder that cannot be listed, a file that cannot be looked at.
_NO_FILE = 0
_PAGE = 2000
# While these are written nothing else is read: few at a time.
_MOST_PENDING = 10_000
_CACHE = 64 << 10


class Known(NamedTuple):
    """A file as it was read: its number, path, size and time of change, and what came of it.

    ``size`` is -1 for one that was not read to its end. ``digest`` is that of its bytes, b'' where it is not
    known. ``lines`` is how many lines it had, if it can be read on from there, else 0. ``formats`` is written
    "HTML 3, NITF 1", counts of articles. ``again`` says that it failed in a way that may mend itself.
    """

    number: int
    path: str
    size: int
    changed: int
    digest: bytes = b""
    lines: int = 0
    formats: str = ""
    articles: int = 0
    problems: int = 0
    again: bool = False


class Ledger:
    """The ledger of the index in the folder ``index``; changes count once they are committed."""

    def __init__(self, index: Path, *, check: bool = True) -> None:
        """Open the ledger, made where there is none; a damaged one gives way to an empty one, and ``is_new`` says so.

        Without ``check`` its pages are not verified, which takes a second for a million files.

        Every method raises StorageError where the disk refuses, IndexDamaged where the file is found to be no
        ledger: it is removed then, and another made when it is opened again.
        """
        self._path = index / NAME
        self._check = check
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
            # The keys of articles come in no order: without room for their tables each would cost a look at the disk.
            self._db.execute(f"PRAGMA cache_size = -{_CACHE}")
            if self._db.execute(SCHEMA).fetchall() not in ([], _schema()):
                raise sqlite3.DatabaseError("these are the tables of another program, or of another version")
            self._db.executescript(TABLES)
            if self._check and (found := self._db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(found)
            self._db.execute(MET)
            self._db.execute("BEGIN")
        self._pending_files: dict[int, Known] = {}
        self._pending_articles: dict[str, tuple[int, bytes, bytes]] = {}
        self._pending_texts: dict[bytes, str] = {}
        self._count()

    def _count(self) -> None:
        """Learn from the tables what is asked for so often that it is kept in mind."""
        self._seen = None if self._rows("SELECT 1 FROM articles LIMIT 1") else Seen()
        self._next = int(self._rows("SELECT ifnull(max(number), 0) + 1 FROM files")[0][0])

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
        self._pending_files.clear()
        self._pending_articles.clear()
        self._pending_texts.clear()
        for table in ("commits", "roots", "files", "articles", "problems"):
            self._rows(f"DELETE FROM {table}")  # noqa: S608  (the names stand in the line above)
        self._count()

    def label(self, root: str) -> str:
        """The label of a root, which begins the ids of its files: its name, or as much more as is needed.

        It is given once and kept, so that ids do not change when another folder joins. Where it was forgotten,
        the ids of the articles tell it.
        """
        key = os.fsencode(root)
        known = self._rows("SELECT label FROM roots WHERE path = ?", key)
        if known:
            return str(known[0][0])
        parts = [printable(part) for part in root.split("/") if part] or ["root"]
        taken = {label for (label,) in self._rows("SELECT label FROM roots")}
        labels = ["/".join(parts[-count:]) for count in range(1, len(parts) + 1)]
        free = [label for label in labels if label not in taken]
        label = self._told_by_ids(root, free) or (free[0] if free else printable(root))
        self._rows("INSERT INTO roots VALUES (?, ?)", key, label)
        return label

    def _told_by_ids(self, root: str, labels: list[str]) -> str | None:
        """The label with which the id of an article below ``root`` begins, if one does."""
        for known in self.files_below(root):
            ending = printable(known.path.removeprefix(root))
            for article_id in self.articles(known.number):
                for label in labels:
                    if article_id == label + ending or article_id.startswith(
                        (f"{label}{ending}#", f"{label}{ending}/")
                    ):
                        return label
        return None

    def begin_file(self, path: str, known: Known | None) -> int:
        """Note that the file at ``path`` is being read, and return its number."""
        number = known.number if known else self._next
        self._next = max(self._next, number + 1)
        # Where a commit comes before its end, this is what is known of it.
        articles = known.articles if known else 0
        self._pending_files[number] = Known(number, path, UNFINISHED, 0, b"", 0, "", articles, 0, False)
        return number

    def finish_file(self, file: Known) -> None:
        """Note that a file was read to its end."""
        self._pending_files[file.number] = file

    def forget_problems(self, number: int) -> None:
        """Forget the problems of a file."""
        self._rows("DELETE FROM problems WHERE file = ?", number)

    def forget_problems_below(self, root: str) -> None:
        """Forget what was told of ``root``, or of places below it, that is the problem of no file that was read."""
        self._rows(f"DELETE FROM problems WHERE file = {_NO_FILE} AND path = ?", os.fsencode(root))  # noqa: S608
        self._rows(f"DELETE FROM problems WHERE file = {_NO_FILE} AND path > ? AND path < ?", *_below(root))  # noqa: S608

    def remove_file(self, number: int) -> None:
        """Forget a file, its articles and its problems."""
        self.flush()
        self._rows("DELETE FROM articles WHERE file = ?", number)
        self._rows("DELETE FROM problems WHERE file = ?", number)
        self._rows("DELETE FROM files WHERE number = ?", number)

    def files_below(self, root: str) -> Iterator[Known]:
        """Yield every known file that is ``root`` or lies below it, in the order of their paths' bytes."""
        self.flush()
        key = os.fsencode(root)
        for row in self._rows("SELECT * FROM files WHERE path = ?", key):
            yield _known(row)
        last, end = _below(root)
        while rows := self._rows(
            f"SELECT * FROM files WHERE path > ? AND path < ? ORDER BY path LIMIT {_PAGE}",  # noqa: S608  (a number)
            last,
            end,
        ):
            for row in rows:
                yield _known(row)
            last = rows[-1][1]

    def articles(self, number: int) -> dict[str, bytes]:
        """The ids of the articles of a file, each with the digest of its content."""
        self.flush()
        rows = self._rows("SELECT id, digest FROM articles WHERE file = ?", number)
        return {key: bytes(digest) for key, digest in rows}

    def has_more(self, number: int, most: int) -> bool:
        """Whether a file has more than ``most`` articles."""
        self.flush()
        counted = "SELECT count(*) FROM (SELECT 1 FROM articles WHERE file = ? LIMIT ?)"
        return bool(self._rows(counted, number, most + 1)[0][0] > most)

    def digest(self, number: int, article_id: str) -> bytes | None:
        """The digest of an article as a file gave it, for one that is not dealt with in this run; None for none."""
        rows = self._rows("SELECT digest FROM articles WHERE id = ? AND file = ?", article_id, number)
        return bytes(rows[0][0]) if rows else None

    def forget_met(self) -> None:
        """Begin with another file to note what it says again."""
        self._rows("DELETE FROM met")

    def meet(self, article_id: str) -> None:
        """Note that the file at hand has said this again."""
        self._rows("INSERT OR IGNORE INTO met VALUES (?)", article_id)

    def is_met(self, article_id: str) -> bool:
        """Whether the file at hand has said this already."""
        return bool(self._rows("SELECT 1 FROM met WHERE id = ?", article_id))

    def unmet(self, number: int) -> Iterator[str]:
        """The ids of the articles of a file that it has not said again; whoever asks may remove them."""
        self.flush()
        last = ""
        statement = (
            "SELECT id FROM articles WHERE file = ? AND id > ? AND id NOT IN (SELECT id FROM met) ORDER BY id LIMIT ?"
        )
        # Nothing sorts before the empty id, which no article has.
        while rows := self._rows(statement, number, last, _PAGE):
            yield from (str(key) for (key,) in rows)
            last = rows[-1][0]

    def owners(self, ids: list[str]) -> dict[str, int]:
        """The numbers of the files that gave the articles with these ids, where there is one."""
        pending, seen = self._pending_articles, self._seen
        asked: Iterable[str] = ids
        if seen is not None:
            asked = {*seen.marked(ids), *(() if pending.keys().isdisjoint(ids) else pending.keys() & ids)}
        return {key: owner for key in asked if (owner := self.owner(key)) is not None}

    def owner(self, article_id: str) -> int | None:
        """The number of the file that gave the article with this id, or None."""
        pending = self._pending_articles.get(article_id)
        if pending:
            return pending[0]
        if self._seen and article_id not in self._seen:
            return None
        rows = self._rows("SELECT file FROM articles WHERE id = ?", article_id)
        return int(rows[0][0]) if rows else None

    def path_of(self, number: int) -> str:
        """The path of the file with this number."""
        pending = self._pending_files.get(number)
        if pending:
            return pending.path
        rows = self._rows("SELECT path FROM files WHERE number = ?", number)
        return os.fsdecode(rows[0][0]) if rows else ""

    def with_text(self, text: bytes) -> list[str]:
        """The ids of some articles that have a text of this digest."""
        first = self._pending_texts.get(text)
        pending = [first] if first is not None else []
        if self._seen and text not in self._seen:
            return pending
        return pending + [key for (key,) in self._rows("SELECT id FROM articles WHERE text = ? LIMIT 5", text)]

    def known_texts(self, texts: list[bytes]) -> set[bytes]:
        """Those of the digests of texts that some article may have."""
        found = set(texts) if self._seen is None else set(self._seen.marked(texts))
        return found | (self._pending_texts.keys() & texts)

    def put_articles(self, number: int, ids: list[str], digests: list[tuple[bytes, bytes]]) -> None:
        """Note that file ``number`` gave these articles; of their digests the second is that of the folded text."""
        for article_id, (digest, text) in zip(ids, digests, strict=True):
            self._pending_articles[article_id] = (number, digest, text)
            self._pending_texts.setdefault(text, article_id)
        if len(self._pending_articles) >= _MOST_PENDING:
            self.flush()

    def put_article(self, article_id: str, number: int, digest: bytes, text: bytes) -> None:
        """Note that file ``number`` gave this article; ``text`` is the digest of its folded text."""
        self._pending_articles[article_id] = (number, digest, text)
        self._pending_texts.setdefault(text, article_id)
        if len(self._pending_articles) >= _MOST_PENDING:
            self.flush()

    def remove_article(self, article_id: str) -> None:
        """Forget an article."""
        self._pending_articles.pop(article_id, None)
        self._rows("DELETE FROM articles WHERE id = ?", article_id)

    def refuse_article(self, article_id: str) -> None:
        """Note that the engine did not take an article: it is none of its file's."""
        self.flush()
        self._rows(
            "UPDATE files SET articles = articles - 1 WHERE number = (SELECT file FROM articles WHERE id = ?)",
            article_id,
        )
        self.remove_article(article_id)

    def put_problem(self, number: int, problem: Problem) -> None:
        """Note a problem of file ``number``, or of no file."""
        origin = problem.origin
        place, reason = printable(origin.place), printable(problem.reason)
        row = (number, os.fsencode(origin.path), place, reason, int(problem.kept), problem.kind)
        self._rows("INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?)", *row)

    def problems(self, number: int | None = None) -> Iterator[Problem]:
        """The problems that a file gave when it was last read; without a number, all that there are."""
        self.flush()
        chosen = "" if number is None else f" WHERE file = {int(number)}"
        last = 0
        while rows := self._rows(
            f"SELECT rowid, path, place, reason, kept, kind FROM (SELECT rowid, * FROM problems{chosen})"  # noqa: S608
            f" WHERE rowid > ? ORDER BY rowid LIMIT {_PAGE}",
            last,
        ):
            for _, path, place, reason, kept, kind in rows:
                yield Problem(Origin(os.fsdecode(path), place), reason, bool(kept), kind)
            last = rows[-1][0]

    def flush(self) -> None:
        """Write what is held back so that many rows go in one statement."""
        with self._errors():
            if self._pending_files:
                self._db.executemany(
                    "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [(row[0], os.fsencode(row[1]), *row[2:9], int(row[9])) for row in self._pending_files.values()],
                )
                self._pending_files.clear()
            if self._pending_articles:
                self._db.executemany(
                    "INSERT OR REPLACE INTO articles VALUES (?, ?, ?, ?)",
                    [(key, *row) for key, row in sorted(self._pending_articles.items())],
                )
                if self._seen:
                    self._seen.add(self._pending_articles)
                    self._seen.add(self._pending_texts)
                self._pending_articles.clear()
                self._pending_texts.clear()

    @property
    def settings(self) -> str:
        """The settings with which the files were read, as the last commit noted them."""
        rows = self._rows("SELECT settings FROM commits")
        return str(rows[0][0]) if rows else ""

    def doubt_all(self) -> None:
        """Let every file be read again."""
        self._rows(f"UPDATE files SET size = {UNFINISHED}")  # noqa: S608  (a number)

    def doubt_limited(self) -> None:
        """Let every file be read again of which something was left out because it went beyond a limit."""
        with_problems = "SELECT file FROM problems WHERE kind IN ('archive', 'limit', 'slow')"
        self._rows(f"UPDATE files SET size = {UNFINISHED} WHERE number IN ({with_problems})")  # noqa: S608  (a number)

    def tells_of(self, mark: bytes) -> bool:
        """Whether this is what the commit of the index with this mark holds."""
        return self._rows("SELECT mark FROM commits") == [(mark,)]

    def learn(self, articles: Iterable[tuple[str, str, bytes, bytes]]) -> None:
        """Note that the index holds just these articles: (id, path of the file, digest, digest of the text).

        A file is noted as not read to its end where that is news.
        """
        self._rows(HELD)
        for article_id, path, digest, text in articles:
            self._rows("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?)", article_id, os.fsencode(path), digest, text)
        for statement in LEARN:
            self._rows(statement)
        self._count()

    def commit(self, mark: bytes, settings: str) -> None:
        """Make what was noted durable, as what the commit of the index with this mark holds."""
        self.flush()
        self._rows("DELETE FROM commits")
        self._rows("INSERT INTO commits VALUES (?, ?)", mark, settings)
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


def _below(root: str) -> tuple[bytes, bytes]:
    """Between which keys the paths below ``root`` lie."""
    begin = os.fsencode(root).rstrip(b"/") + b"/"
    # The byte after the separator: every path below the root sorts before it.
    return begin, begin[:-1] + b"0"


def _known(row: Any) -> Known:  # noqa: ANN401  (a row of SQLite)
    return Known._make((row[0], os.fsdecode(row[1]), *row[2:9], bool(row[9])))


@cache
def _schema() -> list[Any]:
    """What the tables of a sound ledger look like."""
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(TABLES)
        return empty.execute(SCHEMA).fetchall()
