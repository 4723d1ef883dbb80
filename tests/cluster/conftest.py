"""Servers for the tests: one that all share, three nodes that may be broken, and any that a test starts itself.

``make test-cluster`` says by the environment where they are. Without it these tests are skipped.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cluster.loads import address_at, remove_all
from cluster.proxy import Certificate, self_signed
from cluster.server import HOME, URL, Cluster
from cluster.software import NoServer, assembled
from searchkit.cluster.address import Address


@pytest.fixture(scope="session")
def opensearch() -> str:
    """The address of a server with one node; every test uses names of its own in it."""
    url = os.environ.get(URL)
    if not url:
        pytest.skip(f"no OpenSearch: make test-cluster starts one, or set {URL} to the address of yours")
    return url.rstrip("/")


@pytest.fixture(scope="session")
def opensearch_home() -> Path:
    """The folder of a server that can be started."""
    home = os.environ.get(HOME)
    if not home:
        pytest.skip(f"starts nodes of OpenSearch: run by make test-cluster, or set {HOME} to the folder of yours")
    return Path(home)


@pytest.fixture
def start_cluster(opensearch_home: Path) -> Iterator[Callable[..., Cluster]]:
    """A function that starts a cluster, with the arguments of `Cluster`; it goes away with the test."""
    with ExitStack() as started:

        def start(**options: Any) -> Cluster:
            return started.enter_context(Cluster(opensearch_home, **options))

        yield start


@pytest.fixture
def start_release(opensearch_home: Path) -> Iterator[Callable[[str], Cluster]]:
    """A function that starts one node of another release, such as `software.ELASTICSEARCH`."""
    with ExitStack() as started:

        def start(release: str) -> Cluster:
            try:
                home = assembled(release)
            except NoServer as error:
                pytest.skip(str(error))
            return started.enter_context(Cluster(home))

        yield start


@pytest.fixture(scope="session")
def shared_three_nodes(opensearch_home: Path) -> Iterator[Cluster]:
    with Cluster(opensearch_home, nodes=3) as cluster:
        yield cluster


@pytest.fixture
def three_nodes(shared_three_nodes: Cluster) -> Cluster:
    """Three nodes, empty, all of them up, whatever the test before did to them."""
    shared_three_nodes.restore()
    return shared_three_nodes


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for this machine that no authority has signed."""
    return self_signed(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def address(opensearch: str) -> Iterator[Address]:
    """The address of an index that is not there yet, in the server that all share; gone after the test."""
    name = f"test-{uuid.uuid4().hex}"
    yield address_at(opensearch, name)
    remove_all(opensearch, name)
