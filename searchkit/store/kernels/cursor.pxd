# cython: language_level=3
"""A walk over the postings of one term in one segment; every offset is checked before it is followed."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from searchkit.store.kernels.bits cimport BLOCK

cdef enum:
    SKIP = 20
    NONE = 0xFFFFFFFF


cdef struct Cursor:
    # The bytes of the term, and what the dictionary says of it.
    const uint8_t *postings
    size_t postings_size
    const uint8_t *positions
    size_t positions_size
    uint32_t articles       # postings
    uint32_t occurrences
    uint32_t forms
    uint32_t limit          # articles of the segment
    uint32_t blocks         # full blocks
    uint32_t rest           # postings behind them
    double weight           # what the saturated frequency is multiplied with
    double peak             # bound of the weighted frequency over all postings
    double stretch          # by how much bounds must grow, since average lengths have moved
    # The block at hand.
    uint32_t block          # its number, ``blocks`` for the rest, NONE for none
    uint32_t held           # postings in it
    const uint8_t *bit_set  # its articles as bits, or NULL: then they are listed
    uint32_t first_word     # of the set: the article of its first bit, divided by 64
    uint32_t words          # of the set
    bint listed             # whether ``article`` is there
    bint counted            # whether ``total`` and ``title`` are there
    bint placed             # whether ``start`` is there
    uint32_t looked_up      # of its postings, since it came to hand
    const uint8_t *totals   # where the packed frequencies begin, and their widths
    const uint8_t *titles
    uint32_t total_width
    uint32_t title_width
    double bound            # what an article of the block can add at most; less than 0 while it is not known
    uint32_t article[BLOCK]
    uint32_t total[BLOCK]
    uint32_t title[BLOCK]
    uint32_t start[BLOCK]   # number of the first position of each posting
    # The posting at hand.
    uint32_t here           # its article
    uint32_t at             # its place in the block, NONE while it is not known
    # The block of positions that was found last, and the one at hand.
    uint32_t seen_block     # its number, NONE for none
    size_t seen_at          # where it begins
    uint32_t place_block    # its number, NONE for none
    uint32_t place_held
    bint place_forms        # whether the numbers of the forms are there
    uint32_t place[BLOCK]   # running sums of the gaps
    uint32_t form[BLOCK]


cdef int start_cursor(Cursor *cursor) noexcept nogil
cdef uint32_t last_of_block(const Cursor *cursor, uint32_t block) noexcept nogil
cdef double peak_of_block(const Cursor *cursor, uint32_t block) noexcept nogil
cdef int load_block(Cursor *cursor, uint32_t block) noexcept nogil
cdef int list_block(Cursor *cursor) noexcept nogil
cdef int load_counts(Cursor *cursor) noexcept nogil
cdef int load_starts(Cursor *cursor) noexcept nogil
cdef uint32_t block_of(const Cursor *cursor, uint32_t article, uint32_t first) noexcept nogil
cdef int seek(Cursor *cursor, uint32_t article, uint32_t *found) noexcept nogil
cdef int find_place(Cursor *cursor) noexcept nogil
cdef int counts_here(Cursor *cursor, uint32_t *total, uint32_t *title) noexcept nogil
cdef int load_places(Cursor *cursor, uint32_t block, bint forms) noexcept nogil
cdef int load_forms(Cursor *cursor, uint32_t block) noexcept nogil
cdef int place_here(Cursor *cursor, uint32_t *start, uint32_t *total) noexcept nogil
cdef const uint32_t *places_from(Cursor *cursor, uint32_t number, uint32_t count, uint32_t *room,
                                 uint32_t *base) noexcept nogil
cdef int positions_of(Cursor *cursor, uint32_t *out, uint32_t *forms) noexcept nogil
