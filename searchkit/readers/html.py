"""What does a saved page say? trafilatura finds the article's text, the page itself states its title, day and author.

The tree is made once and handed to trafilatura. Whatever is no text (scripts, styles, drawings) is taken out of it
first, since trafilatura copies the tree several times.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

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
_MOST_TAGS = 150_000
_MOST_ATTRIBUTES = 500

_DATA = re.compile(r"data:[a-z]{1,20}/[a-z0-9.+-]{1,60};base64,[A-Za-z0-9+/=%\s]{64,}", re.IGNORECASE)
_INERT = re.compile(r"(?is)<(style|svg)\b[^>]*>(?:(?!</\1).)*</\1\s*>")
_NO_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TAG = re.compile(r"""<[A-Za-z][^\s/>"']*+(?:[^"'>]++|"[^"]*+"|'[^']*+')*+""")
_LONG_TAG = 4096
_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
_NO_TEXT = ("style", "svg", "template", "link", "object", "canvas", "map")
_SHORT = 250
_TOO_DEEP = "Excessive depth"

_OPTIONS = Extractor(output_format="python", comments=False)


def read_html(source: Source) -> Iterator[Article | Problem]:
    """The one article of a saved page; a Problem for one that has no text."""
    data = source.stream.read(RECORD_LIMIT + 1)
    if len(data) > RECORD_LIMIT:
        raise UnreadableError(f"is larger than {RECORD_LIMIT_WORDS}, more than one article can be", "limit")
    yield from page_items(source, data, source.origin(), source.name)


def page_items(
    source: Source, data: bytes, origin: Origin, name: str, *, charset: str = "", url: str = ""
) -> Iterator[Article | Problem]:
    """What a page gives that stands in ``source`` at ``origin``.

    ``name`` becomes its id. ``charset`` and ``url`` are what is known of it from outside: a header, a record.
    """
    try:
        yield from _page(source, data, origin, name, charset, url)
    except UnreadableError as error:
        yield Problem(origin, error.reason, kind=error.kind)


def _page(source: Source, data: bytes, origin: Origin, name: str, charset: str, url: str) -> Iterator[Article | Problem]:
    text = page_text(data, charset)
    came_from = url or saved_from(text)
    tree = _tree(text)
    path = source.inside or source.name
    facts = page_facts(tree, came_from, path, source.settings.dates)
    body = _body(tree, facts.title, facts.body)
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
    parser = HTMLParser(
        collect_ids=False, default_doctype=False, encoding="utf-8", remove_comments=True, remove_pis=True,
        no_network=True, huge_tree=False,
    )  # fmt: skip
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
    if len(text) > 1 << 20:
        text = _INERT.sub("", text)
    if len(text) > _MARKUP_LIMIT or text.count("<") > _MOST_TAGS:
        raise UnreadableError(f"is a page of more than {_MARKUP_LIMIT >> 20} MiB or {_MOST_TAGS:,} tags", "limit")
    for tag in _TAG.finditer(text):
        if tag.end() - tag.start() > _LONG_TAG:
            written = _QUOTED.sub("", tag.group())
            # The parser takes time in the square of their number.
            if len(re.findall(r"[\s/]+[^\s/]", written)) > _MOST_ATTRIBUTES:
                raise UnreadableError(f"has a tag of more than {_MOST_ATTRIBUTES} attributes", "limit")
    return text


def _body(tree: HtmlElement, title: str, stated: str) -> str:
    """The text of the article: what trafilatura finds, or what the page states where that is little."""
    is_forum = any("DiscussionForumPosting" in (script.text or "") for script in tree.iter("script"))
    etree.strip_elements(tree, *_NO_TEXT, *(() if is_forum else ("script",)), with_tail=False)
    try:
        document = bare_extraction(tree, options=_OPTIONS)
    except (MemoryError, RecursionError):
        raise
    except Exception:  # whatever a library that guesses may raise on a strange page
        document = None
    found = (getattr(document, "text", "") or "") if document is not None else ""
    body = _paragraphs(found, title)
    if stated and len(body) < _SHORT and len(stated) > len(body):
        body = tidy(plain(stated)) or body
    return body


def _paragraphs(text: str, title: str) -> str:
    """trafilatura's lines as paragraphs; rows of lists and tables stay together, a repeated title goes."""
    parts: list[str] = []
    row = False
    for line in text.split("\n"):
        line = line.strip()
        if not line or (not parts and one_line(line) == title):
            continue
        is_row = line.startswith(("- ", "|"))
        parts.append(("\n" if is_row and row else "\n\n") + line)
        row = is_row
    return tidy("".join(parts))
