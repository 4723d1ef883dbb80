# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Articles as numbers of words are written out as terms between blanks, many at a time, for a server that counts them.

What is written is the end of a document in JSON; searchkit/cluster/layout.py says what its fields are for. And where
do some words stand in articles? That is asked of the few that a server cannot decide.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.math cimport rint
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy


cdef enum:
    # What stands between the terms of one article, at most; and what a weight takes besides its term.
    FRAME = 256
    WEIGHT = 24
    # What a word takes besides its terms: two blanks, a mark with its blank, two fillers, and two more.
    WORD = 12


cdef struct Spelled:
    # The terms of words, one behind the other.
    const uint8_t *data
    const uint32_t *ends
    size_t size
    uint32_t count


cdef struct Norms:
    double title_weight
    double title_base
    double title_slope
    double body_base
    double body_slope
    double fineness


cdef struct Counts:
    # How often each stem stands in the title and in the body of an article, and which ones do, in order.
    uint32_t *titles
    uint32_t *bodies
    uint32_t *seen
    uint32_t size


cdef struct Article:
    const uint32_t *tokens
    const uint32_t *borders
    uint32_t titles
    uint32_t words
    uint32_t drawn


def terms_of_articles(const uint32_t[::1] tokens, const uint32_t[::1] bounds, const uint32_t[::1] borders,
                      const uint8_t[::1] forms, const uint32_t[::1] form_ends, const uint32_t[::1] stem_of,
                      const uint8_t[::1] stems, const uint32_t[::1] stem_ends, tuple norms, double fineness):
    """The end of the document of each text: title, body and weights.

    ``tokens``, ``bounds`` and ``borders`` are a vocabulary's. ``forms`` has the terms of its words, one behind the
    other, and ``form_ends`` where each ends; ``stem_of`` says which of the ``stems`` a word has. ``norms`` are
    those of Scale.for_bounds, and weights are rounded to whole parts of 1 / ``fineness``.
    """
    cdef Py_ssize_t texts = bounds.shape[0] // 3, text
    cdef uint32_t first = 0, drawn = 0, middle, last, end, at, longest = 0
    cdef Spelled form, stem
    cdef Norms norm
    cdef Counts counts
    cdef Article article
    cdef uint8_t *marks = NULL
    cdef uint8_t *out = NULL
    cdef size_t room, most = 0
    cdef Py_ssize_t size
    found = []
    if bounds.shape[0] % 3 or form_ends.shape[0] != stem_of.shape[0]:
        raise ValueError("the parts do not fit together")
    form.count, stem.count = <uint32_t>form_ends.shape[0], <uint32_t>stem_ends.shape[0]
    form.data, form.ends = (&forms[0] if forms.shape[0] else NULL), (&form_ends[0] if form.count else NULL)
    stem.data, stem.ends = (&stems[0] if stems.shape[0] else NULL), (&stem_ends[0] if stem.count else NULL)
    form.size, stem.size = forms.shape[0], stems.shape[0]
    for text in range(texts):
        middle, last, end = bounds[3 * text], bounds[3 * text + 1], bounds[3 * text + 2]
        if not first <= middle <= last <= tokens.shape[0] or not drawn <= end <= borders.shape[0]:
            raise ValueError("a text ends before it begins")
        longest = max(longest, last - first)
        for at in range(drawn, end):
            if borders[at] >> 1 >= last - first:
                raise ValueError("a sentence begins behind its text")
        room = FRAME + WORD * <size_t>(last - first)
        for at in range(first, last):
            if not is_sound(&form, tokens[at]) or not is_sound(&stem, stem_of[tokens[at]]):
                raise ValueError("a word that nobody knows")
            room += length(&form, tokens[at]) + 2 * <size_t>length(&stem, stem_of[tokens[at]]) + WEIGHT
        most = max(most, room)
        first, drawn = last, end
    norm.title_weight, norm.title_base, norm.title_slope, norm.body_base, norm.body_slope = norms
    norm.fineness = fineness
    counts.titles = <uint32_t *>calloc(stem.count + 1, sizeof(uint32_t))
    counts.bodies = <uint32_t *>calloc(stem.count + 1, sizeof(uint32_t))
    counts.seen = <uint32_t *>malloc((<size_t>longest + 1) * sizeof(uint32_t))
    marks = <uint8_t *>malloc(2 * <size_t>longest + 2)
    out = <uint8_t *>malloc(most + 1)
    try:
        if counts.titles == NULL or counts.bodies == NULL or counts.seen == NULL or marks == NULL or out == NULL:
            raise MemoryError
        first = drawn = 0
        for text in range(texts):
            middle, last, end = bounds[3 * text], bounds[3 * text + 1], bounds[3 * text + 2]
            article.tokens = &tokens[0] + first if last > first else NULL
            article.borders = &borders[0] + drawn if end > drawn else NULL
            article.titles, article.words, article.drawn = middle - first, last - first, end - drawn
            with nogil:
                size = write_article(&article, &form, &stem, &stem_of[0] if form.count else NULL, &norm, &counts, marks,
                                     out)
            found.append(PyBytes_FromStringAndSize(<const char *>out, size))
            first, drawn = last, end
    finally:
        free(counts.titles)
        free(counts.bodies)
        free(counts.seen)
        free(marks)
        free(out)
    return found


def words_standing(const uint32_t[::1] tokens, const uint32_t[::1] bounds, const uint8_t[::1] wanted):
    """(positions, numbers) of those words of each text that are ``wanted``, a byte for each word of the vocabulary.

    One position between title and body belongs to no word.
    """
    cdef Py_ssize_t texts = bounds.shape[0] // 3, text
    cdef uint32_t first = 0, middle, last, at
    found = []
    if bounds.shape[0] % 3:
        raise ValueError("the parts do not fit together")
    for text in range(texts):
        middle, last = bounds[3 * text], bounds[3 * text + 1]
        if not first <= middle <= last <= tokens.shape[0]:
            raise ValueError("a text ends before it begins")
        places, numbers = [], []
        for at in range(first, last):
            if tokens[at] >= wanted.shape[0]:
                raise ValueError("a word that nobody knows")
            if wanted[tokens[at]]:
                places.append(at - first + (at >= middle))
                numbers.append(tokens[at])
        found.append((places, numbers))
        first = last
    return found


cdef inline bint is_sound(const Spelled *spelled, uint32_t number) noexcept nogil:
    """Whether a word is there, and its letters."""
    if number >= spelled.count:
        return False
    return (spelled.ends[number - 1] if number else 0) <= spelled.ends[number] <= spelled.size


cdef inline uint32_t length(const Spelled *spelled, uint32_t number) noexcept nogil:
    return spelled.ends[number] - (spelled.ends[number - 1] if number else 0)


cdef inline uint8_t *put(uint8_t *out, const Spelled *spelled, uint32_t number) noexcept nogil:
    cdef uint32_t begin = spelled.ends[number - 1] if number else 0
    cdef uint32_t size = spelled.ends[number] - begin
    memcpy(out, spelled.data + begin, size)
    return out + size


cdef inline uint8_t *say(uint8_t *out, const char *text, size_t size) noexcept nogil:
    memcpy(out, text, size)
    return out + size


cdef inline uint8_t *fill(uint8_t *out, uint32_t count) noexcept nogil:
    """Fillers, each with a blank behind it."""
    cdef uint32_t at
    for at in range(count):
        out[2 * at] = 35
        out[2 * at + 1] = 32
    return out + 2 * <size_t>count


cdef uint8_t *put_marks(uint8_t *out, const uint8_t *marks, uint32_t first, uint32_t last) noexcept nogil:
    """What ends with each word and what begins with it, or a filler, with blanks between."""
    cdef const char *names = "_sp"
    cdef uint32_t at
    for at in range(first, last):
        if at > first:
            out[0] = 32
            out += 1
        if marks[2 * at] or marks[2 * at + 1]:
            out[0] = names[marks[2 * at]]
            out[1] = names[marks[2 * at + 1]]
            out += 2
        else:
            out[0] = 35
            out += 1
    return out


cdef uint8_t *put_words(uint8_t *out, const Article *article, const Spelled *spelled, const uint32_t *stem_of,
                        uint32_t first, uint32_t last) noexcept nogil:
    """Words with blanks between: as their stems where it is said which these are."""
    cdef uint32_t at, number
    for at in range(first, last):
        if at > first:
            out[0] = 32
            out += 1
        number = article.tokens[at]
        out = put(out, spelled, stem_of[number] if stem_of != NULL else number)
    return out


cdef uint8_t *put_weight(uint8_t *out, double weight) noexcept nogil:
    """The mark before a weight, and the weight: at least one."""
    cdef uint8_t digits[24]
    cdef int at = 0
    cdef uint64_t rest
    weight = rint(weight)
    rest = <uint64_t>weight if weight > 1.0 else 1
    out[0] = 124
    out += 1
    while rest:
        digits[at] = <uint8_t>(48 + rest % 10)
        rest //= 10
        at += 1
    while at:
        at -= 1
        out[0] = digits[at]
        out += 1
    return out


cdef void draw(const Article *article, uint8_t *marks) noexcept nogil:
    """For each word, two bytes: what ends with it, what begins; 1 for a sentence, 2 for a paragraph."""
    cdef uint32_t at, place, kind
    for at in range(2 * article.words):
        marks[at] = 0
    if not article.words:
        return
    marks[1] = 2
    for at in range(article.drawn):
        place = article.borders[at] >> 1
        kind = 2 if article.borders[at] & 1 else 1
        marks[2 * place + 1] = <uint8_t>kind
        if place:
            marks[2 * place - 2] = <uint8_t>kind
    marks[2 * article.words - 2] = 2


cdef void count(const Article *article, const uint32_t *stem_of, Counts *counts) noexcept nogil:
    cdef uint32_t at, stem
    counts.size = 0
    for at in range(article.words):
        stem = stem_of[article.tokens[at]]
        if not counts.titles[stem] and not counts.bodies[stem]:
            counts.seen[counts.size] = stem
            counts.size += 1
        if at < article.titles:
            counts.titles[stem] += 1
        else:
            counts.bodies[stem] += 1


cdef uint8_t *put_weights(uint8_t *out, const Article *article, const Spelled *stems, const Norms *norm,
                          Counts *counts) noexcept nogil:
    """Each stem with its weighted frequency, in the order of the text; the counts are as before behind it."""
    cdef double in_title = norm.fineness * norm.title_weight / (norm.title_base + norm.title_slope * article.titles)
    cdef double in_body = norm.fineness / (norm.body_base + norm.body_slope * (article.words - article.titles))
    cdef uint32_t at, stem
    for at in range(counts.size):
        stem = counts.seen[at]
        out[0] = 32
        out = put(out + 1, stems, stem)
        out = put_weight(out, counts.titles[stem] * in_title + counts.bodies[stem] * in_body)
        counts.titles[stem] = counts.bodies[stem] = 0
    return out


cdef Py_ssize_t write_article(const Article *article, const Spelled *forms, const Spelled *stems,
                              const uint32_t *stem_of, const Norms *norm, Counts *counts, uint8_t *marks,
                              uint8_t *begin) noexcept nogil:
    cdef uint8_t *out = begin
    cdef uint32_t titles = article.titles, words = article.words
    draw(article, marks)
    count(article, stem_of, counts)
    out = say(out, b',"title":{"stems":"# ', 21)
    out = put_words(out, article, stems, stem_of, 0, titles)
    out = say(out, b'","forms":"# ', 13)
    out = put_words(out, article, forms, NULL, 0, titles)
    out = say(out, b'","borders":"^ ', 15)
    out = put_marks(out, marks, 0, titles)
    out = say(out, b'"},"body":{"stems":"', 20)
    out = fill(out, titles + 1)
    out = put_words(out, article, stems, stem_of, titles, words)
    out = say(out, b'","forms":"', 11)
    out = fill(out, titles + 1)
    out = put_words(out, article, forms, NULL, titles, words)
    out = say(out, b'","borders":"', 13)
    if titles:
        out = say(out, b"^ ", 2)
        out = fill(out, titles - 1)
        out = say(out, b"b^ ", 3)
    else:
        out = say(out, b"^^ ", 3)
    out = put_marks(out, marks, titles, words)
    # One weight that every article has: so the server knows of them all when it weighs how rare a stem is.
    out = say(out, b'"},"weights":"#|1', 17)
    out = put_weights(out, article, stems, norm, counts)
    out = say(out, b'"}', 2)
    return out - begin
