from collections.abc import Callable

from typing_extensions import Buffer

class Damage(Exception): ...

class Dictionary:
    stems: int
    def __init__(
        self,
        file: Buffer,
        page: int,
        verified: bytearray,
        verify: Callable[[int], None],
        sections: list[tuple[int, int]],
    ) -> None: ...
    def find(self, stem: bytes) -> int: ...
    def articles(self, term: int) -> int: ...
    def facts(self, term: int, positions: bool) -> tuple[int, int, int, int, int, int, float]: ...
