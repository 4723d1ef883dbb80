# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A walk over the postings of one term in one segment; see encoding.pyx for the format.

Every function that reads returns 0, or -1 where the bytes contradict themselves.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from searchkit.store.kernels.bits cimport BLOCK, load32, load_float, read_number, unpack


cdef int start_cursor(Cursor *cursor) noexcept nogil:
    """Set a cursor whose first part is filled in before its first posting."""
    cursor.blocks = cursor.articles // BLOCK
    cursor.rest = cursor.articles % BLOCK
    cursor.block = NONE
    cursor.place_block = NONE
    cursor.held = 0
    cursor.at = 0
    if <uint64_t>cursor.blocks * SKIP > cursor.postings_size or cursor.articles == 0:
        return -1
    return 0


cdef uint32_t last_of_block(const Cursor *cursor, uint32_t block) noexcept nogil:
    """The last article of a full block; for the rest, the last there can be."""
    return load32(cursor.postings + block * SKIP) if block < cursor.blocks else cursor.limit


cdef double peak_of_block(const Cursor *cursor, uint32_t block) noexcept nogil:
    """A bound of the weighted frequency in one block."""
    cdef double peak = load_float(cursor.postings + block * SKIP + 16) if block < cursor.blocks else cursor.peak
    # Damage must not hide a posting: what is no number bounds nothing.
    return peak * cursor.stretch if peak >= 0 else 1e30


cdef int load_block(Cursor *cursor, uint32_t block) noexcept nogil:
    """Bring the articles of a block to hand."""
    cdef size_t begin, end
    cdef const uint8_t *at
    cdef uint32_t width, previous, every, index
    cdef uint64_t article
    if cursor.block == block:
        return 0
    if block >= cursor.blocks:
        return load_rest(cursor)
    cursor.block = NONE
    begin = load32(cursor.postings + (block - 1) * SKIP + 4) if block else cursor.blocks * SKIP
    end = load32(cursor.postings + block * SKIP + 4)
    if begin < cursor.blocks * SKIP or end > cursor.postings_size or begin + 3 > end:
        return -1
    at = cursor.postings + begin
    width = at[0]
    if width > 32 or at[1] > 32 or at[2] > 32 or begin + 3 + 16 * (width + at[1] + at[2]) != end:
        return -1
    unpack(at + 3, width, cursor.article)
    cursor.frequencies_at = begin
    previous = last_of_block(cursor, block - 1) if block else NONE
    every = 0
    for index in range(BLOCK):
        previous += cursor.article[index] + 1
        cursor.article[index] = previous
        every |= previous
    if previous != last_of_block(cursor, block) or previous >= cursor.limit:
        return -1
    if every >= cursor.limit:
        # A sum may have passed over the end and come back.
        for index in range(BLOCK):
            if cursor.article[index] >= cursor.limit:
                return -1
    cursor.block = block
    cursor.held = BLOCK
    cursor.counted = False
    cursor.at = 0
    return 0


cdef int load_rest(Cursor *cursor) noexcept nogil:
    """Bring the postings behind the full blocks to hand, frequencies included."""
    cdef const uint8_t *at = cursor.postings
    cdef const uint8_t *end = cursor.postings + cursor.postings_size
    cdef uint32_t index, value, previous = NONE, total, title
    cdef uint64_t start = 0, article
    cursor.block = NONE
    if cursor.blocks:
        value = load32(cursor.postings + (cursor.blocks - 1) * SKIP + 4)
        if value > cursor.postings_size:
            return -1
        at += value
        previous = last_of_block(cursor, cursor.blocks - 1)
        if first_position_of_rest(cursor, &start) < 0:
            return -1
    for index in range(cursor.rest):
        at = read_number(at, end, &value)
        if at == NULL:
            return -1
        article = (<uint64_t>previous + 1) & 0xFFFFFFFFU
        article += value >> 1
        if article >= cursor.limit:
            return -1
        previous = <uint32_t>article
        total = 1
        title = 0
        if not value & 1:
            at = read_number(at, end, &total)
            if at != NULL:
                at = read_number(at, end, &title)
            if at == NULL or title > total or total == 0:
                return -1
        cursor.article[index] = previous
        cursor.total[index] = total
        cursor.title[index] = title
        cursor.start[index] = <uint32_t>start
        start += total
    if start != cursor.occurrences:
        return -1
    cursor.block = cursor.blocks
    cursor.held = cursor.rest
    cursor.counted = True
    cursor.at = 0
    return 0


cdef int first_position_of_rest(const Cursor *cursor, uint64_t *start) noexcept nogil:
    """How many positions the full blocks have: those before the last one, and its own."""
    cdef uint32_t totals[BLOCK]
    cdef uint32_t index
    cdef size_t begin
    cdef const uint8_t *at
    begin = load32(cursor.postings + (cursor.blocks - 2) * SKIP + 4) if cursor.blocks > 1 else cursor.blocks * SKIP
    if begin + 3 > cursor.postings_size:
        return -1
    at = cursor.postings + begin
    if at[0] > 32 or at[1] > 32 or begin + 3 + 16 * (at[0] + at[1]) > cursor.postings_size:
        return -1
    unpack(at + 3 + 16 * at[0], at[1], totals)
    start[0] = load32(cursor.postings + (cursor.blocks - 1) * SKIP + 8)
    for index in range(BLOCK):
        start[0] += <uint64_t>totals[index] + 1
    return 0 if start[0] <= cursor.occurrences else -1


cdef int load_counts(Cursor *cursor) noexcept nogil:
    """Bring the frequencies of the block at hand."""
    cdef const uint8_t *at
    cdef uint32_t index
    cdef uint64_t start
    if cursor.counted:
        return 0
    at = cursor.postings + cursor.frequencies_at
    unpack(at + 3 + 16 * at[0], at[1], cursor.total)
    unpack(at + 3 + 16 * (at[0] + at[1]), at[2], cursor.title)
    start = load32(cursor.postings + cursor.block * SKIP + 8)
    for index in range(BLOCK):
        cursor.total[index] += 1
        cursor.start[index] = <uint32_t>start
        start += cursor.total[index]
        if cursor.title[index] > cursor.total[index]:
            return -1
    if start > cursor.occurrences:
        return -1
    cursor.counted = True
    return 0


cdef uint32_t block_of(const Cursor *cursor, uint32_t article, uint32_t first) noexcept nogil:
    """The first block from ``first`` on whose last article is ``article`` or later; it gallops."""
    cdef uint32_t low = first, step = 1, high, middle
    if low >= cursor.blocks or last_of_block(cursor, low) >= article:
        return low
    high = low + 1
    while high < cursor.blocks and last_of_block(cursor, high) < article:
        low = high
        step *= 2
        high = low + step
    if high > cursor.blocks:
        high = cursor.blocks
    while low + 1 < high:
        middle = low + (high - low) // 2
        if last_of_block(cursor, middle) < article:
            low = middle
        else:
            high = middle
    return high


cdef int seek(Cursor *cursor, uint32_t article, uint32_t *found) noexcept nogil:
    """Move forward to the first posting at or behind ``article``; ``found`` is its article or NONE."""
    cdef uint32_t low, high, middle, block
    block = 0 if cursor.block == NONE else cursor.block
    if cursor.block == NONE or (cursor.held and cursor.article[cursor.held - 1] < article):
        if cursor.block != NONE:
            block = cursor.block + 1
        block = block_of(cursor, article, block)
        if block > cursor.blocks or (block == cursor.blocks and cursor.rest == 0):
            found[0] = NONE
            return 0
        if load_block(cursor, block) < 0:
            return -1
        if cursor.article[cursor.held - 1] < article:
            found[0] = NONE
            return 0
    low = cursor.at
    # The next posting is often the one.
    if cursor.article[low] < article:
        high = cursor.held - 1
        while low + 1 < high:
            middle = (low + high) // 2
            if cursor.article[middle] < article:
                low = middle
            else:
                high = middle
        low = high
    cursor.at = low
    found[0] = cursor.article[low]
    return 0


cdef int load_places(Cursor *cursor, uint32_t block, bint forms) noexcept nogil:
    """Bring a block of positions to hand; blocks are walked forward from the nearest one that is known.

    Without ``forms`` the numbers of the written forms stay packed.
    """
    cdef uint32_t full = cursor.occurrences // BLOCK, number, index
    cdef size_t at
    cdef const uint8_t *byte
    cdef const uint8_t *end = cursor.positions + cursor.positions_size
    if cursor.place_block == block and (cursor.place_forms or not forms):
        return 0
    if cursor.place_block != NONE and cursor.place_block < block:
        number = cursor.place_block + 1
        at = cursor.place_next
    else:
        number = 0
        at = 0
    if cursor.block < cursor.blocks:
        # The block of postings knows where its own positions begin.
        index = load32(cursor.postings + cursor.block * SKIP + 8) // BLOCK
        if index <= block and (number < index or number > block):
            number = index
            at = load32(cursor.postings + cursor.block * SKIP + 12)
    cursor.place_block = NONE
    while number < block:
        if at + 2 > cursor.positions_size:
            return -1
        at += 2 + 16 * (<size_t>cursor.positions[at] + cursor.positions[at + 1])
        number += 1
    if block < full:
        if at + 2 > cursor.positions_size:
            return -1
        byte = cursor.positions + at
        if byte[0] > 32 or byte[1] > 32 or at + 2 + 16 * (<size_t>byte[0] + byte[1]) > cursor.positions_size:
            return -1
        unpack(byte + 2, byte[0], cursor.place)
        if forms:
            unpack(byte + 2 + 16 * byte[0], byte[1], cursor.form)
        cursor.place_held = BLOCK
        cursor.place_next = at + 2 + 16 * (<size_t>byte[0] + byte[1])
    else:
        if at > cursor.positions_size:
            return -1
        byte = cursor.positions + at
        cursor.place_held = cursor.occurrences % BLOCK
        for index in range(cursor.place_held):
            byte = read_number(byte, end, &cursor.place[index])
            cursor.form[index] = 0
            if byte != NULL and cursor.forms > 1:
                byte = read_number(byte, end, &cursor.form[index])
            if byte == NULL:
                return -1
        cursor.place_next = cursor.positions_size
    cursor.place_block = block
    cursor.place_forms = forms or block == full
    return 0


cdef int positions_of(Cursor *cursor, uint32_t *out, uint32_t *forms) noexcept nogil:
    """Write the positions (and, unless NULL, the forms) of the posting at hand; there are ``total`` of them."""
    cdef uint32_t number, left, previous = NONE, index, taken = 0, here
    if load_counts(cursor) < 0:
        return -1
    number = cursor.start[cursor.at]
    left = cursor.total[cursor.at]
    while left:
        if load_places(cursor, number // BLOCK, forms != NULL) < 0:
            return -1
        index = number % BLOCK
        if index >= cursor.place_held:
            return -1
        here = cursor.place_held - index
        if here > left:
            here = left
        left -= here
        number += here
        if forms != NULL:
            memcpy(forms + taken, cursor.form + index, here * sizeof(uint32_t))
        while here:
            # Damage may carry the sum over its end; a position is compared, never followed.
            previous += cursor.place[index] + 1
            out[taken] = previous
            taken += 1
            index += 1
            here -= 1
    return 0
