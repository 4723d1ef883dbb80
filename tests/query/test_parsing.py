"""Text becomes a tree, every mistake has its column, and canonical text is the tree's own."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_trees import RandomQueries

from searchkit.errors import QueryError
from searchkit.query import (
    AllBut,
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Days,
    Everything,
    Exact,
    First,
    Fuzzy,
    Id,
    Near,
    Node,
    Phrase,
    Regex,
    Scope,
    Wildcard,
    Within,
    Word,
    canonical,
    leaves,
    parse,
)

TODAY = datetime.date(2020, 3, 10)
A, B, C, D = Word("a"), Word("b"), Word("c"), Word("d")


def tree(text: str, **options: bool) -> Node:
    return parse(text, today=TODAY, **options).tree  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("police", Word("police")),
        ("pride  parade", AnyOf((Word("pride"), Word("parade")))),
        ('"pride parade" police', AnyOf((Phrase((Word("pride"), Word("parade"))), Word("police")))),
        ("“pride parade”", Phrase((Word("pride"), Word("parade")))),
        ('pride"parade"', AnyOf((Word("pride"), Word("parade")))),
        ("9/11 AT&T", AnyOf((Word("9/11"), Word("AT&T")))),
        ("police & - pride", AnyOf((Word("police"), Word("pride")))),
        ('"" police', Word("police")),
        ("a AND b OR c", AnyOf((AllOf((A, B)), C))),
        ("a OR b AND c", AnyOf((A, AllOf((B, C))))),
        ("a b AND c d", AllOf((AnyOf((A, B)), AnyOf((C, D))))),
        ("a && b || c", AnyOf((AllOf((A, B)), C))),
        ("a AND NOT b", AllBut(A, (B,))),
        ("a NOT b NOT c", AllBut(A, (B, C))),
        ("(a NOT b) NOT c", AllBut(AllBut(A, (B,)), (C,))),
        ("NOT a", AllBut(Everything(), (A,))),
        ("a -b", AllBut(A, (B,))),
        ("-b", AllBut(Everything(), (B,))),
        ("+a b", AllOf((A, AnyOf((B, Everything()))))),
        ("+a +b -c -d", AllBut(AllOf((A, B)), (C, D))),
        ("a and b", AnyOf((A, Word("and"), B))),
        ("a NEAR/5 b", Near(A, B, 5)),
        ("a w/5 b W/3 c", Near(Near(A, B, 5), C, 3)),
        ("a PRE/2 b", Near(A, B, 2, ordered=True)),
        ("a w/s (b OR c)", Within(A, AnyOf((B, C)), "sentence")),
        ("a w/p b", Within(A, B, "paragraph")),
        ("a b NEAR/5 c d", AnyOf((A, Near(B, C, 5), D))),
        ("ATLEAST/3 a AND FIRST/50 (b c)", AllOf((AtLeast(3, A), First(50, AnyOf((B, C)))))),
        ('"a b c"~4', Phrase((A, B, C), 4)),
        ('"climat* change"', Phrase((Wildcard("climat*"), Word("change")))),
        ("e-mail*", Phrase((Word("e"), Wildcard("mail*")))),
        ("9/1?", Phrase((Word("9"), Wildcard("1?")))),
        ("polic*s", Wildcard("polic*s")),
        ("polic**", Wildcard("polic*")),
        (r"what\?", Word("what")),
        ("police~ mayor~ men~ it~ a~2", AnyOf((Fuzzy("police", 2), Fuzzy("mayor", 1), Fuzzy("men", 1), Fuzzy("it", 0), Fuzzy("a", 2)))),  # noqa: E501
        ("/pol(ice|itics)/", Regex("pol(ice|itics)")),
        ("/a b/ c", AnyOf((Regex("a b"), C))),
        ("=running", Exact("running")),
        ('="new york"', Phrase((Exact("new"), Exact("york")))),
        ("a^3 (b c)^0.5", AnyOf((Boost(A, 3.0), Boost(AnyOf((B, C)), 0.5)))),
        ("title:a^2", Boost(Scope("title", A), 2.0)),
        ("title:(a OR b)", Scope("title", AnyOf((A, B)))),
        ('title:"a b" body:c', AnyOf((Scope("title", Phrase((A, B))), Scope("body", C)))),
        ("author:(a NEAR/2 b)", Scope("author", Near(A, B, 2))),
        ("police source:bbc", AllOf((Word("police"), Scope("source", Word("bbc"))))),
        ("source:a source:b", AnyOf((Scope("source", A), Scope("source", B)))),
        ("police date:2020 -a", AllBut(AllOf((Word("police"), Days(datetime.date(2020, 1, 1), datetime.date(2020, 12, 31)))), (A,))),  # noqa: E501
        ("date:yesterday", Days(datetime.date(2020, 3, 9), datetime.date(2020, 3, 9))),
        ("date:last 30 days a", AllOf((A, Days(datetime.date(2020, 2, 10), TODAY)))),
        ("after:2020-03", Days(datetime.date(2020, 4, 1), None)),
        ("date:(2019 OR 2020-03-09)", AnyOf((Days(datetime.date(2019, 1, 1), datetime.date(2019, 12, 31)), Days(datetime.date(2020, 3, 9), datetime.date(2020, 3, 9))))),  # noqa: E501
        ("date:((2020-03-08) OR (2020-03-09)) a", AllOf((A, AnyOf((Days(datetime.date(2020, 3, 8), datetime.date(2020, 3, 8)), Days(datetime.date(2020, 3, 9), datetime.date(2020, 3, 9))))))),  # noqa: E501
        ("date:(2020-03-09) 2020", AllOf((Word("2020"), Days(datetime.date(2020, 3, 9), datetime.date(2020, 3, 9))))),
        ('id:"a b"', Id("a b")),
        ("*", Everything()),
        ("C++ R&D", AnyOf((Word("C"), Word("R&D")))),
        ("O'Brien e-mail", AnyOf((Word("O'Brien"), Word("e-mail")))),
        ("ａ ＡＮＤ （ｂ　ｃ）", AllOf((Word("ａ"), AnyOf((Word("ｂ"), Word("ｃ")))))),
        ("https://x.org/a police: three", AnyOf((Word("https://x.org/a"), Word("police"), Word("three")))),
        ('"AND"', Word("AND")),
        (r"\-a \"b\" \(c\)", AnyOf((A, B, C))),
        ("😀 police", Word("police")),
    ],
)  # fmt: skip
def test_trees(text: str, meaning: Node) -> None:
    assert tree(text) == meaning


def test_all_words_can_be_required() -> None:
    assert tree("pride parade", require_all=True) == AllOf((Word("pride"), Word("parade")))
    assert tree("pride parade -a", require_all=True) == AllBut(AllOf((Word("pride"), Word("parade"))), (A,))


def test_columns_count_from_one() -> None:
    assert [leaf.column for leaf in leaves(tree('  pride "the parade" police'))] == [3, 9, 22]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "empty"),
        ("  \t ", 1, "empty"),
        (" !", 2, "only punctuation"),
        ("👮", 1, "only punctuation"),
        ('police "pride', 8, "never closed"),
        ("a" * 200_001, 200_001, "characters"),
        ("police AND", 8, "nothing follows “AND”"),
        ("AND police", 1, "nothing stands before “AND”"),
        ("a AND OR b", 7, "nothing stands before “OR”"),
        ("(a b", 1, "never closed"),
        ("a b)", 4, "closes none"),
        ("a ()", 3, "nothing in these parentheses"),
        ("colour:red", 1, "no field “colour”"),
        ("title:", 1, "nothing follows “title:”"),
        ("title:(a body:b)", 10, "stands within title"),
        ("a date:notadate", 8, "not a date"),
        ("date:[2020-13-45 to]", 12, "no month 13"),
        ("date:2020-02-30", 14, "29 days"),
        ("word~3", 5, "at most 2 letters"),
        ("a NEAR/0 b", 3, "between 1 and 10,000"),
        ("ATLEAST/99999 a", 1, "between 1 and 10,000"),
        ("a NEAR/5 date:2020", 10, "has no place in a text"),
        ("a w/5 *", 7, "has no place in a text"),
        ("a w/5 +b", 7, "operator's operand"),
        ("a^0", 2, "more than 0"),
        ("a^1e308", 2, "at most 100"),
        ("a NEAR/99999999999999999999 b", 3, "between 1 and 10,000"),
        ("(a)~2", 4, "belongs behind a word"),
        ("title:*", 7, "stands for every article"),
        ("/a(b/", 3, "never closed"),
        ("(" * 65 + "a" + ")" * 65, 65, "64 levels"),
        ("NOT " * 70 + "a", 257, "64 levels"),
        ("a NEAR/2 " * 70 + "a", 570, "64 levels"),
    ],
)
def test_mistakes(text: str, column: int, message: str) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        parse(text)
    assert caught.value.column == column
    assert caught.value.exit_code == 2
    assert caught.value.text == text


def test_what_is_passed_over_is_said() -> None:
    notices = [(notice.column, notice.text) for notice in parse('C++ 😀 "" near').notices]
    assert [column for column, _ in notices] == [1, 5, 7, 10]
    assert "looked for as “C”" in notices[0][1]
    assert parse("AT&T, (9/11) e-mail. “who?” -").notices[:-1] == ()


@pytest.mark.parametrize("text", ["climate change AND police", "police NOT pride parade", "a AND (b NOT c d)"])
def test_words_to_choose_from_beside_an_operator_are_said(text: str) -> None:
    (notice,) = parse(text).notices
    assert notice.text.startswith("words side by side are any of these")
    assert not parse('pride parade "a b" OR c').notices
    assert not parse("(climate OR change) AND police").notices


@pytest.mark.parametrize("seed", range(20))
def test_canonical_text_parses_to_the_same_tree(seed: int) -> None:
    random = RandomQueries(seed)
    for _ in range(100):
        meaning = random.tree(4)
        assert tree(canonical(meaning)) == meaning, canonical(meaning)


@given(st.text(min_size=1))
@settings(max_examples=500)
def test_any_word_has_a_canonical_text(text: str) -> None:
    try:
        meaning = parse(f'"{text}"', today=TODAY).tree
    except QueryError:
        return
    assert tree(canonical(meaning)) == meaning


@given(st.text() | st.text(alphabet='ab "()~^*?/:\\=+-.[]{}0123456789ANDORTeartidlw', max_size=60))
@settings(max_examples=2000)
def test_any_text_gives_a_tree_or_a_positioned_error(text: str) -> None:
    try:
        meaning = tree(text)
    except QueryError as error:
        assert 1 <= error.column <= len(text) + 1
        assert error.message
    else:
        assert tree(canonical(meaning)) == meaning


@pytest.mark.parametrize(
    "text", ["^ＡＮＤ", "NEAR/0１^", ">ＡＮＤdate:2020", '"*:*"', r'id:"\＂（"', "FIRST/9 " * 63 + "a"]
)
def test_what_once_had_another_meaning_in_its_canonical_text(text: str) -> None:
    """What a full-width keyboard writes is read as the plain characters, and so must be escaped like them."""
    assert tree(canonical(tree(text))) == tree(text)


def test_an_excluded_word_is_not_required() -> None:
    """Where all words were required, one that was excluded too was among them."""
    assert tree("police -a a", require_all=True) == AllBut(AllOf((Word("police"), A)), (A,))
    assert tree("a b -b", require_all=True) == AllBut(AllOf((A, B)), (B,))


def test_a_chain_of_nots_is_one_level() -> None:
    """Seventy words that were excluded were more levels than there may be."""
    assert tree("a AND NOT b AND NOT c NOT d") == AllBut(A, (B, C, D))
    assert isinstance(tree("a" + " AND NOT b" * 70), AllBut)


def test_an_ellipsis_is_the_beginning_of_a_range() -> None:
    """It was taken for the whole date, and the year for a word."""
    assert tree("date:…2020") == Days(None, datetime.date(2020, 12, 31))


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("what next?", 6, "one more letter"),
        ("oil and opec", 5, "the operator is AND"),
        ("oil adj3 price", 5, "NEAR/5"),
        ("oil AROUND price", 5, "NEAR/5"),
        ("atleast5 opec", 1, "ATLEAST/3"),
        ("bank! japan", 1, "any ending"),
        ("hd=oil", 1, "title:word"),
        ("headline opec", 1, "title:word"),
        ("opec OR oil date:1987", 9, "not beyond an operator"),
        ("war w/ peace", 5, "NEAR/5"),
        ("war w/5, peace", 5, "NEAR/5"),
        ("war near/x peace", 5, "NEAR/5"),
        ("war pre/2.5 peace", 5, "NEAR/5"),
        ("first/x opec", 1, "FIRST/50"),
        ("atleast/ opec", 1, "ATLEAST/3"),
        ("iraq March 2007", 6, 'write date:"March 2007"'),
        ("iraq march 9, 2007", 6, 'write date:"march 9, 2007"'),
        ("(last 30 days) OR iraq", 2, 'write date:"last 30 days"'),
        ("iraq last week", 6, 'write date:"last week"'),
    ],
)
def test_what_may_be_meant_otherwise_is_said(text: str, column: int, said: str) -> None:
    (notice,) = parse(text).notices
    assert notice.column == column
    assert said in notice.text


@pytest.mark.parametrize(
    "text",
    [
        "march on Rome",
        "pre/post",
        "first/last",
        "\u200fwar",
        "\u202ewar",
        "date:last 30 days iraq",
        'may "last week"',
        "this yearbook",
    ],
)
def test_what_names_no_days_is_not_taken_for_them(text: str) -> None:
    assert not parse(text, today=TODAY).notices


@pytest.mark.parametrize(("text", "field"), [("titel:a", "title"), ("intitle:a", "title"), ("byline:a", "author")])
def test_the_field_that_may_be_meant_is_named(text: str, field: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.hint.startswith(f"Did you mean {field}:?")
