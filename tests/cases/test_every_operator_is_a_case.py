"""A query of an operator that no case names does not exist: each operator, around each operand that it may have.

What may stand where is asked of the parser itself: each operator is written around each kind of operand, and what
has a meaning must be in a case of searchkit's own language.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from searchkit.errors import QueryError
from searchkit.query import AllBut, Near, Node, Phrase, Scope, Within, children, parse
from searchkit.query.grammar import NATIVE_FIELDS

HERE = Path(__file__).parent
# One operand of each kind, in a form that stands anywhere.
OPERANDS = [
    "a", "=a", "a*", "a~1", "/a/", '"a b"', '"a b"~2', "(a NEAR/2 b)", "(a PRE/2 b)", "(a w/s b)", "(a w/p b)",
    "(a PRE/s b)", "(a PRE/p b)", "(FIRST/9 a)", "(a OR b)", "(a AND b)", "(a NOT b)", "(a^2)", "(ATLEAST/2 a)",
    "title:a", "body:a", "author:a", "source:a", "section:a", "url:a", "language:a", "(date:2020)", "id:a", "*",
]  # fmt: skip
# Each operator around an operand, which stands on either side.
OPERATORS = [
    "{} NEAR/2 z", "z NEAR/2 {}", "{} PRE/2 z", "z PRE/2 {}", "{} w/s z", "z w/s {}", "{} w/p z", "z w/p {}",
    "{} PRE/s z", "z PRE/s {}", "{} PRE/p z", "z PRE/p {}", "FIRST/9 {}", "ATLEAST/2 {}", "{} OR y", "{} AND y",
    "{} NOT z", "z NOT {}", "({})^2", "title:{}", "body:{}", "author:{}", "source:{}", "section:{}", "url:{}",
    "language:{}", '"{} z"', '"{} z"~2',
]  # fmt: skip
SPELLINGS = [
    "AND", "OR", "NOT", "AND NOT", "&&", "||", "NEAR/", "w/", "W/", "PRE/", "w/s", "w/p", "PRE/s", "PRE/p",
    "ATLEAST/", "FIRST/", " -", "+", '"~', "~1", "~2", "^", '="', "date:[", "date:{", "date:>", "date:<", "..",
    *(f"{name}:" for name in NATIVE_FIELDS),
]  # fmt: skip


def kind(node: Node) -> str:
    match node:
        case Phrase(_, slop):
            return "slop" if slop else "phrase"
        case Near(ordered=ordered):
            return "PRE" if ordered else "NEAR"
        case Within(unit=unit, ordered=ordered):
            return f"{'PRE' if ordered else 'w'} {unit}"
        case Scope(field):
            return field
    return type(node).__name__


def pairs(node: Node) -> Iterator[tuple[str, str]]:
    """(operator, operand) of every part; what stands behind a NOT is told from what stands before it."""
    for number, part in enumerate(children(node)):
        yield ("NOT" if isinstance(node, AllBut) and number else kind(node)), kind(part)
        yield from pairs(part)


def native_queries() -> Iterator[tuple[str, Node]]:
    for path in sorted(HERE.glob("*/searches.json")):
        for search in json.loads(path.read_text(encoding="utf-8")):
            if "error" not in search and not search.get("dialect"):
                today = datetime.date.fromisoformat(search["today"]) if "today" in search else None
                yield search["query"], parse(search["query"], today=today).tree


@pytest.fixture(scope="module")
def named() -> set[tuple[str, str]]:
    return {pair for _, tree in native_queries() for pair in pairs(tree)}


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operator_stands_in_a_case_around_all_that_it_may(operator: str, named: set[tuple[str, str]]) -> None:
    found = 0
    for operand in OPERANDS:
        try:
            tree = parse(operator.format(operand)).tree
        except QueryError:
            continue
        found += 1
        for pair in pairs(tree):
            assert pair in named, f"no case has {operator.format(operand)}"
    assert found >= 5


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_each_spelling_of_an_operator_is_in_a_case(spelling: str) -> None:
    assert any(spelling in query for query, _ in native_queries())
