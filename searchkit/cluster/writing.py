"""How does an index in a cluster change? Articles go in as they come; a commit makes them seen.

What was sent before a commit is in the cluster already, unseen as long as nobody refreshes. A writer that ends
before its commit leaves it there, and leaves the mark of a commit that never was, so that whoever keeps a ledger
learns anew what the index holds.

A new index is made with the first articles, because their average lengths belong to it. One that takes the place of
another stands beside it until it is whole: then its copies are made, it is counted and sampled, and the name means
it from one moment to the next. Until then the old one is asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Self

from searchkit.article import Article
from searchkit.cluster.address import Address
from searchkit.cluster.connection import Connection
from searchkit.cluster.indexes import Indexes, Standing
from searchkit.cluster.layout import Layout
from searchkit.cluster.loading import PATIENCE, Loader
from searchkit.cluster.lock import ClusterLock
from searchkit.cluster.reading import article_of, every_article
from searchkit.cluster.sampling import Sample
from searchkit.cluster.tokens import key_of
from searchkit.engine import Refused
from searchkit.errors import (
    AnalysisMismatch,
    ClusterError,
    IndexDamaged,
    IndexMissing,
    NotAnIndex,
    SearchkitError,
    UsageError,
)
from searchkit.store.writer import LONGEST_ARTICLE

LANES = 4
# The average lengths of an index are those of its first articles: of so many, or of so many characters.
_FIRST = 10_000
_FIRST_CHARACTERS = 48_000_000
# Articles of the sample that are looked up in one request.
_AT_ONCE = 50
_UNFINISHED = b"unfinished"


class ClusterWriter:
    """The one writer of the index at ``address``, which is made where there is none; keeps the Writer protocol.

    ``tell`` hears of what an earlier load has left behind, which is removed.

    ``fresh`` lets an index that is damaged or of another language or analysis give way, once another is whole.
    Raises UsageError, NotAnIndex, IndexLocked, IndexDamaged, AnalysisMismatch, AccessRefused or ClusterError.
    """

    def __init__(
        self,
        address: Address,
        *,
        language: str | None = None,
        fresh: bool = False,
        lanes: int = LANES,
        patience: float = PATIENCE,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._address = address
        self._lanes = lanes
        self._patience = patience
        self._connection = Connection.to(address)
        self._loader: Loader | None = None
        self._cleared = False
        # What waits for the index that is to be made of it.
        self._first: list[Article | str] = []
        self._room = _FIRST_CHARACTERS
        self._sample = Sample()
        # The index that is written to, and whether it is to take the place of one that has articles.
        self._target = ""
        self._replaces = False
        # The last changes that a commit has noted.
        self._changes: dict[str, int] | None = None
        # Whether the cluster knows the mark of all that was sent.
        self._noted = True
        self._broken = False
        try:
            self._connection.check_product()
            self._indexes = Indexes(self._connection, address.index, patience=patience)
            self._look(language, fresh)
            self._lock = ClusterLock(self._indexes, address.index, tell)
        except BaseException:
            self._connection.close()
            raise
        try:
            # What was seen before the lock was taken may be another by now.
            self._standing = self._look(language, fresh)
            self._language = language or (self._standing.layout.chain.language if self._standing else "english")
            self._indexes.end_load()
            left = self._indexes.remove_others(self._behind())
            if left and tell:
                tell(f"Removed what a load that was ended has left behind: {', '.join(left)}.")
            self._mark = self._last_mark()
        except BaseException:
            self._lock.release()
            self._connection.close()
            raise

    def put(self, article: Article) -> None:
        """Add ``article``, in place of the one with its id if there is one."""
        size = len(article.title) + len(article.body)
        if size > LONGEST_ARTICLE:
            raise UsageError(
                f"article {article.id!r} has more than {LONGEST_ARTICLE:,} characters",
                hint="Split it into several.",
            )
        self._sample.put(article)
        if self._ready():
            self._sending(article)
        else:
            self._first.append(article)
            self._room -= size
            if len(self._first) >= _FIRST or self._room <= 0:
                self._make()

    def remove(self, article_id: str) -> None:
        """Remove the article with this id; nothing happens where there is none."""
        self._sample.remove(article_id)
        if self._ready():
            self._sending(article_id)
        else:
            self._first.append(article_id)

    def clear(self) -> None:
        """Remove every article; what is there is seen until the commit of what comes instead."""
        self._stop()
        self._give_up_target()
        self._sample = Sample()
        self._first, self._room = [], _FIRST_CHARACTERS
        self._cleared = True

    def commit(self, *, whole: bool = True) -> Sequence[Refused]:
        """Make what was put visible; an index that takes the place of another is shown when it is ``whole``.

        After an error the writer can only be closed; what was acknowledged stays in the cluster.
        """
        self._check_whole()
        if not self._target:
            if not self._first and not self._cleared and self._standing:
                return ()
            self._make()
        target, loader = self._target, self._loader
        assert loader is not None  # noqa: S101  (for the type checker)
        self._broken = True
        refused = loader.finish()
        for one in refused:
            self._sample.remove(one.article_id)
        self._indexes.show(target)
        if target != self._behind() and (whole or not self._replaces):
            self._take_place(target)
        mark = os.urandom(16)
        held = self._indexes.held(target)
        self._indexes.note(f"commit-{target}", {"mark": mark.hex(), **held})
        self._changes = held["changes"]
        self._mark, self._noted = mark, True
        self._broken = False
        return refused

    @property
    def mark(self) -> bytes:
        """What tells the last commit from every other; b'' where there is none."""
        return self._mark

    def articles(self) -> Iterator[Article]:
        """All articles of the index that the name means, in no order."""
        return every_article(self._connection, self._standing.index) if self._standing else iter(())

    def close(self) -> None:
        """Send no more, restore what was turned off for the load, and let another writer in.

        Raises ClusterError where the cluster does not let it be restored; the next writer does it then.
        """
        try:
            self._stop()
            self._give_up_target()
            self._indexes.end_load()
        finally:
            self._lock.release()
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except SearchkitError:
            # What went wrong first is what has to be said.
            if error is None:
                raise

    def _look(self, language: str | None, fresh: bool) -> Standing | None:
        """What the name means now; None where it is nothing, or something that has to give way."""
        name = self._address.index
        try:
            standing = self._indexes.find_whole()
        except IndexMissing:
            return None
        except (IndexDamaged, AnalysisMismatch):
            if not fresh:
                raise
            if self._indexes.behind()[0] == name:
                raise
            return None
        if fresh and not standing.is_alias:
            raise NotAnIndex(
                f"{name} is itself an index of the cluster, whose place another cannot take",
                hint="Copy it to another name: searchkit copy FROM TO.",
            )
        there = standing.layout.chain.language
        if language is not None and there != language:
            if fresh:
                return standing
            raise UsageError(
                f"the index {self._address} is in the language {there!r}",
                hint=f"Leave --language {language} out, or start afresh with --rebuild.",
            )
        return standing

    def _behind(self) -> str:
        """The index that the name means, whatever it is; '' for none."""
        if self._standing:
            return self._standing.index
        try:
            return self._indexes.behind()[0]
        except IndexMissing:
            return ""

    def _last_mark(self) -> bytes:
        if not self._standing:
            return b""
        told = self._indexes.noted(f"commit-{self._standing.index}") or {}
        changes = told.get("changes")
        self._changes = changes if isinstance(changes, dict) else None
        try:
            mark = bytes.fromhex(told.get("mark", ""))
        except (TypeError, ValueError):
            mark = b""
        if not mark:
            # A load ended before its commit: what it sent is to be seen, so that somebody can learn of it.
            self._indexes.show(self._standing.index)
        return mark or _UNFINISHED

    def _ready(self) -> bool:
        """Whether there is an index that articles can be sent to."""
        self._check_whole()
        if self._target:
            return True
        standing = self._standing
        if standing is None or self._cleared or standing.layout.chain.language != self._language:
            return False
        if not self._first and self._indexes.count(standing.index):
            self._indexes.begin_load(standing.index)
            self._begin(standing.index, standing.layout)
            return True
        return False

    def _make(self) -> None:
        """A new index out of what waits, and send it there."""
        articles = [item for item in self._first if isinstance(item, Article)]
        layout = Layout.for_articles(self._language, articles)
        behind = self._behind()
        index = self._indexes.make(layout)
        self._changes = None
        self._replaces = bool(behind) and bool(not self._standing or self._indexes.count(behind))
        self._begin(index, layout)
        waiting, self._first = self._first, []
        for item in waiting:
            self._sending(item)

    def _begin(self, index: str, layout: Layout) -> None:
        self._target, self._layout, self._noted = index, layout, True
        self._loader = Loader(
            self._connection,
            index,
            Layout(layout.chain.language, layout.averages),
            lanes=self._lanes,
            check=self._lock.check,
            patience=self._patience,
        )

    def _sending(self, item: Article | str) -> None:
        assert self._loader is not None  # noqa: S101  (for the type checker)
        self._broken = True
        if self._noted:
            # Before the first change of each commit: whoever is killed now leaves no mark behind.
            known = {"changes": self._changes} if self._changes is not None else {}
            self._indexes.note(f"commit-{self._target}", {"mark": "", **known})
            self._noted = False
        if isinstance(item, Article):
            self._loader.put(item)
        else:
            self._loader.remove(item)
        self._broken = False

    def _take_place(self, index: str) -> None:
        """Let the name mean a new index, after it was checked and its copies were made."""
        if self._replaces:
            self._check(index)
            self._indexes.end_load()
            self._indexes.await_copies(index)
            self._lock.check()
        self._indexes.switch(index)
        self._standing = Standing(index, self._layout, is_alias=True)
        self._cleared = False
        self._indexes.remove_others(index)
        if self._replaces:
            # Copies and refresh are on again: what comes now is another load.
            self._stop()
            self._target, self._replaces = "", False

    def _check(self, index: str) -> None:
        """Raise ClusterError where an index does not hold what was acknowledged; the old one stays then."""
        assert self._loader is not None  # noqa: S101  (for the type checker)
        least, most = self._loader.difference
        count = self._indexes.count(index)
        if not least <= count <= most:
            wanted = f"{least:,}" if least == most else f"{least:,} to {most:,}"
            raise ClusterError(
                f"the new index holds {count:,} articles instead of {wanted}, so the old one stays",
                hint="Run the same command again.",
            )
        sample = self._sample.articles
        for first in range(0, len(sample), _AT_ONCE):
            some = sample[first : first + _AT_ONCE]
            answer = self._connection.post(
                f"/{index}/_mget",
                body={"ids": [key_of(article.id) for article in some]},
                params={"realtime": "false"},
            )
            for article, document in zip(some, answer["docs"], strict=True):
                if not document.get("found") or article_of(document, index) != article:
                    raise ClusterError(
                        f"the new index does not hold the article {article.id!r} as it was put, so the old one stays",
                        hint="Run the same command again.",
                    )

    def _check_whole(self) -> None:
        if self._broken:
            raise ClusterError("a write failed before; close this writer and open another")

    def _stop(self) -> None:
        if self._loader:
            self._loader.stop()
            self._loader = None

    def _give_up_target(self) -> None:
        """Remove the index that was begun and never shown."""
        target, self._target, self._replaces = self._target, "", False
        if target and target != self._behind():
            self._indexes.forget("load")
            self._indexes.remove_others(self._behind())
