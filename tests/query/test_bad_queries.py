"""Queries that bring other engines to their knees: each is answered or refused, in little time and room.

Seconds are the processor's, and generous: they tell a straight line from a curve, not one machine from another.
"""

from __future__ import annotations

import datetime
import os
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from places import ROOT

from searchkit.article import Article
from searchkit.engine import Request
from searchkit.errors import QueryError, QueryTimeout, QueryTooLarge, SearchkitError
from searchkit.index import Index
from searchkit.local.engine import LocalEngine
from searchkit.memory import MemoryEngine
from searchkit.query import AllOf, AnyOf, Days, Everything, Node, Word, canonical, parse
from searchkit.store.writer import StoreWriter

TODAY = datetime.date(2020, 3, 10)
LONG = 100_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Articles of one word a hundred thousand times, of ten thousand words, of strange words, and of usual ones."""
    path = tmp_path_factory.mktemp("bad") / "index"
    articles = [
        Article("many", "a a", "a " * LONG + "b", datetime.date(1, 1, 1)),
        Article("sentences", "", ("a " * 50 + "b. ") * 2000, datetime.date(9999, 12, 31), "Herald"),
        Article("words", "", " ".join(f"w{number}" for number in range(10_000)), TODAY, "Post"),
        Article("long", "", f"{'x' * 40} {'x' * 40}y {'ab' * 20} {'x' * 2000}", TODAY),
        Article("usual", "Police at the parade", "The mayor of the city: קול, naïve café.", TODAY),
    ]
    with StoreWriter(path, workers=1) as writer:
        for article in articles:
            writer.put(article)
        writer.commit()
    return path


@pytest.fixture(scope="module")
def engine(folder: Path) -> LocalEngine:
    return LocalEngine(folder)


def found(engine: LocalEngine, text: str, seconds: float = 0, most: int = 1024) -> list[str]:
    """The ids that a query finds; ``seconds`` is how long it may take."""
    deadline = time.monotonic_ns() + int(seconds * 1e9) if seconds else 0
    tree = parse(text, today=TODAY).tree
    response = engine.search(Request(tree, deadline=deadline, most_expansions=most))
    ids = [hit.id for hit in response.found]
    assert response.total == len(ids)
    return sorted(ids)


def calls(text: str) -> int:
    """How many calls of functions it takes to read a text: work that does not depend on the machine."""
    made = 0

    def count(*_: object) -> None:
        nonlocal made
        made += 1

    sys.setprofile(count)
    try:
        parse(text, today=TODAY)
    except QueryError as error:
        sys.setprofile(None)
        assert 1 <= error.column <= len(text) + 1
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize(
    ("expression", "articles"),
    [
        ("(a+)+$", ["many", "sentences"]),
        ("(x+x+)+y", ["long"]),
        ("(a|aa)*b", ["many", "sentences"]),
        ("(x*)*", ["long"]),
        ("(x|x)*z", []),
        ("(.*)*(.*)*(.*)*q", []),
        ("((ab)+)+", ["long"]),
        ("x{1000}x{1000}", ["long"]),
        ("(x?){500}x{40}", ["long"]),
        ("w(1|11|111)*", ["words"]),
    ],
)
def test_regular_expressions_that_backtrack_elsewhere(
    engine: LocalEngine, expression: str, articles: list[str]
) -> None:
    assert found(engine, f"/{expression}/", most=20_000) == articles


def test_ten_thousand_ors(engine: LocalEngine) -> None:
    text = " OR ".join(f"w{number}" for number in range(10_000))
    tracemalloc.start()
    try:
        tree = parse(text).tree
        assert isinstance(tree, AnyOf)
        assert len(tree.parts) == 10_000
        response = engine.search(Request(tree))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (response.total, response.total_all) == (1, 1)
    assert peak < 50 << 20


def test_ten_thousand_ands_and_nots(engine: LocalEngine) -> None:
    every = " AND ".join(f"w{number}" for number in range(10_000))
    assert found(engine, every) == ["words"]
    assert found(engine, f"{every} AND nowhere") == []
    assert found(engine, "mayor" + "".join(f" AND NOT w{number}" for number in range(10_000))) == ["usual"]


def test_different_words_that_must_all_be_there_are_read_in_linear_time() -> None:
    """Each was once compared with every other."""
    text = " ".join(f"w{number}" for number in range(20_000))
    tree = parse(f"{text} -w5", require_all=True).tree
    assert len(tree.part.parts) == 20_000  # type: ignore[union-attr]


def test_a_star_stands_for_every_article_and_for_no_word(engine: LocalEngine) -> None:
    assert len(found(engine, "*")) == len(found(engine, "**")) == len(found(engine, "*:*")) == 5
    assert found(engine, "* -a") == ["long", "usual", "words"]
    for text in ("title:*", "a w/5 *", '"a *"', "FIRST/5 *", "body:(a OR *) w/3 b", "ATLEAST/2 *"):
        with pytest.raises(QueryError):
            parse(text)


@pytest.mark.parametrize(
    ("text", "articles"),
    [
        ("mayor\0city", ["usual"]),
        ("\0mayor\0", ["usual"]),
        ("mayor\ud800", ["usual"]),
        ("\udfff mayor \ud800\ud800", ["usual"]),
        ('"the mayor\udc80 of"', ["usual"]),
        ("may*\ud800", ["usual"]),
        ("id:\ud800", []),
        ("source:\ud800post", ["words"]),
        ("\u202emayor", ["usual"]),
        ("\u200fקול\u200e", ["usual"]),
        ("\u2066mayor\u2069 \u200emayor", ["usual"]),
        ("\ufeffmayor", ["usual"]),
        ("may\xador", ["usual"]),
        ("ｍａｙｏｒ　ＡＮＤ　（ｃｉｔｙ）", ["usual"]),
        ("nai\u0308ve AND cafe\u0301", ["usual"]),
    ],
)
def test_characters_that_nobody_sees(engine: LocalEngine, text: str, articles: list[str]) -> None:
    tree = parse(text, today=TODAY).tree
    assert parse(canonical(tree), today=TODAY).tree == tree
    oracle = MemoryEngine(engine.article(key) for key in ("usual", "words", "long"))
    assert found(engine, text) == sorted(hit.id for hit in oracle.search(Request(tree)).found) == articles


def test_half_a_character_in_a_regular_expression_has_its_column() -> None:
    with pytest.raises(QueryError, match="half a character") as caught:
        parse("mayor /a\ud800/")
    assert caught.value.column == 9


@pytest.mark.parametrize(
    ("text", "articles"),
    [
        ("date:0001", ["many"]),
        ("date:0001-01-01", ["many"]),
        ("before:0001-01-02", ["many"]),
        ("date:9999", ["sentences"]),
        ("date:9999-12-31", ["sentences"]),
        ("after:9999-12-30", ["sentences"]),
        ("date:[* TO *]", ["long", "many", "sentences", "usual", "words"]),
        ("NOT date:0002..9998", ["many", "sentences"]),
        ("date:last 99999 years", ["long", "many", "usual", "words"]),
    ],
)
def test_the_ends_of_the_calendar(engine: LocalEngine, text: str, articles: list[str]) -> None:
    assert found(engine, text) == articles


@pytest.mark.parametrize(
    "text",
    [
        "date:0000", "date:0000-01-01", "before:0001-01-01", "before:0001", "after:9999-12-31", "after:9999",
        "date:10000",
        "date:99999999999999999999", "date:-1", "date:0001-00-00", "date:9999-13-01", "date:9999-12-31..0001-01-01",
    ],
)  # fmt: skip
def test_days_beyond_the_calendar_are_refused_with_their_column(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(f"mayor {text}", today=TODAY)
    assert caught.value.column > len("mayor ")


def test_today_at_the_ends_of_the_calendar() -> None:
    for today in (datetime.date.min, datetime.date.max):
        for said in (
            "today",
            "yesterday",
            "tomorrow",
            "last week",
            "next week",
            "last 30 days",
            "march",
            "this year",
        ):
            try:
                assert isinstance(parse(f"date:{said}", today=today).tree, Days)
            except QueryError as error:
                assert "calendar" in error.message


def nested(levels: int) -> dict[str, str]:
    """Queries of so many levels, each in a way of its own."""
    return {
        "groups": "(a OR " * (levels - 1) + "b" + ")" * (levels - 1),
        "near": "a" + " w/9 b" * (levels - 1),
        "not": "NOT " * (levels - 1) + "a",
        "boosts": "(" * (levels - 1) + "a" + ")^1.1" * (levels - 1),
        "first": "FIRST/99 " * (levels - 1) + "a",
        "mixed": "(a AND (b OR " * ((levels - 1) // 2) + "a" + "))" * ((levels - 1) // 2),
    }


@pytest.mark.parametrize("name", nested(1))
def test_sixty_four_levels_are_answered_and_more_refused(engine: LocalEngine, name: str) -> None:
    text = nested(64)[name]
    tree = parse(text).tree
    assert parse(canonical(tree)).tree == tree
    try:
        engine.search(Request(tree, deadline=time.monotonic_ns() + 5_000_000_000))
    except (QueryTooLarge, QueryTimeout):
        assert name == "near"
    for levels in (67, 1000, 10_000):
        with pytest.raises(QueryError, match="64 levels"):
            parse(nested(levels)[name])


def repeated(text: str, begin: str = "", end: str = "") -> Callable[[int], str]:
    """A query of so many characters."""
    return lambda size: begin + text * ((size - len(begin) - len(end)) // len(text)) + end


SHAPES = {
    "or": repeated("a OR ", end="b"), "and": repeated("a AND ", end="b"), "not": repeated(" NOT a", "a"),
    "and not": repeated(" AND NOT a", "a"), "words": repeated("ab "), "one word": repeated("a"),
    "required": repeated("+a "), "excluded": repeated("-a ", "b "), "phrase": repeated("ab ", '"', '"'),
    "phrases": repeated('"a b" '), "slops": repeated('"a b"~2 '), "quotes": repeated('"'),
    "open quotes": repeated('"a'),
    "groups": repeated("(a) "), "opening": repeated("("), "closing": repeated(")"), "slashes": repeated("/"),
    "slashes apart": repeated("/a "), "backslashes": repeated("\\"), "regexes": repeated("/a/ "),
    "backslashed regex": repeated("\\\\", "/"), "boosts": repeated("^1", "a"), "weighed": repeated("a^2 "),
    "tildes": repeated("~", "a"), "stars": repeated("*"), "shapes": repeated("a* "), "one shape": repeated("a*"),
    "shapes in a phrase": repeated("a* ", '"', '"'), "fields": repeated("title:a "), "sources": repeated("source:a "),
    "colons": repeated(":"), "names": repeated("a_"), "dates": repeated("date:2020 "),
    "said": repeated("date:march 2020 "),
    "dates of words": repeated("date:2020 a b c d e f g h "),
    "dates in a group": repeated("2020 OR ", "date:(", "2021)"),
    "open dates": repeated("date:["), "digits": repeated("1", "date:"), "hyphens": repeated("1-", "date:"),
    "last": repeated("last ", "date:"), "quoted date": repeated("1 ", 'date:"', '"'), "ids": repeated("id:a "),
    "near": repeated(" w/5 a", "a"), "near pairs": repeated("a w/5 a "), "first": repeated("FIRST/5 a "),
    "exact": repeated("=a "), "equals": repeated("="), "signs": repeated("+-"), "emoji": repeated("👮 "),
    "wide": repeated("ａ "), "han": repeated("北京"), "marks": repeated("\u0301", "a"), "nul": repeated("\0"),
    "halves": repeated("\ud800"), "halves in words": repeated("a\ud800"), "joiners": repeated("a\u200d"),
    "hebrew": repeated("א'"), "right to left": repeated("\u202ea \u200fb "), "operators": repeated("OR "),
    "joints": repeated("a.1,"), "underscores": repeated("_"), "nested": repeated("a OR ", "(" * 60, "a" + ")" * 60),
    "nested near": repeated("a OR ", "(" * 30, "a" + ") w/5 b" * 30),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_a_hundred_kilobytes_are_read_in_linear_time(name: str) -> None:
    half, whole = SHAPES[name](LONG // 2), SHAPES[name](LONG)
    assert LONG - 100 < len(whole) <= LONG
    assert calls(whole) < 2.2 * calls(half) + 1000


def test_a_pattern_that_means_too_much_says_how_much(engine: LocalEngine) -> None:
    for text in ("w*", "=a w????", "/w[0-9]+/", '"w* w1"', "title:mayor OR (w* w/5 w1)", "NOT w*"):
        with pytest.raises(QueryError) as caught:
            found(engine, text)
        assert any(f"{count:,}" in caught.value.message for count in (10_000, 9_000)), caught.value.message
        assert "1,024" in caught.value.message
        assert "--max-expansions" in caught.value.hint
        assert found(engine, text, most=10_000) is not None


def test_many_patterns_together_are_refused(engine: LocalEngine) -> None:
    """Each may mean as much as one may mean; a cursor for each word of all would not fit into memory."""
    text = " ".join(f"{'w?' if number % 2 else 'w??'}*" for number in range(2000))
    with pytest.raises(QueryTooLarge):
        found(engine, text, most=10_000)


def test_groups_that_multiply_are_refused(engine: LocalEngine) -> None:
    """(a AND b) w/5 (c AND d) is four pairs; three groups of a hundred would be a million."""
    group = "(" + " AND ".join(f"w{number}" for number in range(100)) + ")"
    with pytest.raises(QueryError, match="passages") as caught:
        found(engine, f"mayor OR ({group} w/5 {group} w/5 {group})")
    assert caught.value.column > 1
    choice = "(" + " OR ".join(f"w{number}" for number in range(5000)) + ")"
    with pytest.raises(QueryTooLarge):
        found(engine, f"{group} w/5 {choice}")
    assert found(engine, f"{choice} w/1 {choice}") == ["words"]


def test_reasons_for_nothing_keep_to_the_limit_that_was_asked_for(engine: LocalEngine) -> None:
    """Where nothing matched, each part was once counted with the usual limit, and its error was the answer."""
    results = Index(engine).search("w* AND nowhere", max_expansions=10_000)
    assert results.total == 0


@pytest.mark.parametrize("seconds", [0.05, 0.3])
@pytest.mark.parametrize(
    "text",
    [
        '"a b b"~10000',
        '"a a a a a a a a a b b"~10000',
        " OR ".join(f'"a{" a" * number} b b"~9999' for number in range(2, 20)),
        "author:x OR (" + " OR ".join(f"(a w/{n} a)" for n in range(2, 40)) + ") w/p zzz OR " + '"a b b"~9000',
    ],
    ids=["pair", "many", "several", "all"],
)
def test_a_deadline_ends_a_slow_query(engine: LocalEngine, text: str, seconds: float) -> None:
    began = time.monotonic()
    with pytest.raises((QueryTimeout, QueryTooLarge)):
        found(engine, text, seconds)
    assert time.monotonic() - began < seconds + 2


def test_a_deadline_that_has_passed_ends_every_query(engine: LocalEngine) -> None:
    for text in ("a w/5 b", "w1*", "/w.*1/", "source:post", "author:x", "a AND NOT b", "title:a", "wrod~"):
        with pytest.raises(QueryTimeout):
            engine.search(Request(parse(text).tree, deadline=1))


EXPLOSIONS = [
    "a w/p a", "a w/s b", "a w/5 a", "(a w/10000 a) w/p a", "FIRST/99999 (a w/p a)", "ATLEAST/10000 (a w/p a)",
    '"a a"~10000', '"a b b"~10000', '"' + "a " * 32 + '"~10000', '"' + "a " * 300 + '"', "a" + " PRE/1 a" * 20,
    "(" * 20 + "a" + " w/30 a)" * 20, "(" + " OR ".join(f"(a w/{n} a)" for n in range(21, 121)) + ") w/p b",
    "((a w/30 a) w/s (a w/30 a)) w/p b", "((a w/9999 b) w/s (a w/30 a)) w/p b", "(a* w/9 b*) w/p (b* PRE/99 a*)",
    "/a+/ w/s /(a|b)+/", "NOT ((a w/30 a) w/p (a w/30 a))", "body:(a w/p (a w/40 a)) OR title:(a w/p a)",
]  # fmt: skip


def in_little_memory(*words: str) -> list[str]:
    """Run this file as a program; returns the lines that it writes."""
    done = subprocess.run(
        [sys.executable, __file__, *words],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    return done.stdout.splitlines()


@pytest.mark.long
def test_a_hundred_kilobytes_take_little_memory() -> None:
    assert in_little_memory("parse") == ["read"] * len(SHAPES)


def test_passages_that_explode_end_in_bounded_memory(folder: Path) -> None:
    """An article of one word a hundred thousand times: its pairs would be ten thousand millions."""
    answers = in_little_memory("explode", str(folder))
    assert len(answers) == len(EXPLOSIONS)
    assert answers[:3] == ["2", "2", "2"]
    assert "QueryTooLarge" in answers


def bound_memory(more: int) -> None:
    """Let this process have so many bytes more than it has."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + more, resource.RLIM_INFINITY))


def read_all() -> None:
    """Read every shape in a hundred megabytes."""
    parse("a /a/ date:2020")
    bound_memory(100 << 20)
    for make in SHAPES.values():
        calls(make(LONG))
        print("read")


def explode(folder: Path) -> None:
    """Ask what explodes in half a gigabyte."""
    engine = LocalEngine(folder)
    engine.search(Request(AllOf((Word("a"), Everything()))))
    bound_memory(512 << 20)
    for text in EXPLOSIONS:
        tree: Node = parse(text).tree
        try:
            print(engine.search(Request(tree, deadline=time.monotonic_ns() + 3_000_000_000)).total)
        except SearchkitError as error:
            print(type(error).__name__)


if __name__ == "__main__":
    if sys.argv[1] == "parse":
        read_all()
    else:
        explode(Path(sys.argv[2]))
