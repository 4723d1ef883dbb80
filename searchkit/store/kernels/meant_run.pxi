# A search for the words of one pattern: all segments are summed up, then it is known how rare the pattern is.

cdef ask_meant(Run run, list words, double factor, uint32_t since, uint32_t until, list wanted, uint32_t limit,
               int order, uint64_t deadline):
    """In how many articles one of the words stands; the best are in the run afterwards."""
    cdef Searcher searcher = run._searcher
    cdef Py_ssize_t number
    cdef uint64_t having = 0, most = 0
    cdef Best frequencies
    cdef size_t at
    cdef double weight, frequency
    memset(&frequencies, 0, sizeof(Best))
    for number in range(len(searcher._segments)):
        run.asked = number
        for term in <dict>words[number]:
            most += (<Dictionary>searcher._dictionaries[number]).number_of(5, term)
    # No pattern with these words weighs less.
    weight = run._weight_of(most) * factor
    try:
        if order == RELEVANCE and limit:
            start_best(&frequencies, min(<uint64_t>limit, most))
        for number in range(len(searcher._segments)):
            run.asked = number
            if (<dict>words[number]):
                having += sum_segment(run, number, words[number], since, until,
                                      None if wanted is None else wanted[number], limit, order, deadline, weight,
                                      &frequencies)
    finally:
        free(frequencies.score)
        free(frequencies.article)
    if order == RELEVANCE:
        weight = run._weight_of(having) * factor
        for at in range(run._hit_count):
            frequency = run._hits[at].score
            run._hits[at].score = rounded(weight * frequency / (searcher._scale.k1 + frequency))
        run._sort(limit)
        if run._hit_count > limit:
            drop_equals(run, limit)
    return having


cdef drop_equals(Run run, uint32_t limit):
    """Of many articles that equal the last of the best, keep the first ones of each segment."""
    cdef list kept = [0] * len(run._searcher._segments)
    cdef size_t at, count = 0
    cdef uint32_t segment
    for at in range(run._hit_count):
        segment = run._hits[at].segment
        if kept[segment] < limit:
            kept[segment] += 1
            run._hits[count] = run._hits[at]
            count += 1
    run._hit_count = count


cdef start_best(Best *best, uint64_t room):
    best.room = <uint32_t>room
    best.score = <double *>malloc((room + 1) * sizeof(double))
    best.article = <uint32_t *>malloc((room + 1) * sizeof(uint32_t))
    if best.score == NULL or best.article == NULL:
        raise MemoryError


cdef uint64_t sum_segment(Run run, Py_ssize_t number, dict words, uint32_t since, uint32_t until, wanted,
                          uint32_t limit, int order, uint64_t deadline, double weight,
                          Best *frequencies) except? 0xFFFFFFFFFFFFFFFF:
    """In how many articles of a segment one of the words stands; those that may be among the best become hits."""
    cdef Search *search = &run._search
    cdef Sums sums
    cdef uint32_t count = <uint32_t>len(words)
    cdef Meant *meant = <Meant *>malloc((count + 1) * sizeof(Meant))
    cdef Cursor *cursor = <Cursor *>malloc(sizeof(Cursor))
    cdef uint64_t having = 0
    cdef void *memory = run._searcher.take_memory()
    cdef bint passing
    cdef int failed = 0
    try:
        if meant == NULL or cursor == NULL or memory == NULL:
            raise MemoryError
        fill_meant(run, number, words, meant, cursor)
        passing = run.enter(number, since, until, wanted, order, deadline)
        if passing and order != RELEVANCE:
            run._make_room(min(limit, search.high - search.low), limit)
        with nogil:
            begin_sums(&sums, memory, search.articles, passing and frequencies.room > 0,
                       floor_of(frequencies, search.scale.k1, weight) if frequencies.room else 0)
            failed = add_all(search, &sums, cursor, meant, count)
            if failed == 0:
                having = live_among(search, &sums)
                failed = pass_on(run, <uint32_t>number, &sums, having, weight, frequencies) if passing else 0
        run._raise(failed)
        run.total += search.total
        if passing and order != RELEVANCE:
            run._take(<uint32_t>number, limit)
        return having
    finally:
        run._clear()
        run._searcher.give_memory(memory)
        free(meant)
        free(cursor)


cdef fill_meant(Run run, Py_ssize_t number, dict words, Meant *meant, Cursor *cursor):
    """Look up what lies where, and verify it."""
    cdef Dictionary dictionary = run._searcher._dictionaries[number]
    cdef const uint8_t[::1] forms
    cdef bint whole
    cdef uint32_t at = 0, term
    cursor.limit = (<Segment>run._searcher._segments[number]).articles
    cursor.weight = 1
    cursor.stretch = run._searcher._stretches[number]
    for key, flags in words.items():
        term = key
        if term >= dictionary.stems:
            raise Damage("a form has no stem")
        dictionary.fill(term, False, cursor)
        whole = 0 not in <bytes>flags and len(<bytes>flags) >= cursor.forms
        if not whole:
            dictionary.fill(term, True, cursor)
        meant[at].postings, meant[at].postings_size = cursor.postings, cursor.postings_size
        meant[at].positions, meant[at].positions_size = cursor.positions, cursor.positions_size
        meant[at].articles, meant[at].occurrences, meant[at].forms = cursor.articles, cursor.occurrences, cursor.forms
        meant[at].peak = cursor.peak
        meant[at].filter = NULL
        meant[at].filter_size = 0
        if not whole:
            if len(<bytes>flags):
                forms = flags
                meant[at].filter = &forms[0]
                meant[at].filter_size = <uint32_t>forms.shape[0]
            else:
                # None is meant: a filter that nothing passes.
                meant[at].filter = cursor.postings
        at += 1


cdef int compare_meant(const void *one, const void *other) noexcept nogil:
    cdef const Meant *left = <const Meant *>one
    cdef const Meant *right = <const Meant *>other
    return (left.articles > right.articles) - (left.articles < right.articles)


cdef int add_all(Search *search, Sums *sums, Cursor *cursor, Meant *meant, uint32_t count) noexcept nogil:
    """Add what all words give. Where many articles are out of the question, the longest words come last.

    An article that has no frequency when a block of a long word comes up has none of the words before it: it may be
    that what is left cannot lift it among the best. R. Turtle and J. Flood, Query evaluation: strategies and
    optimizations, 1995.
    """
    cdef uint32_t at, word, first_long = count
    cdef int failed
    if sums.least > 0:
        qsort(meant, count, sizeof(Meant), compare_meant)
        while first_long and meant[first_long - 1].articles >= BLOCK:
            first_long -= 1
            if start_meant(cursor, &meant[first_long]) < 0:
                return DAMAGED
            foresee(sums, cursor, True)
    for at in range(count):
        if at >= first_long:
            if start_meant(cursor, &meant[at]) < 0:
                return DAMAGED
            # It comes now, and not later.
            foresee(sums, cursor, False)
        failed = add_meant(search, sums, cursor, &meant[at])
        if failed < 0:
            return failed
    for word in range(sums.windows * WORDS):
        sums.bits[word] |= sums.scored[word]
    return 0


cdef int pass_on(Run run, uint32_t number, const Sums *sums, uint64_t having, double weight,
                 Best *frequencies) noexcept nogil:
    """Count the articles that pass the filters, and keep those that may be among the best."""
    cdef Search *search = &run._search
    cdef uint64_t passing[WORDS]
    cdef uint64_t any_bit
    cdef uint32_t word, window = (search.high - 1) // WINDOW * WINDOW
    cdef int failed
    if not search.restricted and search.order == RELEVANCE and search.low == 0 and search.high == search.articles:
        search.total = having
        return keep_all(run, number, sums, weight, frequencies) if sums.scoring else 0
    while True:
        if expired(search):
            return EXPIRED
        allow(search, window, passing)
        any_bit = 0
        for word in range(WORDS):
            passing[word] &= sums.bits[(window >> 6) + word]
            any_bit |= passing[word]
            search.total += sk_count_bits(passing[word])
        if any_bit and search.order != RELEVANCE:
            if search.best.room:
                by_day(search, window, passing)
        elif any_bit and sums.scoring:
            for word in range(WORDS):
                passing[word] &= sums.scored[(window >> 6) + word]
            failed = ready(search, window)
            if failed == 0:
                failed = keep_frequent(run, number, window, sums, passing, weight, frequencies)
            if failed < 0:
                return failed
        if window <= search.low:
            return 0
        window -= WINDOW


cdef int keep_all(Run run, uint32_t number, const Sums *sums, double weight, Best *frequencies) noexcept nogil:
    """The same where no article is kept out."""
    cdef Search *search = &run._search
    cdef uint64_t any_bit
    cdef uint32_t word, window = (search.articles - 1) // WINDOW * WINDOW
    cdef const uint64_t *bits
    cdef int failed = 0
    while failed == 0:
        if expired(search):
            return EXPIRED
        bits = sums.scored + (window >> 6)
        any_bit = 0
        for word in range(WORDS):
            any_bit |= bits[word]
        if any_bit:
            failed = ready(search, window)
            if failed == 0:
                failed = keep_frequent(run, number, window, sums, bits, weight, frequencies)
        if window == 0:
            break
        window -= WINDOW
    return failed


cdef int keep_frequent(Run run, uint32_t number, uint32_t window, const Sums *sums, const uint64_t *passing,
                       double weight, Best *frequencies) noexcept nogil:
    """Make hits of the articles of a window in which the words are frequent enough, with the frequency as score."""
    cdef Search *search = &run._search
    cdef uint32_t articles[WINDOW]
    cdef uint32_t word, article, total, title, small, at, count = 0, shift = search.title_shift
    cdef uint64_t left
    cdef double frequency, least = floor_of(frequencies, search.scale.k1, weight)
    cdef uint32_t bar = coarse_bar(search, least)
    # Most articles are out of the question by what three bytes say: without a branch, for none of it can be foreseen.
    for word in range(WORDS):
        left = passing[word]
        while left:
            article = window + 64 * word + sk_lowest_bit(left)
            left &= left - 1
            articles[count] = article
            small = sums.small[article]
            count += (coarse_of(search.coarse[article], shift, small & ((1 << BODY_BITS) - 1), small >> BODY_BITS)
                      >= bar) | (small == LARGE)
    for at in range(count):
        article = articles[at]
        small = sums.small[article]
        total, title = packed_total(small), small >> BODY_BITS
        if small == LARGE:
            total, title = <uint32_t>sums.large[article], sums.large[article] >> 32
            if coarse_of(search.coarse[article], shift, total - title, title) < bar:
                continue
        frequency = frequency_of(search, article, total, title)
        if frequency < least:
            continue
        if run._keep(frequency, number, article) < 0:
            return NO_MEMORY
        if frequencies.size < frequencies.room or frequency > frequencies.score[0]:
            offer(frequencies, frequency, article)
            least = floor_of(frequencies, search.scale.k1, weight)
    return 0


cdef inline uint64_t coarse_of(uint32_t coarse, uint32_t shift, uint64_t body, uint64_t title) noexcept nogil:
    """A bound of the weighted frequency, in the parts of the coarse norms."""
    return body * (coarse & 0xFF) + (title * (coarse >> 8) << shift)


cdef inline uint32_t coarse_bar(const Search *search, double least) noexcept nogil:
    """What the bound of a frequency must reach for the weighted frequency to be ``least``."""
    cdef double bar = least * COARSEST * search.scale.body_base * (1 - 1e-6)
    if search.title_shift > WIDEST_SHIFT:
        return 0
    return <uint32_t>bar if bar < 1e9 else 1000000000


cdef check_list_of(list values, kind, Py_ssize_t least):
    """Raise ValueError unless these are so many of a kind, or Nones where bytes are wanted."""
    if len(values) < least:
        raise ValueError("a list of the query is too short")
    for value in values:
        if not isinstance(value, kind) and not (value is None and kind is bytes):
            raise ValueError("a list of the query holds something else than it should")
        if kind is dict:
            for key, flags in (<dict>value).items():
                if not isinstance(key, int) or not 0 <= key < 0xFFFFFFFF or not isinstance(flags, bytes):
                    raise ValueError("a word of the query is none")
