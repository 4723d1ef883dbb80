"""Which hits say the same as another one? Copies stay hits of their own, and are said to be copies."""

from __future__ import annotations

from collections.abc import Iterable

from searchkit.analysis.folding import folded_text
from searchkit.results.hits import Hit


def copies(hits: Iterable[Hit]) -> dict[int, Hit]:
    """The ranks of the hits whose folded text an earlier one has, each with that earlier one."""
    first: dict[bytes, Hit] = {}
    found: dict[int, Hit] = {}
    for hit in hits:
        text = folded_text(hit.article.title, hit.article.body)
        if text and first.setdefault(text, hit) is not hit:
            found[hit.rank] = first[text]
    return found
