"""What is a pattern of wildcards? Text and wildcards, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

# What the kernels call the wildcards; below them, a byte means itself.
_ONE, _MANY = 256, 257


class Wild(Enum):
    """A wildcard. It is no text, since a form may have a question mark of its own: ``⁉`` is folded to ``!?``."""

    ONE = "?"
    MANY = "*"


def tokens(pattern: Sequence[str | Wild]) -> list[int]:
    """A pattern as the kernels read it: of wildcards in a row, single characters first, and one run at most."""
    found: list[int] = []
    ones, many = 0, False
    for part in pattern:
        if part is Wild.ONE:
            ones += 1
        elif part is Wild.MANY:
            many = True
        elif isinstance(part, str) and part:
            found += [_ONE] * ones + [_MANY] * many
            # Half a character is in no form; it must not be taken for one that is.
            found += part.encode("utf-8", "surrogatepass")
            ones, many = 0, False
    return found + [_ONE] * ones + [_MANY] * many
