from collections.abc import Sequence

from typing_extensions import Buffer

from searchkit.store.kernels.encoding import TermOutput

class Merger:
    def __init__(self, output: TermOutput) -> None: ...
    def merge(self, parts: Sequence[tuple[Buffer, int, int, int, int, Buffer, Buffer]], forms: int) -> bool: ...
