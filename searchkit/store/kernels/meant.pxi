# All words of one pattern, as if they were one word: what each adds is summed up, word by word, over a whole segment.
#
# A pattern has many words, most of them rare. To go through all of them for each window costs more than the window.

# Four of the steps to which scores are rounded.
cdef double STEPS_APART = 4.0 / (<uint64_t>1 << 36)
# Frequencies as whole numbers: so many ticks are one, and more than this are never met.
cdef double TICKS = 1 << 20
cdef double MOST_TICKED = 1e6


cdef struct Meant:
    # A word of a pattern in one segment: what a cursor begins with, and which of its forms are meant.
    const uint8_t *postings
    size_t postings_size
    const uint8_t *positions
    size_t positions_size
    uint32_t articles
    uint32_t occurrences
    uint32_t forms
    double peak
    const uint8_t *filter       # a byte for each form; NULL: all are meant
    uint32_t filter_size


cdef enum:
    # A frequency that is too large for a byte. The lower bits of other bytes are that in the body, the upper two that
    # in the title.
    LARGE = 255
    BODY_BITS = 6
    MOST_IN_BODY = 62
    MOST_IN_TITLE = 3


cdef struct Sums:
    # Of the articles of a segment. What is not marked in ``scored`` has no frequency yet. Most frequencies are small:
    # bytes of them stay near the processor.
    uint64_t *bits              # the articles that have a word, together with those that are scored
    uint64_t *scored
    uint8_t *small              # how often the words stand there; or LARGE
    uint64_t *large             # how often they do where it is LARGE, and above 32 bits, how often in the title
    bint scoring                # whether the frequencies are wanted
    double least                # what is below this frequency is not
    uint64_t *later             # for each window the most that the long words to come add to an article, in ticks
    uint32_t windows


cdef size_t sums_size(uint32_t articles) noexcept nogil:
    """The bytes that sums over as many articles take; whole windows have their bits."""
    return (sizeof(uint64_t) * ((2 * WORDS + 1) * (<size_t>articles // WINDOW + 1) + articles)) + articles


cdef void begin_sums(Sums *sums, void *memory, uint32_t articles, bint scoring, double least) noexcept nogil:
    """Lay out sums in memory of that size; no article has a word yet."""
    cdef size_t words
    sums.windows = articles // WINDOW + 1
    words = <size_t>sums.windows * WORDS
    sums.scoring = scoring
    sums.least = least if scoring and least < MOST_TICKED else 0
    sums.bits = <uint64_t *>memory
    sums.scored = sums.bits + words
    sums.later = sums.scored + words
    sums.large = sums.later + sums.windows
    sums.small = <uint8_t *>(sums.large + articles)
    memset(memory, 0, (2 * words + sums.windows) * sizeof(uint64_t))


cdef inline uint64_t ticks(double peak) noexcept nogil:
    """A bound of a frequency as a whole number: what was added can be taken away without a rest."""
    return <uint64_t>(min(peak, MOST_TICKED) * TICKS) + 1


cdef void foresee(Sums *sums, const Cursor *cursor, bint comes) noexcept nogil:
    """Add what a long word can add to an article to each window that it stands in, or take it away."""
    cdef uint32_t block, window = 0, other, last
    cdef uint64_t peak = 0, here
    # Numbers go round: to add this often minus one takes away.
    cdef uint64_t times = 1 if comes else ~(<uint64_t>0)
    for block in range(cursor.blocks + (cursor.rest > 0)):
        last = min(last_of_block(cursor, block) // WINDOW, sums.windows - 1)
        here = ticks(peak_of_block(cursor, block))
        if last > window:
            # Behind this block nothing of the window is left, and what is between is its own.
            sums.later[window] += times * max(peak, here)
            for other in range(window + 1, last):
                sums.later[other] += times * here
            window, peak = last, 0
        peak = max(peak, here)
    sums.later[window] += times * peak


cdef bint is_hopeless(const Sums *sums, const Cursor *cursor, uint32_t block) noexcept nogil:
    """Whether a block adds too little to its articles, with all words to come, if they have no frequency yet.

    If they have none because of an earlier word, that was hopeless with all that came behind it.
    """
    cdef uint32_t window, first, last
    cdef uint64_t most = 0
    if sums.least <= 0 or cursor.blocks == 0:
        return False
    first = (last_of_block(cursor, block - 1) if block else 0) // WINDOW
    last = min(last_of_block(cursor, block) // WINDOW, sums.windows - 1)
    for window in range(first, last + 1):
        most = max(most, sums.later[window])
    return (peak_of_block(cursor, block) + most / TICKS) * (1 + 1e-6) + 1e-9 < sums.least


cdef inline void add_counts(Sums *sums, uint32_t article, uint32_t total, uint32_t title, bint hopeless) noexcept nogil:
    """A word stands in an article ``total`` times, ``title`` of them in the title."""
    cdef uint64_t word = sums.scored[article >> 6], bit = (<uint64_t>1) << (article & 63)
    if not sums.scoring or (hopeless and not word & bit):
        sums.bits[article >> 6] |= bit
        return
    sums.scored[article >> 6] = word | bit
    # All bits where the article has a frequency already, and else none: without a branch.
    add_frequency(sums, sums.small, article, total, title, 0 - <uint32_t>((word >> (article & 63)) & 1))


cdef inline void add_frequency(Sums *sums, uint8_t *small, uint32_t article, uint32_t total, uint32_t title,
                               uint32_t known) noexcept nogil:
    """The same for its frequency; ``known`` is all bits where it has one already, and else none."""
    cdef uint32_t before = small[article] & known
    cdef uint32_t body = (before & ((1 << BODY_BITS) - 1)) + min(total - title, <uint32_t>MOST_IN_BODY + 1)
    cdef uint32_t in_title = (before >> BODY_BITS) + min(title, <uint32_t>MOST_IN_TITLE + 1)
    # Of what is LARGE the bits of the body are more than there may be.
    if (body > MOST_IN_BODY) | (in_title > MOST_IN_TITLE):
        add_large(sums, article, total, title, before)
    else:
        small[article] = <uint8_t>(body | in_title << BODY_BITS)


cdef void add_large(Sums *sums, uint32_t article, uint32_t total, uint32_t title, uint32_t before) noexcept nogil:
    """The same where a byte may be too small."""
    if before != LARGE:
        sums.small[article] = LARGE
        sums.large[article] = packed_total(before) | <uint64_t>(before >> BODY_BITS) << 32
    sums.large[article] += total | <uint64_t>title << 32


cdef inline uint32_t packed_total(uint32_t small) noexcept nogil:
    """How often the words stand in an article, by its byte."""
    return (small & ((1 << BODY_BITS) - 1)) + (small >> BODY_BITS)


cdef int start_meant(Cursor *cursor, const Meant *meant) noexcept nogil:
    cursor.postings, cursor.postings_size = meant.postings, meant.postings_size
    cursor.positions, cursor.positions_size = meant.positions, meant.positions_size
    cursor.articles, cursor.occurrences, cursor.forms = meant.articles, meant.occurrences, meant.forms
    cursor.peak = meant.peak
    return start_cursor(cursor)


cdef int add_meant(Search *search, Sums *sums, Cursor *cursor, const Meant *meant) noexcept nogil:
    """Add what one word gives to every article that has it."""
    cdef uint32_t block, at
    cdef int failed = 0
    cdef bint hopeless
    if start_meant(cursor, meant) < 0:
        return DAMAGED
    for block in range(cursor.blocks + (cursor.rest > 0)):
        if spent(search, 32):
            return EXPIRED
        if load_block(cursor, block) < 0:
            return DAMAGED
        hopeless = is_hopeless(sums, cursor, block)
        if meant.filter != NULL:
            failed = add_forms(sums, cursor, meant, hopeless)
        elif hopeless or not sums.scoring:
            failed = mark_meant(sums, cursor)
        elif load_counts(cursor) < 0:
            return DAMAGED
        elif cursor.bit_set != NULL:
            add_set(sums, cursor)
        else:
            add_list(sums, cursor)
        if failed < 0:
            return failed
    return 0


cdef int mark_meant(Sums *sums, Cursor *cursor) noexcept nogil:
    """Mark the articles of a block; those that have a frequency get the right one."""
    cdef uint32_t at, article
    cdef uint64_t known = 0
    if cursor.bit_set != NULL:
        for at in range(cursor.words):
            sums.bits[cursor.first_word + at] |= load64(cursor.bit_set + 8 * at)
            known |= load64(cursor.bit_set + 8 * at) & sums.scored[cursor.first_word + at]
    else:
        for at in range(cursor.held):
            article = cursor.article[at]
            sums.bits[article >> 6] |= (<uint64_t>1) << (article & 63)
            known |= (sums.scored[article >> 6] >> (article & 63)) & 1
    if known == 0:
        return 0
    if list_block(cursor) < 0 or load_counts(cursor) < 0:
        return DAMAGED
    for at in range(cursor.held):
        article = cursor.article[at]
        if (sums.scored[article >> 6] >> (article & 63)) & 1:
            add_frequency(sums, sums.small, article, cursor.total[at], cursor.title[at], NONE)
    return 0


cdef void add_list(Sums *sums, const Cursor *cursor) noexcept nogil:
    """Add the frequencies of a block whose articles are listed."""
    # Their own variables, since a byte that is written might be part of ``sums``, for all that the compiler knows.
    cdef uint64_t *scored = sums.scored
    cdef uint8_t *small = sums.small
    cdef uint64_t word
    cdef uint32_t at, article
    for at in range(cursor.held):
        article = cursor.article[at]
        word = scored[article >> 6]
        scored[article >> 6] = word | (<uint64_t>1) << (article & 63)
        add_frequency(sums, small, article, cursor.total[at], cursor.title[at],
                      0 - <uint32_t>((word >> (article & 63)) & 1))


cdef void add_set(Sums *sums, const Cursor *cursor) noexcept nogil:
    """The same for a block whose articles are a set of bits."""
    cdef uint8_t *small = sums.small
    cdef uint64_t *scored = sums.scored + cursor.first_word
    cdef uint64_t left, before
    cdef uint32_t word, at = 0, bit, base = cursor.first_word << 6
    for word in range(cursor.words):
        left = load64(cursor.bit_set + 8 * word)
        before = scored[word]
        scored[word] = before | left
        while left:
            bit = sk_lowest_bit(left)
            left &= left - 1
            add_frequency(sums, small, base + bit, cursor.total[at], cursor.title[at],
                          0 - <uint32_t>((before >> bit) & 1))
            at += 1
        base += 64


cdef int add_forms(Sums *sums, Cursor *cursor, const Meant *meant, bint hopeless) noexcept nogil:
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
            add_counts(sums, cursor.article[at], total, title, hopeless)
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
