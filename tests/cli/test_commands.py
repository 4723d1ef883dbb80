"""The program as a person runs it: whole outputs, exit codes, and what goes to which stream."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from places import SEED, Run

import searchkit as searchkit_package
from searchkit.cli import formats
from searchkit.cli.terminal import Screen


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    (tmp_path / "seeds").mkdir()
    shutil.copy(SEED, tmp_path / "seeds")
    return tmp_path / "seeds"


@pytest.fixture
def indexed(seeds: Path, searchkit: Run) -> Path:
    assert searchkit("index", "seeds/").returncode == 0
    return seeds


def test_the_users_two_commands(seeds: Path, searchkit: Run) -> None:
    done = searchkit("index", "seeds/")
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "1 added, 0 changed, 0 unchanged, 0 removed, 0 skipped\n",
        "",
    )
    done = searchkit("query", "pride parade police")
    assert (done.returncode, done.stderr) == (0, "")
    counts, _, *hit = done.stdout.splitlines()
    assert counts.startswith("1 article with all 3 words (")
    assert hit[0].startswith(" 1. New Zealand’s outgoing Police Commissioner has apologised to the man who")
    assert hit[0].endswith(" 1 NEWS after…")
    assert hit[1].startswith("    2020-03-09 · seeds/000_2b5d70423e18adf0.txt · score ")
    assert "the presence of police at pride parades" in hit[2]
    assert "\x1b" not in done.stdout


def test_json_is_one_object_with_offsets_into_the_snippet(indexed: Path, searchkit: Run) -> None:
    answer = json.loads(searchkit("query", "pride parade police", "--json").stdout)
    assert (answer["query"], answer["total"], answer["total_all"]) == ("pride parade police", 1, 1)
    assert answer["took_ms"] > 0
    [hit] = answer["hits"]
    assert (hit["rank"], hit["date"], hit["source"]) == (1, "2020-03-09", "")
    assert hit["id"] == "seeds/000_2b5d70423e18adf0.txt"
    assert hit["path"] == str(indexed / SEED.name)
    lit = [hit["snippet"][start:end].lower() for start, end in hit["highlights"]]
    assert {"pride", "parades", "police"} <= set(lit)


def test_the_other_formats(indexed: Path, searchkit: Run) -> None:
    [line] = searchkit("query", "police", "--jsonl").stdout.splitlines()
    assert json.loads(line)["rank"] == 1
    header, row = csv.reader(io.StringIO(searchkit("query", "police", "--csv").stdout))
    assert dict(zip(header, row, strict=True))["date"] == "2020-03-09"
    [trec] = searchkit("query", "police", "--format", "trec", "--topic", "T 7").stdout.splitlines()
    topic, q0, key, rank, score, tag = trec.split()
    assert (topic, q0, key, rank, tag) == ("T%207", "Q0", "seeds/000_2b5d70423e18adf0.txt", "1", "searchkit")
    assert float(score) > 0
    done = searchkit("query", "police", "--csv", "--json")
    assert (done.returncode, "only one format" in done.stderr) == (2, True)


def test_filters_and_pages(indexed: Path, searchkit: Run) -> None:
    def total(*words: str) -> int:
        return int(json.loads(searchkit("query", "police", "--json", *words).stdout)["total"])

    assert total("--since", "2020") == total("--until", "2020-03") == total("--until", "2020-03-09") == 1
    assert total("--since", "2020-03-10") == total("--until", "2019") == total("--source", "Herald") == 0
    assert total("--since", "march 2020", "--until", "9 March 2020") == 1
    assert total("--since", "yesterday") == total("--until", "before 2020-03-09") == 0
    assert "No article has “zebra”." in searchkit("query", "zebra").stdout
    assert "no article has “zebra”" in searchkit("query", "police zebra").stdout
    assert searchkit("query", "(zebra, lion!)").stdout.startswith("No article has any of “zebra”, “lion”. (")
    assert "past the last hit; the last page is 1." in searchkit("query", "police", "--page", "2").stdout


def test_show_and_stats(indexed: Path, searchkit: Run) -> None:
    shown = searchkit("show", "seeds/000_2b5d70423e18adf0.txt").stdout
    assert "Date: 2020-03-09\n" in shown
    assert "\n\nNew Zealand’s outgoing" in shown
    assert "date 2020" not in shown
    assert shown.rstrip().endswith("please ask them if they are OK.")
    article = json.loads(searchkit("show", "seeds/000_2b5d70423e18adf0.txt", "--json").stdout)
    assert (article["date"], article["title"]) == ("2020-03-09", "")
    assert searchkit("stats").stdout.startswith("Articles  1\n")
    stats = json.loads(searchkit("stats", "--json").stdout)
    assert (stats["articles"], stats["first_date"], stats["last_date"]) == (1, "2020-03-09", "2020-03-09")
    assert stats["bytes"] > 0


def test_the_index_is_named_by_an_option_or_the_environment(seeds: Path, searchkit: Run) -> None:
    assert searchkit("index", "seeds", "--index", "one").returncode == 0
    assert searchkit("query", "police", "--index", "one").returncode == 0
    assert searchkit("query", "police", SEARCHKIT_INDEX="one").returncode == 0
    assert searchkit("query", "police").returncode == 2


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["query", "police"], 2, "searchkit: there is no index at index\nMake one: searchkit index PATH"),
        (["query", ""], 2, "searchkit: the query is empty"),
        (["query", "?!"], 2, "holds no word, only punctuation\n  ?!\n  ^\n"),
        (["query", 'a "b'], 2, 'never closed\n  a "b\n    ^\n'),
        (["query", "a", "--since", "2020-02-30"], 2, "searchkit: '2020-02-30' is not a date"),
        (["query", "a", "--since", "..2020"], 2, "searchkit: '..2020' has no first day"),
        (["query", "a", "--until", "since 2020"], 2, "searchkit: 'since 2020' has no last day"),
        (["query", "a", "-n", "0"], 2, "Invalid value for '--limit'"),
        (["query", "a", "--sort", "best"], 2, "'best' is not one of"),
        (["query", "a", "--index", "afile"], 2, "searchkit: afile is a file, not an index"),
        (["query", "a", "--index", "other"], 2, "holds something that is not an index"),
        (["index", "nothing"], 2, "there is nothing at"),
        (["index"], 2, "Missing argument"),
        (["show", "x", "--index", "empty"], 2, "no article has the id 'x'"),
        (["index", "seeds", "--index", "afile"], 2, "afile is a file, not an index"),
        (["index", "seeds", "--language", "klingon"], 2, "no language 'klingon'"),
        (["bogus"], 2, "No such command 'bogus'"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_code_2(
    words: list[str], code: int, message: str, seeds: Path, searchkit: Run, tmp_path: Path
) -> None:
    (tmp_path / "afile").write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.txt").write_text("x")
    if "empty" in words:
        (tmp_path / "none").mkdir()
        searchkit("index", "none", "--index", "empty")
    if words[0] == "query" and words[1] != "police" and "--index" not in words:
        searchkit("index", "seeds")
    done = searchkit(*words)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_bad_files_are_reported_and_strict_makes_them_a_failure(seeds: Path, searchkit: Run) -> None:
    (seeds / "bad\x1b[31m.txt").write_bytes(b"\x7fELF\x00\x01")
    done = searchkit("index", "seeds")
    assert done.returncode == 0
    assert done.stdout.endswith("1 skipped\nProblems: format 1. searchkit problems lists them.\n")
    assert "skipped: seeds/bad␛[31m.txt: " in done.stderr
    assert searchkit("index", "seeds", "--strict").returncode == 1


HOSTILE = "Police \x1b[31mred\x1b]0;owned\x07 [bold]markup[/bold] \u202eevil \x9b1m \x00 end"


def test_hostile_text_never_reaches_a_terminal_raw(seeds: Path, searchkit: Run) -> None:
    record = {"id": "a\x1b[2J", "title": HOSTILE, "text": HOSTILE, "source": HOSTILE, "author": HOSTILE}
    (seeds / "h.jsonl").write_text(json.dumps(record) + "\n")
    assert searchkit("index", "seeds").returncode == 0
    for words in (["query", "evil"], ["query", "evil", "--json"], ["query", "evil", "--csv"],
                  ["query", "evil", "--jsonl"], ["query", "evil", "--format", "trec"],
                  ["show", "a[2J"], ["show", "a[2J", "--json"], ["stats"], ["stats", "--json"],
                  ["show", "no\x1b[2J"], ["query", "\x1b[2J"], ["query", '"\x1b[2J']):  # fmt: skip
        done = searchkit(*words)
        for character in "\x1b\x07\x9b\u202e\x00":
            assert character not in done.stdout + done.stderr, words
        if words[0] == "query" and "evil" in words and len(words) == 2:
            assert "[bold]markup[/bold]" in done.stdout
    assert json.loads(searchkit("query", "evil", "--json").stdout)["hits"][0]["title"].startswith("Police ")


def test_no_cell_is_a_formula(seeds: Path, searchkit: Run) -> None:
    (seeds / "f.jsonl").write_text('{"id": "=1+1", "title": "@SUM(1)", "text": "formula", "source": "-2+3"}\n')
    searchkit("index", "seeds")
    rows = list(csv.DictReader(io.StringIO(searchkit("query", "formula", "--csv").stdout)))
    assert (rows[0]["id"], rows[0]["title"], rows[0]["source"]) == ("'=1+1", "'@SUM(1)", "'-2+3")


def test_a_closed_pipe_ends_quietly(indexed: Path, tmp_path: Path) -> None:
    command = f"'{sys.executable}' -m searchkit show seeds/{SEED.name} | true"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_keeps_what_was_committed_and_the_next_run_goes_on(tmp_path: Path, searchkit: Run) -> None:
    (tmp_path / "news").mkdir()
    line = json.dumps({"text": "police " + "some words that go on " * 200})
    (tmp_path / "news" / "a.jsonl").write_text((line + "\n") * 40_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "searchkit", "index", "news"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # Articles are being put once the first segment is begun.
    while not list(tmp_path.glob("index/segment-*")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    assert "Run the same command to go on." in err
    assert "Traceback" not in err
    (tmp_path / "news" / "a.jsonl").write_text((line + "\n") * 20)
    assert searchkit("index", "news").returncode == 0
    assert json.loads(searchkit("stats", "--json").stdout)["articles"] == 20


@pytest.fixture
def terminal(tmp_path: Path) -> Run:
    """The program on a pseudo-terminal: what a person sees."""

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        import pty

        main, child = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "searchkit", *words],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "TERM": "xterm-256color", "PYTHONUTF8": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=child,
            stderr=child,
        )
        os.close(child)
        seen = b""
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        os.close(main)
        return subprocess.CompletedProcess(words, process.wait(), seen.decode("utf-8"), "")

    return run


def test_a_terminal_gets_colours_and_links(indexed: Path, terminal: Run) -> None:
    seen = terminal("query", "pride parade police").stdout
    assert "\x1b[1;33mpolice\x1b[0m" in seen
    assert f"\x1b]8;;file://{indexed}/{SEED.name}\x1b\\" in seen
    plain = terminal("query", "pride parade police", NO_COLOR="1").stdout
    assert "\x1b" not in plain
    assert max(len(line) for line in plain.splitlines()[2:]) <= 110


def test_a_terminal_gets_a_progress_bar_and_a_pipe_none(seeds: Path, terminal: Run, searchkit: Run) -> None:
    assert "articles" in terminal("index", "seeds").stdout
    assert searchkit("index", "seeds").stderr == ""


def test_version(searchkit: Run) -> None:
    assert searchkit("--version").stdout.startswith("searchkit 0.")


def test_the_bare_program_shows_its_help_whole(searchkit: Run) -> None:
    """It came as an error in one line, cut off."""
    done = searchkit()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == searchkit("--help").stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["-n", "many"], "'many' is not a whole number"),
        (["-n", "0"], "0 does not lie between 1 and 100000"),
        (["--page", "0"], "0 is less than 1"),
    ],
)
def test_a_wrong_number_is_refused_in_plain_words(words: list[str], complaint: str, searchkit: Run) -> None:
    done = searchkit("query", "x", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr


def test_of_a_long_query_ten_words_are_named(indexed: Path, searchkit: Run) -> None:
    made = [f"zz{number}" for number in range(10_000)]
    none = searchkit("query", *made).stdout
    assert none.startswith("No article has any of “zz0”, “zz1”")
    assert "“zz9” and 9,990 more. (" in none
    assert len(none) < 200
    said = searchkit("query", " OR ".join(f"w{number}" for number in range(100))).stdout.splitlines()
    assert sum(line.startswith("column ") for line in said) == 10
    assert "90 more of such; --parse has them all" in said
    assert len(json.loads(searchkit("query", "--json", "w1 OR w2 OR w3").stdout)["notices"]) == 3
    some = searchkit("query", "police", *made).stdout.splitlines()[1]
    assert some.startswith("no article has any of “zz0”, “zz1”")
    assert some.endswith("“zz9” and 9,990 more")


def test_a_long_title_is_wrapped_under_itself(indexed: Path) -> None:
    with searchkit_package.open(indexed.parent / "index") as index:
        answer = formats.as_text(index.search("police"), formats.Page(Screen(colour=False, columns=50), "1", 1, 10))
    title = answer.split("\n\n")[1].split("\n    2020-03-09")[0].splitlines()
    assert len(title) > 1
    assert title[0].startswith(" 1. New Zealand")
    assert all(line.startswith("    ") for line in title[1:])
    assert all(len(line) <= 50 for line in title)
