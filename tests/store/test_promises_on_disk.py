"""What an index promises of its files: never changed in place, safe before they count, and never unpickled."""

from __future__ import annotations

import ast
import os
import pickle
import threading
import time
from pathlib import Path

import pytest
from places import ROOT, Run

from searchkit.article import Article
from searchkit.engine import Request
from searchkit.errors import QueryTimeout
from searchkit.local.engine import LocalEngine
from searchkit.query import parse
from searchkit.store import kernels
from searchkit.store.manifest import read_manifest
from searchkit.store.writer import StoreWriter

LOADERS = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle", "jsonpickle"}


def test_a_deletion_is_a_small_new_file_and_no_file_is_changed_in_place(tmp_path: Path) -> None:
    path = tmp_path / "i"
    articles = 4000
    with StoreWriter(path) as writer:
        for number in range(articles):
            writer.put(Article(f"id{number}", f"Title {number}", f"Police at parade number {number}. " * 5))
        writer.commit()
        for deleted in (("id7",), ("id8", "id9")):
            before = {file.name: (file.stat().st_ino, file.read_bytes()) for file in path.iterdir()}
            for key in deleted:
                writer.remove(key)
            writer.commit()
            after = {file.name: (file.stat().st_ino, file.read_bytes()) for file in path.iterdir()}
            (made,) = after.keys() - before.keys()
            assert made.startswith("deleted-")
            # A bit for each article, and what every file has.
            assert len(after[made][1]) < articles / 8 + 500
            gone = before.keys() - after.keys()
            assert all(name.startswith("deleted-") for name in gone)
            changed = {name for name in before.keys() & after.keys() if before[name] != after[name]}
            # The manifest gave way to another file of its name.
            assert changed == {"manifest.json"}
            assert before["manifest.json"][0] != after["manifest.json"][0]
    assert len(read_manifest(path).segments) == 1
    engine = LocalEngine(path)
    assert engine.search(Request(parse("police").tree)).total == articles - 3


def test_every_file_and_the_folder_are_synced_before_the_manifest_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real calls, noted as they are made: the crash tests note what the store asks for, not what is done."""
    done: list[tuple[str, str]] = []
    sync, replace = os.fsync, Path.replace

    def fsync(number: int) -> None:
        sync(number)
        done.append(("sync", Path(f"/proc/self/fd/{number}").readlink().name))

    def rename(self: Path, target: Path) -> Path:
        made = replace(self, target)
        done.append(("rename", Path(target).name))
        return made

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", rename)
    safe: set[str] = set()
    with StoreWriter(tmp_path / "i", workers=2) as writer:
        for commit in range(3):
            done.clear()
            for number in range(20):
                writer.put(Article(f"id{number + commit * 15}", "", "police"))
            writer.commit()
            named = read_manifest(tmp_path / "i").files() - {"manifest.json"}
            at = done.index(("rename", "manifest.json"))
            new = {name for what, name in done[:at] if what == "sync"}
            assert {"i", "manifest.json.new"} < new
            # What is in the manifest is synced now or was by an earlier commit.
            safe |= new
            assert named <= safe
            assert done[at - 1] == ("sync", "manifest.json.new")
            assert done[at + 1] == ("sync", "i")
        assert any(name.startswith("deleted-") for name in named)


def test_nothing_in_the_package_can_unpickle() -> None:
    for path in sorted((ROOT / "searchkit").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not LOADERS & {name.partition(".")[0] for name in names}, path
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("unsafe_load", "full_load"), path


class Trap:
    """Whoever unpickles this makes a file."""

    def __reduce__(self) -> object:
        return Path.touch, (Path("sprung"),)


def test_no_command_runs_what_a_stranger_has_put_into_an_index(
    tmp_path: Path, searchkit: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "news").mkdir()
    (tmp_path / "news" / "a.txt").write_text("Police at the parade.")
    assert searchkit("index", "news", "--index", "i").returncode == 0
    trap = pickle.dumps(Trap())
    commands = (["query", "polce"], ["check", "--deep"], ["index", "news"])
    for name in sorted(file.name for file in (tmp_path / "i").iterdir()):
        sound = (tmp_path / "i" / name).read_bytes()
        for words in commands:
            (tmp_path / "i" / name).write_bytes(trap)
            done = searchkit(*words, "--index", "i")
            assert not (tmp_path / "sprung").exists(), (name, words)
            assert "Traceback" not in done.stderr, (name, words)
        (tmp_path / "i" / name).write_bytes(sound)
    monkeypatch.chdir(tmp_path)
    pickle.loads(trap)
    assert (tmp_path / "sprung").exists()


@pytest.mark.skipif(not kernels.COMPILED, reason="plain kernels are Python, and hold its lock")
def test_other_threads_go_on_while_a_kernel_searches(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "i") as writer:
        writer.put(Article("many", "", "a " * 100_000 + "b"))
        writer.commit()
    engine = LocalEngine(tmp_path / "i")
    tree = parse('"a b b"~10000').tree
    over = threading.Event()

    def ask() -> None:
        with pytest.raises(QueryTimeout):
            engine.search(Request(tree, deadline=time.monotonic_ns() + 400_000_000))
        over.set()

    asking = threading.Thread(target=ask)
    asking.start()
    ticks = 0
    while not over.wait(0.001):
        ticks += 1
    asking.join()
    # With the lock held there would be a handful, before the kernel begins.
    assert ticks > 50
