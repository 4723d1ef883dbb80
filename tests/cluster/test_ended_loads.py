"""A load that is killed, or whose index somebody removes: nothing is lost, and the next one goes on."""

from __future__ import annotations

import subprocess
import sys

import pytest
from places import ROOT

from cluster.loads import article, articles, held, indexes_of, load, total
from cluster.server import ask
from searchkit.article import Article
from searchkit.cluster import check_index
from searchkit.cluster.address import Address
from searchkit.cluster.writing import ClusterWriter
from searchkit.errors import (
    ClusterError,
    IndexDamaged,
    IndexMissing,
    SearchkitError,
    StorageError,
)

REFRESH = "index.refresh_interval"


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
