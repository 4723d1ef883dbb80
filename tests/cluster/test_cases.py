"""Every search of tests/cases finds the same articles, in the same order, with the same totals, on a cluster."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cases.test_cases import SEARCHES, articles

from cluster.indexes import make_index, own, remove_index
from searchkit.cluster.connection import Connection
from searchkit.cluster.engine import ClusterEngine
from searchkit.engine import Request
from searchkit.query import parse

VALID = [(name, search) for name, search in SEARCHES if "error" not in search]


@pytest.fixture(scope="session")
def engines(opensearch: str) -> Iterator[Callable[[str], ClusterEngine]]:
    """The engine of a folder, its index made once, in two shards."""
    connection = Connection(opensearch)
    known: dict[str, ClusterEngine] = {}

    def engine(name: str) -> ClusterEngine:
        if name not in known:
            known[name] = make_index(connection, own(f"cases-{name}"), list(articles(name)), shards=2)
        return known[name]

    yield engine
    for name in known:
        remove_index(connection, own(f"cases-{name}"))


@pytest.mark.parametrize(("name", "search"), VALID, ids=[f"{name}: {one['query'][:60]}" for name, one in VALID])
def test_case(engines: Callable[[str], ClusterEngine], name: str, search: dict[str, Any]) -> None:
    today = datetime.date.fromisoformat(search["today"]) if "today" in search else None
    tree = parse(search["query"], dialect=search.get("dialect", ""), today=today).tree
    response = engines(name).search(Request(tree, sort=search.get("sort", "relevance"), limit=100))
    found = [hit.id for hit in response.found]
    if search["ids"] is not None:
        assert found == search["ids"]
    else:
        assert sorted(found) == sorted(search["ids_any_order"])
    assert response.total == search["total"] == len(found)
