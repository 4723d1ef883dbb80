"""Which articles of a segment are no longer live? A bit for each, in a small new file for each commit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from searchkit.store.folder import Folder
from searchkit.store.kernels import common
from searchkit.store.manifest import SegmentEntry
from searchkit.store.sections import SectionWriter
from searchkit.store.snapshot import LiveSegment


class Deletions:
    """What one commit deletes, gathered segment by segment."""

    def __init__(self) -> None:
        self._articles: dict[str, set[int]] = defaultdict(set)

    def __bool__(self) -> bool:
        return any(self._articles.values())

    def superseded(self, newer: LiveSegment, older: Sequence[LiveSegment]) -> None:
        """Delete from ``older`` segments whatever has the id of an article of ``newer``."""
        ours = _whose(newer)
        for segment in older:
            theirs = _whose(segment)
            for here, there in common(newer.reader.digests, segment.reader.digests):
                number = theirs[there]
                if segment.is_live(number) and newer.reader.ids[ours[here]] == segment.reader.ids[number]:
                    self._articles[segment.entry.name].add(number)

    def remove(self, article_id: str, segments: Sequence[LiveSegment]) -> None:
        """Delete the article with this id wherever it is live."""
        key = article_id.encode("utf-8", "replace")
        for segment in segments:
            number = segment.reader.number_of(key)
            if number >= 0 and segment.is_live(number):
                self._articles[segment.entry.name].add(number)

    def apply(self, segment: LiveSegment, folder: Folder, next_name: Callable[[], str]) -> SegmentEntry:
        """Write what was deleted from a segment; returns its new entry, or the old where nothing was."""
        gone = self._articles.get(segment.entry.name)
        if not gone:
            return segment.entry
        entry, reader = segment.entry, segment.reader
        if segment.live is not None:
            live = bytearray(segment.live)
        else:
            live = bytearray(b"\xff") * ((entry.articles + 7) // 8)
        for number in gone:
            live[number >> 3] &= ~(1 << (number & 7)) & 0xFF
        titles = reader.file.numbers("lengths.title", "I")
        bodies = reader.file.numbers("lengths.body", "I")
        entry = replace(
            entry,
            live=entry.live - len(gone),
            title_words=entry.title_words - sum(titles[number] for number in gone),
            body_words=entry.body_words - sum(bodies[number] for number in gone),
            deleted="",
        )
        if not entry.live:
            return entry
        name = next_name()
        writer = SectionWriter(folder, name)
        writer.add("live", bytes(live))
        writer.finish({"segment": entry.name})
        return replace(entry, deleted=name)


def _whose(segment: LiveSegment) -> memoryview[int]:
    """The article of each digest of a segment."""
    reader = segment.reader
    articles = reader.file.numbers("ids.articles", "I")
    if len(articles) != len(reader.digests) or (len(articles) and max(articles) >= reader.articles):
        raise reader.file.damaged("an id belongs to no article")
    return articles
