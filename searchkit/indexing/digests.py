"""When are two articles the same, and when do two texts say the same? Digests that tell, of 16 bytes each."""

from __future__ import annotations

import hashlib

from searchkit.analysis.folding import folded_text
from searchkit.article import Article
from searchkit.store.kernels import article_digests

_SIZE = 16


def digests(article: Article) -> tuple[bytes, bytes]:
    """A digest of everything that an article says, its place in its file included, and one of its text, folded."""
    return article_digests([article])[0]


def text_digest(article: Article) -> bytes:
    """A digest of the text alone, folded: exact copies share it."""
    return hashlib.blake2b(folded_text(article.title, article.body), digest_size=_SIZE).digest()
