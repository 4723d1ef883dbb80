from collections.abc import Sequence

from typing_extensions import Buffer

class Damage(Exception): ...

class Segment:
    articles: int
    def __init__(
        self,
        postings: Buffer,
        titles: Buffer,
        bodies: Buffer,
        sources: Buffer,
        days: Buffer,
        live: Buffer | None,
    ) -> None: ...

class Query:
    total: int
    def __init__(
        self,
        segment: Segment,
        scale: tuple[float, float, float, float, float, float],
        terms: Sequence[tuple[float, ...]],
        nodes: Sequence[tuple[int, int, int, tuple[int, ...], float]],
        low: int,
        high: int,
        wanted: bytes | None,
        limit: int,
        floor: float,
    ) -> None: ...
    def run(self, order: str = "relevance") -> list[tuple[float, int]]: ...
