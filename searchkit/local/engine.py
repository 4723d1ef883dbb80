"""How does this machine answer? From one snapshot of an index in a folder; searchkit/local/search.py asks it."""

from __future__ import annotations

import datetime
from collections import Counter
from functools import cached_property
from pathlib import Path

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.engine import Request, Response, Statistics
from searchkit.errors import AnalysisMismatch, ArticleMissing
from searchkit.local.search import Search
from searchkit.store.kernels import COMPILED, WHY_PLAIN
from searchkit.store.snapshot import Snapshot
from searchkit.version import __version__


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
        return Search(self._snapshot, self._chain, request).response()

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
