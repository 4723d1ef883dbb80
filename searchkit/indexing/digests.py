"""When are two articles the same, and when do two texts say the same? Digests that tell, of 16 bytes each."""

from __future__ import annotations

import hashlib

from searchkit.analysis.folding import folded_text
from searchkit.article import Article


def content_digest(article: Article) -> bytes:
    """A digest of everything that an article says, its place in the file included."""
    day = article.date.toordinal() if article.date else 0
    few = (day, article.source, article.authors, article.section, article.url, article.language, article.notes)
    names = repr((article.id, len(article.title), len(article.body), few, article.origin.path, article.origin.place))
    return _digest(f"{names}{article.title}{article.body}".encode("utf-8", "surrogatepass"))


def text_digest(article: Article) -> bytes:
    """A digest of the text alone, folded: exact copies share it."""
    return _digest(folded_text(article.title, article.body))


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
