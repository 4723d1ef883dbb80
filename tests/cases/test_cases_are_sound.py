"""The cases in these folders are sound: their files can be read, and what they expect is there to be found.

A folder has ``articles.jsonl``, an article a line, and ``searches.json``, a list of searches. A search has a
``comment`` and a ``query``, perhaps ``today``, ``sort`` or ``dialect``, and what is to come of it: ``total``, and
``ids`` in their order or, where the order is not the point, null and ``ids_any_order``; or of a mistake an
``error`` with its ``column``, counted from 1.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any, get_args

import pytest

from searchkit.engine import Sort

HERE = Path(__file__).parent
FOLDERS = sorted(path for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__")
FIELDS = {"id", "title", "body", "date", "source", "authors", "section", "url", "language"}
ASKED = {"comment", "query", "today", "sort", "dialect"}
DIALECTS = {"nexis", "factiva", "westlaw", "google", "lucene"}
FEWEST_FOLDERS, FEWEST_SEARCHES, MOST_ARTICLES = 12, 15, 15


def articles(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "articles.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def searches(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "searches.json").read_text(encoding="utf-8"))
    return found


ALL = [(folder, search) for folder in FOLDERS for search in searches(folder)]
NAMES = [f"{folder.name}: {search['query']}" for folder, search in ALL]


def test_there_are_many() -> None:
    assert len(FOLDERS) >= FEWEST_FOLDERS
    assert len(ALL) >= 200


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_holds_two_files_and_articles_that_can_be_told_apart(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["articles.jsonl", "searches.json"]
    found = articles(folder)
    assert 5 <= len(found) <= MOST_ARTICLES
    assert len({article["id"] for article in found}) == len(found)
    for article in found:
        assert article.keys() == FIELDS
        assert all(isinstance(article[name], str) for name in FIELDS - {"date", "authors"})
        assert article["id"]
        assert article["body"]
        assert all(isinstance(author, str) for author in article["authors"])
        assert article["date"] is None or datetime.date.fromisoformat(article["date"])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_asks_enough_and_nothing_twice(folder: Path) -> None:
    asked = [(search["query"], search.get("sort"), search.get("dialect")) for search in searches(folder)]
    assert len(asked) >= FEWEST_SEARCHES
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize(("folder", "search"), ALL, ids=NAMES)
def test_a_search_expects_articles_that_exist_or_a_column_that_does(folder: Path, search: dict[str, Any]) -> None:
    assert isinstance(search["comment"], str)
    assert search["comment"]
    assert isinstance(search["query"], str)
    assert "today" not in search or datetime.date.fromisoformat(search["today"])
    assert search.get("sort", "relevance") in get_args(Sort)
    assert search.get("dialect", "google") in DIALECTS
    expected = search.keys() - ASKED
    if "error" in search:
        assert expected == {"error"}
        assert search["error"].keys() == {"column"}
        assert 1 <= search["error"]["column"] <= len(search["query"]) + 1
        return
    in_order = search["ids"] is not None
    assert expected == ({"total", "ids"} if in_order else {"total", "ids", "ids_any_order"})
    ids = search["ids"] if in_order else search["ids_any_order"]
    assert len(set(ids)) == len(ids) == search["total"]
    days = {article["id"]: article["date"] for article in articles(folder)}
    assert set(ids) <= days.keys()
    if search.get("sort", "relevance") != "relevance":
        assert in_order
        dated = [days[key] for key in ids if days[key]]
        assert dated == sorted(dated, reverse=search["sort"] == "newest")
        assert all(days[key] is None for key in ids[len(dated) :])
