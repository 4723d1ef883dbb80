"""What a check of an index in a cluster finds, whatever was done behind its back; most of it without --deep."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from places import ROOT, Run

from cluster.loads import article, articles, held, indexes_of, load, total
from cluster.server import ask
from searchkit.article import Article
from searchkit.cluster import check_index, open_engine
from searchkit.cluster.address import Address
from searchkit.cluster.engine import NO_COPIES
from searchkit.cluster.layout import Layout
from searchkit.cluster.reading import every_article
from searchkit.cluster.tokens import key_of
from searchkit.cluster.writing import ClusterWriter
from searchkit.errors import IndexDamaged

COPIES = "index.number_of_replicas"


def found(address: Address, **options: Any) -> set[tuple[str, str]]:
    return {(one.place, one.what) for one in check_index(str(address), **options).findings}


def document(one: Article, averages: Layout) -> dict[str, Any]:
    """What a load would send."""
    ((_, source, _),) = Layout("english", averages.averages).documents([one])
    made: dict[str, Any] = json.loads(source)
    return made


def layout_of(address: Address) -> Layout:
    engine = open_engine(str(address))
    try:
        return engine._layout  # type: ignore[attr-defined,no-any-return]
    finally:
        engine.close()


@pytest.fixture
def index(address: Address, opensearch: str) -> str:
    """The index of 700 articles, more than a sample has, in several shards."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SEARCHKIT_OPENSEARCH_SHARDS", "3")
        load(address, articles(700))
    return f"{opensearch}/{address.index}-000001"


def test_a_sound_index_is_called_so(address: Address, index: str) -> None:
    shallow, deep = check_index(str(address)), check_index(str(address), deep=True)
    assert (shallow.findings, shallow.checked, shallow.articles) == ((), 200, 700)
    assert (deep.findings, deep.checked) == ((), 700)


def test_a_missing_article_is_found_by_the_count(address: Address, index: str) -> None:
    ask(f"{index}/_doc/{key_of('news/5')}?refresh=true", "DELETE")
    said = found(address)
    assert ("", "it held 700 articles after the last commit, and now 699") in said
    assert ("", "something else than searchkit has made 1 changes since the last commit") in said


def test_an_article_that_was_changed_behind_its_back_is_named(address: Address, index: str) -> None:
    """Its words agree with its text, so that no look into it would tell."""
    other = document(article(5, "Changed by another program."), layout_of(address))
    assert ask(f"{index}/_doc/{key_of('news/5')}?refresh=true", "PUT", other)[0] == 200
    assert ("news/5", "was put there by something else than searchkit") in found(address)
    load(address, [article(5)])
    assert found(address) == set()


def test_an_update_takes_the_words_of_an_article_away(address: Address, index: str) -> None:
    """The source of a document has only the article, so that an update by another program indexes nothing else."""
    body = {"doc": {"article": {"section": "changed"}}}
    assert ask(f"{index}/_update/{key_of('news/9')}?refresh=true", "POST", body)[0] == 200
    said = found(address, deep=True)
    assert ("news/9", "is not found by its words") in said
    assert ("news/9", "is not found by its words in a row") in said
    assert ("news/9", "has another body_words than its text gives") in said
    assert {place for place, _ in said} == {"", "news/9", "changed"}


def test_a_lost_word_is_found_by_the_count_and_named_by_a_deep_check(address: Address, index: str) -> None:
    assert ask(f"{index}-words/_doc/{key_of('number7')}?refresh=true", "DELETE")[1]["result"] == "deleted"
    assert any(what.startswith("its index of words held ") for _, what in found(address))
    assert ("number7", "is a word of an article and not in the index of words") in found(address, deep=True)


def test_a_changed_mapping_is_found(address: Address, index: str) -> None:
    ask(f"{index}/_mapping", "PUT", {"properties": {"mood": {"type": "keyword"}}})
    with pytest.raises(IndexDamaged, match=r"properties\.mood"):
        check_index(str(address))


def test_an_index_that_no_name_means_is_named(address: Address, opensearch: str, index: str) -> None:
    layout = layout_of(address)
    for number in (7, 8):
        ask(f"{opensearch}/{address.index}-00000{number}", "PUT", layout.settings_and_mappings())
    ask(f"{opensearch}/{address.index}-000009", "PUT", {})  # somebody else's
    told = {place for place, what in found(address) if "is an index that no name means" in what}
    assert told == {f"{address.index}-000007", f"{address.index}-000008"}
    said: list[str] = []
    with ClusterWriter(address, tell=said.append):
        # While somebody loads it is none of a load that was ended.
        ask(f"{opensearch}/{address.index}-000007", "PUT", layout.settings_and_mappings())
        assert found(address) == set()
    (line,) = said
    assert f"{address.index}-000007, {address.index}-000008" in line
    assert f"{address.index}-000009" in indexes_of(opensearch, address.index)


def test_every_article_of_every_shard_is_read_once(address: Address, index: str) -> None:
    engine = open_engine(str(address))
    ids = [one.id for one in every_article(engine._connection, f"{address.index}-000001")]  # type: ignore[attr-defined]
    engine.close()
    assert sorted(ids) == sorted(one.id for one in articles(700))


FIRST_LOAD = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from cluster.loads import articles
from searchkit.cluster.address import parse_address
from searchkit.cluster.writing import ClusterWriter
writer = ClusterWriter(parse_address({address!r}))
for one in articles(50):
    writer.put(one)
writer.commit(whole=False)
print("committed", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def notices(address: Address) -> tuple[str, ...]:
    engine = open_engine(str(address))
    try:
        return engine.statistics().notices
    finally:
        engine.close()


@pytest.fixture
def one_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCHKIT_OPENSEARCH_REPLICAS", "1")


def test_copies_that_a_killed_first_load_left_off_are_made_by_the_next(
    address: Address, opensearch: str, one_copy: None, searchkit: Run
) -> None:
    program = FIRST_LOAD.format(tests=str(ROOT / "tests"), address=str(address))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "committed\n", done.stderr
    name = f"{address.index}-000001"
    assert [indexes_of(opensearch, address.index)[part][COPIES] for part in (name, f"{name}-words")] == ["0", "0"]
    assert notices(address) == (NO_COPIES,)
    shown = searchkit("stats", "--index", str(address))
    assert "a disk that is lost takes articles with it" in shown.stdout
    assert any("copies are still off" in what for _, what in found(address))
    load(address, [article(51)])
    assert [indexes_of(opensearch, address.index)[part][COPIES] for part in (name, f"{name}-words")] == ["1", "1"]
    assert notices(address) == ()
    assert total(address) == 51


def test_copies_are_made_after_a_first_load_that_failed(address: Address, opensearch: str, one_copy: None) -> None:
    with pytest.raises(ZeroDivisionError), ClusterWriter(address) as writer:
        writer.put(article(1))
        writer.commit(whole=False)
        assert notices(address) == (NO_COPIES,)
        writer.put(article(1 // 0))
    settings = indexes_of(opensearch, address.index)
    assert [settings[f"{address.index}-000001{part}"][COPIES] for part in ("", "-words")] == ["1", "1"]
    assert notices(address) == ()


def test_an_empty_index_gives_way_at_once(address: Address, opensearch: str) -> None:
    """Its averages are of no article; the one that takes its place stands alone."""
    with ClusterWriter(address) as writer:
        writer.clear()
        writer.commit()
    load(address, articles(3))
    parts = [name for name in indexes_of(opensearch, address.index) if not name.endswith("-state")]
    assert parts == [f"{address.index}-000002", f"{address.index}-000002-words"]
    assert check_index(str(address)).findings == ()
    assert held(address).keys() == {"news/0", "news/1", "news/2"}
