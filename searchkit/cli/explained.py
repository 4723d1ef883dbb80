"""Why does a hit score what it scores? Its factors, a line for each word or passage."""

from __future__ import annotations

from collections.abc import Iterator

from searchkit.cli.terminal import visible
from searchkit.engine import Explanation, Share

# With more digits nobody could add them up; with fewer they would not add up.
_DIGITS = 4


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """The score as a sum, then each share as a product."""
    shares = explanation.shares
    sums = " + ".join(_number(share.score) for share in shares) or "0"
    yield f"{_number(explanation.score)} = {sums}"
    for share in shares:
        boost = f"boost {share.boost:g} × " if share.boost != 1 else ""
        yield (
            f"{_number(share.score)} {visible(share.text)} = {boost}idf {_number(share.idf)} × {share.scale:g}"
            f" × {_number(share.saturation)}"
        )
        yield f"  idf: {_rarity(share)}"
        yield f"  {_number(share.saturation)} = f / (1.2 + f), f = {_frequency(share)}"


def explanation_record(explanation: Explanation) -> dict[str, object]:
    """The same for a program."""
    return {
        "score": explanation.score,
        "shares": [
            {
                "text": share.text,
                "score": share.score,
                "boost": share.boost,
                "idf": share.idf,
                "scale": share.scale,
                "saturation": share.saturation,
                "words": [
                    {"text": word.text, "articles_with": word.having, "articles": word.articles, "idf": word.idf}
                    for word in share.weights
                ],
                "title": {"count": share.title_count, "norm": share.title_norm},
                "body": {"count": share.body_count, "norm": share.body_norm},
            }
            for share in explanation.shares
        ],
    }


def _rarity(share: Share) -> str:
    words = [f"{visible(one.text)} in {one.having:,} of {one.articles:,} articles" for one in share.weights]
    if len(share.weights) == 1:
        return words[0]
    return " + ".join(f"{_number(one.idf)} ({said})" for one, said in zip(share.weights, words, strict=True))


def _frequency(share: Share) -> str:
    parts = []
    if share.title_count:
        parts.append(f"2 × {share.title_count} in the title / {_number(share.title_norm)}")
    if share.body_count:
        parts.append(f"{share.body_count} in the body / {_number(share.body_norm)}")
    return " + ".join(parts)


def _number(value: float) -> str:
    return f"{value:.{_DIGITS}f}"
