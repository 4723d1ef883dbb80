"""Was this key never there? A filter (Bloom, 1970) that says so surely, in little memory: few are looked up."""

from __future__ import annotations

_BITS = 27
_MASK = (1 << _BITS) - 1


class Seen:
    """A set of keys, whole numbers that are spread evenly over 64 bits.

    A key that was added is in it; one that was not may be taken for one that was: one in 5,000 after a million
    keys, one in 50 after ten millions. It takes 16 MiB, whatever it holds.
    """

    def __init__(self) -> None:
        self._bits = bytearray(1 << (_BITS - 3))

    def add(self, key: int) -> None:
        """Put a key in."""
        for place in (key & _MASK, (key >> _BITS) & _MASK):
            self._bits[place >> 3] |= 1 << (place & 7)

    def __contains__(self, key: int) -> bool:
        one, other = key & _MASK, (key >> _BITS) & _MASK
        return bool(self._bits[one >> 3] >> (one & 7) & self._bits[other >> 3] >> (other & 7) & 1)
