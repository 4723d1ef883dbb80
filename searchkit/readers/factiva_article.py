"""What does one article in an export of Factiva say? Its fields are named by the codes of the service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from searchkit.article import Article, Problem
from searchkit.readers.export_dates import date_line, without_day
from searchkit.readers.format import Source
from searchkit.readers.languages import language_tag
from searchkit.readers.prose import one_line, tidy

_CODES = "SE HD BY CR WC PD ET SN SC NGC GC ED PG VOL LA CY CX LP TD CT ART CLM RF CO IN NS RE IPC IPD PUB AN"
CODES = frozenset(_CODES.split())
# Beside the fields of an article, what is worth a note.
_NOTES = {
    "WC": "length", "ET": "time", "ED": "edition", "PG": "page", "VOL": "volume", "CR": "credit", "SC": "source code",
    "CO": "companies", "IN": "industries", "NS": "subjects", "RE": "regions", "PUB": "publisher",
}  # fmt: skip
_LONGEST_NOTE = 1000

_ACCESSION = re.compile(
    r"\s*(?:Document|Dokument|Documento|Documentnummer|Документ|文書|文件)\s+([A-Za-z0-9]{15,40})\s*", re.IGNORECASE
)
_COUNT = re.compile(
    r"\s*[0-9][0-9.,\u00a0\u202f ]*"
    r"(?:words?|mots?|Wörter|Worte|palabras|parole|palavras|woorden|слов|語|字|词|詞)\s*",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}(?:\s*[AP]M)?")
_SOURCE_CODE = re.compile(r"[A-Z0-9]{2,8}")
_PAGE = re.compile(r"[A-Z]{0,3}[0-9]{1,4}(?:[-, ]+[A-Z]{0,3}[0-9]{1,4})*")
_COPYRIGHT = re.compile(r"(?:Copyright\b|©|\(c\)|All rights reserved)", re.IGNORECASE)
_BY = re.compile(r"(?:by|von|par|por)[:\s]\s*", re.IGNORECASE)
_BETWEEN = re.compile(r"[;|\n]")


class Shown(NamedTuple):
    """One line of the layout without codes, and whether it looks like a headline."""

    text: str
    is_headline: bool = False


def is_accession(text: str) -> bool:
    """Whether this is the last line of an article: "Document EXMPL00020200309eg3900001"."""
    found = _ACCESSION.fullmatch(text) if len(text) < 80 else None
    return found is not None and sum(character.isdigit() for character in found[1]) >= 8


def word_count(text: str) -> bool:
    """Whether this is the field WC: "355 words"."""
    return len(text) < 40 and _COUNT.fullmatch(text) is not None


def without_codes(above: list[Shown], body: list[str] | None) -> dict[str, str]:
    """The fields, by their codes, of an article whose layout has none.

    ``body`` are the paragraphs of its text, where the layout sets them apart, or None where they follow in ``above``.
    """
    counted = next((at for at, line in enumerate(above) if word_count(line.text)), -1)
    fields = _above_count(above[:counted] if counted >= 0 else above[:1])
    below = above[counted + 1 :] if counted >= 0 else above[1:]
    if counted >= 0:
        fields["WC"] = above[counted].text
    took = _below_count(below, fields, is_open=body is None)
    texts = [line.text for line in below[took:]] if body is None else body
    ends = next((at for at, text in enumerate(texts) if is_accession(text)), len(texts))
    if ends < len(texts):
        fields["AN"] = texts[ends]
    elif below and is_accession(below[-1].text):
        fields["AN"] = below[-1].text
    fields["TD"] = "\n\n".join(texts[:ends])
    return fields


def _above_count(lines: list[Shown]) -> dict[str, str]:
    """Section, headline and byline. Where no line looks like a headline, the first is it."""
    marked = [at for at, line in enumerate(lines) if line.is_headline]
    first = marked[0] if marked else 0
    last = first
    while last + 1 in marked:
        last += 1
    fields = {
        "SE": " ".join(line.text for line in lines[:first]),
        "HD": " ".join(line.text for line in lines[first : last + 1]),
        "BY": "\n".join(line.text for line in lines[last + 1 :]),
    }
    return {code: text for code, text in fields.items() if text}


def _below_count(lines: list[Shown], fields: dict[str, str], *, is_open: bool) -> int:
    """Put what stands between the number of words and the text into ``fields``; how many lines that were.

    ``is_open`` says that the text follows in the same lines.
    """
    at = 0
    if at < len(lines) and date_line(lines[at].text):
        fields["PD"] = lines[at].text
        at += 1
    if at < len(lines) and _CLOCK.fullmatch(lines[at].text):
        fields["ET"] = lines[at].text
        at += 1
    spoken = next((i for i in range(at, min(at + 8, len(lines))) if language_tag(lines[i].text)), -1)
    if spoken < 0:
        if at < len(lines) and not is_open:
            fields["SN"] = lines[at].text
        return at
    fields["LA"] = lines[spoken].text
    between = [line.text for line in lines[at:spoken]]
    if between:
        fields["SN"] = between.pop(0)
    if between and _SOURCE_CODE.fullmatch(between[0]):
        fields["SC"] = between.pop(0)
    pages = [text for text in between if _PAGE.fullmatch(text)]
    editions = [text for text in between if not _PAGE.fullmatch(text)]
    fields |= {code: ", ".join(texts) for code, texts in (("PG", pages), ("ED", editions)) if texts}
    at = spoken + 1
    if (
        at < len(lines)
        and not is_accession(lines[at].text)
        and (not is_open or _COPYRIGHT.search(lines[at].text[:200]))
    ):
        fields["CY"] = lines[at].text
        at += 1
    return at


def article(source: Source, number: int, fields: dict[str, str], language: str = "") -> Iterator[Article | Problem]:
    """The article that the fields describe, or a Problem; ``language`` is what the layout says of it."""
    origin = source.origin(f"record {number}")
    title = one_line(fields.get("HD", ""))
    body = tidy("\n\n".join(text for code in ("LP", "TD") if (text := fields.get(code, "").strip())))
    if not title and not body:
        yield Problem(origin, "holds no text", kind="empty")
        return
    language = language_tag(fields.get("LA", "")) or language
    stated = one_line(fields.get("PD", ""))
    line = date_line(stated, source.settings.dates, language) if stated else None
    if not stated:
        yield Problem(origin, "states no date where Factiva prints it", kept=True, kind="date")
    elif not line or not line.day:
        yield Problem(origin, without_day(stated), kept=True, kind="date")
    accession = _ACCESSION.fullmatch(one_line(fields.get("AN", "")))
    notes = [(name, one_line(fields[code])[:_LONGEST_NOTE]) for code, name in _NOTES.items() if fields.get(code)]
    if line and line.settled:
        notes.append(("date settled", line.settled))
    yield Article(
        id=accession[1] if accession else source.numbered(number),
        title=title,
        body=body,
        date=line.day if line else None,
        source=one_line(fields.get("SN", "")),
        authors=_authors(fields.get("BY", "")),
        section=one_line(fields.get("SE", "")),
        language=language,
        origin=origin,
        notes=tuple((name, text) for name, text in notes if text),
    )


def _authors(written: str) -> tuple[str, ...]:
    names = [one_line(name) for name in _BETWEEN.split(written)]
    found = (_BY.sub("", name, count=1) if _BY.match(name) else name for name in names)
    return tuple(dict.fromkeys(name for name in found if name))
