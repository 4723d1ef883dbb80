# Tables of forms as a whole, a part of patterns.pyx: what lies where, are they sound, and all forms as lines.

cdef struct Table:
    const uint8_t *forms
    const uint8_t *ends
    const uint8_t *order
    uint64_t *heads         # the first eight bytes of each form, in alphabetical order; NULL while nobody asked
    size_t size
    uint32_t count


cdef inline int place(const Table *table, uint32_t number, size_t *begin, size_t *end) noexcept nogil:
    """Where a form lies; negative where the table is damaged."""
    if number >= table.count:
        return DAMAGED
    begin[0] = load32(table.ends + 4 * (<size_t>number - 1)) if number else 0
    end[0] = load32(table.ends + 4 * <size_t>number)
    return 0 if begin[0] <= end[0] <= table.size else DAMAGED


cdef inline int push(Buffer *found, uint32_t value) noexcept nogil:
    if reserve(found, 4) < 0:
        return NO_MEMORY
    store32(found.data + found.size, value)
    found.size += 4
    return 0


cdef int check_table(const Table *table) noexcept nogil:
    """Whether the ends ascend to the last byte, and the order has each form once."""
    cdef uint32_t number, end, last = 0, at
    cdef uint8_t *seen = <uint8_t *>calloc(table.count // 8 + 1, 1)
    cdef int failed = 0
    if seen == NULL:
        return NO_MEMORY
    for at in range(table.count):
        end = load32(table.ends + 4 * <size_t>at)
        number = load32(table.order + 4 * <size_t>at)
        if end < last or number >= table.count or seen[number >> 3] >> (number & 7) & 1:
            failed = DAMAGED
            break
        seen[number >> 3] |= <uint8_t>(1 << (number & 7))
        last = end
    free(seen)
    return failed if last == table.size else DAMAGED


cdef int write_lines(const Table *table, uint8_t *out, size_t total) noexcept nogil:
    cdef size_t begin, end, size, at = 0
    cdef uint32_t form, lines = 0
    for form in range(table.count):
        if place(table, form, &begin, &end) < 0:
            return DAMAGED
        size = end - begin
        if size >= total - at:
            return DAMAGED
        if size <= 16 and begin + 16 <= table.size and at + 16 <= total:
            # Most forms are short, and sixteen bytes are copied more quickly than just as many as there are.
            memcpy(out + at, table.forms + begin, 16)
        else:
            memcpy(out + at, table.forms + begin, size)
        out[at + size] = 10
        at += size + 1
    for begin in range(total):
        lines += out[begin] == 10
    # A form with a newline in it would be two, and every number behind it wrong.
    return 0 if at == total and lines == table.count else DAMAGED
