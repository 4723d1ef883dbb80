# Words that stand side by side: their positions in one article, as bits.

cdef enum:
    # No position reaches it, unless it is damaged.
    LAST_POSITION = 1 << POSITION_BITS
    FIRST_PLACES = 8


cdef int room_for(Search *search, uint32_t count) noexcept nogil:
    """Make room for as many positions."""
    cdef void *grown
    if count <= search.places_room:
        return 0
    search.places_room = 2 * <size_t>count
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
    cdef uint32_t number, held, lead = 0, fewest = NONE, kept, at
    cdef int failed
    # The word with the fewest positions goes first: the others are only tested against what it leaves.
    for number in range(node.count):
        cursor = &search.cursors[node.first + number]
        if load_counts(cursor) < 0:
            return DAMAGED
        find_place(cursor)
        held = cursor.total[cursor.at]
        if held < fewest:
            fewest = held
            lead = number
    failed = room_for(search, fewest)
    if failed < 0:
        return failed
    if positions_of(&search.cursors[node.first + lead], search.lead_places, NULL) < 0:
        return DAMAGED
    # Where it is enough to find it once, it most often stands near the beginning.
    held = fewest if counting or fewest <= FIRST_PLACES else FIRST_PLACES
    failed = begins_among(search, node, lead, held, &kept)
    if failed == 0 and kept == 0 and held < fewest:
        failed = begins_among(search, node, lead, fewest, &kept)
    if failed < 0:
        return failed
    total[0] = kept
    held = search.titles[article]
    at = 0
    while at < kept and search.places[at] < held:
        at += 1
    title[0] = at
    return 0


cdef int begins_among(Search *search, Node *node, uint32_t lead, uint32_t held, uint32_t *kept) noexcept nogil:
    """Find where the phrase begins, by the first ``held`` positions of its word ``lead``."""
    cdef uint32_t number, at, begin
    cdef int failed
    kept[0] = 0
    for at in range(held):
        begin = search.lead_places[at] - lead
        search.places[kept[0]] = begin
        # Below ``lead`` no phrase can begin: what is less than nothing is large here.
        kept[0] += begin < LAST_POSITION
    for number in range(node.count):
        if number != lead and kept[0]:
            failed = keep_beside(search, &search.cursors[node.first + number], number, kept)
            if failed < 0:
                return failed
    return 0


cdef int keep_beside(Search *search, Cursor *cursor, uint32_t number, uint32_t *kept) noexcept nogil:
    """Keep the places behind which, by ``number``, a word stands."""
    cdef uint32_t held = cursor.total[cursor.at], at, place, last, left = 0
    cdef uint64_t *marks
    cdef int failed = room_for(search, held)
    if failed < 0:
        return failed
    if positions_of(cursor, search.other_places, NULL) < 0:
        return DAMAGED
    last = 0
    for at in range(kept[0]):
        # They ascend, unless they are damaged.
        last = max(last, search.places[at] + number)
    failed = marks_for(search, last)
    if failed < 0:
        return failed
    marks = search.marks
    # Behind the last place nobody asks.
    at = 0
    while at < held and search.other_places[at] <= last:
        place = search.other_places[at]
        marks[place >> 6] |= (<uint64_t>1) << (place & 63)
        at += 1
    held = at
    for at in range(kept[0]):
        place = search.places[at] + number
        search.places[left] = search.places[at]
        left += (marks[place >> 6] >> (place & 63)) & 1
    for at in range(held):
        marks[search.other_places[at] >> 6] = 0
    kept[0] = left
    return 0
