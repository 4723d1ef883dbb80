# Articles on their way from one process to another: each is its day, a uint32, and its record.

cdef const char *ESCAPED = b"surrogateescape"
cdef const char *STRICT = b"strict"


def pack_articles(list articles):
    """Articles as bytes, one after the other."""
    cdef Py_ssize_t count = len(articles), number
    cdef list kept = []
    cdef Field *fields = <Field *>malloc((count * FIELDS + 1) * sizeof(Field))
    cdef Field *field
    cdef uint32_t *days = <uint32_t *>malloc((count + 1) * sizeof(uint32_t))
    cdef uint64_t total = 0
    cdef uint8_t *out
    cdef int at
    try:
        if fields == NULL or days == NULL:
            raise MemoryError
        for number in range(count):
            article = articles[number]
            take_fields(article, fields + number * FIELDS, kept)
            total += 4 + size_of(fields + number * FIELDS)
            days[number] = article.date.toordinal() if article.date is not None else 0
        packed = PyBytes_FromStringAndSize(NULL, total)
        out = <uint8_t *>PyBytes_AS_STRING(packed)
        for number in range(count):
            field = fields + number * FIELDS
            store32(out, days[number])
            out += 4
            for at in range(FIELDS):
                store32(out + 4 * at, <uint32_t>field[at].size)
            out += HEAD
            for at in range(FIELDS):
                memcpy(out, field[at].data, field[at].size)
                out += field[at].size
    finally:
        free(fields)
        free(days)
    return packed


cdef object article_of(list fields, uint32_t day):
    """The article of these fields, which are known to be some."""
    key, title, source, authors, section, url, language, path, place, notes, body = fields
    date = fromordinal(day) if day else None
    said = ()
    if notes:
        said = notes.split(BETWEEN)
        said = tuple(zip(said[::2], said[1::2]))
    names = tuple(authors.split(BETWEEN)) if authors else ()
    return Article(key, title, body, date, source, names, section, url, language, Origin(path, place), said)
