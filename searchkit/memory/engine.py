"""How is a tree answered without an index? Slowly and obviously: every article is looked at for every part.

The oracle that other engines are tested against; and for a handful of articles an engine like any other.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.engine import Filters, Request, Response, Term
from searchkit.frozen import frozen
from searchkit.memory.fields import holds, value_of, whole_article
from searchkit.memory.text import Text
from searchkit.memory.weights import weight_of
from searchkit.query import (
    AllBut,
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Days,
    Everything,
    Id,
    Leaf,
    Node,
    Scope,
    Word,
    is_list,
    leaves,
)
from searchkit.query.spread import is_passage, spread
from searchkit.store.passages import begins
from searchkit.store.ranking import Scale, article_share, term_weight

_NEVER = datetime.date.max.toordinal() + 1


@frozen
class Remembered:
    """An article that matches; keeps the Found protocol."""

    article: Article
    score: float

    @property
    def id(self) -> str:
        """The article's id."""
        return self.article.id

    def load(self) -> Article:
        """The article itself."""
        return self.article


class MemoryEngine:
    """``articles``, the last of each id, and what an engine is asked about them."""

    def __init__(self, articles: Iterable[Article], language: str = "english") -> None:
        self.language = language
        self._chain = Chain(language)
        self._articles = {article.id: article for article in articles}
        self._texts = {key: Text(one.title, one.body, self._chain) for key, one in self._articles.items()}
        texts = self._texts.values()
        self._scale = Scale.of_averages(
            sum(text.title_words for text in texts), sum(text.body_words for text in texts), len(texts)
        )
        self._having: dict[str, int] = {}
        for text in texts:
            for stem in text.stems():
                self._having[stem] = self._having.get(stem, 0) + 1

    def search(self, request: Request) -> Response:
        """Answer ``request``."""
        found = self.scores(request.query, request.filters)
        total_all = len(found)
        parts = leaves(request.query)
        if request.details and is_list(request.query):
            total_all = len(self.scores(AllOf(tuple(parts)), request.filters))
        by_date = request.sort != "relevance"

        def order(key: str) -> tuple[float, int, bytes]:
            date = self._articles[key].date
            day = date.toordinal() if date else 0
            if request.sort == "oldest":
                return 0, day or _NEVER, key.encode("utf-8", "replace")
            return 0 if by_date else -found[key], -day, key.encode("utf-8", "replace")

        ranked = sorted(found, key=order)[request.offset : request.offset + request.limit]
        hits = [Remembered(self._articles[key], 0.0 if by_date else found[key]) for key in ranked]
        terms = [Term(leaf, len(self.scores(leaf))) for leaf in parts] if request.details else []
        return Response(len(found), total_all, hits, tuple(terms), len(self._articles))

    def scores(self, tree: Node, filters: Filters | None = None) -> dict[str, float]:
        """The score of every article that matches, by its id."""
        found = self._matching(spread(tree), 1.0)
        return {key: score for key, score in found.items() if filters is None or self._passes(key, filters)}

    def _passes(self, key: str, filters: Filters) -> bool:
        article = self._articles[key]
        if (filters.since or filters.until) and not whole_article(Days(filters.since, filters.until), article):
            return False
        return not filters.sources or article.source.casefold() in {name.casefold() for name in filters.sources}

    def _matching(self, node: Node, factor: float) -> dict[str, float]:
        match node:
            case AnyOf(parts):
                found = [self._matching(part, factor) for part in parts]
                return {key: sum(one.get(key, 0.0) for one in found) for key in set[str]().union(*found)}
            case AllOf(parts):
                found = [self._matching(part, factor) for part in parts]
                return {key: sum(one[key] for one in found) for key in set(found[0]).intersection(*found)}
            case AllBut(part, without):
                unwanted = set[str]().union(*[self._matching(other, factor) for other in without])
                return {key: score for key, score in self._matching(part, factor).items() if key not in unwanted}
            case Boost(part, more):
                return self._matching(part, factor * more)
            case AtLeast(count, part):
                enough = {key for key, text in self._texts.items() if _begins(text, part)[0] >= count}
                return {key: score for key, score in self._matching_passages(part, factor).items() if key in enough}
            case Scope(field, part) if not is_passage(node):
                chain, articles = self._chain, self._articles
                return {key: 0.0 for key in articles if holds(field, part, value_of(articles[key], field), chain)}
            case Days() | Id() | Everything():
                return {key: 0.0 for key, one in self._articles.items() if whole_article(node, one)}
        return self._matching_passages(node, factor)

    def _matching_passages(self, node: Node, factor: float) -> dict[str, float]:
        places = {key: _begins(text, node) for key, text in self._texts.items()}
        having = {key: counts for key, counts in places.items() if counts[0]}
        weight = weight_of(node, self._weight_of) * factor if having else 0.0
        return {key: self._share(key, weight, *counts) for key, counts in having.items()}

    def _share(self, key: str, weight: float, total: int, title: int) -> float:
        text = self._texts[key]
        return article_share(self._scale, weight, total, title, text.title_words, text.body_words)

    def _weight_of(self, leaf: Leaf) -> float:
        if isinstance(leaf, Word):
            return sum(self._term_weight(self._having.get(stem, 0)) for stem in self._chain.stems(leaf.text))
        return self._term_weight(sum(_begins(text, leaf)[0] > 0 for text in self._texts.values()))

    def _term_weight(self, having: int) -> float:
        return term_weight(len(self._articles), having)


def _begins(text: Text, node: Node) -> tuple[int, int]:
    return begins(text.passages(node), text.title_words)
