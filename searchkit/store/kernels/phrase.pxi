# Words that stand side by side: their positions in one article, as bits.

cdef enum:
    # No position reaches it, unless it is damaged.
    LAST_POSITION = 1 << POSITION_BITS
    FIRST_PLACES = 8
    # So many comparisons are quicker than a set of bits.
    FEW_COMPARED = 4096
    # What is read eight at a time is read beyond its end.
    SLACK = 8


cdef int room_for(Search *search, uint32_t count) noexcept nogil:
    """Make room for as many positions."""
    cdef void *grown
    if count + SLACK <= search.places_room:
        return 0
    search.places_room = 2 * (<size_t>count + SLACK)
    grown = realloc(search.places, search.places_room * sizeof(uint32_t))
    if grown == NULL:
        return NO_MEMORY
    search.places = <uint32_t *>grown
    grown = realloc(search.lead_places, search.places_room * sizeof(uint32_t))
    if grown == NULL:
        return NO_MEMORY
    search.lead_places = <uint32_t *>grown
    grown = realloc(search.other_places, search.places_room * sizeof(uint32_t))
    if grown == NULL:
        return NO_MEMORY
    search.other_places = <uint32_t *>grown
    return 0


cdef int marks_for(Search *search, uint32_t positions) noexcept nogil:
    """Make room for a bit for each of as many positions, all clear."""
    cdef size_t words = (<size_t>positions >> 6) + 1, room
    cdef void *grown
    if words <= search.marks_room:
        return 0
    room = 2 * words
    grown = realloc(search.marks, room * sizeof(uint64_t))
    if grown == NULL:
        return NO_MEMORY
    search.marks = <uint64_t *>grown
    memset(search.marks + search.marks_room, 0, (room - search.marks_room) * sizeof(uint64_t))
    search.marks_room = room
    return 0


cdef int phrase_here(Search *search, Node *node, uint32_t article, bint counting, uint32_t *total,
                     uint32_t *title) noexcept nogil:
    """How often a phrase stands in an article that all its cursors are at, and how often in the title.

    Without ``counting``, only whether it does: ``total`` is 0 where it does not.
    """
    cdef Cursor *cursor
    cdef uint32_t number, held, place, fewest, kept, at, start, base, most = 0
    cdef const uint32_t *places
    cdef int failed
    # The words with the fewest positions go first: the others are only tested against what these leave.
    for number in range(node.count):
        cursor = &search.cursors[node.first + number]
        find_place(cursor)
        held = positions_here(cursor)
        # Its occurrences were compared with the bytes of its positions; a frequency may claim more.
        if held > cursor.occurrences:
            return DAMAGED
        most = max(most, held)
        place = number
        while place and positions_here(&search.cursors[node.first + node.children[place - 1]]) > held:
            node.children[place] = node.children[place - 1]
            place -= 1
        node.children[place] = number
    cursor = &search.cursors[node.first + node.children[0]]
    fewest = positions_here(cursor)
    # For all of them: where positions lie in this room, it must stay where it is.
    failed = room_for(search, most)
    if failed < 0:
        return failed
    if place_now(cursor, &start, &held) < 0:
        return DAMAGED
    places = places_from(cursor, start, fewest, search.lead_places, &base)
    if places == NULL:
        return DAMAGED
    # Below the word's place in the phrase none can begin: what is less than nothing is large here, and no position.
    base -= node.children[0]
    # Where it is enough to find it once, it most often stands near the beginning.
    held = fewest if counting or fewest <= FIRST_PLACES else FIRST_PLACES
    failed = begins_among(search, node, places, base, held, &kept)
    if failed == 0 and kept == 0 and held < fewest:
        failed = begins_among(search, node, places + held, base, fewest - held, &kept)
    if failed < 0:
        return failed
    total[0] = kept
    title[0] = 0
    if counting and kept:
        at = 0
        held = search.titles[article]
        while at < kept and search.places[at] < held:
            at += 1
        title[0] = at
    return 0


cdef inline uint32_t positions_here(const Cursor *cursor) noexcept nogil:
    """How many positions the posting at hand has; its place is known."""
    return cursor.total[cursor.at] if cursor.counted else sk_lane_value(cursor.totals, cursor.total_width, cursor.at) + 1


cdef inline int place_now(Cursor *cursor, uint32_t *start, uint32_t *total) noexcept nogil:
    """What place_here does, without a call where it is known already; the place in the block is."""
    if not cursor.placed:
        return place_here(cursor, start, total)
    start[0], total[0] = cursor.start[cursor.at], cursor.total[cursor.at]
    return 0 if total[0] <= cursor.occurrences else -1


cdef int begins_among(Search *search, Node *node, const uint32_t *places, uint32_t base, uint32_t held,
                      uint32_t *kept) noexcept nogil:
    """Find where the phrase begins, by ``held`` positions of its rarest word here."""
    cdef uint32_t at
    cdef int failed
    kept[0] = held
    for at in range(held):
        search.places[at] = places[at] + base
    for at in range(1, node.count):
        if kept[0] == 0:
            return 0
        failed = keep_beside(search, &search.cursors[node.first + node.children[at]], node.children[at], kept)
        if failed < 0:
            return failed
    return 0


cdef int keep_beside(Search *search, Cursor *cursor, uint32_t number, uint32_t *kept) noexcept nogil:
    """Keep the places behind which, by ``number``, a word stands."""
    cdef uint32_t start, held, base
    cdef const uint32_t *places
    if place_now(cursor, &start, &held) < 0:
        return DAMAGED
    places = places_from(cursor, start, held, search.other_places, &base)
    if places == NULL:
        return DAMAGED
    if <uint64_t>kept[0] * held > FEW_COMPARED:
        return keep_marked(search, places, base, held, number, kept)
    kept[0] = sk_beside(search.places, kept[0], number - base, places, held)
    return 0


cdef int keep_marked(Search *search, const uint32_t *positions, uint32_t base, uint32_t held, uint32_t number,
                     uint32_t *kept) noexcept nogil:
    """The same for many places: the positions, ``base`` less than they are, are marked first."""
    cdef uint32_t at, place, last = 0, left = 0
    cdef uint64_t *marks
    cdef int failed
    for at in range(kept[0]):
        # They ascend, unless they are damaged; what is less than nothing is large, and behind all that can be.
        place = search.places[at] + number
        if last < place < LAST_POSITION:
            last = place
    failed = marks_for(search, last)
    if failed < 0:
        return failed
    marks = search.marks
    # Behind the last place nobody asks.
    at = 0
    while at < held and positions[at] + base <= last:
        place = positions[at] + base
        marks[place >> 6] |= (<uint64_t>1) << (place & 63)
        at += 1
    held = at
    for at in range(kept[0]):
        place = search.places[at] + number
        search.places[left] = search.places[at]
        if place <= last:
            left += (marks[place >> 6] >> (place & 63)) & 1
    for at in range(held):
        marks[(positions[at] + base) >> 6] = 0
    kept[0] = left
    return 0
