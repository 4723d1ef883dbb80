/* How many characters a text in UTF-8 has, and whether it is one: as Python would decode it, strictly. */

#ifndef SEARCHKIT_UTF8_H
#define SEARCHKIT_UTF8_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Whether none of 64 bytes is beyond ASCII. */
static inline int sk_is_plain(const uint8_t *at)
{
    uint64_t words[8], every = 0;
    memcpy(words, at, 64);
    for (int word = 0; word < 8; word++)
        every |= words[word];
    return !(every & 0x8080808080808080u);
}

/* The bytes of the character that begins here, which is none of ASCII; 0 for what is none. */
static inline size_t sk_character(const uint8_t *at, size_t left)
{
    const uint8_t first = at[0];
    uint8_t least = 0x80, most = 0xBF;
    size_t size;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (size > left)
        return 0;
    /* No character in more bytes than it needs, no half of a pair, none beyond the last. */
    if (first == 0xE0)
        least = 0xA0;
    else if (first == 0xED)
        most = 0x9F;
    else if (first == 0xF0)
        least = 0x90;
    else if (first == 0xF4)
        most = 0x8F;
    if (at[1] < least || at[1] > most)
        return 0;
    for (size_t byte = 2; byte < size; byte++)
        if ((at[byte] & 0xC0) != 0x80)
            return 0;
    return size;
}

/* How many characters a text has; -1 where it is no UTF-8. */
static int64_t sk_characters(const uint8_t *text, size_t size)
{
    int64_t count = 0;
    size_t at = 0, step;
    while (at < size) {
        if (size - at >= 64 && sk_is_plain(text + at)) {
            at += 64;
            count += 64;
            continue;
        }
        for (const size_t end = size - at < 64 ? size : at + 64; at < end; at += step, count++) {
            step = 1;
            if (text[at] >= 0x80 && !(step = sk_character(text + at, size - at)))
                return -1;
        }
    }
    return count;
}

#endif
