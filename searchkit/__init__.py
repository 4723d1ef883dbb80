"""searchkit: index the news that you have, and find what was written.

import searchkit

index = searchkit.open("index")
results = index.search("pride parade police", limit=10)
print(results.total)
for hit in results:
    print(hit.rank, hit.title, hit.snippet)
"""

from searchkit.article import Article, Origin, Problem
from searchkit.errors import SearchkitError
from searchkit.index import Index
from searchkit.index import open_index as open  # noqa: A004  (the word that a program reads well)
from searchkit.results import Hit, Results
from searchkit.version import __version__

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
