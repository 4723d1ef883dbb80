"""Where are segments made? In lanes, a thread each; what a writer hands to one is done in its order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.store.builder import SegmentBuilder, Words
from searchkit.store.folder import Folder
from searchkit.store.kernels import Parcel
from searchkit.store.manifest import SegmentEntry

# Batches that wait for a lane that is busy.
_AHEAD = 2
# The part of a lane's memory that words may take from one segment to the next.
_WORDS_KEPT = 4


class Lane:
    """One segment being made after another, in a thread of its own."""

    def __init__(self, folder: Folder, next_name: Callable[[], str], language: str, memory: int) -> None:
        self._thread = ThreadPoolExecutor(1, "searchkit-lane")
        self._under_way: deque[Future[None]] = deque()
        self.made: list[SegmentEntry] = []
        # For each id that was removed, how many segments this lane had made by then.
        self.removed: dict[str, int] = {}
        self._folder = folder
        self._next_name = next_name
        self._chain = Chain(language)
        self._memory = memory
        self._words = Words(memory)
        self._builder: SegmentBuilder | None = None

    def start(self, items: list[Article | Parcel | str]) -> None:
        """Have articles put and ids removed in this lane's thread; waits while enough is under way."""
        while len(self._under_way) >= _AHEAD:
            self._under_way.popleft().result()
        self._under_way.append(self._thread.submit(self._work, items))

    def wait(self) -> None:
        """Wait until everything that was handed over is done."""
        while self._under_way:
            self._under_way.popleft().result()

    def _work(self, items: list[Article | Parcel | str]) -> None:
        """Put articles and remove ids, in this order."""
        articles: list[Article | Parcel] = []
        for item in items:
            if not isinstance(item, str):
                articles.append(item)
                continue
            self._add(articles)
            articles = []
            self.removed[item] = len(self.made)
            if self._builder is not None:
                self._builder.remove(item.encode("utf-8", "replace"))
        self._add(articles)

    def _add(self, articles: list[Article | Parcel]) -> None:
        if not articles:
            return
        if self._builder is None:
            self._builder = SegmentBuilder(self._folder, self._next_name(), self._chain, self._words)
        self._builder.add(articles)
        if self._builder.bytes_held > self._memory:
            self.flush()

    def begin_flush(self) -> None:
        """Finish the segment at hand, in this lane's thread."""
        self._under_way.append(self._thread.submit(self.flush))

    def flush(self) -> None:
        """Finish the segment at hand."""
        if self._builder is not None:
            builder, self._builder = self._builder, None
            if len(builder):
                self.made.append(builder.finish())
            else:
                builder.abandon()
            self._forget_texts()

    def _forget_texts(self) -> None:
        """Keep what is known of words for the next segment, unless it is much."""
        self._words.vocabulary.forget_texts()
        if self._words.bytes_held > self._memory // _WORDS_KEPT:
            self._words.forget()

    def forget(self) -> None:
        """What was made is committed."""
        self.made.clear()
        self.removed.clear()

    def reset(self) -> None:
        """Give up everything."""
        while self._under_way:
            future = self._under_way.popleft()
            if not future.cancel():
                future.exception()
        if self._builder is not None:
            self._builder.abandon()
            self._builder = None
            self._forget_texts()
        self.forget()

    def stop(self) -> None:
        """Give up everything, and the thread."""
        self.reset()
        self._thread.shutdown()
