"""What is odd about the bytes of a text that is read all the same? They are looked at in passing, and it is said.

A NUL is left out wherever it stands, and a text that calls itself UTF-8 and is not is read as what it looks like:
both may be right, and whoever owns the file should know.
"""

from __future__ import annotations

import codecs
import io
import re
from typing import TYPE_CHECKING

from searchkit.article import Origin, Problem
from searchkit.readers.decoding import SAMPLE_SIZE, wide_encoding

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_HEAD_SIZE = 2048
_SAID = re.compile(rb"(?:encoding|charset)\s*[=:]\s*[\"']?\s*utf-?8\b", re.IGNORECASE)

_NULS = "holds NUL bytes, which are left out"
_NOT_UTF8 = "says that it is UTF-8 and is not: it is read as what its bytes look like"


class Noticed:
    """What was noticed of a document, up to where it has been read; ``says_utf8`` is what it says of itself."""

    def __init__(self, says_utf8: bool) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")() if says_utf8 else None
        self._has_nul = False
        self._is_other = False

    def take(self, piece: bytes) -> None:
        """Look at the next bytes."""
        self._has_nul = self._has_nul or b"\0" in piece
        self._decode(piece, final=False)

    def problems(self, origin: Origin) -> list[Problem]:
        """What there is to say at the end of the document that stands at ``origin``; its articles are kept."""
        self._decode(b"", final=True)
        odd = ((_NULS, self._has_nul), (_NOT_UTF8, self._is_other))
        return [Problem(origin, reason, kept=True) for reason, is_so in odd if is_so]

    def _decode(self, piece: bytes, *, final: bool) -> None:
        if self._decoder is None:
            return
        try:
            self._decoder.decode(piece, final)
        except UnicodeDecodeError:
            self._decoder, self._is_other = None, True


class Passing(io.RawIOBase):
    """A stream that belongs to another, whose bytes are noticed as they are taken."""

    def __init__(self, stream: io.BufferedReader, noticed: Noticed) -> None:
        self._stream = stream
        self._noticed = noticed

    def readable(self) -> bool:
        """Whether bytes can be taken: yes."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Take bytes, and look at them."""
        taken = self._stream.readinto1(buffer)
        if taken:
            self._noticed.take(bytes(memoryview(buffer).cast("B")[:taken]))
        return taken


def noticing(stream: io.BufferedReader, sample: bytes, *, of_parts: bool) -> tuple[io.BufferedReader, Noticed | None]:
    """The stream, of which ``sample`` comes next, and what is noticed while it is read; None where nothing can be.

    What a document ``of_parts`` says of its encoding is true of one of them.
    """
    says_utf8 = not of_parts and _says_utf8(sample)
    # A small file is held whole, and ``sample`` is all of it: one look is enough, and most are done with it.
    whole = isinstance(stream.raw, io.BytesIO)
    if (whole and not says_utf8 and b"\0" not in sample) or wide_encoding(sample):
        return stream, None
    noticed = Noticed(says_utf8)
    if not whole:
        return io.BufferedReader(Passing(stream, noticed), SAMPLE_SIZE), noticed
    noticed.take(sample)
    return stream, noticed


def _says_utf8(sample: bytes) -> bool:
    head = sample[:_HEAD_SIZE]
    # Plain words first: most texts say no such thing, and the expression is slow.
    return (b"ncoding" in head or b"harset" in head or b"HARSET" in head) and _SAID.search(head) is not None
