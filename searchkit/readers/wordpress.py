"""What does an export of WordPress (WXR) say? Its published posts and pages, read as a stream: sites are large.

Sites have kinds of posts of their own ("news", "review"), which are articles as well; what WordPress and its
builders keep as posts for their own ends (menus, templates, revisions) is not.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterator
from typing import cast

from lxml import etree

from searchkit.article import Article, Problem
from searchkit.readers.dates import civil_day, no_day
from searchkit.readers.decoding import chunks
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, Source, UnreadableError
from searchkit.readers.prose import one_line, tidy
from searchkit.readers.xml_text import of_html

# An item, or whatever else stands in the channel, is held as a whole, and empty elements are cheap to write.
_MOST_ELEMENTS = 200_000

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_DECLARATION = re.compile(r"\A\s*(?:<\?xml[^>]{0,400}\?>)?\s*")
_NO_DAY = "0000-00-00"

_OWN_ENDS = re.compile(
    r"attachment|revision|nav_menu_item|custom_css|customize_changeset|oembed_cache|user_request|feedback|"
    r"(?:wp|acf|elementor|et|vc|jp)[_-].*"
)
_WORDS = {
    "attachment": ("attachment", "attachments"),
    "revision": ("revision", "revisions"),
    "nav_menu_item": ("menu item", "menu items"),
    "draft": ("draft", "drafts"),
    "auto-draft": ("draft", "drafts"),
    "pending": ("post to be reviewed", "posts to be reviewed"),
    "future": ("post for later", "posts for later"),
    "private": ("private post", "private posts"),
    "behind a password": ("post behind a password", "posts behind a password"),
    "trash": ("post in the trash", "posts in the trash"),
}

# Shortcodes that stand for something else than text, with what is between their tags.
_EMBEDDED = re.compile(r"\[(embed|audio|video|playlist|gallery)\b[^\[\]]*\][^\[\]]*\[/\1\]", re.IGNORECASE)
_SHORTCODE = re.compile(r"\[(/?)([A-Za-z][A-Za-z0-9_-]{1,40})((?:\s[^\[\]]{0,2000})?)(/?)\]")
_ALWAYS = frozenset(("caption", "wp_caption", "gallery", "playlist", "audio", "video", "embed", "more", "nextpage"))

Item = dict[str, str]


def read_wordpress(source: Source) -> Iterator[Article | Problem]:
    """One article a published post or page; one Problem with ``kept`` counts what is left out.

    UnreadableError for XML that is damaged or declares entities, and for an export without a published post.
    """
    export = _Export(source)
    for element in _parts(source):
        yield from export.take(element)
    left_out = export.left_out()
    if not export.count:
        raise UnreadableError(f"holds no published post{f' ({left_out})' if left_out else ''}", "empty")
    if left_out:
        yield Problem(source.origin(), f"is read without {left_out}", kept=True, kind="empty")


def _parts(source: Source) -> Iterator[etree._Element]:
    """What stands in the channel, one element after the other; each is let go when the next is asked for."""
    parser = etree.XMLPullParser(
        events=("start", "end"), encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False,
        dtd_validation=False, huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    depth = elements = size = 0
    for piece in _pieces(source):
        size += len(piece)
        _fed(parser, piece)
        for event, element in cast(Iterator[tuple[str, etree._Element]], parser.read_events()):
            if event == "start":
                depth += 1
                elements += 1
                if depth == 1:
                    _refuse_entities(element)
                continue
            depth -= 1
            # Depth 2 are the children of <channel>.
            if depth == 2:
                yield element
            if depth <= 2:
                element.clear()
                parent = element.getparent()
                if parent is not None:
                    del parent[: parent.index(element)]
                elements = size = 0
        if elements > _MOST_ELEMENTS or size > RECORD_LIMIT:
            raise UnreadableError(
                f"has an item of more than {RECORD_LIMIT_WORDS} or {_MOST_ELEMENTS:,} elements", "limit"
            )
    if depth:
        raise UnreadableError("ends in the middle of the export")


def _pieces(source: Source) -> Iterator[bytes]:
    for number, text in enumerate(chunks(source.stream)):
        # What the declaration says of the encoding holds no more.
        yield _NOT_XML.sub("", text if number else _DECLARATION.sub("", text, count=1)).encode("utf-8", "replace")


def _fed(parser: etree.XMLPullParser, piece: bytes) -> None:
    try:
        parser.feed(piece)
    except etree.XMLSyntaxError as error:
        raise UnreadableError(f"is damaged XML ({one_line(str(error.msg or error)).lower()[:200]})") from error


def _refuse_entities(root: etree._Element) -> None:
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):  # type: ignore[attr-defined]
        raise UnreadableError("declares entities of its own, which is not safe to read", "format")


class _Export:
    """The channel so far: what it says of itself and of its authors, and how much of it was left out."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._title = ""
        self._language = ""
        self._names: dict[str, str] = {}
        self._left: Counter[str] = Counter()
        self._number = 0
        self.count = 0

    def take(self, element: etree._Element) -> Iterator[Article | Problem]:
        """What an element of the channel gives."""
        name = _local(element)
        if name == "title":
            self._title = one_line(of_html(_all(element)))
        elif name == "language":
            self._language = one_line(_all(element))
        elif name == "author":
            said = {_local(child): one_line(_all(child)) for child in element}
            self._names[said.get("author_login", "")] = said.get("author_display_name", "")
        elif name == "item":
            self._number += 1
            yield from self._item(element)

    def left_out(self) -> str:
        """What was left out, counted: "2 drafts, 1 revision"."""
        return ", ".join(
            f"{count:,} {_WORDS.get(kind, (f'{kind}', f'{kind}'))[count > 1]}"
            for kind, count in self._left.most_common()
        )

    def _item(self, element: etree._Element) -> Iterator[Article | Problem]:
        item, categories = _said(element)
        reason = _left_out(item)
        if reason:
            self._left[reason] += 1
            return
        origin = self._source.origin(f"record {self._number}")
        title = one_line(of_html(item.get("title", "")))
        body = _prose(item.get("content", "")) or _prose(item.get("excerpt", ""))
        self.count += 1
        if not title and not body:
            yield Problem(origin, "holds no text", kind="empty")
            return
        notes: list[tuple[str, str]] = []
        date, doubtful = _date(item, notes)
        if doubtful:
            yield Problem(origin, no_day(doubtful), kept=True, kind="date")
        login = one_line(item.get("creator", ""))
        author = self._names.get(login) or login
        url = one_line(item.get("link", ""))
        own = one_line(item.get("post_id", ""))
        yield Article(
            id=one_line(item.get("guid", ""))
            or url
            or (f"{self._source.name}#{own}" if own else self._source.numbered(self._number)),
            title=title,
            body=body,
            date=date,
            source=self._title,
            authors=(author,) if author else (),
            section=", ".join(categories),
            url=url,
            language=self._language,
            origin=origin,
            notes=tuple(notes),
        )


def _local(element: etree._Element) -> str:
    """The name without its namespace, or without its prefix where nothing declares that."""
    return re.split("[}:]", element.tag)[-1] if isinstance(element.tag, str) else ""


def _all(element: etree._Element) -> str:
    return "".join(str(text) for text in element.itertext())


def _said(element: etree._Element) -> tuple[Item, list[str]]:
    """What the children of an item say by their names, and its categories."""
    item: Item = {}
    categories: dict[str, None] = {}
    for child in element:
        name = _local(child)
        if name == "encoded":
            name = "excerpt" if "excerpt" in str(child.tag) else "content"
        if name != "category":
            item.setdefault(name, _all(child))
        elif child.get("domain", "category") == "category":
            category = one_line(_all(child))
            if category:
                categories[category] = None
    return item, list(categories)


def _left_out(item: Item) -> str:
    """Why an item is no article: its kind or its status, or ''."""
    kind = one_line(item.get("post_type", "post")).lower()
    status = one_line(item.get("status", "publish")).lower()
    if _OWN_ENDS.fullmatch(kind):
        return kind
    if status != "publish":
        return status
    return "behind a password" if item.get("post_password", "").strip() else ""


def _date(item: Item, notes: list[tuple[str, str]]) -> tuple[datetime.date | None, str]:
    """The day in the site's own time zone, or what is stated instead of one; pubDate is in UTC."""
    stated = one_line(item.get("post_date", ""))
    if not stated or stated.startswith(_NO_DAY):
        stated = one_line(item.get("pubDate", ""))
        if civil_day(stated):
            notes.append(("date from", "pubDate"))
    date = civil_day(stated)
    return date, "" if date else stated


def _prose(content: str) -> str:
    """The text of a post without shortcodes, in whose place a theme or a plugin would have put something."""
    if "[" in content:
        content = _EMBEDDED.sub("", content)
        closed = {found.group(2).lower() for found in _SHORTCODE.finditer(content) if found.group(1)} | _ALWAYS

        def without(found: re.Match[str]) -> str:
            # "[sic]" and "[emphasis added]" are the author's own.
            is_code = found.group(2).lower() in closed or "=" in found.group(3) or found.group(4)
            return "" if is_code else found.group()

        content = _SHORTCODE.sub(without, content)
    return tidy(of_html(content))
