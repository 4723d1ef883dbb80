# Where the words of a posting stand, a part of cursor.pyx: of many postings all positions of a block are unpacked, of
# few they are picked out of it.


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
