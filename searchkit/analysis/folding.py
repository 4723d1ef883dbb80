"""Do two articles say the same? Their texts are compared folded: neither case nor spaces count."""

from __future__ import annotations

_SPACES = bytes((9, 10, 11, 12, 13, 32))
_LOWER = bytes(range(256)).lower()


def folded_text(title: str, body: str) -> bytes:
    """The text of an article, folded: exact copies have the same."""
    text = f"{title}\n{body}"
    if not text.isascii():
        text = "".join(text.casefold().split())
    return text.encode("utf-8", "replace").translate(_LOWER, _SPACES)
