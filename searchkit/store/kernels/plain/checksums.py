"""The checksums of many pages, one by one, by the standard library."""

from __future__ import annotations

import zlib
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer


def page_checksums(data: Buffer, page: int) -> bytes:
    """The CRC-32 of each page of ``page`` bytes; the last may be shorter. uint32."""
    view = memoryview(data)
    if page == 0:
        raise ValueError("a page has bytes")
    return array("I", [zlib.crc32(view[at : at + page]) for at in range(0, len(view), page)]).tobytes()
