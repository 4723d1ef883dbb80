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


def unpack_articles(const uint8_t[::1] packed):
    """The articles that were packed so; raises ValueError where the bytes are nothing of the kind."""
    cdef uint64_t size = packed.shape[0], at = 0, wanted
    cdef uint32_t lengths[FIELDS]
    cdef const char *data = <const char *>&packed[0] if size else NULL
    cdef list made = [], fields
    cdef uint32_t day
    cdef int field
    while at < size:
        if size - at < 4 + HEAD:
            raise ValueError("a record is cut off")
        day = load32(packed_at(data, at))
        at += 4
        wanted = HEAD
        for field in range(FIELDS):
            lengths[field] = load32(packed_at(data, at + 4 * field))
            wanted += lengths[field]
        if wanted > size - at:
            raise ValueError("a record is cut off")
        at += HEAD
        fields = []
        for field in range(FIELDS):
            # Most fields of most articles are empty; a path may hold bytes that are not UTF-8.
            fields.append(
                PyUnicode_DecodeUTF8(data + at, lengths[field], ESCAPED if field == PATH else STRICT)
                if lengths[field] else ""
            )
            at += lengths[field]
        made.append(article_of(fields, day))
    return made


cdef inline const uint8_t *packed_at(const char *data, uint64_t at) noexcept:
    return <const uint8_t *>data + at


cdef object article_of(list fields, uint32_t day):
    key, title, source, authors, section, url, language, path, place, notes, body = fields
    if day > LAST_DAY:
        raise ValueError("a day beyond the calendar")
    date = fromordinal(day) if day else None
    said = ()
    if notes:
        said = notes.split(BETWEEN)
        if len(said) % 2:
            raise ValueError("a note without its text")
        said = tuple(zip(said[::2], said[1::2]))
    names = tuple(authors.split(BETWEEN)) if authors else ()
    return Article(key, title, body, date, source, names, section, url, language, Origin(path, place), said)
