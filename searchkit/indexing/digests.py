"""When are two articles the same, and when do two texts say the same? Digests that tell, of 16 bytes each."""

from __future__ import annotations

import hashlib
import zlib

from searchkit.analysis.folding import folded_text
from searchkit.article import Article

_SIZE = 16


def digests(article: Article) -> tuple[bytes, bytes]:
    """A digest of everything that an article says, its place in its file included, and one of its text, folded.

    The first stands on the second, so that a text is digested once: what folding takes away (case and spaces)
    is told by a checksum.
    """
    text = text_digest(article)
    exact = zlib.crc32(f"{article.title}\0{article.body}".encode("utf-8", "surrogatepass"))
    day = article.date.toordinal() if article.date else 0
    few = (day, article.source, article.authors, article.section, article.url, article.language, article.notes)
    sizes = (len(article.title), len(article.body), exact)
    names = repr((article.id, sizes, few, article.origin.path, article.origin.place))
    return hashlib.blake2b(names.encode("ascii", "backslashreplace") + text, digest_size=_SIZE).digest(), text


def text_digest(article: Article) -> bytes:
    """A digest of the text alone, folded: exact copies share it."""
    return hashlib.blake2b(folded_text(article.title, article.body), digest_size=_SIZE).digest()
