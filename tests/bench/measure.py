"""Measures processes: the time and the peak memory of a run, and how fast an engine in a process answers.

Memory is read from /proc of the process and of all that it started, every few milliseconds. "resident" is
all that lies in memory, mapped files included; "own" leaves files out: it is what the system cannot simply
drop. A page that two of its processes share counts twice, so with several workers both are upper bounds.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tests.bench import registry
from tests.bench.engine import Question
from tests.bench.places import REPOSITORY


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process cost. Bytes are peaks; ``largest_bytes`` is the kernel's figure for its largest process.

    ``output`` is what it wrote, ``status`` how it ended.
    """

    wall_seconds: float
    cpu_seconds: float
    resident_bytes: int
    own_bytes: int
    largest_bytes: int
    status: int
    output: str


class Watch:
    """Reads the memory of a process and its descendants over and over, and keeps the peaks."""

    def __init__(self, pid: int, interval: float = 0.01) -> None:
        self.resident_bytes = 0
        self.own_bytes = 0
        self._pid = pid
        self._interval = interval
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            resident, own = memory(self._pid)
            self.resident_bytes = max(self.resident_bytes, resident)
            self.own_bytes = max(self.own_bytes, own)
            self._over.wait(self._interval)


def memory(pid: int) -> tuple[int, int]:
    """(resident, own) bytes of a process and its descendants now; 0 where it is gone."""
    resident = own = 0
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = [
            child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
        ]
    except OSError:  # it ended between two looks
        return 0, 0
    for line in status.splitlines():
        name, _, value = line.partition(":")
        if name == "VmRSS":
            resident += 1024 * int(value.split()[0])
        elif name in ("RssAnon", "RssShmem"):
            own += 1024 * int(value.split()[0])
    for child in children:
        more = memory(int(child))
        resident, own = resident + more[0], own + more[1]
    return resident, own


def run(command: Sequence[str], watch: bool = True) -> Usage:
    """Run a command to its end. Without ``watch`` its memory is not polled, and nothing disturbs its time."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY, text=True)
    assert process.stdout is not None
    if watch:
        with Watch(process.pid, 0.05) as seen:
            output = process.stdout.read()
        resident, own = seen.resident_bytes, seen.own_bytes
    else:
        output, resident, own = process.stdout.read(), 0, 0
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = used.ru_utime + used.ru_stime
    return Usage(wall, cpu, resident, own, 1024 * used.ru_maxrss, process.returncode, output)


def build(name: str, articles: Path, index: Path, workers: int, pin: bool) -> dict[str, Any]:
    """Build an index in a fresh process; its cost, or ``{"error": ...}``."""
    command = [*child(), "build", name, str(articles), str(index), str(workers), "pin" if pin else "free"]
    usage = run(command)
    if usage.status != 0:
        return {"error": f"ended with status {usage.status}"}
    cost = asdict(usage)
    del cost["output"], cost["status"]
    return {**cost, "seconds": json.loads(usage.output)["seconds"], "index_bytes": folder_bytes(index)}


class Server:
    """An engine that has its index open in a process of its own, and answers when it is asked."""

    def __init__(self, name: str, index: Path) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [*child(), "serve", name, str(index)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=REPOSITORY,
            text=True,
        )
        self.facts: dict[str, Any] = self._read()["facts"]

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, questions: Sequence[Question], seconds: float) -> dict[str, Any]:
        """The times, totals and best of as many questions as ``seconds`` allow."""
        fields = [asdict(question) for question in questions]
        requests = _pipe(self._process.stdin)
        requests.write(json.dumps({"questions": fields, "seconds": seconds}, default=str) + "\n")
        requests.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        line = _pipe(self._process.stdout).readline()
        if not line:
            raise SystemExit(f"{self.name} died with status {self._process.wait()}; its message stands above.")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def close(self) -> None:
        _pipe(self._process.stdin).close()
        self._process.wait()
        _pipe(self._process.stdout).close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def child() -> list[str]:
    """The command that starts a child of the harness."""
    return [sys.executable, "-m", "tests.bench.child"]


def folder_bytes(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the values do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, -(-int(share * 100) * len(ranked) // 100) - 1)]


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two middle ones."""
    ranked = sorted(values)
    half = len(ranked) // 2
    return ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2


def machine(engines: Sequence[str]) -> dict[str, Any]:
    """What the figures depend on: processor, cores, memory, system, versions."""
    processor = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    return {
        "processor": processor,
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load_before": round(os.getloadavg()[0], 2),
        "engines": {name: registry.engine(name).version() for name in engines},
    }
