from collections.abc import Callable, Sequence

from typing_extensions import Buffer

from searchkit.store.kernels.dictionary import Dictionary

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
        nodes: Sequence[tuple[int, int | tuple[int, ...]]],
        since: int,
        until: int,
        wanted: Sequence[bytes | None] | None,
        limit: int,
        order: int,
    ) -> tuple[int, list[int], list[tuple[float, int, int]], bool]: ...
