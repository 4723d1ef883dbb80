# Any tree of words and phrases: windows from the oldest articles to the newest, bit set by bit set.

cdef int tree(Search *search, uint32_t node_count) noexcept nogil:
    cdef uint32_t window = search.low // WINDOW * WINDOW
    cdef uint32_t at, word, article
    cdef uint64_t permitted[WORDS]
    cdef uint64_t left
    cdef Node *root = &search.nodes[search.root]
    cdef int failed
    cdef bint scoring
    search.best.strict = False
    for at in range(node_count):
        search.nodes[at].score = <double *>malloc(WINDOW * sizeof(double))
        if search.nodes[at].score == NULL:
            return NO_MEMORY
    while window < search.high:
        allow(search, window, permitted)
        scoring = search.order == RELEVANCE and search.best.room > 0
        if scoring:
            scoring = not hopeless(&search.best, tree_bound(search, root, window))
        # Phrases compare with the lengths of titles.
        failed = ready(search, window) if scoring or search.terms else 0
        if failed == 0:
            failed = evaluate(search, search.root, window, scoring)
        if failed < 0:
            return failed
        for word in range(WORDS):
            left = root.bits[word] & permitted[word]
            search.total += sk_count_bits(left)
            if search.order == RELEVANCE and not scoring:
                continue
            while left:
                at = word * 64 + sk_lowest_bit(left)
                left &= left - 1
                article = window + at
                if search.order == RELEVANCE:
                    offer(&search.best, root.score[at], article)
                else:
                    offer_day(search, article)
        window += WINDOW
    return 0


cdef double tree_bound(Search *search, const Node *node, uint32_t window) noexcept nogil:
    """The most that an article of a window can score, whatever of the tree it matches."""
    cdef double most = 0
    cdef uint32_t at
    cdef Cursor *cursor
    if node.kind == WORD:
        cursor = &search.cursors[node.first]
        return window_bound(search, cursor, block_of(cursor, window, 0), window + WINDOW)
    if node.kind == PHRASE:
        return node.weight
    for at in range(node.count if node.kind != ALL_BUT else 1):
        most += tree_bound(search, &search.nodes[node.children[at]], window)
    return most


cdef int evaluate(Search *search, uint32_t number, uint32_t window, bint scoring) noexcept nogil:
    """Fill in the bits of a node for a window, and the scores of the articles that it matches."""
    cdef Node *node = &search.nodes[number]
    cdef Node *child
    cdef uint32_t at, word, offset
    cdef uint64_t left, any_bit
    cdef int failed
    cdef Cursor *cursor
    memset(node.bits, 0xFF if node.kind == EVERYTHING else 0, sizeof(node.bits))
    if scoring:
        memset(node.score, 0, WINDOW * sizeof(double))
    if node.kind == EVERYTHING:
        return 0
    if node.kind == WORD:
        cursor = &search.cursors[node.first]
        if mark(search, cursor, window, block_of(cursor, window, 0), node.bits) < 0:
            return DAMAGED
        return score_bits(search, cursor, window, block_of(cursor, window, 0), node.bits, node.score) if scoring else 0
    if node.kind == PHRASE:
        return evaluate_phrase(search, node, window, scoring)
    for at in range(node.count):
        child = &search.nodes[node.children[at]]
        # Words of which an article needs several are scored where all of them stand, below.
        failed = evaluate(
            search, node.children[at], window,
            scoring and not (node.kind == ALL_BUT and at > 0) and not (node.kind == ALL_OF and child.kind == WORD),
        )
        if failed < 0:
            return failed
        any_bit = 0
        for word in range(WORDS):
            if at == 0 or node.kind == ANY_OF:
                node.bits[word] |= child.bits[word]
            elif node.kind == ALL_OF:
                node.bits[word] &= child.bits[word]
            else:
                node.bits[word] &= ~child.bits[word]
            any_bit |= node.bits[word]
        if any_bit == 0 and node.kind != ANY_OF:
            return 0
    if not scoring:
        return 0
    for at in range(node.count):
        if node.kind == ALL_BUT and at > 0:
            break
        child = &search.nodes[node.children[at]]
        if node.kind == ALL_OF and child.kind == WORD:
            cursor = &search.cursors[child.first]
            if score_bits(search, cursor, window, block_of(cursor, window, 0), node.bits, node.score) < 0:
                return DAMAGED
            continue
        for word in range(WORDS):
            left = child.bits[word] & node.bits[word]
            while left:
                offset = word * 64 + sk_lowest_bit(left)
                left &= left - 1
                node.score[offset] += child.score[offset]
    return 0


cdef int evaluate_phrase(Search *search, Node *node, uint32_t window, bint scoring) noexcept nogil:
    cdef uint64_t marks[WORDS]
    cdef uint32_t at, word, offset, total, title
    cdef uint64_t left
    cdef Cursor *cursor
    cdef int failed
    memset(node.bits, 0xFF, sizeof(node.bits))
    for at in range(node.count):
        memset(marks, 0, sizeof(marks))
        cursor = &search.cursors[node.first + at]
        if mark(search, cursor, window, block_of(cursor, window, 0), marks) < 0:
            return DAMAGED
        left = 0
        for word in range(WORDS):
            node.bits[word] &= marks[word]
            left |= node.bits[word]
        if left == 0:
            return 0
    for word in range(WORDS):
        left = node.bits[word]
        while left:
            offset = word * 64 + sk_lowest_bit(left)
            left &= left - 1
            for at in range(node.count):
                if go_to(&search.cursors[node.first + at], window + offset, 0) < 0:
                    return DAMAGED
            failed = phrase_here(search, node, window + offset, scoring, &total, &title)
            if failed < 0:
                return failed
            if total == 0:
                node.bits[word] &= ~((<uint64_t>1) << (offset & 63))
            elif scoring:
                node.score[offset] = share_of(search, node.weight, window + offset, total, title)
    return 0
