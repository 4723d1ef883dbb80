"""How does a program ask an index? ``searchkit.open`` gives an Index, and ``search`` asks it."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self, get_args

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.engine import MOST_EXPANSIONS, Engine, Filters, Request, Response, Sort, Statistics
from searchkit.errors import QueryError, UsageError
from searchkit.local import open_engine
from searchkit.query import Exact, Fuzzy, Node, Phrase, Word, parse
from searchkit.results import Lighting, Results, results

# With these begins the address of an index in a cluster; all else is a folder.
_CLUSTERS = ("opensearch://", "opensearch+https://")

MOST_HITS = 1_000_000
# In seconds: more is as good as none.
_LONGEST_TIMEOUT = 1e8
# Of so many words that no article has, others are suggested.
_MOST_SUGGESTIONS = 10


class Index:
    """An index that can be asked; it shows what was committed when it was opened."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._closed = False
        self._chain = Chain(engine.language)

    def search(
        self,
        text: str,
        *,
        dialect: str = "",
        limit: int = 10,
        offset: int = 0,
        require_all: bool = False,
        since: datetime.date | str | None = None,
        until: datetime.date | str | None = None,
        sources: Iterable[str] = (),
        sort: Sort = "relevance",
        today: datetime.date | None = None,
        timeout: float | None = None,
        max_expansions: int = MOST_EXPANSIONS,
        explain: bool = False,
    ) -> Results:
        """The best ``limit`` articles for the query ``text``, after ``offset`` others.

        Any word may match, or with ``require_all`` all must; the README has the whole language. The text may be in
        a ``dialect``: "nexis", "factiva", "westlaw", "google" or "lucene". ``since`` and
        ``until`` are days, included: dates, or texts such as "2020-03" and "last week". ``sources`` are names,
        and ``sort`` is "relevance", "newest" or "oldest". ``today`` is the day that "yesterday" is counted from, by
        default that of the clock. A query that takes more than ``timeout`` seconds is a QueryTimeout, a pattern
        that means more than ``max_expansions`` words a QueryError. With ``explain`` each hit has an explanation.

        Raises QueryError for a text without a meaning and UsageError for any other argument that makes no sense.
        """
        if not 0 <= limit <= MOST_HITS or not 0 <= offset <= MOST_HITS:
            raise UsageError(f"limit and offset must lie between 0 and {MOST_HITS:,}")
        if sort not in get_args(Sort):
            raise UsageError(f"there is no order {sort!r}", hint=f"Known: {', '.join(get_args(Sort))}.")
        if timeout is not None and not timeout > 0:
            raise UsageError("a timeout must be more than nothing", hint="Give seconds: 2.5")
        today = today or datetime.date.today()
        first = _first_day(since, today) if isinstance(since, str) else since
        last = _last_day(until, today) if isinstance(until, str) else until
        if first and last and first > last:
            raise UsageError(f"no day lies between {first} and {last}", hint="Exchange since and until.")
        self._check_open()
        began = time.perf_counter()
        query = parse(text, dialect=dialect, require_all=require_all, today=today)
        filters = Filters(first, last, (sources,) if isinstance(sources, str) else tuple(sources))
        deadline = time.monotonic_ns() + int(min(timeout, _LONGEST_TIMEOUT) * 1e9) if timeout else 0
        request = Request(query.tree, filters, sort, offset, limit, True, deadline, max_expansions)
        response = self._ask(request, text)
        took_ms = (time.perf_counter() - began) * 1000
        lighting = Lighting(response.terms, response.articles, self._chain)
        made = results(query, response, lighting, offset=offset, took_ms=took_ms)
        if explain:
            for hit in made.hits:
                hit.explanation = self._engine.explain(request, hit.article)
        if not response.total or any(not term.articles for term in response.terms):
            return self._with_reasons(made, request)
        return made

    def _ask(self, request: Request, text: str) -> Response:
        try:
            return self._engine.search(request)
        except QueryError as error:
            # An engine knows the tree alone.
            raise QueryError(error.message, text=text, column=error.column, hint=error.hint) from error

    def _with_reasons(self, made: Results, request: Request) -> Results:
        """The results with what could be meant by words that no article has, and why nothing matches."""
        from searchkit.results.nothing import why_nothing  # only where something is missing

        def count(tree: Node) -> int:
            alone = Request(tree, Filters(), "relevance", 0, 0, False, request.deadline, request.most_expansions)
            return self._engine.search(alone).total

        suggestions = {}
        for leaf in [term.leaf for term in made.terms if not term.articles][:_MOST_SUGGESTIONS]:
            # Of a phrase that stands nowhere, the words that stand nowhere.
            words = [part for part in leaf.parts if not count(part)] if isinstance(leaf, Phrase) else [leaf]
            for word in words:
                if isinstance(word, Word | Exact | Fuzzy):
                    suggestions[word.text] = tuple(self._engine.similar(word.text))
        return made.with_reasons(suggestions, None if made.total else why_nothing(request, self._engine.search))

    def article(self, article_id: str) -> Article:
        """The article with this id; raises ArticleMissing."""
        self._check_open()
        return self._engine.article(article_id)

    def statistics(self) -> Statistics:
        """How much the index holds, and of what."""
        self._check_open()
        return self._engine.statistics()

    def refresh(self) -> None:
        """Show what was committed since this was opened."""
        self._engine.refresh()

    def close(self) -> None:
        """Let go of the files of the index."""
        self._closed = True
        self._engine.close()

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError("this index is closed", hint="Open it again with searchkit.open.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _first_day(text: str, today: datetime.date) -> datetime.date:
    from searchkit.query.dates import days_of  # only a query with days needs it

    first = days_of(text, today).first
    if first is None:
        raise UsageError(f"{text!r} has no first day", hint="Give since the day to begin with.")
    return first


def _last_day(text: str, today: datetime.date) -> datetime.date:
    from searchkit.query.dates import days_of  # only a query with days needs it

    last = days_of(text, today).last
    if last is None:
        raise UsageError(f"{text!r} has no last day", hint="Give until the day to end with.")
    return last


def open_index(path: str | os.PathLike[str] = "index") -> Index:
    """Open an index for asking; raises a SearchkitError where there is none.

    It is in the folder ``path``, or in a cluster: "opensearch://host:9200/news".
    """
    if is_cluster(path):
        from searchkit.cluster import open_engine as open_in_cluster  # only where there is a cluster

        return Index(open_in_cluster(str(path)))
    return Index(open_engine(Path(path)))


def is_cluster(path: str | os.PathLike[str]) -> bool:
    """Whether this is the address of an index in a cluster, and no folder; raises UsageError for other addresses."""
    text = os.fspath(path)
    if text.startswith(_CLUSTERS):
        return True
    if "://" in text:
        raise UsageError(
            "an index is a folder or in a cluster of OpenSearch, and this is another address",
            hint="Write it like opensearch://localhost:9200/news, or opensearch+https:// where it has a certificate.",
        )
    return False
