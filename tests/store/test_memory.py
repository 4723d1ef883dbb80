"""The memory of a writer is what it was told, and does not grow with what it writes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random

import pytest

from searchkit.article import Article
from searchkit.store.writer import StoreWriter

MEGABYTES = 64


def own_memory() -> int:
    """What this process holds of its own, mapped files left out, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) << 10
    raise AssertionError("the system does not say")


def build(path: Path, megabytes: int) -> int:
    """Write so much text with ``MEGABYTES`` to hold it in; returns by how much the process grew at most."""
    random = Random(1)
    words = random.choices([f"word{number}" for number in range(20_000)], k=100_000)
    peak, over = own_memory(), threading.Event()
    before = peak

    def watch() -> None:
        nonlocal peak
        while not over.is_set():
            peak = max(peak, own_memory())
            time.sleep(0.002)

    watching = threading.Thread(target=watch)
    watching.start()
    written = number = 0
    with StoreWriter(path, memory=MEGABYTES << 20) as writer:
        while written < megabytes << 20:
            at = random.randrange(len(words) - 2000)
            body = " ".join(words[at : at + 2000])
            writer.put(Article(str(number), "", body))
            written, number = written + len(body), number + 1
        writer.commit()
    over.set()
    watching.join()
    return peak - before


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told as Linux does it")
def test_a_writer_keeps_to_its_memory(tmp_path: Path) -> None:
    grown = [
        int(
            subprocess.run(
                [sys.executable, __file__, str(tmp_path / str(megabytes)), str(megabytes)],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for megabytes in (60, 180)
    ]
    # The memory was full several times.
    assert len(list((tmp_path / "180").glob("segment-*"))) >= 4
    assert max(grown) < 2 * MEGABYTES << 20
    assert grown[1] < grown[0] + (MEGABYTES << 19)


if __name__ == "__main__":
    print(build(Path(sys.argv[1]), int(sys.argv[2])))
