"""How much of a file is one step? What costs more to begin than to do is done for many articles at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from searchkit.article import Article, Problem

_ITEMS = 256
# Nobody waits longer for what a slow reader has found already.
_SECONDS = 0.2


def handfuls(items: Iterable[Article | Problem], most: int) -> Iterator[list[Article | Problem]]:
    """The items in their order, as many at a time as are worth a step of their own, up to ``most`` characters."""
    held: list[Article | Problem] = []
    size, since = 0, time.monotonic()
    for item in items:
        held.append(item)
        if isinstance(item, Article):
            size += len(item.body)
        if len(held) >= _ITEMS or size >= most or time.monotonic() - since > _SECONDS:
            yield held
            held, size, since = [], 0, time.monotonic()
    if held:
        yield held
