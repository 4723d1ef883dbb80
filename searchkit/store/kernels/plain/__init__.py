"""The kernels once more, in plain Python: what the compiled ones are tested against, and what runs without them.

Each class and function does what its namesake does, slowly and in the most obvious way.
"""

from searchkit.store.kernels.plain.checksums import page_checksums
from searchkit.store.kernels.plain.dictionary import Damage, Dictionary
from searchkit.store.kernels.plain.encoding import Bench, TermOutput, arrange, common, count_words, invert
from searchkit.store.kernels.plain.gathering import (
    Register,
    article_digests,
    deal,
    id_digest,
    pack_articles,
    sort_digests,
    unpack_articles,
)
from searchkit.store.kernels.plain.lexicon import Lexicon
from searchkit.store.kernels.plain.merging import Merger
from searchkit.store.kernels.plain.patterns import FormTable, FormUnion
from searchkit.store.kernels.plain.search import Exhausted, Searcher, Segment
from searchkit.store.kernels.plain.words import Vocabulary
from searchkit.store.kernels.plain.writing import terms_of_articles, words_standing

__all__ = [
    "Bench",
    "Damage",
    "Dictionary",
    "Exhausted",
    "FormTable",
    "FormUnion",
    "Lexicon",
    "Merger",
    "Register",
    "Searcher",
    "Segment",
    "TermOutput",
    "Vocabulary",
    "arrange",
    "article_digests",
    "common",
    "count_words",
    "deal",
    "id_digest",
    "invert",
    "pack_articles",
    "page_checksums",
    "sort_digests",
    "terms_of_articles",
    "unpack_articles",
    "words_standing",
]
