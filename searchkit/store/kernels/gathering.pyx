# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Articles become records, and what is known of them besides their words becomes columns, many at a time.

A record is what searchkit.store.record says: the lengths of ten fields, then the fields, in UTF-8.
"""

import datetime
import zlib

from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, qsort, realloc
from libc.string cimport memcmp, memcpy, memset

from searchkit.store.kernels.bits cimport Buffer, free_room, load32, load64, reserve, store32

from searchkit.analysis.folding import folded_text
from searchkit.article import Article, Origin


cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object, Py_ssize_t *) except NULL
    str PyUnicode_DecodeUTF8(const char *, Py_ssize_t, const char *)
    int PyUnicode_READY(object) except -1
    bint PyUnicode_IS_ASCII(object)
    int PyUnicode_KIND(object)
    const char *PyUnicode_DATA(object)
    Py_ssize_t PyUnicode_GET_LENGTH(object)


cdef extern from "characters.h":
    uint64_t sk_utf8_most(uint64_t, int) noexcept nogil
    uint64_t sk_utf8_write(const void *, size_t, int, uint8_t *) noexcept nogil


cdef enum:
    FIELDS = 11
    HEAD = 4 * FIELDS
    # To write so many bytes of records takes less than to let go of the interpreter's lock and wait for it again.
    HELD = 8 << 20
    TITLE = 1
    SOURCE = 2
    AUTHORS = 3
    SECTION = 4
    URL = 5
    LANGUAGE = 6
    PATH = 7
    PLACE = 8
    NOTES = 9
    BODY = 10
    SEPARATOR = 0x1F

# No reader lets this character into a name.
cdef str BETWEEN = "\x1f"
cdef uint32_t LAST_DAY = datetime.date.max.toordinal()
cdef object fromordinal = datetime.date.fromordinal


cdef struct Field:
    const char *data
    Py_ssize_t size
    int kind            # 0: bytes of UTF-8; else characters of so many bytes, and size counts these


cdef struct Row:
    # What is known of one text.
    uint64_t digest
    uint64_t id_end     # where its id ends among all ids
    uint32_t day
    uint32_t source
    uint32_t block      # the block of its record, and where it begins there
    uint32_t place
    uint32_t gone       # whether another took its place, or it was removed


cdef struct Standing:
    # A text on its way to its place in the order.
    const uint8_t *id
    uint64_t size
    uint32_t day
    uint32_t text


cdef struct Digest:
    uint64_t digest
    uint32_t article


include "digest.pxi"


cdef inline int take(object text, Field *field, list kept, str errors) except -1:
    """The bytes of a field; ``kept`` holds those that the text itself does not keep."""
    field.kind = 0
    try:
        field.data = PyUnicode_AsUTF8AndSize(text, &field.size)
    except UnicodeEncodeError:
        encoded = (<str?>text).encode("utf-8", errors)
        kept.append(encoded)
        field.data = PyBytes_AS_STRING(encoded)
        field.size = PyBytes_GET_SIZE(encoded)
    return 0


cdef inline int take_characters(object text, Field *field) except -1:
    """The characters of a field as Python keeps them: what is no UTF-8 yet is encoded where it is written."""
    PyUnicode_READY(<str?>text)
    field.kind = 0 if PyUnicode_IS_ASCII(text) else PyUnicode_KIND(text)
    field.data = PyUnicode_DATA(text)
    field.size = PyUnicode_GET_LENGTH(text)
    return 0


cdef int take_fields(object article, Field *fields, list kept, bint encoded=True) except -1:
    """The fields of a record, in their order; title and body as characters unless they are to be ``encoded``."""
    cdef object origin = article.origin
    cdef tuple authors = article.authors
    cdef str joined = ""
    if authors:
        joined = BETWEEN.join(authors)
        kept.append(joined)
    cdef str notes = ""
    if article.notes:
        notes = BETWEEN.join([text for note in article.notes for text in note])
        kept.append(notes)
    take(article.id, &fields[0], kept, "replace")
    if encoded:
        take(article.title, &fields[TITLE], kept, "replace")
        take(article.body, &fields[BODY], kept, "replace")
    else:
        take_characters(article.title, &fields[TITLE])
        take_characters(article.body, &fields[BODY])
    take(article.source, &fields[2], kept, "replace")
    take(joined, &fields[3], kept, "replace")
    take(article.section, &fields[4], kept, "replace")
    take(article.url, &fields[5], kept, "replace")
    take(article.language, &fields[6], kept, "replace")
    # A path may hold bytes that are not UTF-8.
    take(origin.path, &fields[7], kept, "surrogateescape")
    take(origin.place, &fields[8], kept, "replace")
    take(notes, &fields[9], kept, "replace")
    return 0


include "likeness.pxi"
include "passing.pxi"
include "parcels.pxi"
include "shortcut.pxi"
include "filter.pxi"


cdef int by_day(const void *left, const void *right) noexcept nogil:
    """By day; of one day, the smallest id last."""
    cdef const Standing *one = <const Standing *>left
    cdef const Standing *two = <const Standing *>right
    cdef int order
    if one.day != two.day:
        return -1 if one.day < two.day else 1
    order = memcmp(two.id, one.id, <size_t>min(one.size, two.size))
    if order == 0 and one.size != two.size:
        return 1 if one.size < two.size else -1
    return order


cdef int by_digest(const void *left, const void *right) noexcept nogil:
    """By digest, and then by article."""
    cdef const Digest *one = <const Digest *>left
    cdef const Digest *two = <const Digest *>right
    if one.digest != two.digest:
        return -1 if one.digest < two.digest else 1
    return -1 if one.article < two.article else 1


cdef class Register:
    """The articles of a segment being made, in the order in which they came: their records, and their columns.

    Records fill blocks of at least ``block`` bytes. A later article takes the place of an earlier one with its id.
    """

    cdef uint32_t _block
    cdef uint32_t _blocks
    cdef bytes _rest            # the records of the block that is not full
    cdef list _rooms            # memory for records
    cdef Row *_rows
    cdef size_t _texts
    cdef size_t _room
    cdef size_t _standing
    cdef Buffer _ids
    cdef uint32_t *_table       # the newest text of each id, plus one, by digest
    cdef size_t _mask
    cdef dict _sources

    def __cinit__(self, uint32_t block):
        self._block = block
        self._rest = b""
        self._rooms = []
        self._sources = {}
        self._mask = (1 << 10) - 1
        self._table = <uint32_t *>calloc(self._mask + 1, sizeof(uint32_t))
        if self._table == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self._rows)
        free(self._ids.data)
        free(self._table)

    def __len__(self):
        """How many articles stand."""
        return self._standing

    @property
    def bytes_held(self):
        """About how much memory this takes, the columns that are made at the end included."""
        return self._texts * 2 * (sizeof(Row) + sizeof(Standing)) + 2 * self._ids.size + 4 * self._mask

    def add(self, list items):
        """(records, spans, blocks) of articles, which are added, be they packed in parcels.

        The records are a view of bytes, one after the other, those of a block that was not full before them; their
        memory is used again when the view is given up, and what was made of it. ``spans`` has
        for each article where its title begins and ends in them, and where its body does; ``blocks`` has offset
        and length of each block that is full. Both are uint64.
        """
        cdef Py_ssize_t count = sum([len(<Parcel>item) if isinstance(item, Parcel) else 1 for item in items])
        cdef Py_ssize_t number
        cdef list kept = []
        cdef Field *fields = <Field *>calloc(count * FIELDS + 1, sizeof(Field))
        cdef Field *next_fields = fields
        cdef uint32_t day
        cdef uint64_t total = PyBytes_GET_SIZE(self._rest)
        cdef uint64_t full, waiting
        cdef uint8_t *out
        cdef uint64_t *span_out
        cdef uint64_t *block_out
        cdef bytes spans, blocks
        cdef bytearray room
        if fields == NULL:
            raise MemoryError
        try:
            for item in items:
                for number in range(len(<Parcel>item) if isinstance(item, Parcel) else 1):
                    if isinstance(item, Parcel):
                        day = (<Parcel>item).fields_of(number, next_fields)
                    else:
                        take_fields(item, next_fields, kept, encoded=False)
                        day = item.date.toordinal() if item.date is not None else 0
                    total += size_of(next_fields)
                    self._note(day, next_fields)
                    next_fields += FIELDS
            room = free_room(self._rooms, total)
            spans = PyBytes_FromStringAndSize(NULL, 32 * count)
            blocks = PyBytes_FromStringAndSize(NULL, 16 * count)
            waiting = PyBytes_GET_SIZE(self._rest)
            out = <uint8_t *>PyByteArray_AS_STRING(room)
            span_out, block_out = <uint64_t *>PyBytes_AS_STRING(spans), <uint64_t *>PyBytes_AS_STRING(blocks)
            memcpy(out, PyBytes_AS_STRING(self._rest), waiting)
            if total <= HELD:
                full = self._write(fields, count, out, waiting, span_out, block_out, &total)
            else:
                with nogil:
                    full = self._write(fields, count, out, waiting, span_out, block_out, &total)
        finally:
            free(fields)
        blocks = blocks[: 16 * full]
        full = block_end(blocks, full)
        self._rest = PyBytes_FromStringAndSize(<const char *>out + full, total - full)
        return memoryview(room)[:total], spans, blocks

    def end_block(self):
        """The records of the last block, which is not full: b"" where there is none."""
        cdef bytes rest = self._rest
        self._rest = b""
        self._blocks += 1 if rest else 0
        return rest

    def remove(self, bytes key):
        """Leave the article with this id out after all, if it is here."""
        cdef size_t slot = self._slot(<const uint8_t *>PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key),
                                      siphash(<const uint8_t *>PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key)))
        if self._table[slot]:
            self._leave_out(self._table[slot] - 1)

    def order(self):
        """The texts that stand, by day; among those of one day the smallest id comes last. uint32."""
        cdef size_t text, at = 0
        cdef uint64_t begin = 0
        cdef Standing *standing = <Standing *>malloc((self._standing + 1) * sizeof(Standing))
        cdef uint32_t *out
        if standing == NULL:
            raise MemoryError
        try:
            order = PyBytes_FromStringAndSize(NULL, 4 * self._standing)
            out = <uint32_t *>PyBytes_AS_STRING(order)
            with nogil:
                for text in range(self._texts):
                    if not self._rows[text].gone:
                        standing[at].id = self._ids.data + begin
                        standing[at].size = self._rows[text].id_end - begin
                        standing[at].day = self._rows[text].day
                        standing[at].text = <uint32_t>text
                        at += 1
                    begin = self._rows[text].id_end
                qsort(standing, at, sizeof(Standing), by_day)
                for text in range(at):
                    out[text] = standing[text].text
        finally:
            free(standing)
        return order

    def columns(self, const uint32_t[::1] order):
        """(ids, their ends, days, numbers of sources, names of these, places) of the texts in ``order``.

        The places are the number of a block and an offset in it for each. All but the names are bytes, of uint32
        but for the ids.
        """
        cdef Py_ssize_t count = order.shape[0], at
        cdef uint64_t total = 0
        cdef uint32_t text
        for at in range(count):
            text = order[at]
            if text >= self._texts:
                raise ValueError("there is no such text")
            total += self._rows[text].id_end - self._id_begin(text)
        if total > <uint32_t>-1:
            raise OverflowError("the ids are too long")
        ids, ends = PyBytes_FromStringAndSize(NULL, total), PyBytes_FromStringAndSize(NULL, 4 * count)
        days, sources = PyBytes_FromStringAndSize(NULL, 4 * count), PyBytes_FromStringAndSize(NULL, 4 * count)
        places = PyBytes_FromStringAndSize(NULL, 8 * count)
        cdef uint8_t *id_out = <uint8_t *>PyBytes_AS_STRING(ids)
        cdef uint32_t *end_out = <uint32_t *>PyBytes_AS_STRING(ends)
        cdef uint32_t *day_out = <uint32_t *>PyBytes_AS_STRING(days)
        cdef uint32_t *source_out = <uint32_t *>PyBytes_AS_STRING(sources)
        cdef uint32_t *place_out = <uint32_t *>PyBytes_AS_STRING(places)
        cdef uint64_t begin, size
        cdef bytearray used = bytearray(len(self._sources))
        cdef Row *row
        total = 0
        for at in range(count):
            begin, row = self._id_begin(order[at]), &self._rows[order[at]]
            size = row.id_end - begin
            memcpy(id_out + total, self._ids.data + begin, size)
            total += size
            end_out[at] = <uint32_t>total
            day_out[at] = row.day
            source_out[at] = row.source
            used[row.source] = 1
            place_out[2 * at], place_out[2 * at + 1] = row.block, row.place
        # The names came in the order of their numbers.
        names = sorted([name for name, has in zip(self._sources, used) if has])
        renumbered = {self._sources[name]: number for number, name in enumerate(names)}
        for at in range(count):
            source_out[at] = renumbered[source_out[at]]
        return ids, ends, days, sources, [name.decode() for name in names], places

    cdef inline uint64_t _id_begin(self, uint32_t text) noexcept nogil:
        return self._rows[text - 1].id_end if text else 0

    cdef int _note(self, uint32_t day, const Field *fields) except -1:
        """Add what is known of an article, but for where its record stands."""
        cdef Row *grown
        cdef Row *row
        cdef size_t slot
        if self._texts == self._room:
            self._room = 2 * self._room if self._room else 1024
            grown = <Row *>realloc(self._rows, self._room * sizeof(Row))
            if grown == NULL:
                raise MemoryError
            self._rows = grown
        if reserve(&self._ids, fields[0].size) < 0:
            raise MemoryError
        memcpy(self._ids.data + self._ids.size, fields[0].data, fields[0].size)
        row = &self._rows[self._texts]
        row.digest = siphash(<const uint8_t *>fields[0].data, fields[0].size)
        row.day = day
        row.source = self._source(&fields[SOURCE])
        row.gone = 0
        slot = self._slot(<const uint8_t *>fields[0].data, fields[0].size, row.digest)
        if self._table[slot]:
            self._leave_out(self._table[slot] - 1)
        self._ids.size += fields[0].size
        row.id_end = self._ids.size
        self._texts += 1
        self._standing += 1
        self._table[slot] = <uint32_t>self._texts
        if 2 * self._texts > self._mask:
            self._grow_table()
        return 0

    cdef uint32_t _source(self, const Field *name) except? 0xFFFFFFFF:
        """The number of a source."""
        cdef bytes key = PyBytes_FromStringAndSize(name.data, name.size)
        return self._sources.setdefault(key, len(self._sources))

    cdef inline void _leave_out(self, size_t text) noexcept nogil:
        self._standing -= 1 - self._rows[text].gone
        self._rows[text].gone = 1

    cdef size_t _slot(self, const uint8_t *key, size_t size, uint64_t digest) noexcept nogil:
        """Where in the table the newest text of an id stands, or may be put."""
        cdef size_t slot = digest & self._mask, text
        cdef uint64_t begin
        while self._table[slot]:
            text = self._table[slot] - 1
            begin = self._id_begin(<uint32_t>text)
            if (self._rows[text].digest == digest and self._rows[text].id_end - begin == size
                    and memcmp(self._ids.data + begin, key, size) == 0):
                break
            slot = (slot + 1) & self._mask
        return slot

    cdef int _grow_table(self) except -1:
        cdef size_t mask = 2 * self._mask + 1, old, slot
        cdef uint32_t *table = <uint32_t *>calloc(mask + 1, sizeof(uint32_t))
        if table == NULL:
            raise MemoryError
        for old in range(self._mask + 1):
            if self._table[old]:
                slot = self._rows[self._table[old] - 1].digest & mask
                while table[slot]:
                    slot = (slot + 1) & mask
                table[slot] = self._table[old]
        free(self._table)
        self._table = table
        self._mask = mask
        return 0

    cdef uint64_t _write(self, const Field *fields, size_t count, uint8_t *out, uint64_t at, uint64_t *spans,
                         uint64_t *blocks, uint64_t *total) noexcept nogil:
        """Write the records of the newest texts at ``at``, behind those that wait; returns how many blocks are full.

        Where the last record ends is the ``total``.
        """
        cdef uint64_t begin = 0, full = 0, head, size
        cdef size_t number
        cdef int field
        cdef Row *row = self._rows + (self._texts - count)
        for number in range(count):
            row.block = self._blocks
            row.place = <uint32_t>(at - begin)
            head = at
            at += HEAD
            for field in range(FIELDS):
                size = sk_utf8_write(fields[field].data, fields[field].size, fields[field].kind, out + at)
                store32(out + head + 4 * field, <uint32_t>size)
                if field == TITLE or field == BODY:
                    spans[0] = at
                    spans[1] = at + size
                    spans += 2
                at += size
            if at - begin >= self._block:
                blocks[2 * full] = begin
                blocks[2 * full + 1] = at - begin
                full += 1
                self._blocks += 1
                begin = at
            fields += FIELDS
            row += 1
        total[0] = at
        return full


def deal(list items, size_t lanes):
    """Articles and ids in as many lists as there are ``lanes``: what is of one id is in one of them, in its order.

    A parcel becomes one for each lane.
    """
    cdef list dealt = [[] for _ in range(lanes)], parts
    cdef size_t lane
    cdef Field key
    cdef list kept = []
    for item in items:
        if isinstance(item, Parcel):
            parts = (<Parcel>item).dealt(lanes)
            for lane in range(lanes):
                (<list>dealt[lane]).append(parts[lane])
            continue
        take(item if isinstance(item, str) else item.id, &key, kept, "replace")
        (<list>dealt[siphash(<const uint8_t *>key.data, key.size) % lanes]).append(item)
    return dealt


cdef uint64_t size_of(const Field *fields) except 0:
    """The bytes of a record, or the most that they can be where characters are still to be encoded."""
    cdef uint64_t size = HEAD
    cdef int field
    for field in range(FIELDS):
        size += sk_utf8_most(fields[field].size, fields[field].kind)
    if size > <uint32_t>-1:
        raise OverflowError("an article is too long")
    return size


cdef uint64_t block_end(bytes blocks, uint64_t count):
    """Where the last of these blocks ends."""
    cdef const uint64_t *pairs = <const uint64_t *>PyBytes_AS_STRING(blocks)
    return pairs[2 * count - 2] + pairs[2 * count - 1] if count else 0


def id_digest(bytes key):
    """Eight bytes that stand for an id; two ids may share them, so a match is looked at again."""
    return siphash(<const uint8_t *>PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key))


def sort_digests(const uint8_t[::1] ids, const uint32_t[::1] ends):
    """(the digests of ids, ascending; whose they are), as bytes of uint64 and uint32."""
    cdef Py_ssize_t count = ends.shape[0], at
    cdef uint32_t begin = 0
    cdef Digest *pairs = <Digest *>malloc((count + 1) * sizeof(Digest))
    cdef const uint8_t *data = &ids[0] if ids.shape[0] else NULL
    cdef uint64_t *digest_out
    cdef uint32_t *whose_out
    if pairs == NULL:
        raise MemoryError
    try:
        for at in range(count):
            if ends[at] < begin or ends[at] > ids.shape[0]:
                raise ValueError("the ids overlap")
            begin = ends[at]
        digests, whose = PyBytes_FromStringAndSize(NULL, 8 * count), PyBytes_FromStringAndSize(NULL, 4 * count)
        digest_out, whose_out = <uint64_t *>PyBytes_AS_STRING(digests), <uint32_t *>PyBytes_AS_STRING(whose)
        with nogil:
            begin = 0
            for at in range(count):
                pairs[at].digest = siphash(data + begin, ends[at] - begin)
                pairs[at].article = <uint32_t>at
                begin = ends[at]
            qsort(pairs, count, sizeof(Digest), by_digest)
            for at in range(count):
                digest_out[at] = pairs[at].digest
                whose_out[at] = pairs[at].article
    finally:
        free(pairs)
    return digests, whose
