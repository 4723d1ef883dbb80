# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Occurrences become postings: a counting sort over all texts, then blocks of 128 in few bits.

The postings of a term, for ``n`` articles:
  * for each of the n // 128 full blocks, 20 bytes: its last article, the end of its bytes, the number of
    positions before it, where the block of positions that holds the first of its own begins (all uint32),
    and the largest weighted frequency within it (float32, rounded up);
  * for each full block: three bytes with the widths of what follows, then the articles as gaps less one,
    the frequencies less one, and the frequencies in the title, packed. Where articles stand close, the first
    width is BIT_SET, and the articles are the bits of whole words of 64 instead: from the word in which the
    article behind the last block's lies, to the word of the block's last article;
  * for the rest, in variable bytes: the gap less one, doubled, odd where the frequency is one and the title
    has none of it; else followed by the frequency and the frequency in the title.

Its positions, in the order of its postings: for each 128, two bytes with the widths, the positions as gaps
less one (within an article; the first from -1) and, where the term has several written forms, their
numbers, packed; for the rest the same in variable bytes, position and form in turn.
"""

from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

from searchkit.store.kernels.bits cimport (
    BIT_SET, BLOCK, Buffer, free_room, pack, reserve, store32, width_of,
    write_number,
)


cdef extern from "memory.h":
    void *sk_large(size_t) noexcept nogil


cdef extern from "math.h" nogil:
    float nextafterf(float x, float y)


cdef enum:
    SKIP = 20
    LARGEST_BLOCK = 3 + 3 * 16 * 32
    FLUSH = 1 << 21
    # A bit set (of gaps of at most 16 bits, so it is no larger than what gaps can take) is quicker to read than packed gaps of b bits: it may take 24 * b bytes where they take 16 * b.
    BIT_SET_COST = 24


cdef inline float weighted(const Lengths *lengths, uint32_t article, uint32_t total, uint32_t title) noexcept nogil:
    """The frequency of a term in an article, each field's share divided by its length's norm (BM25F)."""
    cdef float share = (total - title) / (lengths.body_base + lengths.body_slope * lengths.body[article])
    if title:
        share += lengths.title_weight * title / (lengths.title_base + lengths.title_slope * lengths.title[article])
    return share


cdef struct Block:
    # Up to 128 postings on their way.
    uint32_t articles[BLOCK]
    uint32_t ends[BLOCK]            # the occurrences of the term up to this article, and in it
    uint32_t title_ends[BLOCK]      # how many of these stand in titles
    uint32_t totals[BLOCK]          # the frequencies
    uint32_t titles[BLOCK]
    uint32_t seen                   # what the block before it ended with
    uint32_t seen_in_titles
    uint32_t previous
    uint32_t position_block         # where the block of positions begins that holds the first of its own


cdef float settle(Block *block, int held, const Lengths *lengths) noexcept nogil:
    """Make frequencies of ends, for so many postings; returns the largest weighted one."""
    cdef float peak = 0, value
    cdef uint32_t before = block.seen, title_before = block.seen_in_titles
    cdef int index
    for index in range(held):
        block.totals[index] = block.ends[index] - before
        block.titles[index] = block.title_ends[index] - title_before
        before, title_before = block.ends[index], block.title_ends[index]
    for index in range(held):
        value = weighted(lengths, block.articles[index], block.totals[index], block.titles[index])
        peak = value if value > peak else peak
    return peak


cdef int end_block(Block *block, const Lengths *lengths, Buffer *postings, size_t base, size_t number,
                   float *peak) noexcept nogil:
    """Write a full block, and its row of the table of blocks that begins at ``base``; -1 where memory ends."""
    cdef uint32_t gaps[BLOCK]
    cdef uint32_t width, previous = block.previous
    cdef uint32_t first_word = (previous + 1) >> 6
    cdef uint32_t words = (block.articles[BLOCK - 1] >> 6) - first_word + 1
    cdef float block_peak = nextafterf(settle(block, BLOCK, lengths), 3.0e38)
    cdef uint8_t *out
    cdef int index
    for index in range(BLOCK):
        gaps[index] = block.articles[index] - previous - 1
        previous = block.articles[index]
        block.totals[index] -= 1
    if reserve(postings, LARGEST_BLOCK) < 0:
        return -1
    out = postings.data + postings.size
    postings.size += 3
    width = width_of(gaps)
    # (A narrow gap is a sign, besides, that the articles really ascend, whatever a damaged segment says.)
    if width <= 16 and 8 * words <= BIT_SET_COST * width:
        out[0] = BIT_SET
        memset(out + 3, 0, 8 * words)
        for index in range(BLOCK):
            out[3 + ((block.articles[index] >> 3) - 8 * first_word)] |= <uint8_t>(1 << (block.articles[index] & 7))
        postings.size += 8 * words
    else:
        out[0] = <uint8_t>width
        pack(gaps, width, postings.data + postings.size)
        postings.size += 16 * width
    width = width_of(block.totals)
    out[1] = <uint8_t>width
    pack(block.totals, width, postings.data + postings.size)
    postings.size += 16 * width
    width = width_of(block.titles)
    out[2] = <uint8_t>width
    pack(block.titles, width, postings.data + postings.size)
    postings.size += 16 * width
    out = postings.data + base + number * SKIP
    store32(out, previous)
    store32(out + 4, <uint32_t>(postings.size - base))
    store32(out + 8, block.seen)
    store32(out + 12, block.position_block)
    memcpy(out + 16, &block_peak, 4)
    peak[0] = block_peak if block_peak > peak[0] else peak[0]
    block.previous = previous
    block.seen, block.seen_in_titles = block.ends[BLOCK - 1], block.title_ends[BLOCK - 1]
    return 0


cdef inline int pack_positions(const uint32_t *places, const uint32_t *written, uint32_t forms,
                               Buffer *positions) noexcept nogil:
    """Write 128 positions; -1 where memory ends."""
    cdef uint32_t width
    cdef uint8_t *out
    if reserve(positions, 2 + 2 * 16 * 32) < 0:
        return -1
    out = positions.data + positions.size
    width = width_of(places)
    out[0] = <uint8_t>width
    pack(places, width, out + 2)
    positions.size += 2 + 16 * width
    width = width_of(written) if forms > 1 else 0
    out[1] = <uint8_t>width
    pack(written, width, positions.data + positions.size)
    positions.size += 16 * width
    return 0


cdef int encode_term(const uint64_t *entries, size_t count, uint32_t forms, const Lengths *lengths,
                     Buffer *postings, Buffer *positions, TermSummary *summary) noexcept nogil:
    cdef Block block
    cdef uint32_t places[BLOCK]
    cdef uint32_t written[BLOCK]
    cdef size_t at, base, number = 0, positions_base = positions.size
    cdef int held = -1
    cdef uint32_t waiting = 0, df, position, last_position = 0, in_titles = 0
    cdef uint64_t article, current = <uint64_t>-1
    cdef uint32_t other
    cdef float peak = 0, block_peak
    cdef uint32_t form_bits = lengths.form_bits, article_shift = form_bits + lengths.position_bits
    cdef uint32_t form_mask = <uint32_t>(((<uint64_t>1) << form_bits) - 1)
    cdef uint32_t position_mask = <uint32_t>(((<uint64_t>1) << lengths.position_bits) - 1)
    cdef const uint32_t *title_lengths = lengths.title
    # How many articles there are decides how much room the table of blocks takes.
    df = count > 0
    for at in range(1, count):
        df += entries[at] >> article_shift != entries[at - 1] >> article_shift
    base = postings.size
    if reserve(postings, df // BLOCK * SKIP) < 0:
        return -1
    postings.size += df // BLOCK * SKIP
    block.seen = block.seen_in_titles = block.position_block = 0
    block.previous = <uint32_t>-1
    # Nobody can foresee where an article ends: but for full blocks, there is no branch.
    for at in range(count):
        article = entries[at] >> article_shift
        other = article != current
        held += other
        if held == BLOCK:
            if end_block(&block, lengths, postings, base, number, &peak) < 0:
                return -1
            block.position_block = <uint32_t>(positions.size - positions_base)
            number += 1
            held = 0
        position = <uint32_t>(entries[at] >> form_bits) & position_mask
        # (From -1 where an article begins.)
        places[waiting] = position - (last_position | -other) - 1
        written[waiting] = <uint32_t>entries[at] & form_mask
        in_titles += position < title_lengths[<uint32_t>article]
        block.articles[held] = <uint32_t>article
        block.ends[held] = <uint32_t>at + 1
        block.title_ends[held] = in_titles
        last_position = position
        current = article
        waiting += 1
        if waiting == BLOCK:
            if pack_positions(places, written, forms, positions) < 0:
                return -1
            waiting = 0
    held += 1
    if held == BLOCK:
        if end_block(&block, lengths, postings, base, number, &peak) < 0:
            return -1
        held = 0
    block_peak = settle(&block, held, lengths)
    if held and block_peak > peak:
        peak = nextafterf(block_peak, 3.0e38)
    if reserve(postings, held * 15) < 0 or reserve(positions, waiting * 10) < 0:
        return -1
    write_rest(&block, held, postings)
    write_positions(places, written, waiting, forms, positions)
    summary.articles = df
    summary.occurrences = <uint32_t>count
    summary.peak = peak
    return 0


cdef void write_rest(const Block *block, int held, Buffer *postings) noexcept nogil:
    """Write the postings of a block that is not full, for which there is room."""
    cdef uint32_t gap, previous = block.previous
    cdef uint8_t *out = postings.data + postings.size
    cdef int index
    for index in range(held):
        gap = block.articles[index] - previous - 1
        previous = block.articles[index]
        if block.totals[index] == 1 and block.titles[index] == 0:
            out = write_number(out, 2 * gap + 1)
        else:
            out = write_number(out, 2 * gap)
            out = write_number(out, block.totals[index])
            out = write_number(out, block.titles[index])
    postings.size = out - postings.data


cdef void write_positions(const uint32_t *places, const uint32_t *written, uint32_t waiting, uint32_t forms,
                          Buffer *positions) noexcept nogil:
    """Write the positions of a block that is not full, for which there is room."""
    cdef uint8_t *out = positions.data + positions.size
    cdef uint32_t index
    for index in range(waiting):
        out = write_number(out, places[index])
        if forms > 1:
            out = write_number(out, written[index])
    positions.size = out - positions.data


cdef class TermOutput:
    """What the terms of a segment become, one after the other in the order of the dictionary.

    ``scale`` is (title weight, title base, title slope, body base, body slope): see Lengths. ``write`` is called
    with a view of bytes whenever a few megabytes have gathered: the postings of a term, then its positions, and so on.
    Their memory is used again when the view is given up.
    An entry has so many bits for the number of a written form and for a position; the others are for the article.
    """

    def __init__(self, const uint32_t[::1] title_lengths, const uint32_t[::1] body_lengths, tuple scale, write,
                 uint32_t form_bits=12, uint32_t position_bits=26):
        if title_lengths.shape[0] != body_lengths.shape[0]:
            raise ValueError("as many title lengths as body lengths")
        if form_bits > 31 or position_bits > 31:
            raise ValueError("a form or a position has 31 bits at most")
        self._lengths.form_bits = form_bits
        self._lengths.position_bits = position_bits
        self._title = title_lengths
        self._body = body_lengths
        self._write = write
        self._rooms = []
        self._lengths.title = &title_lengths[0] if title_lengths.shape[0] else NULL
        self._lengths.body = &body_lengths[0] if body_lengths.shape[0] else NULL
        self._lengths.articles = <uint32_t>title_lengths.shape[0]
        (self._lengths.title_weight, self._lengths.title_base, self._lengths.title_slope,
         self._lengths.body_base, self._lengths.body_slope) = scale

    def __dealloc__(self):
        free(self._bytes.data)
        free(self._positions.data)
        free(self._ends.data)
        free(self._splits.data)
        free(self._articles.data)
        free(self._occurrences.data)
        free(self._peaks.data)

    cdef int take(self, const uint64_t *entries, size_t count, uint32_t forms) noexcept nogil:
        """Encode the next term; -1 where memory ends, -2 where writing failed (the exception is set)."""
        cdef TermSummary summary
        cdef uint64_t end
        cdef size_t begin = self._bytes.size
        self._positions.size = 0
        if encode_term(entries, count, forms, &self._lengths, &self._bytes, &self._positions, &summary) < 0:
            return -1
        if (append_number(&self._splits, <uint32_t>(self._bytes.size - begin)) < 0
                or reserve(&self._bytes, self._positions.size) < 0 or reserve(&self._ends, 8) < 0):
            return -1
        if self._positions.size:
            memcpy(self._bytes.data + self._bytes.size, self._positions.data, self._positions.size)
            self._bytes.size += self._positions.size
        end = self._written + self._bytes.size
        memcpy(self._ends.data + self._ends.size, &end, 8)
        self._ends.size += 8
        if (append_number(&self._articles, summary.articles) < 0
                or append_number(&self._occurrences, summary.occurrences) < 0 or reserve(&self._peaks, 4) < 0):
            return -1
        memcpy(self._peaks.data + self._peaks.size, &summary.peak, 4)
        self._peaks.size += 4
        if self._bytes.size >= FLUSH:
            with gil:
                try:
                    self.flush()
                except BaseException as error:
                    self._failure = error
                    return -2
        return 0

    cpdef flush(self):
        """Hand what has gathered to ``write``."""
        cdef bytearray room
        if self._bytes.size:
            room = free_room(self._rooms, self._bytes.size)
            memcpy(PyByteArray_AS_STRING(room), self._bytes.data, self._bytes.size)
            self._write(memoryview(room)[: self._bytes.size])
            self._written += self._bytes.size
            self._bytes.size = 0

    def raise_failure(self):
        """Raise what ``write`` raised, or else MemoryError."""
        if self._failure is not None:
            raise self._failure
        raise MemoryError

    def sections(self):
        """The bytes of the sections that describe the terms, by name."""
        return {
            "postings.ends": bytes_of(&self._ends),
            "stems.splits": bytes_of(&self._splits),
            "stems.articles": bytes_of(&self._articles),
            "stems.occurrences": bytes_of(&self._occurrences),
            "stems.peaks": bytes_of(&self._peaks),
        }

    def add(self, const uint64_t[::1] entries, uint32_t forms):
        """Encode the next term from its entries, ascending; each is article, position and form in one number."""
        cdef Py_ssize_t at
        if entries.shape[0] == 0:
            raise ValueError("a term without occurrences")
        for at in range(entries.shape[0]):
            if entries[at] >> (self._lengths.form_bits + self._lengths.position_bits) >= self._lengths.articles:
                raise ValueError("an article beyond the last")
            if at and entries[at] >> self._lengths.form_bits <= entries[at - 1] >> self._lengths.form_bits:
                raise ValueError("entries must ascend")
        if self.take(&entries[0], entries.shape[0], forms) < 0:
            self.raise_failure()


cdef inline int append_number(Buffer *buffer, uint32_t value) noexcept nogil:
    if reserve(buffer, 4) < 0:
        return -1
    store32(buffer.data + buffer.size, value)
    buffer.size += 4
    return 0


cdef bytes bytes_of(Buffer *buffer):
    return PyBytes_FromStringAndSize(<const char *>buffer.data, buffer.size) if buffer.size else b""


include "inverting.pxi"


def common(const uint64_t[::1] ours, const uint64_t[::1] theirs):
    """Pairs of places at which two ascending lists hold the same number; equal neighbours give every pair."""
    cdef Py_ssize_t here = 0, there = 0, again
    found = []
    while here < ours.shape[0] and there < theirs.shape[0]:
        if ours[here] < theirs[there]:
            here += 1
        elif ours[here] > theirs[there]:
            there += 1
        else:
            again = there
            while again < theirs.shape[0] and theirs[again] == ours[here]:
                found.append((here, again))
                again += 1
            here += 1
    return found
