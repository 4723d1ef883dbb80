# cython: language_level=3
"""A stem is looked up, and what its segment knows of it is brought."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from searchkit.store.kernels.cursor cimport Cursor


cdef class Sections:
    cdef const uint8_t[::1] _file
    cdef const uint8_t[::1] _verified
    cdef object _verify
    cdef size_t _page
    cdef size_t _offset[9]
    cdef size_t _size[9]

    cdef int begin(self, object file, size_t page, object verified, object verify, list sections) except -1
    cdef const uint8_t *bytes_of(self, int section, size_t begin, size_t end) except NULL
    cdef uint32_t number_of(self, int section, size_t at) except? 0xFFFFFFFF
    cdef uint64_t long_of(self, int section, size_t at) except? 0xFFFFFFFFFFFFFFFF


cdef class Dictionary(Sections):
    cdef readonly uint32_t stems

    cdef int64_t look_up(self, bytes stem) except -2
    cdef int _facts(self, uint32_t term, bint positions, Cursor *cursor) except -1
    cdef int fill(self, uint32_t term, bint positions, Cursor *cursor) except -1
