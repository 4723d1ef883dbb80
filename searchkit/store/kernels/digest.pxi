# SipHash-2-4 (Aumasson and Bernstein, 2012) under the key of its authors' test vectors: no secret is needed where a
# match is looked at again, but ids that somebody chose should not all have one digest.

cdef inline uint64_t turned(uint64_t value, int bits) noexcept nogil:
    return (value << bits) | (value >> (64 - bits))


cdef inline void sip_rounds(uint64_t *v, int rounds) noexcept nogil:
    cdef int round
    for round in range(rounds):
        v[0] += v[1]
        v[2] += v[3]
        v[1] = turned(v[1], 13) ^ v[0]
        v[3] = turned(v[3], 16) ^ v[2]
        v[0] = turned(v[0], 32)
        v[2] += v[1]
        v[0] += v[3]
        v[1] = turned(v[1], 17) ^ v[2]
        v[3] = turned(v[3], 21) ^ v[0]
        v[2] = turned(v[2], 32)


cdef uint64_t siphash(const uint8_t *data, size_t size) noexcept nogil:
    cdef uint64_t v[4]
    cdef uint64_t piece
    cdef size_t at = 0
    v[0] = 0x0706050403020100ULL ^ 0x736F6D6570736575ULL
    v[1] = 0x0F0E0D0C0B0A0908ULL ^ 0x646F72616E646F6DULL
    v[2] = 0x0706050403020100ULL ^ 0x6C7967656E657261ULL
    v[3] = 0x0F0E0D0C0B0A0908ULL ^ 0x7465646279746573ULL
    while at + 8 <= size:
        piece = load64(data + at)
        v[3] ^= piece
        sip_rounds(v, 2)
        v[0] ^= piece
        at += 8
    piece = 0
    memcpy(&piece, data + at, size - at)
    piece |= (<uint64_t>(size & 0xFF)) << 56
    v[3] ^= piece
    sip_rounds(v, 2)
    v[0] ^= piece
    v[2] ^= 0xFF
    sip_rounds(v, 4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]
