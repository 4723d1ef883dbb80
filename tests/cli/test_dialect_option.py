"""Another system's query at the command line: what it means, what differs, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

from places import Run

import searchkit as searchkit_package


def test_parse_says_what_a_query_means_and_what_differs(searchkit: Run) -> None:
    done = searchkit("query", "--parse", "--dialect", "factiva", "president w/5 bush or gore")
    assert (done.returncode, done.stderr) == (0, "")
    first, *_, last = done.stdout.splitlines()
    assert first == "((president PRE/5 bush) OR gore)"
    assert last == "column 11: w/5 keeps the order of its words in Factiva; write near for either"
    done = searchkit("query", "--parse", "--json", "--dialect", "nexis", "president w/5 bush or gore")
    answer = json.loads(done.stdout)
    assert answer["canonical"] == "(president NEAR/5 (bush OR gore))"
    assert [notice["column"] for notice in answer["notices"]] == [20]


def test_a_mistake_has_its_column_and_exit_code_2(searchkit: Run) -> None:
    done = searchkit("query", "--parse", "--json", "--dialect", "nexis", "a w/seg b")
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert (error["kind"], error["column"]) == ("QueryError", 3)
    assert error["hint"] == "Write headline(a and b) or body(a and b)."


def test_an_unknown_dialect_is_refused(searchkit: Run) -> None:
    done = searchkit("query", "--parse", "--dialect", "lexis", "a")
    assert done.returncode == 2
    assert "there is no dialect 'lexis'" in done.stderr
    assert "factiva, google, lucene, nexis, westlaw" in done.stderr


def test_a_program_asks_in_a_dialect_too(tmp_path: Path, searchkit: Run) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "one.txt").write_text("Pride parade\n\nThe police watched.", encoding="utf-8")
    (tmp_path / "articles" / "two.txt").write_text("Parade\n\nPride was not there.", encoding="utf-8")
    assert searchkit("index", "articles").returncode == 0
    with searchkit_package.open(tmp_path / "index") as index:
        assert index.search("pride parade", dialect="nexis").total == 1
        assert index.search("pride parade", dialect="google").total == 2
        assert index.search("pride % police", dialect="westlaw").total == 1
