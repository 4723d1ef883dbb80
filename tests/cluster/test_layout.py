"""What stands in the documents of a cluster is what the engine in memory finds in the articles."""

from __future__ import annotations

import datetime
import json
import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_trees import RandomQueries

from searchkit.analysis import Chain
from searchkit.article import Article, Origin
from searchkit.cluster.layout import Form, Layout
from searchkit.cluster.stored import from_stored
from searchkit.cluster.tokens import FILLER, LONGEST, key_of, source_key, token
from searchkit.errors import AnalysisMismatch, NotAnIndex
from searchkit.memory.fields import text_of, value_of
from searchkit.memory.text import Text
from searchkit.query.tree import KNOWN_FIELDS
from searchkit.store.ranking import Scale, frequency

AVERAGES = Scale(3.0, 9.0)


def documents(layout: Layout, articles: Iterable[Article]) -> list[tuple[str, dict[str, Any], list[Form]]]:
    return [(key, json.loads(source), forms) for key, source, forms in layout.documents(articles)]


def at_positions(field: str) -> dict[int, str]:
    """What the server's analysis makes of a field: tokens by position, without fillers."""
    return {at - 1: word for at, word in enumerate(field.split(" ")) if word and word != FILLER}


def units(marks: dict[int, str], words: int, unit: str) -> list[int]:
    """The first words of all sentences or paragraphs, as marks tell them; each must end where the next begins."""
    kinds = "sp" if unit == "sentence" else "p"
    begins = [at for at in range(words) if marks.get(at, "__")[1] in kinds]
    ends = [at for at in range(words) if marks.get(at, "__")[0] in kinds]
    assert [end + 1 for end in ends] == [*begins[1:], *([words] if words else [])]
    return begins


def check_document(article: Article, document: dict[str, Any], chain: Chain, averages: Scale, fineness: int) -> None:
    text = Text(article.title, article.body, chain)
    titles = text.title_words
    assert from_stored(document["article"]) == article
    assert (document["title_words"], document["body_words"]) == (titles, text.body_words)
    assert document.get("day") == (article.date.isoformat() if article.date else None)
    assert document.get("has", []) == [field for field in KNOWN_FIELDS if value_of(article, field)]
    for kind in ("stems", "forms"):
        numbered = {at - (at > titles): token(word.stem if kind == "stems" else word.word) for at, word in text.words}
        wanted = at_positions(document["title"][kind]) | at_positions(document["body"][kind])
        assert wanted == numbered
        assert set(at_positions(document["title"][kind])) == set(range(titles))
    counts = {
        stem: (titled, total - titled)
        for stem, total, titled in (
            (stem, total, Counter(word.stem for at, word in text.words if at < titles)[stem])
            for stem, total in Counter(word.stem for _, word in text.words).items()
        )
    }
    weights = dict(item.split("|") for item in document["weights"].split(" "))
    assert weights.pop(FILLER) == "1"
    assert set(weights) == {token(stem) for stem in counts}
    for stem, (titled, rest) in counts.items():
        exact = frequency(averages, titled, rest, titles, text.body_words) * fineness
        assert abs(int(weights[token(stem)]) - exact) <= 0.5 + exact * 1e-9
    title_marks, body_marks = (at_positions(document[field]["borders"]) for field in ("title", "body"))
    assert title_marks.pop(-1) == "^"
    assert body_marks.pop(-1) == ("^" if titles else "^^")
    assert not titles or body_marks.pop(titles - 1) == "b^"
    marks = title_marks | body_marks
    words = titles + text.body_words
    for unit in ("sentence", "paragraph"):
        drawn = [at for at, paragraph in text.sentences if paragraph or unit == "sentence"]
        assert units(marks, words, unit) == ([0, *drawn] if words else []), unit
    for field in document.get("has", []):
        name = "source_words" if field == "source" else field
        parts = [text_of(field, part, chain).words for part in value_of(article, field).split("\n")]
        assert document[name]["stems"] == [" ".join(token(word.stem) for _, word in part) for part in parts]
        assert document[name]["forms"] == [" ".join(token(word.word) for _, word in part) for part in parts]


@pytest.mark.parametrize("language", ["english", "german", "none"])
def test_documents_hold_what_the_memory_engine_finds(language: str) -> None:
    layout = Layout(language, AVERAGES)
    queries = RandomQueries(7)
    articles = [queries.article(number, paragraphs=6) for number in range(300)]
    chain = Chain(language)
    told: list[Form] = []
    for article, (key, document, forms) in zip(articles, documents(layout, articles), strict=True):
        assert key == key_of(article.id)
        check_document(article, document, chain, AVERAGES, layout.fineness)
        told += forms
    assert len(set(told)) == len(told)
    words = {Form(word.word, word.stem) for one in articles for _, word in Text(one.title, one.body, chain).words}
    assert words == {form for form in told if not form.known}
    known = {
        Form(word.word, word.stem, True)
        for one in articles
        for field in KNOWN_FIELDS
        for _, word in text_of(field, value_of(one, field), chain).words
    }
    assert known == {form for form in told if form.known}


texts = st.text(
    alphabet=st.sampled_from(
        [*"aAbBzZ éßÉ'’\n\n\n....!?…。漢字9,:|#_\t\u00a0\u2028\ufdfa\u1e9e\u0130\u2049\u0301\U0001f600"]
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=300)
@given(texts, texts, st.lists(texts, max_size=2))
def test_documents_of_any_text(title: str, body: str, authors: list[str]) -> None:
    """A ligature that is folded to four words and blanks between is one token, and so are the server's marks."""
    layout = Layout("english", AVERAGES)
    article = Article("an id", title, body, None, authors=tuple(authors))
    ((_, document, _),) = documents(layout, [article])
    check_document(article, document, Chain("english"), AVERAGES, layout.fineness)


def test_the_whole_article_comes_back() -> None:
    article = Article(
        "x" * 40_000, "“Title”", "Body\n\nbody", datetime.date(1, 2, 3), "The Times", ("A", "B"), "World", "http://x.y/z",
        "en", Origin("/a/caf\udce9.txt", "line 7"), (("slug", "x"), ("date from", "the URL")),
    )  # fmt: skip
    ((key, document, _),) = documents(Layout("english", AVERAGES), [article])
    assert from_stored(document["article"]) == article
    assert len(key) == 32
    assert document["id"] == "x" * 7900 + key


def test_tokens_are_equal_where_terms_are() -> None:
    assert token("police") == "police"
    strange = ["a b", "a#b", "a|b", "#", "", "a\x1cb", "x" * (LONGEST + 1), "y" * (LONGEST + 1), "\u2028"]
    made = [token(term) for term in strange]
    assert len(set(made)) == len(strange)
    assert all(one.startswith(FILLER) and len(one) == 33 for one in made)
    assert source_key("The TIMES") == source_key("the times") != source_key("the_times")


def test_weights_of_a_long_article_do_not_overflow() -> None:
    """Their sum must be below 2^31, whatever the averages are: then they are less fine."""
    layout = Layout("none", Scale(1000.0, 50_000_000.0))
    assert layout.fineness < 4096
    ((_, document, _),) = documents(layout, [Article("a", "a " * 1000, "b c " * 200_000)])
    weights = [int(item.split("|")[1]) for item in document["weights"].split(" ")]
    assert sum(weights) < 1 << 31


def test_averages_are_those_of_the_first_articles() -> None:
    articles = [Article("a", "one two", "three four five"), Article("b", "", "six")]
    layout = Layout.for_articles("english", articles)
    assert (layout.averages.average_title, layout.averages.average_body) == (1.0, 2.0)
    assert Layout.for_articles("english", []).averages == Scale(1.0, 1.0)


def test_the_layout_of_an_index_is_known_again() -> None:
    layout = Layout("german", Scale(3.25, 1 / 3))
    meta = json.loads(json.dumps(layout.settings_and_mappings()["mappings"]["_meta"]))
    again = Layout.of_metadata(meta, "news")
    assert (again.averages, again.fineness, again.chain.language) == (layout.averages, layout.fineness, "german")
    for nothing in (None, {}, {"searchkit": 3}, {"searchkit": {"language": "german"}}):
        with pytest.raises(NotAnIndex):
            Layout.of_metadata(nothing, "news")
    for change in ({"fingerprint": "another"}, {"revision": 0}, {"language": "klingon"}, {"fineness": 7}):
        with pytest.raises(AnalysisMismatch):
            Layout.of_metadata({"searchkit": meta["searchkit"] | change}, "news")


def test_a_word_has_a_document_of_its_own() -> None:
    layout = Layout("english", AVERAGES)
    key, source = layout.word_document(Form("policies", "polici"))
    assert json.loads(source) == {"form": "policies", "length": 8, "stem": "polici"}
    assert layout.word_document(Form("policies", "polici"))[0] == key
    other, source = layout.word_document(Form("policies", "polici", True))
    assert other != key
    assert json.loads(source)["known"]
    document = json.loads(layout.word_document(Form("a b", "a b"))[1])
    assert (document["digest"], document["text"], document["form"]) == (True, {"form": "a b"}, token("a b"))


def test_the_bound_of_weights_holds() -> None:
    """Whatever its length, an article's weighted frequencies sum up to less than what ``fineness`` is made of."""
    for titles in (0, 1, 10, 1000):
        for bodies in (0, 1, 10, 100_000):
            total = frequency(AVERAGES, titles, bodies, titles, bodies)
            assert total < 2 * AVERAGES.average_title / 0.5 + AVERAGES.average_body / 0.75 or math.isclose(total, 0)
