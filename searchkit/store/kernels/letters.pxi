# What a vocabulary is made of: slots, growing lists of numbers, and words of letters that are read at once.

cdef uint64_t MULTIPLIER = 0x9E3779B97F4A7C15ULL


cdef struct Slot:
    uint64_t head       # the first eight bytes of a word
    uint32_t size
    uint32_t number     # of the word, plus one; 0 where the slot is free


cdef struct Letters:
    # A word of ASCII letters, made small, whose number is not looked up yet.
    uint64_t head           # its first eight bytes
    uint64_t tail           # its next eight
    uint64_t mask           # which bits of the tail count
    size_t size             # 0: there is none
    uint32_t hashed
    bint capital            # whether it begins with a large letter


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


cdef inline uint32_t digest(const uint8_t *word, size_t size, uint64_t *head) noexcept nogil:
    """The digest of a word, and its first eight bytes. There are eight bytes to spare behind it; they do not count."""
    cdef uint64_t state = size * MULTIPLIER, piece
    cdef size_t at = 0
    while at < size:
        memcpy(&piece, word + at, 8)
        if at + 8 > size:
            piece &= ((<uint64_t>1) << (8 * (size - at))) - 1
        if at == 0:
            head[0] = piece
        state = step(state, piece)
        at += 8
    return <uint32_t>(state ^ (state >> 32))


cdef inline void read_letters(const uint8_t *text, size_t start, size_t at, size_t end, Letters *word) noexcept nogil:
    """Read the word ``text[start:at]``, of at most 16 letters of ASCII, and make them small."""
    cdef size_t size = at - start
    cdef uint64_t head = 0, tail = 0, mask = 0, state
    if start + 16 <= end:
        memcpy(&head, text + start, 8)
        memcpy(&tail, text + start + 8, 8)
    else:
        memcpy(&head, text + start, size if size < 8 else 8)
        if size > 8:
            memcpy(&tail, text + start + 8, size - 8)
    # Setting this bit makes a letter small; what lies behind the word must not count.
    head |= 0x2020202020202020ULL
    tail |= 0x2020202020202020ULL
    if size < 8:
        head &= ((<uint64_t>1) << (8 * size)) - 1
    if size <= 8:
        tail = 0
    else:
        mask = ((<uint64_t>1) << (8 * (size - 8))) - 1 if size < 16 else ~(<uint64_t>0)
        tail &= mask
    state = step(size * MULTIPLIER, head)
    if size > 8:
        state = step(state, tail)
    word.head = head
    word.tail = tail
    word.mask = mask
    word.size = size
    word.hashed = <uint32_t>(state ^ (state >> 32))
    word.capital = text[start] <= 90
