"""An index in a cluster is loaded, changed, rebuilt and restored, against a real server."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from places import ROOT

from cluster.loads import address_at, article, articles, held, indexes_of, load, total
from cluster.proxy import Proxy
from cluster.server import Cluster, ask
from searchkit.article import Article
from searchkit.cluster import check_index, every_article, open_engine
from searchkit.cluster.address import Address
from searchkit.cluster.lock import KEY as LOCK
from searchkit.cluster.writing import ClusterWriter
from searchkit.errors import (
    ClusterError,
    IndexDamaged,
    IndexLocked,
    IndexMissing,
    NotAnIndex,
    SearchkitError,
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


def test_one_writer_at_a_time_and_it_is_named(address: Address) -> None:
    with ClusterWriter(address) as writer:
        with pytest.raises(IndexLocked, match=f"process {os.getpid()}, is writing to the index") as locked:
            ClusterWriter(address)
        assert "right ends within" in locked.value.hint
        writer.put(article(1))
        writer.commit()
    load(address, [article(2)])
    assert total(address) == 2


def held_by_a_stranger(address: Address, url: str, until: float) -> None:
    told = {
        "who": "editor@elsewhere, process 7,",
        "token": "x",
        "until": until,
        "boot": "another",
        "pid": 7,
        "began": "1",
    }
    ask(f"{url}/{address.index}-state/_doc/{LOCK}?refresh=true", "PUT", {"told": told})


def test_a_writer_on_another_machine_is_believed_until_its_time_is_up(address: Address, opensearch: str) -> None:
    load(address, articles(2))
    held_by_a_stranger(address, opensearch, time.time() + 60)
    with pytest.raises(IndexLocked, match="editor@elsewhere, process 7, is writing"):
        ClusterWriter(address)
    held_by_a_stranger(address, opensearch, time.time() - 1)
    load(address, [article(3)])
    assert total(address) == 3


@pytest.mark.parametrize("skew", [-600, 600])
def test_clocks_that_differ_do_not_let_two_write(address: Address, opensearch: str, skew: float) -> None:
    """Ten minutes apart: whoever renews the lock holds it, and nobody holds what nobody renews."""
    load(address, articles(2))
    held_by_a_stranger(address, opensearch, time.time() + skew)
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(2):
            held_by_a_stranger(address, opensearch, time.time() + skew)

    renewing = threading.Thread(target=renew)
    renewing.start()
    said: list[str] = []
    try:
        with pytest.raises(IndexLocked, match="editor@elsewhere, process 7, is writing"):
            ClusterWriter(address, tell=said.append)
    finally:
        ended.set()
        renewing.join()
    assert "whether editor@elsewhere, process 7, still writes" in said[0]
    load(address, [article(3)])
    assert total(address) == 3


def test_a_writer_that_lost_its_right_stops(address: Address, opensearch: str) -> None:
    load(address, articles(2))
    with (
        pytest.raises(IndexLocked, match="was lost: editor@elsewhere, process 7, is writing"),
        ClusterWriter(address) as writer,
    ):
        held_by_a_stranger(address, opensearch, time.time() + 60)
        writer._lock._renew_now()
        for one in articles(50):
            writer.put(one)
        writer.commit()
    told = ask(f"{opensearch}/{address.index}-state/_doc/{LOCK}")[1]
    assert told["_source"]["told"]["pid"] == 7


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


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from cluster.loads import articles
from searchkit.cluster.address import parse_address
from searchkit.cluster.writing import ClusterWriter
writer = ClusterWriter(parse_address({address!r}), fresh={rebuild})
if {rebuild}:
    writer.clear()
for one in articles(1500):
    writer.put(one)
    if one.id == "news/500":
        writer.commit(whole=False)
        print("committed", flush=True)
writer._loader.finish()
print("sent", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("rebuild", [False, True])
def test_after_a_loader_was_killed_the_next_one_restores_and_goes_on(
    address: Address, opensearch: str, rebuild: bool
) -> None:
    load(address, articles(3))
    program = KILLED.format(tests=str(ROOT / "tests"), address=str(address), rebuild=rebuild)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["committed", "sent"], done.stderr
    name = f"{address.index}-000001"
    assert total(address) == (3 if rebuild else 501)
    if not rebuild:
        assert indexes_of(opensearch, address.index)[name][REFRESH] == "-1"
        assert any("load was not ended" in found.what for found in check_index(str(address)).findings)
    with ClusterWriter(address) as writer:
        # What was sent without a commit is there, and its mark tells that nobody has noted it.
        assert sum(1 for _ in writer.articles()) == (3 if rebuild else 1500)
        assert writer.mark == b"unfinished" or rebuild
        assert REFRESH not in indexes_of(opensearch, address.index)[name]
        for one in articles(1500):
            writer.put(one)
        writer.commit()
    assert held(address) == {one.id: one for one in articles(1500)}
    assert check_index(str(address)).findings == ()
    names = [name for name in indexes_of(opensearch, address.index) if not name.endswith("-state")]
    assert names == [name, f"{name}-words"]


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


def test_a_writer_is_closed_by_an_error_of_its_lanes(address: Address, opensearch: str) -> None:
    load(address, articles(2))
    writer = ClusterWriter(address)
    with pytest.raises(ClusterError), writer:
        ask(f"{opensearch}/{address.index}-000001/_mapping", "PUT", {"dynamic": "strict"})
        ask(f"{opensearch}/{address.index}-000001/_settings", "PUT", {"index.blocks.write": True})
        writer.put(article(3))
        with pytest.raises(StorageError, match="does not let this be written"):
            writer.commit()
        writer.commit()
    ask(f"{opensearch}/{address.index}-000001/_settings", "PUT", {"index.blocks.write": None})
    load(address, [article(3)])
    assert total(address) == 3


PARTS = ["", "-words"]


@pytest.mark.parametrize("part", PARTS)
def test_an_index_that_somebody_removes_in_the_middle_of_a_load_stays_away(
    address: Address, opensearch: str, part: str
) -> None:
    """The server would make it again for the next request, with a mapping that it guesses."""
    load(address, articles(3))
    name = f"{address.index}-000001{part}"
    with pytest.raises(IndexDamaged, match="somebody has removed the index"), ClusterWriter(address) as writer:
        for number in range(10, 20):
            writer.put(article(number))
        writer.commit()
        assert ask(f"{opensearch}/{name}", "DELETE")[0] == 200
        for number in range(20, 30):
            writer.put(Article(f"news/{number}", "A new word", f"This is anotherword{number}."))
        writer.commit()
    assert ask(f"{opensearch}/{name}")[0] == 404
    if part:
        with pytest.raises(IndexDamaged, match="has lost the index of its words"):
            ClusterWriter(address)
        with pytest.raises(IndexDamaged, match="has lost the index of its words"):
            check_index(str(address))
        with pytest.raises(IndexMissing, match="has lost the index of its words") as lost:
            total(address, "anoth*")
        assert "--rebuild" in lost.value.hint
        with ClusterWriter(address, fresh=True) as writer:
            writer.clear()
            writer.put(article(1))
            writer.commit()
        assert held(address) == {"news/1": article(1)}
    else:
        load(address, articles(5))
        assert held(address) == {one.id: one for one in articles(5)}
    assert check_index(str(address), deep=True).findings == ()


def test_a_state_that_somebody_removes_in_the_middle_of_a_load_ends_it(address: Address, opensearch: str) -> None:
    """With it goes the lock: another may write now."""
    load(address, articles(3))
    with pytest.raises(SearchkitError) as ended, ClusterWriter(address) as writer:
        writer.put(article(10))
        assert ask(f"{opensearch}/{address.index}-state", "DELETE")[0] == 200
        writer._lock._renew_now()
        writer.put(article(11))
        writer.commit()
    assert "somebody has removed" in ended.value.message or "was lost" in ended.value.message
    assert ask(f"{opensearch}/{address.index}-state")[0] == 404
    load(address, articles(5))
    assert total(address) in (5, 6, 7)
    assert check_index(str(address), deep=True).findings == ()


def test_an_index_made_without_a_name_for_writing_gets_one(address: Address, opensearch: str) -> None:
    load(address, articles(3))
    for part in ("-000001", "-000001-words", "-state"):
        assert ask(f"{opensearch}/{address.index}{part}/_alias/{address.index}{part}-load", "DELETE")[0] == 200
    load(address, articles(6))
    assert total(address) == 6


def test_words_that_a_load_that_was_ended_had_not_sent_are_sent_by_the_next(
    address: Address, opensearch: str
) -> None:
    """An article that is there is not sent again, and without its words no pattern would find it."""
    load(address, articles(3))
    words = f"{address.index}-000001-words"
    ask(f"{opensearch}/{words}/_settings", "PUT", {"index.blocks.write": True})
    with pytest.raises(StorageError), ClusterWriter(address, lanes=1) as writer:
        writer.put(Article("late", "Late", "The quokkaword came."))
        writer.commit()
    ask(f"{opensearch}/{words}/_settings", "PUT", {"index.blocks.write": None})
    assert ask(f"{opensearch}/{address.index}-000001/_count")[1]["count"] in (3, 4)
    with ClusterWriter(address) as writer:
        there = [one.id for one in writer.articles()]
        writer.put(article(4))
        writer.commit()
    assert "late" in there
    assert total(address, "quokka*") == 1
    assert check_index(str(address), deep=True).findings == ()
