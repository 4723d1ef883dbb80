"""What `searchkit index` says of a run, what it writes into a report, and what `searchkit problems` tells later."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from places import Run


@pytest.fixture
def news(tmp_path: Path) -> Path:
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "a.txt").write_text("A title\n\nThe police marched.")
    (folder / "b.txt").write_text("A TITLE\n\nThe police  marched.")
    lines = [
        '{"text": "police", "date": "03/04/2020"}',
        "junk",
        '{"no": "text"}',
        '{"text": "other", "date": "2020-02-31"}',
    ]
    (folder / "c.jsonl").write_text("\n".join(lines))
    (folder / "d.xyz").write_text("?")
    return folder


def test_formats_copies_and_kinds_are_counted(news: Path, searchkit: Run) -> None:
    done = searchkit("index", "news", "--report", "report.jsonl")
    assert done.stdout.splitlines() == [
        "4 added, 0 changed, 0 unchanged, 0 removed, 3 skipped",
        "Formats: JSON lines 2, plain text 2.",
        "Copies: 1 new article has the text of another one; both are in the index, and show says so.",
        "Problems: date 2, damaged 1, empty 1, format 1. searchkit problems lists them.",
    ]
    report = [json.loads(line) for line in (news.parent / "report.jsonl").read_text().splitlines()]
    assert [(Path(row["path"]).name, row["place"], row["kind"], row["skipped"]) for row in report] == [
        ("c.jsonl", "line 1", "date", False),
        ("c.jsonl", "line 2", "damaged", True),
        ("c.jsonl", "line 3", "empty", True),
        ("c.jsonl", "line 4", "date", False),
        ("d.xyz", "", "format", True),
    ]
    assert report[0]["reason"] == "date '03/04/2020' fits two days: --dates dmy or --dates mdy settles it"
    assert report[3]["reason"] == "date '2020-02-31' is none that exists"
    for _ in range(2):
        listed = searchkit("problems", "--json").stdout.splitlines()
        assert [json.loads(line) for line in listed] == report
        searchkit("index", "news")
    assert searchkit("problems", "--kind", "format").stdout == (
        "skipped: news/d.xyz: no reader for .xyz files\n1 problem.\n"
    )
    assert searchkit("problems", "--kind", "nonsense").returncode == 2


def test_a_copy_is_said_to_be_one(news: Path, searchkit: Run) -> None:
    searchkit("index", "news")
    hits = json.loads(searchkit("query", "marched", "--json").stdout)["hits"]
    assert [hit["copy_of"] for hit in hits] == [None, hits[0]["id"]]
    assert "an exact copy of 1." in searchkit("query", "marched").stdout
    assert "Copies: news/b.txt\n" in searchkit("show", "news/a.txt").stdout
    assert json.loads(searchkit("show", "news/b.txt", "--json").stdout)["copies"] == ["news/a.txt"]


def test_mapped_keys_and_the_order_of_dates(news: Path, searchkit: Run) -> None:
    (news / "c.jsonl").write_text('{"kop": "Optocht", "tekst": "police", "datum": "03/04/2020"}\n')
    mapped = ("--map", "headline=kop", "--map", "text=tekst", "--map", "date=datum", "--dates", "dmy")
    assert searchkit("index", "news/c.jsonl", *mapped).stdout.startswith("1 added")
    shown = json.loads(searchkit("show", "c.jsonl#1", "--json").stdout)
    assert (shown["title"], shown["date"]) == ("Optocht", "2020-04-03")
    assert shown["notes"] == {"date settled": "'03/04/2020' read day first, as told"}
    again = searchkit("index", "news/c.jsonl")
    assert "was made with other settings" in again.stderr
    for wrong in (("--map", "kop"), ("--map", "nofield=kop"), ("--dates", "ymd")):
        assert searchkit("index", "news", *wrong).returncode == 2


@pytest.mark.parametrize(
    "kind", ["csv-plain", "csv-semicolon", "tsv-plain", "nitf-agency", "feed-atom", "json-array"]
)
def test_standard_input_is_recognized_as_a_file_is(kind: str, tmp_path: Path, searchkit: Run) -> None:
    (case,) = (Path(__file__).parents[1] / "readers/cases" / kind).glob("input.*")
    count = sum("problem" not in item for item in json.loads((case.parent / "expected.json").read_text())["items"])
    assert searchkit("index", "-", typed=case.read_text("utf-8")).stdout.startswith(f"{count} added")


def test_standard_input_is_read(news: Path, searchkit: Run) -> None:
    done = searchkit("index", "-", typed='{"id": "1", "text": "police"}\n')
    assert done.stdout.startswith("1 added")
    searchkit("index", "-", typed='{"id": "2", "text": "police"}\n')
    assert json.loads(searchkit("query", "police", "--json").stdout)["total"] == 2


def test_a_report_that_cannot_be_written_costs_no_article(news: Path, searchkit: Run) -> None:
    """The run ended where the report's disk was full, and nothing was committed."""
    done = searchkit("index", "news", "--report", "/dev/full")
    assert done.returncode == 0
    assert "is not whole" in done.stderr
    assert json.loads(searchkit("query", "marched", "--json").stdout)["total"] == 2
    for wrong in ("nowhere/report", "news/a.txt", "news/report.jsonl"):
        done = searchkit("index", "news", "--report", wrong, "--index", "other")
        assert done.returncode == 2
        assert not (news.parent / "other").exists()
    assert (news / "a.txt").read_text().startswith("A title")


def test_what_nobody_knows_is_not_said_to_be_nothing(news: Path, searchkit: Run) -> None:
    """Where the ledger was lost, no problem was said to be known."""
    searchkit("index", "news")
    ledger = news.parent / "index" / "files.sqlite"
    ledger.write_bytes(b"garbage" * 1000)
    done = searchkit("problems")
    assert (done.returncode, "missing or damaged" in done.stderr) == (1, True)
    assert searchkit("show", "news/a.txt").returncode == 0
    ledger.unlink()
    assert searchkit("problems").returncode == 1
    searchkit("index", "news")
    assert searchkit("problems").stdout.endswith("5 problems.\n")
    assert searchkit("problems", "--index", "nowhere").returncode == 2


def test_a_path_that_went_is_said_to_be_gone(news: Path, searchkit: Run) -> None:
    """An index lost all its articles without a word."""
    searchkit("index", "news")
    shutil.rmtree(news)
    done = searchkit("index", "news")
    assert "4 removed" in done.stdout
    assert "note: news: there is nothing any more: what was read from there leaves the index" in done.stderr


def test_another_index_among_the_news_is_one_note(news: Path, searchkit: Run) -> None:
    searchkit("index", "news", "--index", "news/one")
    done = searchkit("index", "news", "--index", "two")
    assert done.stderr.count("news/one") == 1
    assert "note: news/one: is an index of searchkit, which holds no news of its own" in done.stderr


def test_an_article_that_is_too_long_costs_itself_alone(news: Path, searchkit: Run) -> None:
    """It ended the run, and nothing was committed."""
    with (news / "long.json").open("w") as file:
        file.write('[{"id": "long", "text": "' + "police " * 9_600_000 + '"}, {"id": "short", "text": "police"}]')
    done = searchkit("index", "news/long.json", "news/a.txt")
    assert done.returncode == 0
    assert "longer than" in done.stderr
    assert done.stdout.startswith(("2 added", "1 added"))


STORY = (
    "<p>The council said on Monday that it would close the old bridge for the whole of the summer, as asked.</p>" * 3
)
PAGE = f"<html lang='en-GB'><head><title>A page</title>{{}}</head><body><article>{STORY}</article></body></html>"
STATED = '<meta name="date" content="2020-03-09">'
ADDRESS = '<link rel="canonical" href="https://a.example/2020/03/10/x">'


@pytest.mark.parametrize(
    ("folder", "name", "content", "day", "said"),
    [
        # What the document states beats its address, which beats the path that it was mirrored to.
        ("2020/03/11", "a.html", PAGE.format(STATED + ADDRESS), "2020-03-09", "meta date"),
        ("2020/03/11", "a.html", PAGE.format(ADDRESS), "2020-03-10", "the URL"),
        ("2020/03/11", "a.html", PAGE.format(""), "2020-03-11", "the path"),
        ("pages", "a.html", PAGE.format(""), "", ""),
        ("2020/03/11", "a.txt", "A title\n\nWithout a day.", "", ""),
        ("pages", "a.txt", "Title: A title\nDate: 2020-03-09\n\nWith a day.", "2020-03-09", ""),
    ],
)  # fmt: skip
def test_show_says_where_a_day_came_from(
    folder: str, name: str, content: str, day: str, said: str, tmp_path: Path, searchkit: Run
) -> None:
    file = tmp_path / "news" / folder / name
    file.parent.mkdir(parents=True)
    file.write_text(content)
    assert searchkit("index", "news").stdout.startswith("1 added")
    shown = searchkit("show", f"news/{folder}/{name}").stdout
    assert (f"Date: {day}\n" in shown) == bool(day)
    assert ("Date: " in shown) == bool(day)
    if said:
        assert f"Date from: {said}\n" in shown
    else:
        assert "Date from" not in shown


@pytest.mark.parametrize(
    ("kind", "packed"),
    [
        *((kind, False) for kind in ("html-microdata", "mail-attached", "mailbox-three", "warc-crawl")),
        *((kind, False) for kind in ("docx-report", "pdf-story", "rtf-release", "parquet-table", "anpa-log")),
        ("nexis-academic", False),
        *((kind, True) for kind in ("jsonl-mixed", "html-microdata", "nitf-agency")),
    ],
)  # fmt: skip
def test_anything_may_come_through_a_pipe(kind: str, packed: bool, tmp_path: Path, searchkit: Run) -> None:
    """Of any format, and packed, read from a pipe that cannot be sought in."""
    folder = Path(__file__).parents[1] / "readers/cases" / kind
    (case,) = folder.glob("input.*")
    count = sum("problem" not in item for item in json.loads((folder / "expected.json").read_text())["items"])
    data = case.read_bytes()
    if packed:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"in{case.suffix}", data)
        data = file.getvalue()
    done = subprocess.run(
        ["bash", "-c", f"cat | '{sys.executable}' -m searchkit index -"],
        cwd=tmp_path, input=data, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().startswith(f"{count} added"), done.stderr
    assert json.loads(searchkit("stats", "--json").stdout)["articles"] == count
