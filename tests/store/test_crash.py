"""Crashes are tested by crashing: after every operation, with every fate of what was not yet safe."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import get_args

import pytest
from store.faults import Disk, FaultyFolder, Killed, Kind, Log
from store.scenario import Scenario, States, article, assert_goes_on, held

from searchkit.errors import IndexMissing, StorageError
from searchkit.local.engine import LocalEngine
from searchkit.store.writer import StoreWriter


def crash_everywhere(folder: Path, seed: int, samples: int, states: States) -> None:
    """Every state that a power failure after each operation of a run may leave, or a sample of them."""
    scenario = Scenario(folder / f"run{seed}", Log(), seed)
    scenario.run()
    operations = scenario.log.operations
    assert held(scenario.path) == scenario.content
    kinds = {operation.kind for operation in operations}
    assert kinds == set(get_args(Kind))
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
        # Where a new manifest or a folder has its name but the name is not safe, always; elsewhere now and then.
        unsafe = [at + 1 for at, op in enumerate(whole.log.operations) if op.kind in ("rename", "make folder")]
        chosen = sorted({*unsafe, *Random(seed).sample(chosen, points)})  # type: ignore[assignment]
    for at in chosen:
        path = folder / f"killed{at}"
        log = Log(at=at, error=Killed())
        scenario = Scenario(path, log, seed)
        with pytest.raises(Killed):
            scenario.run()
        known = [scenario.content, scenario.in_flight]
        seen = held(scenario.path)
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
