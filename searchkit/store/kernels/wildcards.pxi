# Wildcards, a part of patterns.pyx: does a form fit a pattern, and which of all forms do?


cdef inline bint is_behind(
    const uint8_t *text, size_t size, const uint8_t *wanted, size_t wanted_size, bint past
) noexcept nogil:
    """Whether a form comes at or behind ``wanted``; where ``past``, behind all that begin with it."""
    cdef int order = memcmp(text, wanted, min(size, wanted_size))
    if order:
        return order > 0
    return not past and size >= wanted_size


cdef inline size_t behind_character(const uint8_t *text, size_t at, size_t size) noexcept nogil:
    """Where the character at ``at`` ends: behind a byte and those that can only continue it."""
    at += 1
    while at < size and text[at] & 0xC0 == 0x80:
        at += 1
    return at


cdef bint fits(const uint16_t *pattern, size_t count, const uint8_t *text, size_t size) noexcept nogil:
    """Whether a form fits. A later run of any characters forgives all before it, so one is enough to go back to."""
    cdef size_t token = 0, at = 0, run = count, run_at = 0
    while at < size:
        if token < count and pattern[token] == text[at]:
            token += 1
            at += 1
        elif token < count and pattern[token] == ONE:
            token += 1
            at = behind_character(text, at, size)
        elif token < count and pattern[token] == MANY:
            if token + 1 == count:
                return True
            run, run_at = token, at
            token += 1
        elif run < count:
            run_at += 1
            at = run_at
            token = run + 1
        else:
            return False
    return token == count or (token + 1 == count and pattern[token] == MANY)


cdef size_t longest_literal(const uint16_t *pattern, size_t count, uint8_t *literal) noexcept nogil:
    """The most bytes that stand side by side in a pattern, written to ``literal``; returns how many."""
    cdef size_t at, size = 0, best = 0, best_end = 0
    for at in range(count):
        size = size + 1 if pattern[at] < ONE else 0
        if size > best:
            best, best_end = size, at + 1
    for at in range(best):
        literal[at] = <uint8_t>pattern[best_end - best + at]
    return best


cdef uint32_t form_at(const Table *table, uint32_t low, size_t at) noexcept nogil:
    """The form that byte ``at`` belongs to, which is ``low`` or a later one: the first that ends behind it."""
    cdef uint32_t step = 1, high, middle
    while low + step < table.count and load32(table.ends + 4 * <size_t>(low + step)) <= at:
        low += step
        step *= 2
    high = min(low + step, table.count)
    while low < high:
        middle = low + (high - low) // 2
        if load32(table.ends + 4 * <size_t>middle) <= at:
            low = middle + 1
        else:
            high = middle
    return low


cdef int scan(const Table *table, const uint16_t *pattern, size_t count, Buffer *found) noexcept nogil:
    """The forms that fit, among all of them: those with the longest literal of the pattern are tried."""
    cdef uint8_t *literal = <uint8_t *>malloc(count + 1)
    cdef const uint8_t *hit
    cdef size_t size, at = 0, begin, end
    cdef uint32_t number = 0
    cdef int failed = 0
    if literal == NULL:
        return NO_MEMORY
    size = longest_literal(pattern, count, literal)
    while failed == 0 and number < table.count:
        if size:
            hit = <const uint8_t *>memmem(table.forms + at, table.size - at, literal, size)
            if hit == NULL:
                break
            at = hit - table.forms
            number = form_at(table, number, at)
        if place(table, number, &begin, &end) < 0 or (size and not begin <= at < end):
            failed = DAMAGED
        elif size and at + size > end:
            # It runs from one form into the next.
            at += 1
        else:
            if fits(pattern, count, table.forms + begin, end - begin):
                failed = push(found, number)
            at = end
            number += 1
    free(literal)
    return failed
