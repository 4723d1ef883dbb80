"""How does a folder become an index and stay one? Find what differs, read it, put and remove, commit."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from searchkit.article import Article, Origin, Problem
from searchkit.engine import Writer
from searchkit.errors import PathMissing, StorageError
from searchkit.indexing.difference import (
    Job,
    digest_of,
    grown,
    is_gone,
    is_gone_from,
    is_same,
    lies_in,
    merged,
    settled_time,
    with_moves,
)
from searchkit.indexing.digests import digests
from searchkit.indexing.ledger import NAME as LEDGER
from searchkit.indexing.ledger import Known, Ledger
from searchkit.indexing.pool import Pool, PooledReading
from searchkit.indexing.report import Progress, Report
from searchkit.indexing.walk import STANDARD_INPUT, File, printable, walk
from searchkit.local.committed import commit_mark, every_article
from searchkit.readers import HeavyError, Reading, Settings, is_heavy
from searchkit.store.writer import LONGEST_ARTICLE

# What a crash can cost: a batch is committed after so many characters of text, or after so many seconds.
_BATCH = 250_000_000
_SECONDS = 15.0
# Files that are known before the first is read, so that what has moved is found and progress has an end.
_FORESEEN = 200_000
# Of so many articles of a new file it is kept in mind where they stood; of the others the ledger tells that they did.
_REMEMBERED = 200_000
# After so many files that are compared, somebody looks whether Ctrl-C was pressed.
_LOOK = 256
# Failures that may mend themselves while the file stays what it is.
_PASSING = frozenset(("access", "extra", "slow"))


class Interrupted(Exception):
    """The run was stopped before its end; ``report`` counts what is in the index, committed."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


class _Stopped(Exception):
    """``stop`` said so."""


class Sync:
    """One run that brings an index into agreement with files.

    ``index`` is the folder of the index, which is never read as news. ``watch`` is called after each
    article and each file, ``on_problem`` for each problem. Where ``stop`` returns True, the run commits what it
    has and ends. Files that cost milliseconds an article are read in ``workers`` processes.
    """

    def __init__(
        self,
        writer: Writer,
        ledger: Ledger,
        index: Path,
        *,
        settings: Settings | None = None,
        workers: int = 1,
        watch: Callable[[Progress], None] | None = None,
        on_problem: Callable[[Problem], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        self._writer = writer
        self._ledger = ledger
        self._index = index
        self._settings = settings or Settings()
        self._workers = workers
        self._watch = watch
        self._on_problem = on_problem
        self._stop = stop
        self._report = Report()
        self._committed = Report()
        self._uncommitted = 0
        self._last_commit = time.monotonic()
        self._before = 0
        self._total = 0

    def run(self, paths: Sequence[Path], *, rebuild: bool = False, within: Sequence[str] | None = None) -> Report:
        """Index ``paths``, absolute files and folders; returns the report once all is committed.

        A path that is gone takes its articles out of the index. ``within`` are files and folders below the paths to
        which the run is limited: nothing else has changed. Raises PathMissing, before anything is
        changed, where a path neither exists nor was indexed; StorageError where the index cannot be
        written; Interrupted when the run was stopped.
        """
        if not rebuild:
            self._learn()
        for path in paths:
            if rebuild or (within is None and next(self._ledger.files_below(str(path)), None) is None):
                require_path(path)
        try:
            if rebuild:
                self._writer.clear()
                self._ledger.clear()
            for place in [str(path) for path in paths] if within is None else within:
                self._ledger.forget_problems_below(place)
            self._bring_about([str(path) for path in paths], within)
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
                (article.id, article.origin.path, *digests(article))
                for article in every_article(self._index)
                # What a program has put itself, out of no file, is nothing that a folder has to agree with.
                if article.origin.path
            )
        before, now = self._ledger.settings, _told(self._settings)
        if before and before.partition("\n")[0] == now.partition("\n")[0] and before != now:
            reason = "was made with other limits (--max-...): files of which something was left out are read again"
            self._say(Problem(Origin(str(self._index)), reason, True, "limit"))
            self._ledger.doubt_limited()
        elif before not in ("", now):
            reason = "was made with other settings (--map, --dates, --detect-language): all files are read again"
            self._say(Problem(Origin(str(self._index)), reason, True, "format"))
            self._ledger.doubt_all()

    def _bring_about(self, roots: list[str], within: Sequence[str] | None) -> None:
        """Read what differs, after what is gone was removed: its ids may have gone elsewhere."""
        gone: dict[int, Known] = {}
        differing = chain.from_iterable(self._differing(roots, gone, within))
        jobs = list(islice(differing, _FORESEEN))
        rest = next(differing, None)
        if rest is None:
            self._total = sum(job.file.size for job in jobs)
        jobs = with_moves(jobs, gone)
        self._remove_files(gone)
        more = chain([rest], differing) if rest else ()
        with closing(self._ahead(chain(jobs, more))) as ahead:
            for job, reading in ahead:
                self._read(job, reading)
                self._before += job.file.size
                self._tell(0)
        self._remove_files(gone)

    def _remove_files(self, gone: dict[int, Known]) -> None:
        for number in gone:
            for article_id in self._ledger.articles(number):
                self._writer.remove(article_id)
                self._report.removed += 1
            self._ledger.remove_file(number)
        gone.clear()

    def _differing(
        self, roots: list[str], gone: dict[int, Known], within: Sequence[str] | None
    ) -> Iterator[Iterator[Job]]:
        """The files to be read under each root; what is gone is added to ``gone``.

        The first root that leads to a file names it.
        """
        overlap = any(lies_in(one, other) for one in roots for other in roots if one is not other)
        seen: set[str] | None = set() if overlap or within is not None else None
        for root in dict.fromkeys(roots):
            for path in [root] if within is None else within:
                if lies_in(path, root):
                    yield self._differing_below(root, path, seen, gone)

    def _differing_below(self, root: str, path: str, seen: set[str] | None, gone: dict[int, Known]) -> Iterator[Job]:
        files: Iterator[File] = iter(())
        if is_gone(path):
            if path == root:
                reason = "there is nothing any more: what was read from there leaves the index"
                self._note(Problem(Origin(root), reason, True, "access"))
        else:
            label = self._ledger.label(root) + printable(path.removeprefix(root))
            files = walk(path, label, leave_out=str(self._index), report=self._note, explicit=path == root)
        for count, (file, known) in enumerate(merged(files, self._ledger.files_below(path))):
            if not count % _LOOK:
                self._tell(0)
            if file is None:
                if known and (seen is None or known.path not in seen) and is_gone_from(known.path, root):
                    gone[known.number] = known
                continue
            if seen is not None:
                if file.path in seen:
                    continue
                seen.add(file.path)
            if known is None or root == STANDARD_INPUT or not self._is_unchanged(file, known):
                yield Job(file, known)

    def _is_unchanged(self, file: File, known: Known) -> bool:
        same = is_same(file, known)
        if same is None and digest_of(file.path) == known.digest:
            self._ledger.finish_file(known._replace(changed=settled_time(file)))
            same = True
        if not same:
            return False
        self._report.unchanged += known.articles
        self._count_formats(known.formats)
        if known.problems:
            for problem in self._ledger.problems(known.number):
                self._say(problem)
        return True

    def _ahead(self, jobs: Iterable[Job]) -> Generator[tuple[Job, Reading | PooledReading], None, None]:
        """Each job with its reading: the heavy ones are begun, in other processes, while others are taken."""
        waiting: deque[tuple[Job, PooledReading | None]] = deque()
        with Pool(self._workers, self._settings, lambda: self._tell(0)) as pool:
            self._pool = pool
            for job in jobs:
                heavy = is_heavy(job.file.path)
                waiting.append((job, pool.submit(job.file) if heavy else None))
                while waiting and (len(waiting) >= pool.room or waiting[0][1] is None):
                    yield self._opened(*waiting.popleft())
            while waiting:
                yield self._opened(*waiting.popleft())

    def _opened(self, job: Job, pooled: PooledReading | None) -> tuple[Job, Reading | PooledReading]:
        if pooled:
            return job, pooled
        file = job.file
        after = grown(job)
        # What comes through a pipe cannot be read by another process once it was begun here.
        light = file.path != STANDARD_INPUT
        path, explicit = Path(file.path), file.explicit
        return job, Reading(path, file.name, explicit=explicit, settings=self._settings, after=after, light=light)

    def _read(self, job: Job, reading: Reading | PooledReading) -> None:
        """Put what a file says into the index, and take out what it says no more."""
        file, known = job.file, job.known
        goes_on = reading.goes_on
        # Of a file that only grew, the ledger itself is asked: it may hold millions.
        before = self._ledger.articles(known.number) if known and not goes_on else {}
        number = self._ledger.begin_file(file.path, known)
        problems = 0
        if known and goes_on:
            problems = self._tell_again(known)
        elif known:
            self._ledger.forget_problems(number)
        given = _Given(number, before, goes_on, job.moved)
        renamed: Counter[int] = Counter()
        again = False
        reading, items = self._begun(reading, file)
        with reading:
            for item in items:
                if isinstance(item, Problem):
                    self._note(item, number)
                    problems += 1
                    whole = not item.kept and not item.origin.place
                    again = again or (whole and item.kind in _PASSING)
                    continue
                problems += self._article(self._named(item, number, file.name, renamed), given)
                self._tell(reading.bytes_read)
        for owner, count in renamed.items():
            ids = "1 id is" if count == 1 else f"{count:,} ids are"
            reason = (
                f"{ids} taken by {printable(self._ledger.path_of(owner))}; in this file they begin with {file.name}#"
            )
            self._note(Problem(Origin(file.path), reason, True, "id"), number)
            problems += 1
        # What cannot be looked at today is not gone; what is there and says nothing more is.
        keeps_rest = again or goes_on or file.path == STANDARD_INPUT
        if not keeps_rest:
            self._remove(before.keys() - given.seen.keys(), given)
        elif again and known:
            # What cannot be read today is still there.
            self._report.unchanged += len(before.keys() - given.seen.keys())
        goes_with = known and (goes_on or (again and not given.seen))
        formats = reading.formats + _counts(known.formats if known and goes_with else "")
        articles = given.count
        if goes_on and known:
            articles += known.articles
        elif keeps_rest:
            articles += len(before.keys() - given.seen.keys())
        said = ", ".join(f"{name} {count}" for name, count in sorted(formats.items()))
        self._count_formats(said)
        self._ledger.finish_file(
            Known(
                *(number, file.path, file.size, settled_time(file), reading.digest, reading.lines, said),
                *(articles, problems, again),
            )
        )

    def _begun(
        self, reading: Reading | PooledReading, file: File
    ) -> tuple[Reading | PooledReading, Iterator[Article | Problem]]:
        """A reading and its items; a file that only its content shows to be heavy goes to another process."""
        items = iter(reading)
        try:
            first = next(items, None)
        except HeavyError:
            reading.__exit__(None, None, None)
            reading = self._pool.read_aside(file)
            return reading, iter(reading)
        return reading, chain([first], items) if first else iter(())

    def _tell_again(self, known: Known) -> int:
        """What was said of the beginning of a file that is not read again."""
        self._report.unchanged += known.articles
        for problem in self._ledger.problems(known.number):
            self._say(problem)
        return known.problems

    def _named(self, article: Article, number: int, name: str, renamed: Counter[int]) -> Article:
        """The article; where another file gave its id first, under an id that says which file this is."""
        first = owner = self._ledger.owner(article.id)
        if first is None or owner == number:
            return article
        article_id = article.id
        while owner not in (None, number):
            article_id = f"{name}#{article_id}"
            owner = self._ledger.owner(article_id)
        renamed[first] += 1
        return replace(article, id=article_id)

    def _article(self, article: Article, given: _Given) -> int:
        """Put an article where it is new or has changed; returns how many problems it gave."""
        if len(article.title) + len(article.body) > LONGEST_ARTICLE:
            reason = f"is longer than {LONGEST_ARTICLE:,} characters, more than one article can be"
            self._note(Problem(article.origin, reason, kind="limit"), given.number)
            return 1
        if (taken := self._taken(article.id, given)) is not None:
            reason = f"the id {article.id!r} is taken already, by {taken or 'this file'}"
            self._note(Problem(article.origin, reason, kind="id"), given.number)
            return 1
        digest, text = digests(article)
        known = given.before.get(article.id)
        given.count += 1
        if given.before or len(given.seen) < _REMEMBERED:
            given.seen[article.id] = article.origin.place
        if known == digest:
            self._report.unchanged += 1
            return 0
        if given.moved:
            self._report.moved += 1
        elif known is None:
            self._report.added += 1
        else:
            self._report.changed += 1
        self._report.copies += not given.moved and any(
            other != article.id and (other not in given.before or other in given.seen)
            for other in self._ledger.with_text(text)
        )
        self._writer.put(article)
        self._ledger.put_article(article.id, given.number, digest, text)
        self._uncommitted += len(article.title) + len(article.body)
        if self._uncommitted >= _BATCH or time.monotonic() - self._last_commit > _SECONDS:
            self._commit()
        return 0

    def _taken(self, article_id: str, given: _Given) -> str | None:
        """Where this file gave the id before, '' for the whole file; None where it did not."""
        if article_id in given.seen:
            return given.seen[article_id]
        asks = given.goes_on or len(given.seen) >= _REMEMBERED
        return "an earlier line" if asks and self._ledger.owner(article_id) == given.number else None

    def _remove(self, ids: Iterable[str], given: _Given) -> None:
        for article_id in ids:
            self._writer.remove(article_id)
            self._ledger.remove_article(article_id)
            self._report.removed += not given.moved

    def _commit(self) -> None:
        self._writer.commit()
        self._ledger.commit(commit_mark(self._index), _told(self._settings))
        self._uncommitted = 0
        self._last_commit = time.monotonic()
        self._committed = self._report.copy()

    def _note(self, problem: Problem, number: int = 0) -> None:
        self._say(problem)
        if number or problem.origin.path != str(self._index / LEDGER):
            self._ledger.put_problem(number, problem)

    def _say(self, problem: Problem) -> None:
        self._report.note(problem)
        if self._on_problem:
            self._on_problem(problem)

    def _count_formats(self, said: str) -> None:
        self._report.formats.update(_counts(said))

    def _tell(self, bytes_read: int) -> None:
        if self._watch:
            report = self._report
            met = report.added + report.changed + report.moved + report.unchanged
            far = self._before + bytes_read
            self._watch(Progress(met, min(far, self._total) if self._total else far, self._total))
        if self._stop and self._stop():
            raise _Stopped


class _Given:
    """What one file has given so far: ``before`` in earlier runs, ``seen`` in this one, each with its place."""

    def __init__(self, number: int, before: dict[str, bytes], goes_on: bool, moved: bool) -> None:
        self.number = number
        self.before = before
        self.goes_on = goes_on
        self.moved = moved
        self.seen: dict[str, str] = {}
        self.count = 0


def require_path(path: Path) -> None:
    """Raise PathMissing where nothing is at ``path``, StorageError where it may not be looked at."""
    try:
        there = path.exists()
    except OSError as error:
        raise StorageError(f"{path} cannot be looked at: {error.strerror}") from error
    if not there:
        raise PathMissing(f"there is nothing at {path}", hint="Look at the path for a slip.")


def _counts(said: str) -> Counter[str]:
    """The counts of a text such as "HTML 3, NITF 1"."""
    found: Counter[str] = Counter()
    for part in said.split(", ") if said else ():
        name, _, count = part.rpartition(" ")
        found[name] += int(count)
    return found


def _told(settings: Settings) -> str:
    """The settings that change what articles say; on a line of their own, limits that are not the usual ones."""
    said = repr((settings.keys, settings.dates, settings.detect_language))
    limits, usual = (
        (found.seconds, found.expansion, found.expansion_from, found.archives) for found in (settings, Settings())
    )
    return said if limits == usual else f"{said}\n{limits!r}"
