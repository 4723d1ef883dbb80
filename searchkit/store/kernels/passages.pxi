# Passages of one article, made of the passages of their parts: twins of searchkit.store.passages.

cdef enum:
    # So many passages of one node may an article have.
    MOST_SPANS = 1 << 22
    # For so many is there room, in all nodes together; what takes less may be kept for the next article.
    MOST_KEPT = 1 << 24
    MOST_IDLE = 1 << 20
    MOST_CLOSE = 32
    ANYWHERE = 0
    IN_TITLE = 1
    IN_BODY = 2
    SENTENCE = 0

# How much must be known of the passages of a node: all, one for each place where one begins, or whether there is one.
cdef enum:
    ALL = 0
    BEGINS = 1
    WHETHER = 2


cdef int compare_spans(const void *one, const void *other) noexcept nogil:
    cdef const Span *left = <const Span *>one
    cdef const Span *right = <const Span *>other
    if left.begin != right.begin:
        return -1 if left.begin < right.begin else 1
    return (left.end > right.end) - (left.end < right.end)


cdef int grow(Node *node) noexcept nogil:
    """Make room for more passages."""
    cdef uint32_t more = node.room + 16
    cdef void *grown
    if node.held >= MOST_SPANS or node.kept[0] + more > MOST_KEPT:
        return TOO_MUCH
    grown = realloc(node.spans, (<size_t>node.room + more) * sizeof(Span))
    if grown == NULL:
        return NO_MEMORY
    node.spans = <Span *>grown
    node.room += more
    node.kept[0] += more
    return 0


cdef void give_back(Search *search, Node *node) noexcept nogil:
    """Give back the room of a node and of its parts."""
    cdef uint32_t at
    free(node.spans)
    node.spans = NULL
    node.kept[0] -= node.room
    node.held = node.room = 0
    for at in range(node.count if node.kind != SPOT else 0):
        give_back(search, &search.nodes[node.children[at]])


cdef inline int add_span(Node *node, uint32_t begin, uint32_t end) noexcept nogil:
    cdef int failed
    if node.held == node.room:
        failed = grow(node)
        if failed < 0:
            return failed
    node.spans[node.held].begin = begin
    node.spans[node.held].end = end
    node.held += 1
    return 0


cdef void sort_spans(Node *node) noexcept nogil:
    """Ascending, each once."""
    cdef uint32_t at, kept = 0
    cdef bint sorted_already = True
    for at in range(1, node.held):
        if compare_spans(&node.spans[at - 1], &node.spans[at]) >= 0:
            sorted_already = False
            break
    if sorted_already:
        return
    qsort(node.spans, node.held, sizeof(Span), compare_spans)
    for at in range(1, node.held):
        if compare_spans(&node.spans[kept], &node.spans[at]) != 0:
            kept += 1
            node.spans[kept] = node.spans[at]
    node.held = kept + 1


cdef uint32_t span_from(const Node *node, uint32_t begin) noexcept nogil:
    """The first passage that begins at ``begin`` or behind it."""
    cdef uint32_t low = 0, high = node.held, middle
    while low < high:
        middle = low + (high - low) // 2
        if node.spans[middle].begin < begin:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline uint32_t word_at(uint32_t position, uint32_t title) noexcept nogil:
    """The number of the word at a position, title and body on end."""
    return position if position < title else position - 1


cdef int at_article(Cursor *cursor, uint32_t article) noexcept nogil:
    """Bring the posting of an article to hand: 1, 0 where it has none, or DAMAGED."""
    cdef uint32_t found, block = cursor.block
    if (block == NONE or last_of_block(cursor, block) < article
            or (block and last_of_block(cursor, block - 1) >= article)):
        block = block_of(cursor, article, 0)
        if block > cursor.blocks or (block == cursor.blocks and cursor.rest == 0):
            return 0
        if load_block(cursor, block) < 0:
            return DAMAGED
    if seek(cursor, article, &found) < 0:
        return DAMAGED
    return found == article


cdef int passages(Search *search, Node *node, uint32_t article, int wanted) noexcept nogil:
    """Find the passages of a node in an article, as many of them as are wanted."""
    cdef uint32_t at
    cdef int failed = 0
    node.held = 0
    for at in range(node.count if node.kind != SPOT else 0):
        failed = passages(search, &search.nodes[node.children[at]], article, wanted if node.kind == UNION else ALL)
        if failed < 0:
            return failed
        if search.nodes[node.children[at]].held == 0 and node.kind != UNION:
            return 0
    if node.kind == SPOT:
        return spots(search, node, article, wanted)
    if node.kind == CHAIN:
        return chain(search, node)
    if node.kind == UNION:
        for at in range(node.count):
            failed = append(node, &search.nodes[node.children[at]])
            if failed < 0:
                return failed
        sort_spans(node)
        return 0
    if node.kind == CLOSE:
        return close_together(search, node, search.titles[article], wanted)
    if node.kind == EARLY:
        return early(search, node, search.titles[article])
    failed = pairs(search, node, &search.nodes[node.children[0]], &search.nodes[node.children[1]], article, wanted)
    if failed == 0 and not node.ordered and not (wanted == WHETHER and node.held):
        failed = pairs(search, node, &search.nodes[node.children[1]], &search.nodes[node.children[0]], article, wanted)
    sort_spans(node)
    return failed


cdef int append(Node *node, const Node *part) noexcept nogil:
    cdef uint32_t at
    cdef int failed
    for at in range(part.held):
        failed = add_span(node, part.spans[at].begin, part.spans[at].end)
        if failed < 0:
            return failed
    return 0


cdef int spots(Search *search, Node *node, uint32_t article, int wanted) noexcept nogil:
    """The places of single words."""
    cdef uint32_t number, place, title = search.titles[article], total, link, at = article % WINDOW
    cdef bint several
    cdef Cursor *cursor
    cdef const uint8_t *filter
    cdef int failed
    if wanted == WHETHER and (node.sure[at >> 6] >> (at & 63)) & 1:
        return add_span(node, 0, 1)
    failed = link_window(search, node, article - at)
    if failed < 0:
        return failed
    link = first_word(node, article)
    several = node.count > 1 and link != NONE and next_word(node, link) != NONE
    while link != NONE and not (wanted == WHETHER and node.held):
        number = word_of(node, link)
        link = next_word(node, link)
        cursor = &search.cursors[number]
        failed = at_article(cursor, article)
        if failed < 0:
            return failed
        if failed == 0:
            continue
        if load_counts(cursor) < 0:
            return DAMAGED
        find_place(cursor)
        total = cursor.total[cursor.at]
        if total > cursor.occurrences:
            return DAMAGED
        failed = room_for(search, total)
        if failed < 0:
            return failed
        filter = search.filters[number]
        if positions_of(cursor, search.places, search.lead_places if filter != NULL else NULL) < 0:
            return DAMAGED
        for place in range(total):
            if filter != NULL and (search.lead_places[place] >= search.filter_sizes[number]
                                   or not filter[search.lead_places[place]]):
                continue
            if node.scope != ANYWHERE and (search.places[place] < title) != (node.scope == IN_TITLE):
                continue
            failed = add_span(node, search.places[place], search.places[place] + 1)
            if failed < 0:
                return failed
    if several:
        sort_spans(node)
    return 0


cdef int chain(Search *search, Node *node) noexcept nogil:
    """One passage of each part, each beginning where the one before it ends."""
    cdef Node *part = &search.nodes[node.children[0]]
    cdef uint32_t number, at, held, other, end
    cdef int failed = append(node, part)
    if failed < 0:
        return failed
    for number in range(1, node.count):
        part = &search.nodes[node.children[number]]
        held = node.held
        # What is found is written behind what it is found from.
        for at in range(held):
            end = node.spans[at].end
            other = span_from(part, end)
            while other < part.held and part.spans[other].begin == end:
                failed = add_span(node, node.spans[at].begin, part.spans[other].end)
                if failed < 0:
                    return failed
                other += 1
            if spent(search, 1):
                return EXPIRED
        node.held -= held
        if node.held == 0:
            return 0
        memmove(node.spans, node.spans + held, node.held * sizeof(Span))
        sort_spans(node)
    return 0


cdef int pairs(Search *search, Node *node, const Node *left, const Node *right, uint32_t article,
               int wanted) noexcept nogil:
    """A passage of ``left`` and behind it one of ``right``, near enough or in the same sentence or paragraph."""
    cdef uint32_t at, other, title = search.titles[article], behind = 0, border = 0, border_end = 0, last
    cdef uint64_t reach
    cdef const Span *one
    cdef int failed
    if node.kind == WITHIN:
        border = search.border_ends[article - 1] if article else 0
        border_end = search.border_ends[article]
        if border > border_end or border_end > search.border_count:
            return DAMAGED
    for at in range(left.held):
        one = &left.spans[at]
        if node.kind == WITHIN:
            # The unit ends with the first of its borders behind the word that the passage begins with.
            while border < border_end and ((search.borders[border] >> 1) <= word_at(one.begin, title)
                                           or (node.distance != SENTENCE and not search.borders[border] & 1)):
                border += 1
            behind = search.borders[border] >> 1 if border < border_end else NONE
            if word_at(one.end - 1, title) >= behind:
                continue
        reach = <uint64_t>one.end - 1 + node.distance
        other = span_from(right, one.end)
        while other < right.held:
            if spent(search, 1):
                return EXPIRED
            if node.kind == NEAR:
                if right.spans[other].begin > reach:
                    break
                if (right.spans[other].begin < title) != (one.begin < title):
                    break
            else:
                if word_at(right.spans[other].begin, title) >= behind:
                    break
                last = word_at(right.spans[other].end - 1, title)
                if last >= behind:
                    other += 1
                    continue
            failed = add_span(node, one.begin, right.spans[other].end)
            if failed < 0:
                return failed
            if wanted == WHETHER:
                return 0
            if wanted == BEGINS:
                break
            other += 1
    return 0


cdef int early(Search *search, Node *node, uint32_t title) noexcept nogil:
    """Those whose last word is one of the first ones."""
    cdef const Node *part = &search.nodes[node.children[0]]
    cdef uint32_t at, before = title if node.scope == IN_BODY else 0
    cdef int failed
    for at in range(part.held):
        if word_at(part.spans[at].end - 1, title) - before < node.distance:
            failed = add_span(node, part.spans[at].begin, part.spans[at].end)
            if failed < 0:
                return failed
    return 0


cdef int close_together(Search *search, Node *node, uint32_t title, int wanted) noexcept nogil:
    """The shortest passages that hold a word of every part, each another, and few words besides."""
    cdef uint32_t heads[MOST_CLOSE]
    cdef uint32_t taken[MOST_CLOSE]
    cdef uint32_t number, at, stop, place, kept = 0, mask, tried, placed
    cdef uint64_t length = <uint64_t>node.count + node.distance
    cdef Node *part
    cdef int failed
    memset(heads, 0, sizeof(heads))
    # Every position with a bit for each part that may stand there, as (position, bits).
    while True:
        place = NONE
        for number in range(node.count):
            part = &search.nodes[node.children[number]]
            if heads[number] < part.held and part.spans[heads[number]].begin < place:
                place = part.spans[heads[number]].begin
        if place == NONE:
            break
        mask = 0
        for number in range(node.count):
            part = &search.nodes[node.children[number]]
            while heads[number] < part.held and part.spans[heads[number]].begin == place:
                mask |= <uint32_t>1 << number
                heads[number] += 1
        failed = add_span(node, place, mask)
        if failed < 0:
            return failed
    for at in range(node.held):
        # Each part is given a position of its own, as positions come: a matching by augmenting paths (Kuhn 1955).
        place = node.spans[at].begin
        for number in range(node.count):
            taken[number] = NONE
        placed = 0
        stop = at
        while stop < node.held:
            if node.spans[stop].begin >= place + length or (node.spans[stop].begin < title) != (place < title):
                stop = node.held
                break
            tried = 0
            placed += augment(node, stop, taken, &tried)
            if placed == node.count:
                break
            if spent(search, 8):
                return EXPIRED
            stop += 1
        if stop < node.held:
            # A passage that ends where this one does, and began before it, is not the shortest.
            if kept and search.other_spans[kept - 1].end == node.spans[stop].begin + 1:
                kept -= 1
            failed = room_for_spans(search, kept + 1)
            if failed < 0:
                return failed
            search.other_spans[kept].begin = place
            search.other_spans[kept].end = node.spans[stop].begin + 1
            kept += 1
            if wanted == WHETHER:
                break
    node.held = kept
    if kept:
        memcpy(node.spans, search.other_spans, kept * sizeof(Span))
    return 0


cdef int room_for_spans(Search *search, uint32_t count) noexcept nogil:
    cdef void *grown
    if count > search.spans_room:
        search.spans_room = 2 * count + 16
        grown = realloc(search.other_spans, search.spans_room * sizeof(Span))
        if grown == NULL:
            return NO_MEMORY
        search.other_spans = <Span *>grown
    return 0


cdef bint augment(const Node *node, uint32_t at, uint32_t *taken, uint32_t *tried) noexcept nogil:
    """Give a part the position ``at``, and another to whichever part had it."""
    cdef uint32_t number
    for number in range(node.count):
        if (node.spans[at].end >> number) & 1 and not (tried[0] >> number) & 1:
            tried[0] |= <uint32_t>1 << number
            if taken[number] == NONE or augment(node, taken[number], taken, tried):
                taken[number] = at
                return True
    return False
