/* Is a text already what a reader would make of it? What is not surely so is said to be none, and looked at again. */

#ifndef SEARCHKIT_PROSE_H
#define SEARCHKIT_PROSE_H

#include <stddef.h>
#include <stdint.h>

/* Whether one of 64 bytes is more than a letter of ASCII, a digit, a blank or a mark that means nothing. */
static inline int sk_is_unusual(const uint8_t *at)
{
    uint8_t any = 0;
    for (int byte = 0; byte < 64; byte++) {
        const uint8_t value = at[byte];
        any |= (uint8_t)((value < 32) | (value >= 127) | (value == '<') | (value == '&'));
    }
    return any;
}

static inline int sk_is_letter(uint8_t byte)
{
    return (uint8_t)((byte | 0x20) - 'a') < 26;
}

/* Whether a tag or a comment may begin with this "<", an entity stand at this "&". */
static inline int sk_is_markup(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *next = at + 1;
    if (*at == '<')
        return next < end && (sk_is_letter(*next) || *next == '/' || *next == '!');
    while (next < end && (sk_is_letter(*next) || (uint8_t)(*next - '0') < 10 || *next == '#'))
        next++;
    return next > at + 1 && next < end && *next == ';';
}

/* Whether a text of ASCII stands on one line, with single blanks; ``marked`` says that it must have no markup. */
static int sk_is_line(const uint8_t *text, size_t size, int marked)
{
    if (!size || text[0] == ' ' || text[size - 1] == ' ')
        return !size;
    for (size_t at = 0; at < size; at++) {
        const uint8_t byte = text[at];
        if (byte < 32 || byte >= 127 || (byte == ' ' && text[at - 1] == ' '))
            return 0;
        if (marked && (byte == '<' || byte == '&') && sk_is_markup(text + at, text + size))
            return 0;
    }
    return 1;
}

/* Whether white space or a third newline stands before the newline at ``at``. */
static inline int sk_is_untidy(const uint8_t *text, size_t at)
{
    if (!at)
        return 0;
    if (text[at - 1] == ' ' || text[at - 1] == '\t')
        return 1;
    return at > 1 && ((text[at - 1] == 0xA0 && text[at - 2] == 0xC2) || (text[at - 1] == '\n' && text[at - 2] == '\n'));
}

/* Whether the bytes at ``at``, of sound UTF-8, are a character that is taken out or made a newline. */
static inline int sk_is_unclean(const uint8_t *text, size_t at)
{
    const uint8_t *here = text + at;
    if (*here == 0xC2)
        return here[1] < 0xA0;
    if (*here == 0xE2)
        return here[1] == 0x80 && (here[2] == 0xA8 || here[2] == 0xA9);
    return *here == 0xEF && here[1] == 0xBB && here[2] == 0xBF;
}

/* Whether a text, of sound UTF-8, is clean and tidy, its ends apart, and has no markup. */
static int sk_is_prose(const uint8_t *text, size_t size)
{
    size_t at = 0, end;
    while (at < size) {
        end = size - at < 64 ? size : at + 64;
        if (end - at == 64 && !sk_is_unusual(text + at)) {
            at = end;
            continue;
        }
        for (; at < end; at++) {
            const uint8_t byte = text[at];
            if (byte >= 0x80 ? sk_is_unclean(text, at) : byte < 32 ? byte != '\n' && byte != '\t' : byte == 127)
                return 0;
            if (byte == '\n' && sk_is_untidy(text, at))
                return 0;
            if ((byte == '<' || byte == '&') && sk_is_markup(text + at, text + size))
                return 0;
        }
    }
    return 1;
}

#endif
