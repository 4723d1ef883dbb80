"""How is a block of texts unpacked? Whole, after a look at whether it can be what it says."""

from __future__ import annotations

import zstandard

_LARGEST = 1 << 30
# The format has blocks of at most so much, each with a header and a byte of content at least.
_OF_A_BLOCK = 128 << 10
_SMALLEST_BLOCK = 4


def unpack(unpacker: zstandard.ZstdDecompressor, packed: memoryview) -> bytes:
    """The bytes that ``packed`` holds; raises ValueError where it is not what a writer made, or ZstdError.

    What it says of its size is believed only as far as so few bytes can hold so much: memory is taken for all of it.
    """
    size = zstandard.frame_content_size(packed)
    if not 0 <= size <= min(_LARGEST, (len(packed) // _SMALLEST_BLOCK + 1) * _OF_A_BLOCK):
        raise ValueError("a block of texts has a size that it cannot have")
    return unpacker.decompress(packed)
