"""What nobody wishes an index: wrong folders, wrong versions, refusing disks, monstrous articles."""

from __future__ import annotations

import errno
import fcntl
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from places import ROOT, Run

from searchkit.article import Article
from searchkit.engine import Request
from searchkit.errors import IndexLocked, IndexMissing, SearchkitError, StorageError, UsageError
from searchkit.local.engine import LocalEngine
from searchkit.query import Word, phrase
from searchkit.store.check import check_index
from searchkit.store.writer import LONGEST_ARTICLE, StoreWriter


@pytest.fixture
def index(tmp_path: Path) -> Path:
    with StoreWriter(tmp_path / "i") as writer:
        writer.put(Article("a", "Police", "Police at the parade."))
        writer.commit()
    return tmp_path / "i"


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """One sentence on standard error, no traceback, and the exit code."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("searchkit: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def forge_manifest(index: Path, **changes: object) -> None:
    """Change what the manifest says, under a right checksum."""
    content = json.loads((index / "manifest.json").read_text())["index"] | changes
    checksum = zlib.crc32(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
    (index / "manifest.json").write_text(json.dumps({"checksum": checksum, "index": content}))


def test_a_folder_that_is_no_index(tmp_path: Path, searchkit: Run) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"meow")
    for command in (["query", "a"], ["stats"], ["show", "a"], ["check"], ["index", "photos"]):
        refused(searchkit(*command, "--index", "photos"), 2, "photos")
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["cat.jpg"]
    (tmp_path / "file").write_text("no folder")
    refused(searchkit("query", "a", "--index", "file"), 2, "file")


def test_an_index_of_a_newer_format(index: Path, searchkit: Run) -> None:
    forge_manifest(index, format=99)
    for command in (["query", "police"], ["stats"], ["check"], ["index", "."]):
        refused(searchkit(*command, "--index", str(index)), 2, "99")


def test_an_index_of_another_analysis(index: Path, searchkit: Run) -> None:
    forge_manifest(index, fingerprint="another chain")
    for command in (["query", "police"], ["index", "."]):
        refused(searchkit(*command, "--index", str(index)), 1, "analysis", "--rebuild")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b'{"index": {}}', b"[" * 100_000, b"null"])
def test_a_damaged_manifest(content: bytes, index: Path, searchkit: Run) -> None:
    (index / "manifest.json").write_bytes(content)
    for command in (["query", "police"], ["stats"], ["index", "."]):
        refused(searchkit(*command, "--index", str(index)), 1, "damaged")
    assert searchkit("check", "--index", str(index)).returncode == 1


def as_nobody(work: Callable[[], object]) -> str:
    """What a piece of work says when a user who owns nothing does it: its result, or its error's message."""
    if os.getuid() != 0:
        pytest.skip("only root can become somebody else")
    reading, writing = multiprocessing.get_context("fork").Pipe(duplex=False)

    def child() -> None:
        os.setgid(65534)
        os.setuid(65534)
        try:
            writing.send(str(work()))
        except SearchkitError as error:
            writing.send(f"{type(error).__name__}: {error.message}")

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    assert process.exitcode == 0
    return str(reading.recv())


def test_no_permission(index: Path) -> None:
    temporary = Path(tempfile.gettempdir()).resolve()
    above = [folder for folder in index.parents if folder.is_relative_to(temporary) and folder != temporary]
    for path in (index, *above, *index.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)

    def ask() -> int:
        return LocalEngine(index).search(Request(Word("police"))).total

    assert as_nobody(ask) == "1"
    assert "StorageError" in as_nobody(lambda: StoreWriter(index))
    assert "ermission denied" in as_nobody(lambda: StoreWriter(index))
    assert "ermission denied" in as_nobody(lambda: StoreWriter(index.parent / "new"))
    (index / "segment-1").chmod(0)
    assert "ermission denied" in as_nobody(ask)
    index.chmod(0)
    assert "ermission denied" in as_nobody(ask)


class TestOnAnotherDisk:
    """A disk of its own, small, and then one that cannot be written."""

    @pytest.fixture
    def disk(self, tmp_path: Path) -> Iterator[Path]:
        path = tmp_path / "disk"
        path.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(path)], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("no disk can be mounted here")
        yield path
        subprocess.run(["umount", "--lazy", str(path)], check=True)

    def test_it_is_full_and_then_it_is_not(self, disk: Path) -> None:
        with StoreWriter(disk / "i") as writer:
            writer.put(Article("a", "", "police"))
            writer.commit()
        with StoreWriter(disk / "i") as writer:
            for number in range(3):
                writer.put(Article(str(number), "", os.urandom(1 << 20).hex()))
            with pytest.raises(StorageError, match="No space left"):
                writer.commit()
        assert LocalEngine(disk / "i").search(Request(Word("police"))).total == 1
        with StoreWriter(disk / "i") as writer:
            writer.put(Article("b", "", "police"))
            writer.commit()
        assert LocalEngine(disk / "i").search(Request(Word("police"))).total == 2
        assert check_index(disk / "i").sound

    def test_a_command_says_that_it_is_full(self, disk: Path, tmp_path: Path, searchkit: Run) -> None:
        index = str(disk / "i")
        (tmp_path / "a.txt").write_text("police")
        assert searchkit("index", "a.txt", "--index", index).returncode == 0
        (tmp_path / "b.txt").write_text(os.urandom(2 << 20).hex())
        refused(
            searchkit("index", "b.txt", "--index", index), 1, "No space left", "Make room there", "run this again"
        )
        assert searchkit("query", "police", "--index", index).stdout.startswith("1 article ")
        assert searchkit("check", "--index", index).stdout.endswith("The index is sound.\n")
        (tmp_path / "b.txt").write_text("police too")
        assert searchkit("index", "b.txt", "--index", index).returncode == 0
        assert searchkit("query", "police", "--index", index).stdout.startswith("2 articles ")

    def test_it_cannot_be_written(self, disk: Path, searchkit: Run) -> None:
        with StoreWriter(disk / "i") as writer:
            writer.put(Article("a", "", "police"))
            writer.commit()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        index = str(disk / "i")
        assert searchkit("query", "police", "--json", "--index", index).returncode == 0
        assert searchkit("check", "--index", index).stdout.endswith("The index is sound.\n")
        refused(searchkit("index", ".", "--index", index), 1, "ead-only")
        refused(searchkit("index", ".", "--index", str(disk / "new")), 1, "ead-only")


def test_a_file_may_not_grow(tmp_path: Path) -> None:
    """The limit of a process on the size of its files: the error comes in the middle of a write."""

    def build() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        with StoreWriter(tmp_path / "i") as writer:
            writer.put(Article("a", "", os.urandom(1 << 19).hex()))
            try:
                writer.commit()
            except StorageError:
                os._exit(7)

    process = multiprocessing.get_context("fork").Process(target=build)
    process.start()
    process.join()
    assert process.exitcode == 7
    with pytest.raises(IndexMissing):
        LocalEngine(tmp_path / "i")


def test_a_file_system_without_locks(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StorageError, match="cannot be locked: No locks available") as caught:
        StoreWriter(index)
    assert "network" in str(caught.value.hint)
    assert LocalEngine(index).search(Request(Word("police"))).total == 1


def test_a_command_on_a_file_system_without_locks(index: Path, tmp_path: Path, searchkit: Run) -> None:
    """A network share that was mounted without them: the system's own refusal, met by the whole program."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import errno, fcntl\n"
        "def flock(*_):\n    raise OSError(errno.ENOLCK, 'No locks available')\n"
        "fcntl.flock = flock\n"
    )
    (tmp_path / "a.txt").write_text("police")
    site = str(tmp_path / "site")
    refused(
        searchkit("index", "a.txt", "--index", str(index), PYTHONPATH=f"{site}:{ROOT}"),
        1, "cannot be locked: No locks available", "Put the index on a disk of this machine",
    )  # fmt: skip
    assert searchkit("query", "police", "--index", str(index), PYTHONPATH=f"{site}:{ROOT}").returncode == 0


def test_a_second_command_is_told_who_writes(index: Path, tmp_path: Path, searchkit: Run) -> None:
    (tmp_path / "a.txt").write_text("police")
    with StoreWriter(index):
        for words in (["index", "a.txt"], ["index", "a.txt", "--rebuild"]):
            refused(
                searchkit(*words, "--index", str(index)),
                1, f"process {os.getpid()} is writing to the index {index}", "Wait until it is done",
            )  # fmt: skip
        assert searchkit("query", "police", "--index", str(index)).stdout.startswith("1 article ")
    assert searchkit("index", "a.txt", "--index", str(index)).returncode == 0


def test_files_that_are_missing_or_have_changed_places(index: Path, tmp_path: Path, searchkit: Run) -> None:
    with StoreWriter(index) as writer:
        for key in ("b", "c"):
            writer.put(Article(key, "", f"police {key}"))
        writer.commit()
    (one, other) = sorted(index.glob("segment-*"))
    aside = tmp_path / "aside"
    for what in ("missing", "swapped"):
        one.rename(aside)
        if what == "swapped":
            other.rename(one)
            aside.rename(other)
        for words in (["query", "police"], ["stats"]):
            refused(searchkit(*words, "--index", str(index)), 1, "the index is damaged: segment-", "--rebuild")
        done = searchkit("check", "--index", str(index))
        assert (done.returncode, "damaged: segment-" in done.stdout) == (1, True)
        if what == "missing":
            aside.rename(one)
            assert searchkit("check", "--index", str(index)).returncode == 0


def test_the_lock_dies_with_its_process(index: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom searchkit.store.writer import StoreWriter\n"
        "writer = StoreWriter(Path(sys.argv[1]))\nprint('locked', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(index)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(IndexLocked, match=str(other.pid)):
            StoreWriter(index)
        other.kill()
    with StoreWriter(index) as writer:
        writer.put(Article("b", "", "police"))
        writer.commit()


def test_an_empty_index(tmp_path: Path, searchkit: Run) -> None:
    with StoreWriter(tmp_path / "i") as writer:
        writer.commit()
    answer = json.loads(searchkit("query", "police", "--json", "--index", "i").stdout)
    assert (answer["total"], answer["hits"]) == (0, [])
    assert json.loads(searchkit("stats", "--json", "--index", "i").stdout)["articles"] == 0
    assert searchkit("check", "--deep", "--index", "i").returncode == 0


def ask_after_merging(path: Path, articles: list[Article]) -> LocalEngine:
    """An index of these, each of its own commit until they are merged, checked to the ground."""
    with StoreWriter(path, memory=64 << 20) as writer:
        for number, article in enumerate([*articles, *(Article(f"f{at}", "", f"filler {at}") for at in range(9))]):
            writer.put(article)
            writer.commit()
            if number == 0:
                assert check_index(path, deep=True).sound
    assert check_index(path, deep=True).sound
    return LocalEngine(path)


def test_an_article_of_fifty_megabytes(tmp_path: Path) -> None:
    words = " ".join(f"word{number % 50_000}" for number in range(5_000_000))
    body = f"{words[: 50 << 20]} the very end"
    engine = ask_after_merging(tmp_path / "i", [Article("big", "", body)])
    answer = engine.search(Request(phrase("the very end")))
    assert (answer.total, answer.found[0].load().body == body) == (1, True)
    with StoreWriter(tmp_path / "i") as writer, pytest.raises(UsageError, match="more than 67,108,864 characters"):
        writer.put(Article("bigger", "", "x" * (LONGEST_ARTICLE + 1)))


def test_an_article_of_one_word_ten_million_times(tmp_path: Path) -> None:
    engine = ask_after_merging(tmp_path / "i", [Article("same", "", "no " * 10_000_000)])
    assert engine.search(Request(Word("no"))).total == 1
    assert engine.search(Request(phrase("no no no"))).total == 1
    assert engine.search(Request(phrase("no filler"))).total == 0


def test_a_term_of_a_megabyte(tmp_path: Path) -> None:
    term = "x" * (1 << 20)
    engine = ask_after_merging(
        tmp_path / "i", [Article("long", "", f"a {term} b"), Article("longer", "", term + "y")]
    )
    assert engine.search(Request(Word(term))).total == 1
    assert engine.search(Request(phrase(f"a {term} b"))).total == 1


def test_a_million_articles_of_one_word(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "i", workers=2) as writer:
        for number in range(1_000_000):
            writer.put(Article(str(number), "", "police"))
        writer.commit()
    engine = LocalEngine(tmp_path / "i")
    answer = engine.search(Request(Word("police"), limit=3))
    assert (answer.total, [hit.id for hit in answer.found]) == (1_000_000, ["0", "1", "10"])
    assert engine.search(Request(phrase("police police"))).total == 0
