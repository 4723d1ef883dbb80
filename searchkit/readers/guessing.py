"""In which encoding is a text that is not UTF-8 and does not say? The western page, unless the bytes speak clearly.

A page of single bytes is held against the alphabets that are written with it: a byte that becomes a letter of the
language, or a quotation mark where one can stand, speaks for it; a sign in the middle of a word, or a capital behind
a small letter, speaks against it. Two words are enough to tell Polish from German so; statistics of whole texts, as
libraries keep them, took short German for the page of old Macs. For scripts of many bytes a library is asked.
"""

from __future__ import annotations

import math
import re
from collections import Counter

WESTERN = "cp1252"
_GUESS_SIZE = 1 << 14
# Of a long line, so much before its first byte beyond ASCII is looked at too.
_BEFORE = 200

_MANY_BYTES = ("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr")
_OTHER_SCRIPTS = ("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256")

_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_ASCII = bytes(range(0x80))
_HIGH = bytes(range(0x80, 0x100))
_ASCII_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

# The small letters beyond ASCII of each language, those of one page together.
_WESTERN_ALPHABETS = (
    *("äöüß", "àâæçéèêëîïôœùûüÿ", "áéíóúüñºª", "àèéìíîòóù", "áâãàçéêíóôúü", "àçèéíïòóúü", "éèëïöüó", "åäöé"),
    *("æøåéó", "áéíóúýþæöð", "äöüõšž", "âêîôûŵŷáéï", "ëç"),
)
_CENTRAL_ALPHABETS = (*("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"),)
_PAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (WESTERN, _WESTERN_ALPHABETS),
    ("cp1250", _CENTRAL_ALPHABETS),
    ("iso8859-2", _CENTRAL_ALPHABETS),
    ("cp1254", ("çğıöşüâî",)),
    ("cp1257", ("ąčęėįšųūž", "āčēģīķļņšūž", "äöüõšž")),
    ("mac_roman", _WESTERN_ALPHABETS),
)
# Another page has to be so much better, of one for each byte; less where it explains every byte.
_CLEARLY, _AT_LEAST = 0.1, 0.01
_SIGNS = frozenset("“”‘’„‚–—…«»‹›€£¥§°©®™·•½¼¾†¿¡\xa0\xad")
# These may stand between two letters.
_JOINTS = frozenset("’‘–—·…\xa0\xad\x92")

_HEBREW = bytes(range(0xE0, 0xFB))
_FINALS = re.compile(rb"[\xea\xed\xef\xf3\xf5][\xe0-\xfa]?")
_CYRILLIC_PAGES = ("cp1251", "koi8_r", "iso8859-5")
# How often each letter of a hundred is met in Russian.
_RUSSIAN = {
    **{"о": 10.97, "е": 8.45, "а": 8.01, "и": 7.35, "н": 6.70, "т": 6.26, "с": 5.47, "р": 4.73, "в": 4.54, "л": 4.40},
    **{"к": 3.49, "м": 3.21, "д": 2.98, "п": 2.81, "у": 2.62, "я": 2.01, "ы": 1.90, "ь": 1.74, "г": 1.70, "з": 1.65},
    **{"б": 1.59, "ч": 1.44, "й": 1.21, "х": 0.97, "ж": 0.94, "ш": 0.73, "ю": 0.64, "ц": 0.48, "щ": 0.36, "э": 0.32},
    **{"ф": 0.26, "ъ": 0.1, "ё": 0.2, "і": 0.3, "ї": 0.1, "є": 0.1, "ґ": 0.02, "ў": 0.05, "ј": 0.1},
}
_NO_LETTER = -9.0
_CAPITAL = 0.6
# What Russian comes to is -3.0, and no other script that is read as Cyrillic comes near that.
_IS_CYRILLIC = -3.7


def guess(block: bytes) -> str:
    """The encoding of text that is not UTF-8, as a name that ``bytes.decode`` knows.

    The western page (Windows-1252, which contains the printable Latin-1) is the answer unless the
    bytes say clearly that it is another one.
    """
    sample = _telling(block[: 1 << 20])
    scores = {page: _score(sample.decode(page, "replace"), alphabets) for page, alphabets in _PAGES}
    share = _high_share(sample)
    if share > 0.5 or (share > 0.3 and scores[WESTERN] < 1):
        other = _of_another_script(sample, share)
        if other:
            return other
    best = max(scores, key=lambda page: scores[page])
    if scores[best] > scores[WESTERN] + (_CLEARLY if scores[best] < 1 else _AT_LEAST):
        return best
    # What both Icelandic and Turkish could have written is Turkish where no vowel is Icelandic.
    high = set(sample) - set(_ASCII)
    turkish = high & set(b"\xd0\xdd\xde\xf0\xfd\xfe")
    if len(turkish) > 1 and scores["cp1254"] >= scores[WESTERN] and not high & set(b"\xe1\xe6\xed\xf3\xfa"):
        return "cp1254"
    return WESTERN


def _telling(block: bytes) -> bytes:
    """The lines with bytes beyond ASCII, as many as need be looked at; of long ones what is around such bytes."""
    held: list[bytes] = []
    size = 0
    for line in block.split(b"\n"):
        first = None if line.isascii() else _HIGH_BYTE.search(line)
        if first:
            begin = max(0, first.start() - _BEFORE)
            held.append(line[begin : begin + _GUESS_SIZE])
            size += len(held[-1])
            if size >= _GUESS_SIZE:
                break
    return b"\n".join(held)[:_GUESS_SIZE]


def _of_another_script(sample: bytes, share: float) -> str:
    if share > 0.5:
        if _is_hebrew(sample):
            return "cp1255"
        likely = {page: _likelihood(sample.decode(page, "replace")) for page in _CYRILLIC_PAGES}
        best = max(likely, key=lambda page: likely[page])
        if likely[best] > _IS_CYRILLIC:
            return best
    import charset_normalizer  # heavy: kept out of start-up, and most files never need it

    pages = [WESTERN, *_MANY_BYTES, *_OTHER_SCRIPTS]
    found = charset_normalizer.from_bytes(sample, cp_isolation=pages).best()
    encoding = found.encoding if found else ""
    return encoding if encoding in _MANY_BYTES or (encoding in _OTHER_SCRIPTS and share > 0.5) else ""


def _is_hebrew(sample: bytes) -> bool:
    """Whether all letters are Hebrew, and those that have a form for the ends of words stand there.

    They could be Cyrillic small letters too, but those stand anywhere.
    """
    if sample.translate(None, _ASCII).translate(None, _HEBREW):
        return False
    finals = _FINALS.findall(sample)
    return bool(finals) and not any(len(found) > 1 for found in finals)


def _likelihood(text: str) -> float:
    """How likely the characters beyond ASCII are in Russian: the mean of their logarithms."""
    total, count, before = 0.0, 0, ""
    for character in text:
        if character > "\x7f" and character not in _SIGNS:
            count += 1
            often = _RUSSIAN.get(character.lower())
            odd = character.isupper() and before.islower()
            total += math.log(often / 100) if often and not odd else _NO_LETTER
            # Hebrew and Greek look like capitals in another page.
            total -= _CAPITAL * character.isupper()
        before = character
    return total / max(1, count)


def _score(text: str, alphabets: tuple[str, ...]) -> float:
    """How much of what is beyond ASCII the best of the alphabets explains, of 1, where a sign in a word counts -1."""
    letters: Counter[str] = Counter()
    total, count = 0.0, 0
    for before, character, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if character <= "\x7f":
            continue
        count += 1
        if character.isalpha():
            odd = character.isupper() and (before.islower() or after.isdigit())
            # The letter is Portuguese in one ending only, and Hungarian in another page.
            rare = character == "õ" and after != "e"
            letters[f"{character.lower()}{'!' if rare else ''}"] += not odd
            total -= odd
        elif character in _SIGNS:
            within = before.isalpha() and after.isalpha() and character not in _JOINTS
            total += -1 if within else 1
        else:
            total -= 1
    explained = max(sum(letters[letter] for letter in _expected(alphabet)) for alphabet in alphabets)
    return (total + explained) / max(1, count)


def _expected(alphabet: str) -> list[str]:
    return [*alphabet, "i̇"] + (["õ"] if "ã" in alphabet else ["õ!", "õ"] if "õ" in alphabet else [])


def _high_share(sample: bytes) -> float:
    """How many of the letters are beyond ASCII, taking each such byte for a letter."""
    high = len(sample) - len(sample.translate(None, _HIGH))
    plain = len(sample) - len(sample.translate(None, _ASCII_LETTERS))
    return high / max(1, high + plain)
