"""The kernels once more, in plain Python: what the compiled ones are tested against, and what runs without them.

Each class and function does what its namesake does, slowly and in the most obvious way.
"""

from searchkit.store.kernels.plain.dictionary import Damage, Dictionary
from searchkit.store.kernels.plain.encoding import TermOutput, arrange, common, count_words, group, invert
from searchkit.store.kernels.plain.merging import Merger
from searchkit.store.kernels.plain.patterns import Lexicon
from searchkit.store.kernels.plain.search import Exhausted, Searcher, Segment
from searchkit.store.kernels.plain.words import Vocabulary

__all__ = [
    "Damage",
    "Dictionary",
    "Exhausted",
    "Lexicon",
    "Merger",
    "Searcher",
    "Segment",
    "TermOutput",
    "Vocabulary",
    "arrange",
    "common",
    "count_words",
    "group",
    "invert",
]
