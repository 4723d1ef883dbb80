"""Of which format is this document? What its first bytes say, and, where they say nothing, its suffix.

The bytes come first because names lie: a page is saved as ``.txt``, agencies call everything ``.xml``, and a
folder from an old system has no suffixes at all.
"""

from __future__ import annotations

import re

from searchkit.readers.binary import binary_kind
from searchkit.readers.decoding import wide_encoding
from searchkit.readers.delimited import looks_like_table
from searchkit.readers.format import Format, UnreadableError
from searchkit.readers.formats import BY_NAME, BY_SUFFIX

# What counts as a suffix at all: "budget v1.2 final" and "notes.2007" have none.
_SUFFIX = re.compile(r"\.(?=[0-9]*[a-z])[a-z0-9]{1,10}")

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "PDF"),
    (b"{\\rtf", "RTF"),
    (b"PAR1", "Parquet"),
    (b"WARC/", "WARC"),
)
# A message of a wire: idle characters, perhaps a line of the transmission, the start of a header, and what
# ANPA 1312 and IPTC 7901 begin it with.
_PADDING = b"\x00\x04\x16\x7f \t\r\n"
_WIRE = re.compile(
    rb"(?:ZCZC(?:[^\x01\x02\n]{0,80}\n){1,5}[\x00\x16\s]*)?\x01\s*"
    rb"(?:([A-Za-z]?[0-9]{3,5}[\x1f\x1e])|([A-Za-z]{2,6}[0-9]{1,6}[ \t])|([^\x01\x02]{0,400}\x02))"
)

_ROOTS = {
    "rss": "RSS or Atom",
    "rdf": "RSS or Atom",
    "feed": "RSS or Atom",
    "nitf": "NITF",
    "newsitem": "NewsML-G2",
    "packageitem": "NewsML-G2",
    "newsmessage": "NewsML-G2",
    "conceptitem": "NewsML-G2",
    "knowledgeitem": "NewsML-G2",
    "planningitem": "NewsML-G2",
    "catalogitem": "NewsML-G2",
    "contentset": "NewsML-G2",
    "newsml": "NewsML 1.2",
    "html": "HTML",
    "doc": "TREC",
    "reuters": "Reuters-21578",
}
# What services wrap into an envelope of their own.
_WRAPPED = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,40}:)?(nitf|newsItem|newsMessage|NewsML)[\s>]")
# Their root is that of NewsML-G2 but for one capital letter, which a name has not in the table.
_RCV1 = re.compile(rb"<newsitem\s[^>]{0,400}\bitemid=")
_WORDPRESS = b"//wordpress.org/export/"
# Texts and pages that are whole exports of a service.
# Its pages begin with some hundred kilobytes of styles: the articles lie beyond any sample.
_FACTIVA_TITLE = re.compile(rb"<title>\s*(?:Dow Jones )?Factiva\s*</title>", re.IGNORECASE)
_FACTIVA_ARTICLE = re.compile(rb"class=[\"']?(?:article \w*Article|enHeadline|headline)|id=[\"']?hd\b", re.IGNORECASE)
_NEXIS_FIRST = re.compile(
    rb"(?m)^[ \t\xa0\xc2]*(?:(?:Do[ck]ument )?[0-9]{1,6} (?:of|von|de) [0-9]{1,6}(?: DO[CK]UMENT[A-Z]{0,3})?"
    rb"|End of Document)[ \t\xa0\xc2]*\r?$"
)
_NEXIS_FIELD = re.compile(
    rb"(?m)^[ \t]*(?:(?:LENGTH|Length|LONGUEUR):[ \xa0\xc2]*[0-9,]+ (?:words|mots)"
    rb"|(?:LOAD-DATE|Load-Date|PUBLICATION-TYPE|SPRACHE|LANGUE|DATE-CHARGEMENT):[ \xa0\xc2])"
)
_NEXIS_WORDS = (
    *(b"LENGTH:", b"Length:", b"LONGUEUR:", b"LOAD-DATE:", b"Load-Date:", b"PUBLICATION-TYPE:"),
    *(b"SPRACHE:", b"LANGUE:", b"DATE-CHARGEMENT:"),
)

_SKIPPED = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\])?\s*>)", re.DOTALL | re.IGNORECASE)
_DOCTYPE_HTML = re.compile(rb"\s*(?:<\?xml.*?\?>\s*|<!--.*?-->\s*)*<!doctype\s+html", re.DOTALL | re.IGNORECASE)
_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,60}:[ \t\r\n]")
_MAIL_HEADER = re.compile(rb"(?mi)^(?:MIME-Version|Message-ID|Received|Return-Path|Delivered-To):")
_RELATED = re.compile(rb"(?mi)^Content-Type:\s*multipart/related")
# What may be long is bounded: a line of 64 KiB once took a quarter of a minute.
_MAILBOX = re.compile(rb"From \S{1,200}[ \t][^\n]{0,200}[0-9]{4}[ \t]*\r?\n[A-Za-z][A-Za-z0-9-]{0,60}: ")
_XML = re.compile(rb"\s*<\?xml\s")
_ONE_LINE_OBJECT = re.compile(rb"\s*\{\s*\"[^\n]*\}[ \t\r]*\n")
_JSON = re.compile(rb"\s*(?:\{\s*\"|\[\s*\{\s*\")")
_JSON_FEED = re.compile(rb'"version"\s*:\s*"https?:(?:\\?/){2}jsonfeed\.org(?:\\?/)version')


def suffix_of(name: str) -> str:
    """The suffix of a name in lower case, or '' for one that has none."""
    begin = name.rfind(".")
    suffix = name[begin:].lower() if begin > 0 else ""
    return suffix if _SUFFIX.fullmatch(suffix) else ""


def recognized(name: str, sample: bytes, *, explicit: bool = False) -> Format:
    """The format of a document called ``name`` (no more packed) that begins with ``sample``.

    ``explicit`` means that a person named this very file: then it is tried as plain text whatever its suffix.
    Raises UnreadableError, with what it is, for what has no reader.
    """
    suffix = suffix_of(name)
    told = _by_magic(sample, suffix) or _by_text(_narrow(sample), suffix)
    if told:
        return BY_NAME[told]
    narrow = _narrow(sample)
    if suffix == ".xml" or (not suffix and _XML.match(narrow)):
        root = root_of(narrow)
        what = f"its root is <{root}>" if root else "it has no root element"
        raise UnreadableError(f"is XML, but of no format of news that is known here: {what}", "format")
    if suffix in BY_SUFFIX:
        row = BY_SUFFIX[suffix]
        if row.name in _BINARY:
            raise UnreadableError(f"is named {suffix}, but is no {row.name}", "format")
        return row
    if suffix and not explicit:
        instead = _INSTEAD.get(suffix)
        raise UnreadableError(f"no reader for {suffix} files{f': {instead}' if instead else ''}", "format")
    return BY_NAME[_by_shape(narrow) if not suffix else "plain text"]


def _by_shape(sample: bytes) -> str:
    """What a document without a suffix is: what comes through a pipe has no name to tell."""
    if _ONE_LINE_OBJECT.match(sample):
        return "JSON lines"
    if _JSON.match(sample):
        return "JSON"
    return "CSV" if looks_like_table(sample) else "plain text"


# What begins with a magic, or is none of these.
_BINARY = frozenset(("PDF", "Parquet", "Word document"))


# What to do with files that people have, and that are not read here.
_INSTEAD = {
    **dict.fromkeys((".doc", ".odt", ".pages", ".wpd"), "save it as .docx"),
    **dict.fromkeys((".xls", ".xlsx", ".ods", ".numbers"), "save it as .csv"),
    **dict.fromkeys((".ppt", ".pptx", ".odp"), "save it as .pdf"),
    **dict.fromkeys((".rar", ".7z"), "unpack it, or pack it as .zip"),
    ".epub": "save it as .html",
    ".msg": "save it as .eml",
    ".pst": "export it as .mbox",
}

# Most texts begin with a letter, and hardly any magic does.
_LETTERS_OF_MAGIC = b"PWZ"


def _by_magic(sample: bytes, suffix: str) -> str:
    if sample[:1].isalnum() and sample[0] not in _LETTERS_OF_MAGIC:
        return ""
    for magic, name in _MAGIC:
        if sample.startswith(magic):
            if name == "Parquet" and binary_kind(sample) != "a Parquet table":
                continue
            return name
    wire = _WIRE.match(sample.removeprefix(b"\xef\xbb\xbf").lstrip(_PADDING))
    if wire:
        # Without either beginning, the separators of ANPA's header tell.
        is_anpa = wire.group(1) or (not wire.group(2) and re.search(rb"[\x11-\x14\x1f]", wire.group(3)))
        return "ANPA 1312" if is_anpa else "IPTC 7901"
    kind = binary_kind(sample)
    # A large picture may come before the first part that tells what this is.
    is_word = kind == "a Word document" or (kind == "a ZIP archive" and suffix == ".docx")
    return "Word document" if is_word else ""


def _by_text(sample: bytes, suffix: str) -> str:
    """What the marks in the text itself say, if anything; ``sample`` has one byte for each ASCII character."""
    sample = sample.removeprefix(b"\xef\xbb\xbf")
    start = sample.lstrip()[:1]
    if start == b"<":
        return _by_markup(sample)
    if start in (b"{", b"["):
        is_feed = suffix in ("", ".json", ".jsonfeed") and _JSON_FEED.search(sample[:4096])
        return "JSON Feed" if is_feed else ""
    if suffix in ("", ".txt", ".text", ".eml", ".mht", ".mhtml", ".mbox", ".mbx"):
        if _MAILBOX.match(sample):
            return "mailbox"
        if _HEADER.match(sample):
            head = sample.partition(b"\n\n")[0].partition(b"\r\n\r\n")[0]
            if _MAIL_HEADER.search(head):
                return "MHTML" if _RELATED.search(head) and suffix != ".eml" else "mail"
    if suffix in ("", ".txt", ".text") and _is_nexis(sample):
        return "Nexis text"
    return ""


def _is_nexis(sample: bytes) -> bool:
    # Plain words are looked for first, since most texts are no such thing and the expressions are slow.
    return (
        any(word in sample for word in _NEXIS_WORDS)
        and _NEXIS_FIELD.search(sample) is not None
        and _NEXIS_FIRST.search(sample) is not None
    )


def _by_markup(sample: bytes) -> str:
    root = root_of(sample)
    name = "HTML" if _DOCTYPE_HTML.match(sample) else _ROOTS.get(root, "")
    if root == "rss" and _WORDPRESS in sample:
        return "WordPress"
    if (root == "newsitem" or not name) and _RCV1.search(sample):
        return "Reuters RCV1"
    if root == "newsitem" and b"<NewsItem" in sample and b"<newsItem" not in sample:
        return "NewsML 1.2"
    if not name and (wrapped := _WRAPPED.search(sample)):
        return _ROOTS[wrapped.group(1).decode("ascii").lower()]
    if root == "lewis" or b"<!DOCTYPE lewis" in sample[:200]:
        return "Reuters-21578"
    if name == "HTML" and b"factiva" in sample.lower():
        is_factiva = _FACTIVA_TITLE.search(sample) or _FACTIVA_ARTICLE.search(sample)
        return "Factiva page" if is_factiva else name
    return name


def root_of(sample: bytes) -> str:
    """The name of the first element, in lower case and without its prefix; '' where there is none."""
    at = 3 if sample.startswith(b"\xef\xbb\xbf") else 0
    while skipped := _SKIPPED.match(sample, at):
        at = skipped.end()
    root = _ROOT.match(sample, at)
    return root.group(1).decode("ascii", "replace").lower() if root else ""


def _narrow(sample: bytes) -> bytes:
    """The sample with one byte for each ASCII character, be it UTF-16, and without a byte order mark."""
    encoding = wide_encoding(sample)
    narrow = sample.decode(encoding, "replace").encode("utf-8", "replace") if encoding else sample
    return narrow.removeprefix(b"\xef\xbb\xbf")
