"""Why does an article score what it scores? Every factor, in numbers that multiply and add up to the score."""

from __future__ import annotations

from collections.abc import Callable

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.engine import Explanation, Share, Weight
from searchkit.memory.fields import is_known_of
from searchkit.memory.text import Text
from searchkit.query import (
    AllBut,
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    First,
    Leaf,
    Near,
    Node,
    Phrase,
    Scope,
    Within,
    Word,
    canonical,
    pieces,
)
from searchkit.query.spread import is_passage, spread
from searchkit.store.passages import begins
from searchkit.store.ranking import K1, Scale, article_share, inverse_document_frequency


def explain(
    tree: Node, article: Article, chain: Chain, scale: Scale, articles: int, having: Callable[[Leaf], int]
) -> Explanation:
    """The score of an article that matches ``tree``, among ``articles`` of this scale.

    ``having`` says in how many of them a word or what a pattern means stands.
    """
    made = _Explaining(article, chain, scale, articles, having)
    made.add(spread(tree), 1.0)
    return Explanation(sum(share.score for share in made.shares), tuple(made.shares))


class _Explaining:
    def __init__(
        self, article: Article, chain: Chain, scale: Scale, articles: int, having: Callable[[Leaf], int]
    ) -> None:
        self.shares: list[Share] = []
        self._article = article
        self._chain = chain
        self._text = Text(article.title, article.body, chain)
        self._scale = scale
        self._articles = articles
        self._having = having

    def add(self, node: Node, factor: float) -> None:
        """Add the shares of a node that the article matches."""
        match node:
            case AllOf(parts):
                for part in parts:
                    self.add(part, factor)
            case AnyOf(parts):
                for part in parts:
                    if self._holds(part):
                        self.add(part, factor)
            case AllBut(part):
                self.add(part, factor)
            case Boost(part, more):
                self.add(part, factor * more)
            case AtLeast(_, part):
                self._add_share(part, factor)
            case _ if is_passage(node):
                self._add_share(node, factor)

    def _holds(self, node: Node) -> bool:
        match node:
            case AllOf(parts):
                return all(map(self._holds, parts))
            case AnyOf(parts):
                return any(map(self._holds, parts))
            case AllBut(part, without):
                return self._holds(part) and not any(self._holds(one) for one in without)
            case Boost(part):
                return self._holds(part)
        if is_passage(node) or isinstance(node, AtLeast):
            return self._text.holds(node)
        return is_known_of(self._article, node, self._chain)

    def _add_share(self, node: Node, factor: float) -> None:
        text = self._text
        total, title = begins(text.passages(node), text.title_words)
        if not total:
            return
        weights = self._weights(node)
        idf = sum(weight.idf for weight in weights)
        weight = sum(weight.idf * (K1 + 1) for weight in weights) * factor
        title_weight, title_base, title_slope, body_base, body_slope = self._scale.for_bounds()
        title_norm = title_base + title_slope * text.title_words
        body_norm = body_base + body_slope * text.body_words
        frequency = title_weight * title / title_norm + (total - title) / body_norm
        score = article_share(self._scale, weight, total, title, text.title_words, text.body_words)
        saturation = frequency / (K1 + frequency)
        self.shares.append(
            Share(
                canonical(node), score, factor, idf, tuple(weights), K1 + 1, saturation, title, title_norm,
                total - title, body_norm,
            )
        )  # fmt: skip

    def _weights(self, node: Node) -> list[Weight]:
        """Of what the weight of a passage is the sum: its words, and of words to choose from the commonest."""
        match node:
            case Word():
                return [self._weight_of(piece) for piece in pieces(node)]
            case Phrase(parts, slop):
                single = [
                    one for part in parts for one in (pieces(part) if slop or isinstance(part, Word) else [part])
                ]
                return [weight for one in single for weight in self._weights(one)]
            case Near(left, right) | Within(left, right):
                return self._weights(left) + self._weights(right)
            case AnyOf(parts):
                return min(map(self._weights, parts), key=lambda weights: sum(weight.idf for weight in weights))
            case First(_, part) | Scope(_, part):
                return self._weights(part)
        return [self._weight_of(node)]  # type: ignore[arg-type]

    def _weight_of(self, leaf: Leaf) -> Weight:
        having = self._having(leaf)
        return Weight(canonical(leaf), having, self._articles, inverse_document_frequency(self._articles, having))
