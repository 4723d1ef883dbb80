"""Saved pages: their text against what was written in them, and hostile ones that must end soon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench.page_maker import word_f1
from trafilatura import extract

from searchkit.article import Article, Problem
from searchkit.readers import open_articles
from searchkit.readers.page_encoding import page_text
from searchkit.readers.page_facts import day_in_path

PAGES = sorted(Path(__file__).parent.joinpath("pages").glob("*.html"))
STORY = (
    "The council said on Monday that it would close the old bridge for the whole of the summer, because the work on "
    "its arches cannot wait any longer. Residents will have to use the road by the mill until the end of September."
)
FIELDS = ("title", "source", "section", "url", "language")


def page(head: str = "", body: str = "", attributes: str = "") -> bytes:
    text = f"<!DOCTYPE html><html {attributes}><head>{head}</head><body><article><p>{STORY}</p><p>{STORY}</p>{body}"
    return f"{text}</article></body></html>".encode()


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_a_page_says_what_was_written_in_it(path: Path) -> None:
    known = json.loads(path.with_suffix(".json").read_text("utf-8"))
    (article,) = open_articles(path, path.name)
    assert isinstance(article, Article)
    ours = word_f1(article.body, "\n".join(known["paragraphs"]))
    theirs = word_f1(extract(path.read_bytes()) or "", "\n".join(known["paragraphs"]))
    assert ours >= max(0.95, theirs - 0.005), article.body
    assert {name: getattr(article, name) for name in FIELDS} == {name: known.get(name, "") for name in FIELDS}
    assert list(article.authors) == known.get("authors", [])
    assert (article.date.isoformat() if article.date else None) == known.get("date")
    assert bool(article.date) == any(name == "date from" for name, _ in article.notes)


@pytest.mark.parametrize(
    ("head", "day", "where"),
    [
        ('<meta name="pubdate" content="9 March 2020">', "2020-03-09", "meta pubdate"),
        ('<meta property="article:published_time" content="2020-03-09T23:59:00-10:00">', "2020-03-09", None),
        ('<meta property="article:modified_time" content="2020-03-09">', None, None),
        ('<meta name="date" content="2020-02-31"><meta name="dc.date" content="2020-03-09">', "2020-03-09", None),
        ('<link rel="canonical" href="https://a.example/2020/mar/09/x">', "2020-03-09", "the URL"),
        ('<link rel="canonical" href="https://a.example/2020/13/09/x">', None, None),
        ('<link rel="canonical" href="https://a.example/x?d=/2020/03/09/">', None, None),
        ('<meta name="date" content="03/04/2020">', "2020-04-03", "meta date"),
        (
            '<meta name="date" content="2020-03-08"><link rel=canonical href="http://a.example/2020/03/09/">',
            "2020-03-08",
            None,
        ),
    ],
)
def test_the_day_is_one_that_the_page_declares(head: str, day: str | None, where: str | None, read_bytes) -> None:
    (article,) = read_bytes("a.html", page(head, attributes='lang="en-GB"'))
    assert (article.date.isoformat() if article.date else None) == day
    if where:
        assert ("date from", where) in article.notes


def test_a_stated_day_that_is_none_is_a_problem_and_the_article_is_kept(read_bytes) -> None:
    problem, article = read_bytes("a.html", page('<meta name="date" content="31/02/2020">'))
    assert (problem.kept, problem.kind) == (True, "date")
    assert article.date is None


def test_the_path_of_a_mirror_names_the_day_at_last() -> None:
    assert str(day_in_path("/news.example/2020/03/09/story.html")) == "2020-03-09"
    assert day_in_path("/2020/03/09/to/2020/03/10/") is None


def test_a_time_among_related_stories_is_not_the_day(read_bytes) -> None:
    aside = '<aside><time datetime="2020-03-09">9 March</time></aside>'
    (article,) = read_bytes("a.html", page(body=aside))
    assert article.date is None


def test_where_a_browser_saved_a_page_from_is_its_address(read_bytes) -> None:
    mark = b"<!-- saved from url=(0031)https://a.example/2020/03/09/x -->\n"
    (article,) = read_bytes("a.html", mark + page())
    assert (article.url, str(article.date)) == ("https://a.example/2020/03/09/x", "2020-03-09")


@pytest.mark.parametrize(
    ("declared", "written"),
    [("utf-8", "cp1252"), ("iso-8859-1", "utf-8"), ("windows-1251", "utf-8"), ("nonsense", "utf-8"),
     ("rot13", "utf-8"), ("iso-8859-1", "cp1252"), ("utf-8", "utf-8-sig"), ("utf-8", "utf-16")],
)  # fmt: skip
def test_what_the_bytes_are_counts_more_than_what_is_declared(declared: str, written: str, read_bytes) -> None:
    text = page(f'<meta charset="{declared}">', "<p>Die Straße führt über die Brücke – so ist’s.</p>").decode()
    *problems, article = sorted(
        read_bytes("a.html", text.encode(written)), key=lambda item: isinstance(item, Article)
    )
    assert article.body.endswith("Die Straße führt über die Brücke – so ist’s.")
    # What says so and is not may be right all the same, and whoever owns it should know.
    assert len(problems) == ((declared, written) == ("utf-8", "cp1252"))
    assert all("says that it is UTF-8 and is not" in problem.reason for problem in problems)


def test_a_declared_page_of_another_script_is_believed() -> None:
    text = '<meta charset="windows-1251"><p>Мост закрыт'
    assert page_text(text.encode("cp1251")) == text
    assert page_text("<p>橋は閉鎖".encode("iso2022_jp"), "ISO-2022-JP") == "<p>橋は閉鎖"


@pytest.mark.parametrize(
    "body",
    ["", "<script>document.write('hello')</script>", "<style>p{}</style><svg><text>x</text></svg>", "<p> </p>"],
)
def test_a_page_without_text_is_empty(body: str, read_bytes) -> None:
    (problem,) = read_bytes("a.html", f"<html><head><title>A title</title></head><body>{body}</body></html>".encode())
    assert (problem.kind, problem.reason) == ("empty", "holds no text of an article")


def test_a_body_that_only_json_ld_has_is_taken(read_bytes) -> None:
    data = json.dumps({"@type": "NewsArticle", "headline": "Bridge", "articleBody": f"{STORY}\n\n{STORY}"})
    head = f'<script type="application/ld+json">{data}</script>'
    (article,) = read_bytes("a.html", f"<html><head>{head}</head><body><div id=app></div></body></html>".encode())
    assert article.body == f"{STORY}\n\n{STORY}"


HOSTILE = {
    "paragraphs in a paragraph": b"<html><body><p><x-y>" + b"<p id=a>Some words of a text</x>" * 20_000,
    "64 MB": b"<html><body>" + b"<p>The house said that it was a fine day for all of us.</p>" * 1_100_000,
    "one long text": b"<html><body><p>" + b"The house said that it was a fine day. " * 200_000,
    "nested": b"<html><body>" + b"<div>" * 100_000 + STORY.encode() + b"</div>" * 100_000,
    "nested, never closed": b"<html><body>" + b"<b><i><a><font><table><tr><td>" * 20_000 + STORY.encode(),
    "attributes": b"<html><body><p " + b" ".join(b"a%d=1" % n for n in range(1_000_000)) + b">x</p>",
    "attributes in a small page": b"<html><body><p " + b" ".join(b"a%d=1" % n for n in range(15_000)) + b">x</p>",
    "attributes without values": b"<html><body><p " + b"a/" * 1_000_000 + b">x</p>",
    "attributes with brackets": b"<html><body><p " + b"".join(b'a%d=">" ' % n for n in range(500_000)) + b">x</p>",
    "comments": b"<html><body>" + b"<!-- x -->" * 1_000_000 + STORY.encode(),
    "open comments": b"<html><body>" + b"<!-- x " * 1_000_000,
    "open scripts": b"<html><body>" + b"<script>" * 1_000_000,
    "open tags": b"<html><body>" + b"<a '" * 1_000_000,
    "open quotes": b"<html><body>" + b"<a \"'" * 140_000,
    "entities": b"<html><body><p>" + b"&#xd800;&#0;&#x110000;&nosuch;&amp" * 20_000,
    "entity declarations": b'<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><html><body>&b;&b;',
    "data": b"<html><body><img src='data:image/png;base64," + b"A" * 8_000_000 + b"'><p>" + STORY.encode(),
    "JSON": page('<script type="application/ld+json">' + "[" * 100_000 + "</script>"),
    "JSON objects": page('<script type="application/ld+json">' + '{"@graph":' * 900 + "1" + "}" * 900 + "</script>"),
    "a number": page(
        '<script type="application/ld+json">{"@type":"Article","datePublished":' + "9" * 9999 + "}</script>"
    ),
    "many articles": page('<script type="application/ld+json">[' + '{"@type":"Article"},' * 50_000 + "{}]</script>"),
    "many times": page(body='<time datetime="2020-01-01">x</time><h1>y</h1>' * 19_000),
    "many bylines": page(body='<div class="byline">x' * 200 + '<span class="author">y</span>' * 20_000),
    "lists": b"<html><body>" + b"<ul><li>a" * 60_000,
    "paragraphs": b"<html><body><article>" + b"<p>Some words of a text that go on, and on.</p>" * 39_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_ends_soon(name: str, read_bytes) -> None:
    items = read_bytes("a.html", HOSTILE[name])
    assert items
    assert all(isinstance(item, (Article, Problem)) for item in items)


def test_nuls_and_lone_surrogates_do_no_harm(read_bytes) -> None:
    article, problem = read_bytes("a.html", page(body="<p>A\x01 B &#xd800; C &#0; D</p>") + b" " * 70_000 + b"\x00")
    assert "\x00" not in article.body
    assert (problem.reason, problem.kept) == ("holds NUL bytes, which are left out", True)
    assert not any("\ud800" <= character <= "\udfff" for character in article.body)
