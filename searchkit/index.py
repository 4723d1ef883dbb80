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
from searchkit.engine import Engine, Filters, Request, Sort, Statistics
from searchkit.errors import UsageError
from searchkit.local import open_engine
from searchkit.query import parse
from searchkit.results import Lighting, Results, results

MOST_HITS = 1_000_000


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
        limit: int = 10,
        offset: int = 0,
        require_all: bool = False,
        since: datetime.date | str | None = None,
        until: datetime.date | str | None = None,
        sources: Iterable[str] = (),
        sort: Sort = "relevance",
    ) -> Results:
        """The best ``limit`` articles for the words and "phrases" of ``text``, after ``offset`` others.

        Any of the words may match, or with ``require_all`` all must. ``since`` and ``until`` are days,
        included: dates, or texts such as "2020-03-09", "2020-03", "2020" and "last week". ``sources`` are names, and
        ``sort`` is "relevance", "newest" or "oldest". Raises QueryError for a text without a meaning
        and UsageError for any other argument that makes no sense.
        """
        if not 0 <= limit <= MOST_HITS or not 0 <= offset <= MOST_HITS:
            raise UsageError(f"limit and offset must lie between 0 and {MOST_HITS:,}")
        if sort not in get_args(Sort):
            raise UsageError(f"there is no order {sort!r}", hint=f"Known: {', '.join(get_args(Sort))}.")
        first = _first_day(since) if isinstance(since, str) else since
        last = _last_day(until) if isinstance(until, str) else until
        if first and last and first > last:
            raise UsageError(f"no day lies between {first} and {last}", hint="Exchange since and until.")
        self._check_open()
        began = time.perf_counter()
        tree = parse(text, require_all=require_all).tree
        filters = Filters(first, last, (sources,) if isinstance(sources, str) else tuple(sources))
        response = self._engine.search(Request(tree, filters, sort, offset, limit))
        took_ms = (time.perf_counter() - began) * 1000
        lighting = Lighting(response.terms, response.articles, self._chain)
        return results(text, response, lighting, offset=offset, took_ms=took_ms)

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


def _first_day(text: str) -> datetime.date:
    from searchkit.query.dates import days_of  # only a query with days needs it

    first = days_of(text, datetime.date.today()).first
    if first is None:
        raise UsageError(f"{text!r} has no first day", hint="Give since the day to begin with.")
    return first


def _last_day(text: str) -> datetime.date:
    from searchkit.query.dates import days_of  # only a query with days needs it

    last = days_of(text, datetime.date.today()).last
    if last is None:
        raise UsageError(f"{text!r} has no last day", hint="Give until the day to end with.")
    return last


def open_index(path: str | os.PathLike[str] = "index") -> Index:
    """Open the index in the folder ``path`` for asking; raises a SearchkitError where there is none."""
    return Index(open_engine(Path(path)))
