"""What does a web archive hold? The pages of its responses and resources, each an article.

Records are cut out here, so that one that is broken does not end the file; warcio reads what is in them. The day of
the capture is a note, never the day of publication. What is no page is passed over, and counted in one Problem at
the end: documents that could have been articles (PDF, plain text, feeds) by their media type, all else by its kind.
"""

from __future__ import annotations

import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord, ArcWarcRecordLoader

from searchkit.article import Article, Origin, Problem
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, Source, UnreadableError
from searchkit.readers.html import page_items
from searchkit.readers.page_encoding import charset_in
from searchkit.readers.prose import one_line
from searchkit.readers.recognition import root_of

_VERSION = re.compile(rb"WARC/[0-9]\.[0-9]{1,2}\s*$")
_TYPE = re.compile(rb"(?mi)^WARC-Type:\s*(\S+)")
_LENGTH = re.compile(rb"(?mi)^Content-Length:\s*([0-9]{1,15})\s*$")
_MOST_HEADERS = 1 << 18
_PIECE = 1 << 20
_LINE = 1 << 16

_HOLD_PAGES = frozenset(("response", "resource"))
_PAGES = frozenset(("text/html", "application/xhtml+xml"))
_DOCUMENTS = re.compile(r"application/(?:pdf|msword|rtf|vnd\.openxmlformats\S*|(?:\w+\+)?xml)|text/(?:plain|xml|rtf)")
# How what is no page is called, so that an s makes it many: by its type of record, and by its media type.
_NOTHING, _ABOUT_ITSELF = "empty record", "warcinfo"
_TYPES = {
    "warcinfo": _ABOUT_ITSELF,
    "request": "request",
    "metadata": "metadata record",
    "revisit": "repeated capture",
    "conversion": "conversion",
    "continuation": "continuation",
}
_MEDIA = (
    (re.compile(r"image/.*"), "image"),
    (re.compile(r"(?:video|audio)/.*"), "recording"),
    (re.compile(r".*(?:java|ecma)script"), "script"),
    (re.compile(r"text/css"), "style sheet"),
    (re.compile(r"font/.*|application/(?:x-)?font.*|application/vnd\.ms-fontobject"), "font"),
    (re.compile(r"text/dns"), "name look-up"),
    (re.compile(r"application/(?:\w+\+)?json"), "JSON document"),
)
_MOST_KINDS = 8
_FAULTS = (ArchiveLoadFailed, EOFError, ValueError, TypeError, AttributeError, LookupError, zlib.error)


class _Record(NamedTuple):
    """A record as it stands in the file, or the reason why it is none."""

    head: bytes
    content: bytes
    fault: str = ""
    kind: str = "damaged"

    @property
    def type(self) -> str:
        """What the record says that it is, in lower case: "response", "request" ...; '' where it does not say."""
        found = _TYPE.search(self.head)
        return found.group(1).decode("ascii", "replace").lower() if found else ""


def read_warc(source: Source) -> Iterator[Article | Problem]:
    """One article a page; UnreadableError for an archive that holds none."""
    number = pages = 0
    passed: Counter[str] = Counter()
    for number, record in enumerate(_records(source.stream), start=1):
        origin = source.origin(f"record {number}")
        source.steps.beat()
        if record.fault:
            pages += 1
            yield Problem(origin, record.fault, kind=record.kind)
            continue
        try:
            page = _page(record)
        except UnreadableError as error:
            pages += 1
            yield Problem(origin, error.reason, kind=error.kind)
            continue
        if isinstance(page, str):
            passed[page] += 1
            continue
        pages += 1
        with source.steps.document(origin.place) as wanted:
            if wanted:
                yield from _items(source, page, origin, source.numbered(number))
    del passed[_ABOUT_ITSELF]
    if not pages:
        said = f": {_passed_over(passed)}" if passed else ""
        raise UnreadableError(f"holds no page{said}" if number else "holds no record of a web archive", "empty")
    if passed:
        yield Problem(source.origin(), _passed_over(passed), True, "format")


def _items(source: Source, page: _Page, origin: Origin, name: str) -> Iterator[Article | Problem]:
    try:
        for item in page_items(source, page.content, origin, name, charset=page.charset, url=page.url):
            yield _captured(item, page.captured)
    except RecursionError:
        yield Problem(origin, "is nested too deeply", kind="limit")


def _passed_over(passed: Counter[str]) -> str:
    """What was passed over, as half a sentence; documents first, since somebody may miss them."""
    ordered = sorted(passed.items(), key=lambda kind: ("/" not in kind[0], -kind[1], kind[0]))
    kinds = [f"{count:,} {kind}{'s' if count > 1 and '/' not in kind else ''}" for kind, count in ordered]
    if len(kinds) > _MOST_KINDS:
        rest = sum(count for _, count in ordered[_MOST_KINDS:])
        kinds[_MOST_KINDS:] = [f"{rest:,} of {len(ordered) - _MOST_KINDS:,} other kinds"]
    total = passed.total()
    said = "1 record is no page" if total == 1 else f"{total:,} records are no pages"
    return f"{said}: {', '.join(kinds)}"


def _captured(item: Article | Problem, captured: str) -> Article | Problem:
    if isinstance(item, Problem) or not captured:
        return item
    return Article(
        item.id, item.title, item.body, item.date, item.source, item.authors, item.section, item.url, item.language,
        item.origin, (*item.notes, ("captured", captured)),
    )  # fmt: skip


def _records(stream: io.BufferedReader) -> Iterator[_Record]:
    """Each record; the content only of those that can hold a page."""
    stray = False
    while line := stream.readline(_LINE):
        if not _VERSION.match(line):
            if line.strip() and not stray:
                # Said once; the next line that begins a record is where reading goes on.
                stray = True
                yield _Record(
                    b"", b"", "does not begin as a record does, or the one before it is longer than it says"
                )
            continue
        stray = False
        head = _head(stream, line)
        length = _LENGTH.search(head)
        if not length:
            stray = True
            yield _Record(head, b"", "does not say how long it is")
            continue
        yield from _content(stream, head, int(length.group(1)))


def _head(stream: io.BufferedReader, first: bytes) -> bytes:
    held = [first]
    size = 0
    while (line := stream.readline(_LINE)) and line.strip() and size < _MOST_HEADERS:
        held.append(line)
        size += len(line)
    return b"".join([*held, b"\r\n"])


def _content(stream: io.BufferedReader, head: bytes, length: int) -> Iterator[_Record]:
    wanted = _Record(head, b"").type in _HOLD_PAGES
    kept: list[bytes] = []
    left = length
    while left:
        piece = stream.read(min(left, _PIECE))
        if not piece:
            yield _Record(head, b"", "ends too early: the file is cut off")
            return
        left -= len(piece)
        if wanted and length <= RECORD_LIMIT:
            kept.append(piece)
    if wanted and length > RECORD_LIMIT:
        yield _Record(head, b"", f"is larger than {RECORD_LIMIT_WORDS}, more than one page can be", "limit")
    else:
        yield _Record(head, b"".join(kept))


class _Page(NamedTuple):
    content: bytes
    charset: str
    url: str
    captured: str


def _page(record: _Record) -> _Page | str:
    """The page in a record, or what it is instead: the media type of another document, or the name of its kind."""
    if record.type not in _HOLD_PAGES:
        return _TYPES.get(record.type, "other record")
    stream = io.BytesIO(record.head + record.content)
    try:
        loaded = ArcWarcRecordLoader(verify_http=False, arc2warc=False).parse_record_stream(
            stream, known_format="warc"
        )
        headers = loaded.http_headers
        status = headers.get_statuscode() if headers else "200"
        stated = (headers.get_header("Content-Type") if headers else loaded.content_type) or ""
        url = loaded.rec_headers.get_header("WARC-Target-URI") or ""
        captured = loaded.rec_headers.get_header("WARC-Date") or ""
        if status != "200":
            return "redirect" if status.startswith("3") else "failed request"
        content = _unpacked(loaded)
    except _FAULTS as error:
        raise UnreadableError("is no sound record of a web archive") from error
    media = stated.partition(";")[0].strip().lower()
    if media in _PAGES or (not media and root_of(content[:4096]) == "html"):
        return _Page(content, charset_in(stated), one_line(url).strip("<>"), one_line(captured))
    return _other(media, content)


def _other(media: str, content: bytes) -> str:
    if not content.strip():
        return _NOTHING
    if _DOCUMENTS.fullmatch(media):
        return media
    return next((name for form, name in _MEDIA if form.fullmatch(media)), "other file")


def _unpacked(record: ArcWarcRecord) -> bytes:
    """The content as the server meant it; what only claims to be packed is taken as it is."""
    headers = record.http_headers
    content: bytes = record.raw_stream.read()
    if headers is None:
        return content
    if (headers.get_header("Transfer-Encoding") or "").strip().lower() == "chunked":
        content = ChunkedDataReader(io.BytesIO(content)).read()
    for coding in reversed((headers.get_header("Content-Encoding") or "").lower().split(",")):
        unfold = _CODINGS.get(coding.strip())
        if unfold:
            content = unfold(content)
    if len(content) > RECORD_LIMIT:
        raise UnreadableError(f"unfolds to more than {RECORD_LIMIT_WORDS}", "limit")
    return content


def _inflated(content: bytes, *windows: int) -> bytes:
    for window in windows:
        try:
            return zlib.decompressobj(window).decompress(content, RECORD_LIMIT + 1)
        except zlib.error:
            continue
    return content


def _gunzipped(content: bytes) -> bytes:
    return _inflated(content, 16 + zlib.MAX_WBITS)


def _deflated(content: bytes) -> bytes:
    return _inflated(content, zlib.MAX_WBITS, -zlib.MAX_WBITS)


def _unbrotlied(content: bytes) -> bytes:
    """Brotli is no part of the extra: where it is installed in a version that can be bounded, it is used."""
    if content[:1] in (b"<", b"\xef") or content[:2] == b"\r\n":
        return content
    if not find_spec("brotli"):
        raise UnreadableError("is packed with Brotli, which needs: pip install brotli", "extra")
    brotli = import_module("brotli")
    try:
        return bytes(brotli.Decompressor().process(content, output_buffer_limit=RECORD_LIMIT + 1))
    except TypeError as error:
        raise UnreadableError("is packed with Brotli, which needs: pip install 'brotli>=1.2'", "extra") from error
    except brotli.error:
        return content


_CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzipped,
    "x-gzip": _gunzipped,
    "deflate": _deflated,
    "br": _unbrotlied,
}
