# Any of some words: windows from the newest articles to the oldest, MaxScore with block maxima within each.
#
# What matches is counted from bit sets. A window whose maxima cannot reach the best is counted and not scored,
# and so is a block of a term within a window.

cdef struct Word:
    Cursor *cursor
    uint32_t block          # the first with an article of the window, or behind it
    double bound            # what the word can add in the window
    double behind           # what it and the words behind it can add
    uint64_t *bits          # its articles of the window


cdef int any_of(Search *search, Node *root) noexcept nogil:
    cdef uint32_t count = root.count if root.kind == ANY_OF else 1
    cdef Word *words = <Word *>malloc(count * sizeof(Word))
    cdef uint64_t *bits = <uint64_t *>malloc(count * WORDS * sizeof(uint64_t))
    cdef int failed = NO_MEMORY
    cdef uint32_t at, window = (search.high - 1) // WINDOW * WINDOW
    search.sums = <double *>calloc(WINDOW, sizeof(double))
    if words and bits and search.sums:
        for at in range(count):
            words[at].cursor = &search.cursors[search.nodes[root.children[at]].first
                                               if root.kind == ANY_OF else root.first]
            words[at].block = block_of(words[at].cursor, window + WINDOW, 0)
            words[at].bits = bits + at * WORDS
        search.best.strict = True
        failed = any_windows(search, words, count, window)
    free(words)
    free(bits)
    return failed


cdef int any_windows(Search *search, Word *words, uint32_t count, uint32_t window) noexcept nogil:
    cdef uint64_t every[WORDS]
    cdef uint64_t permitted[WORDS]
    cdef uint32_t at, word
    cdef bint counting, scoring
    cdef int failed
    # One word without filters: its articles are counted already.
    counting = count > 1 or search.restricted or search.low > 0 or search.high < search.articles
    if not counting:
        search.total = words[0].cursor.articles
    while True:
        if expired(search):
            return EXPIRED
        scoring = enter_window(search, words, count, window)
        if scoring or counting or search.order != RELEVANCE:
            memset(every, 0, sizeof(every))
            allow(search, window, permitted)
            if scoring:
                failed = score_window(search, words, count, window, permitted, every)
                if failed < 0:
                    return failed
            else:
                for at in range(count):
                    if mark(search, words[at].cursor, window, words[at].block, every) < 0:
                        return DAMAGED
            for word in range(WORDS):
                every[word] &= permitted[word]
            if counting:
                for word in range(WORDS):
                    search.total += sk_count_bits(every[word])
            if search.order != RELEVANCE:
                by_day(search, window, every)
        if window == 0 or window <= search.low:
            return 0
        window = next_window(words, count, window)
        if window == NONE:
            return 0


cdef bint enter_window(Search *search, Word *words, uint32_t count, uint32_t window) noexcept nogil:
    """Step back to a window: blocks, bounds, and the words in the order of their bounds.

    Returns whether an article of the window can be among the best.
    """
    cdef uint32_t at, other, block
    cdef double peak, here, behind = 0
    cdef Cursor *cursor
    cdef Word moved
    for at in range(count):
        cursor = words[at].cursor
        block = words[at].block
        peak = 0
        if block < cursor.blocks or (block == cursor.blocks and cursor.rest):
            if cursor.block != block or not cursor.listed or cursor.article[0] < window + WINDOW:
                peak = peak_of_block(cursor, block)
        while block and last_of_block(cursor, block - 1) >= window:
            block -= 1
            here = peak_of_block(cursor, block)
            if here > peak:
                peak = here
        words[at].block = block
        words[at].bound = bound_of(search, cursor.weight, peak)
    for at in range(1, count):
        other = at
        if words[other - 1].bound < words[other].bound:
            moved = words[other]
            while other and words[other - 1].bound < moved.bound:
                words[other] = words[other - 1]
                other -= 1
            words[other] = moved
    for at in range(count):
        behind += words[count - 1 - at].bound
        words[count - 1 - at].behind = behind
    return (search.order == RELEVANCE and search.best.room > 0 and behind > 0
            and not hopeless(&search.best, behind))


cdef uint32_t next_window(Word *words, uint32_t count, uint32_t window) noexcept nogil:
    """The next window in which a word may stand, NONE where there is none; windows without any are passed over."""
    cdef uint32_t at, index, before, latest = NONE
    cdef Cursor *cursor
    for at in range(count):
        cursor = words[at].cursor
        before = last_of_block(cursor, words[at].block - 1) if words[at].block else NONE
        if cursor.block != words[at].block:
            # The block at the border was not looked into.
            before = window - 1
        elif cursor.bit_set != NULL:
            if cursor.first_word < window >> 6:
                before = window - 1
        elif cursor.article[0] < window:
            index = 0
            while index + 1 < cursor.held and cursor.article[index + 1] < window:
                index += 1
            before = cursor.article[index]
        if before != NONE and (latest == NONE or before > latest):
            latest = before
            if latest >= window - WINDOW:
                break
    return NONE if latest == NONE else latest // WINDOW * WINDOW


cdef int score_window(Search *search, Word *words, uint32_t count, uint32_t window, const uint64_t *permitted,
                      uint64_t *every) noexcept nogil:
    """Offer the articles of a window that can be among the best; ``every`` gets all that match."""
    cdef uint64_t scored[WORDS]
    cdef uint32_t at, word, essential = count
    cdef int failed = ready(search, window)
    if failed < 0:
        return failed
    # Words behind the essential ones cannot lift an article into the best by themselves.
    while essential > 1 and hopeless(&search.best, words[essential - 1].behind):
        essential -= 1
    memset(scored, 0, sizeof(scored))
    for at in range(count):
        if at < essential:
            if score_word(search, &words[at], window, words[0].behind - words[at].bound, scored, every) < 0:
                return DAMAGED
        else:
            memset(words[at].bits, 0, WORDS * sizeof(uint64_t))
            if mark(search, words[at].cursor, window, words[at].block, words[at].bits) < 0:
                return DAMAGED
            for word in range(WORDS):
                every[word] |= words[at].bits[word]
    for word in range(WORDS):
        every[word] |= scored[word]
        scored[word] &= permitted[word]
    failed = finish(search, words, count, essential, window, scored)
    memset(search.sums, 0, WINDOW * sizeof(double))
    return failed


cdef int score_word(Search *search, Word *word, uint32_t window, double others, uint64_t *scored,
                    uint64_t *every) noexcept nogil:
    """Add the shares of a word to the sums of a window.

    A block that together with what the ``others`` can add is hopeless is marked, not scored: its articles then have
    sums that are too low, and would not be among the best with the right ones either.
    """
    cdef Cursor *cursor = word.cursor
    cdef uint32_t at, offset, block = word.block, end = window + WINDOW
    while block < cursor.blocks or (block == cursor.blocks and cursor.rest):
        if load_block(cursor, block) < 0:
            return DAMAGED
        if hopeless(&search.best, block_bound(search, cursor) + others):
            mark_block(cursor, window, every)
        else:
            if list_block(cursor) < 0 or load_counts(cursor) < 0:
                return DAMAGED
            for at in range(cursor.held):
                offset = cursor.article[at] - window
                if cursor.article[at] < window:
                    continue
                if offset >= WINDOW:
                    return 0
                scored[offset >> 6] |= (<uint64_t>1) << (offset & 63)
                search.sums[offset] += share_of(search, cursor.weight, cursor.article[at], cursor.total[at],
                                                cursor.title[at])
        if last_of_block(cursor, block) >= end - 1:
            return 0
        block += 1
    return 0


cdef int finish(Search *search, Word *words, uint32_t count, uint32_t essential, uint32_t window,
                const uint64_t *scored) noexcept nogil:
    """Complete the sums of the articles that can still be among the best, and offer them."""
    cdef uint32_t word, offset, at, total, title
    cdef uint64_t left
    cdef double score
    cdef Cursor *cursor
    for word in range(WORDS):
        word = WORDS - 1 - word
        left = scored[word]
        while left:
            offset = sk_highest_bit(left)
            left ^= (<uint64_t>1) << offset
            offset += word * 64
            score = search.sums[offset]
            if hopeless(&search.best, score + (words[essential].behind if essential < count else 0)):
                continue
            for at in range(essential, count):
                if not (words[at].bits[offset >> 6] >> (offset & 63)) & 1:
                    continue
                if hopeless(&search.best, score + words[at].behind):
                    break
                cursor = words[at].cursor
                if go_to(cursor, window + offset, words[at].block) < 0 or counts_here(cursor, &total, &title) < 0:
                    return DAMAGED
                score += share_of(search, cursor.weight, window + offset, total, title)
            else:
                offer(&search.best, score, window + offset)
    return 0


cdef void by_day(Search *search, uint32_t window, const uint64_t *every) noexcept nogil:
    """Offer the matching articles of a window by their day."""
    cdef uint32_t word, article
    cdef uint64_t left
    for word in range(WORDS):
        word = WORDS - 1 - word
        left = every[word]
        while left:
            article = sk_highest_bit(left)
            left ^= (<uint64_t>1) << article
            article += window + word * 64
            if search.order == NEWEST and hopeless(&search.best, search.days[article]):
                # What comes now is no newer.
                return
            offer_day(search, article)
