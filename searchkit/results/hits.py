"""What does the reader see of an answer? Counts, and hits that make their snippets when asked."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from searchkit.analysis import word_spans
from searchkit.article import Article
from searchkit.engine import Explanation, Found, Response, Term
from searchkit.frozen import frozen
from searchkit.query import Node, Notice, Query
from searchkit.results.headline import headline
from searchkit.results.lighting import Lighting, spans
from searchkit.results.snippets import Snippet, snippet

if TYPE_CHECKING:
    from searchkit.results.nothing import Nothing


class Hit:
    """One article of an answer; ``rank`` counts from 1 over all pages."""

    def __init__(self, rank: int, found: Found, lighting: Lighting) -> None:
        self.rank = rank
        self.score = found.score
        # Why it scores so, where that was asked for.
        self.explanation: Explanation | None = None
        self._found = found
        self._lighting = lighting

    @cached_property
    def id(self) -> str:
        """The article's id, unique in its index."""
        return self._found.id

    @cached_property
    def article(self) -> Article:
        """The article, whole; it is fetched when it is first asked for."""
        return self._found.load()

    @cached_property
    def title(self) -> str:
        """The article's title, or its first sentence where it has none."""
        return headline(self.article)

    @property
    def date(self) -> datetime.date | None:
        """The civil day of publication, or None."""
        return self.article.date

    @property
    def source(self) -> str:
        """Who published it, or ''."""
        return self.article.source

    @property
    def path(self) -> str:
        """The absolute path of the file in which it was found."""
        return self.article.origin.path

    @property
    def place(self) -> str:
        """The place within that file ("line 17"), or '' for the whole of it."""
        return self.article.origin.place

    @property
    def snippet(self) -> str:
        """The passages that hold most of the query's words, on one line."""
        return self._passages.text

    @property
    def highlights(self) -> tuple[tuple[int, int], ...]:
        """The lit stretches of ``snippet``, as (start, end) in characters."""
        return self._passages.highlights

    @cached_property
    def title_highlights(self) -> tuple[tuple[int, int], ...]:
        """The lit stretches of ``title``, as (start, end) in characters."""
        return tuple(spans(self._lighting.lit(self.title, list(word_spans(self.title)))))

    @cached_property
    def _passages(self) -> Snippet:
        return snippet(self.article.body, self._lighting)

    def __repr__(self) -> str:
        return f"<Hit {self.rank}: {self.id!r} {self.title!r}>"


@frozen
class Results:
    """An answer: iterate over its hits, best first.

    ``total`` articles match. Where the query is words and phrases side by side, ``total_all`` of them have every
    one; both are exact. ``terms`` says of each word, pattern and phrase in how many articles it stands,
    ``notices`` how the text was taken, ``suggestions`` what could be meant by a word that no article has: (word,
    articles), and ``nothing`` why no article matches. ``took_ms`` is the time from the text of the query to the
    ranked articles, in milliseconds.
    """

    query: str
    tree: Node
    total: int
    total_all: int
    took_ms: float
    terms: tuple[Term, ...]
    hits: tuple[Hit, ...]
    notices: tuple[Notice, ...] = ()
    suggestions: Mapping[str, tuple[tuple[str, int], ...]] = MappingProxyType({})
    nothing: Nothing | None = None

    def with_reasons(
        self, suggestions: Mapping[str, tuple[tuple[str, int], ...]], nothing: Nothing | None
    ) -> Results:
        """The same answer, with more to say of what it lacks."""
        return Results(
            self.query,
            self.tree,
            self.total,
            self.total_all,
            self.took_ms,
            self.terms,
            self.hits,
            self.notices,
            suggestions,
            nothing,
        )

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    def __getitem__(self, number: int) -> Hit:
        return self.hits[number]


def results(query: Query, response: Response, lighting: Lighting, *, offset: int, took_ms: float) -> Results:
    """The answer to ``query`` that an engine's ``response`` gives, ranks counted from ``offset`` + 1."""
    return Results(
        query=query.text,
        tree=query.tree,
        notices=query.notices,
        total=response.total,
        total_all=response.total_all,
        took_ms=took_ms,
        terms=response.terms,
        hits=tuple(Hit(offset + at, found, lighting) for at, found in enumerate(response.found, start=1)),
    )
