"""Where does a word begin and end, and how is it folded? UAX #29 words, in plain Python.

Source: Unicode Standard Annex #29, "Unicode Text Segmentation", rules WB1 to WB13b, Unicode 15.0.
A segment of that annex is a word here when it holds a letter or a number; blanks, punctuation,
symbols and emoji are not words.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator

from searchkit.analysis import unicode_classes as classes

# The same rules over ASCII alone. Possessive quantifiers keep every pattern linear in the text.
_ASCII_WORD = re.compile(
    r"_*+(?:[A-Za-z]++(?:[:.'][A-Za-z]++)*+|[0-9]++(?:[,;.'][0-9]++)*+)++"
    r"(?:_++(?:[A-Za-z]++(?:[:.'][A-Za-z]++)*+|[0-9]++(?:[,;.'][0-9]++)*+)++)*+_*+"
)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "＇": "'", "‛": "'"})


def word_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every word of ``text``, in order, as character offsets."""
    if text.isascii():
        for match in _ASCII_WORD.finditer(text):
            yield match.span()
        return
    for match in _unicode_word().finditer(text):
        # A run of connectors alone ("____") is matched so that it is passed over once.
        if match.lastindex is not None:
            yield match.span()


def fold(word: str) -> str:
    """The form in which a word is compared: NFKC, full case folding, no possessive.

    Curly quotes count as straight ones, soft hyphens and other format characters as nothing, and
    connectors at either end as nothing, so that ``_Times_`` is ``times``. May return '' for a word
    that is made of nothing else.
    """
    if word.isascii():
        folded = word.lower()
    else:
        folded = unicodedata.normalize("NFKC", word).casefold().translate(_format_characters())
        folded = unicodedata.normalize("NFKC", folded.translate(_QUOTES))
    folded = folded.strip("_")
    if folded.endswith("'s"):
        folded = folded[:-2]
    return folded


def character_class(ranges: str) -> str:
    """The inside of a regular expression's ``[...]`` for one of the ranges of unicode_classes."""
    parts = []
    for item in ranges.split():
        first, _, last = item.partition("-")
        parts.append(f"\\U{int(first, 16):08x}-\\U{int(last or first, 16):08x}")
    return "".join(parts)


@functools.cache
def _unicode_word() -> re.Pattern[str]:
    mark, pictograph = character_class(classes.MARK), character_class(classes.PICTOGRAPH)
    # WB4 keeps marks with what they follow, WB3c a pictograph with the zero width joiner before it.
    marks = f"[{mark}]*+(?:(?<=\u200d)[{pictograph}][{mark}]*+)*+"

    def one_of(*ranges: str) -> str:
        return f"[{''.join(character_class(item) for item in ranges)}]{marks}"

    hebrew, quote = one_of(classes.HEBREW), one_of(classes.SINGLE_QUOTE)
    # WB7a keeps a single quote with the Hebrew letter before it, WB7b and WB7c a double quote between two.
    hebrew_unit = (
        f"{hebrew}(?:{quote}|{one_of(classes.DOUBLE_QUOTE)}(?=[{character_class(classes.HEBREW)}]))?+"
    )
    letters = f"(?:{one_of(classes.LETTER)}|{hebrew_unit})++"
    numbers = f"(?:{one_of(classes.NUMBER)})++"
    letter_joint = one_of(classes.LETTER_JOINT, classes.JOINT, classes.SINGLE_QUOTE)
    number_joint = one_of(classes.NUMBER_JOINT, classes.JOINT, classes.SINGLE_QUOTE)
    connectors = f"(?:{one_of(classes.CONNECTOR)})"
    piece = (
        f"(?:(?:{letters}(?:{letter_joint}{letters})*+|{numbers}(?:{number_joint}{numbers})*+)++"
        f"|(?:{one_of(classes.KATAKANA)})++)"
    )
    lone = one_of(classes.LONE)
    return re.compile(
        f"({connectors}*+{piece}(?:{connectors}++{piece})*+{connectors}*+)|({lone})|{connectors}++"
    )


@functools.cache
def _format_characters() -> dict[int, None]:
    table: dict[int, None] = {}
    for item in (classes.FORMAT + " 200C-200D").split():
        first, _, last = item.partition("-")
        table.update(dict.fromkeys(range(int(first, 16), int(last or first, 16) + 1)))
    return table
