# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What lies where in a segment's file: what it knows of a stem, and its articles. Pages are verified on the way."""

import datetime

cimport cython
from cpython.object cimport PyTypeObject, descrsetfunc
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memchr, memcmp, memcpy

from searchkit.store.kernels.bits cimport BLOCK, load32
from searchkit.store.kernels.cursor cimport Cursor, start_cursor

from searchkit.article import NOWHERE, Article, Origin


cdef extern from "Python.h":
    str PyUnicode_DecodeUTF8(const char *, Py_ssize_t, const char *)


class Damage(Exception):
    """The bytes of a segment contradict themselves."""


cdef class Sections:
    """Sections of a file that are read in place. ``begin`` takes what Dictionary is made of."""

    @cython.final
    cdef int begin(self, file, size_t page, verified, verify, list sections) except -1:
        cdef int at
        self._file = file
        self._page = page
        self._verified = verified
        self._verify = verify
        for at in range(len(sections)):
            self._offset[at], self._size[at] = sections[at]
            if self._offset[at] + self._size[at] > <size_t>self._file.shape[0] or (
                (self._offset[at] + self._size[at] + page - 1) // page > <size_t>self._verified.shape[0]
            ):
                raise Damage("a section lies outside its file")
        return 0

    @cython.final
    cdef const uint8_t *bytes_of(self, int section, size_t begin, size_t end) except NULL:
        """The address of bytes of a section, its pages verified."""
        cdef size_t page, last
        if begin > end or end > self._size[section]:
            raise Damage("a section is shorter than it should be")
        if end > begin:
            page = (self._offset[section] + begin) // self._page
            last = (self._offset[section] + end - 1) // self._page
            if page == last:
                if not self._verified[page]:
                    self._verify(page)
            elif memchr(&self._verified[page], 0, last - page + 1) != NULL:
                for page in range(page, last + 1):
                    if not self._verified[page]:
                        self._verify(page)
        return &self._file[0] + self._offset[section] + begin

    @cython.final
    cdef uint32_t number_of(self, int section, size_t at) except? 0xFFFFFFFF:
        cdef uint32_t value
        memcpy(&value, self.bytes_of(section, 4 * at, 4 * at + 4), 4)
        return value

    @cython.final
    cdef uint64_t long_of(self, int section, size_t at) except? 0xFFFFFFFFFFFFFFFF:
        cdef uint64_t value
        memcpy(&value, self.bytes_of(section, 8 * at, 8 * at + 8), 8)
        return value


@cython.final
cdef class Dictionary(Sections):
    """The terms of one segment.

    ``file`` is the file's bytes, ``page`` the bytes of a page, ``verified`` a byte for each page, not 0 once it was
    verified, ``verify`` is called with the number of a page that was not, and raises where it is damaged.
    ``sections`` gives (offset, size) for "stems", "stems.ends", "postings", "postings.ends", "stems.splits",
    "stems.articles", "stems.occurrences", "stems.peaks" and "forms.first", in this order.
    """

    def __init__(self, file, size_t page, verified, verify, list sections):
        if len(sections) != 9:
            raise ValueError("nine sections")
        self.begin(file, page, verified, verify, sections)
        self.stems = <uint32_t>(self._size[1] // 4)
        if (self._size[3] != 8 * <size_t>self.stems or self._size[4] != 4 * <size_t>self.stems
                or self._size[5] != 4 * <size_t>self.stems or self._size[6] != 4 * <size_t>self.stems
                or self._size[7] != 4 * <size_t>self.stems or self._size[8] != 4 * <size_t>self.stems + 4):
            raise Damage("the dictionary is not of one length")

    def find(self, bytes stem not None):
        """The number of a stem, or -1."""
        return self.look_up(stem)

    cdef int64_t look_up(self, bytes stem) except -2:
        cdef uint32_t low = 0, high = self.stems, middle, begin, end
        cdef size_t size = len(stem), common
        cdef const uint8_t *wanted = stem
        cdef int order
        while low < high:
            middle = low + (high - low) // 2
            begin = self.number_of(1, middle - 1) if middle else 0
            end = self.number_of(1, middle)
            if begin > end:
                raise Damage("the stems overlap")
            common = min(size, <size_t>(end - begin))
            order = memcmp(self.bytes_of(0, begin, end), wanted, common)
            if order == 0:
                order = (<size_t>(end - begin) > size) - (<size_t>(end - begin) < size)
            if order == 0:
                return middle
            if order < 0:
                low = middle + 1
            else:
                high = middle
        return -1

    def articles(self, uint32_t term):
        """In how many articles a term stands, deleted ones included."""
        return self.number_of(5, term)

    def facts(self, uint32_t term, bint positions):
        """(begin, split, end, articles, occurrences, forms, peak) of a term, its postings verified.

        Its postings lie from begin to split in their section, its positions, verified if they are wanted,
        from split to end.
        """
        cdef Cursor cursor
        self._facts(term, positions, &cursor)
        begin = cursor.postings - (&self._file[0] + self._offset[2])
        split = begin + cursor.postings_size
        return (begin, split, split + cursor.positions_size, cursor.articles, cursor.occurrences, cursor.forms,
                cursor.peak)

    cdef int _facts(self, uint32_t term, bint positions, Cursor *cursor) except -1:
        cdef uint64_t begin, end, split
        cdef float peak
        begin = self.long_of(3, term - 1) if term else 0
        end = self.long_of(3, term)
        split = begin + self.number_of(4, term)
        if not begin <= split < end:
            raise Damage("a term lies outside its section")
        cursor.postings = self.bytes_of(2, begin, end if positions else split)
        cursor.postings_size = split - begin
        cursor.positions = cursor.postings + cursor.postings_size
        cursor.positions_size = end - split
        if end > self._size[2]:
            raise Damage("a section is shorter than it should be")
        cursor.articles = self.number_of(5, term)
        cursor.occurrences = self.number_of(6, term)
        cursor.forms = self.number_of(8, <size_t>term + 1) - self.number_of(8, term)
        memcpy(&peak, self.bytes_of(7, 4 * <size_t>term, 4 * <size_t>term + 4), 4)
        cursor.peak = peak
        return 0

    cdef int fill(self, uint32_t term, bint positions, Cursor *cursor) except -1:
        """Set a cursor, whose limit, weight and stretch are there, before the first posting of a term."""
        self._facts(term, positions, cursor)
        # What is no number bounds nothing.
        if not cursor.peak >= 0:
            cursor.peak = 1e30
        if (start_cursor(cursor) < 0 or cursor.occurrences < cursor.articles
                or cursor.occurrences > (cursor.positions_size // 2 + 1) * BLOCK):
            raise Damage("a term's numbers do not fit its bytes")
        return 0


include "texts.pxi"
