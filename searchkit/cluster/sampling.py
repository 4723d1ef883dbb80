"""Some of many articles, each as likely as any other: what an index is looked at by where all would take too long."""

from __future__ import annotations

import random

from searchkit.article import Article

# So many say of an index what a look at all would: a fault in every hundredth is missed once in seven times.
SAMPLE = 200


class Sample:
    """Of the articles that are put, some; Vitter's algorithm R (ACM TOMS 11, 1985)."""

    def __init__(self) -> None:
        self._kept: dict[str, Article] = {}
        self._seen = 0

    def put(self, article: Article) -> None:
        """Take an article, perhaps; it stands in place of the one with its id."""
        self._seen += 1
        if article.id in self._kept or len(self._kept) < SAMPLE:
            self._kept[article.id] = article
        elif (place := random.randrange(self._seen)) < SAMPLE:  # noqa: S311  (no secret)
            del self._kept[list(self._kept)[place]]
            self._kept[article.id] = article

    def remove(self, article_id: str) -> None:
        """It is removed, or was refused."""
        self._kept.pop(article_id, None)

    @property
    def articles(self) -> list[Article]:
        """Those that were kept."""
        return list(self._kept.values())
