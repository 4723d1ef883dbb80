"""Stock Whoosh as a second witness: the same articles in an index of its own, asked what it answers rightly.

That is single words, all of several leaves, any of several leaves, and phrases; of what is nested deeper it loses
hits, and it may not rank as searchkit does. So sets of articles are compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from whoosh import query
from whoosh.analysis import Analyzer, Token
from whoosh.fields import ID, TEXT, Schema
from whoosh.filedb.filestore import RamStorage

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.local.whoosh_codec import NewsAnalyzer
from searchkit.query import AllOf, AnyOf, Leaf, Node, Phrase, Word, as_written

_BETWEEN = "\x00"


class TitleAndBody(Analyzer):  # type: ignore[misc]
    """The stems of a title and a body, with a position between them that no word has."""

    def __call__(self, value: str, start_pos: int = 0, **options: Any) -> Iterator[Token]:
        stems = NewsAnalyzer("english")
        title, _, body = value.partition(_BETWEEN)
        behind = start_pos
        for token in stems(title, start_pos=start_pos, **options):
            behind += 1
            yield token
        yield from stems(body, start_pos=behind + 1, **options)


class Witness:
    """Articles in an index that Whoosh wrote, in memory; ``answers`` counts the queries with hits, by their kind."""

    def __init__(self, articles: Iterable[Article]) -> None:
        schema = Schema(id=ID(stored=True), text=TEXT(TitleAndBody()))
        index = RamStorage().create_index(schema)
        writer = index.writer()
        for article in articles:
            writer.add_document(id=article.id, text=f"{article.title}{_BETWEEN}{article.body}")
        writer.commit()
        self._searcher = index.searcher()
        self._chain = Chain()
        self.answers: Counter[str] = Counter()

    def matching(self, tree: Node) -> set[str] | None:
        """The ids of the articles that match; None for a tree of which Whoosh is no witness."""
        asked = self._query(tree)
        if asked is None:
            return None
        found = {hit["id"] for hit in self._searcher.search(asked, limit=None)}
        self.answers[type(tree).__name__] += bool(found)
        return found

    def _query(self, tree: Node) -> query.Query | None:
        if isinstance(tree, Word | Phrase):
            return self._leaf(tree)
        leaves = [self._leaf(part) for part in tree.parts if isinstance(part, Word | Phrase)]
        if len(leaves) < len(tree.parts):
            return None
        return {AllOf: query.And, AnyOf: query.Or}[type(tree)](leaves)

    def _leaf(self, leaf: Leaf) -> query.Query:
        stems = [token.stem for token in self._chain.tokens(as_written(leaf))]
        if len(stems) > 1:
            return query.Phrase("text", stems)
        # A leaf without words matches nothing; Whoosh would leave it out of what has to match.
        return query.Term("text", stems[0] if stems else "no article has this word")

    def close(self) -> None:
        self._searcher.close()
