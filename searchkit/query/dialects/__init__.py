"""What do the people of Nexis, Factiva, Westlaw, Google and Lucene mean by their own queries?

Each dialect is a file here: its table of operators, its fields, and what it has that searchkit cannot say. One is
imported when it is asked for. What differs from searchkit's own reading is said in a notice, where it matters for
the query at hand; what cannot be said at all is a QueryError that says what to write instead.
"""

from __future__ import annotations

from importlib import import_module

from searchkit.errors import UsageError
from searchkit.query.grammar import Grammar

DIALECTS = ("factiva", "google", "lucene", "nexis", "westlaw")


def grammar_of(name: str) -> Grammar:
    """The grammar of a dialect; raises UsageError where there is none of this name."""
    if name not in DIALECTS:
        raise UsageError(f"there is no dialect {name!r}", hint=f"Known: {', '.join(DIALECTS)}.")
    grammar: Grammar = import_module(f"searchkit.query.dialects.{name}").GRAMMAR
    return grammar
