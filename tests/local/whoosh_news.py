"""News in an index that Whoosh opens, and a plain way to say what it should find there."""

from __future__ import annotations

import datetime
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from whoosh import query
from whoosh.index import FileIndex
from whoosh.qparser import QueryParser

from searchkit.analysis import Chain
from searchkit.article import Article, Origin
from searchkit.local.whoosh_codec import (
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
