"""The kernels once more, in plain Python: what the compiled ones are tested against, and what runs without them.

Each class and function does what its namesake does, slowly and in the most obvious way.
"""

from searchkit.store.kernels.plain.checksums import page_checksums
from searchkit.store.kernels.plain.dictionary import Damage, Dictionary, Texts, read_article
from searchkit.store.kernels.plain.encoding import Bench, TermOutput, arrange, common, count_words, invert
from searchkit.store.kernels.plain.gathering import (
    FILTER_SIZE,
    Parcel,
    Register,
    article_digests,
    deal,
    id_digest,
    mark_keys,
    marked_keys,
    pack_articles,
    pack_plain,
    sort_digests,
)
from searchkit.store.kernels.plain.lexicon import Lexicon
from searchkit.store.kernels.plain.merging import Merger
from searchkit.store.kernels.plain.patterns import FormTable, FormUnion
from searchkit.store.kernels.plain.search import Exhausted, Searcher, Segment
from searchkit.store.kernels.plain.words import Vocabulary
from searchkit.store.kernels.plain.writing import terms_of_articles, words_standing

__all__ = [
    "FILTER_SIZE",
    "Bench",
    "Damage",
    "Dictionary",
    "Exhausted",
    "FormTable",
    "FormUnion",
    "Lexicon",
    "Merger",
    "Parcel",
    "Register",
    "Searcher",
    "Segment",
    "TermOutput",
    "Texts",
    "Vocabulary",
    "arrange",
    "article_digests",
    "common",
    "count_words",
    "deal",
    "id_digest",
    "invert",
    "mark_keys",
    "marked_keys",
    "pack_articles",
    "pack_plain",
    "page_checksums",
    "read_article",
    "sort_digests",
    "terms_of_articles",
    "words_standing",
]
