# What a vocabulary is made of: slots, growing lists of numbers, and words of letters that are read at once.

cdef uint64_t MULTIPLIER = 0x9E3779B97F4A7C15ULL


# As many bytes of ones as of zeros: what is read from 16 less n on keeps n bytes, of 16.
cdef uint8_t KEPT[32]
memset(KEPT, 0xFF, 16)


cdef struct Slot:
    # All that is wanted of most words, in half a line of the processor's memory.
    uint64_t head       # the first eight bytes of a word
    uint64_t tail       # the second eight
    uint32_t size
    uint32_t number     # of the word, plus one; 0 where the slot is free
    uint32_t count      # how often it stands in the texts
    uint32_t _unused


cdef struct Letters:
    # A word of ASCII letters, made small, whose number is not looked up yet.
    uint64_t head           # its first eight bytes
    uint64_t tail           # its next eight
    size_t size             # 0: there is none
    uint32_t hashed
    bint capital            # whether it begins with a large letter


cdef enum:
    # So many words are read before the first of them is looked up: what it takes to fetch a slot from far away.
    AHEAD = 8


cdef struct Ahead:
    Letters words[AHEAD]
    size_t oldest
    size_t held


cdef struct Numbers:
    uint32_t *data
    size_t size
    size_t room


cdef inline int push(Numbers *numbers, uint32_t value) noexcept nogil:
    cdef uint32_t *grown
    if numbers.size == numbers.room:
        numbers.room = numbers.room * 2 if numbers.room else 1024
        grown = <uint32_t *>realloc(numbers.data, numbers.room * sizeof(uint32_t))
        if grown == NULL:
            return -1
        numbers.data = grown
        sk_advise_large(grown, numbers.room * sizeof(uint32_t))
    numbers.data[numbers.size] = value
    numbers.size += 1
    return 0


cdef inline uint64_t step(uint64_t state, uint64_t piece) noexcept nogil:
    """Mix eight more bytes into a digest."""
    state = (state ^ piece) * MULTIPLIER
    return state ^ (state >> 29)


cdef inline void read_letters(const uint8_t *text, size_t start, size_t at, size_t end, Letters *word) noexcept nogil:
    """Read the word ``text[start:at]``, of at most 16 letters of ASCII, and make them small."""
    cdef size_t size = at - start
    cdef uint64_t head = 0, tail = 0, head_kept, tail_kept, state, longer
    if start + 16 <= end:
        memcpy(&head, text + start, 8)
        memcpy(&tail, text + start + 8, 8)
    else:
        memcpy(&head, text + start, size if size < 8 else 8)
        if size > 8:
            memcpy(&tail, text + start + 8, size - 8)
    # Setting this bit makes a letter small; what lies behind the word must not count. All without a branch on the
    # size, which could not be foreseen.
    memcpy(&head_kept, KEPT + 16 - size, 8)
    memcpy(&tail_kept, KEPT + 24 - size, 8)
    head = (head | 0x2020202020202020ULL) & head_kept
    tail = (tail | 0x2020202020202020ULL) & tail_kept
    state = step(size * MULTIPLIER, head)
    longer = step(state, tail)
    state = longer if size > 8 else state
    word.head = head
    word.tail = tail
    word.size = size
    word.hashed = <uint32_t>(state ^ (state >> 32))
    word.capital = text[start] <= 90
