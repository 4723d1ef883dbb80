"""What does a page say that a browser saved in one file? Its first part of HTML, in a mail of related parts."""

from __future__ import annotations

import email
from collections.abc import Iterator
from email.message import Message

from searchkit.article import Article, Problem
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, Source, UnreadableError
from searchkit.readers.html import page_items
from searchkit.readers.mail import MAIL_FAULTS, charset_of, content_of
from searchkit.readers.prose import one_line

_PAGES = ("text/html", "application/xhtml+xml")


def read_mhtml(source: Source) -> Iterator[Article | Problem]:
    """The one article of the file; UnreadableError where no part is a page."""
    data = source.stream.read(RECORD_LIMIT + 1)
    if len(data) > RECORD_LIMIT:
        raise UnreadableError(f"is larger than {RECORD_LIMIT_WORDS}, more than one article can be", "limit")
    try:
        message = email.message_from_bytes(data)
        page = next((part for part in message.walk() if part.get_content_type() in _PAGES), None)
        if page is None:
            raise UnreadableError("holds no part that is a page", "empty")
        content, charset, url = content_of(page), charset_of(page), _url(message, page)
    except MAIL_FAULTS as error:
        raise UnreadableError("is no sound MHTML") from error
    yield from page_items(source, content, source.origin(), source.name, charset=charset, url=url, path=source.name)


def _url(message: Message, page: Message) -> str:
    """Where the page came from; browsers of old wrote the path of the file there."""
    for part, header in (
        (message, "Snapshot-Content-Location"),
        (page, "Content-Location"),
        (message, "Content-Location"),
    ):
        url = "".join(str(part.get(header, "")).split())
        if url.lower().startswith(("http://", "https://")):
            return one_line(url)
    return ""
