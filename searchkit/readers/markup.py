"""What does a piece of marked-up text say? Tags, comments and entities out; paragraphs kept.

This is for text that travels inside a record (a body with <p> and &amp;), and for the tags of
Reuters-21578. The tokenizer goes over the text once, whatever it holds: a hostile text costs no more
time than an honest one of its length.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

_TAG = re.compile(
    r"""<(/?)([A-Za-z][A-Za-z0-9:_-]*)((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>"""
    r"""|<(/?)([A-Za-z][A-Za-z0-9:_-]*)([^<>]*)>"""
)
_ATTRIBUTE = re.compile(r"""([A-Za-z_][A-Za-z0-9:_-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")

_MARKED = re.compile(
    r"</(?:p|div|br|a|b|i|u|strong|em|ul|ol|li|span|h[1-6]|blockquote|table|td|tr|section|article|figure)\s*>"
    r"|<(?:br|hr)\s*/?>|<!--|<p(?:\s[^<>]*)?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,24}[0-9]{0,2}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_BLOCKS = _names(
    "p div section article aside header footer main nav figure figcaption blockquote pre h1 h2 h3 h4 h5 h6 "
    "ul ol dl table hr address form fieldset body html head"
)
_LINES = _names("br li tr dt dd option")
_SILENT = _names("script style template iframe svg title")


class Token(NamedTuple):
    """A start tag, an end tag or a run of text; ``name`` is in lower case, '' for text.

    ``text`` is the text with its entities resolved, or the attributes of a start tag as written.
    """

    name: str
    text: str
    closes: bool = False


def tokens(text: str) -> Iterator[Token]:
    """The tags and the text between them, in order; comments and declarations are left out."""
    position = 0
    start = text.find("<")
    last_end, last_comment_end = text.rfind(">"), text.rfind("-->")
    while start >= 0:
        end = 0
        if text.startswith("<!--", start):
            # One that is never closed is taken for text, not for the end of the article.
            end = text.find("-->", start) + 3 if start < last_comment_end else 0
        elif text.startswith(("<!", "<?"), start):
            end = text.find(">", start) + 1 if start < last_end else 0
        match = None if end else _TAG.match(text, start)
        if match:
            end = match.end()
        if end:
            if start > position:
                yield Token("", unescape(text[position:start]))
            if match:
                closes, name, rest = match.group(1, 2, 3) if match.group(2) else match.group(4, 5, 6)
                yield Token(name.lower(), rest, bool(closes))
            position = end
        start = text.find("<", end or start + 1)
    if position < len(text):
        yield Token("", unescape(text[position:]))


def attributes(written: str) -> dict[str, str]:
    """The attributes of a start tag, their names in lower case."""
    found = {}
    for name, double, single, bare in _ATTRIBUTE.findall(written):
        found[name.lower()] = unescape(double or single or bare)
    return found


def unescape(text: str) -> str:
    """``text`` with its entities resolved; one that no character answers to stays or vanishes."""
    if "&" not in text:
        return text
    try:
        return html.unescape(text)
    except ValueError:
        # A number of more than 4,300 digits is refused by Python, and meant nothing anyway.
        return text


def plain(text: str, *, certain: bool = False) -> str:
    """``text`` without markup if it clearly holds some, or is ``certain`` to be markup; otherwise just as it is."""
    if certain or ("<" in text and _MARKED.search(text)):
        return _stripped(text)
    if "&" in text and _ENTITY.search(text):
        return unescape(text)
    return text


def _stripped(text: str) -> str:
    parts: list[str] = []
    silent = ""
    for token in tokens(text):
        if silent:
            if token.closes and token.name == silent:
                silent = ""
        elif not token.name:
            parts.append(_folded(token.text))
        elif token.name in _SILENT and not token.closes and not token.text.endswith("/"):
            silent = token.name
        elif token.name in _BLOCKS:
            parts.append("\n\n")
        elif token.name in _LINES:
            parts.append("\n")
        elif token.name in ("td", "th") and not token.closes:
            parts.append(" ")
    rows = "".join(parts).split("\n")
    return "\n".join(" ".join(row.split()) for row in rows)


def _folded(text: str) -> str:
    # In markup a newline is only a blank, unless the text was written in lines that are paragraphs.
    lead = " " if text[:1].isspace() else ""
    trail = " " if text[-1:].isspace() else ""
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n[ \t\r]*\n", text)]
    return lead + "\n\n".join(paragraphs) + trail if any(paragraphs) else lead
