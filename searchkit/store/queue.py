"""Who writes the file of a segment? One thread, step by step in their order, beside whoever makes the content."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
# Steps that wait before whoever hands over the next one has to wait too: they hold what is to be written.
_MOST = 2


class WriteQueue:
    """Steps that are taken in a thread of their own, in the order in which they were handed over.

    After a step that failed none is taken; ``step`` and ``wait`` raise what it raised, sooner or later.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "searchkit-file")
        self._under_way: deque[Future[object]] = deque()
        self._failed = False

    def step(self, do: Callable[..., object], *values: object) -> None:
        """Hand over a step."""
        while len(self._under_way) >= _MOST:
            self._under_way.popleft().result()
        self._under_way.append(self._thread.submit(self._take, do, *values))

    def wait(self, do: Callable[..., T], *values: object) -> T:
        """Hand over the last step, and wait until all are taken; returns what it gives."""
        last = self._thread.submit(self._take, do, *values)
        try:
            while self._under_way:
                self._under_way.popleft().result()
            return last.result()  # type: ignore[return-value]
        finally:
            self._thread.shutdown()

    def give_up(self) -> None:
        """Take no step that was not begun; returns when the one under way is done."""
        self._thread.shutdown(cancel_futures=True)

    def _take(self, do: Callable[..., object], *values: object) -> object:
        if self._failed:
            return None
        self._failed = True
        result = do(*values)
        self._failed = False
        return result
