"""How is an article ranked? BM25F over title and body, as pure functions.

Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), section 3.5
for the weighting of fields, with the inverse document frequency ln(1 + (N - n + 0.5) / (n + 0.5)), which
is never negative.
"""

from __future__ import annotations

import math
import struct

from searchkit.frozen import frozen

K1 = 1.2
TITLE_WEIGHT = 2.0
TITLE_B = 0.5
BODY_B = 0.75


@frozen
class Scale:
    """Average lengths of title and body, in words, over all articles that are live."""

    average_title: float
    average_body: float

    @classmethod
    def of_averages(cls, title_words: int, body_words: int, articles: int) -> Scale:
        """The scale of ``articles`` articles with so many words; an empty field has an average of one."""
        return cls(
            (title_words / articles if articles else 0) or 1.0,
            (body_words / articles if articles else 0) or 1.0,
        )

    def for_bounds(self) -> tuple[float, float, float, float, float]:
        """(title weight, title base, title slope, body base, body slope): what the kernels divide by."""
        return (
            TITLE_WEIGHT,
            1 - TITLE_B,
            TITLE_B / self.average_title,
            1 - BODY_B,
            BODY_B / self.average_body,
        )

    def for_scores(self) -> tuple[float, float, float, float, float, float]:
        """The same, with k1 before it."""
        return (K1, *self.for_bounds())

    def stretch(self, before: Scale) -> float:
        """By how much bounds that were computed on the scale ``before`` must grow to be bounds on this one."""
        return max(1.0, self.average_title / before.average_title, self.average_body / before.average_body)


def inverse_document_frequency(articles: int, having: int) -> float:
    """ln(1 + (N - n + 0.5) / (n + 0.5)) for ``having`` of ``articles``."""
    return math.log(1 + (articles - having + 0.5) / (having + 0.5))


def term_weight(articles: int, having: int) -> float:
    """What the saturated frequency of a term is multiplied with: its idf times k1 + 1."""
    return inverse_document_frequency(articles, having) * (K1 + 1)


def frequency(scale: Scale, title_count: int, body_count: int, title_length: int, body_length: int) -> float:
    """The weighted frequency of a term: each field's count divided by the norm of the field's length."""
    weight, title_base, title_slope, body_base, body_slope = scale.for_bounds()
    return weight * title_count / (title_base + title_slope * title_length) + body_count / (
        body_base + body_slope * body_length
    )


def share(weight: float, weighted_frequency: float) -> float:
    """What a term adds to a score, rounded to a multiple of 2^-36 so that the order of addition is nothing."""
    exact = weight * weighted_frequency / (K1 + weighted_frequency)
    return (exact + 98304.0) - 98304.0


def article_share(scale: Scale, weight: float, total: int, title: int, title_length: int, body_length: int) -> float:
    """What a term adds to the score of an article in which it stands ``total`` times, ``title`` of them in the title.

    The norm of a body is kept in single precision, once for all queries; so is what is multiplied with it.
    """
    title_weight, title_base, title_slope, body_base, body_slope = scale.for_bounds()
    weighted = _single((total - title) * _single(1 / (body_base + body_slope * body_length)))
    if title:
        weighted += title_weight * title / (title_base + title_slope * title_length)
    return share(weight, weighted)


def _single(number: float) -> float:
    """The nearest number of single precision."""
    return float(struct.unpack("<f", struct.pack("<f", number))[0])
