"""An index in a cluster is loaded, changed, rebuilt and restored, against a real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from cluster.loads import address_at, article, articles, held, indexes_of, load, total
from cluster.proxy import Proxy
from cluster.server import Cluster, ask
from searchkit.article import Article
from searchkit.cluster import check_index, every_article, open_engine
from searchkit.cluster.address import Address
from searchkit.cluster.writing import ClusterWriter
from searchkit.errors import (
    ClusterError,
    IndexMissing,
    NotAnIndex,
    StorageError,
    UsageError,
)

REFRESH = "index.refresh_interval"


def test_what_was_put_is_found_after_a_commit_and_not_before(address: Address, opensearch: str) -> None:
    with ClusterWriter(address) as writer:
        assert writer.mark == b""
        for one in articles(300):
            writer.put(one)
        with pytest.raises(IndexMissing):
            open_engine(str(address))
        writer.commit()
        mark = writer.mark
        assert total(address) == 300
        writer.put(article(300))
        writer.remove("news/7")
        writer.put(article(8, "Changed."))
        assert total(address) == 300
        writer.commit()
        assert writer.mark not in (mark, b"")
    found = held(address)
    assert found.keys() == {f"news/{number}" for number in range(301) if number != 7}
    assert found["news/8"] == article(8, "Changed.")
    assert all(found[f"news/{number}"] == article(number) for number in (0, 9, 299, 300))
    assert total(address, "number42") == 1
    assert total(address, "changed") == 1
    assert check_index(str(address), deep=True).findings == ()


def test_refresh_is_off_while_loading_and_restored_afterwards(address: Address, opensearch: str) -> None:
    with ClusterWriter(address) as writer:
        writer.put(article(1))
        writer.commit()
        during = indexes_of(opensearch, address.index)
    after = indexes_of(opensearch, address.index)
    parts = [f"{address.index}-000001", f"{address.index}-000001-words"]
    assert [during[name][REFRESH] for name in parts] == ["-1", "-1"]
    assert [REFRESH in after[name] for name in parts] == [False, False]


def test_settings_of_an_index_that_is_changed_are_restored_after_a_failure(address: Address, opensearch: str) -> None:
    load(address, articles(3))
    name = f"{address.index}-000001"
    ask(f"{opensearch}/{name}/_settings", "PUT", {"index": {"refresh_interval": "7s", "number_of_replicas": "0"}})
    with pytest.raises(ZeroDivisionError), ClusterWriter(address) as writer:
        writer.put(article(4))
        assert indexes_of(opensearch, address.index)[name][REFRESH] == "-1"
        raise ZeroDivisionError
    assert indexes_of(opensearch, address.index)[name][REFRESH] == "7s"


def test_copies_are_off_for_a_new_index_and_made_afterwards(
    address: Address, opensearch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEARCHKIT_OPENSEARCH_REPLICAS", "1")
    monkeypatch.setenv("SEARCHKIT_OPENSEARCH_SHARDS", "3")
    key, name = "index.number_of_replicas", f"{address.index}-000001"
    with ClusterWriter(address) as writer:
        writer.put(article(1))
        writer.commit()
        assert indexes_of(opensearch, address.index)[name][key] == "0"
    settings = indexes_of(opensearch, address.index)
    assert (settings[name][key], settings[f"{name}-words"][key]) == ("1", "1")
    assert settings[name]["index.number_of_shards"] == "3"
    assert check_index(str(address)).copies_missing > 0


def test_a_repeated_load_changes_nothing(address: Address) -> None:
    load(address, articles(100))
    before = held(address)
    load(address, articles(100))
    assert held(address) == before
    assert total(address, "number5") == 1


def test_a_commit_of_nothing_keeps_its_mark(address: Address) -> None:
    load(address, articles(3))
    with ClusterWriter(address) as writer:
        mark = writer.mark
        assert writer.commit() == ()
        assert writer.mark == mark


def test_the_order_of_what_is_said_of_one_article_holds(address: Address) -> None:
    """Put, removed, put again within one batch: the last counts."""
    with ClusterWriter(address) as writer:
        for number in range(50):
            writer.put(article(number))
            writer.remove(f"news/{number}")
            if number % 2:
                writer.put(article(number, "At last."))
        writer.commit()
    found = held(address)
    assert found == {f"news/{number}": article(number, "At last.") for number in range(1, 50, 2)}


def test_a_rebuild_is_seen_when_it_is_whole_and_the_old_one_until_then(address: Address, opensearch: str) -> None:
    load(address, articles(40))
    with ClusterWriter(address, fresh=True) as writer:
        writer.clear()
        for number in range(100, 130):
            writer.put(article(number))
        writer.commit(whole=False)
        unfinished = writer.mark
        assert total(address, "number100 OR number3") == 1
        assert total(address) == 40
        writer.put(article(130))
        writer.commit()
        assert writer.mark != unfinished
        assert total(address) == 31
        # It goes on with the new one.
        writer.put(article(131))
        writer.commit()
    assert total(address) == 32
    names = [name for name in indexes_of(opensearch, address.index) if not name.endswith("-state")]
    assert names == [f"{address.index}-000002", f"{address.index}-000002-words"]
    assert check_index(str(address), deep=True).findings == ()


@pytest.mark.parametrize("commits", [False, True])
def test_a_rebuild_that_fails_leaves_the_old_index(address: Address, opensearch: str, commits: bool) -> None:
    load(address, articles(40))
    with pytest.raises(ZeroDivisionError), ClusterWriter(address, fresh=True) as writer:
        writer.clear()
        writer.put(article(100))
        if commits:
            writer.commit(whole=False)
        raise ZeroDivisionError
    assert total(address) == 40
    names = [name for name in indexes_of(opensearch, address.index) if not name.endswith("-state")]
    assert names == [f"{address.index}-000001", f"{address.index}-000001-words"]
    assert indexes_of(opensearch, address.index)[names[0]].get(REFRESH) is None


def test_a_rebuild_of_which_something_was_lost_is_not_shown(address: Address, opensearch: str) -> None:
    load(address, articles(40))
    with pytest.raises(ClusterError, match="holds 49 articles instead of 50"), ClusterWriter(address) as writer:
        writer.clear()
        for one in articles(50):
            writer.put(one)
        writer.commit(whole=False)
        body = {"query": {"match_all": {}}, "size": 1, "_source": False}
        lost = ask(f"{opensearch}/{address.index}-000002/_search", "POST", body)[1]["hits"]["hits"][0]["_id"]
        ask(f"{opensearch}/{address.index}-000002/_doc/{lost}?refresh=true", "DELETE")
        writer.commit()
    assert total(address) == 40


def test_clearing_without_more_leaves_an_empty_index_with_room_for_other_averages(address: Address) -> None:
    load(address, articles(5))
    with ClusterWriter(address) as writer:
        writer.clear()
        writer.commit()
    assert total(address) == 0
    load(address, [article(1), Article("long", "A title " * 50, "word " * 500)])
    assert total(address) == 2
    assert check_index(str(address), deep=True).findings == ()


def test_an_index_that_something_else_made_is_not_touched(address: Address, opensearch: str) -> None:
    ask(f"{opensearch}/{address.index}", "PUT", {"mappings": {"properties": {"text": {"type": "text"}}}})
    for fresh in (False, True):
        with pytest.raises(NotAnIndex, match="was not made by searchkit"):
            ClusterWriter(address, fresh=fresh)
    assert ask(f"{opensearch}/{address.index}-state")[0] == 404


def test_another_language_is_refused_and_given_by_a_rebuild(address: Address) -> None:
    load(address, [article(1)])
    with pytest.raises(UsageError, match="is in the language 'english'"):
        ClusterWriter(address, language="german")
    with ClusterWriter(address, language="german", fresh=True) as writer:
        writer.clear()
        writer.put(Article("a", "Häuser", "Die Häuser stehen."))
        writer.commit()
    engine = open_engine(str(address))
    assert engine.language == "german"
    engine.close()
    assert total(address, "haus") == 1


def test_what_is_too_large_for_a_request_is_a_problem_and_not_the_end(address: Address, opensearch: str) -> None:
    """A proxy that takes less than the server says 413; what is too large alone is told by the article's id."""
    with Proxy(opensearch, most_bytes=20_000) as proxy:
        through = address_at(proxy.url, address.index)
        load(through, [article(1), Article("big", "Small", "at first")])
        with ClusterWriter(through) as writer:
            writer.put(Article("big", "Large", "word " * 20_000))
            for number in range(2, 60):
                writer.put(article(number))
            (refused,) = writer.commit()
    assert refused.article_id == "big"
    assert refused.problem.kind == "limit"
    assert "http.max_content_length" in refused.problem.reason
    assert held(address).keys() == {f"news/{number}" for number in range(1, 60)}


def test_an_answer_that_is_lost_is_asked_for_again(address: Address, opensearch: str) -> None:
    with Proxy(opensearch) as proxy:
        through = address_at(proxy.url, address.index)
        writer = ClusterWriter(through)
        with writer:
            writer.put(article(0))
            writer.commit()
            proxy.cut("_bulk", after=40)
            mending = threading.Timer(2, proxy.mend)
            mending.start()
            for one in articles(200):
                writer.put(one)
            writer.commit()
            mending.join()
    sent = [request for request in proxy.requests if "_bulk" in request.path]
    assert len(sent) > 3
    assert held(address) == {one.id: one for one in articles(200)}


def test_a_cluster_that_always_refuses_ends_the_load_with_a_sentence(address: Address, opensearch: str) -> None:
    load(address, articles(5))
    with Proxy(opensearch) as proxy:
        busy = {"error": {"type": "rejected_execution_exception", "reason": "too much"}, "status": 429}
        proxy.answer(f"/{address.index}-000001-load/_bulk?timeout=20s&require_alias=true", 429, busy)
        began = time.monotonic()
        with (
            pytest.raises(ClusterError, match="has too much to do"),
            ClusterWriter(address_at(proxy.url, address.index), patience=3) as writer,
        ):
            writer.put(article(6))
            writer.commit()
        assert 3 < time.monotonic() - began < 30
    assert total(address) == 5
    assert REFRESH not in indexes_of(opensearch, address.index)[f"{address.index}-000001"]


def test_no_article_goes_before_its_words(address: Address, opensearch: str) -> None:
    """Else a load that ends in between would leave articles that a pattern does not find."""
    load(address, articles(5))
    name = f"{address.index}-000001"
    with Proxy(opensearch) as proxy:
        busy = {"error": {"type": "rejected_execution_exception", "reason": "too much"}, "status": 429}
        proxy.answer(f"/{name}-words-load/_bulk?timeout=20s&require_alias=true", 429, busy)
        with (
            pytest.raises(ClusterError, match="has too much to do"),
            ClusterWriter(address_at(proxy.url, address.index), patience=2) as writer,
        ):
            writer.put(article(6))
            writer.commit()
        asked = [request.path for request in proxy.requests if "_bulk" in request.path]
    assert asked
    assert all(path.startswith(f"/{name}-words-load/") for path in asked)
    load(address, [article(6)])
    assert total(address, "number6*") == 1


@pytest.mark.starts_nodes
def test_a_full_disk_is_said_and_how_to_go_on(start_cluster: Callable[..., Cluster]) -> None:
    with start_cluster() as cluster:
        address = address_at(cluster.url, "news")
        load(address, articles(10))
        cluster.fill_disk("news-000001")
        with pytest.raises(StorageError, match="over its watermark") as full, ClusterWriter(address) as writer:
            writer.put(article(11))
            writer.commit()
        assert "run the same command again" in full.value.hint
        cluster.free_disk("news-000001")
        load(address, [article(11)])
        assert total(address) == 11


@pytest.mark.starts_nodes
def test_a_busy_server_is_waited_for(start_cluster: Callable[..., Cluster]) -> None:
    """A node that takes 300 KB at a time refuses most of what four lanes send; all of it arrives."""
    cluster = start_cluster(settings={"indexing_pressure.memory.limit": "300kb"})
    address = address_at(cluster.url, "news")
    load(address, articles(800))
    assert held(address) == {one.id: one for one in articles(800)}


@pytest.mark.starts_nodes
def test_an_article_larger_than_the_server_takes_is_not_sent(start_cluster: Callable[..., Cluster]) -> None:
    cluster = start_cluster(settings={"http.max_content_length": "200kb"})
    address = address_at(cluster.url, "news")
    with ClusterWriter(address) as writer:
        writer.put(article(1))
        writer.put(Article("big", "Large", "word " * 100_000))
        (refused,) = writer.commit()
    assert refused.article_id == "big"
    assert total(address) == 1


def test_everything_is_read_once(address: Address) -> None:
    load(address, (article(number) for number in range(2500)))
    ids = [one.id for one in every_article(str(address))]
    assert len(ids) == len(set(ids)) == 2500
