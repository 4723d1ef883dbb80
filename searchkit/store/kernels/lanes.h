/* 128 numbers of a few bits each, four abreast, read with vectors of 16 bytes: what Cython has no words for.

   Number 4r + l lies in lane l, row r; see pack() in bits.pxd. Where a compiler knows no such vectors, or the
   machine puts the high bytes first, the same is done number by number. */

#ifndef SEARCHKIT_LANES_H
#define SEARCHKIT_LANES_H

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
#define sk_count_bits(x) __builtin_popcountll(x)
#define sk_highest_bit(x) (63 - __builtin_clzll(x))
#define sk_lowest_bit(x) __builtin_ctzll(x)
#define sk_store_release(at, value) __atomic_store_n(at, value, __ATOMIC_RELEASE)
#define sk_load_acquire(at) __atomic_load_n(at, __ATOMIC_ACQUIRE)
#else
static int sk_count_bits(uint64_t x) { int n = 0; while (x) { x &= x - 1; n++; } return n; }
static int sk_highest_bit(uint64_t x) { int n = -1; while (x) { x >>= 1; n++; } return n; }
static int sk_lowest_bit(uint64_t x) { int n = 0; while (!(x & 1)) { x >>= 1; n++; } return n; }
#define sk_store_release(at, value) (*(volatile uint8_t *)(at) = (value))
#define sk_load_acquire(at) (*(volatile uint8_t *)(at))
#endif

/* How many of 16 bytes are letters of ASCII before the first that is none. */
#if defined(__SSE2__)
#include <emmintrin.h>
static inline uint32_t sk_leading_letters(const uint8_t *text)
{
    /* Made small, and moved so that the letters are the 26 least of signed bytes. */
    const __m128i bytes = _mm_or_si128(_mm_loadu_si128((const __m128i *)text), _mm_set1_epi8(0x20));
    const __m128i moved = _mm_add_epi8(bytes, _mm_set1_epi8((char)(0x80 - 'a')));
    const uint32_t letters = (uint32_t)_mm_movemask_epi8(_mm_cmplt_epi8(moved, _mm_set1_epi8((char)(0x80 + 26))));
    return (uint32_t)sk_lowest_bit((uint64_t)~letters);
}
#else
static inline uint32_t sk_leading_letters(const uint8_t *text)
{
    uint32_t count = 0;
    while (count < 16 && (uint8_t)((text[count] | 0x20) - 'a') < 26)
        count++;
    return count;
}
#endif

/* One number out of 128. */
static inline uint32_t sk_lane_value(const uint8_t *packed, uint32_t width, uint32_t index)
{
    uint32_t bit = (index >> 2) * width, shift = bit & 31, low, high;
    const uint8_t *at = packed + 16 * (bit >> 5) + 4 * (index & 3);
    if (width == 0)
        return 0;
    memcpy(&low, at, 4);
    low >>= shift;
    if (shift + width > 32) {
        memcpy(&high, at + 16, 4);
        low |= high << (32 - shift);
    }
    return width == 32 ? low : low & ((1u << width) - 1);
}

#if (defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 12)) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

typedef uint32_t sk_row __attribute__((vector_size(16)));

/* With a constant width everything but the loads, shifts and sums is done by the compiler. */
static inline __attribute__((always_inline)) void sk_rows(
    const uint8_t *packed, const uint32_t width, uint32_t previous, uint32_t *out, const int sums)
{
    const uint32_t most = width == 32 ? 0xFFFFFFFFu : (1u << width) - 1;
    const sk_row zero = {0, 0, 0, 0}, mask = {most, most, most, most};
    sk_row carry = {previous, previous, previous, previous}, values, next;
#if defined(__clang__)
#pragma clang loop unroll(full)
#else
#pragma GCC unroll 32
#endif
    for (uint32_t row = 0; row < 32; row++) {
        const uint32_t bit = row * width, shift = bit & 31;
        memcpy(&values, packed + 16 * (bit >> 5), 16);
        values >>= shift;
        if (shift + width > 32) {
            memcpy(&next, packed + 16 * (bit >> 5) + 16, 16);
            values |= next << (32 - shift);
        }
        values &= mask;
        if (sums) {
            values += 1;
            values += __builtin_shufflevector(zero, values, 0, 4, 5, 6);
            values += __builtin_shufflevector(zero, values, 0, 0, 4, 5);
            values += carry;
            carry = __builtin_shufflevector(values, values, 3, 3, 3, 3);
        }
        memcpy(out + 4 * row, &values, 16);
    }
}

/* The other way round: each word of 32 bits is filled and written. */
static inline __attribute__((always_inline)) void sk_fill_rows(
    const uint32_t *values, const uint32_t width, uint8_t *packed)
{
    sk_row word = {0, 0, 0, 0}, value;
#if defined(__clang__)
#pragma clang loop unroll(full)
#else
#pragma GCC unroll 32
#endif
    for (uint32_t row = 0; row < 32; row++) {
        const uint32_t bit = row * width, shift = bit & 31;
        memcpy(&value, values + 4 * row, 16);
        word |= value << shift;
        if (shift + width >= 32) {
            memcpy(packed + 16 * (bit >> 5), &word, 16);
            word = shift ? value >> (32 - shift) : value ^ value;
        }
    }
}

#define SK_WIDTH(w) case w: SK_ROWS(w); break;
#define SK_WIDTHS \
    SK_WIDTH(1) SK_WIDTH(2) SK_WIDTH(3) SK_WIDTH(4) SK_WIDTH(5) SK_WIDTH(6) SK_WIDTH(7) SK_WIDTH(8) \
    SK_WIDTH(9) SK_WIDTH(10) SK_WIDTH(11) SK_WIDTH(12) SK_WIDTH(13) SK_WIDTH(14) SK_WIDTH(15) SK_WIDTH(16) \
    SK_WIDTH(17) SK_WIDTH(18) SK_WIDTH(19) SK_WIDTH(20) SK_WIDTH(21) SK_WIDTH(22) SK_WIDTH(23) SK_WIDTH(24) \
    SK_WIDTH(25) SK_WIDTH(26) SK_WIDTH(27) SK_WIDTH(28) SK_WIDTH(29) SK_WIDTH(30) SK_WIDTH(31) SK_WIDTH(32)

#else

static inline void sk_rows(const uint8_t *packed, uint32_t width, uint32_t previous, uint32_t *out, int sums)
{
    for (uint32_t index = 0; index < 128; index++) {
        uint32_t value = sk_lane_value(packed, width, index);
        out[index] = sums ? (previous += value + 1) : value;
    }
}

static inline void sk_fill_rows(const uint32_t *values, uint32_t width, uint8_t *packed)
{
    uint32_t words[128] = {0};
    for (uint32_t index = 0; index < 128; index++) {
        const uint32_t bit = (index >> 2) * width, shift = bit & 31;
        uint32_t *word = words + 4 * (bit >> 5) + (index & 3);
        *word |= values[index] << shift;
        if (shift + width > 32)
            word[4] |= values[index] >> (32 - shift);
    }
    memcpy(packed, words, 16 * width);
}

#define SK_WIDTHS default: SK_ROWS(width); break;

#endif

#define SK_ROWS(w) sk_rows(packed, w, previous, out, sums)

/* 128 numbers. */
static void sk_unpack(const uint8_t *packed, uint32_t width, uint32_t *out)
{
    const int sums = 0;
    const uint32_t previous = 0;
    switch (width) {
    case 0: memset(out, 0, 512); break;
    SK_WIDTHS
    }
}

/* 128 ascending numbers that are packed as gaps less one, the first of them from ``previous``. */
static void sk_unpack_sums(const uint8_t *packed, uint32_t width, uint32_t previous, uint32_t *out)
{
    const int sums = 1;
    switch (width) {
    case 0: for (int index = 0; index < 128; index++) out[index] = previous + 1 + index; break;
    SK_WIDTHS
    }
}

#undef SK_ROWS
#define SK_ROWS(w) sk_fill_rows(values, w, packed)

/* 128 numbers of ``width`` bits, packed into 16 * width bytes. */
static void sk_pack(const uint32_t *values, uint32_t width, uint8_t *packed)
{
    switch (width) {
    case 0: break;
    SK_WIDTHS
    }
}

#undef SK_ROWS

#endif
