# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The best articles of one segment for a query, and the exact number that match, without the GIL.

Scores are BM25F. Each term's share is rounded to a multiple of 2^-36: sums of such numbers are exact in a
double, so a score does not depend on the order in which shares are added, and ties are ties.

Any-word queries are answered in windows of 4,096 articles, from the newest to the oldest (MaxScore with
block maxima): what can match is counted from bit sets; a window whose maxima cannot reach the ten best is
counted and not scored. All-word queries and phrases gallop. Trees of both are answered in windows, bit set by
bit set.
"""

from array import array

cimport cython
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memset

from searchkit.store.kernels.bits cimport BLOCK
from searchkit.store.kernels.cursor cimport (
    NONE, Cursor, block_of, last_of_block, load_block, load_counts, peak_of_block, positions_of, seek, start_cursor,
)


cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define sk_count_bits(x) __builtin_popcountll(x)
    #define sk_highest_bit(x) (63 - __builtin_clzll(x))
    #define sk_lowest_bit(x) __builtin_ctzll(x)
    #else
    static int sk_count_bits(unsigned long long x) { int n = 0; while (x) { x &= x - 1; n++; } return n; }
    static int sk_highest_bit(unsigned long long x) { int n = -1; while (x) { x >>= 1; n++; } return n; }
    static int sk_lowest_bit(unsigned long long x) { int n = 0; while (!(x & 1)) { x >>= 1; n++; } return n; }
    #endif
    """
    int sk_count_bits(uint64_t) noexcept nogil
    int sk_highest_bit(uint64_t) noexcept nogil
    int sk_lowest_bit(uint64_t) noexcept nogil


cdef enum:
    WINDOW = 4096
    WORDS = 64


class Damage(Exception):
    """The bytes of a segment contradict themselves."""


cdef struct Best:
    # The best so far: a heap whose root is the worst of them; among equal scores the later article is better.
    double *score
    uint32_t *article
    uint32_t size
    uint32_t room
    double floor        # what is worse than this is not wanted
    bint strict         # nor is what equals the worst, once full: articles come from the last to the first


cdef inline bint better(double score, uint32_t article, double other, uint32_t other_article) noexcept nogil:
    return score > other or (score == other and article > other_article)


cdef inline double bar(const Best *best) noexcept nogil:
    """What a score must reach to count."""
    return best.score[0] if best.size == best.room and best.room else best.floor


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


@cython.final
cdef class Segment:
    """The sections of a segment that a search reads, each a read-only view of its bytes.

    ``live`` has a bit for each article (the first in the lowest bit of the first byte), or is None.
    """

    cdef const uint8_t[::1] _postings
    cdef const uint32_t[::1] _titles
    cdef const uint32_t[::1] _bodies
    cdef const uint32_t[::1] _sources
    cdef const uint32_t[::1] _days
    cdef const uint8_t[::1] _live
    cdef readonly uint32_t articles
    cdef bint _all_live
    cdef float[::1] _norms
    cdef double _norm_base
    cdef double _norm_slope

    def __init__(self, postings, titles, bodies, sources, days, live):
        self._postings = postings
        self._titles = titles
        self._bodies = bodies
        self._sources = sources
        self._days = days
        self._all_live = live is None
        if live is not None:
            self._live = live
        self.articles = <uint32_t>self._titles.shape[0]
        if (self._bodies.shape[0] != self.articles or self._sources.shape[0] != self.articles
                or self._days.shape[0] != self.articles
                or (live is not None and self._live.shape[0] * 8 < self.articles)):
            raise Damage("the columns are not of one length")
        self._norm_base = -1

    cdef float[::1] norms(self, double base, double slope):
        """What a frequency in the body of each article is multiplied with; made once for each scale."""
        cdef float[::1] made
        cdef uint32_t at
        if self._norm_base != base or self._norm_slope != slope:
            made = array("f", bytes(4 * (self.articles + 1)))
            for at in range(self.articles):
                made[at] = <float>(1 / (base + slope * self._bodies[at]))
            # Whoever searches with the norms of before keeps them.
            self._norms = made
            self._norm_base = base
            self._norm_slope = slope
        return self._norms


# How a query is handed over: nodes in postfix order.
cdef enum:
    WORD = 0
    PHRASE = 1
    ALL_OF = 2
    ANY_OF = 3
    ALL_BUT = 4     # the first child without the others
    EVERYTHING = 5


cdef struct Node:
    int kind
    uint32_t first          # cursors of a word or phrase: the first, and how many
    uint32_t count
    uint32_t *children
    double weight           # of a phrase
    double bound
    uint64_t bits[WORDS]
    double *score


cdef struct Scale:
    double k1
    double title_weight
    double title_base
    double title_slope
    double body_base
    double body_slope


cdef inline double rounded(double share) noexcept nogil:
    """The nearest multiple of 2^-36; shares stay far below 2^15."""
    return (share + 98304.0) - 98304.0


cdef inline double saturated(const Scale *scale, double frequency) noexcept nogil:
    return frequency / (scale.k1 + frequency)


@cython.final
cdef class Query:
    """A query over one segment, ready to be run once.

    ``scale`` is (k1, title weight, title base, title slope, body base, body slope). ``terms`` is a list of
    (begin, split, end, articles, occurrences, forms, peak, stretch, weight): its postings lie from begin to
    split, its positions from split to end;
    ``nodes`` a list in postfix order of (kind, first term, terms, child numbers, weight), the root last.
    """

    cdef Segment _segment
    cdef Cursor *_cursors
    cdef uint32_t _terms
    cdef Node *_nodes
    cdef uint32_t _node_count
    cdef Scale _scale
    cdef float[::1] _norms
    cdef uint32_t _low
    cdef uint32_t _high
    cdef const uint8_t[::1] _wanted
    cdef bint _filtered
    cdef Best _best
    cdef double *_sums
    cdef uint32_t *_places
    cdef uint32_t *_other_places
    cdef size_t _places_room
    cdef readonly uint64_t total

    def __cinit__(self, Segment segment not None, tuple scale, list terms, list nodes, uint32_t low, uint32_t high,
                  wanted, uint32_t limit, double floor):
        cdef uint32_t at, child
        cdef Cursor *cursor
        cdef uint64_t begin, split, end
        self._segment = segment
        (self._scale.k1, self._scale.title_weight, self._scale.title_base, self._scale.title_slope,
         self._scale.body_base, self._scale.body_slope) = scale
        self._norms = segment.norms(self._scale.body_base, self._scale.body_slope)
        self._low = min(low, segment.articles)
        self._high = min(high, segment.articles)
        self._filtered = wanted is not None
        if wanted is not None:
            self._wanted = wanted
        self._terms = <uint32_t>len(terms)
        self._node_count = <uint32_t>len(nodes)
        self._cursors = <Cursor *>calloc(self._terms + 1, sizeof(Cursor))
        self._nodes = <Node *>calloc(self._node_count + 1, sizeof(Node))
        self._best.room = limit
        self._best.score = <double *>malloc((limit + 1) * sizeof(double))
        self._best.article = <uint32_t *>malloc((limit + 1) * sizeof(uint32_t))
        self._best.floor = floor
        if not (self._cursors and self._nodes and self._best.score and self._best.article):
            raise MemoryError
        for at in range(self._terms):
            cursor = &self._cursors[at]
            (begin, split, end, cursor.articles, cursor.occurrences, cursor.forms, cursor.peak,
             cursor.stretch, cursor.weight) = terms[at]
            if begin > split or split >= end or end > <uint64_t>segment._postings.shape[0]:
                raise Damage("a term lies outside its section")
            cursor.postings = &segment._postings[0] + begin
            cursor.postings_size = split - begin
            cursor.positions = &segment._postings[0] + split
            cursor.positions_size = end - split
            cursor.limit = segment.articles
            if not cursor.peak >= 0:
                cursor.peak = 1e30
            if (start_cursor(cursor) < 0 or cursor.occurrences < cursor.articles
                    or cursor.occurrences > (cursor.positions_size // 2 + 1) * BLOCK):
                raise Damage("a term's numbers do not fit its bytes")
        for at in range(self._node_count):
            kind, first, count, children, weight = nodes[at]
            self._nodes[at].kind = kind
            self._nodes[at].first = first
            self._nodes[at].weight = weight
            if kind in (WORD, PHRASE):
                self._nodes[at].count = count
                if first + count > self._terms:
                    raise ValueError("a node without its terms")
                continue
            self._nodes[at].count = <uint32_t>len(children)
            self._nodes[at].children = <uint32_t *>malloc((len(children) + 1) * sizeof(uint32_t))
            if self._nodes[at].children == NULL:
                raise MemoryError
            for child in range(self._nodes[at].count):
                self._nodes[at].children[child] = children[child]
                if self._nodes[at].children[child] >= at:
                    raise ValueError("a child behind its parent")

    def __dealloc__(self):
        cdef uint32_t at
        if self._nodes:
            for at in range(self._node_count):
                free(self._nodes[at].children)
                free(self._nodes[at].score)
        free(self._nodes)
        free(self._cursors)
        free(self._best.score)
        free(self._best.article)
        free(self._sums)
        free(self._places)
        free(self._other_places)

    def run(self, str order="relevance"):
        """Answer: the best as (score, article), best first; ``total`` is then exact.

        ``order`` "newest" and "oldest" give articles by their day instead, with scores of zero.
        """
        cdef int failed = 0
        cdef Node *root
        cdef uint32_t at
        cdef bint words
        cdef int kind
        cdef int mode = {"relevance": 0, "newest": 1, "oldest": 2}[order]
        if self._node_count == 0 or self._low >= self._high:
            return []
        root = &self._nodes[self._node_count - 1]
        self.total = 0
        words = True
        if root.kind == ANY_OF or root.kind == ALL_OF:
            for at in range(root.count):
                kind = self._nodes[root.children[at]].kind
                words = words and (kind == WORD or (kind == PHRASE and root.kind == ALL_OF))
        kind = root.kind
        with nogil:
            if words and (kind == ANY_OF or kind == WORD):
                failed = self._any(root, mode)
            elif words and (kind == ALL_OF or kind == PHRASE) and not (kind == ALL_OF and self._dense()):
                failed = self._all(root, mode)
            else:
                failed = self._tree(mode)
        if failed == -2:
            raise MemoryError
        if failed < 0:
            raise Damage("the postings of a term contradict themselves")
        found = sorted(
            ((self._best.score[at], self._best.article[at]) for at in range(self._best.size)), reverse=True
        )
        return found if mode == 0 else [(0.0, article) for _, article in found]

    cdef inline double _share(self, Cursor *cursor, uint32_t at) noexcept nogil:
        """What the posting ``at`` of the block at hand adds to its article's score."""
        cdef uint32_t article = cursor.article[at]
        return self._share_of(cursor.weight, article, cursor.total[at] - cursor.title[at], cursor.title[at])

    cdef inline double _share_of(self, double weight, uint32_t article, uint32_t body, uint32_t title) noexcept nogil:
        cdef double frequency = body * self._norms[article]
        if title:
            frequency += self._scale.title_weight * title / (
                self._scale.title_base + self._scale.title_slope * self._segment._titles[article]
            )
        return rounded(weight * frequency / (self._scale.k1 + frequency))

    cdef inline bint _allowed(self, uint32_t article) noexcept nogil:
        """Whether one article passes the filters and is not deleted."""
        cdef uint32_t source
        if article < self._low or article >= self._high:
            return False
        if not self._segment._all_live and not (self._segment._live[article >> 3] >> (article & 7)) & 1:
            return False
        if self._filtered:
            source = self._segment._sources[article]
            return source < <uint32_t>self._wanted.shape[0] and self._wanted[source] != 0
        return True

    cdef inline bint _restricted(self) noexcept nogil:
        return self._filtered or not self._segment._all_live

    cdef void _allow(self, uint32_t window, uint64_t *bits) noexcept nogil:
        """The articles of a window that pass the filters, as a bit set."""
        cdef uint32_t first = window if window > self._low else self._low
        cdef uint32_t last = window + WINDOW if window + WINDOW < self._high else self._high
        cdef uint32_t article, word
        cdef uint64_t left
        memset(bits, 0, WORDS * sizeof(uint64_t))
        if first >= last:
            return
        for article in range(first - window, last - window):
            if article & 63 == 0 and article + 64 <= last - window:
                break
            bits[article >> 6] |= (<uint64_t>1) << (article & 63)
        else:
            article = last - window
        while article + 64 <= last - window:
            bits[article >> 6] = ~(<uint64_t>0)
            article += 64
        while article < last - window:
            bits[article >> 6] |= (<uint64_t>1) << (article & 63)
            article += 1
        if not self._restricted():
            return
        for word in range(WORDS):
            left = bits[word]
            while left:
                article = word * 64 + sk_lowest_bit(left)
                left &= left - 1
                if not self._allowed(window + article):
                    bits[word] &= ~((<uint64_t>1) << (article & 63))

    cdef int _mark(self, Cursor *cursor, uint32_t window, uint32_t block, uint64_t *bits, double *sums) noexcept nogil:
        """Set the bits of a term's postings in a window, from ``block`` on; with ``sums``, add its shares."""
        cdef uint32_t first, last, at, offset, word, end = window + WINDOW
        cdef uint64_t gathered
        while block <= cursor.blocks:
            if block == cursor.blocks and cursor.rest == 0:
                return 0
            if load_block(cursor, block) < 0:
                return -1
            first = 0
            last = cursor.held
            if cursor.article[0] >= end:
                return 0
            while first < last and cursor.article[first] < window:
                first += 1
            while last > first and cursor.article[last - 1] >= end:
                last -= 1
            if first == last:
                pass
            elif sums == NULL and cursor.article[last - 1] - cursor.article[first] < 8 * (last - first):
                # Where articles stand close, a word of the set is put together before it is written.
                word = (cursor.article[first] - window) >> 6
                gathered = 0
                for at in range(first, last):
                    offset = cursor.article[at] - window
                    if offset >> 6 != word:
                        bits[word] |= gathered
                        gathered = 0
                        word = offset >> 6
                    gathered |= (<uint64_t>1) << (offset & 63)
                bits[word] |= gathered
            elif sums == NULL:
                for at in range(first, last):
                    offset = cursor.article[at] - window
                    bits[offset >> 6] |= (<uint64_t>1) << (offset & 63)
            else:
                if load_counts(cursor) < 0:
                    return -1
                for at in range(first, last):
                    offset = cursor.article[at] - window
                    bits[offset >> 6] |= (<uint64_t>1) << (offset & 63)
                    sums[offset] += self._share(cursor, at)
            if last < cursor.held or cursor.article[cursor.held - 1] == end - 1:
                return 0
            block += 1
        return 0

    cdef double _window_bound(self, Cursor *cursor, uint32_t block, uint32_t end) noexcept nogil:
        """The most that a term can add to an article before ``end``, from ``block`` on."""
        cdef double peak = 0, here
        while block <= cursor.blocks:
            if block == cursor.blocks and cursor.rest == 0:
                break
            here = peak_of_block(cursor, block)
            if here > peak:
                peak = here
            if last_of_block(cursor, block) >= end - 1:
                break
            block += 1
        # The roundings of a norm and of a share may carry it over its bound.
        return cursor.weight * saturated(&self._scale, peak) * (1 + 1e-6) + 1e-10

    cdef int _any(self, Node *root, int mode) noexcept nogil:
        """Any of some words, from the newest window to the oldest."""
        cdef uint32_t count = root.count if root.kind == ANY_OF else 1
        cdef uint32_t *term = <uint32_t *>malloc(count * sizeof(uint32_t))
        cdef uint32_t *block = <uint32_t *>malloc(count * sizeof(uint32_t))
        cdef double *bound = <double *>malloc(count * sizeof(double))
        cdef double *behind = <double *>malloc((count + 1) * sizeof(double))
        cdef uint64_t *marks = <uint64_t *>malloc(count * WORDS * sizeof(uint64_t))
        cdef int failed = -2
        cdef uint32_t at
        self._sums = <double *>calloc(WINDOW, sizeof(double))
        if term and block and bound and behind and marks and self._sums:
            for at in range(count):
                term[at] = self._nodes[root.children[at]].first if root.kind == ANY_OF else root.first
            self._best.strict = True
            failed = self._any_windows(count, term, block, bound, behind, marks, mode)
        free(term)
        free(block)
        free(bound)
        free(behind)
        free(marks)
        return failed

    cdef int _any_windows(self, uint32_t count, uint32_t *term, uint32_t *block, double *bound, double *behind,
                          uint64_t *marks, int mode) noexcept nogil:
        cdef uint64_t every[WORDS]
        cdef uint64_t allowed[WORDS]
        cdef uint64_t scored[WORDS]
        cdef uint32_t window = (self._high - 1) // WINDOW * WINDOW
        cdef uint32_t at, other, essential, word, swap
        cdef double least, hold
        cdef bint counting, scoring
        # One word without filters: its articles are counted already.
        counting = count > 1 or self._restricted() or self._low > 0 or self._high < self._segment.articles
        if not counting:
            self.total = self._cursors[term[0]].articles
        while True:
            least = bar(&self._best)
            for at in range(count):
                block[at] = block_of(&self._cursors[term[at]], window, 0)
                bound[at] = self._window_bound(&self._cursors[term[at]], block[at], window + WINDOW)
            # The terms that can add most come first.
            for at in range(1, count):
                other = at
                while other and bound[other - 1] < bound[other]:
                    hold = bound[other]
                    bound[other] = bound[other - 1]
                    bound[other - 1] = hold
                    swap = term[other]
                    term[other] = term[other - 1]
                    term[other - 1] = swap
                    swap = block[other]
                    block[other] = block[other - 1]
                    block[other - 1] = swap
                    other -= 1
            behind[count] = 0
            for at in range(count):
                behind[count - 1 - at] = behind[count - at] + bound[count - 1 - at]
            scoring = mode == 0 and self._best.room > 0 and behind[0] > 0 and not self._hopeless(behind[0], least)
            if scoring or counting or mode:
                # Terms behind the essential ones cannot lift an article into the best by themselves.
                essential = count
                if scoring:
                    while essential > 1 and self._hopeless(behind[essential - 1], least):
                        essential -= 1
                memset(scored, 0, sizeof(scored))
                for at in range(count):
                    if scoring and at < essential:
                        if self._mark(&self._cursors[term[at]], window, block[at], scored, self._sums) < 0:
                            return -1
                    else:
                        memset(marks + at * WORDS, 0, WORDS * sizeof(uint64_t))
                        if self._mark(&self._cursors[term[at]], window, block[at], marks + at * WORDS, NULL) < 0:
                            return -1
                self._allow(window, allowed)
                for word in range(WORDS):
                    every[word] = scored[word]
                    for at in range(essential if scoring else 0, count):
                        every[word] |= marks[at * WORDS + word]
                    every[word] &= allowed[word]
                if counting:
                    for word in range(WORDS):
                        self.total += sk_count_bits(every[word])
                if scoring:
                    for word in range(WORDS):
                        scored[word] &= allowed[word]
                    if self._finish(window, scored, count, essential, term, block, bound, behind, marks) < 0:
                        return -1
                    memset(self._sums, 0, WINDOW * sizeof(double))
                elif mode:
                    self._by_day(window, every, mode)
            if window == 0 or window <= self._low:
                return 0
            window -= WINDOW

    cdef inline bint _hopeless(self, double bound, double least) noexcept nogil:
        """Whether a score of at most ``bound`` cannot be among the best."""
        if self._best.size == self._best.room and self._best.strict:
            return bound <= least
        return bound < least

    cdef int _finish(self, uint32_t window, uint64_t *scored, uint32_t count, uint32_t essential, uint32_t *term,
                     uint32_t *block, double *bound, double *behind, uint64_t *marks) noexcept nogil:
        """Complete the sums of the articles that can still be among the best, and offer them."""
        cdef uint32_t word, offset, at, found
        cdef uint64_t left
        cdef double score, least
        cdef Cursor *cursor
        for word in range(WORDS):
            word = WORDS - 1 - word
            left = scored[word]
            while left:
                offset = sk_highest_bit(left)
                left ^= (<uint64_t>1) << offset
                offset += word * 64
                score = self._sums[offset]
                least = bar(&self._best)
                if self._hopeless(score + behind[essential], least):
                    continue
                for at in range(essential, count):
                    if not (marks[at * WORDS + (offset >> 6)] >> (offset & 63)) & 1:
                        continue
                    if self._hopeless(score + behind[at], least):
                        break
                    cursor = &self._cursors[term[at]]
                    if load_block(cursor, block_of(cursor, window + offset, block[at])) < 0:
                        return -1
                    cursor.at = 0
                    if seek(cursor, window + offset, &found) < 0 or found != window + offset:
                        return -1
                    if load_counts(cursor) < 0:
                        return -1
                    score += self._share(cursor, cursor.at)
                else:
                    offer(&self._best, score, window + offset)
        return 0

    cdef void _by_day(self, uint32_t window, uint64_t *every, int mode) noexcept nogil:
        """Offer the matching articles of a window by their day: the newest, or the oldest, undated last."""
        cdef uint32_t word, article, day
        cdef uint64_t left
        cdef double score
        for word in range(WORDS):
            word = WORDS - 1 - word
            left = every[word]
            while left:
                article = sk_highest_bit(left)
                left ^= (<uint64_t>1) << article
                article += window + word * 64
                day = self._segment._days[article]
                if mode == 1:
                    score = day
                    if self._best.size == self._best.room and score <= bar(&self._best) and self._best.strict:
                        return
                else:
                    score = -<double>day if day else -1e15
                offer(&self._best, score, article)

    cdef int _room_for(self, uint32_t count) noexcept nogil:
        """Make room for as many positions."""
        cdef uint32_t *grown
        if count <= self._places_room:
            return 0
        self._places_room = 2 * <size_t>count
        grown = <uint32_t *>realloc(self._places, self._places_room * sizeof(uint32_t))
        if grown == NULL:
            return -2
        self._places = grown
        grown = <uint32_t *>realloc(self._other_places, self._places_room * sizeof(uint32_t))
        if grown == NULL:
            return -2
        self._other_places = grown
        return 0

    cdef int _phrase(self, Node *node, uint32_t article, uint32_t *total, uint32_t *title) noexcept nogil:
        """How often a phrase stands in an article that all its cursors are at, and how often in the title."""
        cdef Cursor *cursor = &self._cursors[node.first]
        cdef uint32_t kept, at, other, number, place, held
        cdef int failed
        if load_counts(cursor) < 0:
            return -1
        kept = cursor.total[cursor.at]
        failed = self._room_for(kept)
        if failed < 0:
            return failed
        if positions_of(cursor, self._places, NULL) < 0:
            return -1
        for number in range(1, node.count):
            cursor = &self._cursors[node.first + number]
            if load_counts(cursor) < 0:
                return -1
            held = cursor.total[cursor.at]
            failed = self._room_for(held)
            if failed < 0:
                return failed
            if positions_of(cursor, self._other_places, NULL) < 0:
                return -1
            other = 0
            place = 0
            for at in range(kept):
                while other < held and self._other_places[other] < self._places[at] + number:
                    other += 1
                if other == held:
                    break
                if self._other_places[other] == self._places[at] + number:
                    self._places[place] = self._places[at]
                    place += 1
            kept = place
            if kept == 0:
                break
        total[0] = kept
        title[0] = 0
        while title[0] < kept and self._places[title[0]] < self._segment._titles[article]:
            title[0] += 1
        return 0

    cdef bint _dense(self) noexcept nogil:
        """Whether even the rarest term is so common that bit sets are quicker than galloping."""
        cdef uint32_t at
        for at in range(self._terms):
            if <uint64_t>self._cursors[at].articles * 16 < self._segment.articles:
                return False
        return True

    cdef int _all(self, Node *root, int mode) noexcept nogil:
        """All of some words and phrases: the rarest leads, the others gallop after it."""
        cdef uint32_t leaves = root.count if root.kind == ALL_OF else 1
        cdef uint32_t *order = <uint32_t *>malloc((self._terms + 1) * sizeof(uint32_t))
        cdef int failed = -2
        cdef uint32_t at, other, swap
        if order:
            for at in range(self._terms):
                order[at] = at
                other = at
                while other and self._cursors[order[other - 1]].articles > self._cursors[order[other]].articles:
                    swap = order[other]
                    order[other] = order[other - 1]
                    order[other - 1] = swap
                    other -= 1
            self._best.strict = False
            failed = self._all_articles(root, leaves, order, mode)
        free(order)
        return failed

    cdef int _all_articles(self, Node *root, uint32_t leaves, uint32_t *order, int mode) noexcept nogil:
        cdef uint32_t article = self._low, at, found
        cdef int matched
        cdef double score, day
        if self._terms == 0:
            return 0
        while True:
            if seek(&self._cursors[order[0]], article, &found) < 0:
                return -1
            if found == NONE or found >= self._high:
                return 0
            article = found
            at = 1
            while at < self._terms:
                if seek(&self._cursors[order[at]], article, &found) < 0:
                    return -1
                if found == NONE:
                    return 0
                if found != article:
                    article = found
                    break
                at += 1
            if at < self._terms:
                continue
            if self._allowed(article):
                matched = self._leaves(root, leaves, article, mode == 0, &score)
                if matched < 0:
                    return matched
                if matched:
                    self.total += 1
                    if mode == 0:
                        offer(&self._best, score, article)
                    elif mode == 1:
                        offer(&self._best, self._segment._days[article], article)
                    else:
                        day = self._segment._days[article]
                        offer(&self._best, -day if day else -1e15, article)
            article += 1

    cdef int _leaves(self, Node *root, uint32_t leaves, uint32_t article, bint scoring, double *score) noexcept nogil:
        """Whether every phrase stands in an article that has all words (1 or 0), and the score."""
        cdef uint32_t at, total, title
        cdef Node *node
        cdef Cursor *cursor
        cdef int failed
        cdef double sum = 0, most = 0
        if scoring:
            for at in range(leaves):
                node = &self._nodes[root.children[at]] if root.kind == ALL_OF else root
                if node.kind == WORD:
                    cursor = &self._cursors[node.first]
                    most += cursor.weight * saturated(&self._scale, peak_of_block(cursor, cursor.block))
                else:
                    most += node.weight
            scoring = self._best.room > 0 and not (most * (1 + 1e-6) + 1e-9 < bar(&self._best))
        for at in range(leaves):
            node = &self._nodes[root.children[at]] if root.kind == ALL_OF else root
            if node.kind == WORD:
                if scoring:
                    cursor = &self._cursors[node.first]
                    if load_counts(cursor) < 0:
                        return -1
                    sum += self._share(cursor, cursor.at)
                continue
            failed = self._phrase(node, article, &total, &title)
            if failed < 0:
                return failed
            if total == 0:
                return 0
            if scoring:
                sum += self._share_of(node.weight, article, total - title, title)
        score[0] = sum if scoring else -1
        return 1

    cdef int _tree(self, int mode) noexcept nogil:
        """Any tree, from the oldest window to the newest."""
        cdef uint32_t window = self._low // WINDOW * WINDOW
        cdef uint32_t at, word, article
        cdef uint64_t allowed[WORDS]
        cdef uint64_t left
        cdef Node *root = &self._nodes[self._node_count - 1]
        cdef int failed
        cdef bint scoring
        self._best.strict = False
        for at in range(self._node_count):
            self._nodes[at].score = <double *>malloc(WINDOW * sizeof(double))
            if self._nodes[at].score == NULL:
                return -2
        while window < self._high:
            self._allow(window, allowed)
            scoring = mode == 0 and self._best.room > 0
            if scoring:
                scoring = not self._hopeless(self._tree_bound(window), bar(&self._best))
            failed = self._evaluate(self._node_count - 1, window, scoring)
            if failed < 0:
                return failed
            for word in range(WORDS):
                left = root.bits[word] & allowed[word]
                self.total += sk_count_bits(left)
                if mode == 0 and not scoring:
                    continue
                while left:
                    at = word * 64 + sk_lowest_bit(left)
                    left &= left - 1
                    article = window + at
                    if mode == 0:
                        offer(&self._best, root.score[at], article)
                    elif mode == 1:
                        offer(&self._best, self._segment._days[article], article)
                    elif self._segment._days[article]:
                        offer(&self._best, -<double>self._segment._days[article], article)
                    else:
                        offer(&self._best, -1e15, article)
            window += WINDOW
        return 0

    cdef double _tree_bound(self, uint32_t window) noexcept nogil:
        """The most that an article of a window can score, whatever of the tree it matches."""
        cdef double most = 0
        cdef uint32_t at
        cdef Cursor *cursor
        for at in range(self._node_count):
            if self._nodes[at].kind == WORD:
                cursor = &self._cursors[self._nodes[at].first]
                most += self._window_bound(cursor, block_of(cursor, window, 0), window + WINDOW)
            elif self._nodes[at].kind == PHRASE:
                most += self._nodes[at].weight
        return most

    cdef int _evaluate(self, uint32_t number, uint32_t window, bint scoring) noexcept nogil:
        """Fill in the bits of a node for a window, and the scores of the articles that it matches."""
        cdef Node *node = &self._nodes[number]
        cdef Node *child
        cdef uint32_t at, word, offset
        cdef uint64_t left, any_bit
        cdef int failed
        cdef Cursor *cursor
        if node.kind == WORD:
            memset(node.bits, 0, sizeof(node.bits))
            if scoring:
                memset(node.score, 0, WINDOW * sizeof(double))
            cursor = &self._cursors[node.first]
            return self._mark(cursor, window, block_of(cursor, window, 0), node.bits, node.score if scoring else NULL)
        if node.kind == PHRASE:
            return self._evaluate_phrase(node, window, scoring)
        if node.kind == EVERYTHING:
            memset(node.bits, 0xFF, sizeof(node.bits))
            if scoring:
                memset(node.score, 0, WINDOW * sizeof(double))
            return 0
        memset(node.bits, 0, sizeof(node.bits))
        if scoring:
            memset(node.score, 0, WINDOW * sizeof(double))
        for at in range(node.count):
            child = &self._nodes[node.children[at]]
            # Words of which an article needs several are scored where all of them stand, below.
            failed = self._evaluate(
                node.children[at], window,
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
            child = &self._nodes[node.children[at]]
            if node.kind == ALL_OF and child.kind == WORD:
                if self._score_marked(&self._cursors[child.first], window, node.bits, node.score) < 0:
                    return -1
                continue
            for word in range(WORDS):
                left = child.bits[word] & node.bits[word]
                while left:
                    offset = word * 64 + sk_lowest_bit(left)
                    left &= left - 1
                    node.score[offset] += child.score[offset]
        return 0

    cdef int _score_marked(self, Cursor *cursor, uint32_t window, const uint64_t *bits, double *sums) noexcept nogil:
        """Add the shares of a term to the articles of a window whose bits are set; all of them have it."""
        cdef uint32_t at, offset, block = block_of(cursor, window, 0), end = window + WINDOW
        while block < cursor.blocks or (block == cursor.blocks and cursor.rest):
            if load_block(cursor, block) < 0:
                return -1
            if cursor.article[0] >= end:
                return 0
            for at in range(cursor.held):
                if cursor.article[at] < window:
                    continue
                offset = cursor.article[at] - window
                if offset >= WINDOW:
                    return 0
                if (bits[offset >> 6] >> (offset & 63)) & 1:
                    if load_counts(cursor) < 0:
                        return -1
                    sums[offset] += self._share(cursor, at)
            block += 1
        return 0

    cdef int _evaluate_phrase(self, Node *node, uint32_t window, bint scoring) noexcept nogil:
        cdef uint64_t marks[WORDS]
        cdef uint32_t at, word, offset, found, total, title
        cdef uint64_t left
        cdef Cursor *cursor
        cdef int failed
        memset(node.bits, 0xFF, sizeof(node.bits))
        for at in range(node.count):
            memset(marks, 0, sizeof(marks))
            cursor = &self._cursors[node.first + at]
            if self._mark(cursor, window, block_of(cursor, window, 0), marks, NULL) < 0:
                return -1
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
                    cursor = &self._cursors[node.first + at]
                    if load_block(cursor, block_of(cursor, window + offset, 0)) < 0:
                        return -1
                    cursor.at = 0
                    if seek(cursor, window + offset, &found) < 0 or found != window + offset:
                        return -1
                failed = self._phrase(node, window + offset, &total, &title)
                if failed < 0:
                    return failed
                if total == 0:
                    node.bits[word] &= ~((<uint64_t>1) << (offset & 63))
                elif scoring:
                    node.score[offset] = self._share_of(node.weight, window + offset, total - title, title)
        return 0
