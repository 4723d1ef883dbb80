"""How the Word documents of the tests are made: zips of parts, as Word writes them.

Run as a program, it writes the documents in cases/ anew, byte for byte.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
    f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
    "</Relationships>"
)
# A German Word, whose ids are German while the names of its own styles are not.
_STYLES = (
    f'{_HEAD}<w:styles xmlns:w="{MAIN}">'
    '<w:style w:type="paragraph" w:default="1" w:styleId="Standard"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Titel"><w:name w:val="Title"/><w:basedOn w:val="Standard"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="berschrift2"><w:name w:val="heading 2"/>'
    '<w:basedOn w:val="berschrift1"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Schlagzeile"><w:name w:val="Schlagzeile"/>'
    '<w:basedOn w:val="berschrift1"/></w:style></w:styles>'
)


def run(text: str, properties: str = "") -> str:
    """A run of text, in whose properties stands ``properties`` ("<w:b/>")."""
    style = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{style}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(*runs: str, style: str = "", outline: bool = False) -> str:
    """A paragraph of runs (of plain text, where one has no markup)."""
    inside = f'<w:pStyle w:val="{style}"/>' if style else ""
    inside += '<w:outlineLvl w:val="0"/>' if outline else ""
    properties = f"<w:pPr>{inside}</w:pPr>" if inside else ""
    return f"<w:p>{properties}{''.join(part if part.startswith('<') else run(part) for part in runs)}</w:p>"


def table(*rows: Iterable[str]) -> str:
    """A table of cells, each one paragraph, or markup."""
    filled = (
        "".join(f"<w:tc><w:tcPr/>{cell if cell.startswith('<') else paragraph(cell)}</w:tc>" for cell in row)
        for row in rows
    )
    return f"<w:tbl><w:tblPr/>{''.join(f'<w:tr>{row}</w:tr>' for row in filled)}</w:tbl>"


def link(text: str) -> str:
    """A link around a run."""
    return f'<w:hyperlink w:history="1">{run(text, "<w:i/>")}</w:hyperlink>'


def core(title: str = "", creator: str = "") -> str:
    """The part with the properties."""
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(title)}</dc:title><dc:creator>{escape(creator)}</dc:creator>"
        '<dcterms:created xsi:type="dcterms:W3CDTF">2014-03-09T08:00:00Z</dcterms:created></cp:coreProperties>'
    )


def word_document(
    body: str, properties: str = "", more: Mapping[str, bytes] | None = None, *, head: str = _HEAD
) -> bytes:
    """The bytes of a document with the markup ``body``; ``more`` are parts beside it, or in place of others."""
    document = (
        f'{head}<w:document xmlns:w="{MAIN}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<w:body>{body}<w:sectPr/></w:body></w:document>"
    )
    parts = {
        "[Content_Types].xml": _TYPES.encode(),
        "_rels/.rels": _RELATIONS.encode(),
        "word/document.xml": document.encode(),
        "word/styles.xml": _STYLES.encode(),
        "docProps/core.xml": (properties or core()).encode(),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (parts | dict(more or {})).items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 3, 10, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def nexis_article(title: str, publication: str, date: str, fields: str, body: str, closing: str) -> str:
    """One article as Nexis Uni lays it out; ``fields`` and ``closing`` are lines of "Name: text"."""

    def field(line: str) -> str:
        name, _, said = line.partition(": ")
        return paragraph(run(f"{name}:", "<w:b/>"), run(f"\u00a0{said}"))

    return "".join(
        (
            paragraph(link(title), outline=True),
            paragraph(publication),
            paragraph(date),
            paragraph(""),
            paragraph("<w:r><w:br/></w:r>", f"Copyright 2020 {publication}"),
            *map(field, fields.split("\n")),
            paragraph(run("Body", "<w:b/>")),
            *map(paragraph, body.split("\n")),
            paragraph(run("Classification", "<w:b/>")),
            *map(field, closing.split("\n")),
            paragraph(run("End of Document", "<w:b/>")),
        )
    )


def nexis_export(articles: Iterable[str], titles: Iterable[str], announced: int) -> str:
    """The body of an export: the cover, and the articles."""
    cover = [
        paragraph(run("User Name: ", "<w:b/>"), "jdoe"),
        paragraph(run("Date and Time: ", "<w:b/>"), "Tuesday, March 10, 2020 7:08:00 PM GMT"),
        paragraph(run("Job Number: ", "<w:b/>"), "79564983"),
        paragraph(run(f"Documents ({announced})", "<w:b/>")),
    ]
    for number, title in enumerate(titles, start=1):
        cover += (
            paragraph(f"{number}.", link(f" {title}")),
            paragraph(run("Client/Matter: ", "<w:b/>"), "-None-"),
            paragraph(run("Search Terms: ", "<w:b/>"), "bread price"),
            table(("Content Type", "Narrowed by"), ("News", "Sources: The Harbour Courier")),
        )
    return "".join((*cover, *articles))


def _cases() -> dict[str, bytes]:
    bread = nexis_article(
        "Bread prices rise",
        "The Harbour Courier",
        "March 9, 2020, Monday,, FINAL EDITION",
        "Section: MONEY;; COVER STORY\nLength: 1012 words\nByline: Jane Doe\nDateline: PORT LAMBERT",
        'The price of bread rose on Monday.\n"We have no choice," one baker said.',
        "Language: ENGLISH\nPublication-Type: NEWSPAPER\nSubject: BAKERIES (90%)\nLoad-Date: March 9, 2020",
    )
    ferry = nexis_article(
        "Fin de la grève des ferries",
        "La Côte",
        "mardi 10 mars 2020",
        "Length: 45 mots",
        "Les équipages ont repris le travail à midi.",
        "Language: FRENCH; FRANÇAIS\nLoad-Date: March 10, 2020",
    )
    monthly = nexis_article(
        "A walk by the river", "Coast Monthly", "March 2020", "Length: 9 words", "Left.", "Name: x"
    )
    report = (
        paragraph("Harbour Board"),
        paragraph("Ships in ", run("2019", "<w:i/>"), style="Titel"),
        paragraph("A report to the council", style="Standard"),
        paragraph("What came in", style="berschrift1"),
        paragraph("More ships came than in any year.", "<w:r><w:br/></w:r>", "The lock was closed twice."),
        table(("Year", "Ships"), ("2018", "390"), ("2019", "410")),
        table((paragraph("A box of its own.") + paragraph("It has two paragraphs."), "")),
        paragraph(run("Left: "), "<w:r><w:tab/><w:t>12</w:t><w:noBreakHyphen/><w:t>14</w:t></w:r>"),
    )
    tracked = (
        paragraph("The board chief resigns", style="Schlagzeile"),
        "<w:p><w:r><w:t xml:space='preserve'>She said </w:t></w:r><w:ins><w:r><w:t>on Monday</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>on Sunday</w:delText></w:r></w:del><w:sdt><w:sdtContent><w:r>"
        "<w:t xml:space='preserve'> that she</w:t></w:r></w:sdtContent></w:sdt>"
        + run(" never", "<w:vanish/>")
        + "<w:r><w:t xml:space='preserve'> would go.</w:t></w:r></w:p>",
        "<w:moveFrom><w:p><w:r><w:t>Moved away.</w:t></w:r></w:p></w:moveFrom>",
        "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent>"
        + paragraph("In a box.")
        + "</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>"
        + paragraph("In a box.")
        + "</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r><w:r><w:t>Beside the box.</w:t></w:r></w:p>",
    )
    export = nexis_export((bread, ferry, monthly), ("Bread prices rise", "Fin de la grève", "A walk"), 4)
    whole = word_document("".join(report), core("Report", "Jane Doe;Ali Khan"))
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr(zipfile.ZipInfo("notes.txt"), "Notes.")
    return {
        "nexis-uni-docx": word_document(export, core("Nexis Uni", "LexisNexis")),
        "docx-report": whole,
        "docx-no-title": word_document(paragraph("Only this."), core("A note on the lock", "Microsoft Office User")),
        "docx-tracked": word_document("".join(tracked)),
        "docx-damaged": whole[: len(whole) // 2],
        "docx-not-one": plain.getvalue(),
        "docx-entity": word_document(
            paragraph("<w:r><w:t>&bomb;</w:t></w:r>"), head=f'{_HEAD}<!DOCTYPE w:document [<!ENTITY bomb "boom">]>'
        ),
    }


def main() -> None:
    """Write the documents of the cases."""
    for name, data in _cases().items():
        folder = Path(__file__).parent / "cases" / name
        folder.mkdir(exist_ok=True)
        folder.joinpath("input.docx").write_bytes(data)


if __name__ == "__main__":
    main()
