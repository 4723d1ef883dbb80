# Articles that another process has packed, on their way into segments: they stay bytes, and only what is asked for
# becomes Python's.

cdef extern from "utf8.h":
    int64_t sk_characters(const uint8_t *, size_t) noexcept nogil


cdef class Parcel:
    """Packed articles, checked: their fields are UTF-8, and all of them stem from the file ``path``.

    Raises ValueError for bytes that are nothing of the kind. What was packed is not to be changed.
    """

    cdef const uint8_t[::1] _packed
    cdef uint64_t *_begins      # where each article begins: its day, and then its record
    cdef Py_ssize_t _count

    def __init__(self, packed, bytes path):
        cdef uint64_t size, at = 0
        cdef uint64_t *grown
        cdef Py_ssize_t room = 0
        cdef int64_t taken
        cdef const uint8_t *origin = <const uint8_t *>PyBytes_AS_STRING(path)
        cdef size_t origin_size = PyBytes_GET_SIZE(path)
        self._packed, self._count = packed, 0
        size = self._packed.shape[0]
        while at < size:
            if self._count == room:
                room = 2 * room if room else 256
                grown = <uint64_t *>realloc(self._begins, room * sizeof(uint64_t))
                if grown == NULL:
                    raise MemoryError
                self._begins = grown
            with nogil:
                taken = checked_size(&self._packed[at], size - at, origin, origin_size)
            if taken < 0:
                raise ValueError("these are no articles of this file")
            self._begins[self._count] = at
            self._count += 1
            at += taken

    def __dealloc__(self):
        free(self._begins)

    def __len__(self):
        """How many articles there are."""
        return self._count

    @property
    def size(self):
        """How many bytes they take."""
        cdef uint64_t total = 0
        cdef Py_ssize_t number
        for number in range(self._count):
            total += record_size(&self._packed[self._begins[number]] + 4)
        return total

    def ids(self):
        """The id of each article."""
        return self._texts(0)

    def places(self):
        """The place of each in its file."""
        return self._texts(PLACE)

    def lengths(self):
        """How many characters each has in its title and its body."""
        cdef Field fields[FIELDS]
        cdef Py_ssize_t number
        cdef list made = []
        for number in range(self._count):
            self.fields_of(number, fields)
            made.append(sk_characters(<const uint8_t *>fields[TITLE].data, fields[TITLE].size)
                        + sk_characters(<const uint8_t *>fields[BODY].data, fields[BODY].size))
        return made

    def digests(self):
        """(a digest of all that it says, one of its text, folded) of each: see ``article_digests``."""
        cdef Py_ssize_t number
        cdef list kept = [], made
        cdef Said *all_said = <Said *>malloc((self._count + 1) * sizeof(Said))
        cdef Said *said
        if all_said == NULL:
            raise MemoryError
        try:
            for number in range(self._count):
                said = all_said + number
                said.day = self.fields_of(number, said.fields)
                if is_ascii(&said.fields[TITLE]) and is_ascii(&said.fields[BODY]):
                    complete(said, None, kept)
                else:
                    complete(said, folded_text(text_of(&said.fields[TITLE]), text_of(&said.fields[BODY])), kept)
            made = digested(all_said, self._count)
        finally:
            free(all_said)
        return made

    def known(self):
        """(number, authors, section, address, language) of each that has any; several authors are a line each."""
        cdef Field fields[FIELDS]
        cdef Py_ssize_t number
        cdef list made = []
        for number in range(self._count):
            self.fields_of(number, fields)
            if fields[AUTHORS].size or fields[SECTION].size or fields[URL].size or fields[LANGUAGE].size:
                authors = text_of(&fields[AUTHORS]).replace(BETWEEN, "\n")
                made.append(
                    (number, authors, text_of(&fields[SECTION]), text_of(&fields[URL]), text_of(&fields[LANGUAGE]))
                )
        return made

    def articles(self):
        """All of them as articles."""
        cdef Field fields[FIELDS]
        cdef Py_ssize_t number
        cdef uint32_t day
        cdef int field
        cdef list made = []
        for number in range(self._count):
            day = self.fields_of(number, fields)
            made.append(article_of(
                [field_text(&fields[field], ESCAPED if field == PATH else STRICT) for field in range(FIELDS)], day
            ))
        return made

    def chosen(self, list numbers):
        """Those with these numbers."""
        cdef Parcel part = self.part(len(numbers))
        cdef Py_ssize_t at, number
        for at in range(len(numbers)):
            number = numbers[at]
            if not 0 <= number < self._count:
                raise IndexError(number)
            part.take_over(self._begins[number])
        return part

    cdef list dealt(self, size_t lanes):
        """A parcel for each lane, of the articles whose ids belong to it."""
        cdef list parts = [self.part(self._count) for _ in range(lanes)]
        cdef Field fields[FIELDS]
        cdef Py_ssize_t number
        for number in range(self._count):
            self.fields_of(number, fields)
            (<Parcel>parts[siphash(<const uint8_t *>fields[0].data, fields[0].size) % lanes]).take_over(
                self._begins[number]
            )
        return parts

    cdef Parcel part(self, Py_ssize_t room):
        """A parcel of the same bytes, without articles, and with room for so many."""
        cdef Parcel part = Parcel.__new__(Parcel)
        part._packed = self._packed
        part._begins = <uint64_t *>malloc((room + 1) * sizeof(uint64_t))
        if part._begins == NULL:
            raise MemoryError
        return part

    cdef inline void take_over(self, uint64_t begin) noexcept:
        self._begins[self._count] = begin
        self._count += 1

    cdef inline uint32_t fields_of(self, Py_ssize_t number, Field *fields) noexcept nogil:
        """The fields of an article; returns its day."""
        cdef const uint8_t *lengths = &self._packed[self._begins[number]] + 4
        cdef const char *at = <const char *>lengths + HEAD
        cdef int field
        for field in range(FIELDS):
            fields[field].data = at
            fields[field].size = load32(lengths + 4 * field)
            fields[field].kind = 0
            at += fields[field].size
        return load32(lengths - 4)

    cdef list _texts(self, int field):
        cdef Field fields[FIELDS]
        cdef Py_ssize_t number
        cdef list made = []
        for number in range(self._count):
            self.fields_of(number, fields)
            made.append(text_of(&fields[field]))
        return made


cdef inline uint64_t record_size(const uint8_t *lengths) noexcept nogil:
    cdef uint64_t size = HEAD
    cdef int field
    for field in range(FIELDS):
        size += load32(lengths + 4 * field)
    return size


cdef int64_t checked_size(const uint8_t *data, uint64_t left, const uint8_t *path, size_t path_size) noexcept nogil:
    """The bytes of the article that begins here; -1 where it is none, or none of the file ``path``."""
    cdef const uint8_t *at = data + 4 + HEAD
    cdef uint64_t size
    cdef uint32_t length, day
    cdef size_t between = 1, byte
    cdef int field
    if left < 4 + HEAD:
        return -1
    day = load32(data)
    size = 4 + record_size(data + 4)
    if size > left or day > LAST_DAY:
        return -1
    for field in range(FIELDS):
        length = load32(data + 4 + 4 * field)
        if field == PATH:
            if length != path_size or memcmp(at, path, path_size) != 0:
                return -1
        elif sk_characters(at, length) < 0:
            return -1
        if field == NOTES and length:
            # Each is a name and a text.
            for byte in range(length):
                between += at[byte] == SEPARATOR
            if between % 2:
                return -1
        at += length
    return <int64_t>size


cdef inline bint is_ascii(const Field *field) noexcept nogil:
    cdef Py_ssize_t at
    cdef uint8_t every = 0
    for at in range(field.size):
        every |= <uint8_t>field.data[at]
    return every < 0x80


cdef inline str text_of(const Field *field):
    return field_text(field, STRICT)


cdef inline str field_text(const Field *field, const char *errors):
    # Most fields of most articles are empty.
    return PyUnicode_DecodeUTF8(field.data, field.size, errors) if field.size else ""
