from collections.abc import Callable, Sequence
from typing import Any

from typing_extensions import Buffer

from searchkit.store.kernels.dictionary import Dictionary

class Exhausted(Exception): ...

class Segment:
    articles: int
    def __init__(
        self,
        titles: Buffer,
        bodies: Buffer,
        sources: Buffer,
        days: Buffer,
        live: Buffer | None,
        verify: Callable[[int, int], None] | None = None,
        verify_day: Callable[[int], object] | None = None,
        borders: tuple[Buffer, Buffer] | None = None,
        verify_borders: Callable[[int, int], None] | None = None,
    ) -> None: ...

class Searcher:
    def __init__(
        self,
        parts: list[tuple[Segment, Dictionary, float]],
        articles: int,
        scale: tuple[float, float, float, float, float, float],
    ) -> None: ...
    def search(
        self,
        stems: list[bytes],
        nodes: Sequence[tuple[int, Any]],
        since: int,
        until: int,
        wanted: Sequence[bytes | None] | None,
        limit: int,
        order: int,
        filters: Sequence[Sequence[bytes | None]] | None = None,
        chosen: Sequence[Sequence[bytes | None]] | None = None,
        deadline: int = 0,
    ) -> tuple[int, list[int], list[tuple[float, int, int]], bool]: ...
    def search_meant(
        self,
        words: Sequence[dict[int, bytes]],
        factor: float,
        since: int,
        until: int,
        wanted: Sequence[bytes | None] | None,
        limit: int,
        order: int,
        deadline: int = 0,
    ) -> tuple[int, int, list[tuple[float, int, int]], bool]: ...
