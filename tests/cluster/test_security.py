"""OpenSearch's own security plugin: who may do what, how little is enough, and what is said where it is less."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from places import ROOT, Run

from cluster.loads import address_at, corpus
from cluster.proxy import self_signed
from cluster.secured import PASSWORD as SAID
from cluster.secured import Secured
from cluster.server import HOME
from cluster.software import NoServer
from searchkit.cluster.address import CA_FILE, PASSWORD, PASSWORD_FILE, USER, Address

pytestmark = pytest.mark.starts_nodes

# What README tells: rights in the cluster, and in indexes that are called NAME or begin with "NAME-".
TO_READ = ("cluster:monitor/main", "indices:data/read/msearch", "indices:data/read/mget")
TO_CHECK = ("cluster:monitor/health",)
TO_WRITE = (*TO_CHECK, "cluster:monitor/nodes/info", "indices:data/write/bulk")
READ = ("indices:admin/get", "indices:admin/mappings/get", "indices:data/read/*", "indices:monitor/stats")
READ_SETTINGS = ("indices:monitor/settings/get",)
WRITE = (
    *("indices:admin/create", "indices:admin/delete", "indices:admin/refresh*", "indices:admin/settings/update"),
    *("indices:admin/aliases", "indices:admin/aliases/get", "indices:data/write/*"),
)

On = Callable[..., "subprocess.CompletedProcess[str]"]


def in_indexes(name: str, *rights: str) -> list[dict[str, Any]]:
    return [{"index_patterns": [name, f"{name}-*"], "allowed_actions": list(rights)}]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    if not os.environ.get(HOME):
        pytest.skip(f"starts a node of OpenSearch: run by make test-cluster, or set {HOME}")
    try:
        made = Secured(tmp_path_factory.mktemp("secured"))
    except NoServer as error:
        pytest.skip(str(error))
    with made as server:
        server.add_user("reader", cluster=TO_READ, indexes=in_indexes("news", *READ))
        server.add_user("auditor", cluster=TO_READ + TO_CHECK, indexes=in_indexes("news", *READ, *READ_SETTINGS))
        rights = (*READ, *READ_SETTINGS, *WRITE)
        server.add_user("writer", cluster=TO_READ + TO_WRITE, indexes=in_indexes("news", *rights))
        server.add_user("stranger", cluster=TO_READ + TO_WRITE, indexes=in_indexes("weather", *rights))
        server.add_user("nobody")
        yield server


@pytest.fixture
def address(server: Secured) -> Address:
    return address_at(server.url, "news")


@pytest.fixture
def on(server: Secured, searchkit: Run, address: Address, tmp_path: Path) -> On:
    """A command as one of the users; other words of the environment may be given."""

    def run(user: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "SEARCHKIT_INDEX": str(address),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            CA_FILE: str(server.authority_file),
            USER: user,
            PASSWORD: SAID,
        }
        return searchkit(*words, **(environment | more))

    return run


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """What is said: one sentence and what to do."""
    assert done.returncode == 2, done.stdout
    first, hint = done.stderr.splitlines()
    assert first.startswith("searchkit: ")
    assert hint
    assert SAID not in done.stderr
    return first


@pytest.fixture
def loaded(on: On, tmp_path: Path) -> Iterator[Path]:
    """The index of thirty articles, loaded by the writer."""
    with corpus(tmp_path / "news", 30) as folder:
        done = on("writer", "index", "news")
        assert done.returncode == 0, done.stderr
        yield folder


def test_a_writer_needs_no_more_than_is_written_down(on: On, loaded: Path, address: Address) -> None:
    (loaded / "0007.txt").unlink()
    done = on("writer", "index", "news")
    assert (done.returncode, done.stdout.splitlines()[0].endswith("1 removed, 0 skipped")) == (0, True), done.stderr
    for words in (
        ("index", "--rebuild", "news"),
        ("check", "--deep"),
        ("problems",),
        ("copy", str(address), "copied"),
        ("copy", "--replace", "copied", str(address)),
    ):
        done = on("writer", *words)
        assert (done.returncode, done.stderr) == (0, ""), (words, done.stdout)


def test_a_reader_may_ask_and_copy_and_not_write(on: On, loaded: Path, address: Address) -> None:
    for words in (
        ("query", "harbour"),
        ("query", "--all", "counc* NEAR/9 met", "--explain"),
        ("query", "harbuor"),
        ("show", "news/0007.txt"),
        ("stats",),
        ("problems",),
        ("copy", str(address), "copied"),
    ):
        done = on("reader", *words)
        assert (done.returncode, done.stderr) == (0, ""), words
    said = refused(on("reader", "index", "news"))
    assert said.startswith("searchkit: the cluster does not allow this user to do that: the right indices:")
    assert "cluster:monitor/health" in refused(on("reader", "check"))
    done = on("auditor", "check", "--deep")
    assert (done.returncode, done.stderr) == (0, "")
    refused(on("auditor", "index", "--rebuild", "news"))
    # Nothing of what was refused has changed anything.
    assert on("auditor", "check").returncode == 0


def test_who_may_not_see_the_index_is_told_so(on: On, loaded: Path) -> None:
    for words in (("query", "harbour"), ("stats",), ("check",), ("index", "news"), ("show", "news/0007.txt")):
        assert "the right indices:admin/get is missing" in refused(on("stranger", *words))
        assert "the right cluster:monitor/main is missing" in refused(on("nobody", *words))


def test_a_wrong_password_and_an_unknown_user_are_not_told_apart(on: On) -> None:
    told = {
        refused(on("reader", "query", "x", **{PASSWORD: "falsch"})),
        refused(on("ghost", "query", "x")),
        refused(on("", "query", "x", **{PASSWORD: ""})),
    }
    assert told == {"searchkit: the cluster does not know this user, or the password is wrong"}


def test_a_password_from_a_file(on: On, loaded: Path, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"reader:{SAID}\n")
    file.chmod(0o600)
    who = {USER: "", PASSWORD: "", PASSWORD_FILE: str(file)}
    assert on("", "query", "harbour", **who).returncode == 0
    file.chmod(0o644)
    assert "others may read the password" in refused(on("", "query", "harbour", **who))


def test_a_certificate_is_trusted_by_its_authority_only(on: On, tmp_path: Path) -> None:
    assert "signed by itself, or by nobody who is known here" in refused(on("reader", "stats", **{CA_FILE: ""}))
    other = self_signed(tmp_path)
    assert "nobody who is known here" in refused(on("reader", "stats", **{CA_FILE: str(other.certificate)}))
    refused(on("reader", "stats", **{CA_FILE: str(ROOT / "pyproject.toml")}))
    refused(on("reader", "stats", **{CA_FILE: str(tmp_path / "missing.pem")}))
