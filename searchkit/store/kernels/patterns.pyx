# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Which written forms does a pattern mean? Wildcards and misspellings, over all forms of a segment at once.

Small questions bring the pages that they need, as the dictionary does; those that look at every form verify the
forms once, as a whole, and then run without the interpreter's lock. The file may change while it is read, so
every place that comes out of it is held against its bounds where it is used.
"""

cimport cython
from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memchr, memcmp, memcpy, memset

from searchkit.store.kernels.bits cimport Buffer, load32, load64, reserve, store32

from searchkit.store.kernels.dictionary import Damage

cdef extern from "string.h":
    void *memmem(const void *, size_t, const void *, size_t) noexcept nogil

cdef enum:
    FORMS = 0
    ENDS = 1
    SORTED = 2
    FIRST = 3

cdef enum:
    # A pattern's tokens: below these, a byte that must stand there.
    ONE = 256
    MANY = 257

cdef enum:
    DAMAGED = -1
    NO_MEMORY = -2

cdef enum:
    # So many forms of a prefix are read where they lie; for more, all are verified.
    FEW = 4096
    # More edits than this mean any word: the band of a row stays narrow.
    MOST_EDITS = 2
    # No character, and what no form has.
    NONE = 0xFFFFFFFFU


include "tables.pxi"
include "wildcards.pxi"
include "fuzzy.pxi"
include "steps.pxi"


@cython.final
cdef class FormTable:
    """The written forms of one segment.

    ``file``, ``page``, ``verified`` and ``verify`` are as in Dictionary; ``sections`` gives (offset, size) for
    "forms", "forms.ends", "forms.sorted" and "forms.first", in this order. Whatever leads out of its section
    raises Damage.
    """

    cdef const uint8_t[::1] _file
    cdef const uint8_t[::1] _verified
    cdef object _verify
    cdef size_t _page
    cdef size_t _offset[4]
    cdef size_t _size[4]
    cdef Table _table
    cdef bint _is_whole
    cdef readonly uint32_t forms

    def __init__(self, file, size_t page, verified, verify, list sections):
        cdef int at
        self._file = file
        self._page = page
        self._verified = verified
        self._verify = verify
        if len(sections) != 4:
            raise ValueError("four sections")
        for at in range(4):
            self._offset[at], self._size[at] = sections[at]
            if self._offset[at] + self._size[at] > <size_t>self._file.shape[0] or (
                (self._offset[at] + self._size[at] + page - 1) // page > <size_t>self._verified.shape[0]
            ):
                raise Damage("a section lies outside its file")
        if (self._size[ENDS] % 4 or self._size[SORTED] != self._size[ENDS] or self._size[FIRST] % 4
                or self._size[FIRST] == 0):
            raise Damage("the forms are not of one length")
        self.forms = <uint32_t>(self._size[ENDS] // 4)
        self._table.forms = &self._file[0] + self._offset[FORMS]
        self._table.ends = &self._file[0] + self._offset[ENDS]
        self._table.order = &self._file[0] + self._offset[SORTED]
        self._table.size = self._size[FORMS]
        self._table.count = self.forms
        self._table.heads = NULL

    def __dealloc__(self):
        free(self._table.heads)

    cdef const uint8_t *_bytes(self, int section, size_t begin, size_t end) except NULL:
        """The address of bytes of a section, its pages verified."""
        cdef size_t page, last
        if begin > end or end > self._size[section]:
            raise Damage("a section is shorter than it should be")
        if end > begin:
            page = (self._offset[section] + begin) // self._page
            last = (self._offset[section] + end - 1) // self._page
            if memchr(&self._verified[page], 0, last - page + 1) != NULL:
                for page in range(page, last + 1):
                    if not self._verified[page]:
                        self._verify(page)
        return &self._file[0] + self._offset[section] + begin

    cdef uint32_t _number(self, int section, size_t at) except? 0xFFFFFFFF:
        return load32(self._bytes(section, 4 * at, 4 * at + 4))

    cdef const uint8_t *_form(self, uint32_t number, size_t *size) except NULL:
        """The bytes of a form."""
        cdef size_t begin = self._number(ENDS, <size_t>number - 1) if number else 0
        cdef size_t end = self._number(ENDS, number)
        if begin > end:
            raise Damage("the forms overlap")
        size[0] = end - begin
        return self._bytes(FORMS, begin, end)

    cdef int _make_whole(self) except -1:
        """Verify every form, where it ends, and that the order has each form once."""
        cdef int failed
        if not self._is_whole:
            self._bytes(FORMS, 0, self._size[FORMS])
            self._bytes(ENDS, 0, self._size[ENDS])
            self._bytes(SORTED, 0, self._size[SORTED])
            with nogil:
                failed = check_table(&self._table)
            _raise(failed)
            self._is_whole = True
        return 0

    cdef int _make_heads(self) except -1:
        """Have the first bytes of every form side by side: a walk over them leaps without looking them up."""
        cdef uint64_t *heads
        cdef int failed
        self._make_whole()
        if self._table.heads == NULL:
            heads = <uint64_t *>malloc((<size_t>self.forms + 1) * sizeof(uint64_t))
            if heads == NULL:
                raise MemoryError
            with nogil:
                failed = write_heads(&self._table, heads)
            if failed < 0 or self._table.heads != NULL:
                # Another thread may have been quicker.
                free(heads)
                _raise(failed)
            else:
                self._table.heads = heads
        return 0

    def form(self, uint32_t number):
        """A form, by its number."""
        cdef size_t size
        cdef const uint8_t *text
        if number >= self.forms:
            raise IndexError(number)
        text = self._form(number, &size)
        return PyBytes_FromStringAndSize(<const char *>text, size)

    def find(self, bytes form not None):
        """The number of a form, or -1."""
        cdef uint32_t at = self._bound(form, False), number
        cdef size_t size = 0
        cdef const uint8_t *text
        if at < self.forms:
            number = self._number(SORTED, at)
            text = self._form(number, &size)
            if size == <size_t>len(form) and memcmp(text, PyBytes_AS_STRING(form), size) == 0:
                return number
        return -1

    def starting(self, bytes prefix not None):
        """(first, behind): the places in the alphabetical order of the forms that begin with ``prefix``."""
        cdef uint32_t first = self._bound(prefix, False), behind = self._bound(prefix, True)
        if first > behind:
            raise Damage("the alphabetical order of the forms is none")
        return first, behind

    cdef uint32_t _bound(self, bytes wanted, bint past) except? 0xFFFFFFFF:
        """The first place in the order at or behind ``wanted``, or behind all forms that begin with it."""
        cdef uint32_t low = 0, high = self.forms, middle
        cdef size_t size = 0
        cdef const uint8_t *text
        while low < high:
            middle = low + (high - low) // 2
            text = self._form(self._number(SORTED, middle), &size)
            if is_behind(text, size, <const uint8_t *>PyBytes_AS_STRING(wanted), len(wanted), past):
                high = middle
            else:
                low = middle + 1
        return low

    def ordered(self, uint32_t first, uint32_t behind):
        """The numbers of the forms at these places of the alphabetical order."""
        cdef uint32_t at, number
        cdef list numbers = []
        cdef const uint8_t *order
        if first < behind:
            order = self._bytes(SORTED, 4 * <size_t>first, 4 * <size_t>behind)
            for at in range(behind - first):
                number = load32(order + 4 * <size_t>at)
                if number >= self.forms:
                    raise Damage("the alphabetical order names forms that are not there")
                numbers.append(number)
        return numbers

    def stem_of(self, uint32_t number):
        """The number of the stem of a form."""
        cdef uint32_t begin, end
        return self._stem(number, &begin, &end)

    cdef uint32_t _stem(self, uint32_t number, uint32_t *begin, uint32_t *end, uint32_t low=0) except? 0xFFFFFFFF:
        """The stem of a form, not before the stem ``low``; its forms are numbered from ``begin`` to ``end``."""
        cdef uint32_t high = <uint32_t>(self._size[FIRST] // 4), middle, step = 16
        if number >= self.forms:
            raise IndexError(number)
        # Of many forms most are near the one before.
        while low and low + step < high:
            if self._number(FIRST, low + step) > number:
                high = low + step
                break
            low += step
            step *= 2
        while low < high:
            middle = low + (high - low) // 2
            if self._number(FIRST, middle) <= number:
                low = middle + 1
            else:
                high = middle
        if low == 0 or low == self._size[FIRST] // 4:
            raise Damage("a form belongs to no stem")
        begin[0], end[0] = self._number(FIRST, low - 1), self._number(FIRST, low)
        if not begin[0] <= number < end[0] <= self.forms:
            raise Damage("the forms are not grouped by their stems")
        return low - 1

    def by_stem(self, numbers):
        """The stems of these forms, each with a byte for each of its forms: 1 for those of ``numbers``."""
        cdef dict chosen = {}
        cdef bytearray flags = bytearray()
        cdef uint32_t number, stem = 0, begin = 0, end = 0, limit
        for number in sorted(numbers):
            if number >= end:
                limit = end
                if end:
                    chosen[stem] = bytes(flags)
                stem = self._stem(number, &begin, &end, stem)
                # Groups that overlap could make of a small file more bytes than there is memory.
                if begin < limit:
                    raise Damage("the forms are not grouped by their stems")
                flags = bytearray(end - begin)
            flags[number - begin] = 1
        if end:
            chosen[stem] = bytes(flags)
        return chosen

    def wildcard(self, tokens):
        """The numbers of the forms that a pattern means, ascending.

        A token is a byte that must stand there, 256 for any one character, 257 for any run of them, none
        included. Behind 257 comes a byte or the end.
        """
        cdef size_t count = len(tokens), at, literal = 0
        cdef uint32_t first, behind
        cdef uint16_t *pattern = <uint16_t *>malloc((count + 1) * sizeof(uint16_t))
        if pattern == NULL:
            raise MemoryError
        try:
            for at in range(count):
                pattern[at] = tokens[at]
            while literal < count and pattern[literal] < ONE:
                literal += 1
            prefix = bytes([pattern[at] for at in range(literal)])
            if literal == count:
                number = self.find(prefix)
                return [number] if number >= 0 else []
            if literal:
                first, behind = self.starting(prefix)
                if literal + 1 == count and pattern[literal] == MANY:
                    return sorted(self.ordered(first, behind))
                if behind - first <= FEW:
                    return self._few(pattern, count, first, behind)
            return self._many(pattern, count)
        finally:
            free(pattern)

    cdef list _few(self, const uint16_t *pattern, size_t count, uint32_t first, uint32_t behind):
        """Those that fit among the forms at these places of the order, read where they lie."""
        cdef size_t size = 0, total = 0
        cdef const uint8_t *text
        cdef list numbers = []
        for number in self.ordered(first, behind):
            text = self._form(number, &size)
            total += size
            # An order that names a long form again and again would keep this busy for hours.
            if total > self._size[FORMS]:
                raise Damage("the alphabetical order does not have each form once")
            if fits(pattern, count, text, size):
                numbers.append(number)
        return sorted(numbers)

    cdef list _many(self, const uint16_t *pattern, size_t count):
        cdef Buffer found = Buffer(NULL, 0, 0)
        cdef int failed
        self._make_whole()
        try:
            with nogil:
                failed = scan(&self._table, pattern, count, &found)
            _raise(failed)
            return _numbers(&found)
        finally:
            free(found.data)

    def stepped(self, list steps not None, uint32_t first, uint32_t behind, numbers=None):
        """(the forms that a run of steps means, those that it cannot decide on), both ascending by their numbers.

        A step is (the bytes of ASCII that it takes, whether it may be left out, whether it is taken on and on); forms
        with other characters are not decided on. Those of ``numbers`` are looked at, or else those at the places
        ``first`` to ``behind`` of the alphabetical order.
        """
        cdef Steps run
        cdef Buffer found = Buffer(NULL, 0, 0), others = Buffer(NULL, 0, 0)
        cdef int failed
        if behind > self.forms:
            raise ValueError("places within the order")
        read_steps(&run, steps)
        try:
            if numbers is not None or behind - first <= FEW or first >= behind:
                self._step_few(&run, self.ordered(first, behind) if numbers is None else numbers, &found, &others)
            else:
                self._make_whole()
                with nogil:
                    failed = step_through(&run, &self._table, first, behind, &found, &others)
                _raise(failed)
            return sorted(_numbers(&found)), sorted(_numbers(&others))
        finally:
            free(found.data)
            free(others.data)

    cdef int _step_few(self, const Steps *run, numbers, Buffer *found, Buffer *others) except -1:
        """The same for some numbers, whose forms are read where they lie."""
        cdef size_t size = 0, total = 0
        cdef const uint8_t *text
        cdef uint32_t number
        cdef int meant
        for number in numbers:
            if number >= self.forms:
                raise IndexError(number)
            text = self._form(number, &size)
            total += size
            # An order that names a long form again and again would keep this busy for hours.
            if total > self._size[FORMS]:
                raise Damage("the alphabetical order does not have each form once")
            meant = walk_steps(run, text, size)
            if meant:
                _raise(push(found if meant > 0 else others, number))
        return 0

    def fuzzy(self, str word not None, uint32_t limit, uint32_t first, uint32_t behind):
        """(number, edits) of the forms within ``limit`` edits of ``word``, ascending by their numbers.

        An edit puts in, leaves out or changes a character, or swaps two neighbours that no other edit touches.
        Only the places ``first`` to ``behind`` of the alphabetical order are looked at.
        """
        cdef Buffer found = Buffer(NULL, 0, 0)
        cdef Walk walk
        cdef int failed
        if limit > MOST_EDITS or behind > self.forms:
            raise ValueError("at most two edits, and places within the order")
        self._make_heads()
        if begin_walk(&walk, word, limit) < 0:
            raise MemoryError
        try:
            with nogil:
                failed = run_walk(&walk, &self._table, first, behind, &found)
            _raise(failed)
            numbers = _numbers(&found)
            return sorted(zip(numbers[::2], numbers[1::2]))
        finally:
            free(walk.memory)
            free(found.data)

    def lines(self):
        """All forms in the order of their numbers, a newline behind each."""
        cdef size_t total = self._size[FORMS] + self.forms
        cdef int failed
        cdef bytes text
        cdef uint8_t *out
        self._make_whole()
        text = PyBytes_FromStringAndSize(NULL, total)
        out = <uint8_t *>PyBytes_AS_STRING(text)
        with nogil:
            failed = write_lines(&self._table, out, total)
        _raise(failed)
        return text

    def lines_of(self, numbers):
        """These forms, read where they lie, a newline behind each."""
        cdef Buffer text = Buffer(NULL, 0, 0)
        cdef size_t size = 0, limit = self._size[FORMS] + self.forms
        cdef const uint8_t *form
        cdef uint32_t number
        try:
            for number in numbers:
                if number >= self.forms:
                    raise IndexError(number)
                form = self._form(number, &size)
                if text.size + size + 1 > limit:
                    # The same again and again: a long one would take more memory than there is.
                    raise Damage("the alphabetical order does not have each form once")
                if memchr(form, 10, size) != NULL:
                    raise Damage("a form is more than one line")
                if reserve(&text, size + 1) < 0:
                    raise MemoryError
                memcpy(text.data + text.size, form, size)
                text.data[text.size + size] = 10
                text.size += size + 1
            return PyBytes_FromStringAndSize(<const char *>text.data, text.size) if text.size else b""
        finally:
            free(text.data)


cdef int _raise(int failed) except -1:
    if failed == NO_MEMORY:
        raise MemoryError
    if failed:
        raise Damage("the written forms contradict themselves")
    return 0


cdef list _numbers(const Buffer *found):
    cdef size_t at
    return [load32(found.data + 4 * at) for at in range(found.size // 4)]


include "union.pxi"
