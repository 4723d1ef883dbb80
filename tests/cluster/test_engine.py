"""The engine of a cluster: pages, counts, explanations, limits of time and of size, and what it says of an index."""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from cluster.indexes import add, make_index, own, remove, remove_index
from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.cluster import search
from searchkit.cluster.connection import Connection
from searchkit.cluster.engine import ClusterEngine
from searchkit.cluster.layout import Layout, words_index
from searchkit.cluster.tokens import key_of
from searchkit.engine import Engine, Filters, Request
from searchkit.errors import ArticleMissing, IndexMissing, QueryTimeout, QueryTooLarge
from searchkit.index import Index
from searchkit.memory import MemoryEngine
from searchkit.query import AllOf, AnyOf, Days, Everything, Near, Phrase, Within, Word, parse

INDEX = own("engine")
# Of these the first have a day.
MANY, DATED = 12_500, 4_000
DAY = datetime.date(2020, 1, 1)


@pytest.fixture(scope="module")
def connection(opensearch: str) -> Iterator[Connection]:
    made = Connection(opensearch)
    yield made
    for name in (INDEX, f"{INDEX}-many", f"{INDEX}-other"):
        remove_index(made, name)
    made.close()


def news() -> list[Article]:
    return [
        Article("one", "Police at the parade", "The pride parade was long. Police watched.", DAY, "The Times"),
        Article("two", "", "A parade of police. The police marched in a parade.\n\nPride.", None, "the TIMES"),
        Article("three", "Nothing", "", datetime.date(1, 1, 1), "Post", authors=("Ann Miller",)),
        Article("x" * 40_000, "Long id", "parade", datetime.date(9999, 12, 31)),
    ]


@pytest.fixture
def engine(connection: Connection) -> ClusterEngine:
    return make_index(connection, INDEX, news())


@pytest.fixture(scope="module")
def many(connection: Connection) -> ClusterEngine:
    articles = [
        Article(
            f"a{at:05}",
            "",
            f"common word{at % 7} left right" if at % 2 else "common right and left",
            DAY if at < DATED else None,
        )
        for at in range(MANY)
    ]
    return make_index(connection, f"{INDEX}-many", articles, shards=2)


def test_it_keeps_the_protocol(engine: ClusterEngine) -> None:
    kept: Engine = engine
    assert kept.language == "english"


def test_an_index_answers_as_one_in_memory(engine: ClusterEngine) -> None:
    index, oracle = Index(engine), MemoryEngine(news())
    for text in ("police parade", '"pride parade"', "police w/s parade", "source:times", "parade -pride", "zzz"):
        found, wanted = index.search(text, explain=True), oracle.search(Request(parse(text).tree))
        assert (found.total, found.total_all) == (wanted.total, wanted.total_all), text
        assert [hit.id for hit in found.hits] == [hit.id for hit in wanted.found], text
        for hit in found.hits:
            assert hit.explanation is not None
            assert math.isclose(hit.explanation.score, hit.score, rel_tol=1e-3, abs_tol=1e-6)


def test_articles_come_back_whole(engine: ClusterEngine) -> None:
    for article in news():
        assert engine.article(article.id) == article
    with pytest.raises(ArticleMissing, match="nobody"):
        engine.article("nobody")
    hits = engine.search(Request(Word("parade"))).found
    assert {hit.id: hit.load() for hit in hits} == {one.id: one for one in news() if one.id != "three"}


def test_sources_are_compared_folded_and_days_included(engine: ClusterEngine) -> None:
    def found(**filters: Any) -> list[str]:
        return [hit.id[:5] for hit in engine.search(Request(Everything(), Filters(**filters), "oldest")).found]

    assert found(sources=("THE times",)) == ["one", "two"]
    assert found(sources=("",)) == ["xxxxx"]
    assert found(sources=("", "post")) == ["three", "xxxxx"]
    assert found(since=DAY, until=DAY) == ["one"]
    assert found() == ["three", "one", "xxxxx", "two"]


def test_rarity_is_that_of_the_whole_index_whatever_the_filter(connection: Connection) -> None:
    """A shard without any article of a day once did not say how rare the words were there."""
    articles = [
        Article(f"a{at}", "", "parade " * (at % 3) + "police", DAY + datetime.timedelta(at)) for at in range(30)
    ]
    engine, oracle = make_index(connection, INDEX, articles, shards=5), MemoryEngine(articles)
    for tree, filters in (
        (Word("parade"), Filters(until=DAY + datetime.timedelta(1))),
        (AllOf((Word("parade"), Days(DAY, DAY + datetime.timedelta(1)))), Filters()),
    ):
        scores = oracle.scores(tree, filters)
        found = {hit.id: hit.score for hit in engine.search(Request(tree, filters)).found}
        assert found == pytest.approx(scores, rel=1e-3)


def test_statistics(engine: ClusterEngine) -> None:
    told = engine.statistics()
    assert (told.articles, told.undated) == (4, 1)
    assert (told.first_date, told.last_date) == (datetime.date(1, 1, 1), datetime.date(9999, 12, 31))
    assert told.sources == (("Post", 1), ("The Times", 1), ("the TIMES", 1))
    assert told.words == sum(len(f"{one.title} {one.body}".split()) for one in news())
    assert told.terms == len({stem for one in news() for stem in Chain().stems(f"{one.title} {one.body}")})
    assert told.bytes > 0
    assert told.versions["cluster"].startswith("opensearch ")


def test_pages_beyond_ten_thousand(many: ClusterEngine) -> None:
    """The server gives ten thousand hits at once, and more from one point in time."""
    response = many.search(Request(Word("common"), limit=MANY + 5))
    ids = [hit.id for hit in response.found]
    assert (response.total, len(ids), len(set(ids))) == (MANY, MANY, MANY)
    scores = [hit.score for hit in response.found]
    assert all(one >= other for one, other in pairwise(scores))
    assert response.found[MANY - 1].load().id == ids[-1]
    page = many.search(Request(Word("common"), offset=11_000, limit=700))
    assert [hit.id for hit in page.found] == ids[11_000:11_700]
    by_day = many.search(Request(Word("common"), sort="newest", offset=10_300, limit=3))
    assert [hit.id for hit in by_day.found] == ["a10300", "a10301", "a10302"]
    assert list(many.search(Request(Word("common"), offset=MANY, limit=10)).found) == []
    behind = many.search(Request(Phrase((Word("left"), Word("right"))), limit=1_000_000))
    assert (behind.total, len({hit.id for hit in behind.found})) == (MANY // 2, MANY // 2)


def test_what_the_server_cannot_decide_is_decided_here_up_to_a_limit(
    many: ClusterEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = Near(Near(Word("word1"), Word("common"), 3), Word("left"), 2)
    response = many.search(Request(tree))
    wanted = [at for at in range(1, MANY, 2) if at % 7 == 1]
    assert (response.total, len(response.found)) == (len(wanted), 10)
    everywhere = Near(Near(Word("left"), Word("common"), 3), Word("right"), 5)
    with pytest.raises(QueryTooLarge, match="12,500 articles may match"):
        many.search(Request(everywhere))
    # A filter that leaves fewer is enough.
    assert many.search(Request(everywhere, Filters(since=DAY + datetime.timedelta(1)))).total == 0
    monkeypatch.setattr(search, "MOST_CANDIDATES", DATED - 1)
    with pytest.raises(QueryTooLarge):
        many.search(Request(everywhere, Filters(until=DAY)))


def test_a_deadline_is_kept(many: ClusterEngine) -> None:
    with pytest.raises(QueryTimeout):
        many.search(Request(Word("common"), deadline=time.monotonic_ns() - 1))
    slow = Near(Near(Word("word1"), Word("common"), 3), Word("left"), 2)
    with pytest.raises(QueryTimeout):
        many.search(Request(slow, deadline=time.monotonic_ns() + 3_000_000))
    assert many.search(Request(Word("common"), deadline=time.monotonic_ns() + 60_000_000_000)).total == MANY


def test_more_words_than_the_server_takes(engine: ClusterEngine) -> None:
    words = AnyOf(tuple([Word(f"word{number}") for number in range(1500)]))
    with pytest.raises(QueryTooLarge, match="more words"):
        engine.search(Request(words, details=False))
    nested = AnyOf(tuple([Phrase((Word("pride"), Word(f"word{number}"))) for number in range(200)]))
    assert engine.search(Request(nested, details=False)).total == 0
    some = AnyOf((*nested.parts, Within(Word("pride"), Word("parade"), "sentence")))
    assert [hit.id for hit in engine.search(Request(some, details=False)).found] == ["one"]


def test_marks_and_blanks_in_words_are_terms_like_others(connection: Connection) -> None:
    """No text of a query is parsed by the server, and no word can be taken for a mark or a filler."""
    bodies = ["a #", "_s p_ ^", "\ufdfa b", "x" * 3000, 'a|b c:d e^2 (f) "g" h~ i* [j] {k} \\l /m/', "#", "b^"]
    articles = [Article(f"a{at}", "", body) for at, body in enumerate(bodies)]
    engine, oracle = make_index(connection, INDEX, articles), MemoryEngine(articles)
    texts = ["\ufdfa", "x" * 3000, "a|b", "c:d", "_s", "p_", "^", "#", "b^", "e^2", "i*", "{k}", "OR", "s_", "**"]
    for text in texts:
        for tree in (Word(text), Phrase((Word(text), Word("b"))), Within(Word(text), Word("b"), "sentence")):
            found = {hit.id for hit in engine.search(Request(tree)).found}
            assert found == set(oracle.scores(tree)), tree


def test_behind_an_alias_another_index_may_take_its_place(connection: Connection, engine: ClusterEngine) -> None:
    other = make_index(connection, f"{INDEX}-other", [Article("new", "", "parade")])
    assert other.search(Request(Word("parade"))).total == 1
    name = f"{INDEX}-alias"
    connection.post("/_aliases", body={"actions": [{"add": {"index": INDEX, "alias": name}}]})
    asked = ClusterEngine(connection, name)
    assert asked.search(Request(Word("parade"))).total == 3
    actions = [{"remove_index": {"index": INDEX}}, {"add": {"index": f"{INDEX}-other", "alias": name}}]
    connection.post("/_aliases", body={"actions": actions})
    assert asked.search(Request(Word("parade"))).total == 1
    remove_index(connection, f"{INDEX}-other")
    with pytest.raises(IndexMissing):
        asked.search(Request(Word("parade")))


def test_an_article_that_was_removed_meanwhile(connection: Connection, engine: ClusterEngine) -> None:
    response = engine.search(Request(Word("parade"), limit=1000))
    remove(connection, INDEX, [key_of("one")])
    with pytest.raises(ArticleMissing, match="not in the index any more"):
        [hit.load() for hit in response.found]


def test_what_is_committed_later_is_seen(connection: Connection, engine: ClusterEngine) -> None:
    layout = Layout.for_articles("english", news())
    add(connection, INDEX, layout, [Article("later", "", "parade of elephants")])
    assert engine.search(Request(Word("elephant"))).total == 1
    assert connection.get(f"/{words_index(INDEX)}/_count")["count"] > 0
