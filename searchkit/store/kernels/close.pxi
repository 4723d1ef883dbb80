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
    cdef uint32_t left_start, right_start, lefts, rights, left_base, right_base, left_titles = 0
    cdef uint32_t right_titles = 0, total = 0, in_title, last_in_title = 0
    cdef uint32_t at = 0, other = 0, one, two, place, label, last = 0, last_label = 0, hit
    cdef uint32_t reach = <uint32_t>min(<uint64_t>node.distance + 1, <uint64_t>LAST_POSITION)
    cdef const uint32_t *left_places
    cdef const uint32_t *right_places
    cdef int failed = at_article(left, article)
    if failed > 0:
        failed = at_article(right, article)
    node.total = node.title = 0
    if failed <= 0:
        return failed
    if place_here(left, &left_start, &lefts) < 0 or place_here(right, &right_start, &rights) < 0:
        return DAMAGED
    failed = room_for(search, max(lefts, rights))
    if failed < 0:
        return failed
    # Positions ascend: those in the title are the first. The title's length is further away.
    if counts_here(left, &total, &left_titles) < 0 or counts_here(right, &total, &right_titles) < 0:
        return DAMAGED
    left_places = places_from(left, left_start, lefts, search.lead_places, &left_base)
    right_places = places_from(right, right_start, rights, search.other_places, &right_base)
    if left_places == NULL or right_places == NULL:
        return DAMAGED
    while True:
        one = left_places[at] + left_base if at < lefts else NONE
        two = right_places[other] + right_base if other < rights else NONE
        place = min(one, two)
        # A bit for each word that stands here. Without a branch: which of them comes next cannot be foreseen.
        label = (one <= two) | (two <= one) << 1
        in_title = at < left_titles if one <= two else other < right_titles
        at += one <= two
        other += two <= one
        hit = ((label | last_label) == 3) & (last_label != 0) & (place - last <= reach) & (in_title == last_in_title)
        node.total += hit
        node.title += hit & in_title
        last, last_label, last_in_title = place, label, in_title
        if (hit and wanted == WHETHER) or (at >= lefts and (label == 2 or other >= rights)) or (
                other >= rights and label == 1):
            # Of one word is nothing left, and what is left of the other is near to nothing.
            return node.total > 0
