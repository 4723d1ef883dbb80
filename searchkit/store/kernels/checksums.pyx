# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The checksums of many pages in one call, without the interpreter's lock."""

import zlib
from array import array

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t, uint32_t


cdef extern from "folding.h":
    int SK_FOLDS
    void sk_fill_remainders(uint32_t *)
    uint32_t sk_crc32(const uint32_t *, const uint8_t *, size_t) noexcept nogil


cdef uint32_t REMAINDERS[256]
sk_fill_remainders(REMAINDERS)


def page_checksums(const uint8_t[::1] data, size_t page):
    """The CRC-32 of each page of ``page`` bytes; the last may be shorter. uint32."""
    cdef size_t size = data.shape[0], at, count
    if page == 0:
        raise ValueError("a page has bytes")
    count = (size + page - 1) // page
    out = PyBytes_FromStringAndSize(NULL, 4 * count)
    cdef uint32_t *sums = <uint32_t *>PyBytes_AS_STRING(out)
    if not SK_FOLDS:
        return array("I", [zlib.crc32(data[at * page : (at + 1) * page]) for at in range(count)]).tobytes()
    if count == 1:
        # To let go of the lock and wait for it again would take longer.
        sums[0] = sk_crc32(REMAINDERS, &data[0], size)
    elif count:
        with nogil:
            for at in range(count):
                sums[at] = sk_crc32(REMAINDERS, &data[0] + at * page, min(page, size - at * page))
    return out
