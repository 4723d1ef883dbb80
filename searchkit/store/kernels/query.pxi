# What all ways of answering share: the query as a struct, the best so far, and what an article scores.

cdef enum:
    WINDOW = 4096
    COARSEST = 255
    WIDEST_SHIFT = 16
    WORDS = 64
    STEPS = 1 << 14

# How a query is handed over: nodes in postfix order.
cdef enum:
    WORD = 0
    PHRASE = 1
    ALL_OF = 2
    ANY_OF = 3
    ALL_BUT = 4     # the first child without the others
    EVERYTHING = 5
    # Passages: see passages.pxi.
    SPOT = 6        # one word of some
    CHAIN = 7       # side by side
    UNION = 8
    CLOSE = 9       # in any order, with few words among them
    NEAR = 10
    WITHIN = 11     # in one sentence or paragraph
    EARLY = 12      # among the first words
    # And what holds of whole articles.
    TIMES = 13      # a passage so often
    DAYS = 14
    CHOSEN = 15     # articles named one by one

cdef enum:
    RELEVANCE = 0
    NEWEST = 1
    OLDEST = 2

# What a function may return besides 0.
cdef enum:
    DAMAGED = -1
    NO_MEMORY = -2
    RAISED = -3     # the segment has kept the exception
    EXPIRED = -4
    TOO_MUCH = -5


cdef struct Span:
    # A passage: its first position, and the one behind its last.
    uint32_t begin
    uint32_t end


cdef struct Best:
    # The best so far: a heap whose root is the worst of them; among equal scores the later article is better.
    double *score
    uint32_t *article
    uint32_t size
    uint32_t room
    double floor        # what is worse than this is not wanted
    bint strict         # nor is what equals the worst, once full: articles come from the last to the first


cdef struct Link:
    # One of the words that an article of a window has, and the next of them, or NONE.
    uint32_t word
    uint32_t next


cdef struct Node:
    int kind
    uint32_t first          # cursors of a word or phrase: the first, and how many
    uint32_t count
    uint32_t *children      # nodes; of a phrase, the places of its words in it, in the order to look at them
    double weight           # of a phrase or passage
    double bound            # of a phrase: what the blocks at hand let it add at most
    uint64_t bits[WORDS]
    bint unfiltered         # whether all forms of its words are meant
    bint exact              # whether the bits say what it matches, and not only what it may
    uint32_t total          # of a phrase or passage in the article looked at last: how often, and in the title
    uint32_t title
    uint32_t distance       # or what else an operator counts: other words, first words, times, the kind of unit
    uint32_t scope
    bint ordered
    Span *spans
    uint32_t held
    uint32_t room
    uint64_t *kept          # for how many passages there is room in all nodes together
    uint32_t *next          # of many words: where each stands next behind the window
    uint32_t *first_link    # for each article of the window the first of its words, as a link; NULL: there is one word
    Link *links
    uint32_t link_count
    uint32_t link_room
    uint32_t linked         # the window whose articles are linked to their words, or NONE
    uint32_t *active        # of many words those that stand in the window
    uint32_t actives
    uint64_t sure[WORDS]    # the articles that have one of many words, whatever its form
    double peak             # the most that their weighted frequency can be in the window
    uint32_t low            # of days: the first article, and the one behind the last
    uint32_t high
    const uint8_t *chosen   # a bit for each article


cdef struct Scale:
    double k1
    double title_weight
    double title_base
    double title_slope
    double body_base
    double body_slope


cdef struct Search:
    # A query over one segment.
    Cursor *cursors
    uint32_t terms
    Node *nodes
    uint32_t root
    Scale scale
    PyObject *norms             # the Norms of the segment, and what lies in them
    const float *norm
    const uint16_t *coarse      # bounds of what a word adds: see Norms
    uint32_t title_shift
    const uint8_t *normed
    const uint32_t *titles
    const uint32_t *sources
    const uint32_t *days
    const uint8_t *live         # NULL: all are
    uint32_t articles
    uint32_t low
    uint32_t high
    const uint8_t *wanted       # a byte for each source; NULL: all are
    uint32_t wanted_count
    bint restricted             # whether a source or a deletion keeps articles out
    int order
    Best best
    double *sums
    uint32_t *places            # where a phrase may begin in an article, and positions of its words there
    uint32_t *lead_places
    uint32_t *other_places
    uint64_t *marks             # a bit for each position of an article; all clear between two uses
    size_t places_room
    size_t marks_room
    Span *other_spans
    uint32_t spans_room
    uint64_t kept               # passages for which the nodes have room
    uint64_t steps              # since the clock was looked at
    const uint8_t **filters     # for each cursor a byte for each of its forms, or NULL: all are meant
    uint32_t *filter_sizes
    const uint32_t *borders     # doubled; odd: a paragraph
    const uint32_t *border_ends
    uint32_t border_count
    const uint8_t *bordered     # whether those of a window are verified; NULL: they are not needed
    uint64_t deadline           # 0: none
    uint64_t total


cdef inline bint expired(const Search *search) noexcept nogil:
    return search.deadline != 0 and sk_now() > search.deadline


cdef inline bint spent(Search *search, uint32_t steps) noexcept nogil:
    """Whether the time is over, which is looked at once in many steps."""
    search.steps += steps
    if search.steps < STEPS:
        return False
    search.steps = 0
    return expired(search)


cdef inline bint better(double score, uint32_t article, double other, uint32_t other_article) noexcept nogil:
    return score > other or (score == other and article > other_article)


cdef inline double bar(const Best *best) noexcept nogil:
    """What a score must reach to count."""
    return best.score[0] if best.size == best.room and best.room else best.floor


cdef inline bint hopeless(const Best *best, double bound) noexcept nogil:
    """Whether a score of at most ``bound`` cannot be among the best."""
    if best.size == best.room:
        return best.room == 0 or (bound <= best.score[0] if best.strict else bound < best.score[0])
    return bound < best.floor


cdef void offer(Best *best, double score, uint32_t article) noexcept nogil:
    cdef uint32_t at, child
    if best.room == 0 or score < best.floor:
        return
    if best.size < best.room:
        at = best.size
        best.size += 1
        while at and better(best.score[(at - 1) // 2], best.article[(at - 1) // 2], score, article):
            best.score[at] = best.score[(at - 1) // 2]
            best.article[at] = best.article[(at - 1) // 2]
            at = (at - 1) // 2
    else:
        if not better(score, article, best.score[0], best.article[0]):
            return
        at = 0
        while True:
            child = 2 * at + 1
            if child >= best.size:
                break
            if child + 1 < best.size and better(best.score[child], best.article[child],
                                                best.score[child + 1], best.article[child + 1]):
                child += 1
            if better(best.score[child], best.article[child], score, article):
                break
            best.score[at] = best.score[child]
            best.article[at] = best.article[child]
            at = child
    best.score[at] = score
    best.article[at] = article


cdef inline void offer_day(Search *search, uint32_t article) noexcept nogil:
    """Offer an article by its day: the newest first, or the oldest, those without a day last."""
    cdef uint32_t day = search.days[article]
    if search.order == NEWEST:
        offer(&search.best, day, article)
    else:
        offer(&search.best, -<double>day if day else -1e15, article)


cdef inline double rounded(double share) noexcept nogil:
    """The nearest multiple of 2^-36; shares stay far below 2^15."""
    return (share + 98304.0) - 98304.0


cdef inline double bound_of(const Search *search, double weight, double peak) noexcept nogil:
    """The most that a weighted frequency of at most ``peak`` adds; roundings of norm and share may lift it so far."""
    return weight * (peak / (search.scale.k1 + peak)) * (1 + 1e-6) + 1e-10


cdef inline double frequency_of(Search *search, uint32_t article, uint32_t total, uint32_t title) noexcept nogil:
    """The frequencies of a word in body and title, weighted, as if it were in the body of an average article."""
    cdef double frequency = (total - title) * search.norm[article]
    if title:
        frequency += search.scale.title_weight * title / (
            search.scale.title_base + search.scale.title_slope * search.titles[article]
        )
    return frequency


cdef inline double share_of(Search *search, double weight, uint32_t article, uint32_t total,
                            uint32_t title) noexcept nogil:
    """What a word or phrase adds to the score of an article; its norm must be there (see ready)."""
    cdef double frequency = frequency_of(search, article, total, title)
    return rounded(weight * frequency / (search.scale.k1 + frequency))


cdef inline int ready(Search *search, uint32_t article) noexcept nogil:
    """Have the norms, and the lengths of titles, of the articles around one."""
    if sk_load_acquire(&search.normed[article // WINDOW]):
        return 0
    return make_norms(search, article // WINDOW)


cdef inline bint allowed(Search *search, uint32_t article) noexcept nogil:
    """Whether one article passes the filters and is not deleted."""
    cdef uint32_t source
    if article < search.low or article >= search.high:
        return False
    if search.live != NULL and not (search.live[article >> 3] >> (article & 7)) & 1:
        return False
    if search.wanted != NULL:
        source = search.sources[article]
        return source < search.wanted_count and search.wanted[source] != 0
    return True


cdef void allow(Search *search, uint32_t window, uint64_t *bits) noexcept nogil:
    """The articles of a window that pass the filters, as a bit set."""
    cdef uint32_t first = window if window > search.low else search.low
    cdef uint32_t last = window + WINDOW if window + WINDOW < search.high else search.high
    cdef uint32_t article, word
    cdef uint64_t left
    if first == window and last == window + WINDOW:
        memset(bits, 0xFF, WORDS * sizeof(uint64_t))
    else:
        memset(bits, 0, WORDS * sizeof(uint64_t))
        if first >= last:
            return
        for word in range((first - window) >> 6, ((last - window - 1) >> 6) + 1):
            bits[word] = ~(<uint64_t>0)
        bits[(first - window) >> 6] &= (~(<uint64_t>0)) << ((first - window) & 63)
        if (last - window) & 63:
            bits[(last - window) >> 6] &= ((<uint64_t>1) << ((last - window) & 63)) - 1
    if not search.restricted:
        return
    if search.live != NULL:
        # Bits behind the last article are not set: ``high`` ends before them.
        for word in range(WORDS):
            if bits[word]:
                left = 0
                memcpy(&left, search.live + (window >> 3) + 8 * word,
                       min(<size_t>8, ((search.articles + 7) >> 3) - (window >> 3) - 8 * word))
                bits[word] &= left
    if search.wanted == NULL:
        return
    for word in range(WORDS):
        left = bits[word]
        while left:
            article = word * 64 + sk_lowest_bit(left)
            left &= left - 1
            if not allowed(search, window + article):
                bits[word] &= ~((<uint64_t>1) << (article & 63))


cdef int mark_block(Cursor *cursor, uint32_t window, uint64_t *bits) noexcept nogil:
    """Set the bits of the postings of the block at hand that lie in a window; 1 where some lie behind it."""
    cdef uint32_t first = 0, last, at, offset, word = window >> 6
    cdef uint64_t gathered = 0
    if cursor.bit_set != NULL:
        first = word - cursor.first_word if word > cursor.first_word else 0
        last = words_before(cursor, word + WORDS)
        for at in range(first, last):
            bits[cursor.first_word + at - word] |= load64(cursor.bit_set + 8 * at)
        return last < cursor.words
    last = cursor.held
    while first < last and cursor.article[first] < window:
        first += 1
    while last > first and cursor.article[last - 1] >= window + WINDOW:
        last -= 1
    if first == last:
        pass
    elif cursor.article[last - 1] - cursor.article[first] < 8 * (last - first):
        # Where articles stand close, a word of the set is put together before it is written.
        word = (cursor.article[first] - window) >> 6
        for at in range(first, last):
            offset = cursor.article[at] - window
            if offset >> 6 != word:
                bits[word] |= gathered
                gathered = 0
                word = offset >> 6
            gathered |= (<uint64_t>1) << (offset & 63)
        bits[word] |= gathered
    else:
        for at in range(first, last):
            offset = cursor.article[at] - window
            bits[offset >> 6] |= (<uint64_t>1) << (offset & 63)
    return last < cursor.held


cdef inline uint32_t words_before(const Cursor *cursor, uint32_t word) noexcept nogil:
    """How many words of the set at hand lie before ``word``, counted like its first."""
    if cursor.first_word + cursor.words <= word:
        return cursor.words
    return word - cursor.first_word if word > cursor.first_word else 0


cdef int mark(Search *search, Cursor *cursor, uint32_t window, uint32_t block, uint64_t *bits) noexcept nogil:
    """Set the bits of a term's postings in a window, from ``block`` on."""
    while block < cursor.blocks or (block == cursor.blocks and cursor.rest):
        if load_block(cursor, block) < 0:
            return DAMAGED
        if mark_block(cursor, window, bits) or last_of_block(cursor, block) >= window + WINDOW - 1:
            return 0
        block += 1
    return 0


cdef inline double window_bound(const Search *search, const Cursor *cursor, uint32_t block, uint32_t end) noexcept nogil:
    """The most that a term can add to an article before ``end``, from ``block`` on."""
    return bound_of(search, cursor.weight, window_peak(cursor, block, end))


cdef inline double window_peak(const Cursor *cursor, uint32_t block, uint32_t end) noexcept nogil:
    """The most that the weighted frequency of a term can be in an article before ``end``, from ``block`` on."""
    cdef double peak = 0, here
    while block < cursor.blocks or (block == cursor.blocks and cursor.rest):
        here = peak_of_block(cursor, block)
        if here > peak:
            peak = here
        if last_of_block(cursor, block) >= end - 1:
            break
        block += 1
    return peak


cdef inline double block_bound(const Search *search, Cursor *cursor) noexcept nogil:
    """The most that a term can add to an article of the block at hand."""
    if cursor.bound < 0:
        cursor.bound = bound_of(search, cursor.weight, peak_of_block(cursor, cursor.block))
    return cursor.bound


cdef int score_bits(Search *search, Cursor *cursor, uint32_t window, uint32_t block, const uint64_t *bits,
                    double *sums) noexcept nogil:
    """Add the shares of a term to the articles of a window that have it and whose bits are set."""
    cdef uint32_t at, first, last, offset, word, total, title, end = window + WINDOW
    cdef uint64_t left
    while block < cursor.blocks or (block == cursor.blocks and cursor.rest):
        if load_block(cursor, block) < 0:
            return DAMAGED
        if cursor.bit_set != NULL:
            word = window >> 6
            first = word - cursor.first_word if word > cursor.first_word else 0
            last = words_before(cursor, word + WORDS)
            for at in range(first, last):
                left = load64(cursor.bit_set + 8 * at) & bits[cursor.first_word + at - word]
                while left:
                    offset = 64 * (cursor.first_word + at - word) + sk_lowest_bit(left)
                    left &= left - 1
                    cursor.here = window + offset
                    cursor.at = NONE
                    if counts_here(cursor, &total, &title) < 0:
                        return DAMAGED
                    sums[offset] += share_of(search, cursor.weight, window + offset, total, title)
        else:
            if cursor.article[0] >= end:
                return 0
            for at in range(cursor.held):
                offset = cursor.article[at] - window
                if cursor.article[at] < window or offset >= WINDOW or not (bits[offset >> 6] >> (offset & 63)) & 1:
                    continue
                cursor.at = at
                if counts_here(cursor, &total, &title) < 0:
                    return DAMAGED
                sums[offset] += share_of(search, cursor.weight, window + offset, total, title)
        if last_of_block(cursor, block) >= end - 1:
            return 0
        block += 1
    return 0


cdef int go_to(Cursor *cursor, uint32_t article, uint32_t first) noexcept nogil:
    """Bring the posting of an article that has the term to hand; it lies in block ``first`` or behind."""
    cdef uint32_t found, block = cursor.block
    if (block == NONE or last_of_block(cursor, block) < article
            or (block and last_of_block(cursor, block - 1) >= article)):
        if load_block(cursor, block_of(cursor, article, first)) < 0:
            return DAMAGED
    if cursor.bit_set != NULL:
        cursor.here = article
        cursor.at = NONE
        return 0
    if seek(cursor, article, &found) < 0 or found != article:
        return DAMAGED
    return 0
