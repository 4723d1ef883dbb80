"""What does a page say about itself? JSON-LD first, then <meta>, then the marks in the page, then its URL.

Nothing here is guessed from running text: the day is one that the page declares as that of publication (never
that of a change), or stands in the URL, and then a note says so.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urljoin

from lxml.html import HtmlElement

from searchkit.readers.dates import civil_day, settled_day
from searchkit.readers.linked_data import LinkedData
from searchkit.readers.markup import unescape
from searchkit.readers.prose import one_line

# Names of <meta>, in lower case, the most telling first.
_METAS: dict[str, tuple[str, ...]] = {
    field: tuple(names.split())
    for field, names in {
        "title": "og:title citation_title dc.title dcterms.title parsely-title sailthru.title twitter:title headline",
        "date": "article:published_time og:article:published_time article:published datepublished parsely-pub-date "
        "sailthru.date citation_publication_date citation_date dcterms.issued dc.date.issued dcterms.date "
        "dc.date dcterms.created dc.date.created dc.created cxenseparse:recs:publishtime article.published "
        "published_time pubdate publishdate publish-date publish_date published publication_date date "
        "displaydate iso-8601-publish-date date.release",
        "source": "og:site_name citation_journal_title dc.publisher dcterms.publisher publisher copyright-holder "
        "application-name source",
        "authors": "author parsely-author sailthru.author dc.creator dcterms.creator citation_author byl "
        "cxenseparse:author article:author og:article:author article.author twitter:creator",
        "section": "article:section og:article:section parsely-section sailthru.section cxenseparse:category section "
        "article.section dc.subject dcterms.subject category",
        "url": "og:url parsely-link citation_public_url dc.identifier",
        "language": "content-language dc.language dcterms.language language og:locale",
    }.items()
}
_WANTED = frozenset(name for names in _METAS.values() for name in names)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")

_SAVED_FROM = re.compile(
    r"<!--\s*saved from url=\([0-9]{1,6}\)(https?://[^\s>]{1,2000})"
    r"|<!--\s*Page saved with SingleFile\s+url:\s*(https?://[^\s>]{1,2000})"
)
_SAVED_SIZE = 4096
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_DAY_IN_URL = re.compile(
    r"[/_-](?P<year>(?:19|20)[0-9]{2})(?P<mark>[/_-])(?P<month>[0-9]{1,2}|"
    + _MONTHS.replace(" ", "|")
    + r")(?P=mark)"
    r"(?P<day>[0-9]{1,2})(?![0-9])|/(?P<packed>(?:19|20)[0-9]{6})(?=[/_.-])"
)
_BY = re.compile(r"\s*(?:by|von|par|por|door)[:\s]\s*", re.IGNORECASE)
_AND = re.compile(r"\s*(?:[;|]|,\s*(?:and|und|et)\s|\s(?:and|und|et|&)\s)\s*")
_ASIDE = re.compile(
    r"related|comment|teaser|promo|sidebar|recommend|most-?(?:read|popular)|more-|updat|modif|footer|nav", re.I
)
_ASIDES = frozenset(("aside", "nav", "footer", "form"))
_CLASSES = 'concat(" ", normalize-space(@class), " ")'
_BYLINE = (
    './/*[@rel="author" or @itemprop="author" '
    f'or contains({_CLASSES}, " byline ") or contains({_CLASSES}, " author ")]'
)
_LONGEST_NAME = 120


class Facts(NamedTuple):
    """What a page declares; ``titles`` are all forms of its title; ``doubtful`` is a date that
    it states and that is none.
    """

    title: str
    titles: frozenset[str]
    date: datetime.date | None
    doubtful: str
    source: str
    authors: tuple[str, ...]
    section: str
    url: str
    language: str
    body: str
    notes: tuple[tuple[str, str], ...]


def saved_from(text: str) -> str:
    """The URL that a browser wrote into a page when it saved it, or ''."""
    found = _SAVED_FROM.search(text[:_SAVED_SIZE])
    return (found.group(1) or found.group(2)) if found else ""


def page_facts(tree: HtmlElement, url: str, path: str, dates: str) -> Facts:
    """The facts of a page that came from ``url`` and lies at ``path``; ``dates`` is the person's order of a day."""
    page = _Page(tree, url)
    data = LinkedData(page.scripts, page.urls(), page.title())
    language = page.language(data)
    day = _day(page, data, dates, language, path)
    headline = data.said("headline")
    return Facts(
        title=headline or page.title(),
        titles=page.titles() | {headline},
        date=day.date,
        doubtful=day.doubtful,
        source=page.meta("source") or next(iter(data.names("publisher")), ""),
        authors=_authors(page, data),
        section=data.said("articleSection", ", ") or page.meta("section"),
        url=page.url() or next((said for said in (data.said("url"),) if said.startswith("http")), ""),
        language=language,
        body=body if isinstance(body := data.article.get("articleBody"), str) else "",
        notes=tuple(note for note in (("date from", day.where), ("date settled", day.settled)) if note[1]),
    )


class _Page:
    """The marks of a page, gathered in one walk over the elements that can have them."""

    def __init__(self, tree: HtmlElement, came_from: str) -> None:
        self.metas: dict[str, list[str]] = {}
        self.scripts: list[str] = []
        self.times: list[HtmlElement] = []
        self.alternates: list[tuple[str, str]] = []
        self._tree, self._came_from = tree, came_from
        self._base, self._canonical, self._title_element = "", "", ""
        self._headings: list[HtmlElement] = []
        for element in tree.iter("meta", "link", "base", "script", "time", "h1", "title"):
            self._take(element)

    def _take(self, element: HtmlElement) -> None:
        tag = element.tag
        if tag == "meta":
            self._take_meta(element)
        elif tag == "link":
            rel = (element.get("rel") or "").lower().split()
            if "canonical" in rel:
                self._canonical = self._canonical or (element.get("href") or "").strip()
            elif "alternate" in rel and element.get("hreflang"):
                self.alternates.append((element.get("hreflang") or "", element.get("href") or ""))
        elif tag == "script":
            if (element.get("type") or "").strip().lower().startswith("application/ld+json"):
                self.scripts.append(element.text or "")
        elif tag == "time":
            self.times.append(element)
        elif tag == "h1":
            self._headings.append(element)
        elif tag == "base":
            self._base = self._base or (element.get("href") or "").strip()
        elif not self._title_element and element.getparent() is not None and element.getparent().tag != "svg":
            self._title_element = one_line(element.text_content())

    def _take_meta(self, element: HtmlElement) -> None:
        content = element.get("content")
        if not content:
            return
        for key in ("property", "name", "itemprop", "http-equiv"):
            name = (element.get(key) or "").strip().lower()
            if name in _WANTED:
                self.metas.setdefault(name, []).append(one_line(unescape(content)))

    def meta(self, field: str) -> str:
        """What the most telling <meta> of a field says."""
        return next((value for _, value in self.stated(field)), "")

    def stated(self, field: str) -> Iterator[tuple[str, str]]:
        """Each <meta> of a field with its name, the most telling first."""
        for name in _METAS[field]:
            for value in self.metas.get(name, ()):
                if value:
                    yield name, value

    def urls(self) -> frozenset[str]:
        """Every address that the page goes by, without a slash at its end."""
        return frozenset(url.rstrip("/") for url in (self._came_from, self._canonical, self.meta("url")) if url)

    def url(self) -> str:
        """Where the page is at home, as an absolute address."""
        base = self._came_from or self.meta("url") or self._base
        for stated in (self._canonical, self.meta("url")):
            try:
                joined = urljoin(base, stated) if stated else ""
            except ValueError:
                continue
            if joined.lower().startswith(("http://", "https://")):
                return one_line(joined)
        return self._came_from

    def title(self) -> str:
        """The title without the name of the site that often follows it."""
        said = self.meta("title")
        if not said and len(self._headings) == 1:
            said = one_line(self._headings[0].text_content())
        said = said or self._title_element
        site = self.meta("source")
        for mark in (" | ", " - ", " – ", " — ", " :: ", " » ", " · "):
            before, found, after = said.rpartition(mark)
            if (
                found
                and before
                and after.strip().lower() in (site.lower(), site.lower().removeprefix("the "))
                and site
            ):
                return before.strip()
        if said == self._title_element and not site:
            before, found, _ = said.rpartition(" | ")
            return before if found else said
        return said

    def titles(self) -> frozenset[str]:
        """Every form of the title: the first lines of a text that repeat one of them are no text."""
        headings = [one_line(heading.text_content()) for heading in self._headings[:5]]
        return frozenset((self.title(), self.meta("title"), self._title_element, *headings))

    def language(self, data: LinkedData) -> str:
        """The tag of the page's language: that of its article, its root, a <meta>, or a link to itself."""
        root = (
            self._tree.get("lang")
            or self._tree.get("xml:lang")
            or self._tree.get("{http://www.w3.org/XML/1998/namespace}lang")
            or ""
        )
        own = next(
            (tag for tag, href in self.alternates if tag != "x-default" and href.rstrip("/") in self.urls()), ""
        )
        for said in (data.said("inLanguage"), root, self.meta("language"), own):
            tag = said.split(",")[0].strip()
            if _LANGUAGE.fullmatch(tag):
                return tag.replace("_", "-")
        return ""

    def time(self) -> Iterator[str]:
        """What <time> elements state that are marked as the day of publication, or stand under the one heading."""
        fair = [element for element in self.times[:200] if not _is_aside(element)]
        for element in fair:
            if element.get("pubdate") is not None or "datepublished" in (element.get("itemprop") or "").lower():
                yield _moment(element)
        moments = [_moment(element) for element in fair]
        days = {civil_day(moment) for moment in moments}
        if len(days) == 1:
            yield from moments[:1]
        elif len(self._headings) == 1 and fair:
            after = set(self._headings[0].xpath("following::time"))
            yield from [_moment(element) for element in fair if element in after][:1]

    def bylines(self) -> Iterator[str]:
        """The texts of elements that are marked as the author's."""
        for element in self._tree.xpath(_BYLINE)[:20]:
            if not _is_aside(element):
                yield one_line(element.get("content") or element.text_content())


def _moment(element: HtmlElement) -> str:
    return one_line(element.get("datetime") or element.text_content())


def _is_aside(element: HtmlElement) -> bool:
    while element is not None:
        if element.tag in _ASIDES or (
            element.tag != "body" and _ASIDE.search(f"{element.get('class')} {element.get('id')}")
        ):
            return True
        element = element.getparent()
    return False


class _Day(NamedTuple):
    date: datetime.date | None
    where: str
    settled: str
    doubtful: str


def _day(page: _Page, data: LinkedData, dates: str, language: str, path: str) -> _Day:
    """The first certain day, with where it stands; a stated one that is none is doubtful if no other helps."""
    doubtful = ""
    for where, said in _stated_days(page, data):
        date, settled = settled_day(said, dates, language)
        if date:
            return _Day(date, where, settled, "")
        doubtful = doubtful or said
    for where, text in (("the URL", page.url()), ("the path", f"/{path}")):
        date = day_in_path(text)
        if date:
            return _Day(date, where, "", "")
    return _Day(None, "", "", doubtful)


def _stated_days(page: _Page, data: LinkedData) -> Iterator[tuple[str, str]]:
    published = data.said("datePublished")
    if published:
        yield "JSON-LD datePublished", published
    for name, value in page.stated("date"):
        yield f"meta {name}", value
    for value in page.time():
        if value:
            yield "time", value


def day_in_path(text: str) -> datetime.date | None:
    """The one day that an address or a path names between its slashes, or None."""
    days = set()
    for found in _DAY_IN_URL.finditer(text.partition("?")[0].lower()):
        month = found["month"] or ""
        number = str(_MONTHS.split().index(month) + 1) if month.isalpha() else month
        days.add(civil_day(found["packed"] or f"{found['year']}-{number}-{found['day']}"))
    days.discard(None)
    return days.pop() if len(days) == 1 else None


def _authors(page: _Page, data: LinkedData) -> tuple[str, ...]:
    said = data.names("author") or data.names("creator")
    if not said:
        for name in _METAS["authors"]:
            values = page.metas.get(name, [])
            said = tuple(value for value in values if not value.startswith(("http", "@", "/")))
            if said:
                break
    found: dict[str, None] = {}
    for line in said or page.bylines():
        is_byline = _BY.match(line)
        text = line[is_byline.end() :] if is_byline else line
        for part in _AND.split(text) if is_byline or ";" in text or "|" in text else (text,):
            if part and len(part) <= _LONGEST_NAME and not part.startswith(("http://", "https://")):
                found[part] = None
    return tuple(found)
