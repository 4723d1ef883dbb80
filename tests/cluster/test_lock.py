"""One writer at a time, on whatever machine, and whatever its clock says."""

from __future__ import annotations

import os
import threading
import time

import pytest

from cluster.loads import article, articles, load, total
from cluster.server import ask
from searchkit.cluster.address import Address
from searchkit.cluster.lock import KEY as LOCK
from searchkit.cluster.writing import ClusterWriter
from searchkit.errors import (
    IndexLocked,
)


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
