"""A pattern means on a cluster what the engine in memory says, of words short and long, plain and strange."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from cluster.indexes import add, make_index, own, remove, remove_index
from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.cluster.asking import Asking
from searchkit.cluster.connection import Connection
from searchkit.cluster.engine import ClusterEngine
from searchkit.cluster.layout import Layout
from searchkit.cluster.tokens import key_of, token
from searchkit.cluster.vocabulary import WordsOfIndex
from searchkit.engine import Request
from searchkit.errors import QueryError
from searchkit.memory import MemoryEngine
from searchkit.memory.shapes import matcher
from searchkit.memory.text import Text
from searchkit.query import AnyOf, Fuzzy, Leaf, Near, Regex, Scope, Wildcard, Word

INDEX = own("vocabulary")
CHAIN = Chain("english")
# U+FDFA is folded to several words with blanks between, U+2049 to "!?"; a soft hyphen to nothing.
STRANGE = [
    "\ufdfa",
    "\ufdfa" * 3,
    "a\u0301b",
    "İstanbul",
    "straße",
    "x" * 2000,
    "x" * 1999 + "y",
    "漢字",
    "co\u00adop",
    "9/11",
]


def words() -> list[str]:
    choose = random.Random(5)
    made = {"".join(choose.choices("abcd", k=choose.randint(1, 6))) for _ in range(700)}
    return sorted(made) + STRANGE


@pytest.fixture(scope="module")
def connection(opensearch: str) -> Iterator[Connection]:
    made = Connection(opensearch)
    yield made
    for name in (INDEX, f"{INDEX}-gone"):
        remove_index(made, name)
    made.close()


@pytest.fixture(scope="module")
def engine(connection: Connection) -> ClusterEngine:
    every = words()
    articles = [Article(f"a{at}", "", " ".join(every[at : at + 40])) for at in range(0, len(every), 40)]
    articles.append(Article("known", "", "", authors=("Abba Abcd", "Zeppo Dabc"), url="http://abc.example/dada"))
    return make_index(connection, INDEX, articles)


def forms_of(texts: list[str]) -> set[str]:
    return {word.word for text in texts for _, word in Text("", text, CHAIN).words}


def meant(connection: Connection, leaf: Leaf, *, known: bool = False) -> set[str]:
    found = WordsOfIndex(Asking(connection), f"{INDEX}-words", len, 1024)
    pairs = list(found.matching(leaf, known=known))
    assert len({form for form, _ in pairs}) == len(pairs)
    assert all(stem == token(CHAIN.term(form)[1]) for form, stem in pairs)
    return {form for form, _ in pairs}


def patterns() -> Iterator[Leaf]:
    choose = random.Random(11)
    for _ in range(60):
        yield Wildcard("".join(choose.choices("abcd*?", [3, 3, 2, 2, 3, 2], k=choose.randint(1, 6))))
        yield Fuzzy("".join(choose.choices("abcd", k=choose.randint(1, 6))), choose.randint(0, 2))
    for text in (
        "x*y",
        "x*",
        "*",
        "?",
        "??",
        "str*",
        "istanbul?",
        "*\\?*",
        "\\*",
        "*\\!*",
        "a*b*c*d*a*b",
        "*a?????????????b*",
    ):
        yield Wildcard(text)
    for text in ("strasse", "istanbul", "漢", "x" * 1998, "coop", "q", "qq", "qqq"):
        yield from (Fuzzy(text, edits) for edits in (0, 1, 2))
    for text in (
        "a.*",
        ".*",
        "(ab|cd)+",
        "[a-c]{2,3}",
        "x{1000}x{999}y",
        "\\x61b?",
        "str.*e",
        "a?b?c?",
        ".*!\\?.*",
        "d$",
        "^aa",
    ):
        yield Regex(text)


def test_patterns_mean_what_they_mean_in_memory(connection: Connection, engine: ClusterEngine) -> None:
    every = forms_of(words())
    for leaf in patterns():
        fits = matcher(leaf)
        assert meant(connection, leaf) == {form for form in every if fits(form)}, leaf


def test_fields_have_words_of_their_own(connection: Connection, engine: ClusterEngine) -> None:
    assert meant(connection, Wildcard("*ab*"), known=True) == {"abba", "abcd", "dabc", "abc"}
    found = engine.search(Request(Scope("author", Wildcard("zep*"))))
    assert [hit.id for hit in found.found] == ["known"]
    assert engine.search(Request(Wildcard("zep*"))).total == 0


def test_too_many_words_are_told_exactly(engine: ClusterEngine) -> None:
    every = {form for form in forms_of(words()) if form.startswith("a")}
    with pytest.raises(QueryError) as caught:
        engine.search(Request(AnyOf((Word("b"), Wildcard("a*", 7))), most_expansions=20))
    assert f"{len(every):,} different words" in caught.value.message
    assert caught.value.column == 7
    assert f"--max-expansions {len(every)}" in caught.value.hint
    assert engine.search(Request(Wildcard("a*"), most_expansions=len(every))).total > 0


def test_words_that_no_article_has_any_more_do_not_count(connection: Connection) -> None:
    index = f"{INDEX}-gone"
    articles = [Article("one", "", "pole polar"), Article("two", "", "police policy polish")]
    engine = make_index(connection, index, articles)
    layout = Layout.for_articles("english", articles)
    with pytest.raises(QueryError, match="5 different words"):
        engine.search(Request(Wildcard("pol*"), most_expansions=2))
    remove(connection, index, [key_of("two")])
    assert engine.search(Request(Wildcard("pol*"), most_expansions=2)).total == 1
    add(connection, index, layout, [Article("three", "", "police")])
    with pytest.raises(QueryError, match="3 different words"):
        engine.search(Request(Wildcard("pol*"), most_expansions=2))
    assert engine.similar("polike") == [("police", 1)]


def test_suggestions(connection: Connection, engine: ClusterEngine) -> None:
    assert engine.similar("ab") == []
    (best, having), *_ = engine.similar("straase")
    assert (best, having) == ("strasse", 1)
    assert engine.similar("strasse" * 3) == []


def test_a_pattern_of_many_words_stands_near_another(connection: Connection, engine: ClusterEngine) -> None:
    """More words than the server's rules may have: articles are looked at here."""
    tree = Near(Wildcard("*a*"), Near(Wildcard("*b*"), Word("dcb"), 3), 5)
    every = engine.search(Request(Wildcard("*"), limit=100, most_expansions=5000))
    oracle = MemoryEngine([hit.load() for hit in every.found])
    found = engine.search(Request(tree, limit=100))
    assert {hit.id for hit in found.found} == set(oracle.scores(tree))
