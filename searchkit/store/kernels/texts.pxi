# The article of a number, a part of dictionary.pyx: where its block of texts lies, and what its record says.

cdef enum:
    TEXTS = 0
    TEXT_ENDS = 1
    PLACES = 2
    ALL_DAYS = 3
    FIELDS = 11
    PATH = 7
    LARGEST_DAY = 3652059       # the last of the calendar: 9999-12-31

# No reader lets this character into a name.
cdef str BETWEEN = "\x1f"
cdef const char *ESCAPED = b"surrogateescape"
cdef const char *STRICT = b"strict"
cdef object fromordinal = datetime.date.fromordinal
# What puts a value into each slot of a record that refuses changes: without a call of Python it takes a tenth of the time.
cdef tuple ARTICLE_SLOTS = tuple([Article.__dict__[name] for name in Article.__slots__])
cdef tuple ORIGIN_SLOTS = tuple([Origin.__dict__[name] for name in Origin.__slots__])
cdef object SLOT = type(ARTICLE_SLOTS[0])
cdef descrsetfunc put_slot = (<PyTypeObject *>SLOT).tp_descr_set


@cython.final
cdef class Texts(Sections):
    """Where the articles of one segment are kept; see Dictionary for what it is made of.

    ``sections`` gives "texts", "texts.ends", "texts.places" and "days", in this order.
    """

    cdef object _view
    cdef readonly uint32_t articles

    def __init__(self, file, size_t page, verified, verify, list sections):
        self.begin(file, page, verified, verify, sections)
        self._view = memoryview(file)
        self.articles = <uint32_t>(self._size[ALL_DAYS] // 4)

    def packed(self, int64_t number):
        """(its packed block, where its record begins when that is unpacked, its day), all of it verified."""
        cdef uint32_t block, at, day
        cdef uint64_t begin, end
        cdef const uint8_t *place
        if not 0 <= number < self.articles:
            raise Damage("there is no such article")
        place = self.bytes_of(PLACES, 8 * <size_t>number, 8 * <size_t>number + 8)
        block, at = load32(place), load32(place + 4)
        begin = self.long_of(TEXT_ENDS, <size_t>block - 1) if block else 0
        end = self.long_of(TEXT_ENDS, block)
        self.bytes_of(TEXTS, begin, end)
        day = self.number_of(ALL_DAYS, number)
        return self._view[self._offset[TEXTS] + begin : self._offset[TEXTS] + end], at, day


def read_article(bytes data not None, uint64_t at, uint32_t day):
    """The article whose record begins at ``at``; ValueError where the bytes are none, or ``day`` is none."""
    cdef const char *text = data
    cdef uint64_t size = len(data), wanted = 0
    cdef uint32_t lengths[FIELDS]
    cdef int field
    cdef list fields = []
    if day > LARGEST_DAY:
        raise ValueError("a day beyond the calendar")
    if at > size or size - at < sizeof(lengths):
        raise ValueError("the record runs over its block")
    memcpy(lengths, text + at, sizeof(lengths))
    at += sizeof(lengths)
    for field in range(FIELDS):
        wanted += lengths[field]
    if wanted > size - at:
        raise ValueError("the record runs over its block")
    for field in range(FIELDS):
        # Most fields of most articles are empty; a path may hold bytes that are not UTF-8.
        fields.append(
            PyUnicode_DecodeUTF8(text + at, lengths[field], ESCAPED if field == PATH else STRICT)
            if lengths[field] else ""
        )
        at += lengths[field]
    return article_of(fields, day)


cdef object article_of(list fields, uint32_t day):
    key, title, source, authors, section, url, language, path, place, notes, body = fields
    article = Article.__new__(Article)
    said = ()
    if notes:
        said = notes.split(BETWEEN)
        if len(said) % 2:
            raise ValueError("a note without its text")
        said = tuple(zip(said[::2], said[1::2]))
    put_slot(ARTICLE_SLOTS[0], article, key)
    put_slot(ARTICLE_SLOTS[1], article, title)
    put_slot(ARTICLE_SLOTS[2], article, body)
    put_slot(ARTICLE_SLOTS[3], article, fromordinal(day) if day else None)
    put_slot(ARTICLE_SLOTS[4], article, source)
    put_slot(ARTICLE_SLOTS[5], article, tuple((<str>authors).split(BETWEEN)) if authors else ())
    put_slot(ARTICLE_SLOTS[6], article, section)
    put_slot(ARTICLE_SLOTS[7], article, url)
    put_slot(ARTICLE_SLOTS[8], article, language)
    put_slot(ARTICLE_SLOTS[9], article, origin_of(path, place) if path or place else NOWHERE)
    put_slot(ARTICLE_SLOTS[10], article, said)
    return article


cdef object origin_of(path, place):
    origin = Origin.__new__(Origin)
    put_slot(ORIGIN_SLOTS[0], origin, path)
    put_slot(ORIGIN_SLOTS[1], origin, place)
    return origin
