"""What is attached to a mail? A text that is read as if it lay there alone, or something that is only named.

A press release comes as a file in a mail of two lines, and whoever looks for its words wants to find it: so a text
is an article of its own, of the mail's day where it states none. Programs attach texts too (signatures, the footers
of lists, calendars): these are only named.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import replace
from functools import cached_property

from searchkit.article import Article, Problem
from searchkit.readers.decoding import SAMPLE_SIZE, refuse_binary
from searchkit.readers.format import Format, Source, UnreadableError
from searchkit.readers.recognition import recognized

_PLAIN = frozenset(("plain text", "Markdown"))
_READ = frozenset(("HTML", "PDF", "Word document", "RTF", *_PLAIN))
_PLAIN_TYPES = frozenset(("text/plain", "text/markdown", "application/octet-stream"))
# Outlook makes files of what other programs wrote into the mail itself.
_MADE_BY_PROGRAMS = re.compile(r"att[0-9]{3,}\.(?:txt|html?)|winmail\.dat|smime\.p7s", re.IGNORECASE)


class Attachment:
    """A part of a mail that is attached to it: its name, its media type and its content."""

    def __init__(self, name: str, kind: str, content: bytes) -> None:
        self.name = name
        self._kind = kind
        self._content = content

    @cached_property
    def _format(self) -> Format | None:
        sample = self._content[:SAMPLE_SIZE]
        if not sample or _MADE_BY_PROGRAMS.fullmatch(self.name):
            return None
        try:
            row = recognized(self.name, sample)
            if row.name in _PLAIN:
                refuse_binary(sample)
        except UnreadableError:
            return None
        if row.name in _PLAIN and self._kind not in _PLAIN_TYPES:
            return None
        return row if row.name in _READ else None

    @property
    def is_text(self) -> bool:
        """Whether it is an article of its own."""
        return self._format is not None

    @property
    def is_heavy(self) -> bool:
        """Whether reading it takes milliseconds."""
        return self._format is not None and self._format.heavy

    def items(self, source: Source, mail: Article, name: str) -> Iterator[Article | Problem]:
        """What it gives: it stands in ``source`` where the mail does, which is called ``name`` if it has no id."""
        row = self._format
        if row is None:
            return
        part = attached_to(mail, source, self.name, self._content, name)
        try:
            for item in row.read(part):
                yield self._of(item, mail, row) if isinstance(item, Article) else item
        except UnreadableError as error:
            yield Problem(part.origin(), error.reason, kind=error.kind)

    def _of(self, article: Article, mail: Article, row: Format) -> Article:
        if row.heavy:
            from searchkit.readers.language_detection import with_language  # its library takes a second to load

            article = with_language(article)
        return belonging(article, mail)


def belonging(article: Article, mail: Article) -> Article:
    """The article, with what there is to say of it as a part of a mail; it is of the mail's day if it states none."""
    notes = (*article.notes, ("attached to", mail.title or mail.id))
    if article.date or not mail.date:
        return replace(article, notes=notes)
    return replace(article, date=mail.date, notes=(*notes, ("date from", "the mail")))


def attached_to(mail: Article, source: Source, name: str, content: bytes, mail_name: str) -> Source:
    """What is attached to a mail under ``name``, as a document of its own.

    The mail stands in ``source``, and is called ``mail_name`` if it has no id.
    """
    place = mail.origin.place.removeprefix(source.inside).removeprefix(", ")
    here = f"{place}, attached {name}" if place else f"attached {name}"
    return source.part(content, here, f"{mail.id or mail_name}/{name}")


def unlike(name: str, others: Container[str]) -> str:
    """The name, or one like it that is none of the others."""
    found, count = name, 1
    while found in others:
        count += 1
        found = f"{name} ({count})"
    return found
