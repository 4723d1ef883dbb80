"""Words and phrases become a tree, and every mistake has its column."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchkit.errors import QueryError
from searchkit.query import AllOf, AnyOf, Node, Phrase, Word, leaves, parse


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("police", Word("police")),
        ("pride  parade", AnyOf((Word("pride"), Word("parade")))),
        ('"pride parade" police', AnyOf((Phrase("pride parade"), Word("police")))),
        ("“pride parade”", Phrase("pride parade")),
        ('pride"parade"', AnyOf((Word("pride"), Phrase("parade")))),
        ("9/11 AT&T", AnyOf((Word("9/11"), Word("AT&T")))),
        ("police & - pride", AnyOf((Word("police"), Word("pride")))),
        ('"" police', Word("police")),
    ],
)
def test_trees(text: str, tree: Node) -> None:
    assert parse(text) == tree


def test_all_words_can_be_required() -> None:
    assert parse("pride parade", require_all=True) == AllOf((Word("pride"), Word("parade")))


def test_columns_count_from_one() -> None:
    assert [leaf.column for leaf in leaves(parse('  pride "the parade" police'))] == [3, 9, 22]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "empty"),
        ("  \t ", 1, "empty"),
        (" !?", 2, "only punctuation"),
        ("👮", 1, "only punctuation"),
        ('police "pride', 8, "never closed"),
        ("a" * 100_001, 100_001, "characters"),
    ],
)
def test_mistakes(text: str, column: int, message: str) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        parse(text)
    assert caught.value.column == column
    assert caught.value.exit_code == 2


@given(st.text())
def test_any_text_gives_a_tree_or_a_positioned_error(text: str) -> None:
    try:
        tree = parse(text)
    except QueryError as error:
        assert 1 <= error.column <= len(text) + 1
    else:
        assert leaves(tree)


def test_a_long_query_is_parsed_in_linear_time() -> None:
    began = time.process_time()
    parse('"a" ' * 25_000)
    assert time.process_time() - began < 10
