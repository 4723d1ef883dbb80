"""What does a file of NewsML 1.x say? Articles out of components, which lie in each other like dolls.

A NewsItem holds a NewsComponent, which holds others; what is said of one holds for those within it. A component
with a headline is an article, with all the text that stands in it under no other headline.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from searchkit.article import Article, Problem
from searchkit.readers.agency import Stated, dated, doubted, joined, named, noted, status_notes, subject_of
from searchkit.readers.format import Source, UnreadableError
from searchkit.readers.markup import plain
from searchkit.readers.nitf import Story, story
from searchkit.readers.prose import introduced, one_line, tidy
from searchkit.readers.xml_items import Item, items
from searchkit.readers.xml_prose import child, children, heading, language_of, local, prose, said

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


class _Level(NamedTuple):
    """What is said of one component: its lines by name, and what its metadata say."""

    lines: dict[str, str]
    provider: str
    source: str
    language: str
    section: str


class _Part(NamedTuple):
    """A text, and the components that it stands in, the innermost first."""

    told: Story
    within: tuple[_Level, ...]


class _Found:
    """What an item holds: its texts, what else there is by kind, and its first headline."""

    def __init__(self, item: etree._Element) -> None:
        self.media: dict[str, None] = {}
        self.headline = ""
        self._topics = _topics(item)
        self.parts = [part for top in children(item, "NewsComponent") for part in self._within(top, ())]

    def _within(self, component: etree._Element, outer: tuple[_Level, ...]) -> Iterator[_Part]:
        """The texts in a component; of equivalents the first text counts."""
        level = _level(component, self._topics)
        within = (level, *outer)
        self.headline = self.headline or level.lines.get("HeadLine", "")
        if _formal(component, "Role").lower() in _BESIDE:
            return
        equivalent = component.get("EquivalentsList", "").lower() == "yes"
        for inner in component:
            has_text = False
            for part in self._inside(inner, within):
                has_text = True
                yield part
            if has_text and equivalent:
                return

    def _inside(self, inner: etree._Element, within: tuple[_Level, ...]) -> Iterator[_Part]:
        name = local(inner)
        if name == "NewsComponent":
            yield from self._within(inner, within)
        elif name == "NewsItem":
            for nested in children(inner, "NewsComponent"):
                yield from self._within(nested, within)
        elif name == "ContentItem":
            kind = _formal(inner, "MediaType").lower()
            if kind in _MEDIA:
                self.media[_MEDIA[kind]] = None
                return
            for data in children(inner, "DataContent"):
                told = _told(data)
                if told.body or told.title:
                    yield _Part(told, within)


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
    found = _Found(item.element)
    articles: dict[int, list[_Part]] = {}
    for part in found.parts:
        titled = next((level for level in part.within if level.lines.get("HeadLine")), part.within[-1])
        articles.setdefault(id(titled), []).append(part)
    if not articles and found.media:
        shown = f": {found.headline[:100]}" if found.headline else ""
        reason = f"is {' and '.join(found.media)}, which is not indexed as news{shown}"
        yield Problem(origin, reason, kind="format")
    elif not articles:
        yield Problem(origin, "holds no text", kind="empty")
    for number, parts in enumerate(articles.values(), start=1):
        yield from _article(source, item, parts, number if len(articles) > 1 else 0)


def _told(data: etree._Element) -> Story:
    nitf = child(data, "nitf")
    if nitf is not None:
        return story(nitf)
    if any(isinstance(inner.tag, str) for inner in data):
        html = child(data, "html")
        body = prose(child(html, "body") if html is not None else data)
        return _NOTHING._replace(title=said(html, "head", "title"), body=body)
    rows = plain(data.text or "").split("\n")
    return _NOTHING._replace(body=tidy("\n".join([row.strip() for row in rows])))


def _level(component: etree._Element, topics: dict[str, dict[str, str]]) -> _Level:
    lines: dict[str, str] = {}
    for line in children(component, "NewsLines"):
        for inner in line:
            if (text := said(inner)) and local(inner) not in lines:
                lines[local(inner)] = text
    language = _formal(component, "DescriptiveMetadata", "Language") or language_of(component)
    codes = [subject.get("FormalName", "") for code in _codes(component) for subject in code]
    return _Level(
        lines=lines,
        provider=_formal(component, "AdministrativeMetadata", "Provider", "Party"),
        source=_formal(component, "AdministrativeMetadata", "Source", "Party"),
        language=language.lower() if len(language) == 2 else language,
        section=joined(_topic(topics.get(code, {}), language) or subject_of(code) for code in codes),
    )


def _codes(component: etree._Element) -> Iterator[etree._Element]:
    return children(component, "DescriptiveMetadata", "SubjectCode")


def _topics(item: etree._Element) -> dict[str, dict[str, str]]:
    """The names of the subjects that an item explains itself, by their codes and languages."""
    found: dict[str, dict[str, str]] = {}
    for topic in item.iter("{*}Topic"):
        names = found.setdefault(said(topic, "FormalName"), {})
        for text in children(topic, "Description"):
            if text.get("Variant", "Name") == "Name" and said(text):
                names.setdefault(language_of(text)[:2].lower(), said(text))
    return found


def _topic(names: dict[str, str], language: str) -> str:
    return names.get(language[:2].lower()) or next(iter(names.values()), "")


def _formal(element: etree._Element | None, *path: str) -> str:
    """The first FormalName that a path leads to."""
    return next((name for found in children(element, *path) if (name := one_line(found.get("FormalName", "")))), "")


def _article(source: Source, item: Item, parts: list[_Part], number: int) -> Iterator[Article | Problem]:
    element, within = item.element, parts[0].within
    place = ", ".join(word for word in (item.place, f"article {number}" if number else "") if word)
    origin = source.origin(place)
    told = [part.told for part in parts]
    title = _line(within, "HeadLine") or next((one.title for one in told if one.title), "")
    body = "\n\n".join(dict.fromkeys(one.body for one in told if one.body))
    body = introduced(body, _line(within, "SubHeadLine"), _line(within, "DateLine"))
    if not title and not body:
        yield Problem(origin, "holds no text", kind="empty")
        return
    management = child(element, "NewsManagement")
    language = next((level.language for level in within if level.language), "") or language_of(element)
    day, doubtful, notes = dated(_days(element, told), source.settings.dates, language)
    yield from doubted(origin, doubtful)
    article_id = said(element, "Identification", "NewsIdentifier", "PublicIdentifier") or item.name
    status = _formal(management, "Status")
    embargo = said(management, "StatusWillChange", "DateAndTime") if status.lower() == "embargoed" else ""
    yield Article(
        id=f"{article_id}#{number}" if number else article_id,
        title=title,
        body=body,
        date=day,
        source=_source(element, within, told),
        authors=named([_line(within, "ByLine")]) or next((one.authors for one in told if one.authors), ()),
        section=next((level.section for level in within if level.section), ""),
        language=language,
        origin=origin,
        notes=(
            *notes,
            *noted(
                ("slugline", _line(within, "SlugLine")),
                ("priority", _priority(element, management)),
                ("version", said(element, "Identification", "NewsIdentifier", "RevisionId")),
            ),
            *status_notes(status, embargo),
        ),
    )


def _line(within: tuple[_Level, ...], name: str) -> str:
    """What the innermost component says that has this line."""
    return next((level.lines[name] for level in within if name in level.lines), "")


def _days(element: etree._Element, told: list[Story]) -> Iterator[Stated]:
    yield Stated(said(element, "NewsManagement", "ThisRevisionCreated"))
    yield Stated(said(element, "NewsManagement", "FirstCreated"), "NewsML FirstCreated")
    yield Stated(said(element, "Identification", "NewsIdentifier", "DateId"), "NewsML DateId")
    yield from (Stated(one.day, "NITF story.date") for one in told)
    yield Stated(said(_envelope(element), "DateAndTime"), "NewsML DateAndTime")


def _envelope(element: etree._Element) -> etree._Element | None:
    return heading(element.getparent(), "NewsEnvelope")


def _priority(element: etree._Element, management: etree._Element | None) -> str:
    envelope = _envelope(element)
    stated = _formal(management, "Urgency") or _formal(management, "Priority")
    return stated or _formal(envelope, "Priority") or said(envelope, "Priority")


def _source(element: etree._Element, within: tuple[_Level, ...], told: list[Story]) -> str:
    return (
        next((level.provider for level in within if level.provider), "")
        or next((level.source for level in within if level.source), "")
        or _line(within, "CreditLine")
        or next((one.source for one in told if one.source), "")
        or said(element, "Identification", "NewsIdentifier", "ProviderId")
    )
