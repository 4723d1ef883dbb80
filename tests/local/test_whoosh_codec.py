"""Whoosh opens what searchkit wrote, and every tool of Whoosh's finds in it what is there."""

from __future__ import annotations

import contextlib
import datetime
import io
import pickle
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from whoosh import highlight, query, scoring, sorting
from whoosh.fields import Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.index import FileIndex, create_in, open_dir
from whoosh.qparser import MultifieldParser, QueryParser
from whoosh.query import spans
from whoosh.reading import MultiReader, SegmentReader, TermNotFound

from searchkit.analysis import Chain
from searchkit.article import Article, Origin
from searchkit.errors import UsageError
from searchkit.index import Index
from searchkit.local import open_engine, open_writer
from searchkit.local.whoosh_codec import (
    NewsAnalyzer,
    SearchkitCodec,
    SegmentList,
    news_schema,
    write_table_of_contents,
)
from searchkit.store.folder import Folder
from searchkit.store.manifest import read_manifest

WORDS = """
    police policing polices parade parades parading pride proud march marched marching marches city city's cities
    mayor mayors court courts ruling ruled rules the a of in vote votes voted voter senate senator café naïve
    2020 9/11
""".split()  # noqa: SIM905
SOURCES = ["The Herald", "Morning Post", "", "Ämterblatt"]


def make_articles(seed: int, count: int) -> Iterator[Article]:
    chance = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(len(WORDS))]
    for _ in range(count):
        number = chance.randrange(400)
        first = datetime.date(2019, 1, 1)
        yield Article(
            f"id/{number}",
            " ".join(chance.choices(WORDS, weights, k=chance.randrange(6))).title(),
            ". ".join(" ".join(chance.choices(WORDS, weights, k=chance.randint(0, 30))) for _ in range(3)),
            first + datetime.timedelta(chance.randrange(900)) if chance.random() < 0.9 else None,
            chance.choice(SOURCES),
            ("A. Writer", "B. Editor"),
            "news",
            f"https://example.org/{number}",
            "en",
            Origin("/news.jsonl", f"line {number}"),
        )


def leave_table(path: Path) -> None:
    write_table_of_contents(Folder(path), read_manifest(path))


class News:
    """An index, the articles that are live in it, and a plain way to say what matches."""

    def __init__(self, path: Path, articles: dict[str, Article], language: str = "english") -> None:
        self.path = path
        self.articles = articles
        self.chain = Chain(language)
        self.stems: dict[str, dict[str, list[str]]] = {}
        self.forms: dict[str, list[str]] = {}
        for article in articles.values():
            title, body = list(self.chain.tokens(article.title)), list(self.chain.tokens(article.body))
            self.stems[article.id] = {
                "title": [token.stem for token in title],
                "body": [token.stem for token in body],
                "text": [*(token.stem for token in title), "", *(token.stem for token in body)],
                "words": [*(token.word for token in title), "", *(token.word for token in body)],
            }

    def terms(self, field: str) -> Counter[str]:
        """How many articles have each term."""
        found: Counter[str] = Counter()
        for fields in self.stems.values():
            found.update(set(fields[field]) - {""})
        return found

    def having(self, *words: str, field: str = "text") -> set[str]:
        """The ids of the articles with any of these terms."""
        return {key for key, fields in self.stems.items() if not set(words).isdisjoint(fields[field])}

    def where(self, test: Callable[[Article], bool]) -> set[str]:
        return {article.id for article in self.articles.values() if test(article)}


@pytest.fixture(scope="module", params=["one segment", "several, with deletions"])
def news(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> News:
    path = tmp_path_factory.mktemp("news") / "index"
    articles: dict[str, Article] = {}
    with open_writer(path, workers=1) as writer:
        for seed, count in ((1, 500), (2, 60), (3, 20)):
            for article in make_articles(seed, count):
                articles[article.id] = article
                writer.put(article)
            if request.param != "one segment":
                for key in random.Random(seed).sample(sorted(articles), 20):
                    del articles[key]
                    writer.remove(key)
                writer.commit()
        writer.commit()
    leave_table(path)
    return News(path, articles)


@pytest.fixture
def index(news: News) -> FileIndex:
    return open_dir(str(news.path))


def ids(index: FileIndex, asked: query.Query | str, **options: object) -> list[str]:
    """The ids of all hits, after a look whether the first three and the total come out the same without the rest."""
    if isinstance(asked, str):
        asked = QueryParser("text", index.schema).parse(asked)
    with index.searcher() as searcher:
        every = [hit["id"] for hit in searcher.search(asked, limit=None, **options)]
        scores = [hit.score for hit in searcher.search(asked, limit=None, **options)]
        first = searcher.search(asked, limit=3, **options)
        assert [hit.score for hit in first] == scores[:3]
        assert len(first) == len(every)
        assert len(every) == len(set(every))
        return every


def test_the_table_lies_beside_the_manifest_and_only_the_last_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "i"
    with open_writer(path) as writer:
        for article in make_articles(1, 3):
            writer.put(article)
            writer.commit()
            leave_table(path)
    assert [file.name for file in path.glob("*.toc*")] == ["_MAIN_3.toc"]
    index = open_dir(str(path))
    assert index.latest_generation() == 3
    assert index.schema.names() == news_schema("english").names()
    assert index.doc_count() == 3


def test_the_table_names_only_classes_of_whoosh_and_searchkit(news: News) -> None:
    content = next(news.path.glob("_MAIN_*.toc")).read_bytes()
    names = set()

    class Recorder(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> object:
            names.add(f"{module}.{name}")
            return super().find_class(module, name)

    # The schema and the segments are a pickle each.
    made = []
    for start in (match.start() for match in re.finditer(rb"\x80[\x02-\x05]", content)):
        with contextlib.suppress(pickle.UnpicklingError):
            made.append(Recorder(io.BytesIO(content[start:])).load())
    assert [type(item) for item in made] == [Schema, SegmentList]
    assert {name.split(".")[0] for name in names} <= {"whoosh", "searchkit", "builtins", "__builtin__"}
    assert {name for name in names if name.startswith("_")} <= {"__builtin__.int", "__builtin__.long"}
    assert "searchkit.local.whoosh_codec.SearchkitSegment" in names


def test_a_program_without_searchkit_imported_opens_it(news: News) -> None:
    program = (
        "import sys, whoosh.index\n"
        "index = whoosh.index.open_dir(sys.argv[1])\n"
        "with index.searcher() as searcher: print(searcher.doc_count())\n"
    )
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(news.path)], capture_output=True, text=True, check=True
    )
    assert int(found.stdout) == len(news.articles)


def test_counts_and_lengths(news: News, index: FileIndex) -> None:
    with index.reader() as reader:
        several = len(read_manifest(news.path).segments) > 1
        assert isinstance(reader, MultiReader if several else SegmentReader)
        assert several or not reader.has_deletions()
        assert index.doc_count() == reader.doc_count() == len(news.articles) == len(list(reader.all_doc_ids()))
        assert reader.doc_count_all() - reader.doc_count() == sum(
            map(reader.is_deleted, range(reader.doc_count_all()))
        )
        for number, stored in reader.iter_docs():
            fields = news.stems[stored["id"]]
            for field in ("text", "title", "body", "words"):
                length = sum(term != "" for term in fields[field])
                assert reader.doc_field_length(number, field) == length
                assert reader.min_field_length(field) <= length <= reader.max_field_length(field)
            assert reader.doc_field_length(number, "date", 7) == 7
        assert reader.field_length("text") == reader.field_length("title") + reader.field_length("body")
        assert not reader.has_vector(0, "text")


def test_stored_fields_are_the_article(news: News, index: FileIndex) -> None:
    with index.searcher() as searcher:
        for article in list(news.articles.values())[:20]:
            stored = searcher.document(id=article.id)
            assert {name: stored[name] for name in ("id", "title", "body", "date", "source", "authors", "url")} == {
                "id": article.id,
                "title": article.title,
                "body": article.body,
                "date": article.date,
                "source": article.source,
                "authors": article.authors,
                "url": article.url,
            }
            assert (stored["path"], stored["place"]) == ("/news.jsonl", article.origin.place)
        assert searcher.document(id="id/none") is None


@pytest.mark.parametrize("field", ["text", "title", "body", "words"])
def test_every_term_has_its_postings_and_positions(news: News, index: FileIndex, field: str) -> None:
    with index.reader() as reader:
        names = {number: stored["id"] for number, stored in reader.iter_docs()}
        expected = news.terms(field)
        lexicon = [term.decode() for term in reader.lexicon(field)]
        assert lexicon == sorted(lexicon)
        # A term of deleted articles alone may still be there.
        assert set(expected) <= set(lexicon)
        for term in lexicon:
            matcher = reader.postings(field, term)
            found = {}
            while matcher.is_active():
                found[names[matcher.id()]] = matcher.value_as("positions")
                assert matcher.weight() == matcher.value_as("frequency") == len(found[names[matcher.id()]])
                matcher.next()
            assert found == {
                key: [at for at, here in enumerate(fields[field]) if here == term]
                for key, fields in news.stems.items()
                if term in fields[field]
            }
            info = reader.term_info(field, term)
            assert info.doc_frequency() == reader.doc_frequency(field, term) >= len(found)
            assert info.weight() == reader.frequency(field, term) >= sum(map(len, found.values()))
            assert info.max_weight() >= max(map(len, found.values()), default=0)
            assert (field, term) in reader
        assert (field, "nowhere") not in reader
        assert reader.frequency(field, "nowhere") == reader.doc_frequency(field, "nowhere") == 0
        with pytest.raises(TermNotFound):
            reader.postings(field, "nowhere")
        with pytest.raises(TermNotFound):
            reader.term_info(field, "nowhere")


def test_all_terms_stand_in_order(news: News, index: FileIndex) -> None:
    with index.reader() as reader:
        terms = list(reader.all_terms())
        assert terms == sorted(set(terms))
        assert {name for name, _ in terms} == set(reader.indexed_field_names())
        assert [term for term, _ in reader] == terms
        assert list(reader.expand_prefix("words", "march")) == [b"march", b"marched", b"marches", b"marching"]
        for leaf, _ in reader.leaf_readers():
            cursor = leaf.cursor("words")
            walked = []
            while cursor.is_valid():
                assert cursor.term_info().doc_frequency() == leaf.doc_frequency("words", cursor.text())
                walked.append(cursor.text().encode())
                cursor.next()
            assert walked == list(leaf.lexicon("words"))
            assert cursor.text() is cursor.term_info() is None
            assert cursor.first() == walked[0].decode()


def test_a_matcher_walks_forward_and_skips(index: FileIndex) -> None:
    with index.reader() as reader:
        leaf = reader.leaf_readers()[0][0]
        matcher = leaf._terms.matcher("text", b"polic", leaf.schema["text"].format)
        every = list(matcher.all_ids())
        other = matcher.copy()
        other.skip_to(every[len(every) // 2] + 1)
        assert other.id() == every[len(every) // 2 + 1]
        assert matcher.id() == every[0]
        other.skip_to(0)
        assert other.id() == every[len(every) // 2 + 1]
        other.skip_to(10**6)
        assert not other.is_active()
        other.reset()
        assert list(other.all_ids()) == every
        assert matcher.score() == matcher.weight() <= matcher.max_quality()
        assert not matcher.supports_block_quality()


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


def test_a_searcher_that_is_refreshed_sees_the_new_commit(tmp_path: Path) -> None:
    path = tmp_path / "i"
    with open_writer(path, workers=1) as writer:
        for number in range(300):
            writer.put(Article(f"{number:03}", "", "police"))
        writer.commit()
        leave_table(path)
        searcher = open_dir(str(path)).searcher()
        assert searcher.refresh() is searcher
        writer.put(Article("000", "", "parade"))
        writer.put(Article("300", "", "police parade"))
        writer.remove("001")
        writer.commit()
        leave_table(path)
        assert len(searcher.search(query.Term("text", "polic"), limit=None)) == 300
        searcher = searcher.refresh()
        assert len(searcher.search(query.Term("text", "polic"), limit=None)) == 299
        assert {hit["id"] for hit in searcher.search(query.Term("text", "parad"))} == {"000", "300"}
        assert searcher.doc_count() == 300
        searcher.close()


def test_files_that_a_commit_removed_are_a_missing_file_for_whoosh(tmp_path: Path) -> None:
    path = tmp_path / "i"
    with open_writer(path, workers=1) as writer:
        writer.put(Article("a", "", "police"))
        writer.commit()
    leave_table(path)
    index = open_dir(str(path))
    (path / read_manifest(path).segments[0].name).unlink()
    with pytest.raises(FileNotFoundError):
        index.reader()


@pytest.mark.parametrize("count", [0, 1])
def test_whoosh_cannot_write_to_it(tmp_path: Path, count: int) -> None:
    path = tmp_path / "i"
    with open_writer(path) as writer:
        for article in make_articles(1, count):
            writer.put(article)
        writer.commit()
    leave_table(path)
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    index = open_dir(str(path))
    for write in (
        index.writer,
        lambda: index.writer(codec=SearchkitCodec()),
        lambda: index.delete_by_term("id", "a"),
        lambda: index.add_field("more", index.schema["text"]),
        index.optimize,
    ):
        with pytest.raises(UsageError, match="Whoosh cannot write"):
            write()
    after = {file.name: file.read_bytes() for file in path.iterdir()}
    # Whoosh takes its lock before it looks.
    assert after.pop("MAIN_WRITELOCK") == b""
    assert after == before


def test_an_empty_index_opens(tmp_path: Path) -> None:
    with open_writer(tmp_path / "i") as writer:
        writer.commit()
    leave_table(tmp_path / "i")
    index = open_dir(str(tmp_path / "i"))
    assert index.is_empty()
    assert ids(index, "police") == []
    assert pickle.loads(pickle.dumps(SegmentList(), 2)) == []


def test_another_language(tmp_path: Path) -> None:
    article = Article("a", "Die Wälder", "Der Häuser wegen ging er durch die Straßen")
    with open_writer(tmp_path / "i", language="german") as writer:
        writer.put(article)
        writer.commit()
    leave_table(tmp_path / "i")
    index = open_dir(str(tmp_path / "i"))
    for text in ("wald wälder", '"häuser wegen"', "STRASSEN", "words:häuser"):
        assert ids(index, text) == (["a"] if "wald" not in text or "wäld" in text else []), text


def test_the_analyzer_gives_our_terms_with_their_places() -> None:
    text = "The Mayor's 9/11 speeches"
    analyzer = pickle.loads(pickle.dumps(NewsAnalyzer("english"), 2))
    assert analyzer == NewsAnalyzer("english") != NewsAnalyzer("english", stems=False)
    assert analyzer.has_morph()
    found = [
        (token.text, token.original, token.pos, text[token.startchar - 5 : token.endchar - 5])
        for token in analyzer(text, positions=True, chars=True, keeporiginal=True, start_pos=7, start_char=5)
    ]
    assert found == [
        ("the", "The", 7, "The"),
        ("mayor", "Mayor's", 8, "Mayor's"),
        ("9", "9", 9, "9"),
        ("11", "11", 10, "11"),
        ("speech", "speeches", 11, "speeches"),
    ]
    assert [token.text for token in analyzer(text, no_morph=True)] == ["the", "mayor", "9", "11", "speeches"]


def test_a_table_in_memory_is_what_whoosh_itself_would_read(news: News) -> None:
    storage = RamStorage()
    name = next(news.path.glob("_MAIN_*.toc")).name
    storage.files[name] = (news.path / name).read_bytes()
    assert len(FileIndex(storage)._segments()) == len(read_manifest(news.path).segments)
