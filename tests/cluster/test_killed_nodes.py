"""One of three nodes is killed: no acknowledged article is lost, no count is wrong, and nobody waits for ever."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from cluster.loads import address_at, article, articles, held, load, total
from cluster.server import Cluster
from searchkit.cluster import check_index
from searchkit.cluster.address import Address
from searchkit.cluster.writing import ClusterWriter
from searchkit.errors import SearchkitError
from searchkit.index import open_index

pytestmark = pytest.mark.starts_nodes
BEFORE, AFTER = 300, 6000
SECONDS = 5.0


@pytest.fixture
def three(three_nodes: Cluster, monkeypatch: pytest.MonkeyPatch) -> Address:
    """The address of an index of three shards, with a copy of each, at all three nodes."""
    monkeypatch.setenv("SEARCHKIT_OPENSEARCH_SHARDS", "3")
    monkeypatch.setenv("SEARCHKIT_OPENSEARCH_REPLICAS", "1")
    return address_at(three_nodes.urls, "news")


def killed_in_the_middle(cluster: Cluster, address: Address, *, patience: float) -> tuple[int, SearchkitError | None]:
    """Load, and kill a node after the first commit: (articles that a commit has acknowledged, how it ended)."""
    acknowledged = 0
    killing = threading.Thread(target=random.choice(cluster.nodes).kill)
    try:
        with ClusterWriter(address, patience=patience) as writer:
            for number in range(AFTER):
                writer.put(article(number))
                if number % 1000 == 999:
                    writer.commit(whole=False)
                    acknowledged = number + 1
                if number == 1200:
                    killing.start()
            writer.commit()
            acknowledged = AFTER
    except SearchkitError as error:
        return acknowledged, error
    finally:
        killing.join()
    return acknowledged, None


def test_a_node_is_killed_in_the_middle_of_a_load_into_an_index_with_copies(
    three_nodes: Cluster, three: Address
) -> None:
    load(three, articles(BEFORE))
    three_nodes.wait("green")
    acknowledged, failure = killed_in_the_middle(three_nodes, three, patience=120)
    assert failure is None
    assert acknowledged == AFTER
    # Two nodes have it all, and so have three.
    assert total(three) == AFTER
    three_nodes.start()
    three_nodes.wait("green")
    assert held(three) == {one.id: one for one in articles(AFTER)}
    assert check_index(str(three)).findings == ()


def test_a_node_is_killed_in_the_middle_of_the_first_load(three_nodes: Cluster, three: Address) -> None:
    """Copies are off then. So a part of the index is away, which is said; with the node it is there again."""
    began = time.monotonic()
    acknowledged, failure = killed_in_the_middle(three_nodes, three, patience=20)
    assert failure is not None
    assert "a node is away" in failure.message or "no server" in failure.message or "cut off" in failure.message
    assert failure.hint
    assert time.monotonic() - began < 240
    assert 1000 <= acknowledged < AFTER
    with pytest.raises(SearchkitError):
        total(three)
    three_nodes.start()
    three_nodes.wait("yellow")
    found = held(three)
    assert all(found.get(one.id) == one for one in articles(acknowledged))
    # The next one goes on.
    load(three, articles(AFTER))
    three_nodes.wait("green")
    assert held(three) == {one.id: one for one in articles(AFTER)}
    report = check_index(str(three))
    assert (report.findings, report.copies_missing) == ((), 0)


def asked(address: Address, until: threading.Event) -> Iterator[tuple[float, int | SearchkitError]]:
    """(seconds that it took, the total or the error) of one query after the other."""
    with closing(open_index(str(address))) as index:
        while not until.is_set():
            began = time.monotonic()
            try:
                found: int | SearchkitError = index.search("harbour council", timeout=SECONDS, limit=3).total
            except SearchkitError as error:
                found = error
            yield time.monotonic() - began, found


def test_a_node_is_killed_in_the_middle_of_a_run_of_queries(three_nodes: Cluster, three: Address) -> None:
    load(three, articles(BEFORE))
    three_nodes.wait("green")
    done = threading.Event()
    answers: list[tuple[float, int | SearchkitError]] = []

    def run() -> None:
        answers.extend(asked(three, done))

    runs = [threading.Thread(target=run) for _ in range(2)]
    for one in runs:
        one.start()
    time.sleep(3)
    three_nodes.nodes[1].kill()
    time.sleep(20)
    done.set()
    for one in runs:
        one.join()
    totals = [found for _, found in answers if isinstance(found, int)]
    errors = [found for _, found in answers if isinstance(found, SearchkitError)]
    assert len(totals) > 100
    assert set(totals) == {BEFORE}
    assert all(error.hint for error in errors)
    assert max(seconds for seconds, _ in answers) < SECONDS + 2
    # The last ones are answers: two nodes are enough.
    assert all(isinstance(found, int) for _, found in answers[-5:])
    print(f"{len(totals)} answers, {len(errors)} errors: {sorted({error.message for error in errors})}")
