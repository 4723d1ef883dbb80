"""How does this machine answer? Each segment is asked with a compiled plan, and the best of all are put in order."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import overload

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.engine import Filters, Request, Response, Statistics, Term
from searchkit.errors import AnalysisMismatch, ArticleMissing
from searchkit.local.plan import Plan
from searchkit.query import AllOf, leaves
from searchkit.store.kernels import COMPILED, WHY_PLAIN, Damage
from searchkit.store.segment import SegmentReader
from searchkit.store.snapshot import LiveSegment, Snapshot
from searchkit.version import __version__

_NEVER = datetime.date.max.toordinal() + 1
_ORDERS: dict[str, int] = {"relevance": 0, "newest": 1, "oldest": 2}
_EVERYTHING = 5


class Hit:
    """An article that was found in a segment; keeps the Found protocol."""

    __slots__ = ("_number", "_segment", "score")

    def __init__(self, score: float, segment: SegmentReader, number: int) -> None:
        self.score = score
        self._segment = segment
        self._number = number

    @property
    def id(self) -> str:
        """The article's id."""
        return self._segment.article_id(self._number)

    def load(self) -> Article:
        """The article itself."""
        return self._segment.article(self._number)


class Best(Sequence[Hit]):
    """The hits of an answer, each made when it is asked for."""

    __slots__ = ("_found", "_snapshot")

    def __init__(self, snapshot: Snapshot, found: list[tuple[float, int, int]]) -> None:
        self._snapshot = snapshot
        self._found = found

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Hit]: ...
    def __getitem__(self, at: int | slice) -> Hit | Sequence[Hit]:
        if isinstance(at, slice):
            return Best(self._snapshot, self._found[at])
        score, segment, number = self._found[at]
        return Hit(score, self._snapshot.segments[segment].reader, number)


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
        snapshot, tree = self._snapshot, request.query
        plan = Plan(tree, self._chain)
        total, counts, best = self._ask(snapshot, plan, request, request.offset + request.limit)
        found = Best(snapshot, best[request.offset :] if request.offset else best)
        if not request.details:
            return Response(total, total, found, (), snapshot.articles)
        total_all = total
        parts = leaves(tree)
        if len(parts) > 1 and not isinstance(tree, AllOf):
            total_all = self._ask(snapshot, Plan(AllOf(tuple(parts)), self._chain), request, 0)[0]
        return Response(total, total_all, found, tuple(self._terms(plan, counts, snapshot)), snapshot.articles)

    def _ask(
        self, snapshot: Snapshot, plan: Plan, request: Request, limit: int
    ) -> tuple[int, list[int], list[tuple[float, int, int]]]:
        """(exact total, articles that have each stem, the ``limit`` best as (score, segment number, article))."""
        if not plan.possible:
            # The stems are counted all the same.
            plan.nodes, limit = [(_EVERYTHING, 0)], 0
        filters = request.filters
        since = filters.since.toordinal() if filters.since else 0
        until = filters.until.toordinal() if filters.until else 0
        if since or until or request.sort != "relevance":
            for segment in snapshot.segments:
                segment.reader.days  # noqa: B018  (verified before the kernel reads them)
        wanted = [_wanted(segment, filters) for segment in snapshot.segments] if filters.sources else None
        try:
            total, counts, best, tied = snapshot.searcher.search(
                [stem.encode() for stem in plan.numbers],
                plan.nodes,
                since,
                until,
                wanted,
                limit,
                _ORDERS[request.sort],
            )
        except Damage as error:
            raise snapshot.damaged(error) from error
        if tied:
            best = _in_order(snapshot, best, request.sort)[:limit]
        return total if plan.possible else 0, counts, best

    def _terms(self, plan: Plan, counts: list[int], snapshot: Snapshot) -> Iterable[Term]:
        for leaf, stems in plan.leaves:
            if len(stems) == 1:
                count = counts[plan.numbers[stems[0]]]
            else:
                count = self._ask(snapshot, Plan(leaf, self._chain), Request(leaf), 0)[0]
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
            segment.reader.check_columns()
            names, days = segment.reader.source_names, segment.reader.days
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
            "kernels": "compiled" if COMPILED else f"plain, slow: {WHY_PLAIN}",
        }

    def close(self) -> None:
        """Let go of the files."""
        self._snapshot.segments.clear()


def _wanted(segment: LiveSegment, filters: Filters) -> bytes:
    """A byte for each source of a segment, 1 where it passes; b'' where none does."""
    folded = {source.casefold() for source in filters.sources}
    segment.reader.sources  # noqa: B018  (verified before the kernel reads them)
    wanted = bytes(name.casefold() in folded for name in segment.reader.source_names)
    return wanted if any(wanted) else b""


def _in_order(snapshot: Snapshot, best: list[tuple[float, int, int]], sort: str) -> list[tuple[float, int, int]]:
    """The hits of several segments: by score or day, equal ones newest first, then by id."""

    def key(hit: tuple[float, int, int]) -> tuple[float, int, bytes]:
        score, which, number = hit
        reader = snapshot.segments[which].reader
        day = reader.day_of(number)
        if sort == "oldest":
            day = -day if day else -_NEVER
        return -score, -day, reader.ids[number]

    return sorted(best, key=key)
