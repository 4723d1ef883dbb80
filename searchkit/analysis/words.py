"""Where does a word begin and end, and how is it folded? UAX #29 words, in plain Python.

Source: Unicode Standard Annex #29, "Unicode Text Segmentation", rules WB1 to WB13b, Unicode 15.0.
A segment of that annex is a word here when it holds a letter or a number; blanks, punctuation,
symbols and emoji are not words.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from searchkit.analysis import unicode_classes as classes

# The same rules over ASCII alone. Every loop begins with characters that nothing before it takes, so that a
# search never goes back and stays linear. (Possessive loops would say so, but Python 3.11.2 has them wrong.)
_ASCII_PIECE = r"(?:[A-Za-z]+(?:[:.'][A-Za-z]+)*|[0-9]+(?:[,;.'][0-9]+)*)+"
_ASCII_WORD = re.compile(rf"(_*{_ASCII_PIECE}(?:_+{_ASCII_PIECE})*_*)|_+")
# The kernel of the store numbers them in this order, from 1.
CLASSES = (
    classes.LETTER,
    classes.HEBREW,
    classes.NUMBER,
    classes.KATAKANA,
    classes.CONNECTOR,
    classes.LETTER_JOINT,
    classes.NUMBER_JOINT,
    classes.JOINT,
    classes.SINGLE_QUOTE,
    classes.DOUBLE_QUOTE,
    classes.MARK,
    classes.LONE,
    classes.PICTOGRAPH,
)
_JOINER = len(CLASSES) + 1
_HEBREW = bytes([CLASSES.index(classes.HEBREW) + 1])
_SINGLE_QUOTE = bytes([CLASSES.index(classes.SINGLE_QUOTE) + 1])
_MARKS = bytes([CLASSES.index(classes.MARK) + 1, CLASSES.index(classes.PICTOGRAPH) + 1, _JOINER])
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "＇": "'", "‛": "'"})


def word_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every word of ``text``, in order, as character offsets."""
    if text.isascii():
        yield from _spans(_ASCII_WORD.finditer(text))
        return
    stand_ins = text.translate(_STAND_INS)
    if stand_ins.isascii():
        yield from _spans(_ASCII_WORD.finditer(stand_ins))
        return
    classes_of_text = _classes_of(text)
    spans = _spans(_unicode_word().finditer(classes_of_text))
    if _SINGLE_QUOTE not in classes_of_text or _HEBREW not in classes_of_text:
        yield from spans
        return
    for start, end in spans:
        quote = None
        # WB7a: a single quote behind a Hebrew letter belongs to its word, and ends it.
        if classes_of_text[start:end].rstrip(_MARKS).endswith(_HEBREW):
            quote = _quote_with_marks().match(classes_of_text, end)
        yield start, quote.end() if quote else end


def _spans(matches: Iterator[re.Match[Any]]) -> Iterator[tuple[int, int]]:
    """Where the words are; a run of connectors alone ("____") is matched so that it is passed over once."""
    return (match.span() for match in matches if match.lastindex is not None)


def fold(word: str) -> str:
    """The form in which a word is compared: NFKC, full case folding, no possessive.

    Curly quotes count as straight ones, soft hyphens and other format characters as nothing, and
    connectors at either end as nothing, so that ``_Times_`` is ``times``. What would be left without a
    single character stays as it is: every word has a form.
    """
    folded = fold_letters(word).strip("_")
    if folded.endswith("'s") and len(folded) > 2:
        folded = folded[:-2]
    return folded or word


def fold_letters(text: str) -> str:
    """The letters of a word or of a part of one, as ``fold`` compares them."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_format_characters())
    return unicodedata.normalize("NFKC", folded.translate(_QUOTES))


class _StandIns(dict[int, str]):
    """For each code point a character of ASCII that the rules treat alike, or where none is, one beyond ASCII.

    Most texts of most languages become ASCII by it, and need neither the table of all code points nor the
    pattern over it, which cost more to make than ten texts cost to read.
    """

    def __missing__(self, code: int) -> str:
        if code < 0x80:
            stand_in = chr(code)
        else:
            at = bisect_right(_borders()[0], code) - 1
            found = code != 0x200D and at >= 0 and code < _borders()[1][at]
            stand_in = _ALIKE[_borders()[2][at]] if found else _BEYOND if code == 0x200D else " "
        self[code] = stand_in
        return stand_in


_BEYOND = "\x80"
# A pictograph counts only behind a zero width joiner, which has no stand-in itself.
_ALIKE = dict.fromkeys(range(1, len(CLASSES) + 1), _BEYOND) | {
    CLASSES.index(ranges) + 1: character
    for ranges, character in (
        (classes.LETTER, "a"),
        (classes.NUMBER, "0"),
        (classes.CONNECTOR, "_"),
        (classes.LETTER_JOINT, ":"),
        (classes.NUMBER_JOINT, ","),
        (classes.JOINT, "."),
        (classes.PICTOGRAPH, " "),
    )
}
# Known from the start: for the commonest characters of the press no range has to be looked at.
_COMMON = (
    dict.fromkeys(map(ord, "\xa0£€«»“”„–—…•"), " ")
    | dict.fromkeys(map(ord, "‘’"), ".")
    | dict.fromkeys((*range(0xC0, 0xD7), *range(0xD8, 0xF7), *range(0xF8, 0x180)), "a")
)
_STAND_INS = _StandIns(_COMMON)


@functools.cache
def _borders() -> tuple[list[int], list[int], list[int]]:
    """The ranges of all classes, ascending: where each begins, where it ends, and the number of its class."""
    ranges = sorted(
        (begin, end, number) for number, text in enumerate(CLASSES, start=1) for begin, end in _ranges(text)
    )
    return [begin for begin, _, _ in ranges], [end for _, end, _ in ranges], [number for _, _, number in ranges]


def _ranges(text: str) -> Iterator[tuple[int, int]]:
    for item in text.split():
        first, _, last = item.partition("-")
        yield int(first, 16), int(last or first, 16) + 1


@functools.cache
def class_table() -> bytes:
    """The class of every code point, a byte each: 0 for other, then the order of CLASSES from 1."""
    table = bytearray(0x110000)
    for number, text in enumerate(CLASSES, start=1):
        for begin, end in _ranges(text):
            table[begin:end] = bytes([number]) * (end - begin)
    return bytes(table)


def _classes_of(text: str) -> bytes:
    """The class of each character; the zero width joiner, which rule WB3c looks for, has one of its own."""
    numbers = memoryview(text.encode("utf-32-le", "surrogatepass")).cast("I")
    return bytes(map(_table_with_joiner().__getitem__, numbers))


@functools.cache
def _table_with_joiner() -> bytes:
    table = bytearray(class_table())
    table[0x200D] = _JOINER
    return bytes(table)


@functools.cache
def _unicode_word() -> re.Pattern[bytes]:
    """The rules as a pattern over classes instead of characters."""
    marks = _marks()

    def one_of(*ranges: str) -> bytes:
        return b"[" + b"".join(_code(item) for item in ranges) + b"]" + marks

    # WB7b and WB7c keep a double quote between two Hebrew letters; WB7a is seen to behind the match.
    double = one_of(classes.DOUBLE_QUOTE) + b"(?=" + _code(classes.HEBREW) + b")"
    hebrew = one_of(classes.HEBREW) + b"(?:" + double + b")?"
    letters = b"(?:" + one_of(classes.LETTER) + b"|" + hebrew + b")+"
    numbers = b"(?:" + one_of(classes.NUMBER) + b")+"
    letter_joint = one_of(classes.LETTER_JOINT, classes.JOINT, classes.SINGLE_QUOTE)
    number_joint = one_of(classes.NUMBER_JOINT, classes.JOINT, classes.SINGLE_QUOTE)
    connector = b"(?:" + one_of(classes.CONNECTOR) + b")"
    named = letters + b"(?:" + letter_joint + letters + b")*"
    counted = numbers + b"(?:" + number_joint + numbers + b")*"
    piece = b"(?:(?:" + named + b"|" + counted + b")+|(?:" + one_of(classes.KATAKANA) + b")+)"
    word = connector + b"*" + piece + b"(?:" + connector + b"+" + piece + b")*" + connector + b"*"
    return re.compile(b"(" + word + b")|(" + one_of(classes.LONE) + b")|" + connector + b"+", re.DOTALL)


def _marks() -> bytes:
    """What belongs to the character before it: marks (WB4), a pictograph behind a zero width joiner (WB3c)."""
    joiner = re.escape(bytes([_JOINER]))
    mark = b"[" + _code(classes.MARK) + joiner + b"]*"
    return mark + b"(?:(?<=" + joiner + b")" + _code(classes.PICTOGRAPH) + mark + b")*"


@functools.cache
def _quote_with_marks() -> re.Pattern[bytes]:
    return re.compile(_code(classes.SINGLE_QUOTE) + _marks(), re.DOTALL)


def _code(ranges: str) -> bytes:
    return re.escape(bytes([CLASSES.index(ranges) + 1]))


@functools.cache
def _format_characters() -> dict[int, None]:
    table: dict[int, None] = {}
    for item in (classes.FORMAT + " 200C-200D").split():
        first, _, last = item.partition("-")
        table.update(dict.fromkeys(range(int(first, 16), int(last or first, 16) + 1)))
    return table
