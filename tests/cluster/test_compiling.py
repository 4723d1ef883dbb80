"""What trees become for the server, without one: which rules, what is exact, and that no text is parsed there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_trees import RandomQueries

from searchkit.analysis import Chain
from searchkit.cluster.compiling import MOST_CLAUSES, Compiled, compiled
from searchkit.cluster.places import Places, clauses
from searchkit.cluster.queries import NOTHING, filtered
from searchkit.cluster.vocabulary import Asked, Meaning, patterns
from searchkit.engine import Filters
from searchkit.query import (
    AllBut,
    AnyOf,
    AtLeast,
    Exact,
    First,
    Fuzzy,
    Near,
    Node,
    Phrase,
    Scope,
    Wildcard,
    Within,
    Word,
)

CHAIN = Chain("english")
A, B, C = Word("alpha"), Word("beta"), Word("gamma")
# The only queries of the server that may stand in a compiled one: all of them take terms, none takes a language.
KINDS = {
    "bool", "constant_score", "dis_max", "exists", "ids", "intervals", "match", "match_all", "match_none",
    "match_phrase", "range", "span_near", "span_term", "term", "terms",
}  # fmt: skip


def query_of(tree: Node, meant: dict[Asked, Meaning] | None = None) -> Compiled:
    return compiled(tree, CHAIN, meant or {}, 4096)


def kinds_of(query: dict[str, Any]) -> set[str]:
    """The kinds of queries within one."""
    ((kind, inside),) = query.items()
    parts = []
    if kind == "bool":
        assert set(inside) <= {"must", "should", "must_not", "filter", "minimum_should_match"}
        parts = [one for name, value in inside.items() if name != "minimum_should_match" for one in value]
    elif kind == "constant_score":
        parts = [inside["filter"]]
    elif kind == "dis_max":
        parts = inside["queries"]
    elif kind == "span_near":
        parts = inside["clauses"]
    return {kind}.union(*[kinds_of(one) for one in parts])


@pytest.mark.parametrize(
    "tree",
    [
        A,
        Word("9/11"),
        Phrase((A, B)),
        Phrase((A, Exact("beta"))),
        Phrase((A, B), 3),
        Phrase((A, B, C), 3),
        Near(A, B, 5),
        Near(Phrase((A, B)), C, 5, True),
        Near(AnyOf((A, Phrase((A, B)))), C, 2),
        Within(A, Phrase((B, C)), "sentence"),
        First(10, A),
        First(10, AnyOf((A, Phrase((A, B))))),
        Scope("body", First(3, A)),
        Scope("title", Near(A, B, 2)),
        AtLeast(3, A),
        AtLeast(3, Phrase((A, B))),
        Scope("author", Near(A, B, 1)),
        Scope("source", AllBut(A, (B,))),
    ],
)
def test_what_the_server_decides(tree: Node) -> None:
    assert query_of(tree).exact


@pytest.mark.parametrize(
    "tree",
    [
        Near(Near(A, B, 3), C, 5),
        Within(Near(A, B, 3), C, "sentence"),
        Near(First(5, A), B, 3),
        First(9, Near(A, B, 3)),
        Phrase((A, A, B), 3),
        AtLeast(2, Phrase((A, A))),
        AtLeast(26, A),
        AtLeast(2, Near(A, B, 3)),
        Scope("author", Within(A, B, "sentence")),
        Scope("author", First(2, A)),
    ],
)
def test_what_is_decided_here(tree: Node) -> None:
    """Minimal intervals may hide a passage that counts: the server is asked for more, and articles are looked at."""
    assert not query_of(tree).exact


def test_what_matches_too_much_leaves_no_article_out() -> None:
    loose = Near(Near(A, B, 3), C, 5)
    made = query_of(AllBut(A, (loose, B)))
    assert not made.exact
    assert json.dumps(made.query).count("must_not") == 1
    assert "intervals" not in json.dumps(made.query)
    within = query_of(Scope("author", AllBut(A, (First(2, B),))))
    assert not within.exact
    assert "beta" not in json.dumps(within.query)


def test_only_words_are_ranked_by_the_server_alone() -> None:
    assert query_of(AnyOf((A, B))).ranked
    assert query_of(AllBut(A, (Phrase((B, C)),))).ranked
    assert not query_of(AnyOf((A, Phrase((B, C))))).ranked
    assert not query_of(Scope("title", A)).ranked


def test_a_word_that_is_none_matches_nothing() -> None:
    assert query_of(Word("…")).query == NOTHING
    assert query_of(Phrase((A, Word("…")))).query == NOTHING
    assert query_of(AnyOf((Word("…"), A))).query == query_of(A).query
    assert query_of(Wildcard("zz*"), {(Wildcard("zz*"), False): Meaning((), ())}).query == NOTHING


def test_of_more_words_than_rules_can_have_the_server_is_asked_for_all() -> None:
    forms = tuple(f"form{number}" for number in range(900))
    leaf = Wildcard("form*")
    made = query_of(Near(leaf, A, 3), {(leaf, False): Meaning(forms, forms[:10])})
    assert not made.exact
    assert kinds_of(made.query) <= {"bool", "constant_score", "term", "terms"}
    for stems in (forms[:10], forms):
        alone = query_of(AnyOf((leaf, A)), {(leaf, False): Meaning(forms, stems)})
        assert alone.exact
        assert not alone.ranked


def test_alternatives_are_written_out_by_the_server() -> None:
    """It refused a query of 462 words and marks: of alternatives within alternatives it makes all their choices."""
    word = {"match": {"query": "a"}}
    assert clauses(word) == 1
    either = {"any_of": {"intervals": [word, word]}}
    pair = {"all_of": {"ordered": True, "intervals": [either, either]}}
    assert (clauses(either), clauses(pair)) == (2, 4)
    both = {"any_of": {"intervals": [pair, pair]}}
    assert clauses({"all_of": {"ordered": True, "intervals": [both, both]}}) == 4 * 8
    tree: Node = Within(A, B, "sentence")
    for _ in range(6):
        tree = Within(tree, tree, "paragraph")
    made = query_of(tree)
    assert len(json.dumps(made.query)) < 20_000


def test_places_of_other_fields_are_none() -> None:
    places = Places("title", CHAIN, {}, whole=True)
    assert places.of(Scope("body", A)) == []
    assert places.of(Near(Scope("body", A), B, 2)) == []
    (place,) = places.of(Scope("title", A))
    assert (place.rule, place.fixed) == ({"match": {"query": "alpha"}}, True)


def test_filters_need_what_they_name() -> None:
    assert filtered(NOTHING, Filters()) == NOTHING
    query = filtered({"match_all": {}}, Filters(sources=("The Times", "")))
    (condition,) = query["bool"]["filter"]
    assert condition["bool"]["should"][0] == {"terms": {"source": ["the times"]}}
    assert "must_not" in condition["bool"]["should"][1]["bool"]


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 1 << 32), st.text(min_size=1, max_size=12))
def test_no_text_of_a_query_is_parsed_by_the_server(seed: int, text: str) -> None:
    """Whatever stands in a query travels as terms, and where terms are joined, no blank or mark is within one."""
    queries = RandomQueries(seed)
    tree = AnyOf((queries.tree(4), Phrase((Word(text), Exact(text))), Near(Word(text), Fuzzy(text, 1), 2)))
    meant = {asked: Meaning(("police", text), ("polic",)) for asked in patterns(tree)}
    made = query_of(tree, meant)
    assert kinds_of(made.query) <= KINDS
    for joined in texts_of(made.query):
        assert all(word.startswith("#") or "#" not in word for word in joined.split(" ")), joined
    json.dumps(made.query).encode("utf-8")


def texts_of(query: object) -> list[str]:
    """All texts that the server takes apart at blanks."""
    if isinstance(query, dict):
        own = [query["query"]] if isinstance(query.get("query"), str) else []
        return own + [text for value in query.values() for text in texts_of(value)]
    return [text for one in query for text in texts_of(one)] if isinstance(query, list) else []


def test_a_query_is_not_larger_than_the_server_takes() -> None:
    for seed in range(300):
        queries = RandomQueries(seed)
        tree = queries.tree(5)
        meant = {asked: Meaning(("police", "polite"), ("polic", "polit")) for asked in patterns(tree)}
        made = query_of(tree, meant)
        assert json.dumps(made.query).count('"query"') + json.dumps(made.query).count('"term"') <= MOST_CLAUSES


def test_a_phrase_is_found_and_ranked_in_one() -> None:
    """So a search string of 240 phrases is one query; one that is too large with scores may not be without them."""
    phrases = AnyOf(tuple([Phrase((Word(f"left{number}"), Word(f"right{number}"))) for number in range(240)]))
    made = query_of(phrases)
    assert made.exact
    assert kinds_of(made.query) == {"bool", "dis_max", "match_phrase"}
    near = AnyOf(tuple([Near(Word(f"left{number}"), Word(f"right{number}"), 3) for number in range(85)]))
    assert not query_of(near).exact
    assert compiled(near, CHAIN, {}, 4096, scored=False).exact
