# A walk over the postings of one term in one segment; see encoding.pyx for the format. Where it is searched, each of its
# steps is a few instructions, and a call into another module would cost as many: so it is a part of cursor.pyx, which
# the other kernels call, and of search.pyx.
#
# Every function that reads returns 0, or -1 where the bytes contradict themselves.

cdef enum:
    # Gaps of more bits than this could carry a sum over its end and back.
    WIDEST_GAP = 24
    # Behind the last article of all, in the places of a block that hold none.
    BEYOND = 0x7FFFFFFF
    # So many postings of a block are looked up one by one before all of it is unpacked, and so many positions.
    FEW_POSTINGS = 3
    FEW_POSITIONS = 6


cdef int start_cursor(Cursor *cursor) noexcept nogil:
    """Set a cursor whose first part is filled in before its first posting."""
    cursor.blocks = cursor.articles // BLOCK
    cursor.rest = cursor.articles % BLOCK
    cursor.block = NONE
    cursor.place_block = NONE
    cursor.seen_block = NONE
    cursor.held = 0
    cursor.at = 0
    cursor.here = 0
    if <uint64_t>cursor.blocks * SKIP > cursor.postings_size or cursor.articles == 0 or cursor.limit >= BEYOND:
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
    """Bring a block to hand; its articles are a set of bits, or listed."""
    cdef size_t begin, end, size
    cdef const uint8_t *at
    cdef uint32_t width, previous, last, index
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
    cursor.total_width = at[1]
    cursor.title_width = at[2]
    previous = last_of_block(cursor, block - 1) if block else NONE
    last = last_of_block(cursor, block)
    # From the last one on the count begins anew: NONE + 1 is 0.
    if last >= cursor.limit or last < previous + 1 or cursor.total_width > 32 or cursor.title_width > 32:
        return -1
    if width == BIT_SET:
        cursor.first_word = (previous + 1) >> 6
        cursor.words = (last >> 6) - cursor.first_word + 1
        size = 8 * <size_t>cursor.words
    elif width <= 32:
        size = 16 * width
    else:
        return -1
    if begin + 3 + size + 16 * (cursor.total_width + cursor.title_width) != end:
        return -1
    cursor.totals = at + 3 + size
    cursor.titles = cursor.totals + 16 * cursor.total_width
    cursor.bit_set = NULL
    if width == BIT_SET:
        if check_bits(at + 3, cursor.words, (previous + 1) & 63, last & 63) < 0:
            return -1
        cursor.bit_set = at + 3
    else:
        sk_unpack_sums(at + 3, width, previous, cursor.article)
        if cursor.article[BLOCK - 1] != last:
            return -1
        if width > WIDEST_GAP:
            for index in range(1, BLOCK):
                if cursor.article[index] <= cursor.article[index - 1]:
                    return -1
    cursor.block = block
    cursor.held = BLOCK
    cursor.listed = cursor.bit_set == NULL
    cursor.counted = False
    cursor.placed = False
    cursor.looked_up = 0
    cursor.bound = -1
    cursor.at = 0
    return 0


cdef inline int check_bits(const uint8_t *bits, uint32_t words, uint32_t first, uint32_t last) noexcept nogil:
    """A block's set has 128 bits, none before the first and none behind the last, which is one of them."""
    cdef uint32_t word, count = 0
    cdef uint64_t end = load64(bits + 8 * (words - 1))
    for word in range(words):
        count += sk_count_bits(load64(bits + 8 * word))
    if count != BLOCK or end >> last != 1 or load64(bits) & (((<uint64_t>1) << first) - 1):
        return -1
    return 0


cdef int list_block(Cursor *cursor) noexcept nogil:
    """Make a list of the articles of the block at hand."""
    cdef uint32_t word, base, count = 0
    cdef uint64_t left
    if cursor.listed:
        return 0
    for word in range(cursor.words):
        left = load64(cursor.bit_set + 8 * word)
        base = (cursor.first_word + word) << 6
        while left:
            cursor.article[count] = base + sk_lowest_bit(left)
            left &= left - 1
            count += 1
    cursor.listed = True
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
    for index in range(cursor.rest, BLOCK):
        cursor.article[index] = BEYOND
    cursor.block = cursor.blocks
    cursor.held = cursor.rest
    cursor.bit_set = NULL
    cursor.listed = True
    cursor.counted = True
    cursor.placed = True
    cursor.bound = -1
    cursor.at = 0
    return 0


cdef int first_position_of_rest(const Cursor *cursor, uint64_t *start) noexcept nogil:
    """How many positions the full blocks have: those before the last one, and its own."""
    cdef uint32_t totals[BLOCK]
    cdef uint32_t index
    cdef size_t begin, end, size
    cdef const uint8_t *at
    end = load32(cursor.postings + (cursor.blocks - 1) * SKIP + 4)
    begin = load32(cursor.postings + (cursor.blocks - 2) * SKIP + 4) if cursor.blocks > 1 else cursor.blocks * SKIP
    if end > cursor.postings_size or begin + 3 > end:
        return -1
    at = cursor.postings + begin
    # The frequencies lie at the end of a block, whatever its articles look like.
    size = 16 * (<size_t>at[1] + at[2])
    if at[1] > 32 or at[2] > 32 or begin + 3 + size > end:
        return -1
    unpack(cursor.postings + end - size, at[1], totals)
    start[0] = load32(cursor.postings + (cursor.blocks - 1) * SKIP + 8)
    for index in range(BLOCK):
        start[0] += <uint64_t>totals[index] + 1
    return 0 if start[0] <= cursor.occurrences else -1


cdef int load_counts(Cursor *cursor) noexcept nogil:
    """Bring the frequencies of the block at hand."""
    cdef uint32_t index, wrong = 0
    if cursor.counted:
        return 0
    unpack(cursor.totals, cursor.total_width, cursor.total)
    unpack(cursor.titles, cursor.title_width, cursor.title)
    for index in range(BLOCK):
        wrong |= cursor.title[index] > cursor.total[index] + 1
        cursor.total[index] += 1
    if wrong:
        return -1
    cursor.counted = True
    return 0


cdef int load_starts(Cursor *cursor) noexcept nogil:
    """Bring the frequencies of the block at hand, and where the positions of its postings begin."""
    cdef uint32_t index
    cdef uint64_t start
    if cursor.placed:
        return 0
    if load_counts(cursor) < 0:
        return -1
    start = load32(cursor.postings + cursor.block * SKIP + 8)
    for index in range(BLOCK):
        cursor.start[index] = <uint32_t>start
        start += cursor.total[index]
    if start > cursor.occurrences:
        return -1
    cursor.placed = True
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
    """Move to the first posting at or behind ``article``, in the block at hand or a later one.

    ``found`` is its article, or NONE.
    """
    cdef uint32_t block, index, place = 0, word
    cdef uint64_t left
    if cursor.block == NONE or cursor.block == cursor.blocks or last_of_block(cursor, cursor.block) < article:
        block = block_of(cursor, article, 0 if cursor.block == NONE else cursor.block)
        if block > cursor.blocks or (block == cursor.blocks and cursor.rest == 0):
            found[0] = NONE
            return 0
        if load_block(cursor, block) < 0:
            return -1
    if cursor.bit_set != NULL:
        # There is one: the last of the block is not before ``article``.
        word = article >> 6
        if word < cursor.first_word:
            word = cursor.first_word
            left = load64(cursor.bit_set)
        else:
            left = load64(cursor.bit_set + 8 * (word - cursor.first_word)) >> (article & 63) << (article & 63)
        while left == 0:
            word += 1
            left = load64(cursor.bit_set + 8 * (word - cursor.first_word))
        cursor.here = found[0] = (word << 6) + sk_lowest_bit(left)
        cursor.at = NONE
        return 0
    # The posting at hand, or the one behind it, is often the one.
    place = cursor.at
    if cursor.article[place] < article:
        place += 1
        if place < cursor.held and cursor.article[place] < article:
            place = 0
            for index in range(BLOCK):
                place += <int32_t>cursor.article[index] < <int32_t>article
        if place >= cursor.held:
            found[0] = NONE
            return 0
    elif place and cursor.article[place - 1] >= article:
        place = 0
        for index in range(BLOCK):
            place += <int32_t>cursor.article[index] < <int32_t>article
    cursor.at = place
    cursor.here = found[0] = cursor.article[place]
    return 0


cdef int find_place(Cursor *cursor) noexcept nogil:
    """Find the place in its block of the posting at hand."""
    cdef uint32_t word, last, count = 0
    if cursor.at != NONE:
        return 0
    last = (cursor.here >> 6) - cursor.first_word
    for word in range(last):
        count += sk_count_bits(load64(cursor.bit_set + 8 * word))
    count += sk_count_bits(load64(cursor.bit_set + 8 * last) & (((<uint64_t>1) << (cursor.here & 63)) - 1))
    cursor.at = count
    return 0


cdef int counts_here(Cursor *cursor, uint32_t *total, uint32_t *title) noexcept nogil:
    """The frequency of the posting at hand, and that in the title."""
    find_place(cursor)
    if cursor.counted:
        total[0] = cursor.total[cursor.at]
        title[0] = cursor.title[cursor.at]
        return 0
    total[0] = sk_lane_value(cursor.totals, cursor.total_width, cursor.at) + 1
    title[0] = sk_lane_value(cursor.titles, cursor.title_width, cursor.at)
    return 0 if title[0] <= total[0] else -1


include "places.pxi"
