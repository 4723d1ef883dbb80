/* Which places are followed by a word: eight are held against each of its positions at a time. */

#ifndef SEARCHKIT_BESIDE_H
#define SEARCHKIT_BESIDE_H

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
typedef uint32_t sk_eight __attribute__((vector_size(32)));

/* Keep those of ``count`` places, in their order, that are ``shift`` before one of the ``held`` positions; there must be
   room for eight more places. Sums may carry over the end of 32 bits and back. */
static inline uint32_t sk_beside(
    uint32_t *places, uint32_t count, uint32_t shift, const uint32_t *positions, uint32_t held)
{
    uint32_t left = 0, hits[8];
    for (uint32_t at = 0; at < count; at += 8) {
        const uint32_t here = count - at < 8 ? count - at : 8;
        sk_eight wanted, hit = {0, 0, 0, 0, 0, 0, 0, 0}, other = hit;
        uint32_t index = 0;
        memcpy(&wanted, places + at, sizeof(wanted));
        wanted += shift;
        for (; index + 1 < held; index += 2) {
            hit |= (sk_eight)(wanted == positions[index]);
            other |= (sk_eight)(wanted == positions[index + 1]);
        }
        if (index < held)
            hit |= (sk_eight)(wanted == positions[index]);
        hit |= other;
        memcpy(hits, &hit, sizeof(hits));
        for (index = 0; index < here; index++) {
            places[left] = places[at + index];
            left += hits[index] & 1;
        }
    }
    return left;
}
#else
static inline uint32_t sk_beside(
    uint32_t *places, uint32_t count, uint32_t shift, const uint32_t *positions, uint32_t held)
{
    uint32_t left = 0;
    for (uint32_t at = 0; at < count; at++) {
        uint32_t hit = 0;
        for (uint32_t index = 0; index < held; index++)
            hit |= places[at] + shift == positions[index];
        places[left] = places[at];
        left += hit;
    }
    return left;
}
#endif

#endif
