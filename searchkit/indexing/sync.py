"""How does a folder become an index and stay one? Find what differs, read it, put and remove, commit."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
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
    may_have_grown,
    merged,
    settled_time,
    with_moves,
)
from searchkit.indexing.digests import digests
from searchkit.indexing.handfuls import handfuls
from searchkit.indexing.intake import Books, Intake, counts
from searchkit.indexing.ledger import NAME as LEDGER
from searchkit.indexing.ledger import Known, Ledger
from searchkit.indexing.pool import Pool, PooledReading
from searchkit.indexing.report import Progress, Report
from searchkit.indexing.walk import STANDARD_INPUT, File, printable, walk
from searchkit.readers import HeavyError, Reading, Settings, is_heavy
from searchkit.store.kernels import Parcel

# What a crash can cost: a batch is committed after so many characters of text, or after so many seconds.
_BATCH = 250_000_000
_SECONDS = 15.0
# To read a file of so many bytes takes longer than to start a process that does it.
_LARGE = 8 << 20
# So many characters of a file are dealt with at once.
_HANDFUL = 1 << 20
# Files that are known before the first is read, so that what has moved is found and progress has an end.
_FORESEEN = 200_000
# After so many files that are compared, somebody looks whether Ctrl-C was pressed.
_LOOK = 256


class Interrupted(Exception):
    """The run was stopped before its end; ``report`` counts what is in the index, committed."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


class _Stopped(Exception):
    """``stop`` said so."""


class Sync:
    """One run that brings an index into agreement with files.

    ``index`` is the folder of the index, which is never read as news. ``watch`` is called after every
    few articles and after each file, ``on_problem`` for each problem. Where ``stop`` returns True, the run commits
    what it has and ends. Files that cost milliseconds an article are read in ``workers`` processes, and so are large
    ones where there is more than one worker. A ``pool`` that is given is used for that, and left open.
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
        pool: Pool | None = None,
    ) -> None:
        self._writer = writer
        self._ledger = ledger
        self._index = index
        self._settings = settings or Settings()
        self._workers = workers
        self._given_pool = pool
        self._watch = watch
        self._on_problem = on_problem
        self._stop = stop
        self._report = Report()
        self._books = Books(writer, ledger, self._report, self._note)
        self._committed = Report()
        self._uncommitted = 0
        self._last_commit = time.monotonic()
        # Bytes of the files that are done, of the one at hand, and of all.
        self._before = self._within = self._total = 0

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
            self._commit(whole=not rebuild)
            raise Interrupted(self._committed) from None
        except KeyboardInterrupt:
            raise Interrupted(self._committed) from None
        return self._report

    def _learn(self) -> None:
        """Let the ledger know what the index holds, where it tells of another commit or of none."""
        if self._ledger.is_new:
            reason = "was damaged or is of another version; it is made anew, and all files are read again"
            self._note(Problem(Origin(str(self._index / LEDGER)), reason, kept=True))
        if not self._ledger.tells_of(self._writer.mark):
            self._ledger.learn(
                (article.id, article.origin.path, *digests(article))
                for article in self._writer.articles()
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
                self._within = 0
                self._tell()
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
                self._tell()
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
        self._report.formats.update(counts(known.formats))
        self._say_again(known)
        return True

    def _ahead(self, jobs: Iterable[Job]) -> Generator[tuple[Job, Reading | PooledReading], None, None]:
        """Each job with its reading: heavy and large ones are begun, in other processes, while others are taken."""
        waiting: deque[tuple[Job, PooledReading | None]] = deque()
        given = self._given_pool
        with nullcontext(given) if given else Pool(self._workers, self._settings) as pool:
            self._pool = pool
            pool.pulse = self._tell
            for job in jobs:
                if is_heavy(job.file.path):
                    pooled: PooledReading | None = pool.submit(job.file)
                elif self._workers > 1 and job.file.size >= _LARGE and not may_have_grown(job):
                    pooled = pool.submit(job.file, light=True)
                else:
                    pooled = None
                waiting.append((job, pooled))
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
        intake = Intake(self._books, job, reading.goes_on)
        if job.known and reading.goes_on:
            # What was said of the beginning, which is not read again.
            self._say_again(job.known)
        reading, items = self._begun(reading, job.file)
        with reading:
            for handful in handfuls(items, min(_HANDFUL, _BATCH)):
                self._uncommitted += intake.take(handful)
                if self._uncommitted >= _BATCH or time.monotonic() - self._last_commit > _SECONDS:
                    self._commit(whole=False)
                self._within = reading.bytes_read
                self._tell()
        intake.finish(reading)

    def _begun(
        self, reading: Reading | PooledReading, file: File
    ) -> tuple[Reading | PooledReading, Iterator[Article | Problem | Parcel]]:
        """A reading and its items; a file that only its content shows to be heavy goes to another process."""
        items: Iterator[Article | Problem | Parcel] = iter(reading)
        try:
            first = next(items, None)
        except HeavyError:
            reading.__exit__(None, None, None)
            reading = self._pool.read_aside(file)
            return reading, iter(reading)
        return reading, chain([first], items) if first else iter(())

    def _say_again(self, known: Known) -> None:
        """What a file gave that is not read again."""
        if known.problems:
            for problem in self._ledger.problems(known.number):
                self._say(problem)

    def _commit(self, *, whole: bool = True) -> None:
        # While the writer still has its hands full.
        self._ledger.flush()
        for refused in self._writer.commit(whole=whole):
            self._note(refused.problem, self._ledger.owner(refused.article_id) or 0)
            self._ledger.refuse_article(refused.article_id)
            if self._report.added:
                self._report.added -= 1
            else:
                self._report.changed -= 1
        self._ledger.commit(self._writer.mark, _told(self._settings))
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

    def _tell(self) -> None:
        if self._watch:
            report = self._report
            met = report.added + report.changed + report.moved + report.unchanged
            far = self._before + self._within
            self._watch(Progress(met, min(far, self._total) if self._total else far, self._total))
        if self._stop and self._stop():
            raise _Stopped


def require_path(path: Path) -> None:
    """Raise PathMissing where nothing is at ``path``, StorageError where it may not be looked at."""
    try:
        there = path.exists()
    except OSError as error:
        raise StorageError(f"{path} cannot be looked at: {error.strerror}") from error
    if not there:
        raise PathMissing(f"there is nothing at {path}", hint="Look at the path for a slip.")


def _told(settings: Settings) -> str:
    """The settings that change what articles say; on a line of their own, limits that are not the usual ones."""
    said = repr((settings.keys, settings.dates, settings.detect_language))
    limits, usual = (
        (found.seconds, found.expansion, found.expansion_from, found.archives) for found in (settings, Settings())
    )
    return said if limits == usual else f"{said}\n{limits!r}"
