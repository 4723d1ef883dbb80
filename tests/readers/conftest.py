"""What the tests of the readers share: a file made on the spot, and read to its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from searchkit.article import Article, Problem
from searchkit.readers import open_articles

ReadBytes = Callable[..., list[Article | Problem]]


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
