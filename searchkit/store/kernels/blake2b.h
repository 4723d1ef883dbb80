/* BLAKE2b without a key (RFC 7693), for digests of 16 bytes, and the folding of ASCII that stands before it. */

#ifndef SEARCHKIT_BLAKE2B_H
#define SEARCHKIT_BLAKE2B_H

#include <stdint.h>
#include <string.h>

enum { SK_DIGEST = 16, SK_BLOCK = 128 };

typedef struct {
    uint64_t state[8];
    uint64_t size;
    size_t waiting;
    uint8_t block[SK_BLOCK];
} sk_blake2b;

static const uint64_t sk_begin[8] = {
    0x6A09E667F3BCC908u, 0xBB67AE8584CAA73Bu, 0x3C6EF372FE94F82Bu, 0xA54FF53A5F1D36F1u,
    0x510E527FADE682D1u, 0x9B05688C2B3E6C1Fu, 0x1F83D9ABFB41BD6Bu, 0x5BE0CD19137E2179u};

static inline uint64_t sk_turned(uint64_t value, int bits)
{
    return value >> bits | value << (64 - bits);
}

static inline uint64_t sk_word(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

#define SK_MIX(a, b, c, d, x, y) \
    do { \
        a += b + (x); \
        d = sk_turned(d ^ a, 32); \
        c += d; \
        b = sk_turned(b ^ c, 24); \
        a += b + (y); \
        d = sk_turned(d ^ a, 16); \
        c += d; \
        b = sk_turned(b ^ c, 63); \
    } while (0)

/* One round: the words of the message in the order of its permutation. */
#define SK_ROUND(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15) \
    do { \
        SK_MIX(v0, v4, v8, v12, m[s0], m[s1]); \
        SK_MIX(v1, v5, v9, v13, m[s2], m[s3]); \
        SK_MIX(v2, v6, v10, v14, m[s4], m[s5]); \
        SK_MIX(v3, v7, v11, v15, m[s6], m[s7]); \
        SK_MIX(v0, v5, v10, v15, m[s8], m[s9]); \
        SK_MIX(v1, v6, v11, v12, m[s10], m[s11]); \
        SK_MIX(v2, v7, v8, v13, m[s12], m[s13]); \
        SK_MIX(v3, v4, v9, v14, m[s14], m[s15]); \
    } while (0)

static void sk_compress(sk_blake2b *digest, const uint8_t *block, uint64_t last)
{
    uint64_t *h = digest->state, m[16];
    uint64_t v0 = h[0], v1 = h[1], v2 = h[2], v3 = h[3], v4 = h[4], v5 = h[5], v6 = h[6], v7 = h[7];
    uint64_t v8 = sk_begin[0], v9 = sk_begin[1], v10 = sk_begin[2], v11 = sk_begin[3];
    uint64_t v12 = sk_begin[4] ^ digest->size, v13 = sk_begin[5], v14 = sk_begin[6] ^ last, v15 = sk_begin[7];
    for (int word = 0; word < 16; word++)
        m[word] = sk_word(block + 8 * word);
    SK_ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    SK_ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);
    SK_ROUND(11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4);
    SK_ROUND(7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8);
    SK_ROUND(9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13);
    SK_ROUND(2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9);
    SK_ROUND(12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11);
    SK_ROUND(13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10);
    SK_ROUND(6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5);
    SK_ROUND(10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0);
    SK_ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    SK_ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);
    h[0] ^= v0 ^ v8;
    h[1] ^= v1 ^ v9;
    h[2] ^= v2 ^ v10;
    h[3] ^= v3 ^ v11;
    h[4] ^= v4 ^ v12;
    h[5] ^= v5 ^ v13;
    h[6] ^= v6 ^ v14;
    h[7] ^= v7 ^ v15;
}

static void sk_digest_begin(sk_blake2b *digest)
{
    memcpy(digest->state, sk_begin, sizeof sk_begin);
    digest->state[0] ^= 0x01010000u ^ SK_DIGEST;
    digest->size = 0;
    digest->waiting = 0;
}

/* The last block is another one than those before it: it waits until it is known to be the last. */
static void sk_digest_take(sk_blake2b *digest, const uint8_t *data, size_t size)
{
    while (size) {
        size_t piece = SK_BLOCK - digest->waiting;
        if (!piece) {
            digest->size += SK_BLOCK;
            sk_compress(digest, digest->block, 0);
            digest->waiting = 0;
            for (; size > SK_BLOCK; data += SK_BLOCK, size -= SK_BLOCK) {
                digest->size += SK_BLOCK;
                sk_compress(digest, data, 0);
            }
            piece = SK_BLOCK;
        }
        if (piece > size)
            piece = size;
        memcpy(digest->block + digest->waiting, data, piece);
        digest->waiting += piece;
        data += piece;
        size -= piece;
    }
}

static void sk_digest_end(sk_blake2b *digest, uint8_t *out)
{
    digest->size += digest->waiting;
    memset(digest->block + digest->waiting, 0, SK_BLOCK - digest->waiting);
    sk_compress(digest, digest->block, ~(uint64_t)0);
    for (int at = 0; at < SK_DIGEST; at++)
        out[at] = (uint8_t)(digest->state[at >> 3] >> 8 * (at & 7));
}

/* ASCII made small, its white space left out; returns how much is left. ``out`` has room for as much as there is,
   and eight bytes more. */
#if defined(__SSSE3__)
#include <tmmintrin.h>

/* For each set of the eight bytes that stay: where each of them comes from. */
static uint8_t sk_places[256][8];

static void sk_fill_places(void)
{
    for (int stay = 0; stay < 256; stay++) {
        int left = 0;
        for (int from = 0; from < 8; from++)
            if (stay >> from & 1)
                sk_places[stay][left++] = (uint8_t)from;
    }
}

static size_t sk_folded(const uint8_t *text, size_t size, uint8_t *out)
{
    const __m128i to_least_capitals = _mm_set1_epi8((char)(0x80 - 'A')), beyond_capitals = _mm_set1_epi8((char)(0x80 + 26));
    const __m128i to_least_controls = _mm_set1_epi8((char)(0x80 - 9)), beyond_controls = _mm_set1_epi8((char)(0x80 + 5));
    const __m128i high = _mm_set1_epi64x(0x0808080808080808);
    const uint8_t *const begin = out;
    uint8_t rest[16];
    for (size_t at = 0; at < size; at += 16) {
        const uint8_t *from = text + at;
        if (size - at < 16) {
            memset(rest, ' ', 16);
            memcpy(rest, from, size - at);
            from = rest;
        }
        const __m128i bytes = _mm_loadu_si128((const __m128i *)from);
        const __m128i capital = _mm_cmplt_epi8(_mm_add_epi8(bytes, to_least_capitals), beyond_capitals);
        const __m128i small = _mm_or_si128(bytes, _mm_and_si128(capital, _mm_set1_epi8(0x20)));
        const __m128i control = _mm_cmplt_epi8(_mm_add_epi8(bytes, to_least_controls), beyond_controls);
        const __m128i space = _mm_or_si128(control, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')));
        const unsigned stay = ~(unsigned)_mm_movemask_epi8(space), first = stay & 0xFF, second = stay >> 8 & 0xFF;
        const __m128i places = _mm_loadl_epi64((const __m128i *)sk_places[first]);
        const __m128i others = _mm_or_si128(_mm_loadl_epi64((const __m128i *)sk_places[second]), high);
        _mm_storel_epi64((__m128i *)out, _mm_shuffle_epi8(small, places));
        out += __builtin_popcount(first);
        _mm_storel_epi64((__m128i *)out, _mm_shuffle_epi8(small, others));
        out += __builtin_popcount(second);
    }
    return (size_t)(out - begin);
}
#else
static void sk_fill_places(void) {}

static size_t sk_folded(const uint8_t *text, size_t size, uint8_t *out)
{
    size_t left = 0;
    for (size_t at = 0; at < size; at++) {
        const uint8_t byte = text[at];
        out[left] = (uint8_t)(byte | (uint8_t)((uint8_t)(byte - 'A') < 26) << 5);
        left += byte != ' ' && (uint8_t)(byte - 9) > 4;
    }
    return left;
}
#endif

#endif
