"""Snippets hold most of the query's words, begin and end at borders, and say what is lit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import SEED

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.engine import Term
from searchkit.query import phrase
from searchkit.results import Lighting, headline, snippet

CHAIN = Chain()
BODY = SEED.read_text(encoding="utf-8").removeprefix(" date 2020-03-09 ")


def lighting(*texts: str, articles: int = 100) -> Lighting:
    terms = [Term(phrase(text), 1) for text in texts]
    return Lighting(terms, articles, CHAIN)


def lit(body: str, *texts: str) -> list[str]:
    made = snippet(body, lighting(*texts))
    return [made.text[start:end] for start, end in made.highlights]


def test_the_best_passage_is_the_one_with_all_words() -> None:
    made = snippet(BODY, lighting("pride", "parade", "police"))
    assert made.text.startswith("… The incident has again called into question the presence of police at pride")
    assert {"police", "pride", "parades"} <= set(lit(BODY, "pride", "parade", "police"))


def test_words_far_apart_get_two_passages() -> None:
    made = snippet(BODY, lighting("policewoman", "banks"))
    assert lit(BODY, "policewoman", "banks") == ["policewoman’s", "banks"]
    assert " … " in made.text[2:-2]


def test_a_phrase_is_lit_as_a_whole_and_nowhere_else() -> None:
    assert lit("Pride came. The weekend of Pride weekend.", "pride weekend") == ["Pride weekend"]


def test_an_article_without_the_words_shows_its_opening() -> None:
    made = snippet(BODY, lighting("zebra"))
    assert made.text.startswith("New Zealand’s outgoing Police Commissioner")
    assert made.text.endswith("…")
    assert made.highlights == ()


def test_an_empty_body_has_an_empty_snippet() -> None:
    assert snippet("", lighting("police")).text == ""


def test_blanks_are_made_single_and_offsets_follow() -> None:
    made = snippet("one\n\n  two   police\n force\tacts", lighting("police force", "acts"))
    assert made.text == "one two police force acts"
    assert [made.text[a:b] for a, b in made.highlights] == ["police force", "acts"]


@given(st.lists(st.sampled_from(["police", "pride. ", "Parade", "\n\n", "x" * 30, "and", ". The"]), max_size=300))
def test_every_highlight_is_a_word_of_the_query(pieces: list[str]) -> None:
    made = snippet(" ".join(pieces), lighting("police", "pride", "parade"))
    last = 0
    for start, end in made.highlights:
        assert last <= start < end <= len(made.text)
        assert made.text[start:end].lower() in ("police", "pride", "parade")
        last = end
    assert len(made.text) <= 420
    assert "\n" not in made.text


@given(st.text(max_size=3000), st.text(min_size=1, max_size=8))
def test_any_text_has_a_snippet(body: str, word: str) -> None:
    made = snippet(body, lighting(word))
    assert all(0 <= start < end <= len(made.text) for start, end in made.highlights)


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        ("A  title\n", "Text.", "A title"),
        ("", "Mr. Bush spoke. Then he left.", "Mr. Bush spoke."),
        ("", "word " * 60, "word " * 19 + "word…"),
        ("", "", ""),
        ("", "x" * 150, "x" * 99 + "…"),
    ],
)
def test_headlines(title: str, body: str, expected: str) -> None:
    assert headline(Article("a", title, body)) == expected
    assert len(headline(Article("a", "", body))) <= 101


def test_a_long_phrase_of_one_word_is_lit_in_few_steps() -> None:
    """Where it stood once it was looked for at every word of itself."""
    made = lit("word " * 20_000, " ".join(["word"] * 400))
    assert made
    assert set(" ".join(made).split()) == {"word"}
