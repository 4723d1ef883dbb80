"""What does a plain text say? One article: ``date YYYY-MM-DD`` and the text, or headers, or a title line.

The forms, tried in this order:

- an optional blank, ``date 2020-03-09``, and the article on the same line;
- a block of headers (``Title: ...``, ``Date: ...``) that a blank line ends;
- a short first line, no sentence, that a blank line follows: the title;
- anything else is body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from searchkit.article import Article, Problem
from searchkit.readers.decoding import read_whole
from searchkit.readers.format import Source, UnreadableError
from searchkit.readers.prose import tidy
from searchkit.readers.records import entry

_DATED = re.compile(r"\s*date[ \t]+([0-9]{4}-[0-9]{2}-[0-9]{2})(?![0-9-])", re.IGNORECASE)

_HEADER = re.compile(r"([A-Za-z][A-Za-z _-]{0,30}):(?!//)[ \t]*(.*)")

# The headers that show that a block is one. Fewer than the keys of records: "Text:" or "Story:" may
# well begin an article.
_HEADERS = (
    *("title", "headline", "subject", "date", "published", "source", "from", "publication", "publisher"),
    *("author", "authors", "by", "byline", "section", "url", "link", "language", "id"),
)
_MOST_HEADERS = 60

_LONGEST_TITLE = 150
_NO_TITLE_END = re.compile(r"[.,;:]['\"’”»)\]]*$")


def read_text(source: Source) -> Iterator[Article | Problem]:
    """The one article of a plain text file; UnreadableError if it holds no text."""
    text = tidy(read_whole(source.stream))
    if not text:
        raise UnreadableError("holds no text", "empty")
    record: dict[str, object] = {}
    dated = _DATED.match(text)
    if dated:
        record["date"] = dated.group(1)
        rest = text[dated.end() :]
        on_same_line = bool(rest.split("\n", 1)[0].strip())
        text = rest.strip()
    if not dated:
        headers, text = _headers(text)
        record.update(headers)
    if "title" not in record and not (dated and on_same_line):
        record["title"], text = _titled(text)
    # Each header stands under the key of its field, so a later "Headline:" cannot hide the body.
    record["body"] = text
    # What is mapped are keys of records and columns, not the few headers of a text.
    settings = replace(source.settings, keys=()) if source.settings.keys else source.settings
    yield from entry(record, source.origin(), source.name, settings, marked=False)


def _headers(text: str) -> tuple[dict[str, str], str]:
    """The headers that the text begins with, and the rest; no headers if the block is not one."""
    block, gap, rest = text.partition("\n\n")
    if not gap or block.count("\n") >= _MOST_HEADERS:
        return {}, text
    found: dict[str, str] = {}
    last = ""
    for line in block.split("\n"):
        header = _HEADER.fullmatch(line)
        if header:
            last = header.group(1).strip().lower()
            found.setdefault(last, header.group(2))
        elif last and line[:1] in " \t":
            found[last] = f"{found[last]} {line.strip()}"
        else:
            return {}, text
    known = {name: value for name, value in found.items() if name in _HEADERS}
    return (known, rest.strip()) if known else ({}, text)


def _titled(text: str) -> tuple[str, str]:
    """The title line and the body; '' and the text if it begins with no such line."""
    first, gap, rest = text.partition("\n\n")
    if gap and "\n" not in first and len(first) <= _LONGEST_TITLE and not _NO_TITLE_END.search(first):
        return first, rest
    return "", text
