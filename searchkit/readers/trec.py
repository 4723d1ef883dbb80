"""What does a file of TREC say? Newswire of the ad hoc collections and of Gigaword, each story in a <DOC> of SGML.

The papers mark their stories up each in its own way: AP, Wall Street Journal, Financial Times, Los Angeles Times,
San Jose Mercury News, FBIS, Ziff, and the New York Times, AP and Xinhua of AQUAINT and Gigaword. The number of a
story tells its paper and, for some, its day.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import NamedTuple

from searchkit.article import Article, Problem
from searchkit.readers.dates import civil_day, no_day, settled_day
from searchkit.readers.elements import elements
from searchkit.readers.format import Source, UnreadableError
from searchkit.readers.markup import attributes, tokens
from searchkit.readers.prose import clean, one_line, tidy

# The elements that speak for a field, in the papers' several dialects.
_FIELDS = {
    name: field
    for field, names in {
        "id": "docno",
        "title": "head hl headline title ti h3",
        "body": "lp leadpara text graphic caption",
        "summary": "summary abstract",
        "date": "date dd date1 date_time datetime pubdate",
        "byline": "byline author by",
        "dateline": "dateline",
        "source": "so pub journal",
        "section": "section",
        "slug": "slug",
    }.items()
    for name in names.split()
}
# What is in a document and is no text of it, where it has no element for its text.
_NO_TEXT = (
    "docid fileid first second doctype profile page header ht au f access descript dochdr dochead txttype correction "
    "correction-date in co gv ns type subject length cn st re keyword usdept agency parent doccategory trailer"
)
_ABOUT = frozenset(_NO_TEXT.split())
_INSIDE = frozenset(("p", "b", "i", "br", "em", "hr", "sub", "sup", "a", "span", "q", "font", "annotation"))


class _Paper(NamedTuple):
    """Whose stories have numbers that look so, and how the day stands in them."""

    number: re.Pattern[str]
    source: str
    language: str = "en"


_PAPERS = tuple(
    _Paper(re.compile(number), source)
    for number, source in (
        (r"AP(?P<day>[0-9]{6})-[0-9]+", "Associated Press"),
        (r"WSJ(?P<day>[0-9]{6})-[0-9]+", "The Wall Street Journal"),
        (r"LA(?P<us>[0-9]{6})-[0-9]+", "Los Angeles Times"),
        (r"FT[0-9]{3}-[0-9]+", "Financial Times"),
        (r"FBIS[0-9]-[0-9]+", "Foreign Broadcast Information Service"),
        (r"SJMN[0-9]{2}-[0-9]+", "San Jose Mercury News"),
        (r"NYT(?P<full>[0-9]{8})\.[0-9]+", "The New York Times"),
        (r"APW(?P<full>[0-9]{8})\.[0-9]+", "Associated Press"),
        (r"XIE(?P<full>[0-9]{8})\.[0-9]+", "Xinhua"),
        (r"NYT_ENG_(?P<full>[0-9]{8})\.[0-9]+", "The New York Times"),
        (r"APW_ENG_(?P<full>[0-9]{8})\.[0-9]+", "Associated Press"),
        (r"XIN_ENG_(?P<full>[0-9]{8})\.[0-9]+", "Xinhua"),
        (r"AFP_ENG_(?P<full>[0-9]{8})\.[0-9]+", "Agence France-Presse"),
        (r"LTW_ENG_(?P<full>[0-9]{8})\.[0-9]+", "Los Angeles Times/Washington Post"),
        (r"CNA_ENG_(?P<full>[0-9]{8})\.[0-9]+", "Central News Agency of Taiwan"),
        (r"WPB_ENG_(?P<full>[0-9]{8})\.[0-9]+", "The Washington Post/Bloomberg"),
    )
)
_NO_PAPER = _Paper(re.compile(""), "", "")

_SHORT = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})")
_WEEKDAY_AFTER = re.compile(r"([A-Za-z]+\.? [0-9]{1,2}, [0-9]{4}),? ([A-Za-z]+day)\b.*")
_SHORT_YEAR = re.compile(
    r"([0-9]{1,2}[/-][0-9]{1,2}[/-]|[0-9]{1,2} [A-Za-z]{3,9}\.? |[A-Za-z]{3,9}\.? [0-9]{1,2}, )([0-9]{2})"
)
_FILED = re.compile(r"FT +[0-9]{1,2} [A-Z]{3} [0-9]{2} */ *")
_BY = re.compile(r"by[:\s]\s*", re.IGNORECASE)
_POST = re.compile(
    r",? (?:staff|special|associated press|times staff) (?:reporter|writer|correspondent)s?\b.*", re.IGNORECASE
)
_RULE = re.compile(r"\s*@?\s*-{3,}\s*")
# What FBIS says of a broadcast before its text, which is a translation.
_BROADCAST = re.compile(r"\s*Language:\s+\w+\s+(?:Article Type:\s*\w+\s+)?")
_TABLE = re.compile(r"\S {3,}\S")


def read_trec(source: Source) -> Iterator[Article | Problem]:
    """One article a <DOC>; UnreadableError for SGML that holds no such element."""
    number = 0
    for number, element in enumerate(elements(source, "DOC", "a document"), start=1):
        yield from _article(source, number, element)
    if not number:
        raise UnreadableError("is SGML, but holds no <DOC> of TREC", "format")


def _article(source: Source, number: int, element: str) -> Iterator[Article | Problem]:
    origin = source.origin(f"record {number}")
    story = _Story(element)
    own_id = story.line("id") or one_line(story.attributes.get("id", ""))
    paper, day = _paper(own_id)
    heads = story.lines("title")
    # The Journal puts the writer below its headline, behind a rule.
    title, *below = _RULE.split(_FILED.sub("", heads[0]).replace("@ ", " ")) if heads else [""]
    texts = [_BROADCAST.sub("", text, count=1) if own_id.startswith("FBIS") else text for text in story.body()]
    body = tidy("\n\n".join(_paragraphs(text) for text in (*story.texts("dateline")[:1], *texts)))
    if not title and not body:
        yield Problem(origin, "holds no text", kind="empty")
        return
    notes: list[tuple[str, str]] = []
    stated = story.line("date")
    date, words = _date(stated, day, source.settings.dates)
    if stated and not date:
        yield Problem(origin, no_day(stated), kept=True, kind="date")
    if words:
        notes.append(("date settled", words))
    if not stated and day:
        date = day
        notes.append(("date from", "the number of the document"))
    if story.line("slug"):
        notes.append(("slugline", story.line("slug")))
    yield Article(
        id=own_id or source.numbered(number),
        title=one_line(title),
        body=body,
        date=date,
        source=story.line("source") or paper.source,
        authors=_authors(story.lines("byline") or [part for part in map(one_line, below) if _BY.match(part)]),
        section=story.line("section").partition(";")[0],
        language=paper.language,
        origin=origin,
        notes=tuple(notes),
    )


class _Story:
    """What stands in the elements of one document, each time that it has one."""

    def __init__(self, element: str) -> None:
        self.attributes: dict[str, str] = {}
        self._said: dict[str, list[list[str]]] = {}
        self._rest: list[str] = []
        # The element that is open, and the field it speaks for: what lies within it belongs to it.
        opened, field, about = "", "", ""
        for token in tokens(element):
            if not token.name:
                if field:
                    self._said[field][-1].append(token.text)
                elif not about:
                    self._rest.append(token.text)
            elif token.name == "doc":
                self.attributes = self.attributes or attributes(token.text)
            elif token.name in _INSIDE:
                piece = "\n\n" if token.name in ("p", "br", "hr") else ""
                (self._said[field][-1] if field else self._rest).append(piece)
            elif token.name in _FIELDS and not (
                field == "body" and token.name in ("by", "so", "ti", "h3", "caption")
            ):
                opened, field = ("", "") if token.closes else (token.name, _FIELDS[token.name])
                if field:
                    self._said.setdefault(field, []).append([])
            elif token.name in _ABOUT and not opened:
                about = "" if token.closes else token.name

    def texts(self, field: str) -> list[str]:
        """What each element of a field says, as it stands there."""
        joined = ["".join(pieces) for pieces in self._said.get(field, ())]
        return [text for text in joined if text.strip()]

    def lines(self, field: str) -> list[str]:
        """What each element of a field says, on one line."""
        return [one_line(text) for text in self.texts(field)]

    def line(self, field: str) -> str:
        """What the first element of a field says, on one line."""
        return next(iter(self.lines(field)), "")

    def body(self) -> list[str]:
        """The texts of the body; without one, the summary, or whatever stands in no known element."""
        return self.texts("body") or self.texts("summary") or ["".join(self._rest)]


def _paper(own_id: str) -> tuple[_Paper, datetime.date | None]:
    """Whose story has this number, and the day that it tells."""
    for paper in _PAPERS:
        found = paper.number.fullmatch(own_id)
        if not found:
            continue
        told = found.groupdict()
        if told.get("us"):
            month_first = told["us"]
            return paper, _short_day(month_first[4:] + month_first[:4])
        return paper, _short_day(told["day"]) if told.get("day") else civil_day(told.get("full") or "")
    return _NO_PAPER, None


def _date(stated: str, day: datetime.date | None, dates: str) -> tuple[datetime.date | None, str]:
    """The day that a document states, and how its order was settled; ``day`` is what its number tells."""
    weekday_after = _WEEKDAY_AFTER.fullmatch(stated)
    if weekday_after:
        stated = f"{weekday_after.group(2)}, {weekday_after.group(1)}"
    short = _SHORT_YEAR.fullmatch(stated)
    if short:
        stated = f"{short.group(1)}{_century(int(short.group(2)))}"
    date = _short_day(stated) or civil_day(stated)
    if date or not stated:
        return date, ""
    if day and day in (civil_day(stated, "dmy"), civil_day(stated, "mdy")):
        return day, f"'{stated}' read as the number of the document has it"
    return settled_day(stated, dates)


def _short_day(text: str) -> datetime.date | None:
    """The day of YYMMDD, as TREC's collections write it."""
    found = _SHORT.fullmatch(text)
    return civil_day(f"{_century(int(found.group(1)))}{found.group(2)}{found.group(3)}") if found else None


def _century(year: int) -> int:
    return year + (1900 if year >= 50 else 2000)


def _authors(lines: list[str]) -> tuple[str, ...]:
    """The names; what else a byline says (a post, a paper) stands in lines without "By", or behind the name."""
    signed = [line for line in lines if _BY.match(line)] or lines
    names = [_POST.sub("", _BY.sub("", line, count=1)).rstrip(" .;,") for line in signed]
    return tuple(dict.fromkeys(name for name in names if name))


def _paragraphs(text: str) -> str:
    """Lines joined: a blank line or an indented one begins a paragraph, columns keep their lines."""
    pieces: list[str] = []
    for line in clean(text).split("\n"):
        if not line.strip():
            pieces.append("\n\n")
            continue
        table = _TABLE.search(line.strip())
        pieces.append("\n" if table else "\n\n" if line.startswith(("  ", "\t")) else " ")
        pieces.append(line.strip())
    return re.sub(r"\n +", "\n", "".join(pieces))
