"""Was this key never there? A filter (Bloom, 1970) that says so surely, in little memory: few are looked up."""

from __future__ import annotations

from collections.abc import Iterable

_BITS = 27
_MASK = (1 << _BITS) - 1


class Seen:
    """A set of keys: texts, or bytes.

    A key that was added is in it; one that was not may be taken for one that was: one in 5,000 after a million
    keys, one in 50 after ten millions. It takes 16 MiB, whatever it holds.
    """

    def __init__(self) -> None:
        self._bits = bytearray(1 << (_BITS - 3))

    def add(self, keys: Iterable[str | bytes]) -> None:
        """Put keys in."""
        bits = self._bits
        for key in keys:
            places = hash(key)
            one, other = places & _MASK, (places >> _BITS) & _MASK
            bits[one >> 3] |= 1 << (one & 7)
            bits[other >> 3] |= 1 << (other & 7)

    def __contains__(self, key: str | bytes) -> bool:
        places = hash(key)
        one = places & _MASK
        if not self._bits[one >> 3] >> (one & 7) & 1:
            return False
        other = (places >> _BITS) & _MASK
        return bool(self._bits[other >> 3] >> (other & 7) & 1)
