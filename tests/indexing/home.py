"""A folder of news beside its index, as the tests of indexing change it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from searchkit.index import open_index
from searchkit.indexing import Ledger, Progress, Report, Sync
from searchkit.local import open_writer
from searchkit.readers import Settings


class Home:
    """A folder of news and its index, and runs that bring them together."""

    def __init__(self, folder: Path) -> None:
        self.news = folder / "news"
        self.news.mkdir()
        self.index = folder / "index"

    def file(self, name: str, text: str) -> Path:
        path = self.news / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        # A time of its own, so that two writes within one tick of the clock differ.
        self.ticks = getattr(self, "ticks", 1_600_000_000) + 1
        os.utime(path, (self.ticks, self.ticks))
        return path

    def sync(
        self,
        *paths: Path,
        rebuild: bool = False,
        watch: Callable[[Progress], None] | None = None,
        stop: Callable[[], bool] | None = None,
        settings: Settings | None = None,
        within: list[str] | None = None,
        workers: int = 1,
    ) -> Report:
        with (
            open_writer(self.index, fresh=rebuild) as writer,
            Ledger(self.index) as ledger,
        ):
            run = Sync(writer, ledger, self.index, workers=workers, watch=watch, stop=stop, settings=settings)
            return run.run(paths or (self.news,), rebuild=rebuild, within=within)

    def ids(self, text: str) -> list[str]:
        with open_index(self.index) as index:
            return sorted(hit.id for hit in index.search(text, limit=1000))
