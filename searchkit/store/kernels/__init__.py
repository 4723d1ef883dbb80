"""The compiled inner loops of the store, in one place."""

from searchkit.store.kernels.encoding import TermOutput, common, invert, used_words
from searchkit.store.kernels.merging import Merger
from searchkit.store.kernels.search import Damage, Query, Segment
from searchkit.store.kernels.words import Vocabulary

__all__ = [
    "Damage",
    "Merger",
    "Query",
    "Segment",
    "TermOutput",
    "Vocabulary",
    "common",
    "invert",
    "used_words",
]
