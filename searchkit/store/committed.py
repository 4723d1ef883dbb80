"""What does an index hold, and which commit is that? For whoever keeps a memory of its own beside an index."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from searchkit.article import Article
from searchkit.errors import IndexMissing
from searchkit.store.manifest import manifest_bytes, read_manifest
from searchkit.store.snapshot import Snapshot


def commit_mark(path: Path) -> bytes:
    """What tells the last commit of the index in ``path`` from every other; b'' where there is none."""
    try:
        return hashlib.blake2b(manifest_bytes(read_manifest(path)), digest_size=16).digest()
    except IndexMissing:
        return b""


def every_article(path: Path) -> Iterator[Article]:
    """All articles of the last commit of the index in ``path``, in no order; none where there is no index."""
    try:
        segments = Snapshot(path).segments
    except IndexMissing:
        return
    for segment in segments:
        # Whoever numbers the articles must be able to rely on it that each has a text and a day.
        segment.reader.check_columns()
        for number in range(segment.reader.articles):
            if segment.is_live(number):
                yield segment.reader.article(number)
