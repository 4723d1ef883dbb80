"""How does a folder become an index and stay one? Read what is new, compare, put and remove, commit."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path

from searchkit.article import Article, Origin, Problem
from searchkit.engine import Writer
from searchkit.errors import PathMissing, StorageError
from searchkit.indexing.ledger import NAME as LEDGER
from searchkit.indexing.ledger import Ledger
from searchkit.indexing.walk import File, printable, walk
from searchkit.local.committed import commit_mark, every_article
from searchkit.readers import open_articles

# Characters of text after which a batch is committed: what a crash can cost.
_BATCH = 16_000_000
MOST_PROBLEMS = 10_000


@dataclass(slots=True)
class Report:
    """What a run did. The first four count articles; ``skipped`` counts files and records.

    ``problems`` are those of this run and those that unchanged files gave when they were read: the first
    10,000 of them, and ``untold`` more.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: int = 0
    problems: list[Problem] = field(default_factory=list)
    untold: int = 0

    def __str__(self) -> str:
        return (
            f"{self.added:,} added, {self.changed:,} changed, {self.unchanged:,} unchanged, "
            f"{self.removed:,} removed, {self.skipped:,} skipped"
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: articles met so far, and bytes read of all bytes, in files as they lie."""

    articles: int
    bytes_read: int
    bytes_total: int


class Interrupted(Exception):
    """The run was stopped before its end; ``report`` counts what is in the index, committed."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


class _Stopped(Exception):
    """``stop`` said so."""


class Sync:
    """One run that brings an index into agreement with ``paths``.

    ``index`` is the folder of the index, which is never read as news. ``watch`` is called after each
    article and each file. Where ``stop`` returns True, the run commits what it has and ends.
    """

    def __init__(
        self,
        writer: Writer,
        ledger: Ledger,
        index: Path,
        *,
        watch: Callable[[Progress], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        self._writer = writer
        self._ledger = ledger
        self._index = index
        self._watch = watch
        self._stop = stop
        self._report = Report()
        self._committed = Report()
        self._uncommitted = 0
        self._before = 0
        self._total = 0

    def run(self, paths: Sequence[Path], *, rebuild: bool = False) -> Report:
        """Index ``paths``, absolute files and folders; returns the report once all is committed.

        A path that is gone takes its articles out of the index. Raises PathMissing, before anything is
        changed, where a path neither exists nor was indexed; StorageError where the index cannot be
        written; Interrupted when the run was stopped.
        """
        if not rebuild:
            self._learn()
        for path in paths:
            if not any(True for _ in self._ledger.files_below(path)):
                require_path(path)
        try:
            if rebuild:
                self._writer.clear()
                self._ledger.clear()
            files = self._files(paths)
            self._remove_gone(paths, {file.path for file in files})
            self._total = sum(file.size for file in files)
            for file in files:
                self._sync_file(file)
                self._before += file.size
                self._tell(0)
            self._commit()
        except _Stopped:
            self._commit()
            raise Interrupted(self._committed) from None
        except KeyboardInterrupt:
            raise Interrupted(self._committed) from None
        return self._report

    def _learn(self) -> None:
        """Let the ledger know what the index holds, where it tells of another commit or of none."""
        if self._ledger.is_new:
            reason = "was damaged or is of another version; it is made anew, and all files are read again"
            self._note(Problem(Origin(str(self._index / LEDGER)), reason, kept=True))
        if not self._ledger.tells_of(commit_mark(self._index)):
            self._ledger.learn(
                (article.id, article.origin.path, _digest(article))
                for article in every_article(self._index)
                # What a program has put itself, out of no file, is nothing that a folder has to agree with.
                if article.origin.path
            )

    def _files(self, paths: Sequence[Path]) -> list[File]:
        """The files under all ``paths``, each once; the first path that leads to a file names it."""
        files: dict[Path, File] = {}
        for root in paths:
            if not _exists(root):
                continue
            label = self._ledger.label(root)
            for file in walk(root, label, leave_out=self._index, report=self._note):
                files.setdefault(file.path, file)
        return list(files.values())

    def _remove_gone(self, paths: Sequence[Path], present: set[Path]) -> None:
        for root in paths:
            for number, path in self._ledger.files_below(root):
                if path in present or os.path.lexists(path):
                    continue
                for article_id in self._ledger.articles(number):
                    self._writer.remove(article_id)
                    self._report.removed += 1
                self._ledger.remove_file(number)

    def _sync_file(self, file: File) -> None:
        known = self._ledger.file(file.path)
        if known and known[1:] == (file.size, file.changed):
            before = self._ledger.problems(known[0], file.path)
            # A file that failed as a whole is tried again: a permission leaves no trace in its time.
            if not any(_of_whole_file(problem) for problem in before):
                self._report.unchanged += self._ledger.count(known[0])
                for problem in before:
                    self._note(problem)
                return
        number = self._ledger.begin_file(file)
        before_articles = self._ledger.articles(number)
        seen: dict[str, Origin] = {}
        renamed: Counter[Path] = Counter()
        failed = False
        with open_articles(file.path, file.name, explicit=file.explicit) as reading:
            for item in reading:
                if isinstance(item, Problem):
                    self._note(item, number)
                    failed = failed or _of_whole_file(item)
                    continue
                self._article(self._named(item, file, renamed), number, before_articles, seen)
                self._tell(reading.bytes_read)
        for owner, count in renamed.items():
            ids = "1 id is" if count == 1 else f"{count:,} ids are"
            reason = f"{ids} taken by {printable(str(owner))}; in this file they begin with {file.name}#"
            self._note(Problem(Origin(str(file.path)), reason, kept=True), number)
        if not failed:
            for gone in before_articles.keys() - seen.keys():
                self._writer.remove(gone)
                self._ledger.remove_article(gone)
                self._report.removed += 1
        self._ledger.finish_file(number, file)

    def _named(self, article: Article, file: File, renamed: Counter[Path]) -> Article:
        """The article; where another file gave its id first, under an id that says which file this is."""
        owner = self._ledger.owner(article.id)
        if owner is None or owner == file.path:
            return article
        renamed[owner] += 1
        return replace(article, id=f"{file.name}#{article.id}")

    def _article(self, article: Article, number: int, before: dict[str, bytes], seen: dict[str, Origin]) -> None:
        if article.id in seen:
            taken = seen[article.id].place or "this file"
            reason = f"the id {article.id!r} is taken already, by {taken}"
            self._note(Problem(article.origin, reason), number)
            return
        digest = _digest(article)
        known = before.get(article.id)
        seen[article.id] = article.origin
        if known == digest:
            self._report.unchanged += 1
            return
        if known is None:
            self._report.added += 1
        else:
            self._report.changed += 1
        self._writer.put(article)
        self._ledger.put_article(article.id, number, digest)
        self._uncommitted += len(article.title) + len(article.body)
        if self._uncommitted >= _BATCH:
            self._commit()

    def _commit(self) -> None:
        self._writer.commit()
        self._ledger.commit(commit_mark(self._index))
        self._uncommitted = 0
        self._committed = replace(self._report)

    def _note(self, problem: Problem, number: int | None = None) -> None:
        if not problem.kept:
            self._report.skipped += 1
        if len(self._report.problems) < MOST_PROBLEMS:
            self._report.problems.append(problem)
            if number is not None:
                self._ledger.put_problem(number, problem)
        else:
            self._report.untold += 1

    def _tell(self, bytes_read: int) -> None:
        if self._watch:
            met = self._report.added + self._report.changed + self._report.unchanged
            self._watch(Progress(met, min(self._before + bytes_read, self._total), self._total))
        if self._stop and self._stop():
            raise _Stopped


def require_path(path: Path) -> None:
    """Raise PathMissing where nothing is at ``path``, StorageError where it may not be looked at."""
    if not _exists(path):
        raise PathMissing(f"there is nothing at {path}", hint="Look at the path for a slip.")


def _exists(path: Path) -> bool:
    """Whether something is at ``path``; raises StorageError where it may not be looked at."""
    try:
        return path.exists()
    except OSError as error:
        raise StorageError(f"{path} cannot be looked at: {error.strerror}") from error


def _of_whole_file(problem: Problem) -> bool:
    return not problem.kept and not problem.origin.place


def _digest(article: Article) -> bytes:
    """A digest of everything that an article says, its place in the file included."""
    return hashlib.blake2b(repr(astuple(article)).encode("utf-8", "surrogatepass"), digest_size=16).digest()
