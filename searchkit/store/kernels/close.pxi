# Passages whose words are all needed, and are single ones: their articles are found like those of a phrase. What most
# of them are, two words near each other in any order, is told without making passages.


cdef bint needs_all(const Search *search, const Node *node) noexcept nogil:
    """Whether a node is a passage of single words, and an article without any one of them has none."""
    cdef uint32_t at
    if not SPOT < node.kind <= EARLY or node.kind == UNION:
        return False
    for at in range(node.count):
        if (search.nodes[node.children[at]].kind != SPOT or search.nodes[node.children[at]].count != 1) and (
                not needs_all(search, &search.nodes[node.children[at]])):
            return False
    return True


cdef double passage_peak(Search *search, const Node *node) noexcept nogil:
    """The most that the weighted frequency of such a passage can be in the blocks at hand: where it begins, a word stands."""
    cdef uint32_t at
    cdef double peak = 0, one, other
    if node.kind == SPOT:
        return peak_of_block(&search.cursors[node.first], search.cursors[node.first].block)
    if node.kind == CLOSE and node.count == 2:
        # Each word is in two of the shortest passages at most, one before it and one behind.
        one = passage_peak(search, &search.nodes[node.children[0]])
        other = passage_peak(search, &search.nodes[node.children[1]])
        return 2 * (one if one < other else other)
    for at in range(1 if node.kind == CHAIN or node.ordered else node.count):
        peak += passage_peak(search, &search.nodes[node.children[at]])
    return peak


cdef bint is_pair(const Search *search, const Node *node) noexcept nogil:
    """Whether a passage is two single words near each other in any order, whatever their forms and wherever they are."""
    cdef uint32_t at
    cdef const Node *part
    if node.kind != CLOSE or node.count != 2:
        return False
    for at in range(2):
        part = &search.nodes[node.children[at]]
        if part.count != 1 or part.scope != ANYWHERE or search.filters[part.first] != NULL:
            return False
    return True


cdef int pair_matches(Search *search, Node *node, uint32_t article, int wanted) noexcept nogil:
    """Whether two words stand near each other in an article; keeps at how many places. A twin of close_together.

    The shortest passages lie between one word and the other where nothing of either stands between.
    """
    cdef Cursor *left = &search.cursors[search.nodes[node.children[0]].first]
    cdef Cursor *right = &search.cursors[search.nodes[node.children[1]].first]
    cdef uint32_t lefts, rights, at = 0, other = 0, place, label, last = 0, last_label = 0, title = search.titles[article]
    cdef uint32_t one, two, reach, found = 0, in_title = 0, hit
    cdef int failed = at_article(left, article)
    node.total = node.title = 0
    if failed > 0:
        failed = at_article(right, article)
    if failed <= 0:
        return failed
    if load_counts(left) < 0 or load_counts(right) < 0:
        return DAMAGED
    find_place(left)
    find_place(right)
    lefts, rights = positions_here(left), positions_here(right)
    if lefts > left.occurrences or rights > right.occurrences:
        return DAMAGED
    failed = room_for(search, max(lefts, rights) + 1)
    if failed < 0:
        return failed
    if positions_of(left, search.lead_places, NULL) < 0 or positions_of(right, search.other_places, NULL) < 0:
        return DAMAGED
    # Behind the last place of each there is one that nothing is near to.
    search.lead_places[lefts] = search.other_places[rights] = NONE
    reach = <uint32_t>min(<uint64_t>node.distance + 1, <uint64_t>LAST_POSITION)
    while at + other < lefts + rights:
        one, two = search.lead_places[at], search.other_places[other]
        place = min(one, two)
        # A bit for each word that stands here: only damage gives both one place.
        label = (one <= two) | (two <= one) << 1
        at += (one <= two) & (at < lefts)
        other += (two <= one) & (other < rights)
        hit = ((label | last_label) == 3) & (last_label != 0) & (place - last <= reach) & (
            (last < title) == (place < title))
        found += hit
        in_title += hit & (last < title)
        if wanted == WHETHER and hit:
            break
        last, last_label = place, label
        if (label == 2 and at == lefts) or (label == 1 and other == rights):
            # No more than one of them is left.
            break
    node.total, node.title = found, in_title
    return found > 0
