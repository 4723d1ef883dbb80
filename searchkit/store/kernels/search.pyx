# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The best articles of some segments for a query, and the exact number that match, without the GIL.

Scores are BM25F. Each term's share is rounded to a multiple of 2^-36: sums of such numbers are exact in a
double, so a score does not depend on the order in which shares are added, and ties are ties.

``query.pxi`` holds what is shared; ``any_of.pxi``, ``all_of.pxi`` with ``phrase.pxi``, and ``tree.pxi`` with
``passages.pxi`` and ``close.pxi`` are the three ways to answer; ``meant.pxi`` answers a pattern that stands alone. They are one module: a
call between them costs nothing, and one file is loaded at the start.
"""

cimport cython
from cpython.object cimport PyObject
from libc.math cimport log
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, qsort, realloc
from libc.string cimport memcpy, memmove, memset

from searchkit.store.kernels.bits cimport (
    BIT_SET, BLOCK, POSITION_BITS, load32, load64, load_float, read_number, sk_count_bits, sk_fetch, sk_highest_bit,
    sk_lane_value, sk_load_acquire, sk_lowest_bit, sk_store_release, sk_unpack_sums, unpack,
)
from searchkit.store.kernels.cursor cimport NONE, SKIP, Cursor
from searchkit.store.kernels.dictionary cimport Dictionary

from searchkit.store.kernels.dictionary import Damage

cdef extern from "beside.h":
    uint32_t sk_beside(uint32_t *, uint32_t, uint32_t, const uint32_t *, uint32_t) noexcept nogil


cdef extern from "clock.h":
    uint64_t sk_now() noexcept nogil


class Exhausted(Exception):
    """A query took more time than it was given, or its passages in one article more room than there is."""


include "walk.pxi"
include "query.pxi"
include "any_of.pxi"
include "phrase.pxi"
include "all_of.pxi"
include "passages.pxi"
include "close.pxi"
include "tree.pxi"
include "meant.pxi"


@cython.final
cdef class Segment:
    """The sections of a segment that a search reads besides its postings, each a read-only view of its bytes.

    ``live`` has a bit for each article (the first in the lowest bit of the first byte), or is None. ``verify``,
    unless it is None, is called with the first of some articles and the one behind them before their ``titles``
    and ``bodies`` are read, and raises where those are damaged; ``verify_day`` is called with an article before its
    day is read to settle which of two that score the same is newer. ``borders``, (borders, where those of each
    article end), are needed for sentences and paragraphs only; ``verify_borders`` is to them what ``verify`` is to
    the lengths.
    """

    cdef const uint32_t[::1] _titles
    cdef const uint32_t[::1] _bodies
    cdef const uint32_t[::1] _sources
    cdef const uint32_t[::1] _days
    cdef const uint8_t[::1] _live
    cdef object _verify
    cdef object _verify_day
    cdef const uint32_t[::1] _borders
    cdef const uint32_t[::1] _border_ends
    cdef object _verify_borders
    cdef readonly uint32_t articles
    cdef bint _all_live

    def __init__(self, titles, bodies, sources, days, live, verify=None, verify_day=None, borders=None,
                 verify_borders=None):
        self._titles = titles
        self._bodies = bodies
        self._sources = sources
        self._days = days
        self._verify = verify
        self._verify_day = verify_day
        self._all_live = live is None
        if live is not None:
            self._live = live
        self.articles = <uint32_t>self._titles.shape[0]
        if (self._bodies.shape[0] != self.articles or self._sources.shape[0] != self.articles
                or self._days.shape[0] != self.articles
                or (live is not None and self._live.shape[0] * 8 < self.articles)):
            raise Damage("the columns are not of one length")
        self._verify_borders = verify_borders
        if borders is not None:
            self._borders, self._border_ends = borders
            if self._border_ends.shape[0] != self.articles or self._borders.shape[0] >= NONE:
                raise Damage("the columns are not of one length")


@cython.final
cdef class Norms:
    """What a frequency in the body of each article is multiplied with; made for a window when it is first needed.

    A coarse norm is no less than it. Of its two bytes the lower one is that of the body, in parts of the largest there
    can be; the upper one is what a word in the title adds, in the same parts and shifted.
    """

    cdef Segment _segment
    cdef Scale _scale
    cdef uint32_t _title_shift  # more than WIDEST_SHIFT: the upper bytes say nothing
    cdef float *_norm
    cdef uint16_t *_coarse
    cdef uint8_t *_made
    cdef uint8_t *_bordered     # the windows whose borders are verified
    cdef object _failure

    def __cinit__(self, Segment segment not None, tuple scale not None):
        self._segment = segment
        (self._scale.k1, self._scale.title_weight, self._scale.title_base, self._scale.title_slope,
         self._scale.body_base, self._scale.body_slope) = scale
        # Of a title of one word.
        while self._title_shift <= WIDEST_SHIFT and self._coarse_title(1) > COARSEST:
            self._title_shift += 1
        self._norm = <float *>malloc((<size_t>segment.articles + 1) * sizeof(float))
        self._coarse = <uint16_t *>malloc((<size_t>segment.articles + 1) * sizeof(uint16_t))
        self._made = <uint8_t *>calloc(segment.articles // WINDOW + 1, 1)
        self._bordered = <uint8_t *>calloc(segment.articles // WINDOW + 1, 1)
        if self._norm == NULL or self._coarse == NULL or self._made == NULL or self._bordered == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self._norm)
        free(self._coarse)
        free(self._made)
        free(self._bordered)

    cdef int make(self, uint32_t window) except -1:
        cdef uint32_t at, first = window * WINDOW, last = min(first + WINDOW, self._segment.articles), body, title
        if self._segment._verify is not None and first < last:
            self._segment._verify(first, last)
        for at in range(first, last):
            self._norm[at] = <float>(1 / (self._scale.body_base + self._scale.body_slope * self._segment._bodies[at]))
            body = <uint32_t>min(<double>COARSEST, self._norm[at] * COARSEST * self._scale.body_base + 1)
            title = <uint32_t>min(<double>COARSEST, self._coarse_title(max(1, self._segment._titles[at])))
            self._coarse[at] = <uint16_t>(body | title << 8)
        sk_store_release(&self._made[window], 1)
        return 0

    cdef double _coarse_title(self, uint32_t words) noexcept:
        """A little more than what a word in a title of so many adds, in the parts of the upper bytes."""
        cdef double added = self._scale.title_weight / (self._scale.title_base + self._scale.title_slope * words)
        return added * COARSEST * self._scale.body_base / ((<uint64_t>1) << self._title_shift) + 1

    cdef int look_at_borders(self, uint32_t window) except -1:
        cdef uint32_t first = window * WINDOW, last = min(first + WINDOW, self._segment.articles)
        if self._segment._verify_borders is not None and first < last:
            self._segment._verify_borders(first, last)
        sk_store_release(&self._bordered[window], 1)
        return 0


cdef int make_norms(Search *search, uint32_t window) noexcept nogil:
    with gil:
        norms = <Norms>search.norms
        try:
            norms.make(window)
        except BaseException as error:
            norms._failure = error
            return RAISED
    return 0


cdef int make_borders(Search *search, uint32_t window) noexcept nogil:
    with gil:
        norms = <Norms>search.norms
        try:
            norms.look_at_borders(window)
        except BaseException as error:
            norms._failure = error
            return RAISED
    return 0


@cython.final
cdef class Searcher:
    """Answers queries over some segments.

    ``parts`` are (segment, its dictionary, by how much its bounds must be stretched); ``articles`` is how many
    live ones they have together; ``scale`` is (k1, title weight, title base, title slope, body base, body slope).
    Safe to use from many threads.
    """

    cdef list _segments
    cdef list _dictionaries
    cdef list _norms
    cdef list _stretches
    cdef uint64_t _articles
    cdef Scale _scale
    cdef dict _recent       # stems that were looked up lately, and those before them
    cdef dict _earlier
    cdef void *_memory      # for the sums of one segment, while no search has it

    def __dealloc__(self):
        free(self._memory)

    cdef void *take_memory(self) noexcept:
        """Room for the sums of any segment, or NULL. What was used before need not be cleared by the system again."""
        cdef void *memory = self._memory
        cdef uint32_t most = 0
        cdef Segment segment
        self._memory = NULL
        if memory == NULL:
            for segment in self._segments:
                most = max(most, segment.articles)
            memory = malloc(sums_size(most))
        return memory

    cdef void give_memory(self, void *memory) noexcept:
        """Keep it for the next search, unless another was quicker."""
        if self._memory == NULL:
            self._memory = memory
        else:
            free(memory)

    def __init__(self, list parts not None, uint64_t articles, tuple scale not None):
        (self._scale.k1, self._scale.title_weight, self._scale.title_base, self._scale.title_slope,
         self._scale.body_base, self._scale.body_slope) = scale
        self._articles = articles
        self._recent, self._earlier = {}, {}
        self._segments = [segment for segment, _, _ in parts]
        self._dictionaries = [dictionary for _, dictionary, _ in parts]
        self._stretches = [stretch for _, _, stretch in parts]
        self._norms = [Norms(segment, scale) for segment, _, _ in parts]

    cdef Stem known(self, bytes name):
        """What the segments know of a stem."""
        stem = self._recent.get(name)
        if stem is not None:
            return stem
        stem = self._earlier.get(name)
        if stem is None:
            stem = look_up_stem(self, name)
        if len(name) <= LONGEST_KEPT:
            if len(self._recent) * max(len(self._segments), 1) >= KEPT_TERMS:
                self._recent, self._earlier = {}, self._recent
            self._recent[name] = stem
        return stem

    def search(self, list stems not None, list nodes not None, uint32_t since, uint32_t until, list wanted,
               uint32_t limit, int order, list filters=None, list chosen=None, uint64_t deadline=0):
        """(exact total, in how many articles each stem stands, the best, whether they are tied).

        ``nodes`` are in postfix order: (WORD, number of a stem), (PHRASE, numbers of stems), (ALL_OF, ANY_OF or
        ALL_BUT, number of children), (EVERYTHING, 0). Of passages each operand begins with a factor of its weight and
        the number of articles that have it, or -1 where its weight is that of its words: (SPOT, (.., scope, ((stem,
        filter or -1), ..))), (CHAIN or UNION, (.., children)), (CLOSE, (.., children, slop)), (NEAR, (.., distance,
        ordered)) and (WITHIN, (.., 1 for paragraphs, ordered)) of two children, (EARLY, (.., words, scope)) of
        one. Of whole articles: (TIMES, count) of one passage, (DAYS, (first, last)), 0 for no bound, (CHOSEN,
        number). A scope is 0 for anywhere, 1 for the title, 2 for the body.

        ``filters`` has for each segment a list by the filters' numbers: bytes with one for each form of the stem, not
        0 where it is meant, or None where none is.
        ``chosen`` has for each number a list of bytes by segment, with a bit for each article, or None.

        ``since`` and ``until`` are days, included, 0 for no bound;
        ``wanted`` has for each segment a byte for each of its sources, or None, or is None. ``order`` is RELEVANCE
        (0), NEWEST (1) or OLDEST (2).

        The best are (score, number of a segment, article), best first; by day, scores are zero. Where articles of
        different segments are equal in score and day they are tied: whoever knows their ids puts them in order,
        and then cuts them to ``limit``. A Damage has the number of its segment as second argument. Raises Exhausted
        when time.monotonic_ns() passes ``deadline``, unless that is 0, and ValueError where ``nodes`` are no tree or
        refer to what is not there.
        """
        cdef Run run
        cdef Py_ssize_t at = 0
        try:
            run = Run(self, stems, nodes)
        except (AttributeError, IndexError, OverflowError, TypeError) as error:
            raise ValueError("a node without its operand") from error
        if not RELEVANCE <= order <= OLDEST:
            raise ValueError("an order that is none")
        run.check_lists(wanted, filters, chosen)
        run.look_up()
        run.weigh()
        try:
            for at in range(len(self._segments)):
                run.ask(at, since, until, None if wanted is None else wanted[at], limit, order,
                        None if not run._filter_count else filters[at], chosen, deadline)
        except Damage as error:
            raise Damage(error.args[0], at) from None
        best = run.best(order, limit)
        return run.total, run.counts(), best, run.tied


    def search_meant(self, list words not None, double factor, uint32_t since, uint32_t until, list wanted,
                     uint32_t limit, int order, uint64_t deadline=0):
        """(in how many articles any of some words stands, exact total, the best, whether they are tied).

        ``words`` has for each segment the numbers of its terms, each with a byte for each of its forms, not 0 where
        it is meant. All of them are ranked as one word, whose weight is multiplied with ``factor``. Nothing keeps
        an article out of the first of the counts but that it is deleted. All else is as in ``search``.
        """
        cdef Run run
        cdef Py_ssize_t at = 0
        if not RELEVANCE <= order <= OLDEST:
            raise ValueError("an order that is none")
        if not 0 <= factor <= HEAVIEST:
            raise ValueError("a weight that is none")
        check_list_of(words, dict, len(self._segments))
        if wanted is not None:
            check_list_of(wanted, bytes, len(self._segments))
        run = Run(self, [], [(EVERYTHING, 0)])
        try:
            having = ask_meant(run, words, factor, since, until, wanted, limit, order, deadline)
        except Damage as error:
            raise Damage(error.args[0], run.asked) from None
        best = run.best(order, limit)
        return having, run.total, best, run.tied


include "recent.pxi"
include "run.pxi"
include "meant_run.pxi"
