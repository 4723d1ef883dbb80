"""Whoosh opens what searchkit wrote: its table, its readers, its terms; and it cannot write."""

from __future__ import annotations

import contextlib
import io
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
from local.whoosh_news import News, ids, leave_table, make_articles
from whoosh import query
from whoosh.fields import Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.index import FileIndex, open_dir
from whoosh.reading import MultiReader, SegmentReader, TermNotFound

from searchkit.article import Article
from searchkit.errors import UsageError
from searchkit.local import open_writer
from searchkit.local.whoosh_codec import (
    NewsAnalyzer,
    SearchkitCodec,
    SegmentList,
    news_schema,
)
from searchkit.store.manifest import read_manifest


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
