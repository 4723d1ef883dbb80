"""What does a reader see? One commit: its segments, which of their articles are live, and the counts over all."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from searchkit.article import Article
from searchkit.errors import IndexDamaged
from searchkit.store import kernels
from searchkit.store.forms import SharedForms
from searchkit.store.manifest import Manifest, SegmentEntry, read_manifest
from searchkit.store.ranking import Scale
from searchkit.store.sections import SectionReader
from searchkit.store.segment import SegmentReader, damaged


class LiveSegment:
    """A segment together with what was deleted from it."""

    def __init__(self, path: Path, entry: SegmentEntry, reader: SegmentReader | None = None) -> None:
        self.entry = entry
        self.reader = reader or SegmentReader(path / entry.name)
        if self.reader.articles != entry.articles:
            raise self.reader.file.damaged("it has another number of articles than the manifest says")
        self.live: memoryview | None = None
        self.deletions: SectionReader | None = None
        if entry.deleted:
            file = self.deletions = SectionReader(path / entry.deleted)
            self.live = file.numbers("live", "B")
            if len(self.live) != (entry.articles + 7) // 8:
                raise file.damaged("it does not cover its segment")

    @cached_property
    def kernel(self) -> kernels.Segment:
        """The segment as the kernels see it."""
        return self.reader.kernel(self.live)

    def is_live(self, number: int) -> bool:
        """Whether an article is not deleted."""
        return self.live is None or bool(self.live[number >> 3] >> (number & 7) & 1)


class Snapshot:
    """One commit of the index in the folder ``path``. It takes no lock and never changes; safe from many threads."""

    def __init__(self, path: Path, before: Snapshot | None = None) -> None:
        self.path = path
        known = {segment.entry.name: segment for segment in before.segments} if before else {}
        while True:
            self.manifest: Manifest = read_manifest(path)
            try:
                self.segments: list[LiveSegment] = [self._open(entry, known) for entry in self.manifest.segments]
                break
            except IndexDamaged:
                # A writer may have replaced the commit, and removed its files, between two looks.
                if read_manifest(path).generation == self.manifest.generation:
                    raise
        self.articles = sum(entry.live for entry in self.manifest.segments)
        self.scale = Scale.of_averages(
            sum(entry.title_words for entry in self.manifest.segments),
            sum(entry.body_words for entry in self.manifest.segments),
            self.articles,
        )

    @cached_property
    def searcher(self) -> kernels.Searcher:
        """What answers queries over all segments."""
        try:
            parts = [
                (segment.kernel, segment.reader.dictionary, self.scale.stretch(segment.reader.scale))
                for segment in self.segments
            ]
        except kernels.Damage as error:
            raise IndexDamaged(f"the index is damaged: {error}", hint="See: searchkit check") from error
        return kernels.Searcher(parts, self.articles, self.scale.for_scores())

    @cached_property
    def forms(self) -> SharedForms:
        """The written forms of all segments."""
        return SharedForms([segment.reader.forms for segment in self.segments])

    def damaged(self, error: kernels.Damage) -> IndexDamaged:
        """What a complaint of the searcher becomes."""
        return damaged(error, self.segments[error.args[1]].reader)

    def _open(self, entry: SegmentEntry, known: dict[str, LiveSegment]) -> LiveSegment:
        segment = known.get(entry.name)
        if segment is not None and segment.entry == entry:
            return segment
        return LiveSegment(self.path, entry, segment.reader if segment else None)

    def find(self, article_id: str) -> tuple[LiveSegment, int] | None:
        """Where the live article with this id is, or None."""
        key = article_id.encode("utf-8", "replace")
        for segment in self.segments:
            number = segment.reader.number_of(key)
            if number >= 0 and segment.is_live(number):
                return segment, number
        return None

    def article(self, article_id: str) -> Article | None:
        """The article with this id, or None."""
        found = self.find(article_id)
        return found[0].reader.article(found[1]) if found else None
