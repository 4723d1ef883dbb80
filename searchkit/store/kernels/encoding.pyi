from collections.abc import Callable

from typing_extensions import Buffer

class TermOutput:
    def __init__(
        self,
        title_lengths: Buffer,
        body_lengths: Buffer,
        scale: tuple[float, float, float, float, float],
        write: Callable[[bytes], None],
        form_bits: int = 12,
        position_bits: int = 26,
    ) -> None: ...
    def add(self, entries: Buffer, forms: int) -> None: ...
    def flush(self) -> None: ...
    def sections(self) -> dict[str, bytes]: ...

class Bench:
    def __init__(self, room: int) -> None: ...
    @property
    def room(self) -> int: ...

def invert(
    output: TermOutput,
    tokens: Buffer,
    bounds: Buffer,
    order: Buffer,
    counts: Buffer,
    stem_of: Buffer,
    form_of: Buffer,
    forms: Buffer,
    gap: int,
    bench: Bench,
) -> None: ...
def count_words(tokens: Buffer, bounds: Buffer, order: Buffer, words: int) -> bytearray: ...
def arrange(
    bounds: Buffer, borders: Buffer, order: Buffer
) -> tuple[bytearray, bytearray, memoryview[int], bytearray]: ...
def common(ours: Buffer, theirs: Buffer) -> list[tuple[int, int]]: ...
