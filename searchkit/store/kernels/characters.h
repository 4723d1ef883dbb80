/* The characters of a str as UTF-8, read as Python keeps them: one, two or four bytes each.

   Python's own encoder needs the interpreter's lock, makes a copy, and keeps another with the str. */

#ifndef SEARCHKIT_CHARACTERS_H
#define SEARCHKIT_CHARACTERS_H

#include <stdint.h>
#include <stddef.h>
#include <string.h>

#if defined(__SSE2__) && (defined(__GNUC__) || defined(__clang__))
#include <emmintrin.h>
#define SK_UTF8_VECTORS 1
#endif

/* One character that is not ASCII; half of a pair, which no UTF-8 can hold, becomes a question mark. */
static inline uint8_t *sk_utf8_character(uint8_t *out, uint32_t code)
{
    if (code < 0x800) {
        *out++ = (uint8_t)(0xC0 | code >> 6);
    } else if (code >= 0xD800 && code < 0xE000) {
        *out++ = '?';
        return out;
    } else if (code < 0x10000) {
        *out++ = (uint8_t)(0xE0 | code >> 12);
        *out++ = (uint8_t)(0x80 | (code >> 6 & 0x3F));
    } else {
        *out++ = (uint8_t)(0xF0 | code >> 18);
        *out++ = (uint8_t)(0x80 | (code >> 12 & 0x3F));
        *out++ = (uint8_t)(0x80 | (code >> 6 & 0x3F));
    }
    *out++ = (uint8_t)(0x80 | (code & 0x3F));
    return out;
}

/* Where sixteen characters are left there is room for sixteen bytes, whatever they are: they are written at once,
   and those from the first that is not ASCII on are written again. */
static inline uint8_t *sk_utf8_ones(const uint8_t *text, size_t size, uint8_t *out)
{
    size_t at = 0;
    while (at < size) {
#ifdef SK_UTF8_VECTORS
        if (at + 16 <= size) {
            const __m128i bytes = _mm_loadu_si128((const __m128i *)(text + at));
            const uint32_t high = (uint32_t)_mm_movemask_epi8(bytes);
            const uint32_t ascii = high ? (uint32_t)__builtin_ctz(high) : 16;
            _mm_storeu_si128((__m128i *)out, bytes);
            at += ascii;
            out += ascii;
            if (ascii == 16)
                continue;
        }
#endif
        if (text[at] < 0x80)
            *out++ = text[at];
        else
            out = sk_utf8_character(out, text[at]);
        at++;
    }
    return out;
}

static inline uint8_t *sk_utf8_twos(const uint16_t *text, size_t size, uint8_t *out)
{
    size_t at = 0;
    while (at < size) {
#ifdef SK_UTF8_VECTORS
        if (at + 16 <= size) {
            const __m128i high = _mm_set1_epi16((short)0xFF80), zero = _mm_setzero_si128();
            const __m128i one = _mm_loadu_si128((const __m128i *)(text + at));
            const __m128i two = _mm_loadu_si128((const __m128i *)(text + at + 8));
            const __m128i plain = _mm_packs_epi16(_mm_cmpeq_epi16(_mm_and_si128(one, high), zero),
                                                  _mm_cmpeq_epi16(_mm_and_si128(two, high), zero));
            const uint32_t other = (uint32_t)_mm_movemask_epi8(plain) ^ 0xFFFF;
            const uint32_t ascii = other ? (uint32_t)__builtin_ctz(other) : 16;
            _mm_storeu_si128((__m128i *)out, _mm_packus_epi16(one, two));
            at += ascii;
            out += ascii;
            if (ascii == 16)
                continue;
        }
#endif
        if (text[at] < 0x80)
            *out++ = (uint8_t)text[at];
        else
            out = sk_utf8_character(out, text[at]);
        at++;
    }
    return out;
}

static inline uint8_t *sk_utf8_fours(const uint32_t *text, size_t size, uint8_t *out)
{
    for (size_t at = 0; at < size; at++) {
        if (text[at] < 0x80)
            *out++ = (uint8_t)text[at];
        else
            out = sk_utf8_character(out, text[at]);
    }
    return out;
}

/* How many bytes of UTF-8 ``size`` characters of ``kind`` bytes take at most; kind 0 is UTF-8 already. */
static inline uint64_t sk_utf8_most(uint64_t size, int kind)
{
    return kind == 0 ? size : size * (uint64_t)(kind == 4 ? 4 : kind + 1);
}

/* Write ``size`` characters of ``kind`` bytes (0: bytes of UTF-8) where there is room for the most that they can
   take; returns how many bytes they took. */
static inline uint64_t sk_utf8_write(const void *text, size_t size, int kind, uint8_t *out)
{
    const uint8_t *begin = out;
    switch (kind) {
    case 0: memcpy(out, text, size); return size;
    case 1: return (uint64_t)(sk_utf8_ones((const uint8_t *)text, size, out) - begin);
    case 2: return (uint64_t)(sk_utf8_twos((const uint16_t *)text, size, out) - begin);
    default: return (uint64_t)(sk_utf8_fours((const uint32_t *)text, size, out) - begin);
    }
}

#endif
