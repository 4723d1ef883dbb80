"""What does a file of NewsML 1.x say? Articles out of components, which lie in each other like dolls.

A NewsItem holds a NewsComponent, which holds others; what is said of one holds for those within it. A component
with a headline is an article, with all the text that stands in it under no other headline.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from searchkit.article import Article, Problem
from searchkit.readers.agency import (
    Stated,
    dated,
    doubted,
    introduced,
    joined,
    named,
    noted,
    status_notes,
    subject_of,
)
from searchkit.readers.format import Source, UnreadableError
from searchkit.readers.markup import plain
from searchkit.readers.nitf import Story, story
from searchkit.readers.prose import one_line, tidy
from searchkit.readers.xml_items import Item, items
from searchkit.readers.xml_prose import child, children, language_of, local, prose, said

_MEDIA = {
    "photo": "a picture",
    "picture": "a picture",
    "image": "a picture",
    "graphic": "a graphic",
    "icon": "an icon",
    "logo": "a logo",
    "animation": "an animation",
    "video": "a video",
    "audio": "a recording",
}
# What a component may be for, beside being the text.
_BESIDE = frozenset(("caption", "thumbnail", "preview", "quicklook", "icon", "logo"))
_NOTHING = Story("", "", (), "", "")


class _Part(NamedTuple):
    """A text, and the components that it stands in, the innermost first."""

    told: Story
    within: tuple[etree._Element, ...]


def read_newsml_1(source: Source) -> Iterator[Article | Problem]:
    """The articles of every NewsItem; UnreadableError for XML that holds none."""
    found = False
    for item in items(source, "NewsItem"):
        found = True
        if isinstance(item, Problem):
            yield item
        else:
            yield from _item(source, item)
    if not found:
        raise UnreadableError("is XML, but holds no item of NewsML 1", "format")


def _item(source: Source, item: Item) -> Iterator[Article | Problem]:
    origin = source.origin(item.place)
    articles: dict[etree._Element, list[_Part]] = {}
    media: dict[str, None] = {}
    for component in children(item.element, "NewsComponent"):
        for part in _parts(component, (), media):
            titled = [within for within in part.within if _headline(within)]
            articles.setdefault(titled[0] if titled else part.within[-1], []).append(part)
    if not articles:
        title = next((text for text in map(_headline, item.element.iter("{*}NewsComponent")) if text), "")
        if media:
            what = f"is {' and '.join(media)}, which is not indexed as news{f': {title[:100]}' if title else ''}"
            yield Problem(origin, what, kind="format")
        else:
            yield Problem(origin, "holds no text", kind="empty")
    for number, parts in enumerate(articles.values(), start=1):
        yield from _article(source, item, parts, number if len(articles) > 1 else 0)


def _parts(component: etree._Element, outer: tuple[etree._Element, ...], media: dict[str, None]) -> Iterator[_Part]:
    """The texts in a component; ``media`` gathers what else is there. Of equivalents the first text counts."""
    within = (component, *outer)
    if _formal(component, "Role").lower() in _BESIDE:
        return
    equivalent = component.get("EquivalentsList", "").lower() == "yes"
    for inner in component:
        name = local(inner)
        found: Iterator[_Part] = iter(())
        if name == "NewsComponent":
            found = _parts(inner, within, media)
        elif name == "NewsItem":
            found = (part for nested in children(inner, "NewsComponent") for part in _parts(nested, within, media))
        elif name == "ContentItem":
            found = _content(inner, within, media)
        has_text = False
        for part in found:
            has_text = True
            yield part
        if has_text and equivalent:
            return


def _content(content: etree._Element, within: tuple[etree._Element, ...], media: dict[str, None]) -> Iterator[_Part]:
    kind = _formal(content, "MediaType").lower()
    if kind in _MEDIA:
        media[_MEDIA[kind]] = None
        return
    for data in children(content, "DataContent"):
        told = _told(data)
        if told.body or told.title:
            yield _Part(told, within)


def _told(data: etree._Element) -> Story:
    nitf = child(data, "nitf")
    if nitf is not None:
        return story(nitf)
    if any(isinstance(inner.tag, str) for inner in data):
        html = child(data, "html")
        return _NOTHING._replace(
            title=said(html, "head", "title"), body=prose(child(html, "body") if html is not None else data)
        )
    rows = plain(data.text or "").split("\n")
    return _NOTHING._replace(body=tidy("\n".join([row.strip() for row in rows])))


def _formal(element: etree._Element | None, *path: str) -> str:
    """The first FormalName that a path leads to."""
    return next((name for found in children(element, *path) if (name := one_line(found.get("FormalName", "")))), "")


def _headline(component: etree._Element) -> str:
    return said(component, "NewsLines", "HeadLine")


def _article(source: Source, item: Item, parts: list[_Part], number: int) -> Iterator[Article | Problem]:
    element = item.element
    within = parts[0].within
    place = (
        f"{item.place}, article {number}" if item.place and number else f"article {number}" if number else item.place
    )
    origin = source.origin(place)
    told = [part.told for part in parts]
    title = _line(within, "HeadLine") or next((one.title for one in told if one.title), "")
    body = "\n\n".join(dict.fromkeys(one.body for one in told if one.body))
    body = introduced(body, _line(within, "SubHeadLine"), _line(within, "DateLine"))
    if not title and not body:
        yield Problem(origin, "holds no text", kind="empty")
        return
    management = child(element, "NewsManagement")
    language = _language(element, within)
    day, doubtful, notes = dated(_days(element, told), source.settings.dates, language)
    yield from doubted(origin, doubtful)
    article_id = said(element, "Identification", "NewsIdentifier", "PublicIdentifier") or item.name
    urgency = _formal(management, "Urgency") or _formal(management, "Priority")
    change = child(management, "StatusWillChange")
    embargo = said(change, "DateAndTime") if _formal(management, "Status").lower() == "embargoed" else ""
    yield Article(
        id=f"{article_id}#{number}" if number else article_id,
        title=title,
        body=body,
        date=day,
        source=_source(element, within, told),
        authors=named([_line(within, "ByLine")]) or next((one.authors for one in told if one.authors), ()),
        section=_section(element, within, language),
        language=language,
        origin=origin,
        notes=(
            *notes,
            *noted(
                ("slugline", _line(within, "SlugLine")),
                ("priority", urgency or _envelope_priority(element)),
                ("version", said(element, "Identification", "NewsIdentifier", "RevisionId")),
            ),
            *status_notes(_formal(management, "Status"), embargo),
        ),
    )


def _line(within: tuple[etree._Element, ...], name: str) -> str:
    """What the innermost component says that has this line."""
    return next((text for component in within if (text := said(component, "NewsLines", name))), "")


def _days(element: etree._Element, told: list[Story]) -> Iterator[Stated]:
    yield Stated(said(element, "NewsManagement", "ThisRevisionCreated"))
    yield Stated(said(element, "NewsManagement", "FirstCreated"), "NewsML FirstCreated")
    yield Stated(said(element, "Identification", "NewsIdentifier", "DateId"), "NewsML DateId")
    yield from (Stated(one.day, "NITF story.date") for one in told)
    yield Stated(said(_envelope(element), "DateAndTime"), "NewsML DateAndTime")


def _envelope(element: etree._Element) -> etree._Element | None:
    return child(element.getparent(), "NewsEnvelope")


def _envelope_priority(element: etree._Element) -> str:
    return _formal(_envelope(element), "Priority") or said(_envelope(element), "Priority")


def _language(element: etree._Element, within: tuple[etree._Element, ...]) -> str:
    for component in within:
        stated = _formal(component, "DescriptiveMetadata", "Language") or language_of(component)
        if stated:
            return stated.lower() if len(stated) == 2 else stated
    return language_of(element)


def _source(element: etree._Element, within: tuple[etree._Element, ...], told: list[Story]) -> str:
    for party in ("Provider", "Source"):
        for component in within:
            name = _formal(component, "AdministrativeMetadata", party, "Party")
            if name:
                return name
    stated = _line(within, "CreditLine") or next((one.source for one in told if one.source), "")
    return stated or said(element, "Identification", "NewsIdentifier", "ProviderId")


def _section(element: etree._Element, within: tuple[etree._Element, ...], language: str) -> str:
    """The names of the subjects, as the item's own list of topics gives them, or else of their first level."""
    topics = _topics(element, language)
    names = []
    for component in within:
        for code in children(component, "DescriptiveMetadata", "SubjectCode"):
            for subject in code:
                formal = subject.get("FormalName", "")
                names.append(topics.get(formal, "") or subject_of(formal))
    return joined(names)


def _topics(element: etree._Element, language: str) -> dict[str, str]:
    found = {}
    for topic in element.iter("{*}Topic"):
        texts = [text for text in children(topic, "Description") if text.get("Variant", "Name") == "Name"]
        own = [text for text in texts if language_of(text)[:2].lower() == language[:2].lower()]
        name = next((line for text in own + texts if (line := said(text))), "")
        if name:
            found[said(topic, "FormalName")] = name
    return found
