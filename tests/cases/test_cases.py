"""Every engine behaves as the cases say: one runner for all of them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from searchkit.article import Article
from searchkit.engine import Request
from searchkit.errors import QueryError
from searchkit.local import open_engine, open_writer
from searchkit.memory import MemoryEngine
from searchkit.query import parse

HERE = Path(__file__).parent
FOLDERS = sorted(path.name for path in HERE.iterdir() if (path / "searches.json").is_file())
SEARCHES = [
    (name, search)
    for name in FOLDERS
    for search in json.loads((HERE / name / "searches.json").read_text(encoding="utf-8"))
]


def articles(name: str) -> Iterator[Article]:
    for line in (HERE / name / "articles.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        day = record.pop("date")
        authors = tuple(record.pop("authors"))
        yield Article(**record, date=datetime.date.fromisoformat(day) if day else None, authors=authors)


@pytest.fixture(scope="session", params=["memory", "local"])
def engines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The engine of a folder, made once."""
    known: dict[str, Any] = {}

    def engine(name: str) -> Any:
        if name not in known:
            if request.param == "memory":
                known[name] = MemoryEngine(articles(name))
            else:
                path = tmp_path_factory.mktemp(name) / "index"
                # In two commits, so that there are two segments.
                both = list(articles(name))
                for part in (both[::2], both[1::2]):
                    with open_writer(path, workers=1) as writer:
                        for article in part:
                            writer.put(article)
                        writer.commit()
                known[name] = open_engine(path)
        return known[name]

    return engine


@pytest.mark.parametrize(("name", "search"), SEARCHES, ids=[f"{name}: {one['query'][:60]}" for name, one in SEARCHES])
def test_case(engines: Any, name: str, search: dict[str, Any]) -> None:
    today = datetime.date.fromisoformat(search["today"]) if "today" in search else None
    dialect = search.get("dialect", "")
    if "error" in search:
        with pytest.raises(QueryError) as caught:
            parse(search["query"], dialect=dialect, today=today)
        assert caught.value.column == search["error"]["column"], caught.value.message
        return
    tree = parse(search["query"], dialect=dialect, today=today).tree
    response = engines(name).search(Request(tree, sort=search.get("sort", "relevance"), limit=100))
    found = [hit.id for hit in response.found]
    assert len(found) == response.total
    if search["ids"] is not None:
        assert found == search["ids"]
    else:
        assert sorted(found) == sorted(search["ids_any_order"])
    assert response.total == search["total"]
