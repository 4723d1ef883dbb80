"""Every factor of a score is told, and they multiply and add up to it; where nothing matches, the reason is."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from random_trees import RandomQueries

from searchkit.article import Article
from searchkit.engine import Request
from searchkit.errors import QueryError, QueryTimeout
from searchkit.index import Index
from searchkit.local import open_engine
from searchkit.query import canonical
from searchkit.store.writer import StoreWriter

Make = Callable[..., Index]


@pytest.mark.parametrize("seed", range(10))
def test_factors_multiply_and_add_up_to_the_score(tmp_path: Path, seed: int) -> None:
    queries = RandomQueries(1_000 + seed)
    with StoreWriter(tmp_path, workers=1) as writer:
        for part in range(2):
            for number in range(25):
                writer.put(queries.article(part * 20 + number))
            writer.commit()
    engine = open_engine(tmp_path)
    explained = 0
    for _ in range(60):
        tree = queries.tree()
        request = Request(tree, limit=5)
        for found in engine.search(request).found:
            explanation = engine.explain(request, found.load())
            assert explanation.score == pytest.approx(found.score, abs=1e-9), canonical(tree)
            assert math.fsum(share.score for share in explanation.shares) == pytest.approx(found.score, abs=1e-9)
            for share in explanation.shares:
                frequency = 2 * share.title_count / share.title_norm + share.body_count / share.body_norm
                assert share.saturation == pytest.approx(frequency / (1.2 + frequency))
                assert share.idf == pytest.approx(sum(weight.idf for weight in share.weights))
                product = share.boost * share.idf * share.scale * share.saturation
                assert share.score == pytest.approx(product, rel=1e-6)
                for weight in share.weights:
                    rarity = (weight.articles - weight.having + 0.5) / (weight.having + 0.5)
                    assert weight.idf == pytest.approx(math.log(1 + rarity))
            explained += 1
    assert explained > 30


@pytest.fixture
def index(make_index: Make) -> Iterator[Index]:
    queries = RandomQueries(5)
    with make_index([queries.article(number) for number in range(60)]) as made:
        yield made


@pytest.mark.parametrize(
    ("query", "reason", "parts"),
    [
        ("police AND zebra", "", []),
        ("police AND (zebra NEAR/3 parade)", "", []),
        ("police AND (title:zzz* OR zebra)", "Nothing matches (title:zzz* OR zebra).", []),
        ("date:1990 police", "Nothing matches date:1990: the index has articles from 2020-01-01 to 2020-02-10.", []),
        ("date:1990", "Nothing matches date:1990: the index has articles from 2020-01-01 to 2020-02-10.", []),
        ("police AND author:nobody", "Nothing matches author:nobody.", []),
        ("author:nobody", "Nothing matches author:nobody.", []),
        ("source:nobody", "Nothing matches source:nobody. searchkit stats lists the sources.", []),
        ("author:nobody OR section:sport", "Nothing matches (author:nobody OR section:sport).", []),
        ("id:a99 police", "No article has the id “a99”.", []),
        ("id:a99", "No article has the id “a99”.", []),
        ("title:(zebra OR lion)", "Nothing matches (zebra OR lion).", []),
        ("title:(police NEAR/1 zebra)", "", []),
        ("pole w/p zzz*", "", []),
        ("title:police NOT title:police", "Every article that matches the first matches one of the others too:",
         ["title:police", "title:police"]),
    ],
)  # fmt: skip
def test_what_keeps_every_article_out_is_named(index: Index, query: str, reason: str, parts: list[str]) -> None:
    results = index.search(query)
    assert results.total == 0
    assert results.nothing is not None
    assert results.nothing.reason == reason
    assert [part.text for part in results.nothing.parts] == parts
    for part in results.nothing.parts:
        assert part.articles == index.search(part.text).total > 0


def test_of_alternatives_the_parts_are_counted(index: Index) -> None:
    nothing = index.search("(pole AND =cafés) OR (police NOT police)").nothing
    assert nothing is not None
    assert nothing.reason == "None of the alternatives matches; of their parts each alone:"
    assert [(part.text, part.articles > 0) for part in nothing.parts] == [
        ("pole", True),
        ("=cafés", False),
        ("(police NOT police)", False),
    ]


@pytest.fixture
def papers(make_index: Make) -> Iterator[Index]:
    with make_index(
        [
            Article("a", "", "police", datetime.date(2020, 1, 1), "Herald"),
            Article("b", "", "police", datetime.date(2020, 3, 9), "Herald"),
            Article("c", "", "mayor", datetime.date(2021, 1, 1), "Post"),
            Article("d", "", "undated", None, "Post"),
        ]
    ) as made:
        yield made


@pytest.mark.parametrize(
    ("query", "filters", "reason"),
    [
        ("police", {"since": "2031"}, "Without the days asked for 2 articles match, from 2020-01-01 to 2020-03-09."),
        ("undated", {"until": "2031"}, "Without the days asked for 1 article matches, and none has a date."),
        ("police", {"sources": ["nobody"]},
         "No article is from the source “nobody”; searchkit stats lists the sources."),
        ("police", {"sources": ["post"]}, "Without the source asked for 2 articles match, none from “post”."),
        ("police", {"sources": ["post"], "since": "2020-02"},
         "Without the filters 2 articles match: 1 of the days asked for, 0 from “post”."),
        ("police", {"sources": ["x", "y"], "since": "2020-02"},
         "No article is from the source “x” or “y”; searchkit stats lists the sources."),
        ("zebra", {"since": "2031"}, ""),
    ],
)  # fmt: skip
def test_a_filter_that_keeps_all_out_is_told(papers: Index, query: str, filters: dict[str, Any], reason: str) -> None:
    results = papers.search(query, **filters)
    assert (results.total, results.nothing and results.nothing.reason) == (0, reason)


def test_a_field_that_no_article_has_is_told(papers: Index) -> None:
    named = {"author:smith": "an author", "url:bbc.co.uk": "an address", "language:fr": "a language"}
    for query, what in named.items():
        nothing = papers.search(f"police {query}").nothing
        assert nothing is not None
        assert nothing.reason == f"Nothing matches {query}: no article of this index names {what}."


@pytest.mark.parametrize(
    ("articles", "query", "reason"),
    [
        ([], "*", "There are no articles in this index."),
        ([], "date:2020", "Nothing matches date:2020: no article has a date."),
        ([Article("a", "", "police")], "police date:2020", "Nothing matches date:2020: no article has a date."),
    ],
)
def test_an_index_without_articles_or_dates_says_so(
    make_index: Make, articles: list[Article], query: str, reason: str
) -> None:
    with make_index(articles) as index:
        nothing = index.search(query).nothing
        assert nothing is not None
        assert nothing.reason == reason


def test_of_a_phrase_that_stands_nowhere_the_missing_word_is_named(papers: Index) -> None:
    results = papers.search('"polce mayor"')
    assert results.suggestions == {"polce": (("police", 2),)}
    assert papers.search('"police mayor"').suggestions == {}


def test_words_that_could_be_meant_are_the_nearest_and_commonest(index: Index) -> None:
    results = index.search("polce parade")
    assert [term.articles > 0 for term in results.terms] == [False, True]
    (word, articles), *_ = results.suggestions["polce"]
    assert word in ("police", "pole")
    assert articles == index.search(word).total
    assert index.search("qqqqqqqq").suggestions == {"qqqqqqqq": ()}


def test_too_many_words_are_counted_and_never_cut(index: Index) -> None:
    with pytest.raises(QueryError, match=r"means \d+ different words") as caught:
        index.search("parade AND *a*", max_expansions=2)
    assert (caught.value.column, caught.value.text) == (12, "parade AND *a*")
    needed = int(caught.value.message.split(" means ")[1].split(" ")[0].replace(",", ""))
    assert index.search("parade AND *a*", max_expansions=needed).total > 0
    with pytest.raises(QueryError):
        index.search("parade AND *a*", max_expansions=needed - 1)


def test_a_deadline_ends_a_query(index: Index) -> None:
    with pytest.raises(QueryTimeout):
        index.search("police w/s parade", timeout=1e-9)
    for long in (60, 1e300, math.inf):
        assert index.search("police w/s parade", timeout=long).total > 0
