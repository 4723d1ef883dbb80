"""searchkit itself, seen as one of the engines that are measured."""

from __future__ import annotations

import datetime
import hashlib
import sys
from pathlib import Path
from typing import Any, ClassVar, Self, get_args

from searchkit.article import Article
from searchkit.engine import Engine, Filters, Request, Response
from searchkit.local import open_engine, open_writer
from searchkit.query import AllOf, AnyOf, Fuzzy, Near, Node, Phrase, Regex, Wildcard, Within, Word, phrase
from searchkit.version import __version__
from tests.bench.corpora import records
from tests.bench.engine import Abilities, Answer, Question
from tests.bench.places import REPOSITORY
from tests.bench.queries import KINDS, SLOP, Kind


class SearchkitEngine:
    """The local engine, through the calls that the command line makes."""

    name: ClassVar[str] = "searchkit"
    abilities: ClassVar[Abilities] = Abilities(frozenset(get_args(Kind)))
    index_of: ClassVar[str] = ""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @staticmethod
    def version() -> str:
        """The version, and a digest of the code: between releases the version does not change."""
        digest = hashlib.sha256()
        for file in sorted((REPOSITORY / "searchkit").rglob("*.py*")):
            if file.suffix in {".py", ".pyx"}:
                digest.update(file.read_bytes())
        return f"searchkit {__version__} ({digest.hexdigest()[:12]})"

    @classmethod
    def build(cls, articles: Path, index: Path, workers: int) -> None:
        """Read the JSON lines and commit once."""
        day_of = datetime.date.fromisoformat
        with open_writer(index, workers=workers) as writer:
            for record in records(articles):
                day = record.get("date")
                writer.put(
                    Article(
                        record["id"],
                        record["title"],
                        record["text"],
                        day_of(day) if day else None,
                        record.get("source") or "",
                    )
                )
            writer.commit()

    @classmethod
    def open(cls, index: Path) -> Self:
        return cls(open_engine(index))

    @staticmethod
    def command(index: Path, words: str) -> list[str]:
        """The command line of one query, for a fresh process."""
        return [str(Path(sys.executable).with_name("searchkit")), "query", "--index", str(index), words]

    def search(self, question: Question) -> Response:
        """The exact total and the ten best; ids and articles are read by ``answer``."""
        filters = Filters(since=question.since, until=question.until)
        request = Request(
            query=_node(question),
            filters=filters,
            sort=question.sort,
            limit=question.limit,
            details=False,
            most_expansions=1 << 20,
        )
        return self._engine.search(request)

    def answer(self, found: Any) -> Answer:
        articles = [(one.load(), one.score) for one in found.found]
        hits = [(article.id, score) for article, score in articles]
        return Answer(found.total, hits, [(article.title, article.body) for article, _ in articles])

    def facts(self) -> dict[str, Any]:
        return {"segments": self._engine.statistics().versions["segments"]}


def _node(question: Question) -> Node:
    if question.kind not in KINDS:
        return _operator(question)
    if question.kind == "phrase" and len(question.words) > 1:
        return phrase(" ".join(question.words))
    words = tuple(Word(word) for word in question.words)
    if len(words) == 1:
        return words[0]
    return AnyOf(words) if question.kind == "any" else AllOf(words)


def _operator(question: Question) -> Node:
    first, second = Word(question.words[0]), Word(question.words[-1])
    match question.kind:
        case "slop":
            return Phrase((first, second), SLOP)
        case "near":
            return Near(first, second, 1 + SLOP)
        case "sentence":
            return Within(first, second, "sentence")
        case "prefix":
            return Wildcard(f"{first.text}*")
        case "infix":
            return Wildcard(f"*{first.text}*")
        case "regex":
            return Regex(first.text)
    return Fuzzy(first.text, 1 if question.kind == "fuzzy" else 2)
