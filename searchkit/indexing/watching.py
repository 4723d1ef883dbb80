"""How does an index stay current? The system tells what has changed; just that is compared, read and committed."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from searchkit.errors import ClusterUnavailable, IndexLocked, UsageError
from searchkit.indexing.difference import lies_in
from searchkit.indexing.homes import ledger_folder, made_ledger_folder, open_writer, workers_of_this_machine
from searchkit.indexing.ledger import Ledger
from searchkit.indexing.pool import Pool
from searchkit.indexing.report import Report
from searchkit.indexing.sync import Interrupted, Sync, require_path
from searchkit.readers import Settings

# Milliseconds: how long quiet has to last before a batch is taken, and how long it may be put off. A file is
# searchable within two seconds, and what is copied piece by piece is mostly taken once.
_QUIET = 200
_LONGEST = 800
# So often somebody looks whether Ctrl-C was pressed.
_LOOK = 300
# While another program writes to the index, the changes wait.
_PATIENCE = 0.5


class Watch:
    """The index in a folder or at an address, kept in agreement with ``roots``, absolute paths.

    ``tell`` hears of a cluster that is away, and is waited for. Raises UsageError where the library is not installed.
    """

    def __init__(
        self,
        index: str | Path,
        roots: list[Path],
        settings: Settings,
        *,
        memory: int,
        workers: int | None = None,
        language: str | None = None,
        stop: Callable[[], bool],
        tell: Callable[[str], None] | None = None,
    ) -> None:
        try:
            import watchfiles  # an extra
        except ImportError as error:
            raise UsageError("watching needs a library", hint="pip install 'searchkit[watch]'") from error
        self._watchfiles = watchfiles
        self._index = index
        self._folder = ledger_folder(index)
        self._roots = roots
        self._settings = settings
        self._memory = memory
        self._workers = workers
        self._language = language
        self._stop = stop
        self._tell = tell

    def rounds(self, *, once: bool = False) -> Iterator[Report]:
        """The report of a first run over everything, and then one of each batch of changes, until ``stop``.

        Raises PathMissing, StorageError and the errors of ``local.open_writer``.
        """
        if not self._folder.exists():
            for root in self._roots:
                require_path(root)
        changes = iter(()) if once else self._changes()
        # The watch stands before the first run begins: what comes while that runs is not missed.
        if not once:
            next(changes)
        # A process that reads pages takes longer to start than a page may take until it is found.
        workers = self._workers or workers_of_this_machine()
        with contextlib.suppress(Interrupted), Pool(workers, self._settings) as pool:
            yield self._run(None, pool)
            for paths in changes:
                if paths:
                    yield self._run(paths, pool)

    def _changes(self) -> Iterator[list[str]]:
        """The paths of each batch of changes; [] where there were none, and once when the watch stands."""
        other: list[str] = []
        while not self._stop():
            roots = self._identities()
            for batch in self._watched(roots):
                if self._stop():
                    return
                # Not before the new watch stands: what comes meanwhile would be missed.
                yield sorted({*other, *(path for _, path in batch)})
                other = []
                if self._identities() != roots:
                    break
            # The system watches what a root was; where it is another now, or there again, all of it is news.
            other = [root for root, identity in self._identities().items() if identity != roots[root]]

    def _watched(self, roots: dict[str, tuple[int, int] | None]) -> Iterator[set[tuple[Any, str]]]:
        there = [root for root, identity in roots.items() if identity]
        if not there:
            # Nothing to be watched: whoever asks looks again now and then.
            time.sleep(_LOOK / 1000)
            yield set()
            return
        yield from self._watchfiles.watch(
            *(root if os.path.isdir(root) else os.path.dirname(root) for root in there),  # noqa: PTH112, PTH120
            watch_filter=self._is_news,
            debounce=_LONGEST,
            step=_QUIET,
            rust_timeout=_LOOK,
            yield_on_timeout=True,
            raise_interrupt=False,
        )

    def _identities(self) -> dict[str, tuple[int, int] | None]:
        """What each root is now: the file system's numbers of its folder, or None where there is nothing."""
        found: dict[str, tuple[int, int] | None] = {}
        for root in map(str, self._roots):
            try:
                status = os.stat(root if os.path.isdir(root) else os.path.dirname(root))  # noqa: PTH112, PTH116, PTH120
                found[root] = (status.st_dev, status.st_ino) if os.path.lexists(root) else None
            except OSError:
                found[root] = None
        return found

    def _is_news(self, change: object, path: str) -> bool:
        """Whether a run would look at this path: hidden names and the index are no news."""
        if lies_in(path, str(self._folder)):
            return False
        for root in self._roots:
            below = os.path.relpath(path, root).split("/") if lies_in(path, str(root)) else [".."]
            if below == ["."] or not any(part.startswith(".") for part in below):
                return True
        return False

    def _run(self, paths: list[str] | None, pool: Pool) -> Report:
        """One run; behind the first, one who writes or a cluster that is away is waited for."""
        told = False
        while True:
            try:
                return self._run_once(paths, pool)
            except (IndexLocked, ClusterUnavailable) as error:
                if paths is None or self._stop():
                    raise
                if self._tell and not told and isinstance(error, ClusterUnavailable):
                    self._tell(f"{error.message}; it is tried again.")
                    told = True
                time.sleep(_PATIENCE)

    def _run_once(self, paths: list[str] | None, pool: Pool) -> Report:
        writer = open_writer(self._index, language=self._language, memory=self._memory, workers=self._workers)
        with writer, Ledger(made_ledger_folder(self._index), check=paths is None) as ledger:
            workers = self._workers or workers_of_this_machine()
            settings = self._settings
            sync = Sync(writer, ledger, self._folder, settings=settings, workers=workers, stop=self._stop, pool=pool)
            return sync.run(self._roots) if paths is None else sync.run(self._roots, within=paths)
