"""The inner loops of the store, in one place: compiled, or in plain Python where they could not be compiled.

``COMPILED`` says which, and ``WHY_PLAIN`` why not. With SEARCHKIT_KERNELS=plain in the environment they are plain
even where the compiled ones are there; both write the same bytes and give the same answers.
"""

import os
from typing import TYPE_CHECKING

WHY_PLAIN = ""

if TYPE_CHECKING:
    from searchkit.store.kernels.checksums import page_checksums
    from searchkit.store.kernels.dictionary import Damage, Dictionary, Texts, read_article
    from searchkit.store.kernels.encoding import Bench, TermOutput, arrange, common, count_words, invert
    from searchkit.store.kernels.gathering import (
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
    from searchkit.store.kernels.lexicon import Lexicon
    from searchkit.store.kernels.merging import Merger
    from searchkit.store.kernels.patterns import FormTable, FormUnion
    from searchkit.store.kernels.search import Exhausted, Searcher, Segment
    from searchkit.store.kernels.words import Vocabulary
    from searchkit.store.kernels.writing import terms_of_articles, words_standing

    COMPILED: bool
else:
    try:
        if os.environ.get("SEARCHKIT_KERNELS") == "plain":
            WHY_PLAIN = "SEARCHKIT_KERNELS asks for them"
            raise ImportError(WHY_PLAIN)
        from searchkit.store.kernels.processor import suits

        if not suits():
            WHY_PLAIN = "searchkit was compiled for another processor"
            raise ImportError(WHY_PLAIN)
        from searchkit.store.kernels.checksums import page_checksums
        from searchkit.store.kernels.dictionary import Damage, Dictionary, Texts, read_article
        from searchkit.store.kernels.encoding import Bench, TermOutput, arrange, common, count_words, invert
        from searchkit.store.kernels.gathering import (
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
        from searchkit.store.kernels.lexicon import Lexicon
        from searchkit.store.kernels.merging import Merger
        from searchkit.store.kernels.patterns import FormTable, FormUnion
        from searchkit.store.kernels.search import Exhausted, Searcher, Segment
        from searchkit.store.kernels.words import Vocabulary
        from searchkit.store.kernels.writing import terms_of_articles, words_standing

        COMPILED = True
    except ImportError:
        WHY_PLAIN = WHY_PLAIN or "no compiler was there when searchkit was installed"
        # All of them or none: a compiled merger needs a compiled output.
        from searchkit.store.kernels.plain import (
            FILTER_SIZE,
            Bench,
            Damage,
            Dictionary,
            Exhausted,
            FormTable,
            FormUnion,
            Lexicon,
            Merger,
            Parcel,
            Register,
            Searcher,
            Segment,
            TermOutput,
            Texts,
            Vocabulary,
            arrange,
            article_digests,
            common,
            count_words,
            deal,
            id_digest,
            invert,
            mark_keys,
            marked_keys,
            pack_articles,
            pack_plain,
            page_checksums,
            read_article,
            sort_digests,
            terms_of_articles,
            words_standing,
        )

        COMPILED = False

__all__ = [
    "COMPILED",
    "FILTER_SIZE",
    "WHY_PLAIN",
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
