"""What does a file of NewsML-G2 say? An article an item of text, alone, in a message, or beside its package.

The standard of the IPTC gives every kind of content the same envelope. Items of text are read, whatever their text
is written in; pictures, films, packages and concepts are named in a Problem, and are not indexed as news.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from searchkit.article import Article, Problem
from searchkit.readers.agency import Stated, dated, doubted, joined, named, noted, status_notes, subject_of
from searchkit.readers.format import Source, UnreadableError
from searchkit.readers.markup import plain
from searchkit.readers.nitf import Story, story
from searchkit.readers.prose import introduced, one_line, tidy
from searchkit.readers.xml_items import Item, items
from searchkit.readers.xml_prose import child, children, heading, language_of, local, prose, said

# What a file may hold that is no news; a picture is an item of news by its name only.
_OTHER_ITEMS = {
    "packageItem": "a package",
    "conceptItem": "a concept",
    "knowledgeItem": "a list of concepts",
    "planningItem": "a plan of coverage",
    "catalogItem": "a catalog",
}
_CLASSES = {
    "picture": "a picture",
    "graphic": "a graphic",
    "animation": "an animation",
    "audio": "a recording",
    "video": "a video",
    "data": "data",
}
_PAGE_HEAD = frozenset(("header",))
# Subjects of these types are what an article is about, not people and places in it.
_ABOUT = frozenset(("", "abstract", "category", "subject", "mediatopic"))


def read_newsml_g2(source: Source) -> Iterator[Article | Problem]:
    """One article or Problem an item; UnreadableError for XML that holds none."""
    found = False
    # Examples and pieces of messages are passed around as a bare set of contents.
    for item in items(source, "newsItem", *_OTHER_ITEMS, "contentSet"):
        found = True
        if isinstance(item, Problem):
            yield item
        else:
            yield from _item(source, item)
    if not found:
        raise UnreadableError("is XML, but holds no item of NewsML-G2", "format")


def _item(source: Source, item: Item) -> Iterator[Article | Problem]:
    element, origin = item.element, source.origin(item.place)
    about = child(element, "contentMeta")
    title = said(about, "headline") or said(element, "itemMeta", "title")
    what = _OTHER_ITEMS.get(local(element), "") or _CLASSES.get(_code(child(element, "itemMeta", "itemClass")), "")
    if what:
        # A picture is often named by its caption alone.
        title = title or said(about, "description") or said(about, "slugline")
        yield Problem(
            origin, f"is {what}, which is not indexed as news{f': {title[:100]}' if title else ''}", kind="format"
        )
        return
    told = _story(element if local(element) == "contentSet" else child(element, "contentSet"))
    title = title or told.title
    body = introduced(told.body, said(about, "dateline")) if told.body else _description(about)
    if not title and not body:
        yield Problem(origin, "holds no text", kind="empty")
        return
    meta = child(element, "itemMeta")
    language = next((one_line(tag.get("tag", "")) for tag in children(about, "language")), "") or language_of(element)
    day, doubtful, notes = dated(_days(element, about, told), source.settings.dates, language)
    yield from doubted(origin, doubtful)
    guid = one_line(element.get("guid", ""))
    yield Article(
        id=guid or item.name,
        title=title,
        body=body,
        date=day,
        source=_source(element, told),
        authors=_authors(about, told),
        section=_section(about, language),
        url=guid if guid.startswith(("http://", "https://")) else "",
        language=language,
        origin=origin,
        notes=(
            *notes,
            *noted(
                ("slugline", said(about, "slugline")),
                ("priority", said(about, "urgency") or _message_priority(element)),
                ("genre", joined(_name(genre, language) for genre in children(about, "genre"))),
                ("version", element.get("version", "")),
            ),
            *status_notes(_code(child(meta, "pubStatus")), said(meta, "embargoed")),
        ),
    )


def _story(contents: etree._Element | None) -> Story:
    """What the first of the contents says that says anything: they are the same text in several forms."""
    for content in contents if contents is not None else ():
        told = None
        if local(content) == "inlineXML":
            told = _inline(content)
        elif local(content) == "inlineData":
            kind = content.get("contenttype", "text/plain")
            if kind.startswith("text/"):
                told = Story("", tidy(plain(content.text or "", certain="html" in kind)), (), "", "")
        if told and told.body:
            return told
    return Story("", "", (), "", "")


def _inline(content: etree._Element) -> Story:
    nitf = child(content, "nitf")
    if nitf is not None:
        return story(nitf)
    html = child(content, "html")
    body = child(html, "body") if html is not None else content
    title = said(html, "head", "title") or next(map(said, body.iter("{*}h1")), "") if body is not None else ""
    # Some pages repeat in their head what the envelope says: the headline, the time, the keywords.
    text = prose(body, _PAGE_HEAD) or prose(body)
    first, gap, rest = text.partition("\n\n")
    return Story(title, rest if gap and one_line(first) == title else text, (), "", "")


def _description(about: etree._Element | None) -> str:
    return "\n\n".join(dict.fromkeys(text for text in map(prose, children(about, "description")) if text))


def _code(element: etree._Element | None) -> str:
    """What a code says behind its scheme: "picture" of "ninat:picture", be it a qcode or an address."""
    if element is None:
        return ""
    qcode = element.get("qcode", "")
    return one_line(qcode.rpartition(":")[2] if qcode else element.get("uri", "").rpartition("/")[2])


def _name(concept: etree._Element, language: str) -> str:
    """The name of a concept in the language of its article, or else its first."""
    names = list(children(concept, "name"))
    chosen = next((name for name in names if language and _alike(language_of(name), language)), None)
    return said(chosen) or next((text for text in map(said, names) if text), "")


def _alike(one: str, other: str) -> bool:
    return one.lower().partition("-")[0] == other.lower().partition("-")[0]


def _days(element: etree._Element, about: etree._Element | None, told: Story) -> Iterator[Stated]:
    meta = child(element, "itemMeta")
    yield Stated(said(meta, "versionCreated"))
    yield Stated(said(meta, "firstCreated"), "NewsML-G2 firstCreated")
    yield Stated(said(about, "contentCreated"), "NewsML-G2 contentCreated")
    yield Stated(told.day, "NITF story.date")
    yield Stated(said(_header(element), "sent"), "NewsML-G2 sent")


def _header(element: etree._Element) -> etree._Element | None:
    """The header of the message that an item came in."""
    holder = element.getparent()
    return heading(holder.getparent(), "header") if holder is not None else None


def _message_priority(element: etree._Element) -> str:
    return said(_header(element), "priority")


def _source(element: etree._Element, told: Story) -> str:
    provider = child(element, "itemMeta", "provider")
    about = child(element, "contentMeta")
    if provider is not None:
        name = _name(provider, "") or one_line(provider.get("literal", ""))
        name = name or one_line(provider.get("qcode", "").rpartition(":")[2])
        if name:
            return name
    return (
        said(about, "creditline")
        or said(element, "rightsInfo", "copyrightHolder", "name")
        or said(about, "infoSource", "name")
        or told.source
    )


def _authors(about: etree._Element | None, told: Story) -> tuple[str, ...]:
    by = named(map(said, children(about, "by")))
    return by or told.authors or named(_name(creator, "") for creator in children(about, "creator"))


def _section(about: etree._Element | None, language: str) -> str:
    names = []
    for subject in children(about, "subject"):
        kind = subject.get("type", "").rpartition(":")[2]
        if kind.lower() in _ABOUT:
            names.append(_name(subject, language) or subject_of(subject.get("qcode", "")))
    return joined(names)
