from collections.abc import Callable

from typing_extensions import Buffer

from searchkit.article import Article

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

class Texts:
    articles: int
    def __init__(
        self,
        file: Buffer,
        page: int,
        verified: bytearray,
        verify: Callable[[int], None],
        sections: list[tuple[int, int]],
    ) -> None: ...
    def packed(self, number: int) -> tuple[memoryview, int, int]: ...

def read_article(data: bytes, at: int, day: int) -> Article: ...
