"""What a document is, its first bytes say first and its suffix last."""

from __future__ import annotations

import io
import zipfile

import pytest

from searchkit.readers.archives import archive_kind
from searchkit.readers.binary import binary_kind
from searchkit.readers.format import UnreadableError
from searchkit.readers.recognition import recognized, root_of, suffix_of

PROSE = b"The council met on Monday. It said: the road will be mended.\n\nNobody objected.\n"


def zipped(*names: str, content: bytes = b"text") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.txt", ".txt"),
        ("A.TXT", ".txt"),
        ("budget v1.2 final", ""),
        ("wire.2007", ""),
        ("a.7z", ".7z"),
        (".profile", ""),
        ("noname", ""),
        ("a.", ""),
        ("a.much-too-long-to-be-a-suffix", ""),
    ],
)
def test_the_suffix_of_a_name(name: str, suffix: str) -> None:
    assert suffix_of(name) == suffix


@pytest.mark.parametrize(
    ("name", "sample", "told"),
    [
        ("a.txt", PROSE, "plain text"),
        ("a", PROSE, "plain text"),
        ("a.md", PROSE, "Markdown"),
        ("a.jsonl", b'{"text": "1"}\n', "JSON lines"),
        ("a", b'{"text": "1"}\n', "JSON lines"),
        ("a.json", b'[{"text": "1"}]', "JSON"),
        ("a.csv", b"title,text\n", "CSV"),
        ("a.txt", b"%PDF-1.7\n", "PDF"),
        ("noname", b"{\\rtf1\\ansi", "RTF"),
        ("a.txt", b"WARC/1.0\r\n", "WARC"),
        ("a.xml", b"<?xml version='1.0'?><!-- x --><rss version='2.0'>", "RSS or Atom"),
        ("a.xml", b"<rss xmlns:wp='http://wordpress.org/export/1.2/'>", "WordPress"),
        ("a.xml", b"<?xml version='1.0'?>\n<nitf>", "NITF"),
        ("2330newsML.xml", b"<?xml version='1.0'?>\n<newsitem itemid='2330' id='root'>", "Reuters RCV1"),
        ("a.xml", b"<newsItem xmlns='x' guid='2330'>", "NewsML-G2"),
        ("a.txt", b"<!DOCTYPE html><title>x</title>", "HTML"),
        ("a.txt", b"From a@example.org Mon Mar  9 12:00:00 2020\nSubject: x\n\n", "mailbox"),
        ("a.txt", b"MIME-Version: 1.0\nSubject: x\n\ntext", "mail"),
        ("a.txt", b"Title: x\nDate: 2020-03-09\n\ntext", "plain text"),
        ("a.txt", b"2 of 100 DOCUMENTS\n\nThe Times\n\nLENGTH: 300 words\n", "Nexis text"),
        ("a.txt", b"One of 100 documents\n\nLENGTH: 300 words\n", "plain text"),
        ("a.json", b'{"version": "https://jsonfeed.org/version/1.1"}', "JSON Feed"),
        ("a.docx", zipped("[Content_Types].xml", "word/document.xml"), "Word document"),
    ],
)
def test_what_a_document_is(name: str, sample: bytes, told: str) -> None:
    assert recognized(name, sample).name == told


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_what_is_written_in_wide_characters(encoding: str) -> None:
    assert recognized("a.xml", "<?xml version='1.0'?>\n<nitf><body>".encode(encoding)).name == "NITF"
    assert recognized("a.txt", PROSE.decode().encode(encoding)).name == "plain text"


@pytest.mark.parametrize(
    ("name", "sample", "reason"),
    [
        ("a.xml", b"<invoice/>", "is XML, but of no format of news that is known here: its root is <invoice>"),
        ("a.xml", b"no markup", "is XML, but of no format of news that is known here: it has no root element"),
        ("a.pdf", PROSE, "is named .pdf, but is no PDF"),
        ("a.xyz", PROSE, "no reader for .xyz files"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "no reader for .doc files: save it as .docx"),
        (
            "a.odt",
            zipped("mimetype", content=b"application/vnd.oasis.opendocument.text"),
            "no reader for .odt files: save it as .docx",
        ),
        ("a.xlsx", zipped("_rels/.rels", "xl/workbook.xml"), "no reader for .xlsx files: save it as .csv"),
    ],
)
def test_what_is_refused(name: str, sample: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        recognized(name, sample)
    assert (refused.value.reason, refused.value.kind) == (reason, "format")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (zipped("[Content_Types].xml", "word/document.xml"), "a Word document"),
        (zipped("_rels/.rels", "xl/workbook.xml"), "an Excel document"),
        (zipped("[Content_Types].xml", "ppt/slides.xml"), "a PowerPoint document"),
        (zipped("mimetype", content=b"application/epub+zip"), "an EPUB book"),
        (zipped("mimetype", content=b"application/vnd.oasis.opendocument.text"), "an OpenDocument file"),
        (zipped("a.txt", content=b"the epub in word/ and xl/ and ppt/ of opendocument"), "a ZIP archive"),
        (zipped("news/word/a.txt"), "a ZIP archive"),
        (zipped(), "an empty ZIP archive"),
    ],
)
def test_what_is_packed_as_a_zip(data: bytes, kind: str) -> None:
    """A text that held the word "epub" once made a book of the archive that it lay in."""
    assert binary_kind(data) == kind
    assert archive_kind("noname", data) == ("zip" if "ZIP" in kind else "")


@pytest.mark.parametrize(
    "sample",
    [
        b"<!--" * 16_000,
        b"<?x" * 20_000,
        b" " * 65_536,
        b"\n" * 65_536,
        b"<!DOCTYPE " * 6_000,
        b"<!DOCTYPE x [" * 5_000,
        b"a-" * 32_000,
        b"1 of 1" * 10_000 + b"LENGTH:",
        b"Load-Date:" + b"\n \t\xa0" * 16_000,
        b"From " + b"x" * 65_000,
        b"Subject: x\n" * 6_000,
        b"{" * 65_536,
        b"PK\x03\x04" * 16_000,
        b"<" * 65_536,
        b"<a " * 20_000 + b"factiva",
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.xml", "noname", "a.json", "a.html"])
def test_no_sample_takes_long(name: str, sample: bytes) -> None:
    try:
        recognized(name, sample[:65_536])
    except UnreadableError as refused:
        assert refused.reason
    binary_kind(sample[:65_536])


@pytest.mark.parametrize(
    ("sample", "root"),
    [
        (b"\xef\xbb\xbf <a:nitf>", "nitf"),
        (b"<!DOCTYPE x [<!ENTITY y 'z'>]><RSS>", "rss"),
        (b"text <rss>", ""),
        (b"", ""),
    ],
)
def test_the_root_of_a_document(sample: bytes, root: str) -> None:
    assert root_of(sample) == root


@pytest.mark.parametrize(
    ("sample", "told"),
    [
        (b"title,text,date\nA,B,2020-03-09\n", "CSV"),
        (b"\xef\xbb\xbftitle;text\r\nA;B\r\n", "CSV"),
        (b"sep=;\nfoo;bar\n1;2\n", "CSV"),
        (b"id\ttitle\tbody\n1\tA\tB\n", "CSV"),
        (b'id,title,text\n1,"A, B","a\nlong\ntext"\n2,C,D\n', "CSV"),
        ("id,title,text\n1,A,B\n".encode("utf-16"), "CSV"),
        (b"id,kop,tekst\n1,a,b\n2,c,d\n3,e,f\n", "CSV"),
        # A row that is longer than the sample says nothing.
        (b"title,text\nA,B\nC," + b"x" * (1 << 17), "CSV"),
        (b"title,text\n", "plain text"),
        (b"Title, text\n\nThe council met, it seems.\n", "plain text"),
        (b"Roses, violets, daisies\nred, blue, white\nold, new, borrowed\nsun, moon, rain\n", "plain text"),
        (b"London, Paris\nThe council met, it seems.\n", "plain text"),
        (b"Date: 2020-03-09; Source: The Post\n\nA text; with marks\n", "plain text"),
        (PROSE, "plain text"),
        (b'{\n  "title": "A",\n  "text": "B"\n}\n', "JSON"),
        (b'[\n  {"title": "A"}\n]', "JSON"),
        (b'[{"title": "A"}]', "JSON"),
        (b'{"title": "A"}\n{"title": "B"}\n', "JSON lines"),
        (b'{"title": "A"}', "JSON"),
        (b"<?xml version='1.0'?><nitf>", "NITF"),
        (b"<rss version='2.0'>", "RSS or Atom"),
        (b"[A note in brackets.] It rained.", "plain text"),
    ],
)
def test_what_comes_without_a_name_is_told_by_its_content(sample: bytes, told: str) -> None:
    assert recognized("stdin", sample, explicit=True).name == told


def test_unknown_xml_without_a_name_is_no_text() -> None:
    with pytest.raises(UnreadableError, match="its root is <menu>"):
        recognized("stdin", b"<?xml version='1.0'?>\n<menu><item/></menu>", explicit=True)
