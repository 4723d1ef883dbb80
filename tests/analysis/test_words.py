"""Words begin and end where Unicode says, and are folded alike however they were typed."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchkit.analysis import Chain, fold, word_spans
from searchkit.analysis import unicode_classes as classes
from searchkit.analysis.unicode_classes import PICTOGRAPH
from searchkit.analysis.words import _COMMON, _STAND_INS, CLASSES, class_table

CASES = Path(__file__).with_name("word_break_cases.txt")
WORDLIKE = {
    CLASSES.index(item) + 1
    for item in (classes.LETTER, classes.HEBREW, classes.NUMBER, classes.KATAKANA, classes.LONE)
}


def holds_a_word(segment: str) -> bool:
    return any(class_table()[ord(character)] in WORDLIKE for character in segment)


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in word_spans(text)]


def test_unicodes_own_cases() -> None:
    count = 0
    for line in CASES.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        text, borders = "", []
        for item in line.split():
            if item == "÷":
                borders.append(len(text))
            elif item != "×":
                text += chr(int(item, 16))
        segments = itertools.pairwise(borders)
        expected = [(start, end) for start, end in segments if holds_a_word(text[start:end])]
        assert list(word_spans(text)) == expected, line
        count += 1
    assert count == 1823


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The pride parade.", ["The", "pride", "parade"]),
        ("O'Brien’s AT&T e-mail 9/11", ["O'Brien’s", "AT", "T", "e", "mail", "9", "11"]),
        ("3.14 and 1,000,000 U.S. a.m.", ["3.14", "and", "1,000,000", "U.S", "a.m"]),
        ("北京 ひら カタカナ", ["北", "京", "ひ", "ら", "カタカナ"]),
        ("C++ #tag @user 👮🏽‍♀️", ["C", "tag", "user"]),
        ("po\u00adlice ____ _a_", ["po\u00adlice", "_a_"]),
        ("", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_pattern_for_ascii_finds_what_the_pattern_for_all_text_finds(text: str) -> None:
    # A character beyond ASCII, set apart at the end, sends the same text through the other pattern.
    assert words(text) == words(text + " €")


@given(st.text())
def test_spans_are_in_order_and_inside_the_text(text: str) -> None:
    at = 0
    for start, end in word_spans(text):
        assert at <= start < end <= len(text)
        at = end


@pytest.mark.parametrize("unit", ["_", "a.", "a'", "1,", "_é", "א'", "\u0301", "a\u200d"])
def test_no_text_takes_more_than_linear_time(unit: str) -> None:
    """A run of connectors once cost quadratic time: 400,000 of them would take hours."""
    words(unit * 400_000 + "é")


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("Police", "police"),
        ("Perrone’s", "perrone"),
        ("BUSH'S", "bush"),
        ("O’Brien", "o'brien"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ｐｏｌｉｃｅ", "police"),
        ("ﬁre", "fire"),
        ("po\u00adlice", "police"),
        ("cafe\u0301", "café"),
        ("_Times_", "times"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
    ],
)
def test_fold(word: str, folded: str) -> None:
    assert fold(word) == folded


@given(st.text(min_size=1))
def test_folding_twice_changes_nothing_but_a_second_possessive(text: str) -> None:
    once = fold(text)
    assert fold(once) in (once, once.removesuffix("'s"), once.removesuffix("'s").strip("_"))


def test_a_chain_gives_words_stems_and_places() -> None:
    tokens = list(Chain().tokens("Parades’ policing"))
    assert [(token.start, token.end, token.word, token.stem) for token in tokens] == [
        (0, 7, "parades", "parad"),
        (9, 17, "policing", "polic"),
    ]


def test_the_fingerprint_tells_languages_apart() -> None:
    assert Chain("english").fingerprint != Chain("german").fingerprint != Chain("none").fingerprint
    assert [token.stem for token in Chain("none").tokens("Parades")] == ["parades"]
    with pytest.raises(ValueError, match="klingon"):
        Chain("klingon")


def test_the_stand_in_of_every_character_has_its_class() -> None:
    """Texts with curly quotes and accents are read by the quick pattern over ASCII."""
    table, pictograph = class_table(), CLASSES.index(PICTOGRAPH) + 1
    for code in range(0x80, 0x110000):
        stand_in = _STAND_INS.__missing__(code)
        if stand_in.isascii():
            of_text, of_stand_in = table[code], table[ord(stand_in)]
            assert of_text == of_stand_in or (of_text == pictograph and stand_in == " "), hex(code)
    _STAND_INS.clear()
    _STAND_INS.update(_COMMON)
    assert {code: _STAND_INS.__missing__(code) for code in _COMMON} == _COMMON


def test_stand_ins_give_the_words_that_the_classes_give(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(20)
    some = "a0_:,.' \"-’“éßçñØ٠·‿⁀٫،—😀☺ \n©ªⅣ日ア́\u200d\ufe0fא"
    texts = ["é" + "".join(chance.choices(some, k=chance.randint(1, 12))) for _ in range(20_000)]
    quick = [list(word_spans(text)) for text in texts]
    monkeypatch.setattr("searchkit.analysis.words._STAND_INS", {})
    assert quick == [list(word_spans(text)) for text in texts]
