"""What does a Reuters-21578 file say? A thousand stories of 1987, each in a <REUTERS> element of SGML.

The collection and its marks are described in its own README by David D. Lewis. It is Latin-1, its
stories end in a signature ("Reuter"), and a paragraph begins where a line is indented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from searchkit.article import Article, Problem
from searchkit.readers.dates import civil_day, no_day
from searchkit.readers.elements import elements
from searchkit.readers.format import Source, UnreadableError
from searchkit.readers.markup import attributes, tokens
from searchkit.readers.prose import clean, one_line, tidy

# Some dates are followed by codes of the wire: "26-MAR-1987 18:04:27.53F".
_WIRE_CODES = re.compile(r"(?<=[0-9])[A-Z ]+$")
_SIGNATURE = re.compile(r"(?:^|\n)[ \t]*reuter[ \t.]*$", re.IGNORECASE)
_BY = re.compile(r"by\s+", re.IGNORECASE)
_ITS_AGENCY = re.compile(r",\s*reuters?\.?$", re.IGNORECASE)

# What the collection prints in the place of a text that it does not have.
_NO_TEXT = "Blah blah blah."

_FIELDS = frozenset(("date", "topics", "title", "author", "dateline", "body", "text"))


def read_reuters(source: Source) -> Iterator[Article | Problem]:
    """One article an element; UnreadableError for SGML that holds no such element."""
    number = 0
    for number, element in enumerate(elements(source, "REUTERS", "a story"), start=1):
        yield from _article(source, number, element)
    if not number:
        raise UnreadableError("is SGML, but holds no story of Reuters-21578", "format")


def _article(source: Source, number: int, element: str) -> Iterator[Article | Problem]:
    origin = source.origin(f"record {number}")
    story = _Story(element)
    title = one_line(story.said("title"))
    body = _paragraphs(story)
    if not title and not body:
        yield Problem(origin, "holds no text", kind="empty")
        return
    stated = _WIRE_CODES.sub("", story.said("date").strip())
    date = civil_day(" ".join(stated.split()))
    if stated and not date:
        yield Problem(origin, no_day(stated), kept=True, kind="date")
    author = _ITS_AGENCY.sub("", _BY.sub("", one_line(story.said("author")), count=1))
    new_id = story.attributes.get("newid", "").strip()
    yield Article(
        id=f"reuters-{new_id}" if new_id else source.numbered(number),
        title=title,
        body=body,
        date=date,
        source="Reuters",
        authors=(author,) if author else (),
        section=", ".join(one_line(topic) for topic in story.topics),
        language="en",
        origin=origin,
    )


class _Story:
    """What stands in the fields of one element; whatever is in <TEXT> alone is the field "text"."""

    def __init__(self, element: str) -> None:
        self.attributes: dict[str, str] = {}
        self.topics: list[str] = []
        self.form = ""
        self._said: dict[str, list[str]] = {}
        field = ""
        for token in tokens(element):
            if token.name == "reuters" and not token.closes:
                self.attributes = attributes(token.text)
            elif token.name in _FIELDS:
                if token.name == "text" and not token.closes:
                    self.form = attributes(token.text).get("type", "").upper()
                inside = "text" if token.name in ("title", "author", "dateline", "body") else ""
                field = inside if token.closes else token.name
            elif token.name:
                if token.name == "unknown":
                    field = ""
            elif field == "topics":
                if token.text.strip():
                    self.topics.append(token.text)
            elif field:
                self._said.setdefault(field, []).append(token.text)

    def said(self, field: str) -> str:
        """The text of a field, as it stands there."""
        return "".join(self._said.get(field, ()))


def _paragraphs(story: _Story) -> str:
    body = clean(story.said("body") or story.said("text").lstrip("*\n\x02 "))
    body = _SIGNATURE.sub("", body.rstrip()).rstrip()
    if body.strip() == _NO_TEXT:
        return ""
    dateline = one_line(story.said("dateline"))
    # A line with a smaller indent is a row of a table, and so is every line of an unprocessed text.
    table = story.form == "UNPROC"
    pieces = [dateline]
    for line in body.split("\n"):
        if line.startswith("    ") or not line.strip():
            pieces.append("\n\n")
        elif table or line.startswith(" "):
            pieces.append("\n")
        else:
            pieces.append(" ")
        pieces.append(line.strip())
    return tidy("".join(pieces))
