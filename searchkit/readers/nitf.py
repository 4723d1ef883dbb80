"""What does a file of NITF say? One article an element <nitf>, as agencies and the archives of newspapers keep them.

The News Industry Text Format, versions 3.x, is described by the IPTC. Its items also travel within NewsML, which
asks here for their story.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from searchkit.article import Article, Problem
from searchkit.readers.agency import Stated, dated, doubted, joined, named, noted, status_notes, subject_of
from searchkit.readers.format import Source, UnreadableError
from searchkit.readers.prose import introduced, one_line
from searchkit.readers.xml_items import Item, items
from searchkit.readers.xml_prose import child, children, language_of, local, prose, said

_HEADS = frozenset(("body.head",))
_TITLES = frozenset(("byttl",))
_SECTION_METAS = ("online_sections", "section", "dsk", "desk")
_SLUG_METAS = ("anpa-keyword", "slug", "slugline", "NTBStikkord")


class Story(NamedTuple):
    """What the body of a <nitf> says; ``day`` is the day that its dateline states."""

    title: str
    body: str
    authors: tuple[str, ...]
    source: str
    day: str


def read_nitf(source: Source) -> Iterator[Article | Problem]:
    """One article an item; UnreadableError for XML that holds none."""
    found = False
    for item in items(source, "nitf"):
        found = True
        if isinstance(item, Problem):
            yield item
        else:
            yield from _article(source, item)
    if not found:
        raise UnreadableError("is XML, but holds no item of NITF", "format")


def story(nitf: etree._Element) -> Story:
    """The title, the text and the authors of an item; what its head says beside them is left to the caller."""
    body = child(nitf, "body")
    head = child(body, "body.head")
    title = said(head, "hedline", "hl1") or said(head, "hedline") or said(nitf, "head", "title")
    subtitle = said(head, "hedline", "hl2")
    dateline = child(head, "dateline")
    content = child(body, "body.content")
    text = _content(content) if content is not None else prose(body, _HEADS)
    tagline = said(body, "body.end", "tagline")
    return Story(
        title=title,
        body=introduced(
            "\n\n".join(part for part in (text, tagline) if part),
            subtitle if subtitle.casefold() != title.casefold() else "",
            prose(child(head, "abstract")),
            one_line(prose(dateline, frozenset(("story.date",)))),
        ),
        authors=_authors(head),
        source=said(head, "distributor"),
        day=_norm(dateline, "story.date"),
    )


def _content(content: etree._Element) -> str:
    """The text; a block that only repeats how the next begins (a lead paragraph) is left out."""
    blocks = [element for element in content if local(element) == "block"]
    if len(blocks) < 2:
        return prose(content)
    texts = [prose(block) for block in blocks]
    for block, text, following in zip(blocks, texts, texts[1:], strict=False):
        if text and one_line(following).startswith(one_line(text)):
            content.remove(block)
    return prose(content)


def _authors(head: etree._Element | None) -> tuple[str, ...]:
    bylines = []
    stated = list(children(head, "byline"))
    # An archive adds the names as its catalog has them.
    printed = [byline for byline in stated if byline.get("class") != "normalized_byline"]
    for byline in printed or stated:
        people = [said(person) for person in children(byline, "person")]
        bylines += people or [prose(byline, _TITLES)]
    return named(one_line(byline) for byline in bylines)


def _norm(element: etree._Element | None, *path: str) -> str:
    """A day as an element states it: in its attribute ``norm``, or else as its text."""
    found = child(element, *path)
    return found.get("norm") or said(found) if found is not None else ""


def _article(source: Source, item: Item) -> Iterator[Article | Problem]:
    nitf, origin = item.element, source.origin(item.place)
    told = story(nitf)
    if not told.title and not told.body:
        yield Problem(origin, "holds no text", kind="empty")
        return
    data = child(nitf, "head", "docdata")
    pub = child(nitf, "head", "pubdata")
    language = one_line(nitf.get("baselang", "")) or language_of(nitf) or language_of(child(nitf, "body"))
    metas = {meta.get("name", ""): meta.get("content", "") for meta in children(nitf, "head", "meta")}
    day, doubtful, notes = dated(_days(nitf, data, pub, told), source.settings.dates, language)
    yield from doubted(origin, doubtful)
    reference = _attribute(pub, "ex-ref")
    yield Article(
        id=_id(data) or item.name,
        title=told.title,
        body=told.body,
        date=day,
        source=one_line(
            _attribute(pub, "name")
            or told.source
            or _attribute(child(data, "doc-id"), "regsrc")
            or _attribute(child(data, "doc.copyright"), "holder")
        ),
        authors=told.authors,
        section=_section(nitf, pub, metas),
        url=one_line(reference) if reference.startswith(("http://", "https://")) else "",
        language=language,
        origin=origin,
        notes=tuple(notes + _notes(data, metas)),
    )


def _attribute(element: etree._Element | None, name: str) -> str:
    return element.get(name, "") if element is not None else ""


def _id(data: etree._Element | None) -> str:
    return one_line(_attribute(child(data, "doc-id"), "id-string") or _attribute(child(data, "du-key"), "key"))


def _days(
    nitf: etree._Element, data: etree._Element | None, pub: etree._Element | None, told: Story
) -> Iterator[Stated]:
    yield Stated(_norm(data, "date.issue"))
    yield Stated(_attribute(pub, "date.publication"), "NITF pubdata")
    yield Stated(_norm(data, "date.release"), "NITF date.release")
    yield Stated(told.day, "NITF story.date")
    # The newest entry of the history stands first.
    yield Stated(_attribute(child(nitf, "head", "revision-history"), "norm"), "NITF revision-history")


def _section(nitf: etree._Element, pub: etree._Element | None, metas: dict[str, str]) -> str:
    stated = _attribute(pub, "position.section")
    stated = stated or next((metas[name] for name in _SECTION_METAS if metas.get(name, "").strip()), "")
    if stated:
        return joined(stated.split(";"))
    subjects = []
    for subject in children(nitf, "head", "tobject", "tobject.subject"):
        names = [subject.get(f"tobject.subject.{level}", "") for level in ("type", "matter", "detail")]
        subjects += names if any(names) else [subject_of(subject.get("tobject.subject.refnum", ""))]
    return joined(subjects)


def _notes(data: etree._Element | None, metas: dict[str, str]) -> list[tuple[str, str]]:
    series = child(data, "series")
    part, whole = _attribute(series, "series.part"), _attribute(series, "series.totalpart")
    of = f"part {part}{f' of {whole}' if whole not in ('', '0') else ''}" if part not in ("", "0") else ""
    identified = child(data, "identified-content")
    keys = [keyword.get("key", "") for keyword in children(data, "key-list", "keyword")]
    urgency = _attribute(child(data, "urgency"), "ed-urg")
    return [
        *noted(
            ("slugline", next((metas[name] for name in _SLUG_METAS if metas.get(name, "").strip()), "")),
            ("priority", urgency),
            ("fixture", _attribute(child(data, "fixture"), "fix-id")),
            ("series", ", ".join(part for part in (_attribute(series, "series.name"), of) if part)),
            ("keywords", joined(keys)),
            ("identified", joined(map(said, identified)) if identified is not None else ""),
            ("version", _attribute(child(data, "du-key"), "version")),
        ),
        *status_notes(_attribute(data, "management-status")),
    ]
