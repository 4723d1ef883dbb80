"""What does a saved page say? trafilatura finds the article's text, the page itself states its title, day and author.

The tree is made once and handed to trafilatura. Whatever is no text (scripts, styles, drawings) is taken out of it
first, since trafilatura copies the tree several times.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import cast

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from trafilatura import bare_extraction
from trafilatura.settings import Extractor

from searchkit.article import Article, Origin, Problem
from searchkit.readers.dates import no_day
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, Source, UnreadableError
from searchkit.readers.markup import plain
from searchkit.readers.page_encoding import page_text
from searchkit.readers.page_facts import page_facts, saved_from
from searchkit.readers.prose import one_line, tidy

# What goes wrong with a page is said in a Problem, and trafilatura's warnings would say it a second time.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("readability").setLevel(logging.CRITICAL)

_MARKUP_LIMIT = 8 << 20
_MOST_TAGS = 80_000
_MOST_ATTRIBUTES = 500

_DATA = re.compile(r"data:[a-z]{1,20}/[a-z0-9.+-]{1,60};base64,[A-Za-z0-9+/=%\s]{64,}", re.IGNORECASE)
_NO_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Scripts, styles and comments are skipped, as a parser skips them; one that is not closed ends the page.
_TAG = re.compile(
    r"""<!--(?:-?>|.*?(?:--!?>|\Z))|<(script|style|textarea|title)\b[^>]*>.*?(?:</\1|\Z)"""
    r"""|<[A-Za-z][^\s/>"']*+(?:[^"'>]++|"[^"]*+"|'[^']*+')*+""",
    re.IGNORECASE | re.DOTALL,
)
_LONG_TAG = 4096
_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
# None of these holds a piece of an article: trafilatura would walk over them and drop them, several times.
_NO_TEXT = (
    *("style", "svg", "template", "link", "meta", "object", "canvas", "map", "nav", "noscript", "iframe", "button"),
    *("select", "input", "video", "audio", "img", "source"),
)
# A caption is what stands in a figure, and what WordPress has long written around a picture.
_FIGURES = etree.XPath(
    "//figure[.//figcaption][not(ancestor::figure)]"
    "|//div[contains(concat(' ', @class, ' '), ' wp-caption ')][not(ancestor::figure)]"
)
_CAPTIONS = etree.XPath(".//figcaption|.//*[contains(concat(' ', @class, ' '), ' wp-caption-text ')]")
_SHORT = 250
_TOO_DEEP = "Excessive depth"

_OPTIONS = Extractor(output_format="python", comments=False)
# The second opinions that trafilatura takes cost time in the square of the elements.
_QUICK_OPTIONS = Extractor(output_format="python", comments=False, fast=True)
_QUICK_FROM = 10_000


def read_html(source: Source) -> Iterator[Article | Problem]:
    """The one article of a saved page; a Problem for one that has no text."""
    data = source.stream.read(RECORD_LIMIT + 1)
    if len(data) > RECORD_LIMIT:
        raise UnreadableError(f"is larger than {RECORD_LIMIT_WORDS}, more than one article can be", "limit")
    yield from page_items(source, data, source.origin(), source.name, path=source.name)


def page_items(
    source: Source, data: bytes, origin: Origin, name: str, *, charset: str = "", url: str = "", path: str = ""
) -> Iterator[Article | Problem]:
    """What a page gives that stands in ``source`` at ``origin``.

    ``name`` becomes its id. ``charset`` and ``url`` are what is known of it from outside: a header, a record.
    ``path`` is the path of the page itself, which may name its day.
    """
    try:
        yield from _page(source, data, origin, name, (charset, url, path))
    except UnreadableError as error:
        yield Problem(origin, error.reason, kind=error.kind)


def _page(
    source: Source, data: bytes, origin: Origin, name: str, known: tuple[str, str, str]
) -> Iterator[Article | Problem]:
    charset, url, path = known
    text = page_text(data, charset)
    came_from = url or saved_from(text)
    tree = _tree(text)
    facts = page_facts(tree, came_from, path, source.settings.dates)
    body = _body(tree, facts.titles, facts.body)
    if not body:
        raise UnreadableError("holds no text of an article", "empty")
    if facts.doubtful:
        yield Problem(origin, no_day(facts.doubtful), kept=True, kind="date")
    yield Article(
        id=name,
        title=one_line(facts.title),
        body=body,
        date=facts.date,
        source=one_line(facts.source),
        authors=facts.authors,
        section=one_line(facts.section),
        url=url or facts.url,
        language=facts.language,
        origin=origin,
        notes=facts.notes,
    )


def _tree(text: str) -> HtmlElement:
    """The tree of a page; UnreadableError for one that no browser would show."""
    if _NO_CHARACTER.search(text):
        text = _NO_CHARACTER.sub("", text)
    if len(text) > 1 << 17:
        text = _light(text)
    # Entities that a page declares are not expanded by this parser, and no DTD is loaded.
    parser = HTMLParser(
        collect_ids=False, encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=False
    )
    try:
        tree = document_fromstring(text.encode(), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise UnreadableError("holds no text of an article", "empty") from error
    if any(_TOO_DEEP in entry.message for entry in parser.error_log):
        raise UnreadableError("is nested too deeply", "limit")
    return tree


def _light(text: str) -> str:
    """A large page without pictures in it; UnreadableError where it is still larger than a page of news can be."""
    text = _DATA.sub("", text)
    if len(text) > _MARKUP_LIMIT or text.count("<") > _MOST_TAGS:
        raise UnreadableError(f"is a page of more than {_MARKUP_LIMIT >> 20} MiB or {_MOST_TAGS:,} tags", "limit")
    for tag in _TAG.finditer(text):
        if tag.end() - tag.start() > _LONG_TAG and not tag.group(1) and not tag.group().startswith("<!"):
            written = _QUOTED.sub("", tag.group())
            # The parser takes time in the square of their number.
            if len(re.findall(r"[\s/]+[^\s/]", written)) > _MOST_ATTRIBUTES:
                raise UnreadableError(f"has a tag of more than {_MOST_ATTRIBUTES} attributes", "limit")
    return text


def _body(tree: HtmlElement, titles: frozenset[str], stated: str) -> str:
    """The text of the article: what trafilatura finds, or what the page states where that is little."""
    is_forum = any("DiscussionForumPosting" in (script.text or "") for script in tree.iter("script"))
    etree.strip_elements(tree, *_NO_TEXT, *(() if is_forum else ("script",)), with_tail=False)
    _show_captions(tree)
    try:
        is_large = tree.xpath("count(.//*)") > _QUICK_FROM
        if is_large:
            # trafilatura takes time in the square of what one paragraph holds, and none holds paragraphs.
            for paragraph in cast("list[HtmlElement]", tree.xpath("//p[.//p]")):
                paragraph.tag = "div"
        document = bare_extraction(tree, options=_QUICK_OPTIONS if is_large else _OPTIONS)
    except (MemoryError, RecursionError):
        raise
    except Exception:  # whatever a library that guesses may raise on a strange page
        document = None
    found = (getattr(document, "text", "") or "") if document is not None else ""
    body = _paragraphs(found, titles)
    if stated and len(body) < _SHORT and len(stated) > len(body):
        body = tidy(plain(stated)) or body
    return body


def _show_captions(tree: HtmlElement) -> None:
    """Leave of each picture its caption, as a paragraph: trafilatura drops a figure with all that is in it."""
    for figure in cast("list[HtmlElement]", _FIGURES(tree)):
        captions = [one_line(str(caption.text_content())) for caption in cast("list[HtmlElement]", _CAPTIONS(figure))]
        parent = figure.getparent()
        if parent is None:
            continue
        # A paragraph in a paragraph would be part of it.
        before = parent if parent.tag == "p" and parent.getparent() is not None else figure
        for caption in reversed([text for text in captions if text]):
            paragraph = etree.Element("p")
            paragraph.text = caption
            before.addnext(paragraph)
            # What is put behind an element comes between it and its tail.
            paragraph.tail, before.tail = before.tail, None
        figure.drop_tree()


def _paragraphs(text: str, titles: frozenset[str]) -> str:
    """The lines of trafilatura as paragraphs; rows of lists and tables stay together, a repeated title goes."""
    parts: list[str] = []
    row = False
    for line in map(str.strip, text.split("\n")):
        if not line or (not parts and one_line(line) in titles):
            continue
        is_row = line.startswith(("- ", "|"))
        parts.append(("\n" if is_row and row else "\n\n") + line)
        row = is_row
    return tidy("".join(parts))
