"""What is decided here, article by article, is what the engine in memory decides, to the last digit of a score."""

from __future__ import annotations

import pytest
from random_trees import RandomQueries

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.cluster.apart import KnownWords
from searchkit.cluster.deciding import Judge, weighed
from searchkit.cluster.vocabulary import patterns
from searchkit.memory import MemoryEngine
from searchkit.memory.shapes import matcher
from searchkit.memory.text import Text
from searchkit.query import AllBut, AnyOf, Leaf, Near, Node, Phrase, Scope, Wildcard, Word, canonical
from searchkit.store.ranking import Scale

CHAIN = Chain("english")


def forms_of(tree: Node, articles: list[Article]) -> set[str]:
    every = {word.word for one in articles for _, word in Text(one.title, one.body, CHAIN).words}
    return {form for leaf, known in patterns(tree) if not known for form in every if matcher(leaf)(form)}


def judged(tree: Node, articles: list[Article], oracle: MemoryEngine, words: KnownWords) -> dict[str, float]:
    texts = [Text(one.title, one.body, CHAIN) for one in articles]
    scale = Scale.of_averages(
        sum(text.title_words for text in texts), sum(text.body_words for text in texts), len(texts)
    )

    def having(leaf: Leaf) -> int:
        return len(oracle.scores(leaf))

    judge = Judge(tree, words, CHAIN, scale, len(articles), having, forms_of(tree, articles))
    scores = judge.scores(articles)
    return {one.id: score for one, score in zip(articles, scores, strict=True) if score is not None}


@pytest.mark.parametrize("seed", range(8))
def test_a_judge_decides_as_the_engine_in_memory(seed: int) -> None:
    queries = RandomQueries(seed)
    articles = [queries.article(number) for number in range(30)]
    oracle, words = MemoryEngine(articles), KnownWords(CHAIN)
    for _ in range(60):
        tree = queries.tree(queries.random.choice([1, 2, 3, 4]))
        assert judged(tree, articles, oracle, words) == pytest.approx(oracle.scores(tree), abs=1e-9), canonical(tree)


def test_of_a_text_only_what_is_asked_for_is_kept() -> None:
    words = KnownWords(CHAIN)
    article = Article("a", "Police parade", "The police marched. Parades follow.\n\nPolice!")
    (text,) = words.texts([article], {"polic"}, {"follow"})
    whole = Text(article.title, article.body, CHAIN)
    kept = [(at, word.word) for at, word in whole.words if word.stem == "polic" or word.word == "follow"]
    assert [(at, word.word) for at, word in text.words] == kept
    assert (text.title_words, text.body_words) == (whole.title_words, whole.body_words)
    assert text.sentences == whole.sentences


def test_what_scores_are_made_of() -> None:
    a, b, c = Word("a"), Word("b"), Wildcard("c*")
    tree = AllBut(AnyOf((Near(a, Phrase((b, c)), 2), Scope("author", Word("d")))), (Word("e"),))
    assert weighed(tree) == [a, b, c]
    assert [leaf.text for leaf in weighed(Word("9/11"))] == ["9", "11"]
