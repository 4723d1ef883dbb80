"""What does a feed say? RSS from 0.9 to 2.0, Atom 0.3 and 1.0, read by feedparser; each entry is an article.

feedparser would follow a URL or open a file if it were handed a text that names one, and holds a document as a
whole: so it is given bytes, bounded in size, elements and depth, without what precedes the root. What is damaged
is mended by libxml2 before, since feedparser's own way with damage takes time by the square.
"""

from __future__ import annotations

import datetime
import html
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

import feedparser
from lxml import etree

from searchkit.article import Article, Problem
from searchkit.readers.dates import civil_day, no_day, settled_day
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, Source, UnreadableError
from searchkit.readers.markup import plain
from searchkit.readers.prose import introduced, one_line, tidy
from searchkit.readers.xml_text import Root, of_html, root_text

# An empty element of six bytes becomes a record of hundreds.
_MOST_ELEMENTS = 500_000
_DEEPEST = 200

_UNESCAPED = re.compile(
    r"<!\[CDATA\[(?:.*?\]\]>|.*)"
    r"|(</?(?:p|br|hr|b|i|u|em|strong|a|img|div|span|ul|ol|li|h[1-6]|blockquote|table|tr|td|th|tbody|font|center|small"
    r"|sub|sup|code|pre|iframe|script|style|figure|figcaption|section|video|audio)(?:\s[^<>]*)?/?>)",
    re.DOTALL | re.IGNORECASE,
)
_PREFIXED = re.compile(r"[<\s]([A-Za-z_][\w.-]{0,60}):[A-Za-z_]", re.ASCII)
_NAMESPACES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "atom": "http://www.w3.org/2005/Atom",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xhtml": "http://www.w3.org/1999/xhtml",
}

# An id that no other site would give as well: a URI, or the like of a UUID. "1234" is none.
_OWN_ID = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}:\S{4,}|[0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}")
_HEAD = b"<?xml version='1.0' encoding='utf-8'?>"
_NAME = re.compile(r"<[^\s/>]+")
_SHORT_YEAR = re.compile(r"\b([0-9]{1,2}[ -][A-Za-z]{3,9}[ -])([0-9]{2})(?=\s)")
_ADDRESSED = re.compile(r"[^\s()<>@]+@[^\s()<>@]+ ?\(([^()@]+)\)|([^<>@]+)<[^\s()<>@]+@[^\s()<>@]+>")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_MARKUP = ("text/html", "application/xhtml+xml")

# feedparser's records are dicts, of texts, lists and more such records.
Entry = dict[str, Any]


def read_feed(source: Source) -> Iterator[Article | Problem]:
    """One article an entry; a Problem with ``kept`` says that the feed is defective.

    UnreadableError for what is no feed, has no entries, is too large, or declares entities.
    """
    data = source.stream.read(RECORD_LIMIT + 1)
    if len(data) > RECORD_LIMIT:
        raise UnreadableError(f"is a feed of more than {RECORD_LIMIT_WORDS}", "limit")
    root = root_text(data)
    del data
    sound, defect = _sound(root)
    if root.mended and not defect:
        defect = "it has characters or references that XML does not allow"
    del root
    feed = _parsed(sound)
    del sound
    entries = feed["entries"]
    if not entries:
        is_feed = feed.get("version") or feed["feed"]
        raise UnreadableError(*(("is a feed without an entry", "empty") if is_feed else ("is no feed", "format")))
    if defect:
        yield Problem(source.origin(), f"is a defective feed: {defect}", kept=True)
    whole = _Whole(source, feed)
    for number, entry in enumerate(entries, start=1):
        yield from whole.article(number, entry)
        # What has been read is let go.
        entry.clear()


def _sound(root: Root) -> tuple[bytes, str]:
    """The document as well-formed XML, and as a clause what was wrong with it, '' for nothing."""
    data = _HEAD + root.text.encode()
    defect = _fault(data, root.line)
    if not defect:
        return data, ""
    if root.text[:5].lower() != "<feed":
        # In RSS, text that was not escaped is the most common damage; Atom has elements of XHTML.
        data = _HEAD + _UNESCAPED.sub(_escaped, root.text).encode()
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        tree = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError) as error:
        raise UnreadableError(f"is a feed that is too badly damaged to be read ({defect})") from error
    if tree is None:
        raise UnreadableError(f"is a feed that is too badly damaged to be read ({defect})")
    mended = _HEAD + _with_namespaces(etree.tostring(tree, encoding="unicode")).encode()
    if _fault(mended, 1):
        raise UnreadableError(f"is a feed that is too badly damaged to be read ({defect})")
    return mended, defect


def _escaped(found: re.Match[str]) -> str:
    return html.escape(found.group()) if found.group(1) else found.group()


def _with_namespaces(text: str) -> str:
    """``text`` whose root declares each prefix that nothing declares."""
    used = dict.fromkeys(_PREFIXED.findall(text))
    bound = ("xml", "xmlns")
    lacking = [prefix for prefix in used if prefix not in bound and f"xmlns:{prefix}=" not in text]
    declared = "".join(f' xmlns:{prefix}="{_NAMESPACES.get(prefix, "urn:x-none:" + prefix)}"' for prefix in lacking)
    name = _NAME.match(text)
    return text[: name.end()] + declared + text[name.end() :] if name else text


def _fault(data: bytes, line: int) -> str:
    """Why this is no well-formed XML, as a clause; UnreadableError for too many elements, or too deep ones."""
    count = depth = 0

    def begin(_name: str, _attributes: object) -> None:
        nonlocal count, depth
        count += 1
        depth += 1
        if count > _MOST_ELEMENTS:
            raise UnreadableError(f"is a feed of more than {_MOST_ELEMENTS:,} elements", "limit")
        if depth > _DEEPEST:
            raise UnreadableError("is nested too deeply", "limit")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        return f"{expat.ErrorString(error.code)} in line {error.lineno + line - 1}"
    return ""


def _parsed(data: bytes) -> Any:  # noqa: ANN401  feedparser has no types
    try:
        # Links within texts stay as they are; markup goes out, so it need not be made harmless.
        return feedparser.parse(io.BytesIO(data), resolve_relative_uris=False, sanitize_html=False)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        raise UnreadableError(f"is a feed that feedparser cannot read ({_words(error)})") from error


def _words(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}")[:120]


class _Whole:
    """What entries have from the feed that they stand in."""

    def __init__(self, source: Source, feed: Entry) -> None:
        self._source = source
        about = feed["feed"]
        self._title = one_line(_prose(about, "title"))
        self._language = _said(about, "language")
        self._is_atom = str(feed.get("version") or "").startswith("atom")
        self._ids = Counter(_said(entry, "id") for entry in feed["entries"])
        self._links = Counter(_said(entry, "link") for entry in feed["entries"])

    def article(self, number: int, entry: Entry) -> Iterator[Article | Problem]:
        origin = self._source.origin(f"record {number}")
        title = one_line(_prose(entry, "title"))
        body = _body(entry)
        if not title and not body:
            yield Problem(origin, "holds no text", kind="empty")
            return
        language = _language(entry) or self._language
        notes: list[tuple[str, str]] = []
        date, doubtful = self._date(entry, language, notes)
        if doubtful:
            yield Problem(origin, no_day(doubtful), kept=True, kind="date")
        yield Article(
            id=self._id(number, entry),
            title=title,
            body=body,
            date=date,
            source=one_line(_said(_mapping(entry, "source"), "title")) or self._title,
            authors=_authors(entry),
            section=_section(entry),
            # A guid stands in for a missing link, whatever it is.
            url=link if "://" in (link := _said(entry, "link")) else "",
            language=language,
            origin=origin,
            notes=tuple(notes),
        )

    def _id(self, number: int, entry: Entry) -> str:
        """The entry's own id where nothing else has it, else its link; its place is last, since a feed moves on."""
        guid, link = _said(entry, "id"), _said(entry, "link")
        if guid and self._ids[guid] == 1:
            if _OWN_ID.fullmatch(guid):
                return guid
            return link if link and self._links[link] == 1 else f"{self._source.name}#{guid}"
        return link if link and self._links[link] == 1 else self._source.numbered(number)

    def _date(self, entry: Entry, language: str, notes: list[tuple[str, str]]) -> tuple[datetime.date | None, str]:
        """The day as it is stated, in the entry's own time zone; or what is stated instead of one."""
        doubtful = ""
        for key in ("published", "updated", "created"):
            # Not entry[key]: feedparser would give the one for the other.
            stated = one_line(str(dict.get(entry, key) or ""))
            if not stated:
                continue
            full = _SHORT_YEAR.sub(_full_year, stated, count=1)
            date, words = settled_day(full, self._source.settings.dates, language)
            date = date or _day_of_another_tongue(entry, key, stated)
            if date:
                if key == "created" or (key == "updated" and self._is_atom):
                    notes.append(("date from", key))
                if words:
                    notes.append(("date settled", words))
                return date, ""
            doubtful = doubtful or stated
        return None, doubtful


def _full_year(found: re.Match[str]) -> str:
    """The day of RFC 822, whose years have two digits, as RFC 2822 understands it."""
    year = int(found.group(2))
    return f"{found.group(1)}{year + (2000 if year < 50 else 1900)}"


def _day_of_another_tongue(entry: Entry, key: str, stated: str) -> datetime.date | None:
    """The day that feedparser knows of Korean, Greek and Hungarian dates, if turning it to UTC did not move it."""
    parsed = dict.get(entry, f"{key}_parsed")
    if not parsed or not _BEYOND_ASCII.search(stated):
        return None
    date = civil_day(f"{parsed[0]:04d}-{parsed[1]:02d}-{parsed[2]:02d}")
    numbers = [int(number) for number in re.findall(r"[0-9]{1,4}", stated)]
    return date if date and date.year in numbers and date.day in numbers else None


def _said(of: Entry, key: str) -> str:
    value = of.get(key)
    return one_line(value) if isinstance(value, str) else ""


def _mapping(of: Entry, key: str) -> Entry:
    value = of.get(key)
    return value if isinstance(value, dict) else {}


def _prose(of: Entry, key: str) -> str:
    """A text of an element that may hold markup, as its type says."""
    value = of.get(key)
    if not isinstance(value, str):
        return ""
    return of_html(value) if _mapping(of, f"{key}_detail").get("type") in _MARKUP else value


def _body(entry: Entry) -> str:
    """The longest text among the contents, and before it the summary where that is no part of it."""
    texts = []
    contents = entry.get("content")
    for content in contents if isinstance(contents, list) else ():
        kind, value = content.get("type") or "", content.get("value")
        if isinstance(value, str) and kind.startswith(("text/", "application/xhtml")):
            texts.append(tidy(of_html(value) if kind in _MARKUP else value))
    return introduced(max(texts, key=len, default=""), tidy(plain(_prose(entry, "summary"))))


def _language(entry: Entry) -> str:
    """What xml:lang or dc:language of the entry says."""
    contents = entry.get("content")
    parts = [entry, *(contents if isinstance(contents, list) else ()), _mapping(entry, "title_detail")]
    return next((language for part in parts if (language := _said(part, "language"))), "")


def _authors(entry: Entry) -> tuple[str, ...]:
    """The names of the authors; of one who has none, the address."""
    found: dict[str, None] = {}
    authors = entry.get("authors")
    # feedparser cuts "ed@paper.example (Ed Hall)" in the middle where the domain's last part is a long one.
    named = _ADDRESSED.fullmatch(_said(entry, "author"))
    if named and isinstance(authors, list) and len(authors) == 1:
        return (one_line(named.group(1) or named.group(2)),)
    for author in authors if isinstance(authors, list) else ():
        name = _said(author, "name") or _said(author, "email")
        if name:
            found[name] = None
    if not found and _said(entry, "author"):
        found[_said(entry, "author")] = None
    return tuple(found)


def _section(entry: Entry) -> str:
    found: dict[str, None] = {}
    tags = entry.get("tags")
    for tag in tags if isinstance(tags, list) else ():
        name = _said(tag, "label") or _said(tag, "term")
        if name:
            found[name] = None
    return ", ".join(found)
