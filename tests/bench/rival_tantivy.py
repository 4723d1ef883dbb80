"""tantivy (Rust, through tantivy-py), in four settings; the fastest of them is the main rival.

``tantivy`` holds title and text in one field, which is one list of postings for a word instead of two, and
so the fastest; ``tantivy-two-fields`` has a field for each and asks both, as its users mostly do;
``tantivy-no-total`` asks the first index without the exact total, which lets tantivy skip what cannot be
among the ten best; ``tantivy-forms`` holds words as they are written and not stems, and so finds by a pattern what
searchkit finds by it.

Queries are made of query objects, which mean exactly what was asked. Parsing them from text instead gives the
same totals, and its time does not differ measurably.
"""

from __future__ import annotations

import datetime
import json
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar, Self

import tantivy
from tantivy import Filter, Occur, Query, TextAnalyzerBuilder, Tokenizer

from tests.bench.engine import Abilities, Answer, Question
from tests.bench.queries import PATTERNS, SLOP

HEAP_BYTES = 512_000_000  # for all threads together


class Tantivy:
    """One field for title and text."""

    name: ClassVar[str] = "tantivy"
    abilities: ClassVar[Abilities] = Abilities(
        frozenset({"any", "all", "phrase", "slop", "prefix", "infix", "fuzzy", "two edits", "regex"}),
        remark="its workers are threads beside the Python that reads the JSON; it merges in more threads",
    )
    index_of: ClassVar[str] = ""
    searched: ClassVar[tuple[str, ...]] = ("body",)
    total: ClassVar[bool] = True
    tokenizer: ClassVar[str] = "en_stem"

    def __init__(self, index: tantivy.Index) -> None:
        self._searcher = index.searcher()
        self._schema = index.schema
        # What the tokenizer named en_stem does to the articles.
        self._analyzer = (
            TextAnalyzerBuilder(Tokenizer.simple())
            .filter(Filter.remove_long(40))
            .filter(Filter.lowercase())
            .filter(Filter.stemmer("english"))
            .build()
        )

    @staticmethod
    def version() -> str:
        return f"tantivy-py {metadata.version('tantivy')}"

    @classmethod
    def build(cls, articles: Path, index: Path, workers: int) -> None:
        writer = tantivy.Index(cls._new_schema(), path=str(index)).writer(HEAP_BYTES, workers)
        with articles.open("rb") as lines:
            for line in lines:
                writer.add_document(cls._document(json.loads(line)))
        writer.commit()
        writer.wait_merging_threads()

    @classmethod
    def _new_schema(cls) -> tantivy.Schema:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field("source", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_date_field("date", stored=True, indexed=True, fast=True)
        if cls.searched == ("body",):
            # The title is the first line of the body, so it need not be kept twice.
            builder.add_text_field("body", stored=True, tokenizer_name=cls.tokenizer, index_option="position")
        else:
            for field in cls.searched:
                builder.add_text_field(field, stored=True, tokenizer_name=cls.tokenizer, index_option="position")
        return builder.build()

    @classmethod
    def _document(cls, record: dict[str, Any]) -> tantivy.Document:
        document = tantivy.Document()
        document.add_text("id", record["id"])
        document.add_text("source", record.get("source") or "")
        if record.get("date"):
            document.add_date("date", _midnight(datetime.date.fromisoformat(record["date"])))
        if cls.searched == ("body",):
            document.add_text("body", record["title"] + "\n" + record["text"])
        else:
            document.add_text("title", record["title"])
            document.add_text("text", record["text"])
        return document

    @classmethod
    def open(cls, index: Path) -> Self:
        return cls(tantivy.Index.open(str(index)))

    def search(self, question: Question) -> tantivy.SearchResult:
        query = self._query(question)
        if question.since is not None and question.until is not None:
            # A constant score of nothing: a filter must not change the ranking.
            days = Query.const_score_query(self._days(question), 0.0)
            query = Query.boolean_query([(Occur.Must, query), (Occur.Must, days)])
        order = "date" if question.sort == "newest" else None
        return self._searcher.search(query, question.limit, count=self.total, order_by_field=order)

    def _query(self, question: Question) -> Query:
        if question.kind in PATTERNS:
            return _any([self._pattern(field, question) for field in self.searched])
        stems = self._analyzer.analyze(" ".join(question.words))
        if not stems:
            return Query.empty_query()
        if question.kind in ("phrase", "slop"):
            slop = SLOP if question.kind == "slop" else 0
            return _any([self._phrase(field, stems, slop) for field in self.searched])
        words = [_any([Query.term_query(self._schema, f, stem) for f in self.searched]) for stem in stems]
        if question.kind == "any":
            return _any(words)
        return Query.boolean_query([(Occur.Must, word) for word in words])

    def _pattern(self, field: str, question: Question) -> Query:
        """A pattern over the terms, which are stems: it finds fewer of them than there are written words."""
        word = question.words[0]
        if question.kind in ("fuzzy", "two edits"):
            edits = 1 if question.kind == "fuzzy" else 2
            return Query.fuzzy_term_query(self._schema, field, word, edits, transposition_cost_one=True)
        expression = {"prefix": f"{word}.*", "infix": f".*{word}.*"}.get(question.kind, word)
        return Query.regex_query(self._schema, field, expression)

    def _phrase(self, field: str, stems: list[str], slop: int) -> Query:
        if len(stems) == 1:
            return Query.term_query(self._schema, field, stems[0])
        return Query.phrase_query(self._schema, field, list(stems), slop=slop)

    def _days(self, question: Question) -> Query:
        assert question.since is not None and question.until is not None
        return Query.range_query(
            self._schema,
            "date",
            tantivy.FieldType.Date,
            _midnight(question.since),
            _midnight(question.until),
            # Tried both ways for a tenth of the articles: the terms of the days are as fast as the column or
            # faster for any word, and slower for all words and phrases.
            use_inverted_index=question.kind == "any",
        )

    def answer(self, found: tantivy.SearchResult) -> Answer:
        hits: list[tuple[str, float]] = []
        articles: list[tuple[str, str]] = []
        for score, address in found.hits:
            document = self._searcher.doc(address)
            hits.append((document["id"][0], float(score)))
            articles.append(self._article(document))
        return Answer(found.count if self.total else None, hits, articles)  # type: ignore[attr-defined]

    def _article(self, document: tantivy.Document) -> tuple[str, str]:
        title, _, text = document["body"][0].partition("\n")
        return title, text

    def facts(self) -> dict[str, Any]:
        return {"segments": self._searcher.num_segments}


class TantivyTwoFields(Tantivy):
    """A field for the title and one for the text, both asked."""

    name = "tantivy-two-fields"
    searched = ("title", "text")

    def _article(self, document: tantivy.Document) -> tuple[str, str]:
        return document["title"][0], document["text"][0]


class TantivyNoTotal(Tantivy):
    """The index of ``tantivy``, asked for the ten best alone."""

    name = "tantivy-no-total"
    abilities = Abilities(total=False, remark="the index of tantivy, asked without the exact total")
    index_of = "tantivy"
    total = False


class TantivyForms(Tantivy):
    """Words as they are written, for patterns alone."""

    name = "tantivy-forms"
    abilities = Abilities(
        PATTERNS, remark="its terms are words as they are written, which is what searchkit looks among"
    )
    tokenizer = "default"


def _any(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC)
