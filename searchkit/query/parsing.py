"""From the text of a query to its tree: words and "quoted phrases"."""

from __future__ import annotations

import re

from searchkit.analysis import word_spans
from searchkit.errors import QueryError
from searchkit.query.tree import AllOf, AnyOf, Leaf, Node, Phrase, Word

_OPENING = '"“„«'
_CLOSING = '"”“»'
_CHUNK = re.compile(rf"[{_OPENING}]|[^\s{_OPENING}]+")
MAX_CHARACTERS = 100_000


def parse(text: str, *, require_all: bool = False) -> Node:
    """The tree of ``text``: any of its words and phrases, or with ``require_all`` all of them.

    Chunks that hold no word (a dash, an ampersand) are passed over. Raises QueryError, with the
    column, when nothing is left or when a quotation is not closed.
    """
    if not text.strip():
        raise QueryError("the query is empty", text=text, column=1, hint="Type the words to look for.")
    if len(text) > MAX_CHARACTERS:
        raise QueryError(
            f"the query has {len(text):,} characters, and {MAX_CHARACTERS:,} are the most that is read",
            text=text,
            column=MAX_CHARACTERS + 1,
        )
    parts = [leaf for leaf in _leaves(text) if any(True for _ in word_spans(leaf.text))]
    if not parts:
        raise QueryError(
            "the query holds no word, only punctuation",
            text=text,
            column=len(text) - len(text.lstrip()) + 1,
            hint="Type at least one word or number.",
        )
    if len(parts) == 1:
        return parts[0]
    return AllOf(tuple(parts)) if require_all else AnyOf(tuple(parts))


def _leaves(text: str) -> list[Leaf]:
    found: list[Leaf] = []
    at = 0
    while match := _CHUNK.search(text, at):
        column = match.start() + 1
        chunk = match.group()
        if chunk not in _OPENING:
            found.append(Word(chunk, column))
            at = match.end()
            continue
        end = _closing(text, match.end())
        if end < 0:
            raise QueryError(
                "the quotation that opens here is never closed",
                text=text,
                column=column,
                hint='Close it with ", or leave the opening mark out.',
            )
        found.append(Phrase(text[match.end() : end], column))
        at = end + 1
    return found


def _closing(text: str, start: int) -> int:
    """Where the next closing quotation mark stands at or after ``start``; -1 where none does."""
    return next((at for at in range(start, len(text)) if text[at] in _CLOSING), -1)
