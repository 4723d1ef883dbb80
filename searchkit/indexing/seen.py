"""Was this key never there? A filter (Bloom, 1970) that says so surely, in little memory: few are looked up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from searchkit.store.kernels import FILTER_SIZE, mark_keys, marked_keys

K = TypeVar("K", bound=str | bytes)


class Seen:
    """A set of keys: texts, or bytes.

    A key that was added is in it; one that was not may be taken for one that was: one in 5,000 after a million
    keys, one in 50 after ten millions. It takes 16 MiB, whatever it holds.
    """

    def __init__(self) -> None:
        self._bits = bytearray(FILTER_SIZE)

    def add(self, keys: Iterable[str | bytes]) -> None:
        """Put keys in."""
        mark_keys(self._bits, keys)

    def marked(self, keys: Sequence[K]) -> list[K]:
        """Those of the keys that are in it, perhaps."""
        return marked_keys(self._bits, keys)

    def __contains__(self, key: str | bytes) -> bool:
        return bool(marked_keys(self._bits, (key,)))
