"""What does a file of the Reuters Corpora say? One story, in a <newsitem> of XML, as RCV1 and RCV2 have 800,000.

The corpora are of 1996 and 1997 and come as a zip for each day, a file for each story. The title is the headline
with the country before it, so the headline is taken. Topics are given as their codes, as in Reuters-21578.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from searchkit.article import Article, Problem
from searchkit.readers.agency import Stated, dated, doubted, joined, named, noted
from searchkit.readers.format import Source, UnreadableError
from searchkit.readers.prose import introduced
from searchkit.readers.xml_items import Item, items
from searchkit.readers.xml_prose import child, children, language_of, prose, said


def read_rcv1(source: Source) -> Iterator[Article | Problem]:
    """One article a story; UnreadableError for XML that holds none."""
    found = False
    for item in items(source, "newsitem"):
        found = True
        if isinstance(item, Problem):
            yield item
        else:
            yield from _story(source, item)
    if not found:
        raise UnreadableError("is XML, but holds no story of the Reuters Corpora", "format")


def _story(source: Source, item: Item) -> Iterator[Article | Problem]:
    element, origin = item.element, source.origin(item.place)
    title = said(element, "headline") or said(element, "title")
    text = prose(child(element, "text"))
    if not title and not text:
        yield Problem(origin, "holds no text", kind="empty")
        return
    facts = {fact.get("element", ""): fact.get("value", "") for fact in children(element, "metadata", "dc")}
    language = language_of(element)
    day, doubtful, notes = dated(_days(element, facts), source.settings.dates, language)
    yield from doubted(origin, doubtful)
    number = element.get("itemid", "").strip()
    yield Article(
        id=f"rcv-{number}" if number else item.name,
        title=title,
        body=introduced(text, said(element, "dateline")),
        date=day,
        source=facts.get("dc.source") or "Reuters",
        authors=named([said(element, "byline")]),
        section=joined(_codes(element, "topics")),
        language=language,
        origin=origin,
        notes=(
            *notes,
            *noted(
                ("countries", joined(_codes(element, "countries"))),
                ("industries", joined(_codes(element, "industries"))),
            ),
        ),
    )


def _days(element: etree._Element, facts: dict[str, str]) -> Iterator[Stated]:
    yield Stated(element.get("date", ""))
    yield Stated(facts.get("dc.date.published", ""), "dc.date.published")


def _codes(element: etree._Element, kind: str) -> list[str]:
    """The codes of one kind: their class is "bip:topics:1.0"."""
    return [
        code.get("code", "")
        for codes in children(element, "metadata", "codes")
        if f":{kind}:" in codes.get("class", "")
        for code in children(codes, "code")
    ]
