"""Which document of a file is being read? One step each, so that one that takes too long costs only itself.

A container (an archive of files, a web archive, a mailbox) is read again past the document at which its reading
was ended. For that the documents are counted, the same way each time: what was given before is passed over.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

# What goes through memory that two processes share: how often anything was done, the number of the step, whether it
# is a document that is being read, and its place in UTF-8.
_HEAD = struct.Struct("<QQ?H")
_LONGEST_PLACE = 4096
CELL_SIZE = _HEAD.size + _LONGEST_PLACE
"""How many bytes the memory has that tells another process of the steps."""


class SlowError(BaseException):
    """The document at hand has had its time. No library that catches every Exception can hold it up."""


class Steps:
    """The documents of one file, and everything else that it gives, counted from 1.

    Steps up to ``after`` and the step ``without`` are passed over.
    """

    def __init__(self, after: int = 0, without: int = 0) -> None:
        self.number = 0
        self.beats = 0
        self.place = ""
        self.is_open = False
        self.after = after
        self._without = without

    @property
    def wanted(self) -> bool:
        """Whether what this step gives was not given before."""
        return self.number > self.after and self.number != self._without

    def begin(self, place: str) -> bool:
        """Note that the next step begins, at a place of the file; whether it is to be read."""
        self.number += 1
        self.place = place
        self.beat()
        return self.wanted

    def beat(self) -> None:
        """Note that the reading goes on, without a document being begun."""
        self.beats += 1

    @contextmanager
    def document(self, place: str) -> Iterator[bool]:
        """One step with all that is read within; gives whether it is to be read."""
        if self.is_open:
            # A document in a document: a page in a mail.
            yield True
            return
        self.is_open = True
        try:
            yield self.begin(place)
        finally:
            self.is_open = False
            self.beat()


class ToldSteps(Steps):
    """Steps that another process sees: if this one never comes back, that one knows where it was."""

    def __init__(self, cell: mmap.mmap, after: int = 0, without: int = 0) -> None:
        super().__init__(after, without)
        self._cell = cell
        self.beats = told(cell).beats

    def beat(self) -> None:
        """Note that the reading goes on."""
        super().beat()
        said = self.place.encode("utf-8", "replace")[:_LONGEST_PLACE]
        written = _HEAD.pack(self.beats, self.number, self.is_open, len(said)) + said
        self._cell[: len(written)] = written


class Told(NamedTuple):
    """What a process has told of its steps: a place in a document that is being read, and how far it is."""

    beats: int
    number: int
    is_open: bool
    place: str


def told(cell: mmap.mmap) -> Told:
    """What the shared memory says; nothing of it is trusted to be more than numbers and a text."""
    beats, number, is_open, length = _HEAD.unpack_from(cell)
    said = cell[_HEAD.size : _HEAD.size + min(length, _LONGEST_PLACE)]
    return Told(beats, number, is_open, said.decode("utf-8", "replace"))
