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
