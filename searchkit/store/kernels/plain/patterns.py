"""Which written forms does a pattern mean? Each form is looked at, one after the other."""

from __future__ import annotations

import re
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from searchkit.store.kernels.plain.dictionary import Damage

if TYPE_CHECKING:
    from typing_extensions import Buffer

_ONE, _MANY = 256, 257
_MOST_EDITS = 2
_MOST_STEPS = 63


class FormTable:
    """The written forms of one segment.

    ``file``, ``page``, ``verified`` and ``verify`` are as in Dictionary; ``sections`` gives (offset, size) for
    "forms", "forms.ends", "forms.sorted" and "forms.first", in this order. Whatever leads out of its section
    raises Damage.
    """

    def __init__(
        self,
        file: Buffer,
        page: int,
        verified: bytearray,
        verify: Callable[[int], None],
        sections: list[tuple[int, int]],
    ) -> None:
        self._file: memoryview[int] = memoryview(file)
        self._page = page
        self._verified = verified
        self._verify = verify
        if len(sections) != 4:
            raise ValueError("four sections")
        for offset, size in sections:
            if offset + size > min(len(self._file), page * len(verified)):
                raise Damage("a section lies outside its file")
        self._forms, self._ends, self._sorted, self._first = sections
        if self._ends[1] % 4 or self._sorted[1] != self._ends[1] or self._first[1] % 4 or not self._first[1]:
            raise Damage("the forms are not of one length")
        self.forms = self._ends[1] // 4

    def form(self, number: int) -> bytes:
        """A form, by its number."""
        if not 0 <= number < self.forms:
            raise IndexError(number)
        return self._form(number)

    def find(self, form: bytes) -> int:
        """The number of a form, or -1."""
        at = bisect_left(range(self.forms), form, key=self._at)
        return self._number(self._sorted, at) if at < self.forms and self._at(at) == form else -1

    def starting(self, prefix: bytes) -> tuple[int, int]:
        """(first, behind): the places in the alphabetical order of the forms that begin with ``prefix``."""
        first = bisect_left(range(self.forms), prefix, key=self._at)
        behind = bisect_right(range(self.forms), prefix, key=lambda at: self._at(at)[: len(prefix)])
        if first > behind:
            raise Damage("the alphabetical order of the forms is none")
        return first, behind

    def ordered(self, first: int, behind: int) -> list[int]:
        """The numbers of the forms at these places of the alphabetical order."""
        numbers = [self._number(self._sorted, at) for at in range(first, behind)]
        if numbers and max(numbers) >= self.forms:
            raise Damage("the alphabetical order names forms that are not there")
        return numbers

    def stem_of(self, number: int) -> int:
        """The number of the stem of a form."""
        return self._stem(number)[0]

    def _stem(self, number: int) -> tuple[int, int, int]:
        """(the stem of a form, the first of its forms, and the one behind the last)."""
        if not 0 <= number < self.forms:
            raise IndexError(number)
        entries = self._first[1] // 4
        at = bisect_right(range(entries), number, key=lambda at: self._number(self._first, at))
        if at in (0, entries):
            raise Damage("a form belongs to no stem")
        begin, end = self._number(self._first, at - 1), self._number(self._first, at)
        if not begin <= number < end <= self.forms:
            raise Damage("the forms are not grouped by their stems")
        return at - 1, begin, end

    def by_stem(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """The stems of these forms, each with a byte for each of its forms: 1 for those of ``numbers``."""
        chosen: dict[int, bytearray] = {}
        stem = begin = end = 0
        for number in sorted(numbers):
            if number >= end:
                limit = end
                stem, begin, end = self._stem(number)
                # Groups that overlap could make of a small file more bytes than there is memory.
                if begin < limit:
                    raise Damage("the forms are not grouped by their stems")
                chosen[stem] = bytearray(end - begin)
            chosen[stem][number - begin] = 1
        return {stem: bytes(flags) for stem, flags in chosen.items()}

    def wildcard(self, tokens: Sequence[int]) -> list[int]:
        """The numbers of the forms that a pattern means, ascending.

        A token is a byte that must stand there, 256 for any one character, 257 for any run of them, none
        included. Behind 257 comes a byte or the end.
        """
        literal = next((at for at, token in enumerate(tokens) if token >= _ONE), len(tokens))
        prefix = bytes(tokens[:literal])
        if literal == len(tokens):
            number = self.find(prefix)
            return [number] if number >= 0 else []
        fits = _expression(tokens).fullmatch
        if literal:
            numbers = self.ordered(*self.starting(prefix))
            if len(set(numbers)) < len(numbers):
                raise Damage("the alphabetical order does not have each form once")
            return sorted(number for number in numbers if fits(self._form(number)))
        return [number for number, form in enumerate(self._all) if fits(form)]

    def stepped(
        self, steps: list[tuple[bytes, bool, bool]], first: int, behind: int, numbers: Iterable[int] | None = None
    ) -> tuple[list[int], list[int]]:
        """(the forms that a run of steps means, those that it cannot decide on), both ascending by their numbers.

        A step is (the bytes of ASCII that it takes, whether it may be left out, whether it is taken on and on); forms
        with other characters are not decided on. Those of ``numbers`` are looked at, or else those at the places
        ``first`` to ``behind`` of the alphabetical order.
        """
        if len(steps) > _MOST_STEPS or behind > self.forms or not b"".join(step[0] for step in steps).isascii():
            raise ValueError("too many steps, or places, or not of ASCII")
        found: list[int] = []
        others: list[int] = []
        for number in self.ordered(first, behind) if numbers is None else numbers:
            decided = _walked(steps, self.form(number))
            if decided is not False:
                (others if decided is None else found).append(number)
        return sorted(found), sorted(others)

    def fuzzy(self, word: str, limit: int, first: int, behind: int) -> list[tuple[int, int]]:
        """(number, edits) of the forms within ``limit`` edits of ``word``, ascending by their numbers.

        An edit puts in, leaves out or changes a character, or swaps two neighbours that no other edit touches.
        Only the places ``first`` to ``behind`` of the alphabetical order are looked at.
        """
        if limit > _MOST_EDITS or behind > self.forms:
            raise ValueError("at most two edits, and places within the order")
        found = []
        for number in self.ordered(first, behind):
            form = self._all[number].decode("utf-8", "surrogateescape")
            if abs(len(form) - len(word)) <= limit and (edits := _edits(word, form)) <= limit:
                found.append((number, edits))
        return sorted(found)

    def lines(self) -> bytes:
        """All forms in the order of their numbers, a newline behind each."""
        return _lines(self._all)

    def lines_of(self, numbers: Iterable[int]) -> bytes:
        """These forms, read where they lie, a newline behind each."""
        forms, room = [], self._forms[1] + self.forms
        for number in numbers:
            forms.append(self.form(number))
            room -= len(forms[-1]) + 1
            if room < 0:
                # The same again and again: a long one would take more memory than there is.
                raise Damage("the alphabetical order does not have each form once")
        return _lines(forms)

    @cached_property
    def _all(self) -> list[bytes]:
        """All forms, when it is sure that the order has each of them once."""
        ends = [0, *struct.unpack(f"<{self.forms}I", self._bytes(self._ends, 0, self._ends[1]))]
        order = self.ordered(0, self.forms)
        if ends != sorted(ends) or ends[-1] != self._forms[1] or sorted(order) != list(range(self.forms)):
            raise Damage("the written forms contradict themselves")
        text = self._bytes(self._forms, 0, self._forms[1])
        return [text[begin:end] for begin, end in pairwise(ends)]

    def _at(self, at: int) -> bytes:
        """The form at a place of the alphabetical order."""
        return self._form(self._number(self._sorted, at))

    def _form(self, number: int) -> bytes:
        begin = self._number(self._ends, number - 1) if number else 0
        end = self._number(self._ends, number)
        if begin > end:
            raise Damage("the forms overlap")
        return self._bytes(self._forms, begin, end)

    def _number(self, section: tuple[int, int], at: int) -> int:
        number: int
        (number,) = struct.unpack("<I", self._bytes(section, 4 * at, 4 * at + 4))
        return number

    def _bytes(self, section: tuple[int, int], begin: int, end: int) -> bytes:
        """Bytes of a section, their pages verified."""
        offset, size = section
        if not 0 <= begin <= end <= size:
            raise Damage("a section is shorter than it should be")
        if end > begin:
            for page in range((offset + begin) // self._page, (offset + end - 1) // self._page + 1):
                if not self._verified[page]:
                    self._verify(page)
        return bytes(self._file[offset + begin : offset + end])


class FormUnion:
    """The forms of some tables, each once. Their numbers are their places in the order of their bytes.

    A Damage has the number of its table as second argument.
    """

    def __init__(self, tables: list[FormTable]) -> None:
        places: dict[bytes, list[tuple[int, int]]] = {}
        for at, table in enumerate(tables):
            try:
                all_forms = table._all
            except Damage as error:
                raise Damage(error.args[0], at) from None
            for number, form in enumerate(all_forms):
                places.setdefault(form, []).append((at, number))
        forms = sorted(places)
        self._places = [places[form] for form in forms]
        self._tables = len(tables)
        data, sections = b"", []
        ends = list(accumulate(map(len, forms)))
        for part in (b"".join(forms), *(struct.pack(f"<{len(n)}I", *n) for n in (ends, range(len(forms)), [0]))):
            sections.append((len(data), len(part)))
            data += part
        self.table = FormTable(data, len(data), bytearray(b"\1"), lambda page: None, sections)

    def split(self, numbers: Iterable[int]) -> list[list[int]]:
        """For each table the numbers that these forms have in it, ascending."""
        found: list[list[int]] = [[] for _ in range(self._tables)]
        for number in numbers:
            if not 0 <= number < self.table.forms:
                raise IndexError(number)
            for at, there in self._places[number]:
                found[at].append(there)
        return [sorted(one) for one in found]


def _lines(forms: Sequence[bytes]) -> bytes:
    text = b"".join([form + b"\n" for form in forms])
    # A form with a newline in it would be two, and every number behind it wrong.
    if text.count(b"\n") != len(forms):
        raise Damage("a form is more than one line")
    return text


def _expression(tokens: Sequence[int]) -> re.Pattern[bytes]:
    """A pattern as a regular expression that never goes back beyond the last run of any characters."""
    # One character is a byte and those that can only continue it, so that bytes that are no UTF-8 do no harm.
    one = rb"(?s:.)[\x80-\xbf]*+"
    pieces = [b""]
    for token in tokens:
        if token == _MANY:
            pieces.append(b"")
        else:
            pieces[-1] += one if token == _ONE else re.escape(bytes([token]))
    if len(pieces) == 1:
        return re.compile(pieces[0])
    first, *between, last = pieces
    return re.compile(first + b"".join([b"(?>(?s:.*?)" + piece + b")" for piece in between]) + b"(?s:.*)" + last)


def _walked(steps: Sequence[tuple[bytes, bool, bool]], form: bytes) -> bool | None:
    """Whether a form is what the steps mean; None where that hangs on a character that is not of ASCII."""
    states = _passed(steps, {0})
    for byte in form:
        if byte >= 0x80:
            return None
        taken = {at for at in states if at < len(steps) and byte in steps[at][0]}
        if not taken:
            return False
        states = _passed(steps, {at + 1 for at in taken} | {at for at in taken if steps[at][2]})
    return len(steps) in states


def _passed(steps: Sequence[tuple[bytes, bool, bool]], states: set[int]) -> set[int]:
    """The states, and those that are reached by leaving out steps."""
    for at, (_, optional, _) in enumerate(steps):
        if optional and at in states:
            states = states | {at + 1}
    return states


def _edits(one: str, other: str) -> int:
    """The distance of optimal string alignment of two words."""
    rows = [list(range(len(other) + 1))]
    for at, mine in enumerate(one, 1):
        row = [at]
        for place, theirs in enumerate(other, 1):
            cost = min(rows[-1][place - 1] + (mine != theirs), rows[-1][place] + 1, row[-1] + 1)
            if at > 1 and place > 1 and mine == other[place - 2] and one[at - 2] == theirs:
                cost = min(cost, rows[-2][place - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
