"""Which characters are these bytes? A byte order mark first, then UTF-8, then the best guess.

A file is decoded block by block, and each block is tried as UTF-8 on its own. So one bad line in a
file of many does not garble the others. Whatever is no character in the end becomes U+FFFD.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from searchkit.readers.binary import binary_kind
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, UnreadableError
from searchkit.readers.guessing import WESTERN, guess

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SAMPLE_SIZE = 1 << 16
_CHUNK_SIZE = 1 << 18

# The mark of UTF-32 begins with that of UTF-16, so it has to come first.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)

# What is declared as Latin-1 holds the quotes of Windows all the same, as browsers found out.
_LATIN_1 = re.compile(r"(?:us-)?ascii|iso[-_]?8859-?1|latin-?1")
_DECLARED = re.compile(
    r"iso[-_]?8859-?[0-9]{1,2}|latin-?[0-9]{1,2}|windows-?[0-9]{3,4}|cp-?[0-9]{3,4}|koi8-[rut]|mac-?roman"
    r"|gb2312|gbk|gb18030|big5(?:-?hkscs)?|shift[-_]jis|euc-(?:jp|kr)"
)

# Where a block may be cut in every encoding that is read here: none of these bytes is ever the second
# half of a character.
_CUTS = (b"\n", b" ", b'"', b",")


def refuse_binary(sample: bytes) -> None:
    """Raise UnreadableError if a file that begins with ``sample`` is not text."""
    if not wide_encoding(sample):
        kind = binary_kind(sample)
        if kind:
            raise UnreadableError(f"looks binary ({kind})", "format")


def read_whole(stream: io.BufferedReader, limit: int = RECORD_LIMIT, words: str = RECORD_LIMIT_WORDS) -> str:
    """All of a file as text, its newlines made line feeds.

    UnreadableError if it is larger than ``limit`` bytes, which ``words`` says for a person.
    """
    data = read_some(stream, limit + 1)
    if len(data) > limit:
        raise UnreadableError(f"is larger than {words}, more than one article can be", "limit")
    wide = wide_encoding(data[:SAMPLE_SIZE])
    text = data.decode(wide, "replace") if wide else _Decoder()(data)
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def read_some(stream: io.BufferedReader, most: int) -> bytes:
    """At most so many bytes, as ``stream.read`` gives them, which makes room for all of them before it begins."""
    data = stream.read(min(most, SAMPLE_SIZE))
    return data + stream.read(most - SAMPLE_SIZE) if len(data) == SAMPLE_SIZE else data


def lines(stream: io.BufferedReader) -> Iterator[tuple[int, str | None]]:
    """Each line, numbered from 1, without its newline; None for one that is longer than the limit."""
    wide = wide_encoding(stream.peek(SAMPLE_SIZE)[:SAMPLE_SIZE])
    read: Callable[[int], str | bytes] = _unicode(stream, wide).readline if wide else stream.readline
    number = 0
    decode = _Decoder()
    while raw := read(RECORD_LIMIT):
        if len(raw) >= RECORD_LIMIT and not _ends(raw):
            while raw and not _ends(raw):
                raw = read(_CHUNK_SIZE)
            number += 1
            yield number, None
            continue
        text = raw if isinstance(raw, str) else decode(raw)
        text = text.removesuffix("\n").removesuffix("\r")
        if not number:
            text = text.removeprefix("\ufeff")
        # Old Macs wrote \r alone.
        for part in text.split("\r") if "\r" in text else (text,):
            number += 1
            yield number, part


def _ends(raw: str | bytes) -> bool:
    return raw[-1:] in ("\n", b"\n")


def chunks(stream: io.BufferedReader, declared: str = "") -> Iterator[str]:
    """The text of a file in pieces of some 256 KiB that break anywhere between two characters.

    ``declared`` is the encoding that the document names itself: it is asked where the bytes are no UTF-8.
    """
    wide = wide_encoding(stream.peek(SAMPLE_SIZE)[:SAMPLE_SIZE])
    pieces = iter(partial(_unicode(stream, wide).read, _CHUNK_SIZE), "") if wide else _narrow_chunks(stream, declared)
    for number, piece in enumerate(pieces):
        yield piece if number else piece.removeprefix("\ufeff")


class _Lent(io.RawIOBase):
    """A stream that belongs to another: what is built upon it may be let go without closing it."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        return self._stream.readinto1(buffer)


def _unicode(stream: io.BufferedReader, encoding: str) -> io.TextIOWrapper:
    lent: io.RawIOBase = _Lent(stream)
    return io.TextIOWrapper(io.BufferedReader(lent), encoding=encoding, errors="replace", newline="\n")


def _narrow_chunks(stream: io.BufferedReader, declared: str) -> Iterator[str]:
    decode = _Decoder(declared)
    rest = b""
    # Not ``read``, which would lose what it has where the next bytes cannot be read.
    while block := stream.read1(_CHUNK_SIZE):
        block = rest + block
        cut = max(block.rfind(mark) for mark in _CUTS) + 1
        if not cut:
            cut = len(block)
        rest = block[cut:]
        yield decode(block[:cut])
    if rest:
        yield decode(rest)


class _Decoder:
    """Decodes the blocks of one file, and guesses its other encoding once, when it has to."""

    def __init__(self, declared: str = "") -> None:
        self._other = _one_byte(declared)

    def __call__(self, block: bytes) -> str:
        try:
            return block.decode("utf-8")
        except UnicodeDecodeError:
            pass
        if _nearly_utf8(block):
            return block.decode("utf-8", "replace")
        if not self._other:
            self._other = guess(block)
        return block.decode(self._other, "replace")


def _one_byte(declared: str) -> str:
    """A declared encoding as Python knows it; '' for one that says nothing beside UTF-8, or that is not for text."""
    name = declared.strip().lower()
    if _LATIN_1.fullmatch(name):
        return WESTERN
    try:
        return codecs.lookup(name).name if _DECLARED.fullmatch(name) else ""
    except LookupError:
        return ""


def decode_block(block: bytes) -> str:
    """A text that is held as a whole, in UTF-8 or in what it looks most like."""
    return _Decoder()(block)


def wide_encoding(sample: bytes) -> str:
    """The name of the UTF-16 or UTF-32 that a file begins in, or ''."""
    if sample[:1] in (b"\xff", b"\xfe", b"\x00"):
        for mark, encoding in _MARKS:
            if sample.startswith(mark):
                return encoding
    return _unmarked_wide(sample)


def _unmarked_wide(sample: bytes) -> str:
    # In western text every second byte of UTF-16 is 0, and hardly any other.
    if b"\x00" not in sample or len(sample) < 4:
        return ""
    even, odd = sample[0::2], sample[1::2]
    zeros_even, zeros_odd = even.count(0) / len(even), odd.count(0) / len(odd)
    if zeros_odd > 0.7 and zeros_even < 0.01:
        encoding = "utf-16-le"
    elif zeros_even > 0.7 and zeros_odd < 0.01:
        encoding = "utf-16-be"
    else:
        return ""
    text = sample[: len(sample) // 2 * 2].decode(encoding, "replace")
    return "" if binary_kind(text.encode()) else encoding


def _nearly_utf8(block: bytes) -> bool:
    """Whether the block is UTF-8 with some damage: far more sound characters than broken ones."""
    text = block.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    beyond_ascii = sum(1 for character in text[: 1 << 20] if character > "\x7f") - broken
    return beyond_ascii > 10 * broken
