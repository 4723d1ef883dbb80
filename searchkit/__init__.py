"""searchkit: index the news that you have, and find what was written.

import searchkit

index = searchkit.open("index")
results = index.search("pride parade police", limit=10)
print(results.total)
for hit in results:
    print(hit.rank, hit.title, hit.snippet)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from searchkit.version import __version__

if TYPE_CHECKING:
    from searchkit.article import Article, Origin, Problem
    from searchkit.errors import SearchkitError
    from searchkit.index import Index
    from searchkit.index import open_index as open  # noqa: A004  (the word that a program reads well)
    from searchkit.results import Hit, Results

__all__ = [
    "Article",
    "Hit",
    "Index",
    "Origin",
    "Problem",
    "Results",
    "SearchkitError",
    "__version__",
    "open",
]

# Each name is imported when it is first used: the program, which needs few of them, starts sooner.
_HOMES = {
    "Article": "searchkit.article",
    "Hit": "searchkit.results",
    "Index": "searchkit.index",
    "Origin": "searchkit.article",
    "Problem": "searchkit.article",
    "Results": "searchkit.results",
    "SearchkitError": "searchkit.errors",
    "open": "searchkit.index",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'searchkit' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), "open_index" if name == "open" else name)
    globals()[name] = value
    return value
