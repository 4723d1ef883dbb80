# Where words and sentences begin and end: UAX #29 over UTF-8, by the class of each character.

# Word_Break classes, as searchkit.analysis.classes numbers them.
cdef enum:
    OTHER = 0
    LETTER = 1
    HEBREW = 2
    NUMBER = 3
    KATAKANA = 4
    CONNECTOR = 5
    LETTER_JOINT = 6
    NUMBER_JOINT = 7
    JOINT = 8
    SINGLE_QUOTE = 9
    DOUBLE_QUOTE = 10
    MARK = 11
    LONE = 12
    PICTOGRAPH = 13
    END = 14


cdef inline uint32_t decode(const uint8_t *text, size_t at, size_t end, size_t *following) noexcept nogil:
    """The code point at ``at``; the text is valid UTF-8, since it was made by an encoder."""
    cdef uint32_t first = text[at]
    if first < 0x80:
        following[0] = at + 1
        return first
    if first < 0xE0 and at + 1 < end:
        following[0] = at + 2
        return ((first & 0x1F) << 6) | (text[at + 1] & 0x3F)
    if first < 0xF0 and at + 2 < end:
        following[0] = at + 3
        return ((first & 0x0F) << 12) | ((text[at + 1] & 0x3F) << 6) | (text[at + 2] & 0x3F)
    if at + 3 < end:
        following[0] = at + 4
        return (((first & 0x07) << 18) | ((text[at + 1] & 0x3F) << 12)
                | ((text[at + 2] & 0x3F) << 6) | (text[at + 3] & 0x3F)) & 0x1FFFFF
    following[0] = end
    return 0xFFFD


cdef inline uint32_t unit(const uint8_t *classes, const uint8_t *text, size_t at, size_t end,
                          size_t *following) noexcept nogil:
    """The class of the character at ``at``; ``following`` is set behind it and the marks that it carries."""
    cdef uint32_t code, kind
    cdef size_t next_at
    cdef bint joined
    if at >= end:
        following[0] = end
        return END
    code = decode(text, at, end, following)
    kind = classes[code]
    joined = False
    while following[0] < end:
        if text[following[0]] < 0x80:
            # The only ASCII pictographs have other classes, and no ASCII character is a mark.
            break
        code = decode(text, following[0], end, &next_at)
        if classes[code] == MARK:
            joined = code == 0x200D
        elif classes[code] == PICTOGRAPH and joined:
            joined = False
        else:
            break
        following[0] = next_at
    return kind


cdef size_t end_of_word(const uint8_t *classes, const uint8_t *text, size_t at, size_t end, uint32_t previous,
                        bint *content, bint *ascii) noexcept nogil:
    """Where the word ends that goes on at ``at``, behind a character of the class ``previous``.

    ``content`` becomes true where more than connectors are in it, ``ascii`` false where other characters are.
    """
    cdef size_t following, after
    cdef uint32_t kind, number
    cdef uint8_t byte
    while at < end:
        byte = text[at]
        if byte < 0x80 and previous == LETTER and classes[byte] == LETTER:
            # The common case, without looking for marks until something else comes.
            while at < end and text[at] < 0x80 and classes[text[at]] == LETTER:
                at += 1
            if at < end and text[at] >= 0x80:
                # A mark may belong to the last letter.
                unit(classes, text, at - 1, end, &following)
                if following != at:
                    ascii[0] = False
                    at = following
            continue
        kind = unit(classes, text, at, end, &following)
        if kind == LETTER or kind == HEBREW:
            if previous == KATAKANA:
                break
            content[0] = True
        elif kind == NUMBER:
            if previous == KATAKANA:
                break
            content[0] = True
        elif kind == KATAKANA:
            if previous != KATAKANA and previous != CONNECTOR:
                break
            content[0] = True
        elif kind == CONNECTOR:
            pass
        elif kind == LETTER_JOINT or kind == JOINT or kind == SINGLE_QUOTE or kind == NUMBER_JOINT or kind == DOUBLE_QUOTE:
            number = unit(classes, text, following, end, &after)
            if ((previous == LETTER or previous == HEBREW) and kind != NUMBER_JOINT
                    and kind != DOUBLE_QUOTE and (number == LETTER or number == HEBREW)):
                kind = number
            elif previous == HEBREW and kind == DOUBLE_QUOTE and number == HEBREW:
                kind = number
            elif (previous == NUMBER and kind != LETTER_JOINT and kind != DOUBLE_QUOTE and number == NUMBER):
                kind = number
            elif previous == HEBREW and kind == SINGLE_QUOTE:
                # WB7a: the quote ends the word and belongs to it.
                ascii[0] = False
                at = following
                break
            else:
                break
            if after != following + 1 or following != at + 1:
                ascii[0] = False
            previous = kind
            at = after
            continue
        else:
            break
        if following != at + 1:
            ascii[0] = False
        previous = kind
        at = following
    return at


cdef inline bint is_spelled_short(const uint8_t *text, size_t start, size_t end) noexcept nogil:
    """Whether the spelling of a word says that a full stop right behind it belongs to it: an initial, U.S."""
    cdef size_t at
    if text[start] < 65 or text[start] > 90:
        return False
    if end == start + 1:
        return True
    if end - start > 12:
        return False
    for at in range(start, end):
        if text[at] == 46:
            return True
    return False


cdef inline int border_before(const uint8_t *text, size_t gap, size_t start, bint any_word, bint abbreviated,
                              bint body) noexcept nogil:
    """What begins with the word at ``start``: 1 a paragraph, 0 a sentence, -1 neither."""
    cdef size_t at
    cdef int stops = 0, breaks = 0
    cdef bint blank = False
    cdef uint8_t byte
    if not any_word:
        return 1 if body else -1
    if start - gap == 1 and text[gap] != 10:
        return -1
    for at in range(gap, start):
        byte = text[at]
        if byte == 10:
            breaks += 1
            if breaks == 2:
                return 1
            blank = True
        elif byte == 32 or byte == 9 or byte == 13:
            blank = True
        else:
            breaks = 0
            if byte == 46 or byte == 33 or byte == 63:
                stops += 1 if byte == 46 and at == gap else 2
                blank = False
            elif byte == 0xE2 and at + 2 < start and text[at + 1] == 0x80 and text[at + 2] == 0xA6:
                stops += 2
                blank = False
            elif byte == 0xE3 and at + 2 < start and text[at + 1] == 0x80 and text[at + 2] == 0x82:
                return 0
    if stops == 0 or not blank or (stops == 1 and abbreviated):
        return -1
    byte = text[start]
    return -1 if 97 <= byte <= 122 else 0
