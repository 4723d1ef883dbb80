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

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

from searchkit.store.kernels.bits cimport (
    BIT_SET, BLOCK, Buffer, pack, reserve, store32, width_of,
    write_number,
)


cdef extern from "memory.h":
    void *sk_large(size_t) noexcept nogil


cdef extern from "math.h" nogil:
    float nextafterf(float x, float y)


cdef enum:
    SKIP = 20
    LARGEST_BLOCK = 3 + 3 * 16 * 32
    FLUSH = 1 << 23
    # A bit set (of gaps of at most 16 bits, so it is no larger than what gaps can take) is quicker to read than packed gaps of b bits: it may take 24 * b bytes where they take 16 * b.
    BIT_SET_COST = 24


cdef inline float weighted(const Lengths *lengths, uint32_t article, uint32_t total, uint32_t title) noexcept nogil:
    """The frequency of a term in an article, each field's share divided by its length's norm (BM25F)."""
    cdef float share = (total - title) / (lengths.body_base + lengths.body_slope * lengths.body[article])
    if title:
        share += lengths.title_weight * title / (lengths.title_base + lengths.title_slope * lengths.title[article])
    return share


cdef int encode_term(const uint64_t *entries, size_t count, uint32_t forms, const Lengths *lengths,
                     Buffer *postings, Buffer *positions, TermSummary *summary) noexcept nogil:
    cdef uint32_t articles[BLOCK]
    cdef uint32_t totals[BLOCK]
    cdef uint32_t titles[BLOCK]
    cdef uint32_t gaps[BLOCK]
    cdef uint32_t places[BLOCK]
    cdef uint32_t written[BLOCK]
    cdef size_t at = 0, first, base, skip_at, blocks, block_number = 0
    cdef uint32_t held = 0, waiting = 0, df = 0, article, previous = <uint32_t>-1, last_position, position
    cdef uint32_t title, seen = 0, width, first_word, words
    cdef size_t positions_base = positions.size
    cdef uint32_t positions_before = 0
    cdef size_t position_block = 0
    cdef float peak = 0, block_peak = 0, value
    cdef uint32_t form_bits = lengths.form_bits, article_shift = form_bits + lengths.position_bits
    cdef uint32_t form_mask = <uint32_t>(((<uint64_t>1) << form_bits) - 1)
    cdef uint32_t position_mask = <uint32_t>(((<uint64_t>1) << lengths.position_bits) - 1)
    cdef uint8_t *out
    cdef int index
    # How many articles there are decides how much room the table of blocks takes.
    for at in range(count):
        article = <uint32_t>(entries[at] >> article_shift)
        if at == 0 or article != previous:
            df += 1
            previous = article
    blocks = df // BLOCK
    base = postings.size
    if reserve(postings, blocks * SKIP) < 0:
        return -1
    postings.size += blocks * SKIP
    previous = <uint32_t>-1
    at = 0
    while at < count:
        article = <uint32_t>(entries[at] >> article_shift)
        if held == 0:
            positions_before = seen
            position_block = positions.size - positions_base
            block_peak = 0
        first = at
        title = 0
        last_position = <uint32_t>-1
        while at < count and <uint32_t>(entries[at] >> article_shift) == article:
            position = <uint32_t>(entries[at] >> form_bits) & position_mask
            if position < lengths.title[article]:
                title += 1
            places[waiting] = position - last_position - 1
            written[waiting] = <uint32_t>entries[at] & form_mask
            last_position = position
            waiting += 1
            seen += 1
            if waiting == BLOCK:
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
                waiting = 0
            at += 1
        articles[held] = article
        totals[held] = <uint32_t>(at - first)
        titles[held] = title
        value = weighted(lengths, article, <uint32_t>(at - first), title)
        if value > block_peak:
            block_peak = value
        held += 1
        if held == BLOCK:
            first_word = (previous + 1) >> 6
            words = (articles[BLOCK - 1] >> 6) - first_word + 1
            for index in range(BLOCK):
                gaps[index] = articles[index] - previous - 1
                previous = articles[index]
                totals[index] -= 1
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
                    out[3 + ((articles[index] >> 3) - 8 * first_word)] |= <uint8_t>(1 << (articles[index] & 7))
                postings.size += 8 * words
            else:
                out[0] = <uint8_t>width
                pack(gaps, width, postings.data + postings.size)
                postings.size += 16 * width
            width = width_of(totals)
            out[1] = <uint8_t>width
            pack(totals, width, postings.data + postings.size)
            postings.size += 16 * width
            width = width_of(titles)
            out[2] = <uint8_t>width
            pack(titles, width, postings.data + postings.size)
            postings.size += 16 * width
            block_peak = nextafterf(block_peak, 3.0e38)
            out = postings.data + base + block_number * SKIP
            store32(out, previous)
            store32(out + 4, <uint32_t>(postings.size - base))
            store32(out + 8, positions_before)
            store32(out + 12, <uint32_t>position_block)
            memcpy(out + 16, &block_peak, 4)
            if block_peak > peak:
                peak = block_peak
            block_number += 1
            held = 0
    if held and block_peak > peak:
        peak = nextafterf(block_peak, 3.0e38)
    if reserve(postings, held * 15) < 0 or reserve(positions, waiting * 10) < 0:
        return -1
    out = postings.data + postings.size
    for index in range(held):
        article = articles[index] - previous - 1
        previous = articles[index]
        if totals[index] == 1 and titles[index] == 0:
            out = write_number(out, 2 * article + 1)
        else:
            out = write_number(out, 2 * article)
            out = write_number(out, totals[index])
            out = write_number(out, titles[index])
    postings.size = out - postings.data
    out = positions.data + positions.size
    for index in range(waiting):
        out = write_number(out, places[index])
        if forms > 1:
            out = write_number(out, written[index])
    positions.size = out - positions.data
    summary.articles = df
    summary.occurrences = <uint32_t>count
    summary.peak = peak
    return 0


cdef class TermOutput:
    """What the terms of a segment become, one after the other in the order of the dictionary.

    ``scale`` is (title weight, title base, title slope, body base, body slope): see Lengths. ``write`` is called
    with bytes whenever some megabytes have gathered: the postings of a term, then its positions, and so on.
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
        if self._bytes.size:
            self._write(bytes_of(&self._bytes))
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


cdef inline void span(const uint32_t *bounds, uint32_t text, uint32_t *first, uint32_t *middle, uint32_t *last) noexcept nogil:
    """The first token of a text, the one behind its title, the one behind its body."""
    first[0] = bounds[3 * text - 2] if text else 0
    middle[0] = bounds[3 * text]
    last[0] = bounds[3 * text + 1]


def count_words(const uint32_t[::1] tokens, const uint32_t[::1] bounds, const uint32_t[::1] order, size_t words):
    """How often each word of a vocabulary stands in the texts in ``order``: uint32."""
    out = bytearray(4 * words)
    cdef uint32_t[::1] counts
    cdef Py_ssize_t article
    cdef uint32_t where, first, middle, last
    if words == 0:
        return out
    counts = memoryview(out).cast("I")
    with nogil:
        for article in range(order.shape[0]):
            span(&bounds[0], order[article], &first, &middle, &last)
            for where in range(first, last):
                counts[tokens[where]] += 1
    return out


def arrange(const uint32_t[::1] bounds, const uint32_t[::1] borders, const uint32_t[::1] order):
    """(lengths of titles, lengths of bodies, borders, their ends) of the texts in ``order``, each uint32."""
    cdef Py_ssize_t texts = order.shape[0], article
    titles, bodies, ends = bytearray(4 * texts), bytearray(4 * texts), bytearray(4 * texts)
    kept = bytearray(4 * borders.shape[0])
    cdef uint32_t[::1] title_out, body_out, end_out, kept_out
    cdef uint32_t text, first, middle, last, begin, end, where, total = 0
    if texts:
        title_out = memoryview(titles).cast("I")
        body_out = memoryview(bodies).cast("I")
        end_out = memoryview(ends).cast("I")
        kept_out = memoryview(kept).cast("I") if kept else memoryview(bytearray(4)).cast("I")
        with nogil:
            for article in range(texts):
                text = order[article]
                span(&bounds[0], text, &first, &middle, &last)
                title_out[article] = middle - first
                body_out[article] = last - middle
                begin = bounds[3 * text - 1] if text else 0
                end = bounds[3 * text + 2]
                for where in range(begin, end):
                    kept_out[total] = borders[where]
                    total += 1
                end_out[article] = total
    return titles, bodies, memoryview(kept)[: 4 * total], ends


def group(const uint32_t[::1] stem_of, size_t stems):
    """(number of each word among those of its stem, words of each stem, words by stem), each uint32.

    ``stem_of`` has 0xFFFFFFFF for a word that has no stem; it is left out.
    """
    cdef Py_ssize_t words = stem_of.shape[0], at
    numbers, sizes, places = bytearray(4 * words), bytearray(4 * stems), bytearray(4 * stems)
    cdef uint32_t[::1] number_of, size_of, place_of, order_of
    cdef uint32_t total = 0
    if stems == 0 or words == 0:
        return numbers, sizes, bytearray()
    number_of = memoryview(numbers).cast("I")
    size_of = memoryview(sizes).cast("I")
    place_of = memoryview(places).cast("I")
    for at in range(words):
        if stem_of[at] < stems:
            number_of[at] = size_of[stem_of[at]]
            size_of[stem_of[at]] += 1
    for at in range(<Py_ssize_t>stems):
        place_of[at] = total
        total += size_of[at]
    order = bytearray(4 * total)
    if total:
        order_of = memoryview(order).cast("I")
        for at in range(words):
            if stem_of[at] < stems:
                order_of[place_of[stem_of[at]] + number_of[at]] = <uint32_t>at
    return numbers, sizes, order


def invert(TermOutput output, const uint32_t[::1] tokens, const uint32_t[::1] bounds, const uint32_t[::1] order,
           const uint32_t[::1] counts, const uint32_t[::1] stem_of, const uint32_t[::1] form_of,
           const uint32_t[::1] forms, uint32_t gap, size_t room):
    """Sort the words of many texts by stem and hand them to ``output``, stem by stem.

    ``tokens`` and ``bounds`` are a vocabulary's (three bounds a text); ``order[i]`` is the text that becomes
    article ``i``, and ``counts`` says how often each word stands in these. ``stem_of`` and ``form_of`` say for each
    word its stem and the number of its form among the ``forms[stem]`` forms of that stem; each stem occurs. The
    body's positions begin ``gap`` behind the title's. So many stems are sorted in one pass as have ``room``
    occurrences together, or one that has more.
    """
    cdef size_t stems = forms.shape[0], words = stem_of.shape[0], at, first, behind, held, most = 0
    cdef uint64_t *entries = NULL
    cdef uint64_t *ends = <uint64_t *>calloc(stems + 1, sizeof(uint64_t))
    # Stem and form of a word side by side: one look-up each for every word of every text.
    cdef uint64_t *packed = <uint64_t *>sk_large((words + 1) * sizeof(uint64_t))
    cdef int failed = 0
    if bounds.shape[0] % 3 or form_of.shape[0] != stem_of.shape[0] or counts.shape[0] != stem_of.shape[0]:
        free(ends)
        free(packed)
        raise ValueError("the parts do not fit together")
    try:
        if ends == NULL or packed == NULL:
            raise MemoryError
        for at in range(words):
            packed[at] = (<uint64_t>stem_of[at] << 32) | form_of[at]
            if stem_of[at] < stems:
                ends[stem_of[at]] += counts[at]
        for at in range(stems):
            most = max(most, ends[at])
            if at:
                ends[at] += ends[at - 1]
        # No pass needs more than all occurrences, or than the one stem that has more than there is room for.
        most = max(most, min(room, ends[stems - 1] if stems else 0))
        entries = <uint64_t *>sk_large((most + 1) * sizeof(uint64_t))
        if entries == NULL:
            raise MemoryError
        with nogil:
            first = 0
            while first < stems and not failed:
                held = ends[first - 1] if first else 0
                behind = first + 1
                while behind < stems and ends[behind] - held <= most:
                    behind += 1
                failed = one_pass(output, tokens, bounds, order, packed, ends, forms, gap, first, behind, entries)
                first = behind
        if failed:
            output.raise_failure()
    finally:
        free(entries)
        free(ends)
        free(packed)


cdef int one_pass(TermOutput output, const uint32_t[::1] tokens, const uint32_t[::1] bounds,
                  const uint32_t[::1] order, const uint64_t *packed, const uint64_t *ends, const uint32_t[::1] forms,
                  uint32_t gap, size_t first_stem, size_t behind, uint64_t *entries) noexcept nogil:
    """Sort the occurrences of some stems, and encode these."""
    cdef uint64_t base = ends[first_stem - 1] if first_stem else 0
    cdef size_t stems = behind - first_stem, at
    cdef uint32_t first, middle, last, where
    cdef Py_ssize_t article
    cdef uint64_t both, high, stem, begin, wanted
    cdef uint32_t form_bits = output._lengths.form_bits
    cdef uint32_t article_shift = form_bits + output._lengths.position_bits
    # Where the next entry of each stem goes; what is not wanted in this pass goes behind all others.
    cdef uint64_t *next_of = <uint64_t *>malloc((stems + 1) * sizeof(uint64_t))
    if next_of == NULL:
        return -1
    for at in range(stems):
        next_of[at] = (ends[first_stem + at - 1] if first_stem + at else 0) - base
    next_of[stems] = ends[behind - 1] - base
    for article in range(order.shape[0]):
        span(&bounds[0], order[article], &first, &middle, &last)
        high = (<uint64_t>article) << article_shift
        for where in range(first, last):
            both = packed[tokens[where]]
            # Without a branch, which could not be foreseen.
            stem = (both >> 32) - first_stem
            wanted = stem < stems
            stem = stem if wanted else stems
            begin = next_of[stem]
            next_of[stem] = begin + wanted
            entries[begin] = (
                high
                | (<uint64_t>(where - first + (gap if where >= middle else 0)) << form_bits)
                | <uint32_t>both
            )
    begin = 0
    for at in range(stems):
        if output.take(entries + begin, ends[first_stem + at] - base - begin, forms[first_stem + at]) < 0:
            free(next_of)
            return -1
        begin = ends[first_stem + at] - base
    free(next_of)
    return 0


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
