"""The engine answers random queries over random indexes as a brute-force twin does: totals, hits, order, scores."""

from __future__ import annotations

import datetime
import math
import random
import shutil
import struct
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from store.whoosh_witness import Witness

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.engine import Filters, Request, Response
from searchkit.local.engine import LocalEngine
from searchkit.query import AllBut, AllOf, AnyOf, Leaf, Node, Phrase, Word, as_written, is_list, leaves, phrase
from searchkit.store.writer import StoreWriter

# Few words, so that phrases and ties happen; some share a stem, some are taken apart, some are in every article.
WORDS = [
    "police", "policing", "Police’s", "parade", "parades", "pride", "the", "The", "of", "9/11", "AT&T", "e-mail",
    "Straße", "北京", "naïve", "rare", "U.S.", "_snake_case_",
]  # fmt: skip
WEIGHTS = [8, 3, 1, 6, 4, 3, 30, 8, 20, 1, 1, 1, 1, 1, 1, 0.2, 2, 1]
NOWHERE = ["nowhere", "", "...", "the nowhere", "👮"]
SOURCES = ["", "Herald", "Post", "ÆON", "Straßenblatt"]
FIRST_DAY = datetime.date(2001, 9, 11)


@dataclass(frozen=True)
class Known:
    """An article as the twin sees it: its stems with their positions, the lengths of its fields."""

    article: Article
    places: dict[str, frozenset[int]]
    title_length: int
    body_length: int


class Twin:
    """All articles of one commit, in a list, and a search that looks at each of them."""

    def __init__(self, articles: dict[str, Known]) -> None:
        self.articles = articles
        self.chain = Chain()
        count = len(articles)
        titles = sum(known.title_length for known in articles.values())
        bodies = sum(known.body_length for known in articles.values())
        # The slopes are made first, as the engine does it: a different last bit could break a tie.
        self.title_slope = 0.5 / (titles / count if titles else 1.0)
        self.body_slope = 0.75 / (bodies / count if bodies else 1.0)
        self.having: dict[str, list[str]] = defaultdict(list)
        for key, known in articles.items():
            for stem in known.places:
                self.having[stem].append(key)

    def stems(self, leaf: Leaf | Phrase) -> list[str]:
        return [token.stem for token in self.chain.tokens(as_written(leaf))]

    def weight(self, stem: str) -> float:
        """The idf times k1 + 1."""
        having = len(self.having.get(stem, ()))
        return math.log(1 + (len(self.articles) - having + 0.5) / (having + 0.5)) * (1.2 + 1)

    def leaf(self, leaf: Leaf | Phrase) -> dict[str, float]:
        """The score of every article in which the words stand side by side."""
        stems = self.stems(leaf)
        if not stems:
            return {}
        weight = sum(self.weight(stem) for stem in stems)
        found = {}
        for key in self.having.get(stems[0], ()):
            known = self.articles[key]
            places = [known.places.get(stem, frozenset()) for stem in stems]
            begins = [at for at in places[0] if all(at + n in later for n, later in enumerate(places))]
            if not begins:
                continue
            in_title = sum(at < known.title_length for at in begins)
            # In single precision, as the engine keeps it: scores that differ by less would change places.
            norm = single(1 / (0.25 + self.body_slope * known.body_length))
            frequency = single((len(begins) - in_title) * norm)
            frequency += 2.0 * in_title / (0.5 + self.title_slope * known.title_length)
            share = weight * frequency / (1.2 + frequency)
            found[key] = round(share * 2**36) / 2**36
        return found

    def matching(self, tree: Node) -> dict[str, float]:
        """The score of every article that matches."""
        if isinstance(tree, Word | Phrase):
            return self.leaf(tree)
        if isinstance(tree, AllBut):
            gone = set().union(*map(self.matching, tree.without))
            return {key: score for key, score in self.matching(tree.part).items() if key not in gone}
        assert isinstance(tree, AnyOf | AllOf)
        parts = [self.matching(part) for part in tree.parts]
        keys = set(parts[0]).union(*parts) if isinstance(tree, AnyOf) else set(parts[0]).intersection(*parts)
        return {key: sum(part.get(key, 0.0) for part in parts) for key in keys}

    def passes(self, key: str, filters: Filters) -> bool:
        article = self.articles[key].article
        if (filters.since or filters.until) and article.date is None:
            return False
        if article.date and not (filters.since or datetime.date.min) <= article.date <= (
            filters.until or datetime.date.max
        ):
            return False
        return not filters.sources or article.source.casefold() in {name.casefold() for name in filters.sources}

    def search(self, request: Request) -> tuple[int, int, list[tuple[str, float]]]:
        """(total, total of all parts, hits)."""

        def passing(tree: Node) -> dict[str, float]:
            return {key: score for key, score in self.matching(tree).items() if self.passes(key, request.filters)}

        matching = passing(request.query)
        parts = leaves(request.query)
        total_all = len(matching)
        if request.details and is_list(request.query):
            total_all = len(passing(AllOf(tuple(parts))))

        def order(key: str) -> tuple[float, int, bytes]:
            date = self.articles[key].article.date
            day = date.toordinal() if date else 0
            if request.sort == "relevance":
                return -matching[key], -day, key.encode()
            if request.sort == "newest":
                return 0, -day, key.encode()
            return 0, day or datetime.date.max.toordinal() + 1, key.encode()

        ranked = sorted(matching, key=order)[request.offset : request.offset + request.limit]
        scored = request.sort == "relevance"
        return len(matching), total_all, [(key, matching[key] if scored else 0.0) for key in ranked]


def single(number: float) -> float:
    """The nearest number of single precision."""
    return float(struct.unpack("<f", struct.pack("<f", number))[0])


def known(article: Article, chain: Chain) -> Known:
    places: dict[str, set[int]] = defaultdict(set)
    title = [token.stem for token in chain.tokens(article.title)]
    body = [token.stem for token in chain.tokens(article.body)]
    for at, stem in enumerate(title):
        places[stem].add(at)
    for at, stem in enumerate(body):
        # No phrase runs from the title into the body.
        places[stem].add(len(title) + 1 + at)
    return Known(article, {stem: frozenset(at) for stem, at in places.items()}, len(title), len(body))


def text(random_: random.Random, longest: int) -> str:
    words = random_.choices(WORDS, WEIGHTS, k=random_.randrange(longest + 1))
    between = random_.choice([" ", " ", " ", "  ", ". ", "\n\n", "-"])
    return between.join(words)


def random_article(random_: random.Random, key: str, days: int, longest: int) -> Article:
    date = None if random_.random() < 0.15 else FIRST_DAY + datetime.timedelta(random_.randrange(days))
    title, body = text(random_, 4), text(random_, longest)
    return Article(key, title, body, date, random_.choice(SOURCES))


def random_index(random_: random.Random, path: Path, size: int) -> Iterator[Twin]:
    """Change the index in ``path`` at random, with about ``size`` articles; yields a twin after some commits."""
    chain = Chain()
    live: dict[str, Known] = {}
    days = random_.choice([1, 3, 30, 3000])
    longest = random_.choice([3, 12, 40])
    commits = random_.choice([1, 2, 5, 18])
    language = "english"
    writer = StoreWriter(path, language=language, workers=random_.choice([1, 1, 2]))
    try:
        for number in range(commits):
            # The first commit is often by far the largest.
            share = 0.8 if number == 0 and random_.random() < 0.5 else random_.random() * 2 / commits
            for _ in range(int(size * share) + 1):
                key = random_.choice("aäz") + str(random_.randrange(size))
                if random_.random() < 0.1:
                    writer.remove(key)
                    live.pop(key, None)
                else:
                    article = random_article(random_, key, days, longest)
                    writer.put(article)
                    live[key] = known(article, chain)
            if random_.random() < 0.05 and live:
                # Enough deletions that a segment is rewritten, or goes.
                for key in random_.sample(sorted(live), len(live) * 2 // 3):
                    writer.remove(key)
                    del live[key]
            if random_.random() < 0.02:
                writer.clear()
                live.clear()
            writer.commit()
            if number == commits - 1 or random_.random() < 0.2:
                yield Twin(dict(live))
            if random_.random() < 0.2:
                writer.close()
                writer = StoreWriter(path, workers=random_.choice([1, 2]))
    finally:
        writer.close()


def random_leaf(random_: random.Random) -> Leaf | Phrase:
    if random_.random() < 0.02:
        return Word(random_.choice(NOWHERE))
    if random_.random() < 0.6:
        return Word(random_.choice(WORDS))
    return phrase(" ".join(random_.choices(WORDS, WEIGHTS, k=random_.choice([1, 2, 2, 2, 3, 4]))))


def random_tree(random_: random.Random, depth: int) -> Node:
    if depth == 0 or random_.random() < 0.25:
        return random_leaf(random_)
    if random_.random() < 0.6:
        return AnyOf(tuple(random_tree(random_, depth - 1) for _ in range(random_.choice([1, 2, 3, 3, 4, 7]))))
    return AllOf(tuple(random_tree(random_, depth - 1) for _ in range(random_.choice([1, 2, 2, 2, 3]))))


def with_negations(tree: Node, chance: random.Random) -> Node:
    """The same tree, some of its parts without what matches other trees."""
    if isinstance(tree, AnyOf | AllOf):
        tree = type(tree)(tuple([with_negations(part, chance) for part in tree.parts]))
    if chance.random() < 0.15:
        return AllBut(tree, tuple([random_tree(chance, 1) for _ in range(chance.choice([1, 1, 2]))]))
    return tree


def random_request(random_: random.Random, twin: Twin, chance: random.Random | None) -> Request:
    """A request; its tree has negations by ``chance`` where that is given."""
    dates = sorted({item.article.date for item in twin.articles.values() if item.article.date} | {FIRST_DAY})
    since, until = sorted(
        random_.choice(dates) + datetime.timedelta(random_.choice([0, 0, 0, 1, -1])) for _ in range(2)
    )
    if random_.random() < 0.05:
        since, until = until, since
    sources = tuple(
        random_.sample([*SOURCES, "HERALD", "strassenblatt", "nobody"], random_.choice([0, 0, 0, 0, 1, 2]))
    )
    tree = random_tree(random_, random_.choice([0, 1, 1, 2, 3]))
    return Request(
        with_negations(tree, chance) if chance else tree,
        Filters(random_.choice([None, None, None, since]), random_.choice([None, None, None, until]), sources),
        random_.choice(["relevance", "relevance", "relevance", "newest", "oldest"]),
        offset=random_.choice([0, 0, 0, 1, 10, 100]),
        limit=random_.choice([0, 1, 2, 10, 10, 10, 100, 5000]),
        details=random_.random() < 0.5,
    )


def compare(response: Response, request: Request, twin: Twin) -> None:
    total, total_all, hits = twin.search(request)
    assert (response.total, response.total_all) == (total, total_all)
    assert [found.id for found in response.found] == [key for key, _ in hits]
    for found, (_, score) in zip(response.found, hits, strict=True):
        assert found.score == pytest.approx(score, rel=1e-4)
    assert response.articles == len(twin.articles)
    if not request.details:
        assert response.terms == ()
        return
    for term, leaf in zip(response.terms, leaves(request.query), strict=True):
        assert (term.leaf, term.text) == (leaf, as_written(leaf))
        assert term.articles == len(twin.leaf(leaf))


def compare_with_whoosh(engine: LocalEngine, tree: Node, witness: Witness, count: int) -> None:
    """The same of all ``count`` articles match in the eyes of both, where Whoosh is a witness."""
    expected = witness.matching(tree)
    if expected is not None:
        response = engine.search(Request(tree, limit=count))
        assert response.total == len(response.found)
        assert {found.id for found in response.found} == expected


def ask(
    path: Path,
    seed: int,
    size: int,
    queries: int,
    witnesses: list[Witness] | None = None,
    *,
    negations: bool = True,
) -> int:
    """Ask about ``queries`` random queries of a random index, and witnesses of it too; returns how many it were."""
    random_, chance = random.Random(seed), random.Random(f"negations {seed}")
    asked = 0
    for twin in random_index(random_, path, size):
        engine = LocalEngine(path)
        if witnesses is not None:
            witnesses.append(Witness(known.article for known in twin.articles.values()))
        for _ in range(queries):
            request = random_request(random_, twin, chance if negations else None)
            response = engine.search(request)
            try:
                compare(response, request, twin)
                if witnesses:
                    compare_with_whoosh(engine, request.query, witnesses[-1], len(twin.articles))
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, query {asked}: {request}\n{error}") from error
            asked += 1
        for found in response.found[:3]:
            assert found.load() == twin.articles[found.id].article
        engine.close()
    return asked


@pytest.mark.parametrize("seed", range(50))
def test_random_queries_over_small_indexes(tmp_path: Path, seed: int) -> None:
    assert ask(tmp_path / "index", seed, 1 + seed * 10, 30) >= 30


def test_stock_whoosh_finds_the_same_articles(tmp_path: Path) -> None:
    answers: Counter[str] = Counter()
    for seed in range(100, 125, 2):
        witnesses: list[Witness] = []
        ask(tmp_path / str(seed), seed, 1 + (seed - 100) * 20, 60, witnesses, negations=False)
        for witness in witnesses:
            answers += witness.answers
            witness.close()
    # So often each kind of query had hits.
    assert min(answers[kind] for kind in ("Word", "Phrase", "AllOf", "AnyOf")) > 50


@pytest.mark.parametrize("seed", range(3))
def test_random_queries_over_more_than_one_window(tmp_path: Path, seed: int) -> None:
    """A window has 4,096 articles, a block 128 postings."""
    assert ask(tmp_path / "index", 10_000 + seed, 9000, 30) >= 30


def test_what_is_tied_with_the_worst_of_the_best_is_not_dropped(tmp_path: Path) -> None:
    """The bound of two phrases, less their bounds, plus their shares, once was one bit less than their sum."""
    ask(tmp_path / "index", 20_050, 9000, 60, negations=False)


@pytest.mark.long
def test_a_hundred_thousand_random_queries(tmp_path: Path) -> None:
    asked, seed = 0, 20_000
    while asked < 100_000:
        asked += ask(tmp_path / str(seed), seed, 9000 if seed % 50 == 0 else 1 + seed % 500, 60)
        shutil.rmtree(tmp_path / str(seed))
        seed += 1
