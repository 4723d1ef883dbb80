"""Small records: made, compared, shown and kept like frozen dataclasses."""

from __future__ import annotations

import copy
import pickle

import pytest

from searchkit.article import Origin
from searchkit.engine import Filters, Request
from searchkit.query import Exact, Word


def test_a_record_takes_its_values_by_place_and_by_name_and_has_defaults() -> None:
    assert Origin("a", "line 1") == Origin(path="a", place="line 1") == Origin("a", place="line 1")
    assert Origin("a").place == ""
    request = Request(Word("a"), limit=3)
    assert (request.filters, request.offset, request.limit) == (Filters(), 0, 3)


@pytest.mark.parametrize(
    ("values", "named", "complaint"),
    [
        ((), {}, "lacks path"),
        (("a", "b", "c"), {}, "takes 2 values"),
        (("a",), {"path": "b"}, "path twice"),
        (("a",), {"line": "b"}, "has no line"),
    ],
)
def test_a_record_of_other_values_is_refused(values: tuple[str], named: dict[str, str], complaint: str) -> None:
    with pytest.raises(TypeError, match=complaint):
        Origin(*values, **named)


def test_a_record_is_never_changed() -> None:
    origin = Origin("a")
    with pytest.raises(AttributeError):
        origin.path = "b"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        origin.other = "b"  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        del origin.path
    assert origin.path == "a"


def test_records_are_equal_by_class_and_value_and_say_what_they_are() -> None:
    assert Origin("a") != Origin("b")
    assert Word("a", 1) == Word("a", 2) != Word("b", 1)
    assert Word("a") != Exact("a")
    assert len({Word("a", 1), Word("a", 2), Exact("a"), Origin("a"), Origin("a")}) == 3
    assert repr(Origin("a")) == "Origin(path='a', place='')"
    match Origin("a", "b"):
        case Origin(path, place):
            assert (path, place) == ("a", "b")


def test_a_record_is_copied_whole() -> None:
    origin = Origin("a", "b")
    assert copy.copy(origin) == copy.deepcopy(origin) == pickle.loads(pickle.dumps(origin)) == origin
