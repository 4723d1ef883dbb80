# cython: language_level=3
"""Numbers in few bits: blocks of 128, packed four abreast, and variable bytes. Shared by the kernels."""

from cpython.bytearray cimport (
    PyByteArray_AS_STRING, PyByteArray_FromStringAndSize, PyByteArray_GET_SIZE,
)
from cpython.ref cimport Py_REFCNT
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memcpy

cdef extern from "lanes.h":
    int sk_count_bits(uint64_t) noexcept nogil
    int sk_highest_bit(uint64_t) noexcept nogil
    int sk_lowest_bit(uint64_t) noexcept nogil
    void sk_store_release(uint8_t *, uint8_t) noexcept nogil
    uint8_t sk_load_acquire(const uint8_t *) noexcept nogil
    uint32_t sk_lane_value(const uint8_t *, uint32_t, uint32_t) noexcept nogil
    void sk_pack(const uint32_t *, uint32_t, uint8_t *) noexcept nogil
    void sk_unpack(const uint8_t *, uint32_t, uint32_t *) noexcept nogil
    void sk_unpack_sums(const uint8_t *, uint32_t, uint32_t, uint32_t *) noexcept nogil


cdef extern from "memory.h":
    void sk_advise_large(void *, size_t) noexcept nogil


cdef extern from *:
    void sk_fetch "__builtin_prefetch"(const void *) noexcept nogil


cdef enum:
    BLOCK = 128
    # In place of the width of a block's gaps: its articles are a bit set.
    BIT_SET = 64

cdef enum:
    # No article has as many words.
    POSITION_BITS = 26


cdef struct Buffer:
    uint8_t *data
    size_t size
    size_t room


cdef inline int reserve(Buffer *buffer, size_t more) noexcept nogil:
    """Make room for ``more`` bytes behind the end; -1 where memory ends."""
    cdef size_t room = buffer.room
    cdef uint8_t *grown
    if buffer.size + more <= room:
        return 0
    room = room * 2 if room else 65536
    while room < buffer.size + more:
        room *= 2
    grown = <uint8_t *>realloc(buffer.data, room)
    if grown == NULL:
        return -1
    buffer.data = grown
    buffer.room = room
    return 0


cdef inline bytearray free_room(list rooms, size_t size):
    """One of ``rooms`` that nobody else holds, of ``size`` bytes or more; a new one is put among them.

    It is for what is handed to another thread: the system takes long to bring memory and to clear it.
    """
    cdef Py_ssize_t at
    cdef bytearray room
    for at in range(len(rooms)):
        room = <bytearray>rooms[at]
        # The list holds it, and so does this function.
        if Py_REFCNT(room) == 2:
            if <size_t>PyByteArray_GET_SIZE(room) < size:
                rooms[at] = room = new_room(size)
            return room
    room = new_room(size)
    rooms.append(room)
    return room


cdef inline bytearray new_room(size_t size):
    cdef bytearray room = PyByteArray_FromStringAndSize(NULL, size + (size >> 3))
    sk_advise_large(PyByteArray_AS_STRING(room), PyByteArray_GET_SIZE(room))
    return room


cdef inline uint32_t width_of(const uint32_t *values) noexcept nogil:
    """The bits that the largest of 128 values needs."""
    cdef uint32_t every = 0
    cdef int at
    for at in range(BLOCK):
        every |= values[at]
    return <uint32_t>sk_highest_bit(every) + 1 if every else 0


cdef inline void pack(const uint32_t *values, uint32_t width, uint8_t *out) noexcept nogil:
    """Write 128 values of ``width`` bits each as 16 * width bytes: value 4r + l goes to lane l, row r."""
    sk_pack(values, width, out)


cdef inline void unpack(const uint8_t *packed, uint32_t width, uint32_t *values) noexcept nogil:
    """Read what pack() wrote; ``width`` is at most 32."""
    sk_unpack(packed, width, values)


cdef inline uint8_t *write_number(uint8_t *out, uint32_t value) noexcept nogil:
    """Write a number as one to five bytes, seven bits each, low bits first; return what follows."""
    while value >= 0x80:
        out[0] = <uint8_t>(value | 0x80)
        out += 1
        value >>= 7
    out[0] = <uint8_t>value
    return out + 1


cdef inline const uint8_t *read_number(const uint8_t *at, const uint8_t *end, uint32_t *value) noexcept nogil:
    """Read what write_number() wrote; NULL where the bytes end too early or the number is too large."""
    cdef uint64_t read = 0
    cdef int shift = 0
    cdef uint8_t byte
    while at < end and shift < 35:
        byte = at[0]
        at += 1
        read |= (<uint64_t>(byte & 0x7F)) << shift
        if byte < 0x80:
            value[0] = <uint32_t>read
            return at if read <= 0xFFFFFFFFU else NULL
        shift += 7
    return NULL


cdef inline uint64_t load64(const uint8_t *at) noexcept nogil:
    cdef uint64_t value
    memcpy(&value, at, 8)
    return value


cdef inline uint32_t load32(const uint8_t *at) noexcept nogil:
    cdef uint32_t value
    memcpy(&value, at, 4)
    return value


cdef inline void store32(uint8_t *at, uint32_t value) noexcept nogil:
    memcpy(at, &value, 4)


cdef inline float load_float(const uint8_t *at) noexcept nogil:
    cdef float value
    memcpy(&value, at, 4)
    return value
