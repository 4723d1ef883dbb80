# The forms of several segments as one table, a part of patterns.pyx: most forms are in all of them, and are looked at
# once. It lies in memory, in the alphabetical order of the forms.


@cython.final
cdef class FormUnion:
    """The forms of some tables, each once. Their numbers are their places in the order of their bytes.

    A Damage has the number of its table as second argument.
    """

    cdef readonly FormTable table
    cdef uint32_t _tables
    cdef uint32_t *_numbers     # for each form its number in each table, or NONE

    def __dealloc__(self):
        free(self._numbers)

    def __init__(self, list tables not None):
        cdef FormTable one
        cdef size_t size = 0, count = 0, number, place_of_ends
        cdef uint32_t forms = 0
        cdef Table *parts
        cdef bytearray data
        cdef uint8_t *out
        cdef int failed
        self._tables = <uint32_t>len(tables)
        for number in range(self._tables):
            one = tables[number]
            try:
                one._make_heads()
            except Damage as error:
                raise Damage(error.args[0], number) from None
            size += one._size[FORMS]
            count += one.forms
        if size > NONE or count >= NONE:
            raise MemoryError
        # One row more than there can be: it is filled before it is known that no form is left.
        self._numbers = <uint32_t *>malloc(((count + 1) * self._tables + 1) * sizeof(uint32_t))
        parts = <Table *>malloc((self._tables + 1) * sizeof(Table))
        try:
            if self._numbers == NULL or parts == NULL:
                raise MemoryError
            for number in range(self._tables):
                parts[number] = (<FormTable>tables[number])._table
            # The forms, where they end, and their order, which is that of their numbers.
            place_of_ends = (size + 7) // 8 * 8
            data = bytearray(place_of_ends + 8 * count + 8)
            out = <uint8_t *>PyByteArray_AS_STRING(data)
            with nogil:
                failed = unite(parts, self._tables, out, &size, out + place_of_ends, self._numbers, &forms)
            if failed == DAMAGED:
                # It has changed since it was looked at.
                raise Damage("the written forms contradict themselves", 0)
            _raise(failed)
        finally:
            free(parts)
        with nogil:
            for number in range(forms):
                store32(out + place_of_ends + 4 * (forms + number), <uint32_t>number)
        self._numbers = <uint32_t *>shrink(self._numbers, (<size_t>forms * self._tables + 1) * sizeof(uint32_t))
        count = place_of_ends + 8 * <size_t>forms
        del data[count + 4:]
        sections = [(0, size), (place_of_ends, 4 * forms), (place_of_ends + 4 * forms, 4 * forms), (count, 4)]
        self.table = FormTable(bytes(data), len(data), bytearray(b"\1"), None, sections)

    def split(self, numbers):
        """For each table the numbers that these forms have in it, ascending."""
        cdef list found = [[] for _ in range(self._tables)]
        cdef uint32_t number, at
        cdef const uint32_t *row
        for number in numbers:
            if number >= self.table.forms:
                raise IndexError(number)
            row = self._numbers + <size_t>number * self._tables
            for at in range(self._tables):
                if row[at] != NONE:
                    (<list>found[at]).append(row[at])
        for numbers in found:
            numbers.sort()
        return found


cdef inline void *shrink(void *memory, size_t size) noexcept:
    cdef void *smaller = realloc(memory, size)
    return memory if smaller == NULL else smaller


cdef int unite(Table *parts, uint32_t count, uint8_t *out, size_t *size, uint8_t *ends, uint32_t *numbers,
               uint32_t *forms) noexcept nogil:
    """Merge tables, of which each has its first bytes at hand; ``size`` is the room in ``out``, then what is used of it."""
    cdef uint32_t *at = <uint32_t *>calloc(count + 1, sizeof(uint32_t))
    cdef uint32_t least, part, made = 0
    cdef size_t used = 0, begin = 0, end = 0, least_begin = 0, least_end = 0
    cdef int order, failed = 0
    cdef uint32_t *row
    if at == NULL:
        return NO_MEMORY
    while failed == 0:
        least = NONE
        row = numbers + <size_t>made * count
        for part in range(count):
            row[part] = NONE
            if at[part] == parts[part].count:
                continue
            if least != NONE and parts[part].heads[at[part]] > parts[least].heads[at[least]]:
                continue
            if place(&parts[part], load32(parts[part].order + 4 * <size_t>at[part]), &begin, &end) < 0:
                failed = DAMAGED
                break
            order = -1
            if least != NONE and parts[part].heads[at[part]] == parts[least].heads[at[least]]:
                order = compare(parts[part].forms + begin, end - begin, parts[least].forms + least_begin,
                                least_end - least_begin)
            if order < 0:
                # Whatever was taken for the least before is not.
                for least in range(part):
                    row[least] = NONE
                least, least_begin, least_end = part, begin, end
            if order <= 0:
                row[part] = load32(parts[part].order + 4 * <size_t>at[part])
        if least == NONE or failed:
            break
        if least_end - least_begin > size[0] - used:
            failed = DAMAGED
            break
        memcpy(out + used, parts[least].forms + least_begin, least_end - least_begin)
        used += least_end - least_begin
        store32(ends + 4 * <size_t>made, <uint32_t>used)
        made += 1
        for part in range(count):
            at[part] += row[part] != NONE
    free(at)
    size[0], forms[0] = used, made
    return failed


cdef inline int compare(const uint8_t *one, size_t size, const uint8_t *other, size_t other_size) noexcept nogil:
    cdef int order = memcmp(one, other, min(size, other_size))
    return order if order else (size > other_size) - (size < other_size)
