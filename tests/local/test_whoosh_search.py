"""Whoosh's queries, sorting, highlighting and spelling find in an index of searchkit what is there."""

from __future__ import annotations

import datetime
import random
import re
from collections import Counter
from pathlib import Path

import pytest
from local.whoosh_news import SOURCES, News, ids, leave_table
from whoosh import highlight, query, scoring, sorting
from whoosh.index import FileIndex, create_in, open_dir
from whoosh.qparser import MultifieldParser, QueryParser
from whoosh.query import spans

from searchkit.index import Index
from searchkit.local import open_engine, open_writer
from searchkit.local.whoosh_codec import news_schema


def test_term_and_boolean_queries(news: News, index: FileIndex) -> None:
    term = query.Term
    city, polic, parad = news.having("citi"), news.having("polic"), news.having("parad")
    assert set(ids(index, term("text", "polic"))) == polic
    assert set(ids(index, query.And([term("text", "polic"), term("text", "parad")]))) == polic & parad
    assert set(ids(index, query.Or([term("text", "polic"), term("text", "parad")]))) == polic | parad
    assert set(ids(index, query.Not(term("text", "polic")))) == set(news.articles) - polic
    assert set(ids(index, query.AndNot(term("text", "polic"), term("text", "parad")))) == polic - parad
    assert set(ids(index, query.AndMaybe(term("text", "polic"), term("text", "parad")))) == polic
    assert set(ids(index, query.Require(term("text", "polic"), term("text", "parad")))) == polic & parad
    either = query.Or([term("text", "polic"), term("text", "citi")])
    both = query.And([either, query.Or([term("text", "parad"), term("text", "march")])])
    assert set(ids(index, both)) == (polic | city) & (parad | news.having("march"))
    assert ids(index, term("text", "nowhere")) == []
    assert set(ids(index, query.Every())) == set(news.articles)
    assert set(ids(index, query.Every("title"))) == news.where(lambda article: bool(article.title))
    assert set(ids(index, query.DisjunctionMax([term("title", "polic"), term("body", "polic")]))) == polic


def test_nested_queries_whose_best_stock_whoosh_gets_wrong(news: News, index: FileIndex) -> None:
    chance = random.Random(7)
    stems = sorted(news.terms("text"))
    for _ in range(40):
        words = [chance.sample(stems, 3), chance.sample(stems, 3)]
        asked = query.And([query.Or([query.Term("text", word) for word in group]) for group in words])
        assert set(ids(index, asked)) == news.having(*words[0]) & news.having(*words[1])


@pytest.mark.parametrize("field", ["text", "title", "body"])
def test_phrases(news: News, index: FileIndex, field: str) -> None:
    for words in (["polic", "polic"], ["polic", "parad"], ["parad", "the"], ["pride", "polic", "polic"]):
        expected = {
            key
            for key, fields in news.stems.items()
            for at in range(len(fields[field]))
            if fields[field][at : at + len(words)] == words
        }
        assert set(ids(index, query.Phrase(field, words))) == expected
    near = spans.SpanNear(query.Term(field, "polic"), query.Term(field, "march"), slop=2, ordered=True)
    assert set(ids(index, near)) == {
        key
        for key, fields in news.stems.items()
        for at, here in enumerate(fields[field])
        if here == "polic" and "march" in fields[field][at + 1 : at + 3]
    }


def test_prefixes_wildcards_fuzzy_words_ranges_and_patterns(news: News, index: FileIndex) -> None:
    for field in ("text", "words", "title", "body"):

        def matching(pattern: str, field: str = field) -> set[str]:
            return news.having(*(term for term in news.terms(field) if re.fullmatch(pattern, term)), field=field)

        assert set(ids(index, query.Prefix(field, "par"))) == matching("par.*")
        assert set(ids(index, query.Wildcard(field, "p*e?"))) == matching("p.*e.")
        assert set(ids(index, query.Regex(field, "m(arch|ayor)s?"))) == matching("m(arch|ayor)s?.*")
        assert set(ids(index, query.FuzzyTerm(field, "marchs", maxdist=1))) == matching("march.?|marches")
        assert set(ids(index, query.TermRange(field, "court", "police"))) == news.having(
            *(term for term in news.terms(field) if "court" <= term <= "police"), field=field
        )


def test_dates_and_sources_and_ids(news: News, index: FileIndex) -> None:
    first, last = datetime.date(2019, 6, 15), datetime.date(2020, 2, 3)
    between = news.where(lambda article: article.date is not None and first <= article.date <= last)
    moments = (datetime.datetime(2019, 6, 15), datetime.datetime(2020, 2, 3))
    assert set(ids(index, query.DateRange("date", *moments))) == between
    assert set(ids(index, "date:[20190615 to 20200203]")) == between
    assert set(ids(index, "date:2020")) == news.where(
        lambda article: article.date is not None and article.date.year == 2020
    )
    assert set(ids(index, "date:201906")) == news.where(
        lambda article: article.date is not None and article.date.timetuple()[:2] == (2019, 6)
    )
    someday = next(article.date for article in news.articles.values() if article.date)
    assert set(ids(index, query.Term("date", index.schema["date"].to_bytes(someday)))) == news.where(
        lambda article: article.date == someday
    )
    assert set(ids(index, query.Every("date"))) == news.where(lambda article: article.date is not None)
    for source in SOURCES:
        expected = news.where(lambda article, source=source: article.source == source) if source else set()  # type: ignore[misc]
        assert set(ids(index, query.Term("source", source))) == expected
    assert set(ids(index, 'police source:"Morning Post"')) == news.having("polic") & news.where(
        lambda article: article.source == "Morning Post"
    )
    key = sorted(news.articles)[5]
    assert ids(index, query.Term("id", key)) == [key]
    assert set(ids(index, query.Prefix("id", "id/1"))) == {key for key in news.articles if key.startswith("id/1")}


@pytest.mark.parametrize(
    "text",
    [
        "police",
        "policing parades",
        "police OR pride OR senate",
        '"police parade"',
        '"the mayor"',
        "9/11",
        "Café",
        "MARCHED the city's",
        "of NOT senate",
        "(police OR city) (parade OR march)",
    ],
)
def test_the_parser_finds_what_searchkit_finds(news: News, index: FileIndex, text: str) -> None:
    found = set(ids(index, text))
    with Index(open_engine(news.path)) as own:
        if not {"NOT", "OR"} & set(text.split()):
            assert found == {hit.id for hit in own.search(text, require_all=True, limit=1000)}
        elif text == "police OR pride OR senate":
            assert found == {hit.id for hit in own.search("police pride senate", limit=1000)}
    assert found


def test_a_parser_of_several_fields_and_other_rankings(news: News, index: FileIndex) -> None:
    asked = MultifieldParser(["title", "body"], index.schema).parse("parade")
    assert set(ids(index, asked)) == news.having("parad")
    for weighting in (scoring.BM25F(), scoring.TF_IDF(), scoring.Frequency()):
        with index.searcher(weighting=weighting) as searcher:
            hits = searcher.search(query.Term("text", "parad"), limit=None)
            assert {hit["id"] for hit in hits} == news.having("parad")
            assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_scores_are_those_of_an_index_that_whoosh_wrote(news: News, tmp_path: Path) -> None:
    twin = create_in(str(tmp_path), news_schema("english"))
    with twin.writer() as writer:
        for article in news.articles.values():
            text = f"{article.title}\n\n{article.body}"
            writer.add_document(id=article.id, text=text, title=article.title, body=article.body)
    # One segment without deletions, so that both count the same.
    path = tmp_path / "ours"
    with open_writer(path, workers=1) as own:
        for article in news.articles.values():
            own.put(article)
        own.commit()
    leave_table(path)
    for text in ("police parade", "title:march OR body:city", 'body:"police parade" OR mayor', "par* -senate"):
        scores = []
        for index in (open_dir(str(path)), twin):
            asked = QueryParser("text", index.schema).parse(text)
            with index.searcher() as searcher:
                hits = searcher.search(asked, limit=None)
                scores.append({hit["id"]: hit.score for hit in hits})
        # Whoosh itself keeps lengths in a byte each, rounded.
        assert scores[0] == pytest.approx(scores[1], rel=0.02)
        assert scores[0]


def test_sorting_by_date_source_and_id(news: News, index: FileIndex) -> None:
    having = news.having("polic")
    asked = query.Term("text", "polic")
    dated = {key for key in having if news.articles[key].date}
    for reverse in (False, True):
        found = ids(index, asked, sortedby="date", reverse=reverse)
        assert set(found) == having
        days = [news.articles[key].date for key in found if key in dated]
        assert days == sorted(days, key=str, reverse=reverse)
    newest = ids(index, asked, sortedby=sorting.FieldFacet("date", reverse=True))
    # Those without a date come last, whichever way they are sorted.
    assert set(newest[len(dated) :]) == having - dated
    assert set(ids(index, asked, sortedby="date")[len(dated) :]) == having - dated
    for name in ("source", "id"):
        for reverse in (False, True):
            values = [getattr(news.articles[key], name) for key in ids(index, asked, sortedby=name, reverse=reverse)]
            assert values == sorted(values, reverse=reverse)
    facet = sorting.FieldFacet("source", reverse=True)
    values = [news.articles[key].source for key in ids(index, asked, sortedby=[facet, "date"])]
    assert values == sorted(values, reverse=True)


def test_grouping_by_source_and_columns(news: News, index: FileIndex) -> None:
    with index.searcher() as searcher:
        hits = searcher.search(query.Term("text", "polic"), groupedby=["source", "date"], limit=None)
        groups = {name: len(numbers) for name, numbers in hits.groups("source").items()}
        assert groups == Counter(news.articles[key].source for key in news.having("polic"))
        days = {moment and moment.date(): len(numbers) for moment, numbers in hits.groups("date").items()}
        assert days == Counter(news.articles[key].date for key in news.having("polic"))
        reader = searcher.reader()
        dates, names = reader.column_reader("date"), reader.column_reader("source")
        for number, stored in reader.iter_docs():
            assert (dates[number] and dates[number].date()) == stored["date"]
            assert names[number] == stored["source"]
        assert not reader.has_column("title")


def test_highlighting(news: News, index: FileIndex) -> None:
    marks = highlight.UppercaseFormatter(between="\n")
    with index.searcher() as searcher:
        for text, field in (("policing", "text"), ("body:policing", "body"), ('body:"police parade"', "body")):
            results = searcher.search(QueryParser("text", index.schema).parse(text))
            results.formatter = marks
            results.fragmenter = highlight.WholeFragmenter()
            assert results
            for hit in results:
                lit = hit.highlights(field)
                assert lit.lower() == hit[field].lower()
                stems = {"polic", "parad"} if "parade" in text else {"polic"}
                for token in news.chain.tokens(hit[field]):
                    piece = lit[token.start : token.end]
                    assert piece == (piece.upper() if token.stem in stems else hit[field][token.start : token.end])
        results = searcher.search(query.Term("body", "mayor"), terms=True)
        assert '<b class="match' in results[0].highlights("body")
        assert results[0].matched_terms() == [("body", b"mayor")]


def test_spelling(news: News, index: FileIndex) -> None:
    with index.searcher() as searcher:
        assert "police" in searcher.suggest("words", "polise", maxdist=1)
        assert "senator" in searcher.suggest("words", "senater")
        assert searcher.suggest("text", "parda", maxdist=2)[0] == "parad"
        assert searcher.reader().corrector("words").suggest("marchd", maxdist=1) == ["march", "marched"]
        parser = QueryParser("words", index.schema)
        correction = searcher.correct_query(parser.parse("polise parade"), "polise parade", maxdist=1)
        assert correction.string in ("police parade", "polices parade")
        frequent = searcher.reader().most_frequent_terms("text", 1)
        assert frequent[0][1] == b"polic"


def test_the_key_terms_of_an_article_come_from_its_stored_text(news: News, index: FileIndex) -> None:
    with index.searcher() as searcher:
        results = searcher.search(query.Term("text", "parad"))
        assert results[0].more_like_this("text", top=5)
        terms = [term for term, _ in results.key_terms("text", docs=3)]
        assert terms
        assert set(terms) <= set(news.terms("text"))
