"""A run of loads, updates, deletions and merges, and what must be true of an index after a crash in it."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable
from pathlib import Path
from random import Random

from store.faults import FaultyFolder, Log, put_on_disk

from searchkit.article import Article
from searchkit.engine import Request
from searchkit.errors import IndexMissing
from searchkit.local.engine import LocalEngine
from searchkit.query import Word
from searchkit.store.check import check_index
from searchkit.store.folder import Folder
from searchkit.store.manifest import Manifest, read_manifest
from searchkit.store.snapshot import Snapshot
from searchkit.store.writer import StoreWriter

# What the index holds: the body of each article, by its id.
Content = dict[str, str]
AfterCommit = Callable[[Folder, Manifest], None]
_ALWAYS = {"manifest.json", "writer.lock"}


class Scenario:
    """Loads, updates, deletions, merges and a clearing, in sessions of one writer each, as ``seed`` wills.

    The index lies two folders deep in ``top``, so that a first writer has folders to make.
    ``commits`` has for each commit the number of operations when it began and when it was acknowledged, and what
    the index holds from then on; ``generations`` has what it holds by the number of its manifest, which does not grow
    where a commit changes nothing.
    """

    def __init__(
        self, top: Path, log: Log, seed: int, *, workers: int = 1, after_commit: AfterCommit | None = None
    ) -> None:
        self.path = top / "above" / "index"
        self.log = log
        self.commits: list[tuple[int, int, Content]] = []
        self.generations: dict[int, Content] = {}
        self.content: Content = {}
        self.in_flight: Content = {}
        self._random = Random(seed)
        self._workers = workers
        self._after_commit = after_commit
        self._made = 0

    def run(self) -> None:
        """All sessions; what the folder raises comes out."""
        for session in range(2):
            with self.open() as writer:
                self._commit(writer, 6 if session == 0 else 2)
                for _ in range(8):
                    self._commit(writer, self._random.randint(1, 2))
                if session == 1:
                    writer.clear()
                    self._commit(writer, 1, cleared=True)

    def open(self) -> StoreWriter:
        """A writer whose every operation is remembered."""
        return StoreWriter(
            self.path,
            workers=self._workers,
            make_folder=lambda path: FaultyFolder(path, self.log, index=path == self.path),
            after_commit=self._after_commit,
        )

    def _commit(self, writer: StoreWriter, articles: int, *, cleared: bool = False) -> None:
        random = self._random
        after = {} if cleared else dict(self.content)
        for _ in range(articles):
            self._put(writer, f"n{self._made}", after)
            self._made += 1
        if after and random.random() < 0.5:
            self._put(writer, random.choice(sorted(after)), after)
        if len(after) > 4 and random.random() < 0.4:
            gone = random.choice(sorted(after))
            writer.remove(gone)
            del after[gone]
        begun = len(self.log.operations)
        self.in_flight = after
        writer.commit()
        self.content = after
        self.commits.append((begun, len(self.log.operations), after))
        self.generations[read_manifest(self.path).generation] = after

    def _put(self, writer: StoreWriter, key: str, after: Content) -> None:
        words = self._random.choices(["alpha", "beta", "gamma", "delta"], k=4)
        after[key] = f"common {' '.join(words)}"
        writer.put(article(key, after[key]))

    def allowed(self, operations: int) -> list[Content]:
        """What the index may hold when it crashed after so many operations."""
        acknowledged: Content = {}
        for begun, done, content in self.commits:
            if done <= operations:
                acknowledged = content
            elif begun <= operations:
                return [acknowledged, content]
        return [acknowledged]


def article(key: str, body: str) -> Article:
    return Article(key, "", body, datetime.date(2020, 1, 1 + len(key)))


def held(path: Path) -> Content:
    """Everything that the index in ``path`` holds, by walking and by asking."""
    try:
        snapshot = Snapshot(path)
    except IndexMissing:
        return {}
    content: Content = {}
    for segment in snapshot.segments:
        for number in range(segment.reader.articles):
            if segment.is_live(number):
                found = segment.reader.article(number)
                assert found.id not in content
                content[found.id] = found.body
    engine = LocalEngine(path)
    for word in ("common", "alpha"):
        answer = engine.search(Request(Word(word), limit=100))
        assert {hit.id for hit in answer.found} == {key for key, body in content.items() if word in body}
        assert answer.total == len(answer.found)
    return content


def assert_goes_on(path: Path, before: Content) -> None:
    """A writer opens, leaves no orphan, and what it commits is there."""
    with StoreWriter(path) as writer:
        named = set(Snapshot(path).manifest.files()) if (path / "manifest.json").exists() else set()
        assert {entry.name for entry in path.iterdir()} <= named | _ALWAYS
        writer.put(article("after", "common afterwards"))
        writer.commit()
    assert held(path) == {**before, "after": "common afterwards"}
    assert {entry.name for entry in path.iterdir()} == Snapshot(path).manifest.files() | _ALWAYS
    report = check_index(path)
    assert (report.findings, report.orphans) == ((), ())


class States:
    """Verifies states, each distinct one once."""

    def __init__(self, folder: Path) -> None:
        self.count = 0
        self._folder = folder
        self._seen: set[bytes] = set()
        folder.mkdir(exist_ok=True)

    def verify(self, state: dict[str, bytes], allowed: list[Content], story: object) -> None:
        digest = hashlib.blake2b(digest_size=16)
        for name, content in sorted(state.items()):
            digest.update(f"{name} {len(content)} ".encode() + content)
        digest.update(repr(allowed).encode())
        if digest.digest() in self._seen:
            return
        self._seen.add(digest.digest())
        self.count += 1
        put_on_disk(state, self._folder)
        try:
            self.look(self._folder, allowed)
        except (AssertionError, Exception) as error:
            error.add_note(f"the state: {story}")
            raise

    def look(self, path: Path, allowed: list[Content]) -> None:
        """Verify the state that lies in ``path``."""
        content = held(path)
        assert content in allowed
        assert_goes_on(path, content)
