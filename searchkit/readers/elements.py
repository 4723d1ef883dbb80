"""Where are the elements of a file of SGML? One after the other, cut out of lines: streaming needs no more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from searchkit.readers.decoding import lines
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, Source, UnreadableError


def elements(source: Source, name: str, what: str) -> Iterator[str]:
    """The text of each ``<name>`` element, from its tag up to its end; ``what`` calls one of them for a person."""
    begin = re.compile(rf"<{name}(?=[\s>])", re.IGNORECASE)
    end = re.compile(rf"</{name}\s*>", re.IGNORECASE)
    held: list[str] = []
    size = 0
    for _, line in lines(source.stream):
        if line is None or size > RECORD_LIMIT:
            raise UnreadableError(f"has a line or {what} of more than {RECORD_LIMIT_WORDS}", "limit")
        start = 0
        if not held:
            start = _beginning(begin, line, 0)
        while start >= 0:
            found = end.search(line, start)
            if not found:
                held.append(line[start:])
                size += len(line) - start + 1
                break
            yield "\n".join([*held, line[start : found.start()]])
            held, size = [], 0
            start = _beginning(begin, line, found.end())
    if held:
        raise UnreadableError(f"ends in the middle of {what}")


def _beginning(begin: re.Pattern[str], line: str, start: int) -> int:
    found = begin.search(line, start)
    return found.start() if found else -1
