"""What stands above a hit? The article's title, or else its first sentence, cut at a word."""

from __future__ import annotations

from searchkit.analysis import sentence_starts, word_spans
from searchkit.article import Article

LONGEST = 100
_READ = 1_000
ELLIPSIS = "…"


def headline(article: Article) -> str:
    """The title on one line; where there is none, the first sentence, of at most 100 characters.

    '' only where the article has neither title nor text.
    """
    title = " ".join(article.title.split())
    if title:
        return title
    opening = article.body.lstrip()[:_READ]
    starts = sentence_starts(opening, list(word_spans(opening)))
    sentence = " ".join(opening[: starts[1] if len(starts) > 1 else len(opening)].split())
    return cut_at_word(sentence, LONGEST)


def cut_at_word(text: str, longest: int) -> str:
    """``text``, or as many of its whole words as fit into ``longest`` characters with an ellipsis."""
    if len(text) <= longest:
        return text
    head = text[:longest]
    # A text without blanks (Chinese, a long address) is cut where the room ends.
    at = head.rfind(" ") if " " in head[longest // 2 :] else longest - 1
    return head[:at].rstrip(" ,;:–—-") + ELLIPSIS
