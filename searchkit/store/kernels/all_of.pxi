# All of some words, phrases and passages. Where one of them is rare it leads, and the others gallop after it; where all are
# common, windows of bit sets are cut: from the newest articles to the oldest, since what comes later must then be
# better to count, but with phrases from the oldest to the newest, since positions are packed to be read forward.

cdef struct Words:
    # The cursors of all words, single ones and those of phrases, the rarest first.
    Cursor **cursor
    uint32_t count
    double *behind          # what a word and those behind it can add to some articles
    bint phrases            # whether some of them are words of phrases or passages


cdef int all_of(Search *search, Node *root) noexcept nogil:
    cdef Words words
    cdef uint64_t *bits = <uint64_t *>malloc(2 * WORDS * sizeof(uint64_t))
    cdef int failed = NO_MEMORY
    cdef bint common
    words.cursor = <Cursor **>malloc((search.terms + 1) * sizeof(Cursor *))
    words.behind = <double *>malloc((search.terms + 1) * sizeof(double))
    if words.cursor and words.behind and bits:
        gather(search, root, &words)
        # Where even the rarest has a sixteenth of the articles, bit sets are quicker than galloping.
        common = <uint64_t>words.cursor[0].articles * 16 >= search.articles
        search.best.strict = common and not words.phrases
        if common:
            failed = all_windows(search, root, &words, bits)
        else:
            failed = all_articles(search, root, &words)
    free(words.cursor)
    free(words.behind)
    free(bits)
    return failed


cdef void gather(Search *search, Node *root, Words *words) noexcept nogil:
    """Bring the cursors of the words in order."""
    cdef uint32_t at
    words.count = 0
    words.phrases = False
    for at in range(root.count if root.kind == ALL_OF else 1):
        gather_leaf(search, leaf_of(search, root, at), words)


cdef void gather_leaf(Search *search, const Node *leaf, Words *words) noexcept nogil:
    cdef uint32_t number, place
    cdef Cursor *cursor
    words.phrases = words.phrases or leaf.kind != WORD
    if leaf.kind > SPOT:
        for number in range(leaf.count):
            gather_leaf(search, &search.nodes[leaf.children[number]], words)
        return
    for number in range(leaf.count):
        cursor = &search.cursors[leaf.first + number]
        place = words.count
        while place and words.cursor[place - 1].articles > cursor.articles:
            words.cursor[place] = words.cursor[place - 1]
            place -= 1
        words.cursor[place] = cursor
        words.count += 1


cdef inline Node *leaf_of(Search *search, Node *root, uint32_t number) noexcept nogil:
    return &search.nodes[root.children[number]] if root.kind == ALL_OF else root


cdef int all_articles(Search *search, Node *root, const Words *words) noexcept nogil:
    """The rarest word leads, the others gallop after it."""
    cdef uint32_t article = search.low, at, found
    cdef Cursor *lead = words.cursor[0]
    cdef double score
    cdef int matched
    while True:
        if seek(lead, article, &found) < 0:
            return DAMAGED
        if found == NONE or found >= search.high:
            return 0
        article = found
        at = 1
        while at < words.count:
            if seek(words.cursor[at], article, &found) < 0:
                return DAMAGED
            if found != article:
                break
            at += 1
        if at < words.count:
            if found == NONE:
                return 0
            article = found
            continue
        if allowed(search, article):
            if expired(search):
                return EXPIRED
            matched = match_here(search, root, article, words.phrases, &score)
            if matched < 0:
                return matched
            if matched:
                search.total += 1
                if search.order != RELEVANCE:
                    offer_day(search, article)
                elif score >= 0:
                    offer(&search.best, score, article)
        article += 1


cdef inline double leaf_bound(Search *search, Node *leaf) noexcept nogil:
    """The most that a leaf can add to the article that its cursors are at."""
    cdef uint32_t number
    cdef double peak, here
    cdef bint moved = False
    if leaf.kind == WORD:
        return block_bound(search, &search.cursors[leaf.first])
    if leaf.kind != PHRASE:
        return bound_of(search, leaf.weight, passage_peak(search, leaf))
    for number in range(leaf.first, leaf.first + leaf.count):
        moved = moved or search.cursors[number].bound < 0
    if moved:
        # A phrase stands no more often than any of its words.
        peak = 1e30
        for number in range(leaf.first, leaf.first + leaf.count):
            here = peak_of_block(&search.cursors[number], search.cursors[number].block)
            search.cursors[number].bound = 0
            if here < peak:
                peak = here
        leaf.bound = bound_of(search, leaf.weight, peak)
    return leaf.bound


cdef int match_here(Search *search, Node *root, uint32_t article, bint phrases, double *score) noexcept nogil:
    """Whether all leaves match an article that has all words (1 or 0), and its score, or -1 if it is hopeless."""
    cdef uint32_t leaves = root.count if root.kind == ALL_OF else 1
    cdef uint32_t at, total, title
    cdef Node *leaf
    cdef Cursor *cursor
    cdef int failed
    cdef double bound = 0, share
    cdef bint scoring = search.order == RELEVANCE and search.best.room > 0
    if scoring:
        # While any score counts, a bound says nothing.
        if leaves > 1 or search.best.size == search.best.room or search.best.floor > 0:
            for at in range(leaves):
                bound += leaf_bound(search, leaf_of(search, root, at))
            scoring = not hopeless(&search.best, bound)
    if scoring or phrases:
        failed = ready(search, article)
        if failed < 0:
            return failed
        if search.bordered != NULL and not sk_load_acquire(&search.bordered[article // WINDOW]):
            failed = make_borders(search, article // WINDOW)
            if failed < 0:
                return failed
    score[0] = 0
    if scoring:
        sk_fetch(&search.norm[article])
    for at in range(leaves):
        leaf = leaf_of(search, root, at)
        if leaf.kind == PHRASE:
            failed = phrase_here(search, leaf, article, scoring, &total, &title)
            if failed < 0:
                return failed
            if total == 0:
                return 0
        elif leaf.kind != WORD:
            failed = passages_match(search, leaf, article, BEGINS if scoring else WHETHER)
            if failed <= 0:
                return failed
            total, title = leaf.total, leaf.title
        elif scoring:
            cursor = &search.cursors[leaf.first]
            if counts_here(cursor, &total, &title) < 0:
                return DAMAGED
        if scoring:
            share = share_of(search, leaf.weight, article, total, title)
            score[0] += share
            # Behind the last leaf the sum itself counts: a bound is only nearly it, and would drop what is tied.
            if at + 1 < leaves:
                bound += share - leaf_bound(search, leaf)
                scoring = not hopeless(&search.best, bound)
    if not scoring:
        score[0] = -1
    return 1


cdef int all_windows(Search *search, Node *root, Words *words, uint64_t *bits) noexcept nogil:
    """All words are common: their articles are cut window by window, and what is left is looked at."""
    cdef uint64_t *more = bits + WORDS
    cdef uint64_t any_bit = 0
    cdef uint32_t first = search.low // WINDOW, last = (search.high - 1) // WINDOW, number, window, at, word
    cdef Cursor *cursor
    cdef int failed
    for number in range(last - first + 1):
        window = WINDOW * (first + number if words.phrases else last - number)
        if expired(search):
            return EXPIRED
        allow(search, window, bits)
        for at in range(words.count):
            cursor = words.cursor[at]
            memset(more, 0, WORDS * sizeof(uint64_t))
            if mark(search, cursor, window, block_of(cursor, window, 0), more) < 0:
                return DAMAGED
            any_bit = 0
            for word in range(WORDS):
                bits[word] &= more[word]
                any_bit |= bits[word]
            if any_bit == 0:
                break
        if any_bit:
            failed = look_at(search, root, words, window, bits)
            if failed < 0:
                return failed
    return 0


cdef int look_at(Search *search, Node *root, Words *words, uint32_t window, const uint64_t *bits) noexcept nogil:
    """Look at the articles of a window that have all words, those that can be among the best more closely."""
    cdef uint32_t number, word
    cdef int failed = ready(search, window)
    for number in range(WORDS):
        word = number if words.phrases else WORDS - 1 - number
        if failed == 0 and bits[word]:
            if words.phrases:
                failed = look_for_phrases(search, root, words, window + 64 * word, bits[word])
            else:
                search.total += sk_count_bits(bits[word])
                failed = look_at_words(search, words, window + 64 * word, bits[word])
    return failed


cdef int look_for_phrases(Search *search, Node *root, Words *words, uint32_t first, uint64_t left) noexcept nogil:
    """Look for phrases in some of 64 articles that have their words."""
    cdef uint32_t article, at
    cdef double score
    cdef int matched
    while left:
        article = first + sk_lowest_bit(left)
        left &= left - 1
        for at in range(words.count):
            if go_to(words.cursor[at], article, 0) < 0:
                return DAMAGED
        matched = match_here(search, root, article, True, &score)
        if matched < 0:
            return matched
        if matched:
            search.total += 1
            if search.order != RELEVANCE:
                offer_day(search, article)
            elif score >= 0:
                offer(&search.best, score, article)
    return 0


cdef int look_at_words(Search *search, Words *words, uint32_t first, uint64_t left) noexcept nogil:
    """Score some of 64 articles that have all words, as long as each can be among the best."""
    cdef uint32_t article, at, total, title
    cdef double score
    cdef Cursor *cursor
    if search.best.room == 0:
        return 0
    if search.order == RELEVANCE:
        bound_words(search, words, first + sk_lowest_bit(left), first + sk_highest_bit(left))
        if hopeless(&search.best, words.behind[0]):
            return 0
    while left:
        at = sk_highest_bit(left)
        left ^= (<uint64_t>1) << at
        article = first + at
        if search.order != RELEVANCE:
            if search.order == NEWEST and hopeless(&search.best, search.days[article]):
                # What comes now is no newer.
                return 0
            offer_day(search, article)
            continue
        score = 0
        for at in range(words.count):
            if hopeless(&search.best, score + words.behind[at]):
                break
            cursor = words.cursor[at]
            if go_to(cursor, article, 0) < 0 or counts_here(cursor, &total, &title) < 0:
                return DAMAGED
            score += share_of(search, cursor.weight, article, total, title)
        else:
            offer(&search.best, score, article)
    return 0


cdef void bound_words(Search *search, Words *words, uint32_t first, uint32_t last) noexcept nogil:
    """Bound what each word, and those behind it, can add to the articles from ``first`` to ``last``."""
    cdef uint32_t at, block
    cdef double peak, here
    cdef Cursor *cursor
    words.behind[words.count] = 0
    for at in range(words.count):
        at = words.count - 1 - at
        cursor = words.cursor[at]
        block = near_block(cursor, first)
        peak = peak_of_block(cursor, block)
        while last_of_block(cursor, block) < last:
            block += 1
            here = peak_of_block(cursor, block)
            if here > peak:
                peak = here
        words.behind[at] = words.behind[at + 1] + bound_of(search, cursor.weight, peak)


cdef inline uint32_t near_block(const Cursor *cursor, uint32_t article) noexcept nogil:
    """The block of an article that has the term, looked for from the block at hand."""
    cdef uint32_t block = cursor.block
    if block == NONE or last_of_block(cursor, block) < article:
        return block_of(cursor, article, 0 if block == NONE else block)
    while block and last_of_block(cursor, block - 1) >= article:
        block -= 1
    return block
