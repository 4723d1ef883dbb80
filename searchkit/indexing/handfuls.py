"""How much of a file is one step? What costs more to begin than to do is done for many articles at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from searchkit.article import Article, Problem
from searchkit.store.kernels import Parcel

T = TypeVar("T", Article | Problem | bytes, Article | Problem | Parcel)
_ITEMS = 256
# Nobody waits longer for what a slow reader has found already.
_SECONDS = 0.2


def handfuls(items: Iterable[T], most: int) -> Iterator[list[T]]:
    """The items in their order, as many at a time as are worth a step of their own, up to ``most`` characters.

    A parcel is a handful already.
    """
    held: list[T] = []
    size, since = 0, time.monotonic()
    for item in items:
        held.append(item)
        if isinstance(item, Article):
            size += len(item.body)
        elif isinstance(item, bytes):
            size += len(item)
        elif isinstance(item, Parcel):
            size = most
        if len(held) >= _ITEMS or size >= most or time.monotonic() - since > _SECONDS:
            yield held
            held, size, since = [], 0, time.monotonic()
    if held:
        yield held
