"""What does one article in an export of Nexis say? Its place tells the title, names tell the other fields."""

from __future__ import annotations

import re
from collections.abc import Iterator

from searchkit.article import Article, Problem
from searchkit.frozen import frozen
from searchkit.readers.export_dates import DateLine, date_line, without_day
from searchkit.readers.format import Source
from searchkit.readers.languages import language_tag
from searchkit.readers.paragraphs import Paragraph, running_text
from searchkit.readers.prose import one_line

BODY = re.compile(r"\s*(?:Body|Full Text|Volltext)\s*")
_FIELD = re.compile(r"\s*([A-Za-zÄÖÜäöüéÉ][A-Za-zÄÖÜäöüéÉ -]{2,24}):(?:[\s\u00a0]+|$)(.*)", re.DOTALL)

# The names of the fields in the languages of the service's pages.
_NAMES = {
    name: field
    for field, names in {
        "authors": "byline auteur autor auteurs",
        "section": "section rubrique rubrik sección",
        "length": "length longueur länge lange longitud",
        "dateline": "dateline",
        "highlight": "highlight insert encart",
        "title": "headline",
        "body": "body",
        "series": "series",
        "url": "url",
        "load-date": "load-date date-chargement",
        "language": "language langue sprache idioma",
        "type": "publication-type type-publication document-type publikationstyp",
        "correction": "correction",
        "correction date": "correction-date",
        "graphic": "graphic grafik graphique",
        "subject": "subject sujet",
        "update": "update",
        "distribution": "distribution",
        "name": "name",
    }.items()
    for name in names.split()
}
_OPENING_FIELDS = frozenset(
    ("authors", "section", "length", "dateline", "highlight", "title", "body", "series", "url")
)
CLOSING = re.compile(
    r"\s*(?:LOAD-DATE|LANGUAGE|PUBLICATION-TYPE|GRAPHIC|JOURNAL-CODE|DOCUMENT-TYPE|CORRECTION-DATE|SUBJECT|ORGANIZATION"
    r"|COMPANY|TICKER|GEOGRAPHIC|PERSON|INDUSTRY|COUNTRY|STATE|CITY|UPDATE|SPRACHE|GRAFIK|LANGUE|DATE-CHARGEMENT"
    r"|TYPE-PUBLICATION|SUJET|Load-Date|Date-Chargement):(?=[\s\u00a0]|$)|\s*URL:\s+https?://"
)
_CLASSIFICATION = re.compile(r"\s*(?:Classification|Klassifizierung|Clasificación|Graphic|Grafik)\s*")
_COPYRIGHT = re.compile(
    r"\s*(?:Copyright\b|©|\(c\) ?[0-9]{4}|All Rights Reserved|Alle Rechte|Tous droits)", re.IGNORECASE
)
_REFUSED = re.compile(r"we are sorry but there is an error in this document", re.IGNORECASE)
_PAGE = re.compile(r"(?:Pg\.?|Page|p\.|pp\.|S\.|Seite)\s*\S.*", re.IGNORECASE)
_BY = re.compile(r"(?:by|von|par|por)[:\s]\s*", re.IGNORECASE)
_BETWEEN = re.compile(r"[;|\n]")
_NOTED = ("length", "dateline", "series", "type", "load-date", "correction date")
_LONGEST_FIELD = 2000


@frozen
class _Parted:
    """One article: the paragraphs above its fields, the fields, and its text."""

    above: list[Paragraph]
    fields: dict[str, str]
    body: list[Paragraph]
    title_first: bool


@frozen
class _Above:
    """What stands above the fields, told by its place. ``stated`` is the line of the date, ``line`` what it says."""

    title: str
    publication: str
    stated: str
    line: DateLine | None


def article(source: Source, number: int, paragraphs: list[Paragraph]) -> Iterator[Article | Problem]:
    """The article that the paragraphs between two marks hold, or a Problem that says why there is none."""
    origin = source.origin(f"record {number}")
    spoken = [paragraph for paragraph in paragraphs if paragraph.text and not paragraph.text.isspace()]
    if any(_REFUSED.search(paragraph.text[:400]) for paragraph in spoken[-5:]):
        yield Problem(origin, "was not given out by Nexis: it holds an error in the article's place")
        return
    parted = _parted(spoken)
    fields = parted.fields
    language = language_tag(fields.get("language", ""))
    above = _above(source, parted, language)
    if not above.stated and not fields:
        yield Problem(origin, "could not be parted: it has neither the date nor a field of an article of Nexis")
        return
    title = one_line(fields.get("title", "")) or above.title
    highlight = [Paragraph(fields["highlight"])] if fields.get("highlight") else []
    body = running_text(highlight + parted.body)
    if not title and not body:
        yield Problem(origin, "holds no text", kind="empty")
        return
    line = above.line
    if not above.stated:
        yield Problem(origin, "states no date where Nexis prints it", kept=True, kind="date")
    elif not line or not line.day:
        yield Problem(origin, without_day(above.stated), kept=True, kind="date")
    section, page = _section(fields.get("section", ""))
    url = one_line(fields.get("url", ""))
    yield Article(
        id=source.numbered(number),
        title=title,
        body=body,
        date=line.day if line else None,
        source=above.publication,
        authors=_authors(fields.get("authors", "")),
        section=section,
        # "http://www.nytimes.com" is where the paper is, not the article.
        url=url if url.rstrip("/").count("/") > 2 else "",
        language=language,
        origin=origin,
        notes=_notes(fields, line, page),
    )


def _parted(paragraphs: list[Paragraph]) -> _Parted:
    at = next((at for at, paragraph in enumerate(paragraphs) if BODY.fullmatch(paragraph.text)), -1)
    fields: dict[str, str] = {}
    if at >= 0:
        begin = next((index for index in range(at) if _field(paragraphs[index], capitals=False)), at)
        for paragraph in paragraphs[begin:at]:
            _put(fields, paragraph, capitals=False)
        end = _closing_at(paragraphs, at + 1)
        for paragraph in paragraphs[end:]:
            _put(fields, paragraph, capitals=False)
        return _Parted(paragraphs[:begin], fields, paragraphs[at + 1 : end], title_first=True)
    begin = next((i for i, paragraph in enumerate(paragraphs) if _field(paragraph, capitals=True)), len(paragraphs))
    after = begin
    rest: list[Paragraph] = []
    while after < len(paragraphs) and (found := _field(paragraphs[after], capitals=True)):
        if found[0] not in _OPENING_FIELDS:
            break
        after += 1
        if found[0] == "body":
            rest = [Paragraph(found[1])]
            break
        fields.setdefault(*found)
    end = _closing_at(paragraphs, after)
    for paragraph in paragraphs[end:]:
        _put(fields, paragraph, capitals=True)
    return _Parted(paragraphs[:begin], fields, rest + paragraphs[after:end], title_first=False)


def _closing_at(paragraphs: list[Paragraph], begin: int) -> int:
    """Where the text ends and the fields below it begin."""
    for at in range(begin, len(paragraphs)):
        text = paragraphs[at].text
        if CLOSING.match(text) or (len(text) < 30 and _CLASSIFICATION.fullmatch(text)):
            return at
    last = len(paragraphs)
    while last > begin and _COPYRIGHT.match(paragraphs[last - 1].text):
        last -= 1
    return last


def _field(paragraph: Paragraph, *, capitals: bool) -> tuple[str, str] | None:
    """The field that a paragraph is, and what it says; None for any other paragraph."""
    found = _FIELD.match(paragraph.text[:_LONGEST_FIELD]) if ":" in paragraph.text[:30] else None
    if not found or (capitals and not found[1].isupper()):
        return None
    name = _NAMES.get(found[1].lower())
    return (name, paragraph.text[found.start(2) :]) if name else None


def _put(fields: dict[str, str], paragraph: Paragraph, *, capitals: bool) -> None:
    if found := _field(paragraph, capitals=capitals):
        fields.setdefault(*found)


def _above(source: Source, parted: _Parted, language: str) -> _Above:
    """Title, publication and date by their order, which is another one in each layout."""
    shown = [kept for paragraph in parted.above if (kept := _without_copyright(paragraph)).text]
    places = range(len(shown) - 1, -1, -1) if parted.title_first else range(len(shown))
    at, found = -1, None
    for place in places:
        # The edition stands on the lines below the date.
        found = date_line(shown[place].text.replace("\n", " "), source.settings.dates, language)
        if found:
            at = place
            break
    if parted.title_first:
        return _title_first(shown, at, found)
    publication = shown[max(at - 1, 0)] if shown and at else None
    rest = shown[at + 1 :] if at >= 0 else shown[1:]
    stated = one_line(shown[at].text) if at >= 0 else ""
    title = one_line(" ".join(paragraph.text for paragraph in rest))
    return _Above(title, one_line(publication.text) if publication else "", stated, found)


def _without_copyright(paragraph: Paragraph) -> Paragraph:
    """The paragraph without the notice, below which the name of the paper may stand close."""
    lines = [line for line in paragraph.text.split("\n") if line.strip() and not _COPYRIGHT.match(line)]
    return paragraph._replace(text="\n".join(lines))


def _title_first(shown: list[Paragraph], at: int, found: DateLine | None) -> _Above:
    # Above the title of the first article stands the cover.
    heading = next((i for i in range(len(shown) - 1, -1, -1) if shown[i].level and i != at), -1)
    if at < 0:
        title = heading if heading >= 0 else max(len(shown) - 3, 0)
        behind = shown[title + 1 :]
        stated = one_line(behind[1].text) if len(behind) > 1 else ""
    else:
        title = heading if 0 <= heading < at - 1 else max(at - 2, 0)
        behind = shown[title + 1 : at]
        stated = one_line(shown[at].text)
    publication = one_line(behind[0].text) if behind else ""
    return _Above(one_line(shown[title].text) if shown and title != at else "", publication, stated, found)


def _section(written: str) -> tuple[str, str]:
    """The section, and the page that is printed with it: "NEWS; Pg. 3"."""
    parts = [one_line(part) for part in written.split(";")]
    section = "; ".join(part for part in parts if part and not _PAGE.fullmatch(part))
    return section, "; ".join(part for part in parts if _PAGE.fullmatch(part))


def _authors(written: str) -> tuple[str, ...]:
    names = (
        _BY.sub("", one_line(name), count=1) if _BY.match(one_line(name)) else one_line(name)
        for name in _BETWEEN.split(written)
    )
    return tuple(dict.fromkeys(name for name in names if name))


def _notes(fields: dict[str, str], line: DateLine | None, page: str) -> tuple[tuple[str, str], ...]:
    said = {name: one_line(fields.get(name, "")) for name in _NOTED}
    said |= {"page": page, "edition": line.edition if line else "", "date settled": line.settled if line else ""}
    return tuple((name, text) for name, text in said.items() if text)
