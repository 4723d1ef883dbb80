"""How does this machine answer? Each segment is asked with a compiled plan, and the best of all are put in order."""

from __future__ import annotations

import datetime
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from functools import cached_property, partial
from operator import itemgetter
from pathlib import Path

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.engine import Filters, Found, Request, Response, Statistics, Term
from searchkit.errors import AnalysisMismatch, ArticleMissing
from searchkit.local.plan import Plan
from searchkit.query import AllOf, leaves
from searchkit.store.kernels import COMPILED, Damage, Query
from searchkit.store.segment import damaged
from searchkit.store.snapshot import LiveSegment, Snapshot
from searchkit.version import __version__

_NEVER = datetime.date.max.toordinal() + 1


class LocalEngine:
    """The index in the folder ``path``, as it was committed last; keeps the Engine protocol."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._snapshot = Snapshot(path)
        self._check_analysis()

    def _check_analysis(self) -> None:
        manifest = self._snapshot.manifest
        try:
            self._chain = Chain(manifest.language)
        except ValueError:
            self._chain = Chain()
        if self._chain.fingerprint != manifest.fingerprint:
            raise AnalysisMismatch(
                f"the index {self._path} was written with another analysis of words",
                hint="Build it again: searchkit index --rebuild PATH",
            )

    @property
    def language(self) -> str:
        """The language of the stems."""
        return self._chain.language

    def refresh(self) -> None:
        """Show what was committed since; segments that are still there stay open."""
        self._snapshot = Snapshot(self._path, self._snapshot)
        self._check_analysis()

    def search(self, request: Request) -> Response:
        """Answer ``request``: exact totals, the best in their order."""
        snapshot = self._snapshot
        plan = Plan(request.query, self._chain, snapshot)
        total, best = self._ask(snapshot, plan, request, request.offset + request.limit)
        total_all = total
        parts = leaves(request.query)
        if request.details and len(parts) > 1 and not isinstance(request.query, AllOf):
            every = Plan(AllOf(tuple(parts)), self._chain, snapshot)
            total_all, _ = self._ask(snapshot, every, request, 0)
        return Response(
            total=total,
            total_all=total_all,
            found=tuple(
                Found(score, partial(segment.reader.article_id, number), partial(segment.reader.article, number))
                for score, segment, number in best[request.offset :]
            ),
            terms=tuple(self._terms(plan, snapshot)) if request.details else (),
            articles=snapshot.articles,
        )

    def _ask(
        self, snapshot: Snapshot, plan: Plan, request: Request, limit: int
    ) -> tuple[int, list[tuple[float, LiveSegment, int]]]:
        """(exact total, the ``limit`` best as (score, segment, article))."""
        # Days are negative numbers where the oldest come first.
        total, floor = 0, 0.0 if request.sort == "relevance" else -1e300
        best: list[tuple[float, LiveSegment, int]] = []
        scale = snapshot.scale.for_scores()
        for segment in snapshot.segments:
            compiled = plan.compile(segment)
            if compiled is None:
                continue
            low, high = _range(segment, request.filters)
            wanted = _wanted(segment, request.filters)
            if request.sort != "relevance":
                segment.reader.days  # noqa: B018  (verified before the kernel reads them)
            if low >= high or wanted == b"":
                continue
            room = min(limit, high - low)
            try:
                query = Query(segment.kernel, scale, *compiled, low, high, wanted, room, floor)
                found = query.run(request.sort)
            except Damage as error:
                raise damaged(error, segment.reader) from error
            total += query.total
            best += [(score, segment, number) for score, number in found]
            if len(snapshot.segments) > 1:
                best = _in_order(best, request.sort)[:limit]
                if request.sort == "relevance" and len(best) == limit and limit:
                    floor = best[-1][0]
        return total, best

    def _terms(self, plan: Plan, snapshot: Snapshot) -> Iterable[Term]:
        for leaf, stems in plan.leaves:
            if len(stems) == 1:
                count = plan.articles_with(stems[0])
            else:
                alone = Plan(leaf, self._chain, snapshot)
                count = self._ask(snapshot, alone, Request(leaf), 0)[0]
            yield Term(leaf.text, stems, count)

    def article(self, article_id: str) -> Article:
        """The article with this id; raises ArticleMissing."""
        article = self._snapshot.article(article_id)
        if article is None:
            raise ArticleMissing(
                f"no article has the id {article_id!r}",
                hint="The ids of hits are shown by: searchkit query --json TEXT",
            )
        return article

    def statistics(self) -> Statistics:
        """What the index holds."""
        snapshot = self._snapshot
        sources: Counter[str] = Counter()
        undated, first, last = 0, 0, 0
        stems: set[bytes] = set()
        for segment in snapshot.segments:
            names, days = segment.reader.source_names, segment.reader.days
            if days and max(days) >= _NEVER:
                raise segment.reader.file.damaged("a day lies beyond the calendar")
            counts: Counter[int] = Counter()
            for number, source in enumerate(segment.reader.sources):
                if segment.is_live(number):
                    counts[source] += 1
                    if day := days[number]:
                        first = min(first or day, day)
                        last = max(last, day)
                    else:
                        undated += 1
            for source, count in counts.items():
                sources[names[source]] += count
            stems.update(segment.reader.stems)
        del sources[""]
        return Statistics(
            articles=snapshot.articles,
            words=sum(entry.title_words + entry.body_words for entry in snapshot.manifest.segments),
            terms=len(stems),
            sources=tuple(sorted(sources.items(), key=lambda item: (-item[1], item[0]))),
            first_date=datetime.date.fromordinal(first) if first else None,
            last_date=datetime.date.fromordinal(last) if last else None,
            undated=undated,
            bytes=sum(file.stat().st_size for file in self._path.iterdir() if file.is_file()),
            versions=self._versions,
        )

    @cached_property
    def _versions(self) -> dict[str, str]:
        manifest = self._snapshot.manifest
        return {
            "searchkit": __version__,
            "analysis": manifest.fingerprint,
            "segments": str(len(manifest.segments)),
            "kernels": "compiled" if COMPILED else "plain, slow: no compiler was there when searchkit was installed",
        }

    def close(self) -> None:
        """Let go of the files."""
        self._snapshot.segments.clear()


def _range(segment: LiveSegment, filters: Filters) -> tuple[int, int]:
    """The articles of a segment whose days pass: articles stand in the order of their days."""
    if filters.since is None and filters.until is None:
        return 0, segment.reader.articles
    days = segment.reader.days
    low = bisect_left(days, filters.since.toordinal() if filters.since else 1)
    return low, bisect_right(days, filters.until.toordinal() if filters.until else _NEVER)


def _wanted(segment: LiveSegment, filters: Filters) -> bytes | None:
    """A byte for each source of a segment, 1 where it passes; None without a filter, b'' where none does."""
    if not filters.sources:
        return None
    folded = {source.casefold() for source in filters.sources}
    segment.reader.sources  # noqa: B018  (verified before the kernel reads them)
    wanted = bytes(name.casefold() in folded for name in segment.reader.source_names)
    return wanted if any(wanted) else b""


def _in_order(best: list[tuple[float, LiveSegment, int]], sort: str) -> list[tuple[float, LiveSegment, int]]:
    """The hits of several segments: by score or day, equal ones newest first, then by id."""

    def key(item: tuple[float, LiveSegment, int]) -> tuple[float, int]:
        score, segment, number = item
        day = segment.reader.day_of(number)
        if sort == "oldest":
            day = -day if day else -_NEVER
        return -score, -day

    keyed = [(key(item), item) for item in best]
    if len({at for at, _ in keyed}) == len(keyed):
        return [item for _, item in sorted(keyed, key=itemgetter(0))]
    # Only where two are equal are their ids looked up.
    named = sorted((at, item[1].reader.ids[item[2]], number) for number, (at, item) in enumerate(keyed))
    return [best[number] for _, _, number in named]
