"""Where does a sentence begin? Borders between words, for proximity, snippets and headlines.

The kernel of the store (searchkit/store/kernels/words.pyx) draws the same borders while it finds the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from searchkit.analysis.words import fold

# Folded words that end in a full stop without ending a sentence, where they are capitalized.
_LISTED = (
    "mr mrs ms dr prof sen sens rep reps gov gen col lt capt sgt maj adm cmdr rev hon pres st ste mt ft jr sr",
    "bros no nos vs art sec fig vol pp jan feb mar apr jun jul aug sep sept oct nov dec ala ariz ark calif colo",
    "conn del fla ga ill ind kan ky la md mass mich minn miss mo mont neb nev okla ore pa penn tenn tex va vt",
    "wash wis wyo",
)
ABBREVIATIONS = frozenset(" ".join(_LISTED).split())
# In bytes of UTF-8, as the kernel counts.
_LONGEST_WITH_DOTS = 12


def borders(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, bool]]:
    """Yield (number of a word, whether a paragraph begins) for each word but the first that begins one.

    A sentence ends with . ! ? or … and a blank before a word that does not begin in lower case, a to z;
    with a Japanese or Chinese full stop; or with a blank line. A full stop right behind an initial, an
    abbreviation of the list or a word with full stops in it ends none.
    """
    behind, abbreviated = -1, False
    for number, (start, end) in enumerate(spans):
        if behind >= 0 and (start - behind > 1 or text[behind] == "。"):
            found = _border(text[behind:start], text[start], abbreviated)
            if found is not None:
                yield number, found
        behind = end
        word = text[start:end]
        abbreviated = "A" <= word[0] <= "Z" and (
            len(word) == 1
            or ("." in word and len(word.encode("utf-8", "replace")) <= _LONGEST_WITH_DOTS)
            or (word.isascii() and fold(word) in ABBREVIATIONS)
        )


def _border(gap: str, first: str, abbreviated: bool) -> bool | None:
    """What lies behind ``gap``: True a paragraph, False a sentence, None neither."""
    stops, breaks, blank = 0, 0, False
    for at, character in enumerate(gap):
        if character == "\n":
            breaks += 1
            blank = True
            if breaks == 2:
                return True
        elif character in " \t\r":
            blank = True
        else:
            breaks = 0
            if character in ".!?…":
                stops += 1 if character == "." and at == 0 else 2
                blank = False
            elif character == "。":
                return False
    if stops == 0 or not blank or (stops == 1 and abbreviated) or "a" <= first <= "z":
        return None
    return False


def sentence_starts(text: str, words: Sequence[tuple[int, int]]) -> list[int]:
    """Character offsets at which the sentences of ``text`` begin, ascending; the first is 0.

    ``words`` are the (start, end) of its words. A sentence begins with the opening quotes and brackets
    before its first word.
    """
    starts = [0]
    for number, _ in borders(text, words):
        start = words[number][0]
        # No blank separates a Japanese sentence from the one before: then only its stop does.
        while start > words[number - 1][1] and not text[start - 1].isspace() and text[start - 1] != "。":
            start -= 1
        starts.append(start)
    return starts
