# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What a vocabulary's words are folded and stemmed to, learned once, and the dictionary of one segment after another."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, qsort, realloc
from libc.string cimport memcmp, memcpy

from searchkit.store.kernels.bits cimport Buffer, load32, reserve, store32


cdef enum:
    NONE = 0xFFFFFFFF


cdef struct Key:
    # A string on its way to its place in the alphabet.
    uint64_t head       # its first eight bytes, as they compare
    const uint8_t *data
    uint32_t size
    uint32_t number


cdef int by_bytes(const void *left, const void *right) noexcept nogil:
    cdef const Key *one = <const Key *>left
    cdef const Key *two = <const Key *>right
    cdef int order
    if one.head != two.head:
        return -1 if one.head < two.head else 1
    order = memcmp(one.data, two.data, min(one.size, two.size))
    return order if order else (one.size > two.size) - (one.size < two.size)


@cython.final
cdef class Strings:
    """Distinct strings, numbered in the order in which they came."""

    cdef Buffer _bytes
    cdef Buffer _ends           # uint32 each, like all that follow
    cdef Buffer _hashes
    cdef Buffer _alphabet       # the numbers of those that are sorted already
    cdef uint32_t *_table       # numbers, plus one
    cdef size_t _mask

    def __cinit__(self):
        self._mask = (1 << 10) - 1
        self._table = <uint32_t *>calloc(self._mask + 1, sizeof(uint32_t))
        if self._table == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self._bytes.data)
        free(self._ends.data)
        free(self._hashes.data)
        free(self._alphabet.data)
        free(self._table)

    cdef size_t count(self) noexcept nogil:
        return self._ends.size // 4

    cdef size_t held(self) noexcept nogil:
        return self._bytes.size + 3 * self._ends.size + 4 * self._mask

    cdef const uint8_t *get(self, uint32_t number, uint32_t *size) noexcept nogil:
        cdef uint32_t begin = load32(self._ends.data + 4 * number - 4) if number else 0
        size[0] = load32(self._ends.data + 4 * number) - begin
        return self._bytes.data + begin

    cdef uint32_t number(self, bytes text) except 0xFFFFFFFF:
        """The number of a string, which may be a new one."""
        cdef const uint8_t *data = <const uint8_t *>PyBytes_AS_STRING(text)
        cdef uint32_t size = <uint32_t>PyBytes_GET_SIZE(text), found, found_size
        # Python's own, which nobody can foresee: the words are those of whoever wrote the articles.
        cdef uint32_t hashed = <uint32_t>hash(text)
        cdef size_t slot = hashed & self._mask
        cdef const uint8_t *other
        while self._table[slot]:
            found = self._table[slot] - 1
            if load32(self._hashes.data + 4 * found) == hashed:
                other = self.get(found, &found_size)
                if found_size == size and memcmp(other, data, size) == 0:
                    return found
            slot = (slot + 1) & self._mask
        if self._bytes.size + size >= NONE:
            raise OverflowError("the words are too long")
        if (reserve(&self._bytes, size) < 0 or reserve(&self._ends, 4) < 0 or reserve(&self._hashes, 4) < 0):
            raise MemoryError
        memcpy(self._bytes.data + self._bytes.size, data, size)
        self._bytes.size += size
        append(&self._ends, <uint32_t>self._bytes.size)
        append(&self._hashes, hashed)
        found = <uint32_t>(self.count() - 1)
        self._table[slot] = found + 1
        if 2 * self.count() > self._mask:
            self._grow_table()
        return found

    cdef int _grow_table(self) except -1:
        cdef size_t mask = 2 * self._mask + 1, slot
        cdef uint32_t number
        cdef uint32_t *table = <uint32_t *>calloc(mask + 1, sizeof(uint32_t))
        if table == NULL:
            raise MemoryError
        for number in range(<uint32_t>self.count()):
            slot = load32(self._hashes.data + 4 * number) & mask
            while table[slot]:
                slot = (slot + 1) & mask
            table[slot] = number + 1
        free(self._table)
        self._table = table
        self._mask = mask
        return 0

    cdef int sort(self) noexcept nogil:
        """Bring the new strings into the alphabet; -1 where memory ends."""
        cdef size_t known = self._alphabet.size // 4, new = self.count() - known, at, old = 0, fresh = 0
        cdef Key *keys
        cdef Key key
        cdef uint8_t *merged
        if new == 0:
            return 0
        keys = <Key *>malloc(new * sizeof(Key))
        merged = <uint8_t *>malloc(4 * (known + new))
        if keys == NULL or merged == NULL:
            free(keys)
            free(merged)
            return -1
        for at in range(new):
            keys[at] = self._key(<uint32_t>(known + at))
        qsort(keys, new, sizeof(Key), by_bytes)
        if known:
            key = self._key(load32(self._alphabet.data))
        for at in range(known + new):
            if old < known and (fresh == new or by_bytes(&key, &keys[fresh]) < 0):
                store32(merged + 4 * at, key.number)
                old += 1
                if old < known:
                    key = self._key(load32(self._alphabet.data + 4 * old))
            else:
                store32(merged + 4 * at, keys[fresh].number)
                fresh += 1
        free(keys)
        free(self._alphabet.data)
        self._alphabet.data = merged
        self._alphabet.size = self._alphabet.room = 4 * (known + new)
        return 0

    cdef Key _key(self, uint32_t number) noexcept nogil:
        cdef Key key
        cdef size_t at
        key.number = number
        key.data = self.get(number, &key.size)
        key.head = 0
        for at in range(8):
            key.head = (key.head << 8) | (key.data[at] if at < key.size else 0)
        return key

    cdef tuple picked(self, const uint32_t *numbers, size_t count):
        """(the bytes of these strings, one after the other; where each ends)."""
        cdef uint64_t total = 0
        cdef uint32_t size
        cdef size_t at
        cdef const uint8_t *data
        for at in range(count):
            self.get(numbers[at], &size)
            total += size
        joined, ends = PyBytes_FromStringAndSize(NULL, total), PyBytes_FromStringAndSize(NULL, 4 * count)
        cdef uint8_t *out = <uint8_t *>PyBytes_AS_STRING(joined)
        cdef uint32_t *end_out = <uint32_t *>PyBytes_AS_STRING(ends)
        with nogil:
            total = 0
            for at in range(count):
                data = self.get(numbers[at], &size)
                memcpy(out + total, data, size)
                total += size
                end_out[at] = <uint32_t>total
        return joined, ends


@cython.final
cdef class Lexicon:
    """Forms and stems of the words of a vocabulary; words of one form have one stem."""

    cdef Strings _forms
    cdef Strings _stems
    cdef Buffer _form_of        # for each word; all are uint32
    cdef Buffer _stem_of        # for each form

    def __cinit__(self):
        self._forms = Strings()
        self._stems = Strings()

    def __dealloc__(self):
        free(self._form_of.data)
        free(self._stem_of.data)

    def __len__(self):
        """How many words are known."""
        return self._form_of.size // 4

    @property
    def bytes_held(self):
        """About how much memory this takes."""
        return self._forms.held() + self._stems.held() + self._form_of.size + self._stem_of.size

    def learn(self, list forms, list stems):
        """The forms and stems of the next words."""
        cdef uint32_t form
        if len(forms) != len(stems):
            raise ValueError("as many stems as forms")
        for name, stem in zip(forms, stems):
            form = self._forms.number(name)
            if reserve(&self._form_of, 4) < 0 or reserve(&self._stem_of, 4) < 0:
                raise MemoryError
            if form == self._stem_of.size // 4:
                append(&self._stem_of, self._stems.number(stem))
            append(&self._form_of, form)

    def dictionary(self, const uint32_t[::1] counts):
        """(stem of each word, form of each word, forms of each stem, the sections of the dictionary).

        They are those of a segment in which each word stands so often as ``counts`` says; words, forms and stems
        that do not stand in it are left out, and such a word has the stem 0xFFFFFFFF. Forms are numbered within
        their stem, the most frequent first: small numbers take few bits. All are bytes of uint32, the strings apart.
        """
        cdef size_t words = self._form_of.size // 4, forms = self._forms.count(), stems = self._stems.count()
        cdef Picked picked
        cdef int failed
        if <size_t>counts.shape[0] != words:
            raise ValueError("as many counts as words")
        stem_of, form_of = PyBytes_FromStringAndSize(NULL, 4 * words), PyBytes_FromStringAndSize(NULL, 4 * words)
        # Tables of numbers of four bytes in one piece; the first is for keys of eight.
        cdef uint32_t *room = <uint32_t *>malloc(4 * (5 * (forms + 1) + 2 * (stems + 2)))
        if room == NULL:
            raise MemoryError
        try:
            picked.keys, picked.often = <uint64_t *>room, room + 2 * (forms + 1)
            picked.place, picked.by_stem = room + 3 * (forms + 1), room + 4 * (forms + 1)
            picked.rank, picked.first = room + 5 * (forms + 1), room + 5 * (forms + 1) + stems + 1
            with nogil:
                failed = self._forms.sort() < 0 or self._stems.sort() < 0
            if failed:
                raise MemoryError
            stem_names = self._pick_stems(&counts[0] if words else NULL, &picked)
            sections = self._pick_forms(&picked)
            self._give_out(&counts[0] if words else NULL, &picked, <uint32_t *>PyBytes_AS_STRING(stem_of),
                           <uint32_t *>PyBytes_AS_STRING(form_of))
            first = PyBytes_FromStringAndSize(<const char *>picked.first, 4 * (picked.stems + 1))
            sizes = PyBytes_FromStringAndSize(NULL, 4 * picked.stems)
            take_sizes(&picked, <uint32_t *>PyBytes_AS_STRING(sizes))
        finally:
            free(room)
        return stem_of, form_of, sizes, {
            "stems": stem_names[0], "stems.ends": stem_names[1], "forms": sections[0], "forms.ends": sections[1],
            "forms.first": first, "forms.sorted": sections[2],
        }

    cdef tuple _pick_stems(self, const uint32_t *counts, Picked *picked):
        """Find out which forms and stems occur, and rank these; returns their bytes and ends."""
        cdef size_t at, kept = 0
        cdef uint32_t number
        cdef uint32_t *place = picked.place
        cdef uint32_t *rank = picked.rank
        with nogil:
            for at in range(self._forms.count()):
                place[at] = NONE
                picked.often[at] = 0
            for at in range(self._stems.count()):
                rank[at] = NONE
            for at in range(self._form_of.size // 4):
                if counts[at]:
                    number = load32(self._form_of.data + 4 * at)
                    place[number] = 0
                    picked.often[number] += counts[at]
                    rank[load32(self._stem_of.data + 4 * number)] = 0
            # (Where the forms will stand is room enough for the stems.)
            for at in range(self._stems.count()):
                number = load32(self._alphabet_of_stems() + 4 * at)
                if rank[number] == 0:
                    rank[number] = <uint32_t>kept
                    picked.by_stem[kept] = number
                    kept += 1
            picked.stems = kept
        return self._stems.picked(picked.by_stem, kept)

    cdef const uint8_t *_alphabet_of_stems(self) noexcept nogil:
        return self._stems._alphabet.data

    cdef tuple _pick_forms(self, Picked *picked):
        """Put the forms that occur under their stems; returns their bytes, their ends, their alphabetical order."""
        cdef size_t at, kept = 0, forms = self._forms.count()
        cdef uint32_t number, stem
        cdef uint32_t *first = picked.first
        cdef uint32_t *sorted_out
        with nogil:
            for at in range(picked.stems + 1):
                first[at] = 0
            for at in range(forms):
                if picked.place[at] != NONE:
                    stem = picked.rank[load32(self._stem_of.data + 4 * at)]
                    picked.place[at] = first[stem + 1]
                    first[stem + 1] += 1
                    kept += 1
            for at in range(picked.stems):
                first[at + 1] += first[at]
            for at in range(forms):
                if picked.place[at] != NONE:
                    stem = picked.rank[load32(self._stem_of.data + 4 * at)]
                    picked.by_stem[first[stem] + picked.place[at]] = <uint32_t>at
            for at in range(picked.stems):
                if first[at + 1] - first[at] > 1:
                    by_frequency(picked, picked.by_stem + first[at], first[at + 1] - first[at])
        alphabet = PyBytes_FromStringAndSize(NULL, 4 * kept)
        sorted_out = <uint32_t *>PyBytes_AS_STRING(alphabet)
        with nogil:
            for at in range(forms):
                number = load32(self._forms._alphabet.data + 4 * at)
                if picked.place[number] != NONE:
                    stem = picked.rank[load32(self._stem_of.data + 4 * number)]
                    sorted_out[0] = first[stem] + picked.place[number]
                    sorted_out += 1
        return (*self._forms.picked(picked.by_stem, kept), alphabet)

    cdef void _give_out(self, const uint32_t *counts, const Picked *picked, uint32_t *stem_of,
                        uint32_t *form_of) noexcept nogil:
        """Stem and form of each word."""
        cdef size_t at
        cdef uint32_t form
        for at in range(self._form_of.size // 4):
            form = load32(self._form_of.data + 4 * at)
            stem_of[at] = picked.rank[load32(self._stem_of.data + 4 * form)] if counts[at] else NONE
            form_of[at] = picked.place[form] if counts[at] else 0


cdef struct Picked:
    # What occurs in a segment.
    uint64_t *keys      # room to sort forms in
    uint32_t *often     # how often each form occurs
    uint32_t *rank      # of each stem in the segment's alphabet; NONE where it does not occur
    uint32_t *place     # of each form among those of its stem, likewise
    uint32_t *by_stem   # the forms, stem by stem
    uint32_t *first     # where those of each stem begin, and where the last end
    size_t stems


cdef int by_key(const void *left, const void *right) noexcept nogil:
    cdef uint64_t one = (<const uint64_t *>left)[0], two = (<const uint64_t *>right)[0]
    return (one > two) - (one < two)


cdef void by_frequency(Picked *picked, uint32_t *forms, size_t count) noexcept nogil:
    """Bring the forms of one stem in order, the most frequent first, and give them their numbers."""
    cdef uint64_t *keys = picked.keys
    cdef size_t at
    for at in range(count):
        keys[at] = (<uint64_t>(NONE - picked.often[forms[at]]) << 32) | forms[at]
    qsort(keys, count, sizeof(uint64_t), by_key)
    for at in range(count):
        forms[at] = <uint32_t>keys[at]
        picked.place[forms[at]] = <uint32_t>at


cdef void take_sizes(const Picked *picked, uint32_t *out) noexcept nogil:
    cdef size_t at
    for at in range(picked.stems):
        out[at] = picked.first[at + 1] - picked.first[at]


cdef inline void append(Buffer *buffer, uint32_t value) noexcept nogil:
    """Append to what has room."""
    store32(buffer.data + buffer.size, value)
    buffer.size += 4
