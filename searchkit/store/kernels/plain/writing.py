"""Articles as numbers of words, written out as terms between blanks, one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

_FILLER = b"#"
_MARKS = b"_sp"


def terms_of_articles(
    tokens: Buffer,
    bounds: Buffer,
    borders: Buffer,
    forms: Buffer,
    form_ends: Buffer,
    stem_of: Buffer,
    stems: Buffer,
    stem_ends: Buffer,
    norms: tuple[float, float, float, float, float],
    fineness: float,
) -> list[bytes]:
    """The end of the document of each text, as JSON: title, body and weights."""
    numbers, drawn = _numbers(tokens), _numbers(borders)
    form_terms, stem_terms = _terms(forms, form_ends), _terms(stems, stem_ends)
    stem_numbers = _numbers(stem_of)
    found = []
    first = begin = 0
    ends = _numbers(bounds)
    for middle, last, end in zip(ends[::3], ends[1::3], ends[2::3], strict=True):
        if not first <= middle <= last <= len(numbers) or not begin <= end <= len(drawn):
            raise ValueError("a text ends before it begins")
        words = numbers[first:last]
        if any(border >> 1 >= len(words) for border in drawn[begin:end]):
            raise ValueError("a sentence begins behind its text")
        try:
            written = [form_terms[number] for number in words]
            stemmed = [stem_terms[stem_numbers[number]] for number in words]
        except IndexError:
            raise ValueError("a word that nobody knows") from None
        marks = _marks(len(words), drawn[begin:end])
        found.append(_document(middle - first, written, stemmed, marks, norms, fineness))
        first, begin = last, end
    return found


def words_standing(tokens: Buffer, bounds: Buffer, wanted: Buffer) -> list[tuple[list[int], list[int]]]:
    """(positions, numbers) of those words of each text that are wanted; title and body have a gap of one."""
    numbers, flags = _numbers(tokens), bytes(memoryview(wanted))
    found = []
    first = 0
    ends = _numbers(bounds)
    for middle, last, _ in zip(ends[::3], ends[1::3], ends[2::3], strict=True):
        if not first <= middle <= last <= len(numbers):
            raise ValueError("a text ends before it begins")
        if any(number >= len(flags) for number in numbers[first:last]):
            raise ValueError("a word that nobody knows")
        kept = [at for at in range(first, last) if flags[numbers[at]]]
        found.append(([at - first + (at >= middle) for at in kept], [numbers[at] for at in kept]))
        first = last
    return found


def _document(
    titles: int,
    written: Sequence[bytes],
    stemmed: Sequence[bytes],
    marks: Sequence[bytes],
    norms: tuple[float, float, float, float, float],
    fineness: float,
) -> bytes:
    before = [_FILLER] * (titles + 1)
    before_marks = [b"^", *[_FILLER] * (titles - 1), b"b^"] if titles else [b"^^"]
    weights = [_FILLER + b"|1", *_weights(stemmed[:titles], stemmed[titles:], norms, fineness)]
    return b"".join(
        [
            b',"title":{"stems":"# ',
            b" ".join(stemmed[:titles]),
            b'","forms":"# ',
            b" ".join(written[:titles]),
            b'","borders":"^ ',
            b" ".join(marks[:titles]),
            b'"},"body":{"stems":"',
            _blanked(before, stemmed[titles:]),
            b'","forms":"',
            _blanked(before, written[titles:]),
            b'","borders":"',
            _blanked(before_marks, marks[titles:]),
            b'"},"weights":"',
            b" ".join(weights),
            b'"}',
        ]
    )


def _blanked(before: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """What stands before words, with a blank behind each, and the words with blanks between."""
    return b"".join([one + b" " for one in before]) + b" ".join(words)


def _weights(
    titled: Sequence[bytes],
    counted: Sequence[bytes],
    norms: tuple[float, float, float, float, float],
    fineness: float,
) -> list[bytes]:
    """Each stem of a title and of a body with its weighted frequency."""
    title_weight, title_base, title_slope, body_base, body_slope = norms
    in_title = fineness * title_weight / (title_base + title_slope * len(titled))
    in_body = fineness / (body_base + body_slope * len(counted))
    in_titles, in_bodies = Counter(titled), Counter(counted)
    return [
        b"%s|%d" % (stem, max(1, round(in_titles[stem] * in_title + in_bodies[stem] * in_body)))
        for stem in dict.fromkeys([*titled, *counted])
    ]


def _marks(words: int, borders: Sequence[int]) -> list[bytes]:
    """The mark of each word, title and body on end; each border is doubled, odd for a paragraph."""
    begins, ends = [0] * words, [0] * words
    if words:
        begins[0] = 2
    for border in borders:
        place, kind = border >> 1, 2 if border & 1 else 1
        begins[place] = kind
        if place:
            ends[place - 1] = kind
    if words:
        ends[-1] = 2
    return [
        bytes((_MARKS[end], _MARKS[begin])) if begin or end else _FILLER
        for end, begin in zip(ends, begins, strict=True)
    ]


def _terms(letters: Buffer, ends: Buffer) -> list[bytes]:
    data = bytes(memoryview(letters))
    return [data[begin:end] for begin, end in pairwise([0, *_numbers(ends)])]


def _numbers(data: Buffer) -> list[int]:
    return memoryview(data).cast("B").cast("I").tolist()
