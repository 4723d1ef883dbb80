# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The checksums of many pages in one call, and of many without the interpreter's lock."""

import zlib
from array import array

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t, uint32_t


cdef extern from "folding.h":
    int SK_FOLDS
    void sk_fill_remainders(uint32_t *)
    uint32_t sk_crc32(const uint32_t *, const uint8_t *, size_t) noexcept nogil


cdef enum:
    # For so many bytes the lock is held: to let go of it and wait for it again would take longer.
    HELD = 1 << 20


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
    if size <= HELD:
        sum_up(&data[0] if size else NULL, size, page, sums)
    else:
        with nogil:
            sum_up(&data[0], size, page, sums)
    return out


cdef void sum_up(const uint8_t *data, size_t size, size_t page, uint32_t *sums) noexcept nogil:
    cdef size_t at
    for at in range((size + page - 1) // page):
        sums[at] = sk_crc32(REMAINDERS, data + at * page, min(page, size - at * page))
