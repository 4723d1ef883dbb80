"""What must an engine do? The narrow protocol that every engine keeps, and the records that cross it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol, Self, runtime_checkable

from searchkit.article import Article, Problem
from searchkit.frozen import frozen, put
from searchkit.query import Leaf, Node, Phrase, Word

if TYPE_CHECKING:
    from searchkit.store.kernels import Parcel

Sort = Literal["relevance", "newest", "oldest"]
MOST_EXPANSIONS = 1024


@frozen
class Filters:
    """What an article must be besides matching: ``since`` and ``until`` are included days.

    An article without a date passes no date filter. ``sources`` are compared folded; one of them
    must be the article's. An empty filter lets everything pass.
    """

    since: datetime.date | None = None
    until: datetime.date | None = None
    sources: tuple[str, ...] = ()


@frozen
class Request:
    """One question to an engine: hits ``offset`` to ``offset + limit`` of ``query``, in this order.

    Without ``details`` the answer leaves out ``total_all`` and ``terms``. ``deadline`` is what time.monotonic_ns()
    must not pass, 0 for none; ``most_expansions`` is how many words a pattern may mean.
    """

    query: Node
    filters: Filters = Filters()
    sort: Sort = "relevance"
    offset: int = 0
    limit: int = 10
    details: bool = True
    deadline: int = 0
    most_expansions: int = MOST_EXPANSIONS

    def __init__(
        self,
        query: Node,
        filters: Filters = Filters(),  # noqa: B008  (it never changes)
        sort: Sort = "relevance",
        offset: int = 0,
        limit: int = 10,
        details: bool = True,
        deadline: int = 0,
        most_expansions: int = MOST_EXPANSIONS,
    ) -> None:
        put(self, "query", query)
        put(self, "filters", filters)
        put(self, "sort", sort)
        put(self, "offset", offset)
        put(self, "limit", limit)
        put(self, "details", details)
        put(self, "deadline", deadline)
        put(self, "most_expansions", most_expansions)


@frozen
class Term:
    """A word, pattern or phrase of the query, and in how many articles of the whole index it stands."""

    leaf: Leaf | Phrase
    articles: int

    @property
    def text(self) -> str:
        """The term as it is written in a query."""
        if isinstance(self.leaf, Word):
            return self.leaf.text
        from searchkit.query import as_written  # most terms are words

        return as_written(self.leaf)


@frozen
class Weight:
    """How rare a word is: ``having`` of ``articles`` have it, idf = ln(1 + (N - n + 0.5)/(n + 0.5))."""

    text: str
    having: int
    articles: int
    idf: float


@frozen
class Share:
    """What a word or passage adds to a score: ``boost * idf * scale * saturation``, which is ``score``.

    ``idf`` is the sum over ``weights``. With f = 2 * title_count / title_norm + body_count / body_norm, the
    saturation is f / (k1 + f), and the scale k1 + 1; a norm says by how much a field is longer than the average.
    """

    text: str
    score: float
    boost: float
    idf: float
    weights: tuple[Weight, ...]
    scale: float
    saturation: float
    title_count: int
    title_norm: float
    body_count: int
    body_norm: float


@frozen
class Explanation:
    """A score, and the shares that add up to it."""

    score: float
    shares: tuple[Share, ...]


class Found(Protocol):
    """An article that matches. Its id and the article itself are fetched when they are asked for."""

    @property
    def score(self) -> float:
        """How well it matches; 0.0 where the order is by date."""

    @property
    def id(self) -> str:
        """The article's id."""

    def load(self) -> Article:
        """The article itself."""


@frozen
class Response:
    """The answer: ``total`` articles match, ``total_all`` have every part of the query (if it was asked).

    Both are exact and with the filters applied. ``found`` is the part that was asked for, best
    first; equal scores stand newest first, then by id. ``articles`` is the size of the index.
    """

    total: int
    total_all: int
    found: Sequence[Found]
    terms: tuple[Term, ...]
    articles: int


@frozen
class Statistics:
    """What an index holds: counts, the span of its dates, its bytes on disk, its versions.

    ``words`` counts occurrences, ``terms`` distinct stems. ``sources`` are (name, articles), the
    largest first. ``notices`` are sentences about what is not as it should be for long.
    """

    articles: int
    words: int
    terms: int
    sources: tuple[tuple[str, int], ...]
    first_date: datetime.date | None
    last_date: datetime.date | None
    undated: int
    bytes: int
    versions: dict[str, str]
    notices: tuple[str, ...] = ()


@frozen
class Refused:
    """An article that an engine did not take, and why; none with its id is in the index."""

    article_id: str
    problem: Problem


class Writer(Protocol):
    """Changes to an index, invisible until they are committed. One writer at a time."""

    def put(self, article: Article) -> None:
        """Add ``article``, in place of the one with its id if there is one."""

    def remove(self, article_id: str) -> None:
        """Remove the article with this id; nothing happens where there is none."""

    def clear(self) -> None:
        """Remove every article."""

    def commit(self, *, whole: bool = True) -> Sequence[Refused]:
        """Make all changes since the last commit visible and durable, together; gives those that were refused.

        After ``clear`` a commit that is not yet ``whole`` may go on showing what was there before.
        """

    @property
    def mark(self) -> bytes:
        """What tells the last commit from every other; b'' where there is none."""

    def articles(self) -> Iterator[Article]:
        """All articles that the index held when this writer opened it, in no order."""

    def close(self) -> None:
        """Give up what is not committed, and let another writer in."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class ParcelWriter(Protocol):
    """A writer that takes articles as another process has packed them."""

    def put_parcel(self, parcel: Parcel) -> None:
        """Add the articles of a parcel, each in place of the one with its id if there is one."""


class Engine(Protocol):
    """An index that can be asked.

    One on this machine shows one commit until it is opened again; a cluster shows each commit from when it is done.
    """

    @property
    def language(self) -> str:
        """The language whose stems the index holds."""

    def search(self, request: Request) -> Response:
        """Answer ``request``.

        Raises QueryError, its text left empty, for a pattern that means too many words, and QueryTimeout.
        """

    def similar(self, word: str) -> list[tuple[str, int]]:
        """Words of the index that ``word`` may be a slip for, each with how many articles have it, best first."""

    def explain(self, request: Request, article: Article) -> Explanation:
        """The score of an article that matches."""

    def article(self, article_id: str) -> Article:
        """The article with this id; raises ArticleMissing."""

    def statistics(self) -> Statistics:
        """What the index holds."""

    def refresh(self) -> None:
        """Show what was committed since the index was opened."""

    def close(self) -> None:
        """Let go of files and connections."""
