r"""Which characters are meant in an RTF document? Those with a word of their own, and the code pages of its bytes."""

from __future__ import annotations

import codecs

CHARACTERS: dict[bytes, str] = {
    b"line": "\n",
    b"softline": "\n",
    b"lbr": "\n",
    b"tab": "\t",
    b"emdash": "\u2014",
    b"endash": "\u2013",
    b"emspace": "\u2003",
    b"enspace": "\u2002",
    b"qmspace": "\u2005",
    b"bullet": "\u2022",
    b"lquote": "\u2018",
    b"rquote": "\u2019",
    b"ldblquote": "\u201c",
    b"rdblquote": "\u201d",
}

# \fcharset to code page. 0 and 1 are what \ansicpg says: Word writes 0 for the western page, and then names every
# other character by its number; other programs write 0 for whatever the document is in.
_CHARSETS = {
    2: "symbol",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}
_PAGES = {10000: "mac_roman", 65001: "utf-8", 936: "gb18030", 1361: "johab", 28591: "iso8859-1", 54936: "gb18030"}
_WESTERN = "cp1252"


def charset_page(charset: int) -> str:
    r"""The code page of a font by its \fcharset; '' for that of the document."""
    return _CHARSETS.get(charset, "")


def code_page(number: int) -> str:
    r"""The code page that \ansicpg names, or the western one where Python does not know it."""
    name = _PAGES.get(number, f"cp{number}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return _WESTERN


def decoded(data: bytes, page: str) -> str:
    """The characters of ``data``; of the symbol font, whose letters are signs, only the bullet."""
    if page == "symbol":
        return "".join("\u2022" if byte == 0xB7 else chr(byte) if byte < 0x80 else "" for byte in data)
    try:
        # Bytes below 0x20 are no text in any of these pages.
        return data.decode("ascii")
    except UnicodeDecodeError:
        return data.decode(page, "replace")
