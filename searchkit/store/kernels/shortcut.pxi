# Most records of a file need nothing done to their texts: those are packed as they are, and never become articles.

from cpython.unicode cimport Py_UNICODE_ISSPACE, PyUnicode_READ_CHAR

cdef extern from "prose.h":
    bint sk_is_line(const uint8_t *, size_t, bint) noexcept nogil
    bint sk_is_prose(const uint8_t *, size_t) noexcept nogil


cdef enum:
    # What a text has to be: a line, a line that may hold markup as well, paragraphs.
    LINE = 0
    MARKED_LINE = 1
    PARAGRAPHS = 2


def pack_plain(dict record not None, tuple plan not None, bytes path, str place, str name, day_of, authors_of):
    """The article that a record describes, packed; None where it is not certain that its texts stay as they are.

    ``plan`` has for each field the keys that speak for it, as ``searchkit.readers.records.Plan`` has them. ``name`` is
    the id of an article without one. ``day_of`` gives the ordinal of the day that a text names, 0 for none,
    ``authors_of`` the authors by the record and their keys.
    """
    cdef Field fields[FIELDS]
    cdef list kept = []
    cdef uint32_t day = 0
    cdef object value, joined
    if plan[3]:
        # An introduction is held against the text.
        return None
    memset(fields, 0, sizeof(fields))
    for key in <tuple>plan[4]:
        value = record[key]
        if value is None or value == "":
            continue
        day = day_of(value) if type(value) is str else 0
        if not day:
            return None
        break
    if not (
        id_of(record, plan[0], name, &fields[0], kept)
        and plain_text(record, plan[1], &fields[TITLE], LINE)
        and plain_text(record, plan[2], &fields[BODY], PARAGRAPHS)
        and plain_text(record, plan[5], &fields[SOURCE], LINE)
        and plain_text(record, plan[7], &fields[SECTION], LINE)
        and plain_text(record, plan[8], &fields[URL], MARKED_LINE)
        and plain_text(record, plan[9], &fields[LANGUAGE], MARKED_LINE)
    ):
        return None
    if not fields[TITLE].size and not fields[BODY].size:
        return None
    joined = ""
    for key in <tuple>plan[6]:
        if record[key]:
            joined = BETWEEN.join(authors_of(record, plan[6]))
            break
    take(joined, &fields[AUTHORS], kept, "replace")
    fields[PATH].data, fields[PATH].size = PyBytes_AS_STRING(path), PyBytes_GET_SIZE(path)
    take(place, &fields[PLACE], kept, "replace")
    fields[NOTES].data, fields[NOTES].size = "", 0
    return packed_fields(fields, day)


cdef bytes packed_fields(const Field *fields, uint32_t day):
    cdef bytes packed = PyBytes_FromStringAndSize(NULL, 4 + size_of(fields))
    cdef uint8_t *out = <uint8_t *>PyBytes_AS_STRING(packed)
    cdef int field
    store32(out, day)
    out += 4
    for field in range(FIELDS):
        store32(out + 4 * field, <uint32_t>fields[field].size)
    out += HEAD
    for field in range(FIELDS):
        memcpy(out, fields[field].data, fields[field].size)
        out += fields[field].size
    return packed


cdef bint id_of(dict record, tuple keys, str name, Field *field, list kept) except -1:
    """The id of a record; False where it is not certain."""
    for key in keys:
        value = record[key]
        if type(value) is int:
            value = str(value)
            kept.append(value)
        if value is None or value == "":
            continue
        return type(value) is str and plain_field(value, field, MARKED_LINE)
    take(name, field, kept, "replace")
    return True


cdef bint plain_text(dict record, tuple keys, Field *field, int kind) except -1:
    """What the first of the keys says that says anything; False where it is not certain that it stays as it is."""
    for key in keys:
        value = record[key]
        if value is None or (type(value) is str and not value):
            continue
        return type(value) is str and plain_field(value, field, kind)
    field.data, field.size = "", 0
    return True


cdef bint plain_field(str text, Field *field, int kind) except -1:
    cdef Py_ssize_t size = len(text)
    try:
        field.data = PyUnicode_AsUTF8AndSize(text, &field.size)
    except UnicodeEncodeError:
        return False
    if kind != PARAGRAPHS:
        return sk_is_line(<const uint8_t *>field.data, field.size, kind == LINE)
    if Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, 0)) or Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, size - 1)):
        return False
    return sk_is_prose(<const uint8_t *>field.data, field.size)
