# Stems that were looked up lately: what a segment knows of one lies far apart in its file, and is kept together here.

cdef enum:
    # So many are kept at least, of all stems and segments together, and at most twice as many: 64 bytes each.
    KEPT_TERMS = 1 << 14
    # A longer stem is no word, and is not kept.
    LONGEST_KEPT = 128


cdef struct Term:
    # What one segment knows of a stem.
    const uint8_t *postings
    const uint8_t *positions
    size_t postings_size
    size_t positions_size
    double peak
    uint32_t number         # of the term; NONE: no article has it, and nothing else is there
    uint32_t articles
    uint32_t occurrences
    uint32_t forms
    bint brought            # whether all but the number is there, and its postings are verified
    bint placed             # whether its positions are


@cython.final
cdef class Stem:
    """What the segments know of a stem; ``having`` is in how many live articles it stands."""

    cdef Term *terms
    cdef uint64_t having

    def __cinit__(self, Py_ssize_t segments):
        self.terms = <Term *>calloc(segments + 1, sizeof(Term))
        if self.terms == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.terms)


cdef Stem look_up_stem(Searcher searcher, bytes name):
    """Find a stem in all segments, and count the live articles that have it."""
    cdef Py_ssize_t at
    cdef int64_t number
    cdef Dictionary dictionary
    cdef Segment segment
    cdef Stem stem = Stem(len(searcher._segments))
    for at in range(len(searcher._segments)):
        dictionary = searcher._dictionaries[at]
        segment = searcher._segments[at]
        try:
            number = dictionary.look_up(name)
            stem.terms[at].number = NONE if number < 0 else <uint32_t>number
            if number >= 0:
                stem.having += (dictionary.number_of(5, number) if segment._all_live
                                else live_articles(segment, dictionary, <uint32_t>number))
        except Damage as error:
            raise Damage(error.args[0], at) from None
    return stem


cdef int bring_term(Dictionary dictionary, Term *term, bint positions, Cursor *cursor) except -1:
    """Set a cursor, whose limit, weight and stretch are there, before the first posting of a term."""
    if term.brought and (term.placed or not positions):
        cursor.postings, cursor.postings_size = term.postings, term.postings_size
        cursor.positions, cursor.positions_size = term.positions, term.positions_size
        cursor.articles, cursor.occurrences, cursor.forms = term.articles, term.occurrences, term.forms
        cursor.peak = term.peak
        start_cursor(cursor)
        return 0
    dictionary.fill(term.number, positions, cursor)
    term.postings, term.postings_size = cursor.postings, cursor.postings_size
    term.positions, term.positions_size = cursor.positions, cursor.positions_size
    term.articles, term.occurrences, term.forms = cursor.articles, cursor.occurrences, cursor.forms
    term.peak = cursor.peak
    term.placed = term.placed or positions
    term.brought = True
    return 0


cdef inline void fetch_term(const Term *term) noexcept nogil:
    """Have the processor bring what will be read first: where the blocks are said to lie, and the first of them."""
    if term.brought:
        sk_fetch(term.postings)
        sk_fetch(term.postings + term.articles // BLOCK * SKIP)
