"""Eight bytes that stand for an id, so that ids are looked up and compared as numbers."""

from __future__ import annotations


def id_digest(article_id: bytes) -> int:
    """The first eight bytes of BLAKE2b; two ids may share them, so a match is looked at again."""
    from hashlib import blake2b  # heavy, and no query needs it

    return int.from_bytes(blake2b(article_id, digest_size=8).digest(), "little")
