# All words of one pattern, as if they were one word: what each adds is summed up, word by word, over a whole segment.
#
# A pattern has many words, most of them rare. To go through all of them for each window costs more than the window.

# Four of the steps to which scores are rounded.
cdef double STEPS_APART = 4.0 / (<uint64_t>1 << 36)


cdef struct Meant:
    # A word of a pattern in one segment: what a cursor begins with, and which of its forms are meant.
    const uint8_t *postings
    size_t postings_size
    const uint8_t *positions
    size_t positions_size
    uint32_t articles
    uint32_t occurrences
    uint32_t forms
    const uint8_t *filter       # a byte for each form; NULL: all are meant
    uint32_t filter_size


cdef enum:
    # A frequency that is too large for a byte, or is in part of the title.
    LARGE = 255


cdef struct Sums:
    # Of the articles of a segment. What is not marked in ``bits`` has no frequency yet. Most frequencies are small:
    # bytes of them stay near the processor.
    uint64_t *bits              # the articles that have a word
    uint8_t *small              # how often the words stand there, none of them in the title; or LARGE
    uint64_t *large             # how often they do where it is LARGE, and above 32 bits, how often in the title
    bint scoring                # whether the frequencies are wanted


cdef size_t sums_size(uint32_t articles) noexcept nogil:
    """The bytes that sums over as many articles take; whole windows have their bits."""
    return sizeof(uint64_t) * (WORDS * (<size_t>articles // WINDOW + 1) + articles) + articles


cdef void begin_sums(Sums *sums, void *memory, uint32_t articles, bint scoring) noexcept nogil:
    """Lay out sums in memory of that size; no article has a word yet."""
    cdef size_t words = (<size_t>articles // WINDOW + 1) * WORDS
    sums.scoring = scoring
    sums.bits = <uint64_t *>memory
    sums.large = sums.bits + words
    sums.small = <uint8_t *>(sums.large + articles)
    memset(memory, 0, words * sizeof(uint64_t))


cdef inline void add_counts(Sums *sums, uint32_t article, uint32_t total, uint32_t title) noexcept nogil:
    """A word stands in an article ``total`` times, ``title`` of them in the title."""
    cdef uint64_t word = sums.bits[article >> 6]
    # All bits where the article has a frequency already, and else none: without a branch.
    cdef uint32_t known = 0 - <uint32_t>((word >> (article & 63)) & 1)
    cdef uint32_t before
    sums.bits[article >> 6] = word | (<uint64_t>1) << (article & 63)
    if sums.scoring:
        before = sums.small[article] & known
        if title == 0 and total < LARGE and before + total < LARGE:
            sums.small[article] = <uint8_t>(before + total)
            return
        if before != LARGE:
            sums.small[article] = LARGE
            sums.large[article] = before
        sums.large[article] += total | <uint64_t>title << 32


cdef int add_meant(Search *search, Sums *sums, Cursor *cursor, const Meant *meant) noexcept nogil:
    """Add what one word gives to every article that has it."""
    cdef uint32_t block, at
    cdef int failed
    cursor.postings, cursor.postings_size = meant.postings, meant.postings_size
    cursor.positions, cursor.positions_size = meant.positions, meant.positions_size
    cursor.articles, cursor.occurrences, cursor.forms = meant.articles, meant.occurrences, meant.forms
    if start_cursor(cursor) < 0:
        return DAMAGED
    for block in range(cursor.blocks + (cursor.rest > 0)):
        if spent(search, 32):
            return EXPIRED
        if load_block(cursor, block) < 0:
            return DAMAGED
        if meant.filter != NULL:
            failed = add_forms(sums, cursor, meant)
            if failed < 0:
                return failed
        elif cursor.bit_set != NULL and not sums.scoring:
            for at in range(cursor.words):
                sums.bits[cursor.first_word + at] |= load64(cursor.bit_set + 8 * at)
        else:
            if list_block(cursor) < 0 or (sums.scoring and load_counts(cursor) < 0):
                return DAMAGED
            for at in range(cursor.held):
                add_counts(sums, cursor.article[at], cursor.total[at], cursor.title[at])
    return 0


cdef int add_forms(Sums *sums, Cursor *cursor, const Meant *meant) noexcept nogil:
    """The same for the block at hand of a word of which not all forms are meant."""
    # How many of the positions before each one of a block have a form that is meant.
    cdef uint32_t before[BLOCK + 1]
    cdef uint32_t at, number, index, last, left, in_title, total, title, block = NONE
    if list_block(cursor) < 0 or load_starts(cursor) < 0:
        return DAMAGED
    for at in range(cursor.held):
        number, left, in_title = cursor.start[at], cursor.total[at], cursor.title[at]
        total = title = 0
        while left:
            if number // BLOCK != block:
                block = number // BLOCK
                if load_forms(cursor, block) < 0:
                    return DAMAGED
                sum_meant(cursor, meant, before)
            index = number % BLOCK
            if index >= cursor.place_held:
                return DAMAGED
            last = min(cursor.place_held, index + left)
            total += before[last] - before[index]
            # Positions ascend: those in the title are the first.
            title += before[min(last, index + in_title)] - before[index]
            in_title -= min(in_title, last - index)
            left -= last - index
            number += last - index
        if total:
            add_counts(sums, cursor.article[at], total, title)
    return 0


cdef inline void sum_meant(const Cursor *cursor, const Meant *meant, uint32_t *before) noexcept nogil:
    """Count the positions of the block at hand whose form is meant."""
    cdef uint32_t at, form, count = 0
    for at in range(cursor.place_held):
        before[at] = count
        form = cursor.form[at]
        # What is out of bounds, by damage, reads the first and counts for nothing: there is no branch to guess.
        count += (form < meant.filter_size) & (meant.filter[form if form < meant.filter_size else 0] != 0)
    before[cursor.place_held] = count


cdef uint64_t live_among(const Search *search, const Sums *sums) noexcept nogil:
    """How many articles that are not deleted have a word."""
    cdef uint32_t word
    cdef uint64_t count = 0, live
    for word in range((search.articles + 63) >> 6):
        if sums.bits[word] == 0:
            continue
        live = ~(<uint64_t>0)
        if search.live != NULL:
            memcpy(&live, search.live + 8 * <size_t>word,
                   min(<size_t>8, ((<size_t>search.articles + 7) >> 3) - 8 * <size_t>word))
        count += sk_count_bits(sums.bits[word] & live)
    return count


cdef double floor_of(const Best *best, double k1, double least) noexcept nogil:
    """What is below this frequency scores less than the worst of the best frequencies.

    Scores are rounded to multiples of 2^-36, and their weight is ``least`` or more: they are as good as sure to
    differ where their frequencies, saturated, differ by more than a few such steps.
    """
    cdef double saturated
    if best.size < best.room:
        return 0
    saturated = best.score[0] / (k1 + best.score[0]) - STEPS_APART / least
    return k1 * saturated / (1 - saturated) * (1 - 1e-9) if saturated > 0 else 0
