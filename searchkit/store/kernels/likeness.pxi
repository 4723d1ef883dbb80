# What an article says, in 16 bytes: two articles with one digest are the same, and so are two texts.

cdef extern from "blake2b.h":
    enum: SK_DIGEST
    ctypedef struct sk_blake2b:
        pass
    void sk_digest_begin(sk_blake2b *) noexcept nogil
    void sk_digest_take(sk_blake2b *, const uint8_t *, size_t) noexcept nogil
    void sk_digest_end(sk_blake2b *, uint8_t *) noexcept nogil
    void sk_fill_places()
    size_t sk_folded(const uint8_t *, size_t, uint8_t *) noexcept nogil


cdef extern from "folding.h":
    int SK_FOLDS
    void sk_fill_remainders(uint32_t *)
    uint32_t sk_crc32(const uint32_t *, const uint8_t *, size_t) noexcept nogil


cdef uint32_t REMAINDERS[256]
sk_fill_remainders(REMAINDERS)
sk_fill_places()


cdef struct Said:
    # What is digested of one article: its day, checksums of its title and body, and its text, folded, where it is
    # not all ASCII; and its digest and that of its text, once they are made.
    Field fields[FIELDS]
    Field folded
    uint32_t day
    uint32_t sums[2]
    uint8_t digests[2 * SK_DIGEST]


def article_digests(list articles):
    """For each article (a digest of all that it says, its place included; one of its text, folded): 16 bytes each.

    The first is made of the second: what folding takes away is told by checksums.
    """
    cdef Py_ssize_t count = len(articles), number
    cdef list kept = [], made
    cdef str title, body
    cdef Said *all_said = <Said *>malloc((count + 1) * sizeof(Said))
    cdef Said *said
    if all_said == NULL:
        raise MemoryError
    try:
        for number in range(count):
            article, said = articles[number], all_said + number
            title, body = article.title, article.body
            take_fields(article, said.fields, kept)
            said.day = article.date.toordinal() if article.date is not None else 0
            complete(said, None if title.isascii() and body.isascii() else folded_text(title, body), kept)
        made = digested(all_said, count)
    finally:
        free(all_said)
    return made


cdef list digested(Said *all_said, Py_ssize_t count):
    """The digests of articles that are complete."""
    cdef Py_ssize_t number
    cdef size_t room = 0
    cdef uint8_t *folded
    cdef list made = []
    for number in range(count):
        room = max(room, <size_t>(all_said[number].fields[TITLE].size + all_said[number].fields[BODY].size))
    folded = <uint8_t *>malloc(room + 8)
    if folded == NULL:
        raise MemoryError
    with nogil:
        for number in range(count):
            digest(all_said + number, folded)
    free(folded)
    for number in range(count):
        out = <const char *>all_said[number].digests
        made.append((out[:SK_DIGEST], out[SK_DIGEST : 2 * SK_DIGEST]))
    return made


cdef int complete(Said *said, bytes folded, list kept) except -1:
    """What has to be known before the interpreter is let go: a text that is not all ASCII comes ``folded``."""
    said.folded.data = NULL
    if folded is not None:
        kept.append(folded)
        said.folded.data = PyBytes_AS_STRING(folded)
        said.folded.size = PyBytes_GET_SIZE(folded)
    if not SK_FOLDS:
        # Without multiplication zlib is quicker.
        said.sums[0] = zlib.crc32(PyBytes_FromStringAndSize(said.fields[TITLE].data, said.fields[TITLE].size))
        said.sums[1] = zlib.crc32(PyBytes_FromStringAndSize(said.fields[BODY].data, said.fields[BODY].size))
    return 0


cdef void digest(Said *said, uint8_t *folded) noexcept nogil:
    cdef const Field *title = &said.fields[TITLE]
    cdef const Field *body = &said.fields[BODY]
    cdef sk_blake2b state
    cdef uint8_t numbers[HEAD]
    cdef size_t size
    cdef int field
    sk_digest_begin(&state)
    if said.folded.data != NULL:
        sk_digest_take(&state, <const uint8_t *>said.folded.data, said.folded.size)
    else:
        size = sk_folded(<const uint8_t *>title.data, title.size, folded)
        size += sk_folded(<const uint8_t *>body.data, body.size, folded + size)
        sk_digest_take(&state, folded, size)
    sk_digest_end(&state, said.digests + SK_DIGEST)
    if SK_FOLDS:
        said.sums[0] = sk_crc32(REMAINDERS, <const uint8_t *>title.data, title.size)
        said.sums[1] = sk_crc32(REMAINDERS, <const uint8_t *>body.data, body.size)
    store32(numbers, said.day)
    store32(numbers + 4, <uint32_t>title.size)
    store32(numbers + 8, <uint32_t>body.size)
    store32(numbers + 12, said.sums[0])
    store32(numbers + 16, said.sums[1])
    sk_digest_begin(&state)
    sk_digest_take(&state, numbers, 20)
    # A record without title and body.
    for field in range(FIELDS):
        store32(numbers + 4 * field, 0 if field == TITLE or field == BODY else <uint32_t>said.fields[field].size)
    sk_digest_take(&state, numbers, HEAD)
    for field in range(FIELDS):
        if field != TITLE and field != BODY:
            sk_digest_take(&state, <const uint8_t *>said.fields[field].data, said.fields[field].size)
    sk_digest_take(&state, said.digests + SK_DIGEST, SK_DIGEST)
    sk_digest_end(&state, said.digests)
