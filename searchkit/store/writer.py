"""How does an index change? One writer gathers articles into segments, and a commit makes them the index, whole.

What is put is spread over lanes, one thread each; an article always takes the lane of its id, so what is said
of one article stays in order. Nothing that a reader can see changes until the manifest is replaced.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.errors import (
    AnalysisMismatch,
    IndexDamaged,
    IndexMissing,
    NotAnIndex,
    StorageError,
    UsageError,
)
from searchkit.store.builder import DoesNotFit
from searchkit.store.committed import commit_mark, every_article
from searchkit.store.deletion import Deletions
from searchkit.store.folder import Folder, make_folders
from searchkit.store.kernels import Parcel, deal
from searchkit.store.lane import Lane
from searchkit.store.lock import WriterLock
from searchkit.store.manifest import NAME as MANIFEST
from searchkit.store.manifest import TRANSIENT, Manifest, SegmentEntry, read_manifest, write_manifest
from searchkit.store.merge import merge_segments, to_merge
from searchkit.store.snapshot import LiveSegment

DEFAULT_MEMORY = 512 << 20
# Characters that are handed to a lane at once, about: few at first, that none is idle for long, then twice as many
# each time. With each batch a lane has to wait for the interpreter, a few milliseconds.
_FIRST_BATCH = 256 << 10
_BATCH = 4 << 20
# What a lane can hold beyond its segment: two batches under way, text and packed.
_OVERHEAD = 24 << 20
LONGEST_ARTICLE = 64 << 20


class StoreWriter:
    """The one writer of the index in the folder ``path``, which is made where there is none.

    ``memory`` bounds what is held before it becomes a segment, in bytes; ``workers`` is how many segments
    are made side by side; ``after_commit`` is called with each new manifest once it is on the disk, and
    ``meanwhile`` while a commit has to wait for its segments. ``fresh`` gives up what is there if it is damaged or
    of another kind. Raises IndexLocked, NotAnIndex, IndexDamaged, AnalysisMismatch or StorageError.
    """

    def __init__(
        self,
        path: Path,
        *,
        language: str | None = None,
        fresh: bool = False,
        memory: int = DEFAULT_MEMORY,
        workers: int = 1,
        make_folder: Callable[[Path], Folder] = Folder,
        after_commit: Callable[[Folder, Manifest], None] | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        self._path = path
        self._after_commit = after_commit
        self._meanwhile = meanwhile
        try:
            # Where there is a commit, whoever made it had waited for the folders.
            if not (path / MANIFEST).exists():
                make_folders(path, make_folder)
        except FileExistsError:
            raise NotAnIndex(f"{path} is a file, not an index", hint="Name a folder: --index DIR") from None
        except OSError as error:
            raise StorageError(f"no index can be made at {path}: {error.strerror}") from error
        self._folder = make_folder(path)
        self._first_look(path, language, fresh)
        self._lock = WriterLock(path)
        try:
            # What was seen before the lock was taken may be gone by now.
            self._manifest, self._standing = self._first_look(path, language, fresh)
            self._numbers = itertools.count(self._manifest.next_file)
            self._lanes = [
                Lane(
                    self._folder,
                    self._next_name,
                    self._manifest.language,
                    self._share(memory, workers),
                )
                for _ in range(workers)
            ]
            # The commit that was read may not be safe yet: its writer may have been stopped just before. Until it
            # is, the files of the one before must stay.
            self._folder.sync()
            self._clean()
        except OSError as error:
            self._lock.release()
            raise _refused(error) from error
        except BaseException:
            self._lock.release()
            raise
        # What was put and removed since the lanes were last handed something, and the characters that may still come.
        self._waiting: list[Article | Parcel | str] = []
        self._batch = _FIRST_BATCH
        self._room = self._batch * workers
        self._known: dict[str, LiveSegment] = {}
        self._cleared = False
        self._broken = False

    def put(self, article: Article) -> None:
        """Add ``article``, in place of the one with its id if there is one."""
        if len(article.body) + len(article.title) > LONGEST_ARTICLE:
            raise UsageError(
                f"article {article.id!r} has more than {LONGEST_ARTICLE:,} characters",
                hint="Split it into several.",
            )
        if self._broken:
            raise _broken()
        self._wait_with(article, len(article.body))

    def put_parcel(self, parcel: Parcel) -> None:
        """Add articles as another process packed them, each in place of the one with its id if there is one.

        None of them may be longer than ``LONGEST_ARTICLE``.
        """
        if self._broken:
            raise _broken()
        self._wait_with(parcel, parcel.size)

    def _wait_with(self, item: Article | Parcel, size: int) -> None:
        self._waiting.append(item)
        self._room -= size
        if self._room <= 0:
            with self._writing():
                self._start()

    def remove(self, article_id: str) -> None:
        """Remove the article with this id; nothing happens where there is none."""
        self._waiting.append(article_id)

    def clear(self) -> None:
        """Remove every article."""
        with self._writing():
            self._start()
            for lane in self._lanes:
                lane.wait()
                lane.reset()
            self._cleared = True

    def commit(self, *, whole: bool = True) -> tuple[()]:
        """Make all changes since the last commit visible and durable, together; every article is taken.

        After an error nothing of them is, and the writer can then only be closed. (If all but the last step was
        done, waiting for the disk to keep the new manifest's name, all of them may be visible, together.)
        """
        del whole  # what was there is shown until the manifest is another, and then no longer
        with self._writing():
            self._commit()
        return ()

    @property
    def mark(self) -> bytes:
        """What tells the last commit from every other; b'' where there is none."""
        return commit_mark(self._path)

    def articles(self) -> Iterator[Article]:
        """All articles of the last commit, in no order."""
        return every_article(self._path)

    def close(self) -> None:
        """Give up what is not committed, and let another writer in."""
        for lane in self._lanes:
            lane.stop()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @staticmethod
    def _share(memory: int, workers: int) -> int:
        """What one lane's segment may hold."""
        return max(memory // workers - _OVERHEAD, 16 << 20)

    @staticmethod
    def _first_look(path: Path, language: str | None, fresh: bool) -> tuple[Manifest, set[str]]:
        """(the manifest to go on from, the files that stand until it is replaced)."""
        chain = Chain(language or "english")
        empty = Manifest(0, chain.language, chain.fingerprint)
        try:
            found = read_manifest(path)
        except IndexMissing:
            return empty, set()
        except (IndexDamaged, NotAnIndex):
            if fresh and (path / MANIFEST).is_file():
                return replace(empty, next_file=_free_number(path)), set()
            raise
        if found.language == (language or found.language) and found.fingerprint == _fingerprint(found.language):
            return found, found.files()
        if fresh:
            return replace(empty, next_file=_free_number(path)), found.files()
        if found.fingerprint == _fingerprint(found.language):
            raise UsageError(
                f"the index {path} is in the language {found.language!r}",
                hint=f"Leave --language {language} out, or start afresh with --rebuild.",
            )
        raise AnalysisMismatch(
            f"the index {path} was written with another analysis of words",
            hint="Build it again: searchkit index --rebuild PATH",
        )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """What writes: after an error in the midst of it nothing can be built on what is there."""
        if self._broken:
            raise _broken()
        self._broken = True
        try:
            yield
        except OSError as error:
            raise _refused(error) from error
        self._broken = False

    def _next_name(self, kind: str = "segment") -> str:
        # Lanes ask from their threads; to take the next of a count is one step.
        return f"{kind}-{next(self._numbers)}"

    def _start(self) -> None:
        """Hand what waits to the lanes, as soon as they have done what they were handed before."""
        self._batch = min(2 * self._batch, _BATCH)
        waiting, self._waiting, self._room = self._waiting, [], self._batch * len(self._lanes)
        dealt = [waiting] if len(self._lanes) == 1 else deal(waiting, len(self._lanes))
        for lane, items in zip(self._lanes, dealt, strict=True):
            lane.start(items)

    def _commit(self) -> None:
        self._start()
        for lane in self._lanes:
            lane.begin_flush()
        if self._meanwhile:
            self._meanwhile()
        for lane in self._lanes:
            lane.wait()
        before = self._manifest
        old = [] if self._cleared else [self._open(entry) for entry in before.segments]
        deletions = Deletions()
        new: list[LiveSegment] = []
        for lane in self._lanes:
            made = [self._open(entry) for entry in lane.made]
            for number, segment in enumerate(made):
                deletions.superseded(segment, [*old, *made[:number]])
            for article_id, count in lane.removed.items():
                deletions.remove(article_id, [*old, *made[:count]])
            new += made
        if not new and not deletions and not self._cleared and before.generation:
            return
        entries = []
        for segment in [*old, *new]:
            entry = deletions.apply(segment, self._folder, lambda: self._next_name("deleted"))
            if entry.live:
                entries.append(entry)
        entries = self._merged(entries)
        self._folder.sync()
        manifest = self._manifest.successor(tuple(entries), next(self._numbers))
        write_manifest(self._folder, manifest)
        self._manifest = manifest
        self._standing = set()
        self._cleared = False
        for lane in self._lanes:
            lane.forget()
        self._known = {name: segment for name, segment in self._known.items() if name in manifest.files()}
        # The commit stands; what cannot be removed now is removed by the next writer.
        with suppress(OSError):
            self._clean()
        if self._after_commit:
            # Nor does it fall with what is only made of it: the next commit makes that anew.
            with suppress(OSError):
                self._after_commit(self._folder, manifest)

    def _merged(self, entries: list[SegmentEntry]) -> list[SegmentEntry]:
        while chosen := to_merge(entries):
            try:
                merged = merge_segments(self._folder, self._next_name(), [self._open(entry) for entry in chosen])
            except DoesNotFit:
                # They stay apart; what was begun is removed with the commit.
                break
            entries = [entry for entry in entries if entry not in chosen] + [merged]
        return entries

    def _open(self, entry: SegmentEntry) -> LiveSegment:
        known = self._known.get(entry.name)
        if known is None or known.entry != entry:
            known = self._known[entry.name] = LiveSegment(self._path, entry, known.reader if known else None)
        return known

    def _clean(self) -> None:
        """Remove the files of this store that no manifest names: what a crash or a merge left."""
        named = self._manifest.files() | self._standing
        for name in self._folder.names():
            if TRANSIENT.fullmatch(name) and name not in named:
                self._folder.remove(name)


def _broken() -> StorageError:
    return StorageError("a write failed before; close this writer and open another")


def _refused(error: OSError) -> StorageError:
    # A full disk and a full share of it are the two that a person can make room on.
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return StorageError(
        f"the index cannot be written: {error.strerror or error}",
        hint="Make room there, and run this again; the last commit is whole." if full else "",
    )


def _fingerprint(language: str) -> str:
    """The fingerprint that this version gives a language; '' for one that it does not know."""
    try:
        return Chain(language).fingerprint
    except ValueError:
        return ""


def _free_number(path: Path) -> int:
    """A number that no file of the folder has."""
    taken = [int(name.rpartition("-")[2]) for name in Folder(path).names() if re.fullmatch(r"\w+-\d+", name)]
    return max(taken, default=0) + 1


def workers_of_this_machine() -> int:
    """As many workers as this process may use processors."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
