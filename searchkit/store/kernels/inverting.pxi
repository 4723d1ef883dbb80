# From texts as numbers of words to the entries of stems: counted, arranged in the order of articles, sorted.

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


cdef struct Texts:
    # Texts as numbers of words, in the order of their articles, and what becomes of each word.
    const uint32_t *tokens
    const uint32_t *bounds
    const uint32_t *order
    size_t articles
    const uint64_t *packed      # stem and form of a word side by side: one look-up each for every word of every text
    const uint64_t *ends        # how many occurrences this stem and those before it have
    const uint32_t *forms
    size_t stems
    uint32_t gap


cdef class Bench:
    """Memory to sort occurrences in, kept for the next segment: the system takes long to bring and to clear it.

    ``room`` is for how many occurrences of eight bytes there may be memory; more is taken where one term needs it.
    """

    cdef readonly size_t room
    cdef uint64_t *_entries
    cdef size_t _entries_room
    cdef uint64_t *_wide
    cdef size_t _wide_room

    def __cinit__(self, size_t room):
        self.room = room

    def __dealloc__(self):
        free(self._entries)
        free(self._wide)


cdef int make_room(uint64_t **memory, size_t *room, size_t wanted) noexcept nogil:
    """Room for so many numbers of eight bytes, not kept from what was there before; -1 where memory ends."""
    if wanted > room[0]:
        free(memory[0])
        room[0] = 0
        # A little more, lest the next segment be a little larger.
        wanted += wanted >> 4
        memory[0] = <uint64_t *>sk_large(wanted * sizeof(uint64_t))
        if memory[0] == NULL:
            return -1
        room[0] = wanted
    return 0


def invert(TermOutput output, const uint32_t[::1] tokens, const uint32_t[::1] bounds, const uint32_t[::1] order,
           const uint32_t[::1] counts, const uint32_t[::1] stem_of, const uint32_t[::1] form_of,
           const uint32_t[::1] forms, uint32_t gap, Bench bench):
    """Sort the words of many texts by stem and hand them to ``output``, stem by stem.

    ``tokens`` and ``bounds`` are a vocabulary's (three bounds a text); ``order[i]`` is the text that becomes
    article ``i``, and ``counts`` says how often each word stands in these. ``stem_of`` and ``form_of`` say for each
    word its stem and the number of its form among the ``forms[stem]`` forms of that stem; each stem occurs. The
    body's positions begin ``gap`` behind the title's. As a rule four bytes do for an occurrence, and all are sorted
    in one pass; else as many stems at a time as find room on the ``bench``, or one.
    """
    cdef size_t stems = forms.shape[0], words = stem_of.shape[0], at, total
    cdef uint64_t *ends = <uint64_t *>calloc(stems + 1, sizeof(uint64_t))
    cdef uint64_t *packed = <uint64_t *>sk_large((words + 1) * sizeof(uint64_t))
    cdef Texts texts
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
        for at in range(1, stems):
            ends[at] += ends[at - 1]
        total = ends[stems - 1] if stems else 0
        if total == 0:
            return
        texts.tokens, texts.bounds, texts.order = &tokens[0], &bounds[0], &order[0]
        texts.articles, texts.gap = order.shape[0], gap
        texts.packed, texts.ends, texts.forms, texts.stems = packed, ends, &forms[0], stems
        with nogil:
            if total <= 2 * bench.room and total <= (<uint32_t>-1) >> output._lengths.form_bits:
                failed = sort_narrow(output, &texts, bench)
            else:
                failed = sort_wide(output, &texts, bench)
        if failed:
            output.raise_failure()
    finally:
        free(ends)
        free(packed)


cdef int sort_narrow(TermOutput output, const Texts *texts, Bench bench) noexcept nogil:
    """Sort all occurrences at once, four bytes each: the place among all words of all articles, and the form."""
    cdef size_t total = texts.ends[texts.stems - 1], at, first = 0, most = 0
    cdef uint32_t form_bits = output._lengths.form_bits
    cdef Narrow narrow
    cdef int result = -1
    for at in range(texts.stems):
        most = max(most, texts.ends[at] - first)
        first = texts.ends[at]
    narrow.starts = <uint32_t *>malloc((2 * texts.articles + 1) * sizeof(uint32_t))
    narrow.nearest = <uint32_t *>malloc(((total >> NEAR) + 2) * sizeof(uint32_t))
    if (narrow.starts != NULL and narrow.nearest != NULL
            and make_room(&bench._entries, &bench._entries_room, total // 2 + 1) == 0
            and make_room(&bench._wide, &bench._wide_room, most) == 0
            and scatter(texts, form_bits, <uint32_t *>bench._entries, &narrow) == 0):
        result = 0
        first = 0
        for at in range(texts.stems):
            widen(<uint32_t *>bench._entries + first, texts.ends[at] - first, &narrow, &output._lengths, texts.gap,
                  bench._wide)
            result = output.take(bench._wide, texts.ends[at] - first, texts.forms[at])
            if result < 0:
                break
            first = texts.ends[at]
    free(narrow.starts)
    free(narrow.nearest)
    return result


cdef enum:
    # For every so many words (a power of two), the article of the first of them is known at once.
    NEAR = 8


cdef struct Narrow:
    uint32_t *starts        # the places of the first word of each article, and of the first of its body, in turn
    uint32_t *nearest       # the article of every 2^NEAR-th place


cdef int scatter(const Texts *texts, uint32_t form_bits, uint32_t *entries, Narrow *narrow) noexcept nogil:
    """Put each occurrence behind those that its stem has already."""
    cdef uint32_t *next_of = <uint32_t *>malloc((texts.stems + 1) * sizeof(uint32_t))
    cdef const uint32_t *tokens = texts.tokens
    cdef const uint64_t *packed = texts.packed
    cdef uint32_t first, middle, last, where, begin, place = 0
    cdef size_t article, at
    cdef uint64_t both
    if next_of == NULL:
        return -1
    next_of[0] = 0
    for at in range(1, texts.stems):
        next_of[at] = <uint32_t>texts.ends[at - 1]
    for article in range(texts.articles):
        span(texts.bounds, texts.order[article], &first, &middle, &last)
        narrow.starts[2 * article] = place
        narrow.starts[2 * article + 1] = place + middle - first
        for where in range(first, last):
            both = packed[tokens[where]]
            begin = next_of[both >> 32]
            next_of[both >> 32] = begin + 1
            entries[begin] = (place << form_bits) | <uint32_t>both
            place += 1
    narrow.starts[2 * texts.articles] = place
    free(next_of)
    article = 0
    for at in range((place + (1 << NEAR) - 1) >> NEAR):
        while narrow.starts[2 * article + 2] <= at << NEAR:
            article += 1
        narrow.nearest[at] = <uint32_t>article
    return 0


cdef inline void widen(const uint32_t *entries, size_t count, const Narrow *narrow, const Lengths *lengths,
                       uint32_t gap, uint64_t *out) noexcept nogil:
    """Make of the entries of one stem what an output wants: article, position and form in one number."""
    cdef uint32_t form_bits = lengths.form_bits, mask = <uint32_t>(((<uint64_t>1) << form_bits) - 1)
    cdef uint32_t article, place, position
    cdef const uint32_t *starts
    cdef size_t at
    for at in range(count):
        place = entries[at] >> form_bits
        article = narrow.nearest[place >> NEAR]
        starts = narrow.starts + 2 * article
        # One step without a branch, which could not be foreseen; more are rare.
        article += starts[2] <= place
        starts = narrow.starts + 2 * article
        while starts[2] <= place:
            starts += 2
            article += 1
        position = place - starts[0] + (gap if place >= starts[1] else 0)
        out[at] = (((<uint64_t>article << lengths.position_bits) | position) << form_bits) | (entries[at] & mask)


cdef int sort_wide(TermOutput output, const Texts *texts, Bench bench) noexcept nogil:
    """Sort eight bytes for each occurrence, in as many passes as it takes."""
    cdef size_t first = 0, behind, held = 0, most = 0, at
    cdef int result = 0
    for at in range(texts.stems):
        most = max(most, texts.ends[at] - held)
        held = texts.ends[at]
    # No pass needs more than all occurrences, or than the one stem that has more than there is room for.
    most = max(most, min(bench.room, held))
    # One more, for what is not wanted in a pass.
    if make_room(&bench._entries, &bench._entries_room, most + 1) < 0:
        return -1
    while first < texts.stems and result == 0:
        held = texts.ends[first - 1] if first else 0
        behind = first + 1
        while behind < texts.stems and texts.ends[behind] - held <= most:
            behind += 1
        result = one_pass(output, texts, first, behind, bench._entries)
        first = behind
    return result


cdef int one_pass(TermOutput output, const Texts *texts, size_t first_stem, size_t behind,
                  uint64_t *entries) noexcept nogil:
    """Sort the occurrences of some stems, and encode these."""
    cdef const uint64_t *ends = texts.ends
    cdef uint64_t base = ends[first_stem - 1] if first_stem else 0
    cdef size_t stems = behind - first_stem, at
    cdef uint32_t first, middle, last, where
    cdef size_t article
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
    for article in range(texts.articles):
        span(texts.bounds, texts.order[article], &first, &middle, &last)
        high = (<uint64_t>article) << article_shift
        for where in range(first, last):
            both = texts.packed[texts.tokens[where]]
            # Without a branch, which could not be foreseen.
            stem = (both >> 32) - first_stem
            wanted = stem < stems
            stem = stem if wanted else stems
            begin = next_of[stem]
            next_of[stem] = begin + wanted
            entries[begin] = (
                high
                | (<uint64_t>(where - first + (texts.gap if where >= middle else 0)) << form_bits)
                | <uint32_t>both
            )
    begin = 0
    for at in range(stems):
        if output.take(entries + begin, ends[first_stem + at] - base - begin, texts.forms[first_stem + at]) < 0:
            free(next_of)
            return -1
        begin = ends[first_stem + at] - base
    free(next_of)
    return 0
