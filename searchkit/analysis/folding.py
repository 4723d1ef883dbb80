"""Do two articles say the same? A digest of a text that neither case nor spaces change."""

from __future__ import annotations

import hashlib

_SPACES = bytes((9, 10, 11, 12, 13, 32))
_LOWER = bytes(range(256)).lower()


def text_digest(title: str, body: str) -> bytes:
    """The digest (16 bytes) of a text, folded: exact copies share it, and hardly anything else does."""
    text = f"{title}\n{body}"
    if not text.isascii():
        text = "".join(text.casefold().split())
    folded = text.encode("utf-8", "replace").translate(_LOWER, _SPACES)
    return hashlib.blake2b(folded, digest_size=16).digest()
