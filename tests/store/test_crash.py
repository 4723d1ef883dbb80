"""Crashes are tested by crashing: after every operation, with every fate of what was not yet safe."""

from __future__ import annotations

import contextlib
import datetime
import errno
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest
from store.faults import Disk, FaultyFolder, Killed, Log, put_on_disk

from searchkit.article import Article
from searchkit.engine import Request
from searchkit.errors import IndexMissing, StorageError
from searchkit.local.engine import LocalEngine
from searchkit.query import Word
from searchkit.store.check import check_index
from searchkit.store.snapshot import Snapshot
from searchkit.store.writer import StoreWriter

# What the index holds: the body of each article, by its id.
Content = dict[str, str]
Commit = Callable[[StoreWriter, Content], None]
_ALWAYS = {"manifest.json", "writer.lock"}


@pytest.fixture
def fast_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is such a thing: nothing here needs a real disk."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(prefix="searchkit-crash-", dir=memory))
    yield made
    shutil.rmtree(made)


class Scenario:
    """Loads, updates, deletions, merges and a clearing, in sessions of one writer each, as ``seed`` wills.

    ``commits`` has for each commit the number of operations when it began and when it was acknowledged, and what
    the index holds from then on.
    """

    def __init__(self, path: Path, log: Log, seed: int, *, workers: int = 1) -> None:
        self.path = path
        self.log = log
        self.commits: list[tuple[int, int, Content]] = []
        self.content: Content = {}
        self.in_flight: Content = {}
        self._random = Random(seed)
        self._workers = workers
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
        return StoreWriter(self.path, workers=self._workers, make_folder=lambda path: FaultyFolder(path, self.log))

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
            content = held(self._folder)
            assert content in allowed
            assert_goes_on(self._folder, content)
        except (AssertionError, Exception) as error:
            error.add_note(f"the state: {story}")
            raise


def crash_everywhere(folder: Path, seed: int, samples: int, states: States) -> None:
    """Every state that a power failure after each operation of a run may leave, or a sample of them."""
    scenario = Scenario(folder / f"run{seed}", Log(), seed)
    scenario.run()
    operations = scenario.log.operations
    assert held(scenario.path) == scenario.content
    kinds = {operation.kind for operation in operations}
    assert kinds == {"create", "write", "sync", "rename", "remove", "sync names", "names"}
    disk = Disk()
    for number in range(len(operations) + 1):
        for state in disk.states(Random(seed * 100_000 + number), samples):
            states.verify(state, scenario.allowed(number), (seed, number, operations[max(number - 3, 0) : number]))
        if number < len(operations):
            disk.do(operations[number])


def kill_then_crash(folder: Path, seed: int, points: int | None, samples: int, states: States) -> None:
    """A writer is killed, another goes on at once, and then the power fails: what it saw was perhaps not yet safe."""
    whole = Scenario(folder / "whole", Log(), seed)
    whole.run()
    chosen = range(whole.log.count)
    if points is not None:
        # Where a new manifest has its name but the name is not safe, always; elsewhere now and then.
        after_rename = [at + 1 for at, op in enumerate(whole.log.operations) if op.kind == "rename"]
        chosen = sorted({*after_rename, *Random(seed).sample(chosen, points)})  # type: ignore[assignment]
    for at in chosen:
        path = folder / f"killed{at}"
        log = Log(at=at, error=Killed())
        scenario = Scenario(path, log, seed)
        with pytest.raises(Killed):
            scenario.run()
        known = [scenario.content, scenario.in_flight]
        seen = held(path)
        assert seen in known
        second = len(log.operations)
        after = {**seen, "second": "common second"}
        with scenario.open() as writer:
            writer.put(article("second", after["second"]))
            writer.commit()
        disk = Disk()
        for number in range(len(log.operations) + 1):
            if number >= second:
                allowed = [after] if number == len(log.operations) else [*known, after]
                for state in disk.states(Random(number), samples):
                    states.verify(state, allowed, ("killed at", at, "then", number))
            if number < len(log.operations):
                disk.do(log.operations[number])
        shutil.rmtree(path)


def fail_everywhere(
    folder: Path, seed: int, kinds: Callable[[int], list[tuple[int, bool]]], *, workers: int = 1
) -> int:
    """An error at every operation; returns how many runs that were."""
    whole = Scenario(folder / "unharmed", Log(), seed, workers=workers)
    whole.run()
    runs = 0
    for at in range(whole.log.count):
        for number, forever in kinds(at):
            path = folder / "failing"
            log = Log(at=at, error=OSError(number, "made to fail"), forever=forever)
            scenario = Scenario(path, log, seed, workers=workers)
            try:
                with contextlib.suppress(StorageError):
                    scenario.run()
                assert log.failed is not None
                _after_error(scenario)
            except (AssertionError, Exception) as error:
                error.add_note(f"operation {at}, {log.failed}, error {number}, for ever: {forever}")
                raise
            shutil.rmtree(path)
            runs += 1
    shutil.rmtree(folder / "unharmed")
    return runs


def _after_error(scenario: Scenario) -> None:
    failed = scenario.log.failed
    assert failed is not None
    allowed = [scenario.content]
    # Only where the new manifest has its name already, and that name could not be made safe, the commit may stand.
    renamed = any(operation.kind == "rename" for operation in scenario.log.operations[-1:])
    if failed.kind == "sync names" and renamed:
        allowed.append(scenario.in_flight)
    found = held(scenario.path)
    assert found in allowed
    assert_goes_on(scenario.path, found)


@pytest.mark.parametrize("first", range(0, 20, 5))
def test_a_power_failure_at_any_moment_leaves_a_whole_commit(fast_path: Path, first: int) -> None:
    """Four times 2,500 states: ten thousand with every run of the tests, and more of them in the long one below."""
    states = States(fast_path / "state")
    seed = first
    while states.count < 2_500:
        crash_everywhere(fast_path, seed, 10, states)
        seed += 1
    assert seed <= first + 5


def test_a_killed_writer_and_then_a_power_failure_leave_a_whole_commit(fast_path: Path) -> None:
    """A writer that removed old files before the new manifest's name was safe could lose both commits."""
    states = States(fast_path / "state")
    kill_then_crash(fast_path, 1, 10, 1, states)
    assert states.count >= 300


def test_an_error_at_any_operation_leaves_the_last_commit(fast_path: Path) -> None:
    kinds = [(errno.ENOSPC, False), (errno.EIO, False), (errno.ENOSPC, True), (errno.EIO, True)]
    assert fail_everywhere(fast_path, 2, lambda at: [kinds[at % 4]]) > 200


def test_an_error_in_a_thread_is_raised_too(fast_path: Path) -> None:
    fail_everywhere(fast_path, 3, lambda at: [(errno.ENOSPC, True)] if at % 8 == 0 else [], workers=2)


@pytest.mark.long
def test_ten_thousand_crashes(fast_path: Path) -> None:
    states = States(fast_path / "state")
    seed = 10
    while states.count < 10_000:
        crash_everywhere(fast_path, seed, 40, states)
        seed += 1
    kill_then_crash(fast_path, seed, None, 2, states)


@pytest.mark.long
def test_every_error_at_every_operation(fast_path: Path) -> None:
    every = [(number, forever) for number in (errno.ENOSPC, errno.EIO) for forever in (False, True)]
    for seed in (4, 5):
        fail_everywhere(fast_path, seed, lambda at: every)
    fail_everywhere(fast_path, 6, lambda at: every, workers=2)


def test_a_writer_that_failed_takes_nothing_more(tmp_path: Path) -> None:
    log = Log()
    with StoreWriter(tmp_path / "made", make_folder=lambda path: FaultyFolder(path, log)) as writer:
        writer.put(article("a", "common"))
        log.at, log.error = log.count, OSError(errno.ENOSPC, "made to fail")
        with pytest.raises(StorageError):
            writer.commit()
        for again in (writer.commit, writer.clear, partial(writer.put, article("b", "common"))):
            with pytest.raises(StorageError, match="a write failed before"):
                again()
    with pytest.raises(IndexMissing):
        LocalEngine(tmp_path / "made")


def test_a_commit_stands_though_what_is_made_of_it_cannot_be_written(tmp_path: Path) -> None:
    """The table of contents for Whoosh is written behind the commit: a disk full by then is no reason to fail."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "made to fail")

    with StoreWriter(tmp_path / "i", after_commit=refuse) as writer:
        for key in ("a", "b"):
            writer.put(article(key, "common"))
            writer.commit()
    assert held(tmp_path / "i") == {"a": "common", "b": "common"}
