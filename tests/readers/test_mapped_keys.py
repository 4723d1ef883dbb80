"""What a person maps comes before the table of names, and a key that no record has is said once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from searchkit.article import Article, Problem
from searchkit.errors import UsageError
from searchkit.readers import Settings, open_articles
from searchkit.readers.records import Plan
from searchkit.readers.settings import FIELDS, parse_keys


def read(tmp_path: Path, name: str, text: str, *mapped: str, dates: str = "") -> list[Article | Problem]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return list(open_articles(path, name, settings=Settings(keys=parse_keys(mapped), dates=dates)))


def reasons(items: list[Article | Problem]) -> list[str]:
    return [item.reason for item in items if isinstance(item, Problem)]


def articles(items: list[Article | Problem]) -> list[Article]:
    return [item for item in items if isinstance(item, Article)]


def test_fields_are_those_of_records() -> None:
    assert Plan._fields == (*FIELDS, "ninjs")


def test_pairs_are_parsed() -> None:
    pairs = parse_keys(["title=headline", "Body = news.text ", "title=headline", "id=a=b"])
    assert pairs == (("title", "headline"), ("body", "news.text"), ("id", "a=b"))


@pytest.mark.parametrize("text", ["", "title", "title=", "=headline", " = "])
def test_what_maps_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="FIELD=KEY"):
        parse_keys([text])


def test_an_unknown_field_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match="no field 'kicker'") as raised:
        parse_keys(["kicker=h1"])
    assert "title" in raised.value.hint and "summary" in raised.value.hint


def test_fields_have_the_names_that_people_give_them() -> None:
    assert parse_keys(["headline=h1", "text=p", "author=by"]) == (("title", "h1"), ("body", "p"), ("authors", "by"))


def test_a_mapped_key_comes_first_and_speaks_for_nothing_else(tmp_path: Path) -> None:
    lines = json.dumps({"title": "Plain", "subject": "Towns", "kicker": "Mapped", "text": "t"})
    (article,) = articles(read(tmp_path, "a.jsonl", lines, "title=kicker", "section=subject"))
    assert (article.title, article.section) == ("Mapped", "Towns")
    (article,) = articles(read(tmp_path, "b.jsonl", '{"title": "Only", "text": "t"}', "body=title"))
    assert (article.title, article.body) == ("", "Only")


def test_a_dotted_key_reaches_into_objects_and_lists(tmp_path: Path) -> None:
    record = {"news": {"headline": {"main": "Deep"}, "by": [{"n": "Ada Reed"}, {"n": "Bo Lind"}]}, "a.b": "t"}
    mapped = ("title=news.headline.main", "authors=news.by.n", "body=a.b")
    for name, text in {
        "a.jsonl": json.dumps(record),
        "b.json": json.dumps(record),
        "c.json": json.dumps([record]),
        "d.json": json.dumps({"articles": [record]}),
    }.items():
        items = read(tmp_path, name, text, *mapped)
        assert not reasons(items)
        (article,) = articles(items)
        assert (article.title, article.authors, article.body) == ("Deep", ("Ada Reed", "Bo Lind"), "t")


def test_a_path_begins_outside_of_an_envelope_or_within(tmp_path: Path) -> None:
    record = json.dumps({"_source": {"kop": {"main": "Kop"}, "text": "t"}})
    for mapped in ("title=_source.kop.main", "title=kop.main"):
        (article,) = articles(read(tmp_path, "a.jsonl", record, mapped))
        assert article.title == "Kop"


def test_a_key_that_no_record_has_is_said_once(tmp_path: Path) -> None:
    lines = '{"title": "One", "text": "t"}\n{"title": "Two", "text": "t", "kicker": "K"}\n'
    items = read(tmp_path, "a.jsonl", lines, "title=kicker", "body=nothing", "section=nowhere.at")
    assert [article.title for article in articles(items)] == ["One", "K"]
    (problem,) = [item for item in items if isinstance(item, Problem)]
    assert problem.reason == "no record has the mapped keys 'nothing', 'nowhere.at'"
    assert problem.kept and problem.origin.place == ""


def test_columns_of_a_table_can_be_mapped(tmp_path: Path) -> None:
    items = read(
        tmp_path, "a.csv", "Kop,Inhoud\nBrug open,De brug is open.\n", "title=Kop", "body=Inhoud", "url=adres"
    )
    (article,) = articles(items)
    assert (article.title, article.body) == ("Brug open", "De brug is open.")
    assert reasons(items) == ["no record has the mapped key 'adres'"]


def test_front_matter_can_be_mapped(tmp_path: Path) -> None:
    text = "---\nkop: Brug open\nrubriek: Stad\n---\nDe brug is open.\n"
    (article,) = articles(read(tmp_path, "a.md", text, "title=kop", "section=rubriek"))
    assert (article.title, article.section, article.body) == ("Brug open", "Stad", "De brug is open.")


@pytest.mark.parametrize(("dates", "day"), [("dmy", "2020-04-03"), ("mdy", "2020-03-04")])
def test_a_person_settles_what_comes_first(dates: str, day: str, tmp_path: Path) -> None:
    line = '{"title": "One", "text": "t", "date": "03/04/2020", "language": "de"}'
    for name, text in {
        "a.jsonl": line,
        "a.csv": "title,text,date\nOne,t,03/04/2020\n",
        "a.txt": "Title: One\nDate: 03/04/2020\n\nText.\n",
        "a.md": "---\ndate: 03/04/2020\n---\nText.\n",
        "a.rss": "<rss><channel><item><title>t</title><pubDate>03/04/2020</pubDate></item></channel></rss>",
    }.items():
        (article,) = read(tmp_path, name, text, dates=dates)
        assert isinstance(article, Article)
        assert str(article.date) == day
        assert dict(article.notes)["date settled"].endswith("as told")
