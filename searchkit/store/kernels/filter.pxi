# A filter (Bloom, 1970) of 2^27 bits, in which every key has two.

cdef extern from "Python.h":
    Py_hash_t PyObject_Hash(object) except -1


cdef enum:
    FILTER_BITS = 27
    FILTER_MASK = (1 << FILTER_BITS) - 1

FILTER_SIZE = 1 << (FILTER_BITS - 3)


def mark_keys(bytearray bits not None, keys):
    """Put keys in."""
    cdef uint8_t *data = filter_of(bits)
    cdef uint64_t places
    for key in keys:
        places = <uint64_t>PyObject_Hash(key)
        data[(places & FILTER_MASK) >> 3] |= 1 << (places & 7)
        places >>= FILTER_BITS
        data[(places & FILTER_MASK) >> 3] |= 1 << (places & 7)


def marked_keys(bytearray bits not None, keys):
    """Those of the keys that are in it, perhaps."""
    cdef const uint8_t *data = filter_of(bits)
    cdef uint64_t one, other
    cdef list found = []
    for key in keys:
        one = <uint64_t>PyObject_Hash(key)
        other = one >> FILTER_BITS
        if data[(one & FILTER_MASK) >> 3] >> (one & 7) & 1 and data[(other & FILTER_MASK) >> 3] >> (other & 7) & 1:
            found.append(key)
    return found


cdef uint8_t *filter_of(bytearray bits) except NULL:
    if len(bits) < 1 << (FILTER_BITS - 3):
        raise ValueError("this is no filter")
    return <uint8_t *>PyByteArray_AS_STRING(bits)
