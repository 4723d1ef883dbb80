"""What does an export of Factiva hold? Many articles on one page of HTML, or in the paragraphs of an RTF or a DOCX.

There are two layouts. One is a table whose rows begin with a code of two or three letters (HD headline, PD date, LP
and TD text ...). The other, made for reading, prints the same fields without their codes, in a fixed order, and is
told by what they look like: "355 words", the date, the source, its code, the language, the copyright. Both end with
"Document" and the accession number of the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lxml import etree

from searchkit.article import Article, Problem
from searchkit.readers.decoding import read_whole
from searchkit.readers.factiva_article import CODES, Shown, article, is_accession, without_codes, word_count
from searchkit.readers.format import Source, UnreadableError
from searchkit.readers.paragraphs import Paragraph
from searchkit.readers.prose import clean, one_line, tidy

_CODED = re.compile(r"\s*([A-Z]{2,3})[ \u00a0]*\t[\s\u00a0]*(.*)", re.DOTALL)
# A hundred articles, of which such a page has no more, take two megabytes.
_LARGEST = 16 << 20
_LANGUAGE_CLASS = re.compile(r"([a-z]{2})(?:[a-z]{2})?Article")


def read_factiva_page(source: Source) -> Iterator[Article | Problem]:
    """The articles of a saved page; UnreadableError where it has none."""
    text = clean(read_whole(source.stream, _LARGEST, "16 MiB"))
    try:
        root = etree.fromstring(
            text.encode("utf-8", "replace"), etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)
        )
    except (etree.LxmlError, ValueError) as error:
        raise UnreadableError(f"is no HTML ({one_line(str(error)).lower()[:80]})") from error
    number = 0
    for number, element in enumerate(_articles(root), start=1):
        names = element.get("class", "").split()
        language = next((found[1] for name in names if (found := _LANGUAGE_CLASS.fullmatch(name))), "")
        yield from article(source, number, _coded(element) or _shown(element), language)
    if not number:
        raise UnreadableError("is a page of Factiva, but holds no article of an export", "format")


def _articles(root: etree._Element | None) -> Iterator[etree._Element]:
    """The element of each article, none within another."""
    within: set[etree._Element] = set()
    for element in root.iter("div") if root is not None else ():
        if element not in within and "article" in element.get("class", "").split():
            within = set(element.iter("div"))
            yield element


def _coded(element: etree._Element) -> dict[str, str]:
    """The fields of a table with codes; {} where it is none."""
    fields: dict[str, str] = {}
    for row in element.iter("tr"):
        cells = [cell for cell in row if cell.tag == "td"]
        if len(cells) != 2:
            continue
        code = _line(cells[0])
        if code in CODES:
            fields.setdefault(code, _cell_text(cells[1]))
    return fields if "HD" in fields or "AN" in fields else {}


def _cell_text(cell: etree._Element) -> str:
    paragraphs = [_line(paragraph) for paragraph in cell.iter("p")]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) or _line(cell)


def _shown(element: etree._Element) -> dict[str, str]:
    """The fields of an article that is laid out for reading: <div> above the text, <p> in it."""
    above: list[Shown] = []
    body: list[str] = []
    for node in element.iter("div", "p"):
        if node is element or any(True for _ in node.iter("div", "p") if _ is not node):
            continue
        text = _line(node)
        if not text:
            continue
        if node.tag == "p" or body:
            body.append(text)
        else:
            is_headline = any("Headline" in part.get("class", "") for part in node.iter("span", "b"))
            above.append(Shown(text, is_headline))
    return without_codes(above, body)


def _line(element: etree._Element) -> str:
    return one_line("".join([str(text) for text in element.itertext()]))


def is_factiva(paragraphs: Iterable[Paragraph]) -> bool:
    """Whether these are the paragraphs of an export."""
    accessions = counts = headlines = 0
    for paragraph in paragraphs:
        text = paragraph.text
        if len(text) > 400 and not paragraph.is_row:
            continue
        coded = _CODED.fullmatch(text[:400])
        accessions += is_accession(coded[2] if coded else text)
        headlines += coded is not None and coded[1] == "HD"
        counts += word_count(coded[2] if coded else text)
    return bool(accessions and (headlines or counts))


def read_factiva_paragraphs(source: Source, paragraphs: list[Paragraph]) -> Iterator[Article | Problem]:
    """The articles, each up to its accession number, and a Problem for what follows the last."""
    held: list[Paragraph] = []
    number = 0
    for paragraph in paragraphs:
        coded = _CODED.fullmatch(paragraph.text) if paragraph.text[:8].strip() else None
        held.append(paragraph)
        if is_accession(coded[2] if coded else paragraph.text):
            number += 1
            yield from article(source, number, _fields_of(held))
            held = []
    rest = tidy("\n\n".join(paragraph.text for paragraph in held))
    if _WORDS_LEFT.search(rest) or len(rest) > 500:
        reason = f"ends in the middle of an article: its last {len(rest):,} characters have no accession number"
        yield Problem(source.origin(), reason, kept=bool(number))


_WORDS_LEFT = re.compile(r"(?m)^(?:HD\t|[0-9][0-9,.]* words$)")


def _fields_of(paragraphs: list[Paragraph]) -> dict[str, str]:
    fields: dict[str, list[str]] = {}
    code = ""
    for paragraph in paragraphs:
        coded = _CODED.fullmatch(paragraph.text)
        alone = one_line(paragraph.text)
        if coded and coded[1] in CODES:
            code = coded[1]
            fields.setdefault(code, []).append(_blank_lines(coded[2]))
        elif paragraph.is_bold and alone in CODES:
            code = alone
            fields.setdefault(code, [])
        elif code and alone:
            fields[code].append(_blank_lines(paragraph.text))
    if "HD" in fields:
        return {code: "\n\n".join(texts) for code, texts in fields.items()}
    return _laid_out([paragraph for paragraph in paragraphs if paragraph.text.strip()])


def _blank_lines(text: str) -> str:
    """The text of a cell, whose paragraphs are parted by a line feed."""
    return "\n\n".join([stripped for line in text.split("\n") if (stripped := line.strip())])


def _laid_out(paragraphs: list[Paragraph]) -> dict[str, str]:
    """The fields of an article that is laid out for reading; here nothing tells where its text begins."""
    counted = next((at for at, paragraph in enumerate(paragraphs[:12]) if word_count(paragraph.text)), -1)
    titles = [at for at in range(max(counted, 0)) if paragraphs[at].is_bold or paragraphs[at].level]
    shown = [Shown(one_line(paragraph.text), at in titles) for at, paragraph in enumerate(paragraphs)]
    return without_codes(shown, None)
