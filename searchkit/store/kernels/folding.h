/* CRC-32, as zlib and the gzip format have it, sixteen bytes at a time by carry-less multiplication (Gopal and others,
   "Fast CRC computation for generic polynomials using PCLMULQDQ", Intel, 2009). SK_FOLDS says whether the processor
   has that; without it zlib is quicker. */

#ifndef SEARCHKIT_FOLDING_H
#define SEARCHKIT_FOLDING_H

#include <stddef.h>
#include <stdint.h>

/* The remainder of each byte, for the polynomial 0xEDB88320. */
static void sk_fill_remainders(uint32_t *table)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? value >> 1 ^ 0xEDB88320u : value >> 1;
        table[byte] = value;
    }
}

static inline uint32_t sk_crc_bytes(const uint32_t *table, uint32_t state, const uint8_t *data, size_t size)
{
    while (size--)
        state = state >> 8 ^ table[(state ^ *data++) & 0xFF];
    return state;
}

#if defined(__PCLMUL__) && defined(__SSE4_1__)
#include <smmintrin.h>
#include <wmmintrin.h>

#define SK_LOW(x, k) _mm_clmulepi64_si128(x, k, 0x00)
#define SK_HIGH(x, k) _mm_clmulepi64_si128(x, k, 0x11)
#define SK_LOAD(at) _mm_loadu_si128((const __m128i *)(at))

static inline __m128i sk_fold(__m128i x, __m128i k, __m128i next)
{
    return _mm_xor_si128(_mm_xor_si128(SK_LOW(x, k), SK_HIGH(x, k)), next);
}

static uint32_t sk_crc_folded(uint32_t state, const uint8_t *data, size_t size)
{
    /* Powers of x modulo the polynomial, for folding over 64 bytes, over 16, and for the last reductions. */
    const __m128i over64 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
    const __m128i over16 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
    const __m128i last = _mm_set_epi64x(0, 0x0163cd6124);
    const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641);
    const __m128i halves = _mm_setr_epi32(~0, 0, ~0, 0);
    __m128i a = _mm_xor_si128(SK_LOAD(data), _mm_cvtsi32_si128((int)state));
    __m128i b = SK_LOAD(data + 16), c = SK_LOAD(data + 32), d = SK_LOAD(data + 48), low;
    for (data += 64, size -= 64; size >= 64; data += 64, size -= 64) {
        a = sk_fold(a, over64, SK_LOAD(data));
        b = sk_fold(b, over64, SK_LOAD(data + 16));
        c = sk_fold(c, over64, SK_LOAD(data + 32));
        d = sk_fold(d, over64, SK_LOAD(data + 48));
    }
    a = sk_fold(sk_fold(sk_fold(a, over16, b), over16, c), over16, d);
    for (; size >= 16; data += 16, size -= 16)
        a = sk_fold(a, over16, SK_LOAD(data));
    a = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, over16, 0x10));
    a = _mm_xor_si128(_mm_srli_si128(a, 4), SK_LOW(_mm_and_si128(a, halves), last));
    low = _mm_and_si128(_mm_clmulepi64_si128(_mm_and_si128(a, halves), barrett, 0x10), halves);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(a, SK_LOW(low, barrett)), 1);
}
#define SK_FOLDS 1
#else
#define sk_crc_folded(state, data, size) (state)
#define SK_FOLDS 0
#endif

static uint32_t sk_crc32(const uint32_t *table, const uint8_t *data, size_t size)
{
    uint32_t state = 0xFFFFFFFFu;
    const size_t whole = SK_FOLDS && size >= 64 ? size & ~(size_t)15 : 0;
    if (whole)
        state = sk_crc_folded(state, data, whole);
    return ~sk_crc_bytes(table, state, data + whole, size - whole);
}

#endif
