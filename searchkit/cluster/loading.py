"""How do articles get into a cluster fast, and each of them surely? In bulk, over several lanes, until it says yes.

An article always takes the lane of its id, and a lane sends one request after the other, so what is said of one
article stays in order. A lane that has enough under way lets the reader wait. Whatever is refused for the time
being (429, 5xx, no answer) is sent again after a while, by chance a longer or a shorter one, so that many loaders do
not come back together; ids are stable, so what was done already is only done again.

Words have a lane of their own, and no article is sent before its words are there: whoever kills a load leaves no
article that a pattern does not find.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from searchkit.article import Article, Problem
from searchkit.cluster.connection import TOO_LARGE, TOO_MANY_REQUESTS, Connection, as_error
from searchkit.cluster.indexes import ONLY_ALIASES, load_alias, removed
from searchkit.cluster.layout import Layout, words_index
from searchkit.cluster.tokens import key_of
from searchkit.engine import Refused
from searchkit.errors import (
    AccessRefused,
    ClusterError,
    ClusterUnavailable,
    IndexMissing,
    SearchkitError,
    StorageError,
)

# A request is sent when it has so many bytes.
_BYTES = 4 << 20
# What a cluster takes in one request, where it does not say.
_MOST_BYTES = 100 << 20
# Characters and articles that documents are made of at once, about; how much waits for a thread that is busy.
_BATCH, _BATCH_ARTICLES = 1 << 20, 500
_AHEAD = 2
# In seconds: the first pause before something is sent again, the longest, and how long the cluster may say no.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 20.0
PATIENCE = 300.0
# How long the server waits for a shard that is away, and we for the answer.
_SHARD_SECONDS, _SECONDS = 20, 120.0
_FAILS_IN_PASSING = (429, 502, 503, 504)
_TOO_LARGE = "is larger than one request to the cluster may be (its http.max_content_length)"


class _Operation(NamedTuple):
    """A change of one document: ``item`` is the article, the id to be removed, or None for a word."""

    item: Article | str | None
    header: bytes
    source: bytes

    @property
    def size(self) -> int:
        return len(self.header) + len(self.source) + 2


class Loader:
    """Changes on their way into ``index``; ``check`` is called before each request and raises where it may not be.

    Documents are made in one thread, which knows each word once; lanes send them side by side.
    """

    def __init__(
        self,
        connection: Connection,
        index: str,
        layout: Layout,
        *,
        lanes: int,
        check: Callable[[], None],
        patience: float = PATIENCE,
    ) -> None:
        self._layout = layout
        self._most_bytes = _most_bytes(connection)
        self._words = _Lane(connection, words_index(index), self._most_bytes, check, patience)
        self._lanes = [_Lane(connection, index, self._most_bytes, check, patience) for _ in range(lanes)]
        self._waiting: list[Article | str] = []
        self._room = _BATCH
        self._thread = ThreadPoolExecutor(1, "searchkit-prepare")
        self._under_way: deque[Future[None]] = deque()

    def put(self, article: Article) -> None:
        """Send an article, in place of the one with its id; waits while enough is under way."""
        self._add(article, len(article.title) + len(article.body))

    def remove(self, article_id: str) -> None:
        """Remove the article with this id."""
        self._add(article_id, len(article_id))

    def finish(self) -> list[Refused]:
        """Wait until all is acknowledged; the articles that the cluster did not take since this was asked last."""
        self._start()
        while self._under_way:
            self._under_way.popleft().result()
        for lane in self._lanes:
            lane.start()
        for lane in (self._words, *self._lanes):
            lane.wait()
        refused = [one for lane in self._lanes for one in lane.refused]
        for lane in self._lanes:
            lane.refused.clear()
        return refused

    @property
    def difference(self) -> tuple[int, int]:
        """By how many articles the index has grown: at least, and at most, where answers were lost."""
        grown = sum(lane.created - lane.deleted for lane in self._lanes)
        least = grown - sum(lane.perhaps_deleted for lane in self._lanes)
        return least, grown + sum(lane.perhaps_created for lane in self._lanes)

    def stop(self) -> None:
        """Give up what was not sent yet."""
        # The words first: other lanes may wait for them.
        lanes = (self._words, *self._lanes)
        for lane in lanes:
            lane.give_up()
        self._thread.shutdown(cancel_futures=True)
        for lane in lanes:
            lane.stop()

    def _add(self, item: Article | str, size: int) -> None:
        self._waiting.append(item)
        self._room -= size
        if self._room <= 0 or len(self._waiting) >= _BATCH_ARTICLES:
            self._start()

    def _start(self) -> None:
        """Have what waits made into documents; waits while enough is under way."""
        while len(self._under_way) >= _AHEAD or (self._under_way and self._under_way[0].done()):
            self._under_way.popleft().result()
        if self._waiting:
            waiting, self._waiting, self._room = self._waiting, [], _BATCH
            self._under_way.append(self._thread.submit(self._prepare, waiting))

    def _prepare(self, items: Sequence[Article | str]) -> None:
        """Deal out what is said of each article; of changes of the same one the last counts."""
        last = {item.id if isinstance(item, Article) else item: item for item in items}
        articles = [item for item in last.values() if isinstance(item, Article)]
        for item in last.values():
            if isinstance(item, str):
                self._deal(key_of(item), _removal(item))
        documents = list(self._layout.documents(articles))
        for _, _, forms in documents:
            for form in forms:
                key, source = self._layout.word_document(form)
                self._words.add(key, _Operation(None, b'{"create":{"_id":"%s"}}' % key.encode("ascii"), source))
        words = self._words.start()
        for article, (key, source, _) in zip(articles, documents, strict=True):
            self._deal(key, _Operation(article, b'{"index":{"_id":"%s"}}' % key.encode("ascii"), source), words)

    def _deal(self, key: str, operation: _Operation, words: Future[None] | None = None) -> None:
        self._lanes[int(key[:8], 16) % len(self._lanes)].add(key, operation, words)


class _Lane:
    """One request after the other, in a thread of its own; a request never has two changes of one document."""

    def __init__(
        self,
        connection: Connection,
        index: str,
        most_bytes: int,
        check: Callable[[], None],
        patience: float,
    ) -> None:
        self._connection = connection
        self._index = index
        self._most_bytes = most_bytes
        self._check = check
        self._patience = patience
        self._waiting: dict[str, _Operation] = {}
        self._size = 0
        # What has to be done before what waits is sent.
        self._before: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, "searchkit-load")
        self._under_way: deque[Future[None]] = deque()
        self._stopped = False
        self.refused: list[Refused] = []
        self.created = self.deleted = 0
        # Where an answer was lost, and the change was found done, or not to be done, when it was sent again.
        self.perhaps_created = self.perhaps_deleted = 0

    def add(self, key: str, operation: _Operation, before: Future[None] | None = None) -> None:
        """Take a change of the document with this key, to be sent when what is ``before`` it is done."""
        size = operation.size
        if key in self._waiting or self._size + size > min(_BYTES, self._most_bytes):
            self.start()
        self._waiting[key] = operation
        self._size += size
        # Words go one request after the other: the last one is behind all others.
        self._before = before or self._before

    def start(self) -> Future[None] | None:
        """Send what waits, in the lane's thread; waits while enough is under way. What was started last."""
        while len(self._under_way) >= _AHEAD or (self._under_way and self._under_way[0].done()):
            self._under_way.popleft().result()
        if self._waiting:
            waiting, self._waiting, self._size = self._waiting, {}, 0
            self._under_way.append(self._thread.submit(self._send_behind, list(waiting.values()), self._before))
            self._before = None
        return self._under_way[-1] if self._under_way else None

    def wait(self) -> None:
        """Wait until all that was started is acknowledged."""
        while self._under_way:
            self._under_way.popleft().result()

    def give_up(self) -> None:
        """Send nothing more."""
        self._stopped = True

    def stop(self) -> None:
        """End the thread."""
        self._thread.shutdown(cancel_futures=True)

    def _send_behind(self, operations: Sequence[_Operation], before: Future[None] | None) -> None:
        if before is not None:
            before.result()
        self._send(operations)

    def _send(self, operations: Sequence[_Operation]) -> None:
        """Send until each change is acknowledged or refused for good."""
        pause = _FIRST_PAUSE
        end = time.monotonic() + self._patience
        left = list(operations)
        again = False
        if len(left) == 1 and left[0].size > self._most_bytes:
            # The server would end the connection without a word.
            self._refuse(left[0], _TOO_LARGE)
            return
        while left:
            if self._stopped:
                return
            self._check()
            failure: SearchkitError | None
            try:
                later, failure = self._request(left, again)
                if len(later) < len(left):
                    end = time.monotonic() + self._patience
                left = later
            except ClusterUnavailable as error:
                if error.status == TOO_MANY_REQUESTS and again and len(left) > 1:
                    # All at once may be more than a node ever takes.
                    self._send_parts(left)
                    return
                failure, again = error, True
            except ClusterError as error:
                if error.status != TOO_LARGE:
                    raise
                self._send_parts(left)
                return
            if failure is None:
                return
            if time.monotonic() > end:
                raise failure
            time.sleep(random.uniform(0.5, 1) * pause)  # noqa: S311  (no secret)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _send_parts(self, operations: Sequence[_Operation]) -> None:
        """A request that was too large, in two; what is too large alone is refused."""
        middle = len(operations) // 2
        if middle:
            self._send(operations[:middle])
            self._send(operations[middle:])
            return
        self._refuse(operations[0], _TOO_LARGE)

    def _request(
        self, operations: Sequence[_Operation], again: bool
    ) -> tuple[list[_Operation], SearchkitError | None]:
        """Send them once: those to be sent once more, and why."""
        lines = []
        for operation in operations:
            lines.append(operation.header)
            if operation.source:
                lines.append(operation.source)
        lines.append(b"")
        answer = self._connection.post(
            f"/{load_alias(self._index)}/_bulk",
            body=b"\n".join(lines),
            params={"timeout": f"{_SHARD_SECONDS}s"} | ONLY_ALIASES,
            timeout=_SECONDS,
        )
        items = answer.get("items", [])
        if len(items) != len(operations):
            raise ClusterUnavailable("the cluster did not answer for all that it was sent", hint="Run this again.")
        later: list[_Operation] = []
        failure: SearchkitError | None = None
        for operation, item in zip(operations, items, strict=True):
            told = next(iter(item.values()))
            status = int(told.get("status", 0))
            if "error" not in told:
                self._count(operation, told, again)
            elif operation.item is None and status == 409:
                # The word is there already.
                self._count(operation, told, again)
            else:
                error = as_error(status, told)
                if isinstance(error, IndexMissing):
                    raise removed(f"the index {self._index} or that of its words")
                if isinstance(error, StorageError | AccessRefused):
                    # Of no article, but of all of them.
                    raise error
                if status in _FAILS_IN_PASSING:
                    later.append(operation)
                    failure = error
                else:
                    self._refuse(operation, f"was refused by the cluster: {_reason(told)}")
        return later, failure

    def _count(self, operation: _Operation, told: dict[str, Any], again: bool) -> None:
        if operation.item is None:
            return
        result = told.get("result")
        if result == "created":
            self.created += 1
        elif result == "deleted":
            self.deleted += 1
        elif again:
            self.perhaps_created += result == "updated"
            self.perhaps_deleted += result == "not_found"

    def _refuse(self, operation: _Operation, reason: str) -> None:
        """An article that the cluster will not take; the one that it was to take the place of is none any more."""
        item = operation.item
        if isinstance(item, Article):
            self.refused.append(Refused(item.id, Problem(item.origin, reason, kind="limit")))
            self._send([_removal(item.id)])
            return
        raise ClusterError(f"a change {reason}", hint="The log of the cluster says more.")


def _removal(article_id: str) -> _Operation:
    return _Operation(article_id, b'{"delete":{"_id":"%s"}}' % key_of(article_id).encode("ascii"), b"")


def _most_bytes(connection: Connection) -> int:
    """How large a request may be for every node."""
    nodes = connection.get("/_nodes/http").get("nodes", {}).values()
    told = [node.get("http", {}).get("max_content_length_in_bytes") for node in nodes]
    return min((size for size in told if isinstance(size, int) and size > 0), default=_MOST_BYTES)


def _reason(told: dict[str, Any]) -> str:
    error = told.get("error", {})
    cause = error.get("caused_by") or {}
    said = str(error.get("reason", "")) or "no reason given"
    if cause.get("reason"):
        said += f" ({cause['reason']})"
    return said if len(said) <= 200 else said[:200] + "…"
