"""Which characters is a page made of? What its bytes prove first, then what it declares, then the best guess.

Declarations lie: pages that are UTF-8 are served as Latin-1, and old pages sit under a header that says UTF-8.
Bytes beyond ASCII that are sound UTF-8 are UTF-8 whatever was said, and those that are not are never UTF-8.
"""

from __future__ import annotations

import codecs
import re

from searchkit.readers.decoding import SAMPLE_SIZE, decode_block, wide_encoding

_META = re.compile(rb"<meta\s[^>]*?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{2,40})", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\s[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{2,40})", re.IGNORECASE)
_PARAMETER = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{2,40})", re.IGNORECASE)
_HEAD_SIZE = 8192

# Python has codecs that are no characters at all ("zip", "rot13"), and some that run for ever: only these are used.
_KNOWN = re.compile(
    r"(?:iso[-_]?8859|windows|cp|latin|koi8|mac|gb|hz|big5|shift_?jis|s-?jis|ms_?kanji|euc|iso[-_]?2022|johab|ks_c|tis|"
    r"us-?ascii|ascii|x-sjis|x-gbk|x-mac)[a-z0-9_:-]*",
    re.IGNORECASE,
)
# Browsers read Latin-1 as the Windows page that contains it.
_AS_WINDOWS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "gb2312": "gb18030",
}
_SEVEN_BITS = ("iso2022", "hz")


def page_text(data: bytes, declared: str = "") -> str:
    """A page as text; ``declared`` is the charset that came with it from outside (a header), if one did."""
    wide = wide_encoding(data[:SAMPLE_SIZE])
    if wide:
        return data.decode(wide, "replace").removeprefix("\ufeff")
    charset = _codec(declared) or _codec(_stated(data))
    if charset.startswith(_SEVEN_BITS) and (b"\x1b" in data or b"~{" in data):
        return data.decode(charset, "replace")
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        pass
    if charset:
        try:
            return data.decode(charset)
        except UnicodeDecodeError:
            pass
    return decode_block(data)


def charset_in(content_type: str) -> str:
    """The charset in the value of a Content-Type header, or ''."""
    found = _PARAMETER.search(content_type)
    return found.group(1) if found else ""


def _stated(data: bytes) -> str:
    head = data[:_HEAD_SIZE]
    found = _XML.match(head) or _META.search(head)
    return found.group(1).decode("ascii") if found else ""


def _codec(name: str) -> str:
    """The codec that ``name`` means to a browser; '' for UTF-8, which is tried anyway, and for what is unknown."""
    name = name.strip(" \t\"'")
    if not _KNOWN.fullmatch(name):
        return ""
    try:
        codec = codecs.lookup(name.lower().removeprefix("x-")).name
    except (LookupError, ValueError):
        return ""
    return _AS_WINDOWS.get(codec, codec)
