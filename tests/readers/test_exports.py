"""The exports of Nexis and Factiva, beside what the cases show: dates in many languages, and hostile files."""

from __future__ import annotations

import datetime
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.article import Article, Problem
from searchkit.readers.export_dates import date_line
from searchkit.readers.factiva import is_factiva, read_factiva_page, read_factiva_paragraphs
from searchkit.readers.format import Source, UnreadableError
from searchkit.readers.languages import language_tag
from searchkit.readers.nexis import is_nexis, read_nexis_paragraphs, read_nexis_text
from searchkit.readers.paragraphs import Paragraph
from searchkit.readers.recognition import recognized

CASES = Path(__file__).parent / "cases"
NEXIS = CASES.joinpath("nexis-academic", "input.txt").read_bytes()
FACTIVA = CASES.joinpath("factiva-coded", "input.html").read_bytes()
SHOWN = CASES.joinpath("factiva-shown", "input.html").read_bytes()
NINTH = datetime.date(2020, 3, 9)


def source_of(data: bytes) -> Source:
    return Source(io.BufferedReader(io.BytesIO(data)), "/a", "a")


def articles(items: list[Article | Problem]) -> list[Article]:
    return [item for item in items if isinstance(item, Article)]


def reasons(items: list[Article | Problem]) -> list[str]:
    return [item.reason for item in items if isinstance(item, Problem)]


@pytest.mark.parametrize(
    ("text", "edition"),
    [
        ("March 9, 2020", ""),
        ("March 9, 2020 Monday", ""),
        ("March 9, 2020 Monday Final Edition", "Final Edition"),
        ("March 9, 2020, Monday,, FINAL EDITION", "FINAL EDITION"),
        ("Monday, March 9th, 2020", ""),
        ("March 9, 2020 Monday 10:32 AM EST", ""),
        ("March 9, 2020 Monday 10:32 AM EST Web Edition", "Web Edition"),
        ("9 March 2020", ""),
        ("9 March 2020 Monday Edition 1; Scotland", "Edition 1; Scotland"),
        ("lundi 9 mars 2020", ""),
        ("Le lundi 9 mars 2020", ""),
        ("mars 9 2020", ""),
        ("9 mars 2020 lundi 3:00 AM GMT", ""),
        ("Montag 9.März 2020", ""),
        ("9. März 2020", ""),
        ("9 de marzo de 2020 lunes", ""),
        ("segunda-feira 9 de março de 2020", ""),
        ("lunedì 9 marzo 2020", ""),
        ("maandag 9 maart 2020", ""),
        ("2020年 3月 9日", ""),
        ("2020-03-09", ""),
    ],
)
def test_date_lines(text: str, edition: str) -> None:
    line = date_line(text)
    assert line is not None
    assert (line.day, line.edition) == (NINTH, edition)


@pytest.mark.parametrize(
    "text", ["Tuesday, March 9, 2020", "March 32, 2020", "31 February 2020", "March 2020", "Fall 2019"]
)
def test_date_lines_without_a_day(text: str) -> None:
    line = date_line(text)
    assert line is not None
    assert line.day is None


@pytest.mark.parametrize(
    "text", ["", "A title", "May they live", "1. March", "On March 9, 2020", "March 9, 2020 " + "x" * 200]
)
def test_no_date_lines(text: str) -> None:
    assert date_line(text) is None


def test_numbers_are_settled_by_the_language_and_said() -> None:
    assert date_line("03/04/2020") == (None, "", "")
    line = date_line("03/04/2020", "", "de")
    assert line is not None
    assert line.day == datetime.date(2020, 4, 3)
    assert line.settled == "'03/04/2020' read day first, as in de"


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("ENGLISH", "en"),
        ("GERMAN; DEUTSCH", "de"),
        ("Français", "fr"),
        ("Chinese - Traditional", "zh"),
        ("Klingon", ""),
    ],
)
def test_language_tags(name: str, tag: str) -> None:
    assert language_tag(name) == tag


@pytest.mark.parametrize("reader", [read_nexis_text, read_factiva_page])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_bytes_give_articles_and_problems(reader, data) -> None:
    whole = NEXIS if reader is read_nexis_text else data.draw(st.sampled_from([FACTIVA, SHOWN]))
    drawn = data.draw(
        st.one_of(
            st.binary(max_size=300),
            st.tuples(st.integers(0, len(whole)), st.integers(0, 400), st.binary(max_size=8)).map(
                lambda cut: whole[: cut[0]] + cut[2] + whole[cut[0] + cut[1] :]
            ),
        )
    )
    try:
        items = list(reader(source_of(drawn)))
    except UnreadableError:
        return
    assert all(isinstance(item, (Article, Problem)) for item in items)


# Lines that mean something in one of the layouts, and some that do not.
WRITTEN = """1 of 3 DOCUMENTS|2 of 3 DOCUMENTS|The Paper|March 9, 2020 Monday|March 2020|LENGTH: 9 words
Length: 9 words
Body|BODY:|Classification|LOAD-DATE: March 9, 2020|LANGUAGE: ENGLISH|End of Document|Documents (3)|Some text.|HD||:
PD\t9 March 2020|355 words|9 March 2020|English|(c) 2020|Document EXMPL00020200309eg3900001|TD\tText.|HD\tA title
Copyright 2020|HEADLINE: A|By Jane|URL: http://a.example/b"""
LINES = st.sampled_from(WRITTEN.replace("\n", "|").split("|"))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.builds(Paragraph, LINES, st.sampled_from([0, 2]), st.booleans(), st.booleans()), max_size=30))
def test_any_paragraphs_give_articles_and_problems(paragraphs: list[Paragraph]) -> None:
    for reader in (read_nexis_paragraphs, read_factiva_paragraphs):
        try:
            items = list(reader(source_of(b""), paragraphs))
        except UnreadableError:
            continue
        assert all(isinstance(item, (Article, Problem)) for item in items)
    assert is_nexis(paragraphs) in (True, False)
    assert is_factiva(paragraphs) in (True, False)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.txt", NEXIS, "Nexis text"),
        ("noname", NEXIS, "Nexis text"),
        ("a.txt", CASES.joinpath("nexis-german", "input.txt").read_bytes(), "Nexis text"),
        ("a.txt", b"3 of 4 people agree\n\n4 of 5\n\nLength: two words\n", "plain text"),
        ("a.html", FACTIVA, "Factiva page"),
        ("a.html", b"<html><head><title>Factiva</title><style>" + b"x" * 90_000, "Factiva page"),
        ("a.html", b"<html><head><title>Factiva in the news</title></head><body>Text.", "HTML"),
        ("a.docx", CASES.joinpath("docx-report", "input.docx").read_bytes(), "Word document"),
        ("noname", CASES.joinpath("docx-report", "input.docx").read_bytes(), "Word document"),
        ("noname", b"{\\rtf1 Text.}", "RTF"),
    ],
)
def test_recognition(name: str, data: bytes, expected: str) -> None:
    assert recognized(name, data[: 1 << 16]).name == expected


def test_prose_about_the_services_is_no_export() -> None:
    prose = [Paragraph("End of Document"), Paragraph("3 of 4 DOCUMENTS"), Paragraph("355 words"), Paragraph("HD\tx")]
    assert not is_nexis(prose)
    assert not is_factiva(prose)


def test_text_is_read_as_it_comes() -> None:
    class Endless(io.RawIOBase):
        taken = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:
            part = (NEXIS * (len(buffer) // len(NEXIS) + 1))[: len(buffer)]
            buffer[:] = part
            self.taken += len(part)
            return len(part)

    endless = Endless()
    stream = read_nexis_text(Source(io.BufferedReader(endless), "/a", "a"))
    for _ in range(50):
        next(stream)
    assert endless.taken < 1 << 20


@pytest.mark.parametrize(
    ("reader", "data"),
    [
        (read_nexis_text, b"1 of 2 DOCUMENTS\n" + b" " * 5_000_000 + b"\n" + b"a:" * 2_000_000),
        (read_nexis_text, b"1 of 2 DOCUMENTS\n\nThe Paper\n\n" + b"March 9, 2020\n\n" * 100_000),
        (read_nexis_text, b"1 of 2 DOCUMENTS\n\n" * 100_000),
        (read_nexis_text, b"BODY:\n" * 300_000 + b"1 of 2 DOCUMENTS\n" + b"LENGTH: 1 words\n\n" * 100_000),
        (read_factiva_page, b"<html>" + b"<div class='article enArticle'>" * 200_000),
        (read_factiva_page, b"<div class='article enArticle'>" + b"<div><p>a</p>" * 200_000),
        (read_factiva_page, b"<div class='article enArticle'><table>" + b"<tr><td>HD<td>" * 200_000),
        (read_factiva_page, b"<div class='article enArticle'><p>" + b" \n" * 2_000_000),
    ],
)
def test_hostile_exports_are_read_within_seconds(reader, data: bytes) -> None:
    try:
        items = list(reader(source_of(data)))
    except UnreadableError:
        items = []
    assert all(isinstance(item, (Article, Problem)) for item in items)


def test_cells_of_blanks_take_no_time() -> None:
    held = [
        Paragraph("HD\ta"),
        Paragraph("TD\t" + " " * 1_000_000 + "x"),
        Paragraph("AN\tDocument EXMPL00020200309eg39"),
    ]
    (problem, article) = read_factiva_paragraphs(source_of(b""), held)
    assert problem.reason == "states no date where Factiva prints it"
    assert (article.id, article.body) == ("EXMPL00020200309eg39", "x")
