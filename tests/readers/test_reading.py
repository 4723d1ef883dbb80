"""Whatever a file is, reading it ends with articles and problems, never with an exception."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import json
import os
import socket
import threading
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import searchkit.readers
import searchkit.readers.reading as reading_module
from searchkit.article import NOWHERE, Article, Problem
from searchkit.readers import FORMATS, Format, Settings, open_articles, suffixes
from searchkit.readers.format import RECORD_LIMIT, Source

RECORDS = "".join(json.dumps({"title": f"T{n}", "text": f"Text {n} " * 30}) + "\n" for n in range(2000)).encode()


def reasons(items: list[Article | Problem]) -> list[str]:
    return [item.reason for item in items if isinstance(item, Problem)]


def ids(items: list[Article | Problem]) -> list[str]:
    return [item.id for item in items if isinstance(item, Article)]


def test_the_public_names() -> None:
    assert searchkit.readers.__all__ == [
        *("FORMATS", "Format", "HeavyError", "Reading", "Settings", "Trace", "is_heavy", "open_articles", "suffixes")
    ]


def test_the_table_names_each_suffix_once() -> None:
    assert len(set(suffixes())) == len(suffixes())
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes())
    assert len({row.name for row in FORMATS}) == len(FORMATS)


def test_an_unknown_suffix_is_read_only_when_it_is_named(read_bytes) -> None:
    assert reasons(read_bytes("a.xyz", b"Some text.")) == ["no reader for .xyz files"]
    (article,) = read_bytes("a.xyz", b"Some text.", explicit=True)
    assert article.body == "Some text."


@pytest.mark.parametrize("name", ["noname", "budget v1.2 final", "wire.2007", "noname.gz"])
def test_a_file_without_a_suffix_is_tried_as_text(name: str, read_bytes) -> None:
    (article,) = read_bytes(name, b"Some text.")
    assert (article.id, article.body) == (name, "Some text.")


@pytest.mark.parametrize("suffix", suffixes())
def test_an_empty_file_says_so(suffix: str, read_bytes) -> None:
    assert reasons(read_bytes(f"a{suffix}", b"")) == ["is empty"]
    assert reasons(read_bytes(f"a{suffix}.gz", gzip.compress(b""))) == ["is empty"]
    assert len(reasons(read_bytes(f"b{suffix}", b" \n\n"))) == 1


def test_gzip_is_known_by_its_content(read_bytes) -> None:
    packed = gzip.compress(b'{"text": "1"}\n') + gzip.compress(b'{"text": "2"}\n')
    assert ids(read_bytes("a.jsonl", packed)) == ["a.jsonl#1", "a.jsonl#2"]
    assert ids(read_bytes("a.jsonl.gz", b'{"text": "1"}\n')) == ["a.jsonl.gz#1"]


def test_a_cut_gzip_stream_gives_what_it_holds(read_bytes) -> None:
    packed = gzip.compress(RECORDS)
    items = read_bytes("a.jsonl.gz", packed[: len(packed) // 2])
    count = len(ids(items))
    assert count > 100
    assert reasons(items) == [f"the compressed data ends too early: {count:,} articles were read before that"]
    assert items[-1].origin.place == ""


def test_a_gzip_stream_cut_at_its_last_byte_loses_nothing(read_bytes) -> None:
    items = read_bytes("a.jsonl.gz", gzip.compress(RECORDS)[:-1])
    assert len(ids(items)) == 2000
    assert reasons(items) == ["the compressed data ends too early: 2,000 articles were read before that"]


@pytest.mark.parametrize("damage", [b"garbage after the end", b"\x1f\x8b garbage"])
def test_garbage_after_a_gzip_stream(damage: bytes, read_bytes) -> None:
    items = read_bytes("a.jsonl.gz", gzip.compress(b'{"text": "1"}\n') + damage)
    assert ids(items) == ["a.jsonl.gz#1"]
    assert reasons(items) == ["the compressed data is damaged: 1 article was read before that"]


def test_a_damaged_gzip_stream(read_bytes) -> None:
    packed = bytearray(gzip.compress(RECORDS))
    packed[len(packed) // 2] ^= 0xFF
    assert reasons(read_bytes("a.txt.gz", bytes(packed))) == ["the compressed data is damaged"]


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    said = {
        name: reasons(list(open_articles(tmp_path / name, name)))
        for name in ("folder.txt", "absent.txt", "loop.txt", "long" * 99, "nul\x00.txt")
    }
    assert said == {
        "folder.txt": ["is a folder"],
        "absent.txt": ["is not there any more"],
        "loop.txt": ["is a link that leads to itself"],
        "long" * 99: ["has a name that is too long"],
        "nul\x00.txt": ["embedded null byte"],
    }


def test_permission_denied(tmp_path: Path) -> None:
    path = tmp_path / "secret.txt"
    path.write_text("text")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert reasons(list(open_articles(path, "secret.txt"))) == ["permission denied"]


def test_a_pipe_is_read_only_when_it_is_named(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert reasons(list(open_articles(pipe, "pipe"))) == ["is a pipe, not a file"]
    writer = threading.Thread(target=pipe.write_bytes, args=(b"Some text.",))
    writer.start()
    reading = open_articles(pipe, "pipe", explicit=True)
    assert ids(list(reading)) == ["pipe"]
    writer.join()
    assert reading.bytes_read == 10


def test_a_device_and_a_socket_are_no_files(tmp_path: Path) -> None:
    assert reasons(list(open_articles(Path("/dev/null"), "null"))) == ["is a device, not a file"]
    assert reasons(list(open_articles(Path("/dev/null"), "null", explicit=True))) == ["is empty"]
    with socket.socket(socket.AF_UNIX) as made, contextlib.chdir(tmp_path):
        made.bind("s.txt")
        assert reasons(list(open_articles(Path("s.txt"), "s.txt"))) == ["is a socket, not a file"]
        assert reasons(list(open_articles(Path("s.txt"), "s.txt", explicit=True))) == ["is a socket, not a file"]


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'{"text": "more"}\n')


def replace_whole(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(b'{"text": "other"}\n')
    other.replace(path)


CHANGES = {
    "grown": grow,
    "cut": lambda path: os.truncate(path, 70_000),
    "replaced": replace_whole,
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_read_says_so(change: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(RECORDS)
    items: list[Article | Problem] = []
    with open_articles(path, "a.jsonl") as reading:
        items.append(next(reading))
        CHANGES[change](path)
        items.extend(reading)
    assert len(ids(items)) > 200
    (*others, last) = [item for item in items if isinstance(item, Problem)]
    assert (last.reason, last.kept, last.kind) == (
        "changed while it was read; the next run reads it again",
        True,
        "access",
    )
    # What was cut ends in the middle of a record.
    assert len(others) == (change == "cut")


def test_a_compressed_file_that_is_cut_while_it_is_read_is_one_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.bz2"
    noise = b"".join(json.dumps({"text": os.urandom(200).hex()}).encode() + b"\n" for _ in range(5000))
    path.write_bytes(bz2.compress(noise))
    with open_articles(path, path.name) as reading:
        items = [next(reading)]
        os.truncate(path, 200_000)
        items.extend(reading)
    (problem,) = [item for item in items if isinstance(item, Problem)]
    count = f"{len(ids(items)):,} articles were read before that"
    assert problem.reason == f"changed while it was read (the compressed data ends too early): {count}"
    assert problem.kind == "access"


def test_a_nul_in_the_middle(read_bytes) -> None:
    assert reasons(read_bytes("a.txt", b"Some text,\0 and more.")) == ["looks binary (it holds NUL bytes)"]
    items = read_bytes("a.jsonl", b'{"text": "one\\u0000two"}\n{"text": "' + b"x" * 70_000 + b'\0y"}\n')
    assert [item.body.replace("x", "") for item in items if isinstance(item, Article)] == ["onetwo", "y"]


NITF = '<?xml version="1.0" encoding="UTF-8"?><nitf><head><title>Café</title></head><body><p>{}</p></body></nitf>'
PAGE = '<html><head><meta charset="utf-8"><title>Café</title></head><body><article><p>{}</p></article></body></html>'
ELECTED = "Le président a été élu par les députés réunis à Genève, a déclaré lundi soir le porte-parole du congrès."
SAYS_UTF8 = {
    "a.txt": "Title: Café\nCharset: utf-8\n\n{}",
    "a.xml": NITF,
    "a.html": PAGE,
    "a.rss": '<?xml version="1.0" encoding="utf-8"?><rss><channel><item><title>Café</title>'
    "<description>{}</description></item></channel></rss>",
}


@pytest.mark.parametrize("length", [1, 3000])
@pytest.mark.parametrize("name", SAYS_UTF8)
def test_latin_1_that_is_said_to_be_utf8_is_read_and_said(name: str, length: int, read_bytes) -> None:
    """Also where the first such character stands beyond what a format is recognized by."""
    said = SAYS_UTF8[name].replace("Café", "Cafe" if length > 1 else "Café")
    paragraph = ELECTED if length == 1 else "The president was chosen. " * length + ELECTED
    for encoding in ("latin-1", "utf-8"):
        items = read_bytes(name, said.format(paragraph).encode(encoding))
        (article,) = [item for item in items if isinstance(item, Article)]
        assert article.title == ("Café" if length == 1 else "Cafe")
        assert article.body.endswith(ELECTED)
        said_of_it = [(item.reason, item.kept, item.kind) for item in items if isinstance(item, Problem)]
        reason = "says that it is UTF-8 and is not: it is read as what its bytes look like"
        assert said_of_it == ([(reason, True, "damaged")] if encoding == "latin-1" else [])


def test_a_nul_anywhere_is_said(tmp_path: Path, read_bytes) -> None:
    """Only those in the first 64 KiB were."""
    text = b"A title\n\n" + b"The police marched on. " * 10_000
    records = RECORDS.replace(b"Text 1999 ", b"Text\0 1999 ", 1)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b.txt", text + b"\0 So they did.")
        archive.writestr("c.txt", text)
    for name, data, count, place in (
        ("a.txt", text + b"\0 So they did.", 1, ""),
        ("a.txt", text, 1, None),
        ("a.jsonl", records, 2000, ""),
        ("a.jsonl.gz", gzip.compress(records), 2000, ""),
        ("a.zip", packed.getvalue(), 2, "b.txt"),
    ):
        items = read_bytes(name, data)
        assert len(ids(items)) == count
        assert [(item.origin.place, item.reason, item.kept) for item in items if isinstance(item, Problem)] == (
            [] if place is None else [(place, "holds NUL bytes, which are left out", True)]
        )


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("1623-11-08", "1623-11-08"),
        ("2999-01-01", ""),
        ("31/02/2020", ""),
        ("03/04/2020", ""),
        ("13/04/2020", "2020-04-13"),
    ],
)
def test_a_date_that_is_none_is_said_and_never_made_up(written: str, day: str, read_bytes) -> None:
    items = read_bytes("a.txt", f"Title: A title\nDate: {written}\n\nText.".encode())
    article = items[-1]
    assert isinstance(article, Article)
    assert (article.date.isoformat() if article.date else "") == day
    assert [(item.kind, item.kept) for item in items[:-1]] == ([] if day else [("date", True)])


@pytest.mark.parametrize(("order", "day"), [("dmy", "2020-04-03"), ("mdy", "2020-03-04")])
def test_an_ambiguous_date_is_settled_by_a_person(order: str, day: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Title: A title\nDate: 03/04/2020\n\nText.")
    (article,) = open_articles(path, "a.txt", settings=Settings(dates=order))
    assert article.date.isoformat() == day
    assert article.notes[0][0] == "date settled"


def test_a_line_of_a_gigabyte_is_not_held(tmp_path: Path, read_bounded) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.write(b'{"text": "1"}\n{"text": "' + b"x" * (1 << 17))
        file.seek(1 << 30)
        file.write(b'"}\n{"text": "3"}\n')
    # (What lies in a hole of a file are NULs.)
    nuls = ("", "holds NUL bytes, which are left out", "damaged")
    assert read_bounded(path) == (2, [("line 2", "is longer than 64 MiB", "limit"), nuls])


def test_a_name_that_is_no_unicode_gives_a_clean_id(tmp_path: Path) -> None:
    path = tmp_path / "caf\udce9.txt"
    path.write_text("text")
    assert ids(list(open_articles(path, path.name))) == ["caf\ufffd.txt"]


def test_a_reading_can_be_left_early(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(RECORDS)
    with open_articles(path, "a.jsonl") as reading:
        assert next(reading).id == "a.jsonl#1"
        assert 0 < reading.bytes_read < len(RECORDS)
    assert list(reading) == []


def test_progress_is_counted_in_the_file_as_it_lies_there(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(RECORDS))
    reading = open_articles(path, "a.jsonl.gz")
    assert reading.bytes_read == 0
    seen = [reading.bytes_read for _ in reading]
    assert seen == sorted(seen)
    assert reading.bytes_read == path.stat().st_size


class Mistaken(Format):
    """A format whose reader has a defect."""

    def read(self, source: Source) -> Iterator[Article | Problem]:
        yield from ()
        raise KeyError(source.name)


def test_a_mistake_in_a_reader_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("text")
    monkeypatch.setattr(reading_module, "recognized", lambda *_, **__: Mistaken("mistaken", (), "none:none"))
    with pytest.raises(KeyError):
        list(open_articles(path, "a.txt"))


DEEP = 100_000
HOSTILE = {
    "nested arrays": ("a.json", b"[" * DEEP + b"]" * DEEP),
    "nested objects": ("a.json", b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "a nested line": ("a.jsonl", b'{"text":' + b"[" * DEEP + b"]" * DEEP + b"}"),
    "a nested record": ("a.json", b'[{"text": ' + b"[" * DEEP + b"]" * DEEP + b"}]"),
    "a number without end": ("a.jsonl", b'{"id": ' + b"1" * 10_000 + b', "text": "t"}'),
    "nested front matter": ("a.md", b"---\na: " + b"[" * DEEP + b"]" * DEEP + b"\n---\nText."),
    "nested quotes": ("a.md", b">" * DEEP + b" text"),
    "nested lists": ("a.md", b"- " * DEEP + b" text"),
    "nested emphasis": ("a.md", b"*" * DEEP + b"text" + b"*" * DEEP),
    "nested brackets": ("a.md", b"[" * DEEP + b"text" + b"](" * 1000),
    "open tags": ("a.sgm", b"<REUTERS NEWID='1'><TEXT>" + b"<a '" * DEEP + b"</REUTERS>"),
    "open comments": ("a.jsonl", json.dumps({"text": "<p>x</p>" + "<!--" * DEEP + "<!" * DEEP}).encode()),
    "long entities": ("a.jsonl", json.dumps({"text": "<p>&#" + "1" * DEEP + ";</p>"}).encode()),
    "blanks": ("a.txt", b"x" + b" " * (1 << 22) + b"x" + b"\n " * DEEP),
    "many keys": ("a.jsonl", json.dumps({f"k{n}": n for n in range(DEEP)}).encode()),
    "many cells": ("a.csv", b"title,text" + b"," * DEEP + b"\nx" + b"," * DEEP),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files_end_soon_and_well(what: str, read_bytes) -> None:
    items = read_bytes(*HOSTILE[what])
    assert 1 <= len(items) <= 3


def test_a_record_that_is_nested_too_deeply_does_not_stop_the_others(read_bytes) -> None:
    deep = b'{"text":' + b"[" * DEEP + b"]" * DEEP + b"}\n"
    items = read_bytes("a.jsonl", b'{"text": "1"}\n' + deep + b'{"text": "3"}\n')
    assert ids(items) == ["a.jsonl#1", "a.jsonl#3"]
    assert reasons(items) == ["is nested too deeply"]


def test_a_line_beyond_the_limit_is_skipped_without_being_held(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.write(b'{"text": "1"}\n{"text": "')
        for _ in range(RECORD_LIMIT // (1 << 20) * 2):
            file.write(b"x" * (1 << 20))
        file.write(b'"}\n{"text": "3"}\n')
    tracemalloc.start()
    items = list(open_articles(path, "a.jsonl"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert ids(items) == ["a.jsonl#1", "a.jsonl#3"]
    assert reasons(items) == ["is longer than 64 MiB"]
    assert peak < 3 * RECORD_LIMIT


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.json", "a.csv", "a.sgm"])
def test_a_file_beyond_the_limit_is_one_problem(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.write({"a.json": b'{"text": "', "a.csv": b"title,text\n"}.get(name, b""))
        for _ in range(RECORD_LIMIT // (1 << 20) + 1):
            file.write(b"word " * (1 << 18))
    items = list(open_articles(path, name))
    assert len(items) == 1
    assert " MiB" in reasons(items)[0]


def test_an_array_longer_than_the_limit_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    record = json.dumps({"text": "word " * 200_000}).encode()
    count = RECORD_LIMIT // len(record) + 2
    with path.open("wb") as file:
        file.write(b"[" + record)
        for _ in range(count - 1):
            file.write(b",\n" + record)
        file.write(b"]")
    tracemalloc.start()
    found = sum(isinstance(item, Article) for item in open_articles(path, "a.json"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == count
    assert peak < RECORD_LIMIT


def clean(item: Article | Problem) -> bool:
    if isinstance(item, Problem):
        return bool(item.reason) and "\n" not in item.reason
    texts = [
        item.id,
        item.title,
        item.body,
        item.source,
        item.section,
        item.url,
        item.language,
        *item.authors,
    ]
    every = "".join(texts)
    every.encode("utf-8")
    no_controls = all(character >= " " or character in "\n\t" for character in every)
    tidy = item.body == item.body.strip() and "\n\n\n" not in item.body and "\n" not in item.title
    return no_controls and tidy and bool(item.id) and bool(item.title or item.body)


SYNTAX = st.sampled_from(
    [
        *(
            '{"title": "',
            '", "text": "',
            '"}',
            "[",
            "]",
            "{",
            "}",
            ",",
            '"date": ',
            '"\\ud800"',
            "null",
            "1e999",
        ),
        *(
            "\n",
            "\r",
            "\r\n",
            "\n\n",
            "\t",
            ";",
            "|",
            " ",
            "word ",
            "é",
            "\u2028",
            "\U0001f600",
            "\x00",
            "\ufeff",
        ),
        *("\x0c", "\x1b[31m", "---\n", "title: ", "&a ", "*a", "!!int ", "? ", "- ", "# ", "<<: ", "=", ": "),
        *("'", '"', "\\", "`", "```\n", "*", "_", "](", "<p>", "</p>", "<!--", "<![", "&#5;", "&lt;"),
        *("<REUTERS NEWID='1'>", "<TEXT>", "<TITLE>", "</TITLE>", "<BODY>", "</REUTERS>"),
        *("date 2020-03-09 ", "Title: x\n", "id,title,text\n"),
    ]
)
CONTENT = st.one_of(
    st.binary(max_size=300),
    st.lists(SYNTAX, max_size=40).map(lambda parts: "".join(parts).encode("utf-8", "surrogatepass")),
    st.lists(SYNTAX, max_size=40).map(lambda parts: "".join(parts).encode("utf-16", "surrogatepass")),
    st.lists(SYNTAX, max_size=20).map(lambda parts: gzip.compress("".join(parts).encode("utf-8", "replace"))[:-3]),
)


@pytest.mark.parametrize("suffix", [*suffixes(), ".xml", ".xyz", ""])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=CONTENT)
def test_any_bytes_give_articles_and_problems_only(suffix: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(data)
    items = list(open_articles(path, path.name))
    assert items
    assert all(clean(item) for item in items)


KEYS = [
    "title",
    "text",
    "name",
    "date",
    "id",
    "author",
    "source",
    "items",
    "hits",
    "_source",
    "fields",
    "$oid",
    "x",
]
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["<p>a</p>", "9 March 2020"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=JSON_VALUES)
def test_any_json_gives_articles_and_problems_only(value: object, tmp_path: Path) -> None:
    for name in ("any.json", "any.jsonl"):
        path = tmp_path / name
        path.write_text(json.dumps(value))
        items = list(open_articles(path, name))
        assert items
        assert all(clean(item) for item in items)


# Formats of text, each with a word of its article that stands in the file as it is.
NUL_CASES = {
    "anpa-story": "Sample",
    "csv-plain": "",
    "feed-atom": "",
    "html-dublin-core": "",
    "jsonl-mixed": "Only",
    "mail-plain": "",
    "mailbox-three": "quoted",
    "markdown-full": "",
    "nexis-uni-cut": "",
    "nitf-agency": "",
    "newsml-g2-message": "",
    "reuters-story": "",
    "rtf-release": "",
    "text-headers": "",
    "trec-plain": "",
    "wordpress-export": "",
}


@pytest.mark.parametrize("name", NUL_CASES)
def test_a_nul_in_a_text_is_left_out_and_said_whatever_the_format(name: str, tmp_path: Path) -> None:
    folder = Path(__file__).parent / "cases" / name
    (file,) = folder.glob("input.*")
    whole = list(open_articles(file, file.name))
    body = next(item.body for item in whole if isinstance(item, Article) and item.body)
    data = file.read_bytes()
    words = [word.encode() for word in body.split() if word.isalpha() and word.isascii() and len(word) > 3]
    word = NUL_CASES[name].encode() or next(word for word in reversed(words) if word in data)
    at = data.rfind(word) + 3
    path = tmp_path / file.name
    path.write_bytes(data[:at] + b"\0" + data[at:])
    items = list(open_articles(path, file.name))
    notes = [item for item in items if isinstance(item, Problem) and "holds NUL bytes" in item.reason]
    # Wires are padded with them.
    assert [note.kept for note in notes] == ([] if name == "anpa-story" else [True])
    assert [replace(item, origin=NOWHERE) for item in items if isinstance(item, Article)] == [
        replace(item, origin=NOWHERE) for item in whole if isinstance(item, Article)
    ]


def test_many_nuls_are_another_kind_of_file(read_bytes) -> None:
    (problem,) = read_bytes("a.txt", b"Some text\0" * 10)
    assert problem.reason == "looks binary (it holds NUL bytes)"
