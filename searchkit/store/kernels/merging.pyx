# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Several segments become one: each term's occurrences are read, renumbered, merged and encoded again."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy

from searchkit.store.kernels.bits cimport BLOCK
from searchkit.store.kernels.cursor cimport (
    NONE, Cursor, list_block, load_block, load_counts, positions_of, start_cursor,
)
from searchkit.store.kernels.encoding cimport TermOutput
from searchkit.store.kernels.dictionary import Damage


cdef class Merger:
    """Merges terms, one call a term, into ``output``.

    ``numbers`` has for each segment the new number of each of its articles, 0xFFFFFFFF for one that is
    deleted; new numbers ascend with the old.
    """

    cdef TermOutput _output
    cdef list _keep
    cdef Cursor *_cursor
    cdef uint64_t *_entries
    cdef uint64_t *_spare
    cdef size_t _room
    cdef uint32_t *_places
    cdef uint32_t *_forms
    cdef size_t _places_room

    def __cinit__(self, TermOutput output not None):
        self._output = output
        self._keep = []
        self._cursor = <Cursor *>calloc(1, sizeof(Cursor))
        if self._cursor == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self._cursor)
        free(self._entries)
        free(self._spare)
        free(self._places)
        free(self._forms)

    def merge(self, list parts, uint32_t forms):
        """Merge one term, the next of the output's dictionary; False where nothing of it is left.

        ``parts`` has for each segment with the term (bytes of its postings and positions, where they split,
        articles, occurrences, forms, new article numbers, new form numbers).
        """
        cdef size_t count = 0, begin, ends_count = 0
        cdef const uint8_t[::1] data
        cdef const uint32_t[::1] numbers
        cdef const uint32_t[::1] form_numbers
        cdef uint32_t split, articles, occurrences, held_forms
        cdef int failed
        cdef size_t ends[64]
        if len(parts) > 64:
            raise ValueError("at most 64 segments are merged at once")
        for data, split, articles, occurrences, held_forms, numbers, form_numbers in parts:
            if split > <size_t>data.shape[0] or held_forms > <size_t>form_numbers.shape[0] or data.shape[0] == 0:
                raise Damage("a term lies outside its section")
            with nogil:
                failed = self._read(&data[0], split, data.shape[0], articles, occurrences, held_forms, numbers,
                                    form_numbers, &count)
            if failed == -2:
                raise MemoryError
            if failed < 0:
                raise Damage("the postings of a term contradict themselves")
            ends[ends_count] = count
            ends_count += 1
        if count == 0:
            return False
        with nogil:
            failed = self._sort(ends, ends_count)
            if failed == 0:
                failed = self._output.take(self._entries, count, forms)
        if failed < 0:
            self._output.raise_failure()
        return True

    cdef int _read(self, const uint8_t *data, size_t split, size_t size, uint32_t articles, uint32_t occurrences,
                   uint32_t forms, const uint32_t[::1] numbers, const uint32_t[::1] form_numbers,
                   size_t *count) noexcept nogil:
        cdef Cursor *cursor = self._cursor
        cdef uint32_t block, at, number, place, total
        cdef uint64_t high
        cdef size_t behind = count[0] + occurrences
        cdef void *grown
        cdef uint32_t form_bits = self._output._lengths.form_bits, position_bits = self._output._lengths.position_bits
        cursor.postings = data
        cursor.postings_size = split
        cursor.positions = data + split
        cursor.positions_size = size - split
        cursor.articles = articles
        cursor.occurrences = occurrences
        cursor.forms = forms
        cursor.limit = <uint32_t>numbers.shape[0]
        if start_cursor(cursor) < 0 or occurrences < articles or occurrences > (cursor.positions_size // 2 + 1) * BLOCK:
            return -1
        if count[0] + occurrences > self._room:
            self._room = 2 * (count[0] + occurrences)
            grown = realloc(self._entries, self._room * sizeof(uint64_t))
            if grown == NULL:
                return -2
            self._entries = <uint64_t *>grown
            grown = realloc(self._spare, self._room * sizeof(uint64_t))
            if grown == NULL:
                return -2
            self._spare = <uint64_t *>grown
        for block in range(cursor.blocks + 1):
            if block == cursor.blocks and cursor.rest == 0:
                break
            if load_block(cursor, block) < 0 or list_block(cursor) < 0 or load_counts(cursor) < 0:
                return -1
            for at in range(cursor.held):
                number = numbers[cursor.article[at]]
                if number == NONE:
                    continue
                total = cursor.total[at]
                # Each block says by itself where its positions begin: together they may claim more than there are.
                if count[0] + total > behind:
                    return -1
                if total > self._places_room:
                    self._places_room = 2 * <size_t>total
                    grown = realloc(self._places, self._places_room * sizeof(uint32_t))
                    if grown == NULL:
                        return -2
                    self._places = <uint32_t *>grown
                    grown = realloc(self._forms, self._places_room * sizeof(uint32_t))
                    if grown == NULL:
                        return -2
                    self._forms = <uint32_t *>grown
                cursor.at = at
                if positions_of(cursor, self._places, self._forms) < 0:
                    return -1
                high = (<uint64_t>number) << (form_bits + position_bits)
                for place in range(total):
                    if self._forms[place] >= forms or self._places[place] >> position_bits:
                        return -1
                    self._entries[count[0]] = (
                        high | (<uint64_t>self._places[place] << form_bits) | form_numbers[self._forms[place]]
                    )
                    count[0] += 1
        return 0

    cdef int _sort(self, size_t *ends, size_t count) noexcept nogil:
        """Merge the runs that the segments gave, two by two, until one is left."""
        cdef size_t run, begin, middle, end, left, right, out, kept
        cdef uint64_t *swap
        while count > 1:
            begin = 0
            kept = 0
            run = 0
            while run < count:
                if run + 1 == count:
                    end = ends[run]
                    memcpy(self._spare + begin, self._entries + begin, (end - begin) * sizeof(uint64_t))
                    run += 1
                else:
                    middle = ends[run]
                    end = ends[run + 1]
                    left = begin
                    right = middle
                    out = begin
                    while left < middle and right < end:
                        if self._entries[left] < self._entries[right]:
                            self._spare[out] = self._entries[left]
                            left += 1
                        else:
                            self._spare[out] = self._entries[right]
                            right += 1
                        out += 1
                    memcpy(self._spare + out, self._entries + left, (middle - left) * sizeof(uint64_t))
                    out += middle - left
                    memcpy(self._spare + out, self._entries + right, (end - right) * sizeof(uint64_t))
                    run += 2
                ends[kept] = end
                kept += 1
                begin = end
            count = kept
            swap = self._entries
            self._entries = self._spare
            self._spare = swap
        return 0
