"""A cluster that somebody else has set up in a strange way: closed, blocked, with templates for every new index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cluster.loads import article, articles, held, indexes_of, load, total
from cluster.server import ask
from searchkit.cluster import check_index
from searchkit.cluster.address import Address
from searchkit.cluster.writing import ClusterWriter
from searchkit.errors import ClusterError, StorageError


@pytest.fixture
def template(address: Address, opensearch: str) -> Iterator[Any]:
    """Makes a template for all indexes of this test."""

    def make(**told: Any) -> None:
        body = {"index_patterns": [f"{address.index}*"], "template": told}
        status, answer = ask(f"{opensearch}/_index_template/{address.index}", "PUT", body)
        assert status == 200, answer

    yield make
    ask(f"{opensearch}/_index_template/{address.index}", "DELETE")


def test_settings_of_a_template_do_no_harm(address: Address, opensearch: str, template: Any) -> None:
    template(
        settings={
            "number_of_replicas": 2,
            "refresh_interval": "33s",
            "max_result_window": 5,
            "max_terms_count": 5,
            "max_docvalue_fields_search": 2,
            "default_pipeline": "nowhere",
            "final_pipeline": "nowhere",
            "mapping.total_fields.limit": 5,
        }
    )
    load(address, articles(40))
    assert total(address, "numb* AND council") == 40
    assert len(held(address)) == 40
    assert check_index(str(address), deep=True).findings == ()
    # What does no harm may stay as the template has it.
    template(settings={"codec": "best_compression"})
    with ClusterWriter(address) as writer:
        writer.clear()
        writer.put(article(1))
        writer.commit()
    assert indexes_of(opensearch, address.index)[f"{address.index}-000002"]["index.codec"] == "best_compression"
    assert check_index(str(address), deep=True).findings == ()


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"mappings": {"properties": {"mood": {"type": "keyword"}}}}, r"properties\.mood"),
        ({"aliases": {"everything": {}}}, "the alias everything"),
        ({"settings": {"index.sort.field": "nowhere"}}, "sort field"),
    ],
)
def test_a_template_that_changes_new_indexes_is_told_of(
    address: Address, opensearch: str, template: Any, told: dict[str, Any], what: str
) -> None:
    load(address, articles(3))
    template(**told)
    with pytest.raises(ClusterError, match=what) as refused, ClusterWriter(address) as writer:
        writer.clear()
        writer.put(article(10))
        writer.commit()
    assert "GET _index_template" in refused.value.hint
    assert total(address) == 3
    parts = [name for name in indexes_of(opensearch, address.index) if not name.endswith("-state")]
    assert parts == [f"{address.index}-000001", f"{address.index}-000001-words"]


def test_the_name_as_an_alias_of_a_template_is_told_of(address: Address, opensearch: str, template: Any) -> None:
    template(aliases={address.index: {}})
    with pytest.raises(ClusterError, match=f"the alias {address.index}"):
        load(address, articles(3))


@pytest.mark.parametrize("part", ["", "-words"])
def test_a_closed_index_is_said_and_how_to_open_it(address: Address, opensearch: str, part: str) -> None:
    load(address, articles(3))
    name = f"{address.index}-000001{part}"
    ask(f"{opensearch}/{name}/_close", "POST")
    for do in (
        lambda: total(address, "numb*"),
        lambda: check_index(str(address)),
        lambda: load(address, [article(4)]),
    ):
        with pytest.raises(StorageError, match=f"the index {name} of the cluster is closed") as closed:
            do()
        assert closed.value.hint == f"Open it again: POST /{name}/_open"
    ask(f"{opensearch}/{name}/_open", "POST")
    load(address, [article(5)])
    assert len(held(address)) in (4, 5)
    assert check_index(str(address), deep=True).findings == ()


@pytest.mark.parametrize(("block", "done"), [("read", "read"), ("metadata", "read"), ("read_only", "written")])
def test_a_block_is_said(address: Address, opensearch: str, block: str, done: str) -> None:
    load(address, articles(3))
    name = f"{address.index}-000001"
    ask(f"{opensearch}/{name}/_settings", "PUT", {f"index.blocks.{block}": True})
    with pytest.raises(StorageError, match=f"does not let this be {done}: index .{name}. blocked by") as blocked:
        load(address, [article(4)])
    assert "index.blocks" in blocked.value.hint
    ask(f"{opensearch}/{name}/_settings", "PUT", {f"index.blocks.{block}": None})
    load(address, [article(4)])
    assert total(address) == 4
    assert check_index(str(address), deep=True).findings == ()
