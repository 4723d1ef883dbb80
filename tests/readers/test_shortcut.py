"""Records that are packed at once are what they would be as articles, whatever stands in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from searchkit.article import Article, Problem
from searchkit.readers import Reading, Settings
from searchkit.store.kernels import COMPILED, pack_articles, pack_plain

# What a reader takes out, makes another, or leaves as it is.
PIECES = (
    " ", "  ", "\n", "\n\n", "\n\n\n", " \n", "\t", "\t\n", "\r", "\u00a0", "\u00a0\n", "\u2028", "\ufeff", "\u0085",
    "\u009f", "\x00", "\x1f", "\x7f", "\u3000", "\ud83d\ude00", "\ud800", "é", "\u2027", "\u00a1", "\ufb01", "<p>",
    "</b>", "<!-- -->", "< 3", "a<b", "&amp;", "AT&T", "AT&T;", "&#65;", "&#x41;", "& ", "&", "<", "By ", "; ", "|",
    "police", "Parade.", "x" * 70,
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=4).map("".join) | st.text(max_size=90)
DAYS = st.sampled_from(["2020-03-09", "9 March 2020", "03/04/2020", "31/02/2020", " 2020-03-09 ", "", "soon", "2020"])
VALUES = TEXTS | st.none() | st.integers() | st.booleans() | st.floats() | st.lists(TEXTS, max_size=2)
VALUES |= st.fixed_dictionaries({"name": TEXTS})
KEYS = ("id", "guid", "title", "headline", "text", "body", "source", "author", "section", "url", "language", "x")
RECORDS = st.dictionaries(st.sampled_from(KEYS), TEXTS | VALUES, max_size=6).flatmap(
    lambda record: st.fixed_dictionaries(
        {key: st.just(value) for key, value in record.items()}, optional={"date": DAYS}
    )
)
RARE = st.dictionaries(st.sampled_from(("summary", "fields", "_source", "uri", "versioncreated")), VALUES, max_size=2)
LINES = st.tuples(RECORDS, st.just({}) | RARE).map(lambda both: {**both[0], **both[1]})


def as_both(path: Path, **how: Any) -> tuple[list[Any], list[Any]]:
    """What a reading says with a packer and without, every article packed; and as it came."""
    said = list(Reading(path, "news.jsonl", settings=Settings(**how), packer=pack_plain).packed_items())
    there = [pack_articles([item]) if isinstance(item, Article) else item for item in said]
    plain = list(Reading(path, "news.jsonl", settings=Settings(**how)))
    assert there == [pack_articles([item]) if isinstance(item, Article) else item for item in plain]
    return said, plain


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, min_size=1, max_size=8))
def test_a_record_says_the_same(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    as_both(path)


@pytest.mark.skipif(not COMPILED, reason="the plain kernels pack nothing at once")
def test_most_records_are_packed_at_once_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    good = {
        "id": 7,
        "title": "Parade",
        "text": "One, at AT&T.\n\nTwo: é 3 < 4.",
        "date": "9 March 2020",
        "author": ["A", "B"],
    }
    path.write_text("".join(json.dumps(record) + "\n" for record in (good, {**good, "text": "<p>Three</p>"}, [])))
    said, plain = as_both(path)
    assert [type(item) for item in said] == [bytes, Article, Problem]
    reading = Reading(path, "news.jsonl", packer=pack_plain)
    assert len(list(reading.packed_items())) == 3
    assert reading.formats == {"JSON lines": 2}
    assert plain[0].authors == ("A", "B")


@pytest.mark.parametrize("how", [{"keys": (("title", "text"),)}, {"dates": "dmy"}])
def test_what_a_person_has_set_counts(tmp_path: Path, how: dict[str, Any]) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text(json.dumps({"headline": "A", "text": "B", "date": "03/04/2020"}) + "\n")
    as_both(path, **how)
