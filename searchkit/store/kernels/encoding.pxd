# cython: language_level=3
"""From the occurrences of one term to its postings and positions; see encoding.pyx for the format."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from searchkit.store.kernels.bits cimport Buffer


cdef struct Lengths:
    # Words in the title and in the body of each article, and what a score's bound is computed with.
    const uint32_t *title
    const uint32_t *body
    uint32_t articles
    float title_weight
    float title_slope      # b / average length, for title and body; the constant part is 1 - b
    float title_base
    float body_slope
    float body_base
    # How an entry is divided: the form in its lowest bits, then the position, then the article.
    uint32_t form_bits
    uint32_t position_bits


cdef struct TermSummary:
    uint32_t articles
    uint32_t occurrences
    float peak


cdef int encode_term(const uint64_t *entries, size_t count, uint32_t forms, const Lengths *lengths,
                     Buffer *postings, Buffer *positions, TermSummary *summary) noexcept nogil


cdef class TermOutput:
    cdef Buffer _bytes
    cdef Buffer _positions
    cdef Buffer _ends
    cdef Buffer _splits
    cdef Buffer _articles
    cdef Buffer _occurrences
    cdef Buffer _peaks
    cdef uint64_t _written
    cdef Lengths _lengths
    cdef const uint32_t[::1] _title
    cdef const uint32_t[::1] _body
    cdef object _write
    cdef list _rooms
    cdef object _failure

    cdef int take(self, const uint64_t *entries, size_t count, uint32_t forms) noexcept nogil
    cpdef flush(self)
