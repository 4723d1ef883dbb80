"""What does an XML document that must not be trusted say before its root? Its characters, and no entity of its own.

A feed has no need to declare entities: one that does is after our memory ("billion laughs") or our files.
"""

from __future__ import annotations

import codecs
import html
import html.entities
import re
from typing import NamedTuple

from searchkit.readers.decoding import SAMPLE_SIZE, wide_encoding
from searchkit.readers.format import UnreadableError
from searchkit.readers.guessing import guess
from searchkit.readers.markup import plain

_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._:-]{0,40})[\"']")
# Not every codec is one for documents: some unfold ("zlib"), some hide tags (UTF-7).
_TRUSTED = re.compile(
    r"(?:iso-?8859-(?:[1-9]|1[0-6])|windows-125[0-8]|cp125[0-8]|cp86[0-9]|koi8-[rut]|gb2312|gbk|gb18030|big5(?:-?hkscs)?"
    r"|shift[_-]?jis|euc-(?:jp|kr)|iso-2022-(?:jp|kr)|tis-620|mac-(?:roman|cyrillic|latin2)|macintosh)",
    re.ASCII,
)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
# References that are no good outside of CDATA: to a character that is none, to an entity that XML does not know.
_REFERENCE = re.compile(
    r"<!\[CDATA\[(?:.*?\]\]>|.*)"
    r"|&(?!(?:lt|gt|amp|quot|apos);)(?:(?:#([0-9]{1,9})|#[xX]([0-9A-Fa-f]{1,8})|([A-Za-z][A-Za-z0-9]{0,30}));)?",
    re.DOTALL,
)
_PROLOG = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_DOCTYPE = re.compile(
    r"<!DOCTYPE(?:[^\[>\"']|\"[^\"]*\"|'[^']*')*(?:\[(?:[^\]\"']|\"[^\"]*\"|'[^']*')*\])?\s*>", re.IGNORECASE
)
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)


class Root(NamedTuple):
    """A document from its root on, the line where that begins, and whether it had to be mended."""

    text: str
    line: int
    mended: bool


def root_text(data: bytes) -> Root:
    """The document without what precedes its root; UnreadableError if it declares entities or has no root."""
    text = _decoded(data)
    at = 0
    line = 1
    while not re.match(r"<[A-Za-z_]", text[at : at + 2]):
        found = _PROLOG.match(text, at)
        if not found:
            found = _DOCTYPE.match(text, at)
            if not found:
                refuse_entities(text[at : at + SAMPLE_SIZE])
                raise UnreadableError("is no XML: it has no root element", "damaged")
            refuse_entities(found.group())
        line += text.count("\n", at, found.end())
        at = found.end()
    text = text[at:]
    mended = _REFERENCE.sub(_mended, _NOT_XML.sub("", text))
    return Root(mended, line, mended != text)


def refuse_entities(prolog: str) -> None:
    """Raise UnreadableError if ``prolog`` declares an entity."""
    if _ENTITY.search(prolog):
        raise UnreadableError("declares entities of its own, which is not safe to read", "format")


def of_html(text: str) -> str:
    """The text of what is known to be HTML, whether a tag in it tells or not."""
    return plain(f"<p>{text}</p>") if text else ""


def _decoded(data: bytes) -> str:
    wide = wide_encoding(data[:SAMPLE_SIZE])
    if wide:
        return data.decode(wide, "replace").removeprefix("\ufeff")
    data = data.removeprefix(b"\xef\xbb\xbf")
    declared = _DECLARED.match(data.lstrip()[:400])
    name = (
        declared.group(1).decode("ascii").lower().replace("_", "-").replace("shift-jis", "shift_jis")
        if declared
        else ""
    )
    name = name if _TRUSTED.fullmatch(name) else ""
    # Bytes beyond ASCII that make UTF-8 are UTF-8, whatever is declared; escapes of ISO-2022 are not beyond ASCII.
    if not name.startswith("iso-2022"):
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    for codec in (name, "gb18030" if name == "gb2312" else ""):
        try:
            return data.decode(codecs.lookup(codec).name)
        except (LookupError, UnicodeDecodeError):
            continue
    # UTF-8 with a broken character here and there stays UTF-8.
    text = data.decode("utf-8", "replace")
    if text.count("\ufffd") * 10 < len(data) - len(text):
        return text
    return data.decode(guess(data), "replace")


def _mended(found: re.Match[str]) -> str:
    """What a reference should have been; what is none is text."""
    decimal, hexadecimal, name = found.groups()
    whole = found.group()
    if decimal or hexadecimal:
        number = int(decimal) if decimal else int(hexadecimal, 16)
        return whole if _is_character(number) else "\ufffd"
    if name:
        character = html.entities.html5.get(f"{name};", "")
        return html.escape(character) if character else f"&amp;{name};"
    return "&amp;" if whole == "&" else whole


def _is_character(number: int) -> bool:
    return number in (9, 10, 13) or 32 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 0x10000 <= number < 0x110000
