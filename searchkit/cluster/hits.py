"""What does an engine of a cluster hand out? Hits whose articles are fetched when they are wanted, some at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

from searchkit.article import Article
from searchkit.cluster import reading
from searchkit.cluster.tokens import LONGEST_ID
from searchkit.errors import ArticleMissing
from searchkit.frozen import frozen

# So many articles are fetched at once, in a row of hits that begins with the one that was asked for.
_AT_ONCE = 100

Fetch = Callable[[Sequence[str]], list[dict[str, Any] | None]]


@frozen
class Ranked:
    """A document that was found: its ``_id``, score, and the id by which equal ones stand in order."""

    key: str
    score: float
    sorting_id: str
    day: int | None
    article: Article | None


class Hit:
    """An article that was found; keeps the Found protocol."""

    __slots__ = ("_at", "_hits", "score")

    def __init__(self, hits: Hits, at: int, score: float) -> None:
        self.score = score
        self._hits = hits
        self._at = at

    @property
    def id(self) -> str:
        """The article's id."""
        known = self._hits.ranked[self._at].sorting_id
        return known if len(known) <= LONGEST_ID else self.load().id

    def load(self) -> Article:
        """The article itself; raises ArticleMissing where it was removed meanwhile."""
        return self._hits.article(self._at)


class Hits(Sequence[Hit]):
    """The hits of an answer."""

    def __init__(self, ranked: Sequence[Ranked], fetch: Fetch) -> None:
        self.ranked = ranked
        self._fetch = fetch
        self._fetched: dict[int, Article | None] = {}

    def __len__(self) -> int:
        return len(self.ranked)

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Hit]: ...
    def __getitem__(self, at: int | slice) -> Hit | Sequence[Hit]:
        if isinstance(at, slice):
            return Hits(self.ranked[at], self._fetch)
        at = range(len(self.ranked))[at]
        return Hit(self, at, self.ranked[at].score)

    def article(self, at: int) -> Article:
        """The article of a hit."""
        article = self.ranked[at].article
        if article is not None:
            return article
        if at not in self._fetched:
            some = range(at, min(at + _AT_ONCE, len(self.ranked)))
            documents = self._fetch([self.ranked[number].key for number in some])
            # Those before are forgotten: whoever walks through a million hits must not hold a million articles.
            self._fetched = {
                number: None if document is None else article_of(document)
                for number, document in zip(some, documents, strict=True)
            }
        article = self._fetched[at]
        if article is None:
            raise ArticleMissing("an article that was found is not in the index any more", hint="Ask again.")
        return article


def article_of(document: dict[str, Any]) -> Article:
    """The article in a document; raises IndexDamaged where there is none."""
    return reading.article_of(document, str(document.get("_index", "")))
