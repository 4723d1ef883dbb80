"""The query language at the command line: meanings, mistakes, reasons, explanations, for people and for programs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from places import SEED, Run


@pytest.fixture
def indexed(tmp_path: Path, searchkit: Run) -> Path:
    (tmp_path / "seeds").mkdir()
    shutil.copy(SEED, tmp_path / "seeds")
    assert searchkit("index", "seeds/").returncode == 0
    return tmp_path


def test_a_query_is_told_as_text_and_tree(searchkit: Run) -> None:
    done = searchkit("query", "--parse", "--today", "2020-03-10", "pride NEAR/5 polic* date:yesterday C++")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "(((pride NEAR/5 polic*) OR C) AND date:2020-03-09)",
        "  all of",
        "    any of",
        "      at most 5 words apart, in either order",
        "        word pride, with all that shares its stem",
        "        words of the shape polic*",
        "      word C, with all that shares its stem",
        "    dated 2020-03-09",
        "column 36: “C++” is looked for as “C”: signs are no part of a word",
    ]
    meaning = json.loads(searchkit("query", "--parse", "--json", "title:pride^2").stdout)
    assert meaning["canonical"] == "(title:pride)^2"
    assert meaning["tree"]["kind"] == "Boost"
    assert meaning["tree"]["parts"][0]["parts"][0] == {
        "kind": "Word", "said": "word pride, with all that shares its stem", "column": 7,
    }  # fmt: skip


def test_a_mistake_has_a_caret_or_a_column(searchkit: Run, indexed: Path) -> None:
    done = searchkit("query", "pride AND (police")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "searchkit: the parenthesis that opens here is never closed\n"
        "  pride AND (police\n"
        "            ^\n"
        "Close it with ).\n"
    )
    for option in ("--json", "--jsonl"):
        done = searchkit("query", option, "pride AND (police")
        assert (done.returncode, done.stderr) == (2, "")
        assert json.loads(done.stdout)["error"] == {
            "kind": "QueryError",
            "message": "the parenthesis that opens here is never closed",
            "hint": "Close it with ).",
            "column": 11,
        }


def test_a_query_without_hits_says_why(searchkit: Run, indexed: Path) -> None:
    lines = searchkit("query", "polce AND parade").stdout.splitlines()
    assert lines[0].startswith("No article matches. (")
    assert lines[1:] == ["no article has “polce”; did you mean: 1 has “police”?"]
    lines = searchkit("query", "police NEAR/1 Wellington").stdout.splitlines()
    assert lines[1:] == [
        "These never stand so near: (police NEAR/1 Wellington).",
        "        1 article  police",
        "        1 article  Wellington",
    ]
    lines = searchkit("query", '"polce commissioner"').stdout.splitlines()
    assert lines[1:] == [
        "no article has “polce”; did you mean: 1 has “police”?",
        "These words never stand like this:",
        "        0 articles  polce",
        "        1 article  commissioner",
    ]
    answer = json.loads(searchkit("query", "--json", '"polce commissioner"').stdout)
    assert answer["terms"][0]["words"] == [{"text": "polce", "did_you_mean": [{"text": "police", "articles": 1}]}]
    answer = json.loads(searchkit("query", "--json", "polce AND pride").stdout)
    assert answer["terms"][0] == {"text": "polce", "articles": 0, "did_you_mean": [{"text": "police", "articles": 1}]}
    assert searchkit("query", "police", "--source", "Herald").stdout.splitlines()[1:] == [
        "No article is from the source “Herald”; searchkit stats lists the sources.",
    ]
    answer = json.loads(searchkit("query", "--json", "police NEAR/1 Wellington").stdout)
    assert answer["nothing"]["parts"][0] == {"text": "police", "articles": 1}


def test_a_score_is_explained(searchkit: Run, indexed: Path) -> None:
    answer = json.loads(searchkit("query", "--json", "--explain", "police^2 pride").stdout)
    (hit,) = answer["hits"]
    explanation = hit["explanation"]
    assert sum(share["score"] for share in explanation["shares"]) == pytest.approx(hit["score"])
    assert [share["text"] for share in explanation["shares"]] == ["police", "pride"]
    shown = searchkit("query", "--explain", "police^2 pride").stdout
    assert f"{hit['score']:.4f} = " in shown
    assert "police in 1 of 1 articles" in shown


def test_limits_can_be_set(searchkit: Run, indexed: Path) -> None:
    done = searchkit("query", "--max-expansions", "3", "*e*")
    assert done.returncode == 2
    assert "different words of the index, and 3 are the most" in done.stderr
    done = searchkit("query", "--timeout", "0", "police")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "searchkit: a timeout must be more than nothing")
    done = searchkit("query", "--timeout", "0.0000001", "police")
    assert done.returncode == 1
    assert "took longer than it may" in done.stderr
    assert searchkit("query", "--today", "soon", "police").returncode == 2


def test_an_article_that_is_not_there_is_an_object_too(searchkit: Run, indexed: Path) -> None:
    done = searchkit("show", "--json", "nosuch")
    assert (done.returncode, done.stderr) == (2, "")
    assert json.loads(done.stdout)["error"]["kind"] == "ArticleMissing"
