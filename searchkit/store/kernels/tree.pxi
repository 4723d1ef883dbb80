# Any tree: windows from the oldest articles to the newest. First every node gets a set of bits, with all the articles
# that it can match; where that is not certain yet, the articles that the whole tree can match are looked at, one by one.

cdef int tree(Search *search, uint32_t node_count) noexcept nogil:
    cdef uint32_t window = search.low // WINDOW * WINDOW
    cdef uint32_t word
    cdef uint64_t permitted[WORDS]
    cdef uint64_t any_bit
    cdef Node *root = &search.nodes[search.root]
    cdef int failed
    cdef bint scoring
    search.best.strict = False
    search.sums = <double *>calloc(WINDOW, sizeof(double))
    if search.sums == NULL:
        return NO_MEMORY
    while window < search.high:
        if expired(search):
            return EXPIRED
        allow(search, window, permitted)
        failed = candidates(search, root, window)
        if failed < 0:
            return failed
        any_bit = 0
        for word in range(WORDS):
            root.bits[word] &= permitted[word]
            any_bit |= root.bits[word]
        if any_bit:
            scoring = search.order == RELEVANCE and search.best.room > 0
            if scoring:
                scoring = not hopeless(&search.best, tree_bound(search, root, window))
            failed = window_of_tree(search, root, window, scoring)
            if failed < 0:
                return failed
        window += WINDOW
    return 0


cdef int window_of_tree(Search *search, Node *root, uint32_t window, bint scoring) noexcept nogil:
    """Look at the articles of a window that the tree can match."""
    cdef uint32_t word, at, article
    cdef uint64_t left
    cdef double score
    cdef bint counts
    # Passages compare with the lengths of titles.
    cdef int failed = ready(search, window) if scoring or not root.exact else 0
    if failed == 0 and search.bordered != NULL and not sk_load_acquire(&search.bordered[window // WINDOW]):
        failed = make_borders(search, window // WINDOW)
    if failed == 0 and scoring and root.exact:
        memset(search.sums, 0, WINDOW * sizeof(double))
        failed = add_exact(search, root, window, root.bits)
    if failed < 0:
        return failed
    for word in range(WORDS):
        left = root.bits[word]
        if root.exact:
            search.total += sk_count_bits(left)
            if search.order == RELEVANCE and not scoring:
                continue
        while left:
            at = word * 64 + sk_lowest_bit(left)
            left &= left - 1
            article = window + at
            counts = scoring
            if not root.exact:
                if spent(search, 32):
                    return EXPIRED
                if scoring and search.best.size == search.best.room:
                    # An article that cannot be among the best need only be known to match.
                    if bound_here(search, root, article, at, &score) < 0:
                        return DAMAGED
                    counts = not hopeless(&search.best, score)
                failed = matches(search, root, article, at, counts)
                if failed < 0:
                    return failed
                if failed == 0:
                    continue
                search.total += 1
            if search.order != RELEVANCE:
                offer_day(search, article)
            elif counts:
                score = search.sums[at]
                if not root.exact:
                    score = 0
                    if add(search, root, article, at, &score) < 0:
                        return DAMAGED
                offer(&search.best, score, article)
    return 0


cdef double tree_bound(Search *search, const Node *node, uint32_t window) noexcept nogil:
    """The most that an article of a window can score, whatever of the tree it matches."""
    cdef double most = 0
    cdef uint32_t at
    cdef Cursor *cursor
    if node.kind == WORD:
        cursor = &search.cursors[node.first]
        return window_bound(search, cursor, block_of(cursor, window, 0), window + WINDOW)
    if node.kind == SPOT:
        return bound_of(search, node.weight, node.peak)
    if node.kind == PHRASE or is_passage(node):
        return node.weight
    if node.kind == ALL_OF or node.kind == ANY_OF or node.kind == ALL_BUT or node.kind == TIMES:
        for at in range(node.count if node.kind != ALL_BUT else 1):
            most += tree_bound(search, &search.nodes[node.children[at]], window)
    return most


cdef int bound_here(Search *search, Node *node, uint32_t article, uint32_t at, double *bound) noexcept nogil:
    """The most that an article can score, as far as the frequencies of the words tell."""
    cdef uint32_t number, total, title
    cdef double part, frequency
    cdef Cursor *cursor
    bound[0] = 0
    if not (node.bits[at >> 6] >> (at & 63)) & 1:
        return 0
    if node.kind == WORD:
        cursor = &search.cursors[node.first]
        if go_to(cursor, article, 0) < 0 or counts_here(cursor, &total, &title) < 0:
            return DAMAGED
        bound[0] = share_of(search, cursor.weight, article, total, title)
    elif node.kind == PHRASE:
        bound[0] = node.weight
    elif is_passage(node):
        if frequency_here(search, node, article, &frequency) < 0:
            return DAMAGED
        bound[0] = bound_of(search, node.weight, frequency)
    elif node.kind != EVERYTHING and node.kind != DAYS and node.kind != CHOSEN:
        for number in range(node.count if node.kind != ALL_BUT else 1):
            if bound_here(search, &search.nodes[node.children[number]], article, at, &part) < 0:
                return DAMAGED
            bound[0] += part
    return 0


cdef int frequency_here(Search *search, Node *node, uint32_t article, double *frequency) noexcept nogil:
    """The most that the weighted frequency of a passage can be in an article: where it begins, one of its words stands."""
    cdef uint32_t number, total, title
    cdef double part
    frequency[0] = 0
    if node.kind == SPOT:
        if count_spots(search, node, article, &total, &title) < 0:
            return DAMAGED
        frequency[0] = (total - title) * <double>search.norm[article]
        if title:
            frequency[0] += search.scale.title_weight * title / (
                search.scale.title_base + search.scale.title_slope * search.titles[article]
            )
        return 0
    # In their order, what begins a passage is a part of what stands first.
    for number in range(1 if node.kind == CHAIN or node.ordered else node.count):
        if frequency_here(search, &search.nodes[node.children[number]], article, &part) < 0:
            return DAMAGED
        frequency[0] += part
    return 0


cdef inline bint is_passage(const Node *node) noexcept nogil:
    return SPOT <= node.kind <= EARLY


cdef int candidates(Search *search, Node *node, uint32_t window) noexcept nogil:
    """Fill in the bits of a node for a window: all the articles that it can match, or, where it is exact, that it does."""
    cdef Node *child
    cdef uint32_t at, word
    cdef int failed
    memset(node.bits, 0xFF if node.kind == EVERYTHING else 0, sizeof(node.bits))
    if node.kind == EVERYTHING:
        return 0
    if node.kind == WORD:
        return mark(search, &search.cursors[node.first], window, block_of(&search.cursors[node.first], window, 0), node.bits)
    if node.kind == SPOT:
        return mark_spots(search, node, window)
    if node.kind == PHRASE:
        return mark_phrase(search, node, window)
    if node.kind == DAYS:
        mark_range(node, window)
        return 0
    if node.kind == CHOSEN:
        mark_chosen(search, node, window)
        return 0
    for at in range(node.count):
        child = &search.nodes[node.children[at]]
        failed = candidates(search, child, window)
        if failed < 0:
            return failed
        for word in range(WORDS):
            if at == 0 or node.kind == ANY_OF or node.kind == UNION:
                node.bits[word] |= child.bits[word]
            elif node.kind == ALL_BUT:
                # What is not certain to be left out may be there.
                if child.exact:
                    node.bits[word] &= ~child.bits[word]
            else:
                node.bits[word] &= child.bits[word]
    return 0


cdef int mark_spots(Search *search, Node *node, uint32_t window) noexcept nogil:
    """The articles that may have one of many words, and those that have one for sure."""
    cdef uint64_t marks[WORDS]
    cdef uint32_t at, word, found, block
    cdef uint64_t *bits
    cdef Cursor *cursor
    memset(marks, 0, sizeof(marks))
    memset(node.sure, 0, sizeof(node.sure))
    node.peak = 0
    node.actives = 0
    node.linked = NONE
    for at in range(node.count):
        if node.next[at] >= window + WINDOW:
            continue
        node.active[node.actives] = at
        node.actives += 1
        cursor = &search.cursors[node.first + at]
        if node.scope == ANYWHERE and search.filters[node.first + at] == NULL:
            bits = &node.sure[0]
        else:
            bits = &marks[0]
        block = block_of(cursor, window, 0)
        node.peak += window_peak(cursor, block, window + WINDOW)
        if mark(search, cursor, window, block, bits) < 0:
            return DAMAGED
        if node.count == 1:
            break
        # Where it stands next: a word that is rare need not be looked at for every window.
        block = block_of(cursor, window + WINDOW, block)
        if block > cursor.blocks or (block == cursor.blocks and cursor.rest == 0):
            node.next[at] = NONE
            continue
        if cursor.block != block and load_block(cursor, block) < 0:
            return DAMAGED
        if seek(cursor, window + WINDOW, &found) < 0:
            return DAMAGED
        node.next[at] = found
    for word in range(WORDS):
        node.bits[word] = node.sure[word] | marks[word]
    return 0


cdef int link_window(Search *search, Node *node, uint32_t window) noexcept nogil:
    """Which of many words each article of a window has."""
    cdef uint64_t marks[WORDS]
    cdef uint32_t at
    cdef Cursor *cursor
    cdef int failed
    if node.count == 1 or node.linked == window:
        return 0
    failed = begin_links(node)
    for at in range(node.actives):
        if failed < 0:
            return failed
        cursor = &search.cursors[node.first + node.active[at]]
        memset(marks, 0, sizeof(marks))
        if mark(search, cursor, window, block_of(cursor, window, 0), marks) < 0:
            return DAMAGED
        failed = link_words(node, node.active[at], marks)
    node.linked = window
    return failed


cdef int begin_links(Node *node) noexcept nogil:
    """No article of the window has a word yet."""
    if node.first_link == NULL:
        node.first_link = <uint32_t *>malloc(WINDOW * sizeof(uint32_t))
        if node.first_link == NULL:
            return NO_MEMORY
    memset(node.first_link, 0xFF, WINDOW * sizeof(uint32_t))
    node.link_count = 0
    return 0


cdef int link_words(Node *node, uint32_t word, const uint64_t *marks) noexcept nogil:
    """The articles of a window whose bits are set have a word."""
    cdef uint32_t number, at
    cdef uint64_t left
    cdef void *grown
    for number in range(WORDS):
        left = marks[number]
        while left:
            at = number * 64 + sk_lowest_bit(left)
            left &= left - 1
            if node.link_count == node.link_room:
                node.link_room = 2 * node.link_room + 1024
                grown = realloc(node.links, node.link_room * sizeof(Link))
                if grown == NULL:
                    return NO_MEMORY
                node.links = <Link *>grown
            node.links[node.link_count].word = word
            node.links[node.link_count].next = node.first_link[at]
            node.first_link[at] = node.link_count
            node.link_count += 1
    return 0


cdef inline uint32_t first_word(const Node *node, uint32_t article) noexcept nogil:
    """The link of the first of the words that an article of the window at hand may have, 0 where there is one word."""
    return 0 if node.count == 1 else node.first_link[article % WINDOW]


cdef inline uint32_t next_word(const Node *node, uint32_t link) noexcept nogil:
    return NONE if node.count == 1 else node.links[link].next


cdef inline uint32_t word_of(const Node *node, uint32_t link) noexcept nogil:
    """The number of the cursor of a word."""
    return node.first if node.count == 1 else node.first + node.links[link].word


cdef int mark_phrase(Search *search, Node *node, uint32_t window) noexcept nogil:
    """The articles that have all words of a phrase."""
    cdef uint64_t marks[WORDS]
    cdef uint64_t left
    cdef uint32_t at, word
    cdef Cursor *cursor
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
    return 0


cdef void mark_range(Node *node, uint32_t window) noexcept nogil:
    """The articles of some days: they stand in the order of their days."""
    cdef uint32_t at
    for at in range(max(node.low, window), min(node.high, window + WINDOW)):
        node.bits[(at - window) >> 6] |= (<uint64_t>1) << (at & 63)


cdef void mark_chosen(Search *search, Node *node, uint32_t window) noexcept nogil:
    """Articles that were chosen one by one."""
    cdef size_t first = window >> 3, size = (search.articles + 7) >> 3
    if node.chosen != NULL and first < size:
        memcpy(node.bits, node.chosen + first, min(<size_t>(WINDOW // 8), size - first))


cdef int matches(Search *search, Node *node, uint32_t article, uint32_t at, bint scoring) noexcept nogil:
    """Whether a node matches an article: 1 or 0. Its bit is right afterwards, and those of its parts if it does.

    Without ``scoring``, the bits of parts that do not matter any more stay as they are.
    """
    cdef uint64_t bit = (<uint64_t>1) << (at & 63)
    cdef uint32_t number
    cdef int found, one
    if not node.bits[at >> 6] & bit:
        return 0
    if node.exact:
        return 1
    if node.kind == SPOT and not scoring and node.sure[at >> 6] & bit:
        return 1
    found = node.kind != ANY_OF
    if node.kind == PHRASE:
        found = phrase_matches(search, node, article, scoring)
    elif is_passage(node):
        found = passages_match(search, node, article, BEGINS if scoring else WHETHER)
    elif node.kind == TIMES:
        found = passages_match(search, &search.nodes[node.children[0]], article, BEGINS)
        if found > 0:
            found = search.nodes[node.children[0]].total >= node.distance
    else:
        for number in range(node.count):
            one = matches(search, &search.nodes[node.children[number]], article, at, scoring)
            if one < 0:
                return one
            if node.kind == ANY_OF:
                found = found or one
                if found and not scoring:
                    break
            elif (one != 0) == (node.kind == ALL_BUT and number > 0):
                found = 0
                break
    if found == 0:
        node.bits[at >> 6] &= ~bit
    return found


cdef int phrase_matches(Search *search, Node *node, uint32_t article, bint counting) noexcept nogil:
    cdef uint32_t number
    cdef int failed
    for number in range(node.count):
        if go_to(&search.cursors[node.first + number], article, 0) < 0:
            return DAMAGED
    failed = phrase_here(search, node, article, counting, &node.total, &node.title)
    return failed if failed < 0 else node.total > 0


cdef int passages_match(Search *search, Node *node, uint32_t article, int wanted) noexcept nogil:
    """Whether a node stands in an article; keeps at how many places."""
    cdef uint32_t at, before = NONE, title
    cdef int failed
    if node.kind == SPOT and node.unfiltered:
        if count_spots(search, node, article, &node.total, &node.title) < 0:
            return DAMAGED
        if node.scope == IN_TITLE:
            node.total = node.title
        elif node.scope == IN_BODY:
            node.total -= node.title
            node.title = 0
        return node.total > 0
    if node.kind == SPOT:
        return count_forms(search, node, article, wanted)
    if is_pair(search, node):
        return pair_matches(search, node, article, wanted)
    failed = passages(search, node, article, wanted)
    if failed < 0:
        return failed
    node.total = node.title = 0
    # Far away, and not needed for what is found nowhere.
    title = search.titles[article] if node.held else 0
    for at in range(node.held):
        if at == 0 or node.spans[at].begin != before:
            before = node.spans[at].begin
            node.total += 1
            node.title += before < title
    if search.kept > MOST_IDLE:
        give_back(search, node)
    return node.total > 0


cdef int add(Search *search, Node *node, uint32_t article, uint32_t at, double *score) noexcept nogil:
    """Add what a node gives to the score of an article that it matches."""
    cdef uint32_t number, total, title
    cdef Node *child
    cdef Cursor *cursor
    if node.kind == WORD:
        cursor = &search.cursors[node.first]
        if go_to(cursor, article, 0) < 0 or counts_here(cursor, &total, &title) < 0:
            return DAMAGED
        score[0] += share_of(search, cursor.weight, article, total, title)
    elif node.kind == SPOT and node.exact:
        if count_spots(search, node, article, &total, &title) < 0:
            return DAMAGED
        score[0] += share_of(search, node.weight, article, total, title)
    elif node.kind == PHRASE or is_passage(node):
        score[0] += share_of(search, node.weight, article, node.total, node.title)
    elif node.kind != EVERYTHING and node.kind != DAYS and node.kind != CHOSEN:
        for number in range(node.count if node.kind != ALL_BUT else 1):
            child = &search.nodes[node.children[number]]
            if node.kind == TIMES and child.kind == SPOT and child.exact:
                # Its places were found, not only that it stands there.
                score[0] += share_of(search, child.weight, article, child.total, child.title)
            elif (child.bits[at >> 6] >> (at & 63)) & 1:
                if add(search, child, article, at, score) < 0:
                    return DAMAGED
    return 0


cdef int count_spots(Search *search, Node *node, uint32_t article, uint32_t *total, uint32_t *title) noexcept nogil:
    """How often one of many words stands in an article, all told."""
    cdef uint32_t here, in_title, link
    cdef int found = link_window(search, node, article // WINDOW * WINDOW)
    cdef Cursor *cursor
    if found < 0:
        return found
    link = first_word(node, article)
    total[0] = title[0] = 0
    while link != NONE:
        cursor = &search.cursors[word_of(node, link)]
        link = next_word(node, link)
        found = at_article(cursor, article)
        if found < 0:
            return DAMAGED
        if found:
            if counts_here(cursor, &here, &in_title) < 0:
                return DAMAGED
            total[0] += here
            title[0] += in_title
    return 0


cdef int count_forms(Search *search, Node *node, uint32_t article, int wanted) noexcept nogil:
    """How often the forms that are meant stand in an article; whether they do is enough where no more is wanted."""
    cdef uint32_t number, place, held, in_title, first, link, at = article % WINDOW
    cdef Cursor *cursor
    cdef const uint8_t *filter
    cdef int found
    node.total = node.title = 0
    if wanted == WHETHER and (node.sure[at >> 6] >> (at & 63)) & 1:
        node.total = 1
        return 1
    found = link_window(search, node, article - at)
    if found < 0:
        return found
    link = first_word(node, article)
    while link != NONE:
        number = word_of(node, link)
        link = next_word(node, link)
        cursor = &search.cursors[number]
        found = at_article(cursor, article)
        if found < 0:
            return found
        if found == 0:
            continue
        if counts_here(cursor, &held, &in_title) < 0:
            return DAMAGED
        # Positions ascend: those in the title are the first.
        first = 0 if node.scope != IN_BODY else in_title
        if node.scope == IN_TITLE:
            held = in_title
        filter = search.filters[number]
        if filter == NULL:
            node.total += held - first
            node.title += in_title if node.scope != IN_BODY else 0
        else:
            if load_counts(cursor) < 0:
                return DAMAGED
            if cursor.total[cursor.at] > cursor.occurrences:
                return DAMAGED
            found = room_for(search, cursor.total[cursor.at])
            if found < 0:
                return found
            if positions_of(cursor, search.places, search.lead_places) < 0:
                return DAMAGED
            for place in range(first, held):
                if search.lead_places[place] < search.filter_sizes[number] and filter[search.lead_places[place]]:
                    node.total += 1
                    node.title += place < in_title
                    if wanted == WHETHER:
                        return 1
        if wanted == WHETHER and node.total:
            return 1
    return node.total > 0


cdef int add_exact(Search *search, Node *node, uint32_t window, const uint64_t *bits) noexcept nogil:
    """Add what an exact node gives to the scores of some of the articles that it matches."""
    cdef uint64_t both[WORDS]
    cdef uint64_t left
    cdef uint32_t number, word, offset, total, title
    cdef Cursor *cursor
    if node.kind == WORD:
        cursor = &search.cursors[node.first]
        return score_bits(search, cursor, window, block_of(cursor, window, 0), bits, search.sums)
    if node.kind == SPOT:
        for word in range(WORDS):
            left = bits[word]
            while left:
                offset = word * 64 + sk_lowest_bit(left)
                left &= left - 1
                if count_spots(search, node, window + offset, &total, &title) < 0:
                    return DAMAGED
                search.sums[offset] += share_of(search, node.weight, window + offset, total, title)
        return 0
    if node.kind == EVERYTHING or node.kind == DAYS or node.kind == CHOSEN:
        return 0
    for number in range(node.count if node.kind != ALL_BUT else 1):
        for word in range(WORDS):
            both[word] = bits[word] & search.nodes[node.children[number]].bits[word]
        if add_exact(search, &search.nodes[node.children[number]], window, both) < 0:
            return DAMAGED
    return 0
