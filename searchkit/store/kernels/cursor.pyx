# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A walk over the postings of one term in one segment; see encoding.pyx for the format.

Every function that reads returns 0, or -1 where the bytes contradict themselves.
"""

from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from searchkit.store.kernels.bits cimport (
    BIT_SET, BLOCK, load32, load64, load_float, read_number, sk_count_bits, sk_fetch, sk_lane_value, sk_lowest_bit,
    sk_unpack_sums, unpack,
)

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


cdef int place_here(Cursor *cursor, uint32_t *start, uint32_t *total) noexcept nogil:
    """The number of the first position of the posting at hand, and how many there are: none more than there can be."""
    cdef uint32_t totals[BLOCK]
    cdef const uint32_t *counted = cursor.total
    cdef uint32_t index, sum = 0, at
    find_place(cursor)
    at = cursor.at
    cursor.looked_up += 1
    if cursor.block < cursor.blocks:
        # They will be wanted, and are far away.
        sk_fetch(cursor.positions + load32(cursor.postings + cursor.block * SKIP + 12))
    if not cursor.placed and cursor.looked_up > FEW_POSTINGS and load_starts(cursor) < 0:
        return -1
    if cursor.placed:
        start[0], total[0] = cursor.start[at], cursor.total[at]
        return 0 if total[0] <= cursor.occurrences else -1
    if not cursor.counted:
        unpack(cursor.totals, cursor.total_width, totals)
        counted = totals
        # Packed, they are one less.
        sum = at
    # Through to the end, so that the compiler adds eight at a time.
    for index in range(BLOCK):
        sum += counted[index] if index < at else 0
    start[0] = load32(cursor.postings + cursor.block * SKIP + 8) + sum
    total[0] = counted[at] + (not cursor.counted)
    if <uint64_t>start[0] + total[0] > cursor.occurrences or total[0] == 0:
        return -1
    return 0


cdef int find_positions(Cursor *cursor, uint32_t block, size_t *offset) noexcept nogil:
    """Where a block of positions lies: blocks are walked forward from the nearest one that is known."""
    cdef uint32_t number = 0, index
    cdef size_t at = 0
    if cursor.seen_block != NONE and cursor.seen_block <= block:
        number = cursor.seen_block
        at = cursor.seen_at
    if cursor.block < cursor.blocks:
        # The block of postings knows where its own positions begin.
        index = load32(cursor.postings + cursor.block * SKIP + 8) // BLOCK
        if number < index <= block:
            number = index
            at = load32(cursor.postings + cursor.block * SKIP + 12)
    while number < block:
        if at + 2 > cursor.positions_size:
            return -1
        at += 2 + 16 * (<size_t>cursor.positions[at] + cursor.positions[at + 1])
        number += 1
    cursor.seen_block = block
    cursor.seen_at = offset[0] = at
    return 0


cdef int load_places(Cursor *cursor, uint32_t block, bint forms) noexcept nogil:
    """Bring a block of positions to hand.

    ``place`` gets the running sum of the gaps through the block, whatever articles they belong to: a position is
    the difference of two sums. Without ``forms`` the numbers of the written forms stay packed.
    """
    cdef uint32_t full = cursor.occurrences // BLOCK, index, sum, gap = 0
    cdef size_t at
    cdef const uint8_t *byte
    cdef const uint8_t *end = cursor.positions + cursor.positions_size
    if cursor.place_block == block and (cursor.place_forms or not forms):
        return 0
    cursor.place_block = NONE
    if find_positions(cursor, block, &at) < 0:
        return -1
    if block < full:
        if at + 2 > cursor.positions_size:
            return -1
        byte = cursor.positions + at
        if byte[0] > 32 or byte[1] > 32 or at + 2 + 16 * (<size_t>byte[0] + byte[1]) > cursor.positions_size:
            return -1
        sk_unpack_sums(byte + 2, byte[0], NONE, cursor.place)
        if forms:
            unpack(byte + 2 + 16 * byte[0], byte[1], cursor.form)
        cursor.place_held = BLOCK
    else:
        if at > cursor.positions_size:
            return -1
        byte = cursor.positions + at
        cursor.place_held = cursor.occurrences % BLOCK
        sum = NONE
        for index in range(cursor.place_held):
            byte = read_number(byte, end, &gap)
            sum += gap + 1
            cursor.place[index] = sum
            cursor.form[index] = 0
            if byte != NULL and cursor.forms > 1:
                byte = read_number(byte, end, &cursor.form[index])
            if byte == NULL:
                return -1
    cursor.place_block = block
    cursor.place_forms = forms or block == full
    return 0


cdef int load_forms(Cursor *cursor, uint32_t block) noexcept nogil:
    """Bring the numbers of the written forms of a block of positions to hand, and of the positions how many they are."""
    cdef size_t at
    cdef const uint8_t *byte
    if block >= cursor.occurrences // BLOCK or (cursor.place_block == block and cursor.place_forms):
        return load_places(cursor, block, True)
    cursor.place_block = NONE
    if find_positions(cursor, block, &at) < 0 or at + 2 > cursor.positions_size:
        return -1
    byte = cursor.positions + at
    if byte[0] > 32 or byte[1] > 32 or at + 2 + 16 * (<size_t>byte[0] + byte[1]) > cursor.positions_size:
        return -1
    unpack(byte + 2 + 16 * byte[0], byte[1], cursor.form)
    cursor.place_held = BLOCK
    return 0


cdef int pick_places(Cursor *cursor, uint32_t number, uint32_t count, uint32_t *out) noexcept nogil:
    """Write the few positions from ``number`` on, which all lie in one full block, without unpacking it."""
    cdef uint32_t index = number % BLOCK, at, sum = NONE
    cdef size_t offset
    cdef const uint8_t *byte
    if find_positions(cursor, number // BLOCK, &offset) < 0 or offset + 2 > cursor.positions_size:
        return -1
    byte = cursor.positions + offset
    if byte[0] > 32 or offset + 2 + 16 * <size_t>byte[0] > cursor.positions_size:
        return -1
    for at in range(count):
        sum += sk_lane_value(byte + 2, byte[0], index + at) + 1
        out[at] = sum
    return 0


cdef const uint32_t *places_from(Cursor *cursor, uint32_t number, uint32_t count, uint32_t *room,
                                 uint32_t *base) noexcept nogil:
    """The positions of the posting at hand, ``count`` from ``number`` on, less ``base``, or NULL where they are damaged.

    They lie in the block at hand, or in ``room``, which must have room for all of them.
    """
    cdef uint32_t index = number % BLOCK, block = number // BLOCK
    base[0] = 0
    if cursor.place_block != block and count <= FEW_POSITIONS and index + count <= BLOCK and (
            block < cursor.occurrences // BLOCK):
        return room if pick_places(cursor, number, count, room) == 0 else NULL
    if load_places(cursor, block, False) < 0:
        return NULL
    if index + count <= cursor.place_held:
        base[0] = NONE - (cursor.place[index - 1] if index else NONE)
        return &cursor.place[index]
    return room if write_places(cursor, number, count, room, NULL) == 0 else NULL


cdef int positions_of(Cursor *cursor, uint32_t *out, uint32_t *forms) noexcept nogil:
    """Write the positions (and, unless NULL, the forms) of the posting at hand; there are ``total`` of them."""
    cdef uint32_t number, total, base, at
    cdef const uint32_t *places
    if place_here(cursor, &number, &total) < 0:
        return -1
    if forms != NULL:
        return write_places(cursor, number, total, out, forms)
    places = places_from(cursor, number, total, out, &base)
    if places == NULL:
        return -1
    if places != out:
        for at in range(total):
            out[at] = places[at] + base
    return 0


cdef int write_places(Cursor *cursor, uint32_t number, uint32_t left, uint32_t *out, uint32_t *forms) noexcept nogil:
    """The same for ``left`` positions from ``number`` on, whatever blocks they lie in."""
    cdef uint32_t previous = NONE, index, taken = 0, here, before, at
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
        # Damage may carry the sum over its end; a position is compared, never followed.
        before = previous - (cursor.place[index - 1] if index else NONE)
        for at in range(here):
            out[taken + at] = cursor.place[index + at] + before
        taken += here
        previous = out[taken - 1]
    return 0
