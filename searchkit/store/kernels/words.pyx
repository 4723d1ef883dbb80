# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Words of many texts, found and numbered in bulk: the compiled twin of searchkit.analysis.words.

Rules WB1 to WB13b of UAX #29 over UTF-8, one pass, without the GIL. ASCII words are folded on the way; a
word with other characters keeps its bytes, and whoever reads the vocabulary folds it once.
"""

from array import array

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

cdef extern from "lanes.h":
    uint32_t sk_leading_letters(const uint8_t *) noexcept nogil


cdef extern from "memory.h":
    void *sk_large(size_t) noexcept nogil
    void sk_advise_large(void *, size_t) noexcept nogil
    void sk_prefetch(const void *) noexcept nogil


include "letters.pxi"
include "scanning.pxi"


@cython.final
cdef class Vocabulary:
    """Distinct words, numbered in the order of their first appearance, and the texts as their numbers.

    ``classes`` has the Word_Break class of every code point, a byte each. ``abbreviations`` are folded
    ASCII words behind which a full stop does not end a sentence. ``room`` is for how many words of texts there
    is room from the start: what is not written takes no memory, and to grow is to copy.
    """

    cdef bytes _classes
    cdef const uint8_t *_class
    cdef Slot *_table
    cdef uint8_t _plain[256]   # 1 for ASCII letters, 2 for ASCII characters that end a word behind a letter
    cdef size_t _mask
    cdef uint8_t *_arena
    cdef size_t _arena_size
    cdef size_t _arena_room
    cdef Numbers _offsets      # where each word begins in the arena; one more for the end
    cdef Numbers _hashes
    cdef Numbers _tokens       # the texts, word by word
    cdef Numbers _bounds       # for each text, in turn: the token after its title, after its body, its borders' end
    cdef Numbers _borders      # word positions within a text at which sentences begin, doubled; odd: a paragraph
    cdef uint32_t _abbreviations
    cdef uint8_t *_scratch
    cdef size_t _scratch_room

    def __cinit__(self, bytes classes, abbreviations=(), size_t room=1 << 16):
        if len(classes) != 0x110000:
            raise ValueError("classes must cover every code point")
        self._classes = classes
        self._class = <const uint8_t *>PyBytes_AS_STRING(classes)
        self._mask = (1 << 16) - 1
        self._table = <Slot *>calloc(self._mask + 1, sizeof(Slot))
        self._arena_room = 1 << 20
        self._arena = <uint8_t *>malloc(self._arena_room)
        self._scratch_room = 1 << 12
        self._scratch = <uint8_t *>calloc(self._scratch_room + 8, 1)
        self._tokens.data = <uint32_t *>sk_large((room + 1) * sizeof(uint32_t))
        self._tokens.room = room + 1
        if (self._table == NULL or self._arena == NULL or self._scratch == NULL or self._tokens.data == NULL
                or push(&self._offsets, 0) < 0):
            raise MemoryError
        cdef bytes word
        cdef int byte
        for byte in range(128):
            self._plain[byte] = 1 if classes[byte] == LETTER else 2 if classes[byte] in (OTHER, NUMBER_JOINT) else 0
        for word in abbreviations:
            self._take_scratch(<const uint8_t *>PyBytes_AS_STRING(word), PyBytes_GET_SIZE(word))
            self._intern(PyBytes_GET_SIZE(word))
        self._abbreviations = <uint32_t>self._hashes.size
        self.forget_texts()

    def __dealloc__(self):
        free(self._table)
        free(self._arena)
        free(self._scratch)
        free(self._offsets.data)
        free(self._hashes.data)
        free(self._tokens.data)
        free(self._bounds.data)
        free(self._borders.data)

    def __len__(self):
        return self._hashes.size

    @property
    def texts(self):
        """How many texts were added since the last ``forget_texts``."""
        return self._bounds.size // 3

    @property
    def token_count(self):
        """How many words these texts have."""
        return self._tokens.size

    @property
    def bytes_held(self):
        """About how much memory this takes; what was made room for and never written takes none."""
        return (self._arena_size + (self._mask + 1) * sizeof(Slot)
                + 4 * (self._offsets.size + self._hashes.size + self._tokens.size + self._bounds.size
                       + self._borders.size))

    def words(self, size_t first=0):
        """The distinct words from number ``first`` on, as bytes."""
        cdef size_t number
        cdef uint32_t *offsets = self._offsets.data
        return [
            PyBytes_FromStringAndSize(<const char *>self._arena + offsets[number], offsets[number + 1] - offsets[number])
            for number in range(first, self._hashes.size)
        ]

    def tokens(self):
        """The texts as word numbers, one after the other: uint32, a view that lasts until more is added."""
        return memoryview(<uint32_t[:self._tokens.size]>self._tokens.data) if self._tokens.size else array("I")

    def bounds(self):
        """Three uint32 a text: the token after its title, the token after its body, the end of its borders."""
        return PyBytes_FromStringAndSize(<const char *>self._bounds.data, self._bounds.size * 4)

    def borders(self):
        """Where sentences begin: twice the position in the text, plus one where a paragraph begins."""
        return PyBytes_FromStringAndSize(<const char *>self._borders.data, self._borders.size * 4)

    def forget_texts(self):
        """Drop the texts and keep the words."""
        cdef size_t slot
        self._tokens.size = self._bounds.size = self._borders.size = 0
        for slot in range(self._mask + 1):
            self._table[slot].count = 0

    def counts(self):
        """How often each word stands in the texts: uint32."""
        cdef size_t slot
        cdef uint32_t *out
        counted = PyBytes_FromStringAndSize(NULL, 4 * self._hashes.size)
        out = <uint32_t *>PyBytes_AS_STRING(counted)
        for slot in range(self._mask + 1):
            if self._table[slot].number:
                out[self._table[slot].number - 1] = self._table[slot].count
        return counted

    def add(self, list titles, list bodies):
        """Add texts, each a title and a body in valid UTF-8, of the same number."""
        if len(bodies) != len(titles):
            raise ValueError("as many bodies as titles")
        spans = array("Q")
        cdef uint64_t at = 0
        for title, body in zip(titles, bodies):
            middle, end = at + len(title), at + len(title) + len(body)
            spans.extend((at, middle, middle, end))
            at = end
        self.add_spans(b"".join([text for pair in zip(titles, bodies) for text in pair]), spans)

    def add_spans(self, const uint8_t[::1] data, spans):
        """Add texts that lie in ``data``: for each, where title and body begin and end, four uint64 in ``spans``."""
        cdef const uint64_t[::1] where = memoryview(spans).cast("B").cast("Q") if len(spans) else array("Q")
        cdef const uint8_t *bytes_ = &data[0] if data.shape[0] else NULL
        cdef Py_ssize_t at
        cdef int failed = 0
        if where.shape[0] % 4:
            raise ValueError("four borders a text")
        for at in range(0, where.shape[0], 2):
            if where[at] > where[at + 1] or where[at + 1] > <uint64_t>data.shape[0]:
                raise ValueError("a text lies outside its bytes")
        with nogil:
            for at in range(0, where.shape[0], 4):
                if self._add_one(bytes_ + where[at], where[at + 1] - where[at], bytes_ + where[at + 2],
                                 where[at + 3] - where[at + 2]) < 0:
                    failed = 1
                    break
        if failed:
            raise MemoryError

    cdef int _add_one(self, const uint8_t *title, size_t title_size, const uint8_t *body, size_t body_size) noexcept nogil:
        cdef size_t first = self._tokens.size
        cdef size_t middle
        if self._scan(title, title_size, first, 0) < 0:
            return -1
        middle = self._tokens.size
        if self._scan(body, body_size, first, 1) < 0:
            return -1
        if (push(&self._bounds, <uint32_t>middle) < 0 or push(&self._bounds, <uint32_t>self._tokens.size) < 0
                or push(&self._bounds, <uint32_t>self._borders.size) < 0):
            return -1
        return 0

    cdef int _scan(self, const uint8_t *text, size_t end, size_t first, bint body) noexcept nogil:
        cdef size_t at = 0, start, following, place
        cdef uint32_t kind, number
        cdef bint content, ascii
        cdef size_t gap = 0         # where the gap before the next word begins
        cdef bint abbreviated = False, any_word = False
        cdef uint8_t byte
        cdef int border
        cdef Ahead ahead
        cdef Letters *word
        ahead.oldest = ahead.held = 0
        while at < end:
            byte = text[at]
            if self._plain[byte] == 1:
                # Most words are ASCII letters, with a character behind them that surely ends them.
                start = at
                if at + 16 <= end:
                    at += sk_leading_letters(text + at)
                if at == start or at == start + 16:
                    while at < end and self._plain[text[at]] == 1:
                        at += 1
                if at - start <= 16 and (at == end or self._plain[text[at]] == 2 or (
                    text[at] < 0x80 and at + 1 < end and self._plain[text[at + 1]] == 2
                    and self._class[text[at]] != CONNECTOR and self._class[text[at]] != NUMBER
                )):
                    if start - gap > 1 or not any_word:
                        # Only behind a full stop does it matter what the word before it is.
                        if any_word and text[gap] == 46 and self._take_all(&ahead, &abbreviated) < 0:
                            return -1
                        border = border_before(text, gap, start, any_word, abbreviated, body)
                        place = self._tokens.size + ahead.held - first
                        if border >= 0 and place:
                            if push(&self._borders, <uint32_t>(2 * place + border)) < 0:
                                return -1
                    # The slot of this word is on its way while those before it are looked up.
                    if ahead.held == AHEAD and self._take_oldest(&ahead, &abbreviated) < 0:
                        return -1
                    word = &ahead.words[(ahead.oldest + ahead.held) % AHEAD]
                    read_letters(text, start, at, end, word)
                    sk_prefetch(&self._table[word.hashed & self._mask])
                    ahead.held += 1
                    gap = at
                    any_word = True
                    continue
                at = start
            kind = self._class[byte] if byte < 0x80 else unit(self._class, text, at, end, &following)
            if byte < 0x80:
                following = at + 1
                if kind == OTHER:
                    at = following
                    continue
                if kind != LETTER and kind != NUMBER and kind != CONNECTOR:
                    at = following
                    continue
                if following < end and text[following] >= 0x80:
                    kind = unit(self._class, text, at, end, &following)
            if kind == LONE:
                start = at
                content = True
                at = following
                ascii = False
            elif kind == LETTER or kind == NUMBER or kind == CONNECTOR or kind == KATAKANA or kind == HEBREW:
                start = at
                content = kind != CONNECTOR
                ascii = byte < 0x80 and following == at + 1
                at = end_of_word(self._class, text, following, end, kind, &content, &ascii)
            else:
                at = following
                continue
            if not content:
                continue
            if self._take_all(&ahead, &abbreviated) < 0:
                return -1
            if body or self._tokens.size > first:
                border = border_before(text, gap, start, any_word, abbreviated, body)
                if border >= 0 and self._tokens.size > first:
                    if push(&self._borders, <uint32_t>(2 * (self._tokens.size - first) + border)) < 0:
                        return -1
            number = self._number(text, start, at, ascii)
            if number == <uint32_t>-1 or push(&self._tokens, number) < 0:
                return -1
            gap = at
            any_word = True
            abbreviated = self._is_abbreviation(text, start, at, number)
        return self._take_all(&ahead, &abbreviated)

    cdef inline bint _is_abbreviation(self, const uint8_t *text, size_t start, size_t end, uint32_t number) noexcept nogil:
        """Whether a full stop right behind this word belongs to it: an initial, U.S, Mr."""
        return 65 <= text[start] <= 90 and (number < self._abbreviations or is_spelled_short(text, start, end))

    cdef int _take_all(self, Ahead *ahead, bint *abbreviated) noexcept nogil:
        """Look up all words that were read ahead."""
        while ahead.held:
            if self._take_oldest(ahead, abbreviated) < 0:
                return -1
        return 0

    cdef inline int _take_oldest(self, Ahead *ahead, bint *abbreviated) noexcept nogil:
        cdef Letters *word = &ahead.words[ahead.oldest]
        ahead.oldest = (ahead.oldest + 1) % AHEAD
        ahead.held -= 1
        return self._take_letters(word, abbreviated)

    cdef inline int _take_letters(self, const Letters *word, bint *abbreviated) noexcept nogil:
        """Look up a word of letters, and append its number to the texts."""
        cdef uint32_t number = self._number_of_letters(word)
        # (Not by a branch.)
        abbreviated[0] = word.capital & ((word.size == 1) | (number < self._abbreviations))
        return -1 if number == <uint32_t>-1 else push(&self._tokens, number)

    cdef inline uint32_t _number_of_letters(self, const Letters *word) noexcept nogil:
        cdef size_t slot = word.hashed & self._mask
        cdef Slot *found
        while True:
            found = &self._table[slot]
            if found.number == 0:
                memcpy(self._scratch, &word.head, 8)
                memcpy(self._scratch + 8, &word.tail, 8)
                return self._new_word(word.size, word.hashed, slot, word.head)
            if found.head == word.head and found.size == word.size:
                if found.tail == word.tail:
                    found.count += 1
                    return found.number - 1
            slot = (slot + 1) & self._mask

    cdef uint32_t _number(self, const uint8_t *text, size_t start, size_t end, bint ascii) noexcept nogil:
        """The number of the word ``text[start:end]``, folded first where it is ASCII."""
        cdef size_t size = end - start, at
        cdef uint8_t byte
        cdef uint8_t *scratch
        if ascii:
            while size and text[start] == 95:
                start += 1
                size -= 1
            while size and text[start + size - 1] == 95:
                size -= 1
            if size > 2 and (text[start + size - 1] | 32) == 115 and text[start + size - 2] == 39:
                size -= 2
        if self._take_scratch(text + start, size) < 0:
            return <uint32_t>-1
        if ascii:
            scratch = self._scratch
            for at in range(size):
                byte = scratch[at]
                scratch[at] = byte + 32 if 65 <= byte <= 90 else byte
        return self._intern(size)

    cdef int _take_scratch(self, const uint8_t *text, size_t size) noexcept nogil:
        cdef uint8_t *grown
        if size > self._scratch_room:
            grown = <uint8_t *>realloc(self._scratch, 2 * size + 8)
            if grown == NULL:
                return -1
            self._scratch = grown
            self._scratch_room = 2 * size
        if size <= 16:
            for at in range(size):
                self._scratch[at] = text[at]
        else:
            memcpy(self._scratch, text, size)
        return 0

    cdef uint32_t _intern(self, size_t size) noexcept nogil:
        """The number of the word in the scratch buffer; -1 where memory ends."""
        cdef uint64_t state = size * MULTIPLIER, piece, head = 0
        cdef size_t at = 0, slot
        cdef uint32_t hashed, number
        cdef uint8_t *scratch = self._scratch
        cdef Slot *found
        # The buffer has eight bytes to spare; what lies behind the word must not count.
        while at + 8 <= size:
            memcpy(&piece, scratch + at, 8)
            if at == 0:
                head = piece
            state = step(state, piece)
            at += 8
        if at < size:
            memcpy(&piece, scratch + at, 8)
            piece &= ((<uint64_t>1) << (8 * (size - at))) - 1
            if at == 0:
                head = piece
            state = step(state, piece)
        hashed = <uint32_t>(state ^ (state >> 32))
        slot = hashed & self._mask
        while True:
            found = &self._table[slot]
            if found.number == 0:
                return self._new_word(size, hashed, slot, head)
            if found.head == head and found.size == size:
                number = found.number - 1
                if size <= 8 or memcmp(self._arena + self._offsets.data[number] + 8, scratch + 8, size - 8) == 0:
                    found.count += 1
                    return number
            slot = (slot + 1) & self._mask

    cdef uint32_t _new_word(self, size_t size, uint32_t hashed, size_t slot, uint64_t head) noexcept nogil:
        cdef uint8_t *grown
        cdef uint32_t number = <uint32_t>self._hashes.size
        if self._arena_size + size + 16 > self._arena_room:
            while self._arena_size + size + 16 > self._arena_room:
                self._arena_room *= 2
            grown = <uint8_t *>realloc(self._arena, self._arena_room)
            if grown == NULL:
                return <uint32_t>-1
            self._arena = grown
        memcpy(self._arena + self._arena_size, self._scratch, size)
        self._arena_size += size
        if push(&self._offsets, <uint32_t>self._arena_size) < 0 or push(&self._hashes, hashed) < 0:
            return <uint32_t>-1
        self._table[slot].head = head
        self._table[slot].size = <uint32_t>size
        self._table[slot].number = number + 1
        self._table[slot].count = 1
        self._table[slot].tail = 0
        if size > 8:
            memcpy(&self._table[slot].tail, self._scratch + 8, min(size - 8, 8))
        if self._hashes.size * 2 > self._mask and self._grow_table() < 0:
            return <uint32_t>-1
        return number

    cdef int _grow_table(self) noexcept nogil:
        cdef size_t mask = self._mask * 2 + 1, old, slot
        cdef Slot *table = <Slot *>sk_large((mask + 1) * sizeof(Slot))
        if table == NULL:
            return -1
        memset(table, 0, (mask + 1) * sizeof(Slot))
        for old in range(self._mask + 1):
            if self._table[old].number:
                slot = self._hashes.data[self._table[old].number - 1] & mask
                while table[slot].number:
                    slot = (slot + 1) & mask
                table[slot] = self._table[old]
        free(self._table)
        self._table = table
        self._mask = mask
        return 0
