"""What the tests of the readers share: a file made on the spot, and read to its end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from searchkit.article import Article, Problem
from searchkit.readers import open_articles

ReadBytes = Callable[..., list[Article | Problem]]

# Reads the file that is named first, with an address space and a time that are named next, and says what came of it.
BOUNDED = """
import json, resource, sys, time
from pathlib import Path
from searchkit.article import Problem
from searchkit.readers import open_articles
path, memory, seconds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
articles, problems = 0, []
for item in open_articles(path, path.name):
    if isinstance(item, Problem):
        problems.append([item.origin.place, item.reason, item.kind])
    else:
        articles += 1
print(json.dumps([articles, problems[:1000]]))
"""


class Bounded(NamedTuple):
    """How many articles a file gave within limits, and each problem as its place, its reason and its kind."""

    articles: int
    problems: list[tuple[str, str, str]]


@pytest.fixture
def read_bytes(tmp_path: Path) -> ReadBytes:
    """A function that writes bytes to a file of a given name and reads its articles and problems."""

    def read(name: str, data: bytes, *, explicit: bool = False) -> list[Article | Problem]:
        path = tmp_path / name
        path.write_bytes(data)
        with open_articles(path, name, explicit=explicit) as reading:
            items = list(reading)
        assert reading.bytes_read <= len(data)
        return items

    return read


@pytest.fixture
def read_bounded() -> Callable[..., Bounded]:
    """A function that reads a file in a process of its own, within limits of memory and processor time."""

    def read(path: Path, *, memory: int = 700 << 20, seconds: int = 60) -> Bounded:
        command = [sys.executable, "-W", "error", "-c", BOUNDED, str(path), str(memory), str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        articles, problems = json.loads(done.stdout)
        return Bounded(articles, [tuple(problem) for problem in problems])

    return read
