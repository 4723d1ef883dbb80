"""Regular expressions that few queries need: each is compiled when it is first asked for, not at every start."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache


def late(text: str, flags: re.RegexFlag | int = 0) -> Callable[[], re.Pattern[str]]:
    """A function that gives the compiled expression."""
    return lru_cache(maxsize=1)(lambda: re.compile(text, flags))
