"""Stock Whoosh (the package whoosh3), as its manual has it; on a slice, because of how long it builds."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any, ClassVar, Self

import whoosh
from whoosh.analysis.analyzers import StemmingAnalyzer
from whoosh.fields import DATETIME, ID, TEXT, Schema
from whoosh.index import create_in, open_dir
from whoosh.query.compound import And, Or
from whoosh.query.positional import Phrase
from whoosh.query.qcore import Query as Tree
from whoosh.query.ranges import DateRange
from whoosh.query.terms import Term
from whoosh.searching import Results, Searcher

from tests.bench.corpora import records
from tests.bench.engine import Abilities, Answer, Question

LIMIT_MB = 256


class Whoosh:
    """One field for title and text, stems without stop words, BM25F."""

    name: ClassVar[str] = "whoosh"
    abilities: ClassVar[Abilities] = Abilities(
        largest=5_000, remark="on 5,000 articles at most, because of how long it builds"
    )
    index_of: ClassVar[str] = ""

    def __init__(self, searcher: Searcher) -> None:
        self._searcher = searcher
        self._analyzer = _analyzer()

    @staticmethod
    def version() -> str:
        return "whoosh3 " + ".".join(str(part) for part in whoosh.__version__)

    @classmethod
    def build(cls, articles: Path, index: Path, workers: int) -> None:
        schema = Schema(
            id=ID(stored=True, unique=True),
            source=ID(stored=True),
            date=DATETIME(stored=True, sortable=True),
            body=TEXT(analyzer=_analyzer(), phrase=True, stored=True),
        )
        writer = create_in(str(index), schema).writer(procs=workers, limitmb=LIMIT_MB // workers)
        for record in records(articles):
            fields = {
                "id": record["id"],
                "source": record.get("source") or "",
                "body": record["title"] + "\n" + record["text"],
            }
            if record.get("date"):
                fields["date"] = datetime.datetime.fromisoformat(record["date"])
            writer.add_document(**fields)
        writer.commit()

    @classmethod
    def open(cls, index: Path) -> Self:
        return cls(open_dir(str(index)).searcher())

    def search(self, question: Question) -> tuple[int, Results]:
        stems = [token.text for token in self._analyzer(" ".join(question.words), mode="query")]
        days = None
        if question.since is not None and question.until is not None:
            days = DateRange("date", _midnight(question.since), _midnight(question.until))
        order = {"sortedby": "date", "reverse": True} if question.sort == "newest" else {}
        results = self._searcher.search(_tree(question, stems), limit=question.limit, filter=days, **order)
        # Whoosh counts when it is asked for the length, if ranking has not counted already.
        return len(results), results

    def answer(self, found: tuple[int, Results]) -> Answer:
        total, results = found
        hits: list[tuple[str, float]] = []
        articles: list[tuple[str, str]] = []
        for hit in results:
            title, _, text = hit["body"].partition("\n")
            score = hit.score
            hits.append((hit["id"], float(score) if isinstance(score, int | float) else 0.0))
            articles.append((title, text))
        return Answer(total, hits, articles)

    def facts(self) -> dict[str, Any]:
        return {"segments": len(list(self._searcher.reader().leaf_readers()))}


def _tree(question: Question, stems: list[str]) -> Tree:
    if question.kind == "phrase" and len(stems) > 1:
        return Phrase("body", stems)
    terms = [Term("body", stem) for stem in stems]
    return Or(terms) if question.kind == "any" else And(terms)


def _analyzer() -> Any:
    return StemmingAnalyzer(stoplist=None, minsize=1)


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime(day.year, day.month, day.day)
