# Misspellings, a part of patterns.pyx: the forms within one or two edits of a word.
#
# The forms in their alphabetical order are walked like a trie: one row of the table of edit distances for each
# character of the form at hand, kept for the next form as far as both begin alike. Where no form with this beginning
# can be near enough, the rows say what could stand in its place, and all forms before that are leapt over. Most forms
# are given up within their first eight bytes, which are kept as one number each: larger numbers, later forms.

cdef extern from *:
    uint64_t __builtin_bswap64(uint64_t) noexcept nogil
    int __builtin_clzll(uint64_t) noexcept nogil

cdef enum:
    HEAD = 8

cdef uint64_t NOT_ASCII = 0x8080808080808080ULL


cdef struct Walk:
    uint32_t limit
    uint32_t size          # characters of the word
    uint32_t band          # cells of a row: the word's ends that are within the limit of the form's length
    uint32_t *word         # the word, with NONE as often as the limit says before it, and thrice behind it
    uint32_t *characters   # of the form at hand, as many as have a row
    uint32_t *ends         # the byte behind each of them; 0 before the first
    uint8_t *rows          # cell ``at`` of row ``depth`` is of the word's first depth + at - limit characters
    uint8_t *target        # what the next form must not come before
    void *memory           # all of these


cdef int begin_walk(Walk *walk, str word, uint32_t limit) except -2:
    """Make room for a walk and lay out the word and the first row; -1 where memory ends."""
    cdef size_t size = len(word), depth = size + limit + 2, at
    walk.limit = limit
    walk.size = <uint32_t>size
    walk.band = 2 * limit + 1
    walk.memory = malloc(4 * (size + limit + 3 + 2 * depth + 2) + (walk.band + 4) * depth + 8)
    if walk.memory == NULL:
        return -1
    walk.word = <uint32_t *>walk.memory
    walk.characters = walk.word + size + limit + 3
    walk.ends = walk.characters + depth
    walk.rows = <uint8_t *>(walk.ends + depth + 1)
    walk.target = walk.rows + walk.band * depth
    for at in range(size + limit + 3):
        walk.word[at] = NONE
    for at in range(size):
        walk.word[limit + at] = ord(word[at])
    for at in range(walk.band):
        walk.rows[at] = <uint8_t>(at - limit) if limit <= at <= limit + size else <uint8_t>(limit + 1)
    walk.ends[0] = 0
    return 0


cdef inline uint32_t decode(const uint8_t *text, size_t at, size_t size, size_t *behind) noexcept nogil:
    """The character at ``at``; a byte that no character begins with, as Python's surrogateescape reads it."""
    cdef uint32_t first = text[at], code = 0
    cdef size_t more = 0, step
    behind[0] = at + 1
    if first < 0x80:
        return first
    if 0xC2 <= first <= 0xDF:
        more, code = 1, first & 0x1F
    elif first & 0xF0 == 0xE0:
        more, code = 2, first & 0x0F
    elif 0xF0 <= first <= 0xF4:
        more, code = 3, first & 0x07
    if more == 0 or size - at <= more:
        return 0xDC00 + first
    for step in range(1, more + 1):
        if text[at + step] & 0xC0 != 0x80:
            return 0xDC00 + first
        code = code << 6 | (text[at + step] & 0x3F)
    if (more == 2 and (code < 0x800 or 0xD800 <= code < 0xE000)) or (more == 3 and not 0x10000 <= code < 0x110000):
        return 0xDC00 + first
    behind[0] = at + 1 + more
    return code


cdef inline size_t encode(uint32_t code, uint8_t *out) noexcept nogil:
    """Write a character of the word as UTF-8; returns its bytes."""
    if code < 0x80:
        out[0] = <uint8_t>code
        return 1
    if code < 0x800:
        out[0] = <uint8_t>(0xC0 | code >> 6)
        out[1] = <uint8_t>(0x80 | (code & 0x3F))
        return 2
    if code < 0x10000:
        out[0] = <uint8_t>(0xE0 | code >> 12)
        out[1] = <uint8_t>(0x80 | (code >> 6 & 0x3F))
        out[2] = <uint8_t>(0x80 | (code & 0x3F))
        return 3
    out[0] = <uint8_t>(0xF0 | code >> 18)
    out[1] = <uint8_t>(0x80 | (code >> 12 & 0x3F))
    out[2] = <uint8_t>(0x80 | (code >> 6 & 0x3F))
    out[3] = <uint8_t>(0x80 | (code & 0x3F))
    return 4


cdef inline uint32_t least_of(const Walk *walk, uint32_t depth) noexcept nogil:
    """The least cell of a row."""
    cdef const uint8_t *row = walk.rows + walk.band * depth
    cdef uint32_t at, least = row[0]
    for at in range(1, walk.band):
        least = min(least, <uint32_t>row[at])
    return least


cdef inline uint32_t add_row(Walk *walk, uint32_t depth) noexcept nogil:
    """Row ``depth`` + 1, for the character that was put at ``depth``; returns its least cell."""
    # A function for each width of a row, so that the compiler lays its few cells out one after the other.
    cdef bint is_inner = depth + 1 >= walk.limit and depth + walk.limit < walk.size
    if walk.limit == 2:
        return add_row_within(walk, depth, 2, True) if is_inner else add_row_within(walk, depth, 2, False)
    if walk.limit == 1:
        return add_row_within(walk, depth, 1, True) if is_inner else add_row_within(walk, depth, 1, False)
    return add_row_within(walk, depth, 0, False)


cdef inline uint32_t add_row_within(Walk *walk, uint32_t depth, const uint32_t limit, const bint is_inner) noexcept nogil:
    """The same; ``limit`` is that of the walk, and all cells of an inner row are about characters of the word.

    Optimal string alignment: https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance
    """
    cdef uint32_t band = 2 * limit + 1, far = limit + 1, at, cost, swapped, left = limit + 1, least = limit + 1
    cdef const uint8_t *above = walk.rows + band * depth
    cdef const uint8_t *second = walk.rows + band * (depth - 1) if depth else above
    cdef uint8_t *row = walk.rows + band * (depth + 1)
    # word[at] is the last of the word's characters that cell ``at`` of this row is about.
    cdef const uint32_t *word = walk.word + depth
    cdef uint32_t code = walk.characters[depth], last = walk.characters[depth - 1] if depth else NONE - 1
    for at in range(band):
        cost = above[at] + (word[at] != code)
        if at + 1 < band:
            cost = min(cost, <uint32_t>above[at + 1] + 1)
        if at:
            cost = min(cost, left + 1)
            # Without a branch: where the two are not swapped it costs too much.
            swapped = (word[at - 1] == code) & (word[at] == last)
            cost = min(cost, second[at] + 1 + far * (1 - swapped))
        if not is_inner and (depth + 1 + at < limit or depth + 1 + at > limit + walk.size):
            # No such cell: before the word's beginning, or behind its end.
            cost = far
        left = min(cost, far)
        row[at] = <uint8_t>left
        least = min(least, left)
    return least


cdef uint32_t next_character(const Walk *walk, uint32_t depth) noexcept nogil:
    """The least character above the one at ``depth`` that may stand in its place where no edit is left, or NONE."""
    cdef uint32_t at, best = NONE, above = walk.characters[depth], code
    cdef const uint8_t *row = walk.rows + walk.band * depth
    for at in range(walk.band):
        if row[at] <= walk.limit:
            code = walk.word[depth + at]
            if above < code < best:
                best = code
        # The second of two that were swapped.
        if depth and walk.rows[walk.band * (depth - 1) + at] < walk.limit:
            code = walk.word[depth - 1 + at]
            if above < code < best and walk.word[depth + at] == walk.characters[depth - 1]:
                best = code
    return best


cdef inline uint64_t head_of(const uint8_t *text, size_t size, const uint8_t *end) noexcept nogil:
    """The first eight bytes, zeros behind the last one; nothing is read behind ``end``."""
    cdef uint64_t head = 0
    cdef size_t at
    if text + HEAD <= end:
        head = __builtin_bswap64(load64(text))
        return head if size >= HEAD else head & ~((~(<uint64_t>0)) >> (8 * size))
    for at in range(min(size, <size_t>HEAD)):
        head |= <uint64_t>text[at] << (56 - 8 * at)
    return head


cdef int write_heads(const Table *table, uint64_t *heads) noexcept nogil:
    cdef uint32_t at
    cdef size_t begin = 0, end = 0
    for at in range(table.count):
        if place(table, load32(table.order + 4 * <size_t>at), &begin, &end) < 0:
            return DAMAGED
        heads[at] = head_of(table.forms + begin, end - begin, table.forms + table.size)
    return 0


cdef inline uint32_t leap_heads(const uint64_t *heads, uint32_t at, uint32_t end, uint64_t aim) noexcept nogil:
    """The first place behind ``at`` whose head is ``aim`` or later."""
    cdef uint32_t low = at, step = 1, high = end, middle
    while low + step < end:
        if heads[low + step] >= aim:
            high = low + step
            break
        low += step
        step *= 2
    while low + 1 < high:
        middle = low + (high - low) // 2
        if heads[middle] >= aim:
            high = middle
        else:
            low = middle
    return high


cdef int64_t leap(const Table *table, uint32_t at, uint32_t end, const uint8_t *target, size_t size, bint past) noexcept nogil:
    """The first place of the order behind ``at`` with a form at or past ``target``; negative where it is damaged."""
    cdef uint32_t low, step = 1, high = end, middle
    cdef uint64_t aim = head_of(target, size, target + size), behind
    cdef int is_far
    if size <= HEAD:
        behind = aim + ((<uint64_t>1) << (8 * (HEAD - size)))
        if past and behind < aim:
            return end
        return leap_heads(table.heads, at, end, behind if past else aim)
    # Their heads do not tell: those with this one are compared as a whole.
    low = leap_heads(table.heads, at, end, aim)
    if low == end:
        return end
    is_far = is_far_enough(table, low, target, size, past)
    if is_far:
        return DAMAGED if is_far < 0 else low
    # ``low`` is before the target; ``high`` is not, or is the end.
    while low + step < end:
        is_far = is_far_enough(table, low + step, target, size, past)
        if is_far < 0:
            return DAMAGED
        if is_far:
            high = low + step
            break
        low += step
        step *= 2
    while low + 1 < high:
        middle = low + (high - low) // 2
        is_far = is_far_enough(table, middle, target, size, past)
        if is_far < 0:
            return DAMAGED
        if is_far:
            high = middle
        else:
            low = middle
    return high


cdef inline int is_far_enough(const Table *table, uint32_t at, const uint8_t *target, size_t size, bint past) noexcept nogil:
    cdef size_t begin, end
    if place(table, load32(table.order + 4 * <size_t>at), &begin, &end) < 0:
        return DAMAGED
    return is_behind(table.forms + begin, end - begin, target, size, past)


cdef int run_walk(Walk *walk, const Table *table, uint32_t first, uint32_t behind, Buffer *found) noexcept nogil:
    """Put the number and the edits of each form that is near enough into ``found``."""
    cdef uint32_t depth = 0, shared, number, limit = walk.limit, code, edits
    cdef uint64_t head, before = 0, letters
    cdef size_t begin = 0, end = 0, size, at, next_at = 0, target_size
    cdef const uint8_t *text
    cdef bint is_dead, past, is_ascii
    cdef int64_t place_at = first
    while place_at < behind:
        head = table.heads[place_at]
        is_ascii = (head | before) & NOT_ASCII == 0
        at, shared, is_dead, text, size = 0, 0, False, NULL, 0
        if is_ascii:
            shared = HEAD if head == before else <uint32_t>__builtin_clzll(head ^ before) >> 3
            shared = min(shared, depth)
            at = shared
        if not is_ascii or (shared < depth and shared == HEAD):
            number = load32(table.order + 4 * <size_t>place_at)
            if place(table, number, &begin, &end) < 0:
                return DAMAGED
            text, size = table.forms + begin, end - begin
            while shared < depth and at < size and decode(text, at, size, &next_at) == walk.characters[shared]:
                shared += 1
                at = next_at
        depth, before = shared, head
        while is_ascii and at < HEAD:
            code = (head >> (56 - 8 * at)) & 0xFF
            if code == 0:
                # It ends here, or has a zero.
                break
            walk.characters[depth] = code
            walk.ends[depth + 1] = <uint32_t>at + 1
            is_dead = add_row(walk, depth) > limit
            if is_dead:
                break
            depth += 1
            at += 1
        if not is_dead:
            if text == NULL:
                number = load32(table.order + 4 * <size_t>place_at)
                if place(table, number, &begin, &end) < 0:
                    return DAMAGED
                text, size = table.forms + begin, end - begin
            while at < size and not is_dead:
                walk.characters[depth] = decode(text, at, size, &next_at)
                walk.ends[depth + 1] = <uint32_t>next_at
                is_dead = add_row(walk, depth) > limit
                if not is_dead:
                    depth += 1
                    at = next_at
        if not is_dead:
            if depth + limit >= walk.size and walk.size + limit >= depth:
                edits = walk.rows[walk.band * depth + walk.size + limit - depth]
                if edits <= limit and (push(found, number) < 0 or push(found, edits) < 0):
                    return NO_MEMORY
            place_at += 1
            continue
        while True:
            past = least_of(walk, depth) < limit
            code = NONE if past else next_character(walk, depth)
            if past or code != NONE:
                break
            if depth == 0:
                return 0
            depth -= 1
        target_size = walk.ends[depth + 1] if past else walk.ends[depth]
        if text != NULL:
            memcpy(walk.target, text, target_size)
        else:
            letters = __builtin_bswap64(head)
            memcpy(walk.target, &letters, target_size)
        if not past:
            target_size += encode(code, walk.target + target_size)
        place_at = leap(table, <uint32_t>place_at, behind, walk.target, target_size, past)
        if place_at < 0:
            return DAMAGED
    return 0
