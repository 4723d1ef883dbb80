"""Does an article match, and how well? Decided here, article by article, where the server cannot say it exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.cluster.apart import KnownWords
from searchkit.memory.fields import holds, value_of, whole_article
from searchkit.memory.shapes import matcher
from searchkit.memory.text import Text
from searchkit.memory.weights import weight_of
from searchkit.query import (
    AllBut,
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Days,
    Everything,
    Exact,
    Id,
    Leaf,
    Node,
    Scope,
    Word,
    children,
)
from searchkit.query.spread import is_passage, spread
from searchkit.store.passages import begins
from searchkit.store.ranking import Scale, article_share, term_weight


class Judge:
    """One tree, and the scores of articles by it, as the engine in memory has them.

    ``having`` says in how many of ``articles`` a word or what a pattern means stands; ``forms`` are what the
    patterns mean.
    """

    def __init__(
        self,
        tree: Node,
        words: KnownWords,
        chain: Chain,
        scale: Scale,
        articles: int,
        having: Callable[[Leaf], int],
        forms: Iterable[str],
    ) -> None:
        self._tree = spread(tree)
        self._stems = {stem for leaf in single_leaves(tree, Word) for stem in chain.stems(leaf.text)}
        self._forms = {one.word for leaf in single_leaves(tree, Exact) for one in chain.tokens(leaf.text)}
        self._forms.update(forms)
        self._words = words
        self._chain = chain
        self._scale = scale
        self._articles = articles
        self._having = having
        self._weights: dict[int, float] = {}
        self._matchers: dict[Leaf, Callable[[str], bool]] = {}

    def scores(self, articles: Sequence[Article]) -> list[float | None]:
        """The score of each article, None of one that does not match."""
        texts = self._words.texts(articles, self._stems, self._forms, self._matching)
        return [self._score(self._tree, 1.0, one, text) for one, text in zip(articles, texts, strict=True)]

    def _score(self, node: Node, factor: float, article: Article, text: Text) -> float | None:
        match node:
            case AnyOf(parts):
                found = [self._score(part, factor, article, text) for part in parts]
                held = [score for score in found if score is not None]
                return sum(held) if held else None
            case AllOf(parts):
                total = 0.0
                for part in parts:
                    score = self._score(part, factor, article, text)
                    if score is None:
                        return None
                    total += score
                return total
            case AllBut(part, without):
                if any(self._score(other, factor, article, text) is not None for other in without):
                    return None
                return self._score(part, factor, article, text)
            case Boost(part, more):
                return self._score(part, factor * more, article, text)
            case AtLeast(count, part):
                return self._share(part, factor, text, count)
            case Scope(field, part) if not is_passage(node):
                return 0.0 if holds(field, part, value_of(article, field), self._chain) else None
            case Days() | Id() | Everything():
                return 0.0 if whole_article(node, article) else None
        return self._share(node, factor, text, 1)

    def _share(self, node: Node, factor: float, text: Text, count: int) -> float | None:
        stems = self._chain.stems(node.text) if isinstance(node, Word) else ()
        if len(stems) == 1:
            # Most parts of a query are a word: where it stands is not asked.
            total, title = text.count(stems[0])
        else:
            total, title = begins(text.passages(node), text.title_words)
        if total < max(count, 1):
            return None
        weight = self._weight(node) * factor
        return article_share(self._scale, weight, total, title, text.title_words, text.body_words)

    def _matching(self, leaf: Leaf) -> Callable[[str], bool]:
        """What words a pattern means, found out once for all articles."""
        known = self._matchers.get(leaf)
        if known is None:
            known = self._matchers[leaf] = matcher(leaf)
        return known

    def _weight(self, node: Node) -> float:
        known = self._weights.get(id(node))
        if known is None:
            known = self._weights[id(node)] = weight_of(node, self._weight_of_leaf)
        return known

    def _weight_of_leaf(self, leaf: Leaf) -> float:
        return term_weight(self._articles, self._having(leaf))


def single_leaves(tree: Node, kind: type[Word] | type[Exact]) -> Iterator[Word | Exact]:
    """The leaves of a tree that are words."""
    if isinstance(tree, kind):
        yield tree
    for part in children(tree):
        yield from single_leaves(part, kind)


def weighed(tree: Node) -> list[Leaf]:
    """The leaves whose rarity the scores by a tree are made of."""
    found: dict[Leaf, None] = {}

    def single(leaf: Leaf) -> float:
        found[leaf] = None
        return 0.0

    def visit(node: Node) -> None:
        if is_passage(node):
            weight_of(node, single)
        elif not isinstance(node, Scope):
            for part in (node.part,) if isinstance(node, AllBut) else children(node):
                visit(part)

    visit(spread(tree))
    return list(found)
