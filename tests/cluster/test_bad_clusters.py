"""Whatever is wrong with a cluster is one sentence and what to do about it, and never half an answer."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from places import Run

from cluster.loads import address_at, article, articles, load, remove_all, total
from cluster.proxy import Certificate, Proxy
from cluster.server import Cluster, ask, free_ports
from cluster.software import ELASTICSEARCH, OLD_OPENSEARCH
from searchkit.cluster import open_engine
from searchkit.cluster.address import CA_FILE, PASSWORD, USER, Address, parse_address
from searchkit.cluster.connection import Connection
from searchkit.errors import (
    AccessRefused,
    AnalysisMismatch,
    ClusterError,
    ClusterUnavailable,
    IndexDamaged,
    IndexMissing,
    NotAnIndex,
    QueryTimeout,
    SearchkitError,
    UsageError,
)
from searchkit.index import open_index


@pytest.fixture
def proxy(opensearch: str) -> Iterator[Proxy]:
    with Proxy(opensearch) as made:
        yield made


def said(run: Run, address: Address | str, *words: str, **environment: str) -> tuple[int, str]:
    """The exit code of a command and what it says; nothing of it may look like a defect."""
    done = run(*words, "--index", str(address), HOME="/nonexistent", XDG_STATE_HOME="/tmp", **environment)
    assert "Traceback" not in done.stderr
    assert done.returncode in (1, 2), done.stdout
    first, *hint = done.stderr.splitlines()
    assert first.startswith("searchkit: ")
    assert len(hint) == 1, done.stderr
    return done.returncode, done.stderr


def test_no_server(searchkit: Run) -> None:
    address = f"opensearch://127.0.0.1:{free_ports(1)[0]}/news"
    code, text = said(searchkit, address, "query", "police")
    assert code == 1
    assert "no server answers at http://127.0.0.1:" in text
    with pytest.raises(ClusterUnavailable):
        open_index(address)


def test_no_such_host(searchkit: Run) -> None:
    code, text = said(searchkit, "opensearch://nowhere.invalid/news", "stats")
    assert (code, "no server answers at http://nowhere.invalid:9200" in text) == (1, True)


@pytest.mark.parametrize("command", [("query", "x"), ("show", "x"), ("stats",), ("check",), ("problems",)])
def test_no_such_index(searchkit: Run, address: Address, command: tuple[str, ...]) -> None:
    code, text = said(searchkit, address, *command)
    assert code == 2
    assert f"the cluster has no index {address.index}" in text
    assert "searchkit index PATH --index ADDRESS" in text


def test_a_wrong_password(opensearch: str, certificate: Certificate, address: Address, searchkit: Run) -> None:
    load(address, articles(3))
    with Proxy(opensearch, certificate=certificate, user="editor", password="geheim") as proxy:
        secure = address_at(proxy.url, address.index)
        trust = {CA_FILE: str(certificate.certificate)}
        for password in ({}, {USER: "editor", PASSWORD: "falsch"}):
            code, text = said(searchkit, secure, "query", "harbour", **trust, **password)
            assert code == 2
            assert "the cluster does not know this user, or the password is wrong" in text
            assert "falsch" not in text
        done = searchkit("query", "harbour", "--index", str(secure), **trust, **{USER: "editor", PASSWORD: "geheim"})
        assert (done.returncode, done.stderr) == (0, "")
        assert "3 articles" in done.stdout


def test_a_certificate_that_nobody_signed(opensearch: str, certificate: Certificate, searchkit: Run) -> None:
    with Proxy(opensearch, certificate=certificate, user="editor", password="geheim") as proxy:
        secure = address_at(proxy.url, "news")
        code, text = said(searchkit, secure, "query", "x", **{USER: "editor", PASSWORD: "geheim"})
        assert code == 2
        assert "signed by itself" in text
        assert CA_FILE in text
        # The password was not said to a stranger.
        assert proxy.requests == []
        with pytest.raises(AccessRefused):
            Connection.to(secure).get("/")


def test_tls_where_there_is_none_and_none_where_there_is(
    opensearch: str, certificate: Certificate, searchkit: Run
) -> None:
    host = opensearch.partition("://")[2]
    code, text = said(searchkit, f"opensearch+https://{host}/news", "stats")
    assert (code, "does not speak TLS" in text) == (2, True)
    with Proxy(opensearch, certificate=certificate) as proxy:
        code, text = said(searchkit, f"opensearch://{proxy.host}:{proxy.port}/news", "stats")
        assert code == 1


@pytest.mark.starts_nodes
@pytest.mark.parametrize(
    ("release", "what"),
    [(OLD_OPENSEARCH, "OpenSearch 1.3.20; searchkit works with 2.10"), (ELASTICSEARCH, "Elasticsearch 7.10.2")],
)
def test_a_server_of_another_kind(
    start_release: Callable[[str], Cluster], searchkit: Run, release: str, what: str
) -> None:
    with start_release(release) as cluster:
        code, text = said(searchkit, address_at(cluster.url, "news"), "index", "/etc/hostname")
        assert code == 2
        assert what in text
        assert ask(f"{cluster.url}/_cat/indices?format=json")[1] == []


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ({"hello": "world"}, "answers another program"),
        ({"version": {"number": "8.17.0"}, "tagline": "You Know, for Search"}, "Elasticsearch 8.17.0"),
        ({"version": {"number": "4.1.0", "distribution": "opensearch"}}, "OpenSearch 4.1.0"),
        ({"version": {"number": "?", "distribution": "opensearch"}}, "OpenSearch ?"),
        ([1, 2], "is not what OpenSearch says"),
    ],
)
def test_what_answers_must_be_opensearch(proxy: Proxy, answer: object, what: str) -> None:
    proxy.answer("/", 200, answer)
    with pytest.raises(SearchkitError) as refused:
        open_engine(str(address_at(proxy.url, "news")))
    assert what in refused.value.message


def test_an_index_that_something_else_made(address: Address, opensearch: str, searchkit: Run) -> None:
    ask(f"{opensearch}/{address.index}", "PUT", {"mappings": {"properties": {"text": {"type": "text"}}}})
    for command in (("query", "x"), ("index", "/etc/hostname"), ("check",)):
        code, text = said(searchkit, address, *command)
        assert code == 2
        assert "was not made by searchkit" in text


def test_a_name_that_stands_for_several_indexes(address: Address, opensearch: str) -> None:
    for number in (1, 2):
        name = f"{address.index}-{number:06}"
        ask(f"{opensearch}/{name}", "PUT", {"aliases": {address.index: {}}})
    with pytest.raises(NotAnIndex, match="stands for 2 indexes"):
        open_engine(str(address))


def test_a_mapping_that_somebody_changed(address: Address, opensearch: str, searchkit: Run) -> None:
    load(address, articles(3))
    ask(f"{opensearch}/{address.index}/_mapping", "PUT", {"properties": {"mood": {"type": "keyword"}}})
    for command in (("index", "/etc/hostname"), ("check",)):
        code, text = said(searchkit, address, *command)
        assert code == 1
        assert f"somebody has changed the mapping of the index {address.index}: properties.mood" in text
        assert "--rebuild" in text
    with pytest.raises(IndexDamaged):
        open_engine(str(address))


def test_a_mapping_whose_metadata_was_changed(address: Address, opensearch: str) -> None:
    load(address, articles(3))
    path = f"{opensearch}/{address.index}/_mapping"
    ((_, told),) = ask(path)[1].items()
    meta = told["mappings"]["_meta"]
    meta["searchkit"]["fingerprint"] = "another"
    ask(path, "PUT", {"_meta": meta})
    with pytest.raises(AnalysisMismatch, match="another analysis"):
        open_engine(str(address))
    ask(path, "PUT", {"_meta": {"searchkit": {"language": 7}}})
    with pytest.raises(NotAnIndex):
        open_engine(str(address))


def test_a_rebuild_mends_a_mapping_that_somebody_changed(address: Address, opensearch: str, searchkit: Run) -> None:
    load(address, articles(3))
    ask(f"{opensearch}/{address.index}/_mapping", "PUT", {"properties": {"mood": {"type": "keyword"}}})
    searchkit("--version")
    done = searchkit("index", "--rebuild", "/etc/hostname", "--index", str(address), XDG_STATE_HOME="/tmp")
    assert done.stdout.startswith("1 added"), done.stderr
    assert total(address) == 1


@pytest.mark.parametrize("after", [0, 1, 30, 200])
def test_a_response_that_is_cut_off(proxy: Proxy, address: Address, searchkit: Run, after: int) -> None:
    load(address, articles(3))
    proxy.cut("search", after=after)
    code, text = said(searchkit, address_at(proxy.url, address.index), "query", "harbour")
    assert code == 1
    assert "was cut off" in text or "only a part of it" in text


def test_a_server_that_says_nothing(proxy: Proxy, address: Address) -> None:
    load(address, articles(3))
    with closing(open_index(str(address_at(proxy.url, address.index)))) as index:
        proxy.delay("search", seconds=5)
        began = time.monotonic()
        with pytest.raises(QueryTimeout):
            index.search("harbour", timeout=0.5)
        assert time.monotonic() - began < 3


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_that_refuses_for_now(proxy: Proxy, address: Address, status: int) -> None:
    load(address, articles(3))
    through = address_at(proxy.url, address.index)
    with closing(open_engine(str(through))) as engine:
        assert engine.language == "english"
        proxy.answer("/_msearch", status, {"error": {"type": "x", "reason": "not now"}, "status": status})
        with pytest.raises(ClusterError if status == 500 else ClusterUnavailable):
            total(through)
        # What passes is asked for more than once.
        asked = sum(request.path == "/_msearch" for request in proxy.requests)
        assert asked == (1 if status == 500 else 4)


@pytest.mark.starts_nodes
def test_a_red_cluster(three_nodes: Cluster, searchkit: Run) -> None:
    """Where a shard has no copy left, nothing that would need it is answered; with the node all is there again."""
    address = address_at(three_nodes.urls, "news")
    environment = {"SEARCHKIT_OPENSEARCH_SHARDS": "3", "SEARCHKIT_OPENSEARCH_REPLICAS": "0"}
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        load(address, articles(300))
    three_nodes.nodes[2].kill()
    three_nodes.wait("red")
    code, text = said(searchkit, address, "query", "harbour")
    assert code == 1
    assert "did not answer" in text or "cannot answer for all of the index" in text
    for command in (("stats",), ("check",)):
        assert said(searchkit, address, *command)[0] == 1
    three_nodes.start()
    three_nodes.wait("green")
    assert total(address) == 300


def test_a_library_that_is_not_installed() -> None:
    """The extra is named where the client is missing."""
    program = (
        "import sys; sys.modules['opensearchpy'] = None\n"
        "from searchkit.cli import main\nsys.argv = ['searchkit', 'stats', '--index', 'opensearch://localhost/news']\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'searchkit[cluster]'" in done.stderr


def test_an_engine_stays_usable_after_a_failure(proxy: Proxy, address: Address) -> None:
    load(address, articles(3))
    with closing(open_index(str(address_at(proxy.url, address.index)))) as index:
        proxy.cut("search", after=10)
        with pytest.raises(ClusterUnavailable):
            index.search("harbour")
        proxy.mend()
        assert index.search("harbour").total == 3


def test_addresses_that_make_no_sense_are_the_persons_mistake(searchkit: Run) -> None:
    for text in ("opensearch://h", "opensearch://u:p@h/news", "http://h/news", "opensearch://h/News"):
        for command in (("query", "x"), ("index", "/etc/hostname"), ("watch", "/etc/hostname"), ("problems",)):
            code, _ = said(searchkit, text, *command)
            assert code == 2
    with pytest.raises(UsageError):
        parse_address("index/")
    with pytest.raises(IndexMissing):
        open_index("/nowhere")


def test_a_failed_load_leaves_nothing_of_an_index(address: Address, opensearch: str) -> None:
    with pytest.raises(ZeroDivisionError):
        load(address, (article(1 // number) for number in (1, 0)))
    _, told = ask(f"{opensearch}/{address.index}-0*/_settings")
    assert told == {}
    remove_all(opensearch, address.index)
