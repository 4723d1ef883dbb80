"""Word documents and RTF, beside what the cases show: hostile files, other writers, and a twin."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from word_documents import nexis_article, nexis_export, paragraph, run, table, word_document

from searchkit.article import Article, Problem
from searchkit.readers import open_articles
from searchkit.readers.docx import read_docx
from searchkit.readers.format import RECORD_LIMIT, Source, UnreadableError
from searchkit.readers.rtf import read_rtf

CASES = Path(__file__).parent / "cases"
RTF = CASES.joinpath("rtf-release", "input.rtf").read_bytes()
NEXIS_RTF = CASES.joinpath("nexis-uni-rtf", "input.rtf").read_bytes()
WORD = CASES.joinpath("docx-report", "input.docx").read_bytes()


def source_of(data: bytes) -> Source:
    return Source(io.BufferedReader(io.BytesIO(data)), "/a", "a")


def articles(items: list[Article | Problem]) -> list[Article]:
    return [item for item in items if isinstance(item, Article)]


def reasons(items: list[Article | Problem]) -> list[str]:
    return [item.reason for item in items if isinstance(item, Problem)]


@pytest.mark.parametrize("reader", [read_docx, read_rtf])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_bytes_give_articles_and_problems(reader, data) -> None:
    whole = WORD if reader is read_docx else data.draw(st.sampled_from([RTF, NEXIS_RTF]))
    drawn = data.draw(
        st.one_of(
            st.binary(max_size=300),
            st.binary(max_size=300).map(lambda rest: b"{\\rtf1" + rest),
            st.integers(0, len(whole)).map(lambda end: whole[:end]),
            st.tuples(st.integers(0, len(whole)), st.integers(0, 40), st.binary(max_size=8)).map(
                lambda cut: whole[: cut[0]] + cut[2] + whole[cut[0] + cut[1] :]
            ),
        )
    )
    try:
        items = list(reader(source_of(drawn)))
    except UnreadableError:
        return
    assert all(isinstance(item, (Article, Problem)) for item in items)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([b"{", b"}", b"\\par ", b"\\*", b"\\u8364", b"\\uc3 ", b"\\'e9", b"x", b"\\info",
    b"\\title", b"\\fonttbl", b"\\stylesheet", b"\\s1 ", b"\\cell ", b"\\row ", b"\\intbl ", b"\\bin3 ", b"\\f1",
    b"\\fcharset128", b"\\pict", b"\\v ", b"\\ansicpg932 ", b";", b"\\~", b"\\\n"]), max_size=60))  # fmt: skip
def test_any_words_of_rtf_give_articles_and_problems(words: list[bytes]) -> None:
    try:
        items = list(read_rtf(source_of(b"{\\rtf1 " + b"".join(words))))
    except UnreadableError:
        return
    assert all(isinstance(item, (Article, Problem)) for item in items)


def test_text_of_any_characters_comes_back_from_rtf() -> None:
    words = "Ünïcödé – 新聞 😀 “quoted” Привет {braces} back\\slash"
    escaped = "".join(
        f"\\{character}" if character in "{}\\" else character if character < "\x80" else
        "".join(f"\\u{unit if unit < 0x8000 else unit - 0x10000}?" for unit in _units(character))
        for character in words
    )  # fmt: skip
    (article,) = read_rtf(source_of(b"{\\rtf1\\ansi " + escaped.encode() + b"\\par}"))
    assert article.body == words


def _units(character: str) -> list[int]:
    data = character.encode("utf-16-le")
    return [int.from_bytes(data[at : at + 2], "little") for at in range(0, len(data), 2)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{\\rtf1 a" + b"{" * 100_000, "is nested more than 1,000 groups deep"),
        (b"{\\rtf1 {\\pict\\bin4000000000 }}", "is cut off: a group that it opens is never closed"),
        (
            b"{\\rtf1 " + b"{\\field{\\*\\fldinst{HYPERLINK " * 300,
            "is cut off: a group that it opens is never closed",
        ),
        (b"{\\rtf1 " + b" " * RECORD_LIMIT, "is larger than 64 MiB"),
    ],
    ids=["nested", "binary", "fields", "large"],
)
def test_hostile_rtf_is_a_problem_within_seconds(data: bytes, reason: str, read_bytes) -> None:
    items = read_bytes("a.rtf", data)
    assert reasons(items)[-1] == reason


def test_binary_data_may_hold_braces(read_bytes) -> None:
    (article,) = read_bytes("a.rtf", b"{\\rtf1 one{\\*\\objdata\\bin6 }}}{{{} two\\par}")
    assert article.body == "one two"


def test_a_text_box_is_read_once(read_bytes) -> None:
    box = b"{\\shp{\\*\\shpinst{\\sp{\\sn fill}{\\sv 1}}{\\shptxt \\pard In a box.\\par}}{\\shprslt In a box.}}"
    (article,) = read_bytes("a.rtf", b"{\\rtf1 " + box + b"Beside it.\\par}")
    assert article.body == "In a box.\n\nBeside it."


def test_an_export_of_five_hundred_articles_takes_seconds(read_bytes) -> None:
    begin, end = NEXIS_RTF.index(b"\\sect\n{\\*"), NEXIS_RTF.index(b"\\sect\n\\pard\\qc\\outlinelevel0{\\b Ferry")
    line = b"\\pard The price of {\\b\\i\\ul bread} rose on Monday.\\par\n"
    single = NEXIS_RTF[begin:end].replace(line, line * 180)
    data = NEXIS_RTF[:begin].replace(b"Documents (2)", b"Documents (500)") + single * 500 + b"}"
    assert len(data) > 4_000_000
    items = read_bytes("a.rtf", data)
    assert len(articles(items)) == 500
    assert not reasons(items)


def test_a_zip_bomb_that_is_named_a_word_document(read_bytes) -> None:
    bomb = word_document(f"<w:p><w:r><w:t>{'a' * (40 << 20)}</w:t></w:r></w:p>")
    assert len(bomb) < 100_000
    (problem,) = read_bytes("a.docx", bomb)
    assert problem.reason.startswith("unfolds word/document.xml to 41,9")
    assert problem.kind == "limit"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<w:p/>" * 2_000_000, "has more than half a million paragraphs"),
        ("<w:tbl><w:tr><w:tc>" * 3_000, "is a damaged Word document (excessive depth in document"),
        ("<w:p><w:r><w:t>a", "is a damaged Word document (opening and ending tag mismatch"),
    ],
    ids=["many paragraphs", "deep", "not closed"],
)
def test_hostile_markup_is_a_problem_within_seconds(body: str, reason: str, read_bytes) -> None:
    data = word_document(body)
    items = read_bytes("a.docx", data)
    assert reasons(items)[0].startswith(reason)


def test_a_zip_with_a_million_parts(read_bytes) -> None:
    entry = b"PK\x01\x02" + bytes(24) + b"\x01\x00" + bytes(16) + b"a"
    contents = entry * 60_000
    ending = b"PK\x05\x06" + bytes(8) + len(contents).to_bytes(4, "little") + (4).to_bytes(4, "little") + bytes(2)
    (problem,) = read_bytes("a.docx", b"PK\x03\x04" + contents + ending)
    assert problem.reason == "is a zip with more parts than a Word document has"


def test_a_damaged_part_is_a_problem(read_bytes) -> None:
    random.seed(7)
    data = bytearray(word_document("".join(paragraph(str(random.random())) for _ in range(2000))))
    data[3000:3400] = bytes(400)
    (problem,) = read_bytes("a.docx", bytes(data))
    assert problem.reason.startswith("is a damaged Word document (")


def test_a_large_picture_may_come_first(read_bytes) -> None:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w") as archive,
        zipfile.ZipFile(io.BytesIO(word_document(paragraph("Text.")))) as whole,
    ):
        archive.writestr("docProps/thumbnail.jpeg", bytes(100_000))
        for name in whole.namelist():
            archive.writestr(name, whole.read(name))
    (article,) = read_bytes("a.docx", file.getvalue())
    assert article.body == "Text."


def test_a_word_document_in_a_zip_is_read_there(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("inside.docx", word_document(paragraph("Text.")))
        archive.writestr("notes.txt", "Notes.")
    path = tmp_path / "a.zip"
    path.write_bytes(file.getvalue())
    items = list(open_articles(path, path.name))
    assert [(item.id, item.body) for item in articles(items)] == [
        ("a.zip/inside.docx", "Text."),
        ("a.zip/notes.txt", "Notes."),
    ]


def test_what_python_docx_writes_is_read(read_bytes) -> None:
    written = docx.Document()
    written.core_properties.author = "Jane Doe"
    written.add_heading("A title", 0)
    written.add_heading("A part", 1)
    written.add_paragraph("One ").add_run("bold").bold = True
    written.add_paragraph("two", style="List Bullet")
    rows = written.add_table(rows=2, cols=2)
    for row in (0, 1):
        for column in (0, 1):
            rows.cell(row, column).text = f"{row}{column}"
    file = io.BytesIO()
    written.save(file)
    (article,) = read_bytes("a.docx", file.getvalue())
    assert (article.title, article.authors) == ("A title", ("Jane Doe",))
    assert article.body == "A part\n\nOne bold\n\ntwo\n\n00\t01\n10\t11"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=20), max_size=8))
def test_paragraphs_are_those_that_python_docx_reads(texts: list[str]) -> None:
    data = word_document("".join(paragraph(run(text), run("!", "<w:b/>")) for text in texts) + table(("x", "y")))
    expected = [part.text for part in docx.Document(io.BytesIO(data)).paragraphs]
    (article,) = articles(list(read_docx(source_of(data))))
    found = [" ".join(text.split()) for text in article.body.split("\n\n")]
    assert found == [" ".join(text.split()) for text in [*expected, "x\ty"]]


def test_an_export_in_word_of_five_hundred_articles(read_bytes) -> None:
    one = nexis_article("A title", "The Paper", "March 9, 2020 Monday", "Length: 9 words", "Text.\n" * 20, "Name: x")
    data = word_document(nexis_export([one] * 500, ["A title"] * 500, 500))
    items = read_bytes("a.docx", data)
    assert len(articles(items)) == 500
    assert not reasons(items)
