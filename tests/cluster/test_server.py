"""The server of these tests is a real one, and breaks as a real one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import (
    AuthenticationException,
    ConnectionError,  # noqa: A004 - it is called so
    ConnectionTimeout,
    NotFoundError,
    SSLError,
    TransportError,
)
from opensearchpy.helpers import bulk, parallel_bulk
from places import ROOT

from cluster.proxy import Certificate, Proxy
from cluster.server import Cluster
from cluster.software import ELASTICSEARCH, OLD_OPENSEARCH

ANALYSIS = {
    "filter": {
        "possessive": {"type": "stemmer", "language": "possessive_english"},
        "porter2": {"type": "stemmer", "language": "porter2"},
    },
    "analyzer": {"news": {"tokenizer": "standard", "filter": ["lowercase", "possessive", "porter2"]}},
}
TEXT = {"properties": {"text": {"type": "text", "analyzer": "news"}, "number": {"type": "integer"}}}


def connect(hosts: str | Sequence[str], **options: Any) -> OpenSearch:
    """A client with patience: these servers share a machine with other work."""
    return OpenSearch(hosts, timeout=60, **options)


@pytest.fixture
def client(opensearch: str) -> Iterator[OpenSearch]:
    with connect(opensearch) as made:
        yield made


@pytest.fixture
def index(client: OpenSearch) -> Iterator[str]:
    """An index for news in the shared server, gone after the test."""
    name = f"test-{uuid.uuid4().hex}"
    make(client, name)
    yield name
    client.indices.delete(index=name)


def make(client: OpenSearch, name: str, shards: int = 1, replicas: int = 0) -> None:
    settings = {"analysis": ANALYSIS, "number_of_shards": shards, "number_of_replicas": replicas}
    client.indices.create(index=name, body={"settings": settings, "mappings": TEXT})


def load(client: OpenSearch, name: str, count: int) -> None:
    documents = ({"_index": name, "_id": str(n), "text": f"article {n}", "number": n} for n in range(count))
    assert bulk(client, documents, refresh=True) == (count, [])


def count(client: OpenSearch, name: str) -> int:
    return int(client.count(index=name)["count"])


def test_words_are_cut_and_stemmed_by_the_chain_of_an_index(client: OpenSearch, index: str) -> None:
    answer = client.indices.analyze(index=index, body={"analyzer": "news", "text": "The City's parades, running"})
    assert [token["token"] for token in answer["tokens"]] == ["the", "citi", "parad", "run"]


def test_words_near_each_other_are_found_by_intervals_and_by_spans(client: OpenSearch, index: str) -> None:
    texts = ["police stopped the parade", "the parade went past the old town hall and then met police"]
    assert bulk(client, [{"_index": index, "text": text} for text in texts], refresh=True) == (2, [])
    both = [{"match": {"query": word}} for word in ("parades", "police")]
    intervals = {"intervals": {"text": {"all_of": {"intervals": both, "max_gaps": 2}}}}
    clauses = [{"span_term": {"text": word}} for word in ("polic", "parad")]
    spans = {"span_near": {"clauses": clauses, "slop": 2, "in_order": True}}
    for query in (intervals, spans):
        hits = client.search(index=index, body={"query": query})["hits"]["hits"]
        assert [hit["_source"]["text"] for hit in hits] == texts[:1]


def test_all_hits_are_read_at_one_point_in_time(client: OpenSearch, index: str) -> None:
    load(client, index, 250)
    point = client.create_pit(index=index, params={"keep_alive": "1m"})["pit_id"]
    client.delete(index=index, id="3", params={"refresh": "true"})
    seen: list[int] = []
    body: dict[str, Any] = {"size": 100, "pit": {"id": point}, "sort": [{"number": "asc"}]}
    while hits := client.search(body=body)["hits"]["hits"]:
        seen += [hit["_source"]["number"] for hit in hits]
        body["search_after"] = hits[-1]["sort"]
    client.delete_pit(body={"pit_id": [point]})
    assert seen == list(range(250))
    assert count(client, index) == 249


def test_an_alias_moves_in_one_step(client: OpenSearch, index: str) -> None:
    new, alias = f"{index}-new", f"{index}-alias"
    make(client, new)
    try:
        client.indices.put_alias(index=index, name=alias)
        moves = [{"remove": {"index": index, "alias": alias}}, {"add": {"index": new, "alias": alias}}]
        client.indices.update_aliases(body={"actions": moves})
        assert list(client.indices.get_alias(name=alias)) == [new]
    finally:
        client.indices.delete(index=new)


def test_many_threads_load_at_once(client: OpenSearch, index: str) -> None:
    documents = ({"_index": index, "_id": str(n), "text": f"article {n}"} for n in range(2000))
    assert all(good for good, _ in parallel_bulk(client, documents, thread_count=4, chunk_size=100))
    client.indices.refresh(index=index)
    assert count(client, index) == 2000


def test_a_certificate_that_nobody_signed_is_refused_until_it_is_named(
    opensearch: str, certificate: Certificate
) -> None:
    with Proxy(opensearch, certificate=certificate) as proxy:
        with OpenSearch(proxy.url, max_retries=0) as stranger, pytest.raises(SSLError):
            stranger.info()
        assert not proxy.requests
        with OpenSearch(proxy.url, ca_certs=str(certificate.certificate)) as friend:
            assert friend.info()["version"]["distribution"] == "opensearch"


def test_a_wrong_password_is_refused(opensearch: str, certificate: Certificate) -> None:
    trust = str(certificate.certificate)
    with Proxy(opensearch, certificate=certificate, user="editor", password="geheim") as proxy:
        wrong = OpenSearch(proxy.url, http_auth=("editor", "wrong"), ca_certs=trust)
        with wrong as stranger, pytest.raises(AuthenticationException):
            stranger.info()
        with OpenSearch(proxy.url, http_auth=("editor", "geheim"), ca_certs=trust) as friend:
            assert friend.info()["tagline"]


def test_an_answer_is_cut_off_held_back_or_replaced(opensearch: str) -> None:
    with Proxy(opensearch) as proxy, connect(proxy.url, max_retries=0) as client:
        proxy.cut("_cluster/health", after=20)
        with pytest.raises(ConnectionError):
            client.cluster.health()
        proxy.mend()
        proxy.delay("_cluster/health", seconds=3)
        with pytest.raises(ConnectionTimeout):
            client.cluster.health(request_timeout=0.2)
        proxy.mend()
        assert client.cluster.health()["number_of_nodes"] == 1
        proxy.answer("/", 200, {"version": {"number": "8.17.0"}, "tagline": "You Know, for Search"})
        assert client.info()["version"] == {"number": "8.17.0"}


@pytest.mark.starts_nodes
def test_what_was_acknowledged_outlives_a_node_that_is_killed(three_nodes: Cluster) -> None:
    with connect(three_nodes.urls) as client:
        make(client, "news", shards=3, replicas=1)
        load(client, "news", 500)
        three_nodes.wait("green")
        three_nodes.nodes[0].kill()
        assert three_nodes.wait("yellow")["number_of_nodes"] == 2
        assert count(client, "news") == 500
        load(client, "news", 600)
        three_nodes.start()
        assert three_nodes.wait("green")["number_of_nodes"] == 3
        assert count(client, "news") == 600


@pytest.mark.starts_nodes
def test_a_cluster_without_the_only_copy_of_a_shard_is_red_until_it_is_back(three_nodes: Cluster) -> None:
    with connect(three_nodes.urls) as client:
        make(client, "news", shards=3)
        load(client, "news", 300)
        three_nodes.nodes[2].kill()
        assert three_nodes.wait("red")["unassigned_shards"] == 1
        answer = client.search(index="news", body={"query": {"match_all": {}}, "track_total_hits": True})
        assert answer["_shards"]["total"] - answer["_shards"]["successful"] == 1
        assert answer["hits"]["total"]["value"] < 300
        three_nodes.start()
        three_nodes.wait("green")
        assert count(client, "news") == 300


@pytest.mark.starts_nodes
def test_a_node_whose_time_stands_still_says_nothing(three_nodes: Cluster) -> None:
    node = three_nodes.nodes[1]
    with connect(node.url, max_retries=0) as client:
        assert client.ping()
        node.pause()
        with pytest.raises(ConnectionTimeout):
            client.info(request_timeout=1)
        node.resume()
        assert client.info()["name"] == node.name


@pytest.mark.starts_nodes
def test_the_next_test_finds_nothing_of_the_one_before(three_nodes: Cluster) -> None:
    with connect(three_nodes.url) as client:
        assert three_nodes.wait("green")["number_of_nodes"] == 3
        with pytest.raises(NotFoundError):
            client.count(index="news")


@pytest.mark.starts_nodes
def test_a_full_disk_makes_an_index_read_only_until_there_is_space(three_nodes: Cluster) -> None:
    with connect(three_nodes.url) as client:
        make(client, "news")
        three_nodes.fill_disk("news")
        with pytest.raises(TransportError, match="read-only-allow-delete") as refused:
            client.index(index="news", id="1", body={"text": "late"})
        assert refused.value.status_code == 429
        three_nodes.free_disk("news")
        assert client.index(index="news", id="1", body={"text": "late"})["result"] == "created"
        make(client, "next")


@pytest.mark.starts_nodes
def test_a_server_with_too_much_to_do_says_so(start_cluster: Callable[..., Cluster]) -> None:
    cluster = start_cluster(settings={"indexing_pressure.memory.limit": "100kb"})
    with connect(cluster.url) as client, pytest.raises(TransportError) as refused:
        bulk(client, ({"_index": "news", "text": "x" * 1000} for _ in range(1000)), max_retries=0)
    assert refused.value.status_code == 429


@pytest.mark.starts_nodes
@pytest.mark.parametrize("release", [OLD_OPENSEARCH, ELASTICSEARCH])
def test_servers_of_the_wrong_kind_are_real_too(start_release: Callable[[str], Cluster], release: str) -> None:
    with connect(start_release(release).url) as client:
        version = client.info()["version"]
    assert f"{version.get('distribution', 'elasticsearch')}-{version['number']}" == release


STARTS = """
import time
from pathlib import Path
from cluster.server import Cluster
cluster = Cluster(Path({home!r}))
cluster.start()
print(cluster.nodes[0].process.pid, cluster.folder, flush=True)
time.sleep(600)
"""


@pytest.mark.starts_nodes
def test_no_node_outlives_a_test_run_that_is_killed(opensearch_home: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    words = [sys.executable, "-c", STARTS.format(home=str(opensearch_home))]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        pid, folder = run.stdout.readline().split()
        assert is_there(int(pid))
        run.send_signal(signal.SIGKILL)
    end = time.monotonic() + 60
    while is_there(int(pid)) or Path(folder).exists():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_there(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
