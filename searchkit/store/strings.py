"""How are many strings kept? Their bytes one after the other, and where each ends."""

from __future__ import annotations

import array
from collections.abc import Iterable, Sequence

from searchkit.store.sections import SectionReader, SectionWriter


def write_strings(writer: SectionWriter, name: str, strings: Iterable[bytes]) -> None:
    """Write the sections ``name`` (bytes) and ``name.ends`` (uint32)."""
    kept = list(strings)
    ends = array.array("I")
    total = 0
    for item in kept:
        total += len(item)
        ends.append(total)
    writer.add(name, b"".join(kept))
    writer.add(name + ".ends", memoryview(ends).cast("B"))


class Strings(Sequence[bytes]):
    """Strings that write_strings wrote, read where they lie; each is verified when it is looked at."""

    def __init__(self, file: SectionReader, name: str) -> None:
        self._file = file
        self._name = name
        self._bytes = file.section(name)
        self._ends = file.numbers(name + ".ends", "I", verify=False)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> bytes:  # type: ignore[override]
        if number < 0 or number >= len(self._ends):
            raise IndexError(number)
        file, name, ends = self._file, self._name, self._ends
        file.verify(name + ".ends", max(number * 4 - 4, 0), number * 4 + 4)
        begin, end = (ends[number - 1] if number else 0), ends[number]
        file.verify(name, begin, end)
        return bytes(self._bytes[begin:end])

    def at(self, number: int) -> bytes:
        """The string with a number that stands in a file; raises IndexDamaged where there is none."""
        if not 0 <= number < len(self._ends):
            raise self._file.damaged(f"section {self._name!r} has no string {number}")
        return self[number]

    def find(self, wanted: bytes, order: Sequence[int] | None = None) -> int:
        """The number of a string, or -1. They must ascend, by themselves or in ``order``."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            number = middle if order is None else order[middle]
            if self.at(number) < wanted:
                low = middle + 1
            else:
                high = middle
        if low < len(self):
            number = low if order is None else order[low]
            if 0 <= number < len(self._ends) and self[number] == wanted:
                return number
        return -1

    def all(self) -> tuple[bytes, memoryview]:
        """The bytes of all strings, and where each ends; verified as a whole."""
        self._file.verify(self._name, 0, len(self._bytes))
        self._file.verify(self._name + ".ends", 0, len(self._ends) * 4)
        return bytes(self._bytes), self._ends
