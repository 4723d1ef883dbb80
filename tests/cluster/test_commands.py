"""The same commands, over a cluster."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from places import Run

from cluster.loads import address_at, articles, corpus, held, indexes_of, load, total
from cluster.server import Cluster, ask
from searchkit.cluster.address import Address
from searchkit.index import open_index


@pytest.fixture
def on(searchkit: Run, address: Address, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A command over the index of this test."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        state = str(tmp_path / "state")
        return searchkit(*words, SEARCHKIT_INDEX=str(address), XDG_STATE_HOME=state, HOME=str(tmp_path))

    return run


On = Callable[..., "subprocess.CompletedProcess[str]"]


def counts(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[0]


def test_index_is_a_sync_whose_ledger_lies_on_this_machine(on: On, tmp_path: Path, address: Address) -> None:
    with corpus(tmp_path / "news", 30) as folder:
        assert counts(on("index", "news")) == "30 added, 0 changed, 0 unchanged, 0 removed, 0 skipped"
        assert counts(on("index", "news")) == "0 added, 0 changed, 30 unchanged, 0 removed, 0 skipped"
        (folder / "0003.txt").unlink()
        (folder / "0004.txt").write_text("Another report\n\nThe mayor resigned.", encoding="utf-8")
        (folder / "new.txt").write_text("A third one\n\nThe mayor came back.", encoding="utf-8")
        assert counts(on("index", "news")) == "1 added, 1 changed, 28 unchanged, 1 removed, 0 skipped"
        assert total(address, "mayor") == 2
        (ledgers,) = (tmp_path / "state" / "searchkit").iterdir()
        assert ledgers.name == address.digest
        assert (ledgers / "address").read_text() == f"{address}\n"
        assert ledgers.stat().st_mode & 0o077 == 0
        # A second machine has a ledger of its own, and learns.
        shutil.rmtree(tmp_path / "state")
        assert counts(on("index", "news")) == "0 added, 0 changed, 30 unchanged, 0 removed, 0 skipped"
        assert counts(on("index", "--rebuild", "news")) == "30 added, 0 changed, 0 unchanged, 0 removed, 0 skipped"
        assert counts(on("index", "news")) == "0 added, 0 changed, 30 unchanged, 0 removed, 0 skipped"
    assert sorted(held(address)) == sorted(f"news/{name}" for name in [*_names(30), "new.txt"] if name != "0003.txt")
    assert not (tmp_path / "index").exists()
    assert not list(tmp_path.glob("opensearch*"))


def _names(count: int) -> list[str]:
    return [f"{number:04}.txt" for number in range(count)]


def test_every_command_answers_as_over_a_folder(on: On, searchkit: Run, tmp_path: Path) -> None:
    with corpus(tmp_path / "news", 25):
        assert on("index", "news").returncode == 0
        assert searchkit("index", "news").returncode == 0
    questions: list[tuple[str, ...]] = [
        ("query", "harbour council number7", "-n", "5"),
        ("query", "--all", '"left early"', "--sort", "newest"),
        ("query", "number1*", "--explain"),
        ("query", "harbuor"),
        ("query", "nosuchword AND council"),
        ("query", "council", "--page", "3"),
        ("show", "news/0007.txt"),
        ("problems",),
    ]
    for words in questions:
        there, here = on(*words), searchkit(*words)
        assert (there.returncode, there.stderr) == (here.returncode, here.stderr)
        assert without_scores(there.stdout) == without_scores(here.stdout), words


def without_scores(text: str) -> list[str]:
    """The lines of an answer without what takes its time, and scores to a hundredth."""
    rounded = re.sub(r"\d+\.\d{3,}", lambda match: f"{float(match[0]):.2f}", text)
    lines = re.sub(r" \([\d.]+ ms\)| · score [\d.]+", "", rounded).splitlines()
    # (The averages are those of the first articles here, of all there: so the factors differ in their last digits.)
    return [line for line in lines if not re.search(r"= f / |idf|^ *\d+\.\d\d = ", line)]


def test_problems_and_json(on: On, tmp_path: Path) -> None:
    with corpus(tmp_path / "news", 3) as folder:
        (folder / "empty.txt").write_text("")
        assert on("index", "news", "--strict").returncode == 1
    listed = [json.loads(line) for line in on("problems", "--json").stdout.splitlines()]
    assert [Path(one["path"]).name for one in listed] == ["empty.txt"]
    answer: dict[str, Any] = json.loads(on("query", "harbour", "--json").stdout)
    assert (answer["total"], len(answer["hits"])) == (3, 3)
    told = json.loads(on("stats", "--json").stdout)
    assert told["articles"] == 3
    assert "opensearch" in told["versions"]["cluster"]


def test_check_finds_what_is_wrong(on: On, address: Address, opensearch: str, tmp_path: Path, searchkit: Run) -> None:
    with corpus(tmp_path / "news", 12):
        on("index", "news")
        searchkit("index", "news")
    done = on("check")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "The index is sound.")
    done = on("check", "--deep", "--against", "index", "--json")
    assert json.loads(done.stdout)["checked"] == 12
    assert json.loads(done.stdout)["findings"] == []
    index = f"{opensearch}/{address.index}-000001"
    hits = ask(f"{index}/_search", "POST", {"size": 12, "query": {"match_all": {}}})[1]["hits"]["hits"]
    changed, removed = (hit for hit in hits[:2])
    document = {**changed["_source"], "title_words": 7, "id": changed["_source"]["article"]["id"]}
    ask(f"{index}/_doc/{changed['_id']}?refresh=true", "PUT", document)
    ask(f"{index}/_doc/{removed['_id']}?refresh=true", "DELETE")
    done = on("check", "--deep", "--against", "index")
    assert done.returncode == 1
    for finding in (
        "it held 12 articles after the last commit, and now 11",
        "has another title_words than its text gives",
        "is not found by its words",
        "is in the local index and not here",
        "it holds 11 articles, and index holds 12",
    ):
        assert finding in done.stdout
    assert on("check", "--against", "nowhere").returncode == 2
    done = searchkit("check", "--against", "index")
    assert (done.returncode, "only an index in a cluster" in done.stderr) == (2, True)


def test_copy_goes_either_way(on: On, searchkit: Run, address: Address, tmp_path: Path, opensearch: str) -> None:
    load(address, articles(120))
    done = searchkit("copy", str(address), "local")
    assert (done.returncode, done.stdout) == (0, "120 articles copied, counted at both ends.\n"), done.stderr
    with open_index(tmp_path / "local") as index:
        assert index.search("number42").hits[0].article == held(address)["news/42"]
    done = searchkit("copy", "local", str(address))
    assert done.returncode == 2
    assert f"{address} holds 120 articles already" in done.stderr
    assert "--replace" in done.stderr
    load(address, articles(130))
    assert searchkit("copy", "--replace", "local", str(address)).returncode == 0
    assert held(address) == {one.id: one for one in articles(120)}
    assert f"{address.index}-000001" not in indexes_of(opensearch, address.index)
    done = searchkit("copy", "--replace", str(address), "local")
    assert done.stdout == "120 articles copied, counted at both ends.\n"
    assert searchkit("copy", "local", "other").returncode == 0
    assert searchkit("copy", "nowhere", "other").returncode == 2
    assert searchkit("copy", "local", "local").returncode == 2
    assert counts(searchkit("check", "--index", "other", "--deep"))
    assert on("check", "--deep", "--against", str(tmp_path / "other")).returncode == 0


def test_a_copy_keeps_the_language(searchkit: Run, address: Address, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Häuser\n\nDie Häuser stehen.", encoding="utf-8")
    assert searchkit("index", "a.txt", "--language", "german").returncode == 0
    assert searchkit("copy", "index", str(address)).returncode == 0
    assert total(address, "haus") == 1
    assert searchkit("copy", str(address), "back").returncode == 0
    with open_index(tmp_path / "back") as index:
        assert index.search("haus").total == 1


def test_watch_keeps_a_cluster_current(address: Address, tmp_path: Path) -> None:
    with corpus(tmp_path / "news", 3) as folder:
        environment = {"SEARCHKIT_INDEX": str(address), "XDG_STATE_HOME": str(tmp_path / "state"), "PATH": "/bin"}
        command = [sys.executable, "-m", "searchkit", "watch", str(folder)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as watching:
            assert watching.stdout
            assert watching.stdout.readline().startswith("3 added")
            (folder / "late.txt").write_text("Late\n\nThe ferry arrived.", encoding="utf-8")
            assert watching.stdout.readline().startswith("1 added")
            assert total(address, "ferry") == 1
            watching.send_signal(signal.SIGINT)
            assert watching.wait(20) == 0


@pytest.mark.starts_nodes
def test_watch_waits_for_a_server_that_is_started_again(
    start_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    cluster = start_cluster()
    address = address_at(cluster.url, "news")
    with corpus(tmp_path / "news", 3) as folder:
        environment = {"SEARCHKIT_INDEX": str(address), "XDG_STATE_HOME": str(tmp_path / "state"), "PATH": "/bin"}
        command = [sys.executable, "-m", "searchkit", "watch", str(folder)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as watching:
            assert watching.stdout
            assert watching.stderr
            assert watching.stdout.readline().startswith("3 added")
            cluster.nodes[0].kill()
            (folder / "late.txt").write_text("Late\n\nThe ferry arrived.", encoding="utf-8")
            line = watching.stderr.readline()
            assert line.startswith("no server answers at")
            assert line.endswith("; it is tried again.\n")
            cluster.start()
            assert watching.stdout.readline().startswith("1 added")
            assert total(address, "ferry") == 1
            watching.send_signal(signal.SIGINT)
            assert watching.wait(20) == 0


def test_a_killed_run_is_gone_on_with(address: Address, tmp_path: Path, on: On) -> None:
    """The ledger learns from the index what came in without being noted."""
    with corpus(tmp_path / "news", 400) as folder:
        environment = {"SEARCHKIT_INDEX": str(address), "XDG_STATE_HOME": str(tmp_path / "state"), "PATH": "/bin"}
        assert counts(on("index", "news/0001.txt")).startswith("1 added")
        command = [sys.executable, "-m", "searchkit", "index", str(folder)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            time.sleep(1.2)
            run.send_signal(signal.SIGKILL)
        assert on("index", "news").returncode == 0
        assert counts(on("index", "news")).endswith("0 removed, 0 skipped")
        assert counts(on("index", "news")).startswith("0 added, 0 changed")
    # (The first file keeps the id that it got by its own name.)
    assert total(address) == 400
    assert on("check").returncode == 0
