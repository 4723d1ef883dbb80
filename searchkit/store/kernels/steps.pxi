# Regular expressions that are a run of steps, a part of patterns.pyx: which forms of ASCII do they mean?
#
# A step takes one character of some; it may be left out, or taken again and again. All states of the run are the bits
# of one number, so that a byte of a form costs a few operations whatever the expression looks like: G. Navarro and
# M. Raffinot, Fast and simple character classes and bounded gaps pattern matching, 2003.

cdef enum:
    # A bit for each step, and one for the end.
    MOST_STEPS = 63


cdef struct Steps:
    uint64_t takes[128]     # for each byte the steps that it can be
    uint64_t optional
    uint64_t repeated
    uint64_t begin          # the states before the first byte
    uint64_t end            # the state behind the last step


cdef inline uint64_t passed(const Steps *steps, uint64_t states) noexcept nogil:
    """The states, and those that are reached by leaving out steps."""
    cdef uint64_t more = states | (states & steps.optional) << 1
    while more != states:
        states = more
        more = states | (states & steps.optional) << 1
    return states


cdef int read_steps(Steps *steps, list given) except -1:
    """Lay out steps, each as (the bytes that it takes, whether it may be left out, whether it is taken on and on)."""
    cdef uint32_t at = 0
    cdef uint8_t byte
    if len(given) > MOST_STEPS:
        raise ValueError("too many steps")
    memset(steps, 0, sizeof(Steps))
    for taken, optional, repeated in given:
        for byte in <bytes>taken:
            if byte >= 0x80:
                raise ValueError("steps are of ASCII")
            steps.takes[byte] |= (<uint64_t>1) << at
        steps.optional |= (<uint64_t>bool(optional)) << at
        steps.repeated |= (<uint64_t>bool(repeated)) << at
        at += 1
    steps.begin = passed(steps, 1)
    steps.end = (<uint64_t>1) << at
    return 0


cdef inline int walk_steps(const Steps *steps, const uint8_t *text, size_t size) noexcept nogil:
    """Whether a form is what the steps mean: 1 or 0, or -1 where another character than those of ASCII comes up."""
    cdef uint64_t states = steps.begin
    cdef size_t at
    for at in range(size):
        if text[at] >= 0x80:
            return -1
        states &= steps.takes[text[at]]
        if states == 0:
            return 0
        states = states << 1 | (states & steps.repeated)
        if states & steps.optional:
            states = passed(steps, states)
    return (states & steps.end) != 0


cdef int step_through(const Steps *steps, const Table *table, uint32_t first, uint32_t behind, Buffer *found,
                      Buffer *others) noexcept nogil:
    """The forms at these places of the order that are meant, and those that steps do not decide."""
    cdef uint32_t at, number
    cdef size_t begin = 0, end = 0
    cdef int meant, failed = 0
    for at in range(first, behind):
        number = load32(table.order + 4 * <size_t>at)
        if place(table, number, &begin, &end) < 0:
            return DAMAGED
        meant = walk_steps(steps, table.forms + begin, end - begin)
        if meant:
            failed = push(found if meant > 0 else others, number)
            if failed < 0:
                return failed
    return 0
