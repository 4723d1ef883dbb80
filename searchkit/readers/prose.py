"""What does running text look like in this house? Clean characters, a blank line between paragraphs."""

from __future__ import annotations

import re

# What would disturb a terminal or a reader: controls other than tab and newline, the byte order mark.
# The separators U+2028 and U+2029, and their old kin, are newlines.
_CLEAN: dict[int, str | None] = dict.fromkeys([*range(32), *range(127, 160), 0xFEFF])
_CLEAN.update({9: "\t", 10: "\n", 11: "\n", 12: "\n\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n\n"})
_CLEAN.update(dict.fromkeys(range(0xD800, 0xE000), "\ufffd"))

# The same as bytes: the controls of ASCII, and those beyond it as they stand in UTF-8.
_CONTROLS = bytes((*range(9), *range(11, 32), 127))
_HIGH_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def clean(text: str) -> str:
    """``text`` with line feeds for newlines, no control characters, and U+FFFD for lone surrogates."""
    if _is_clean(text):
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _PAIR.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.translate(_CLEAN)


def _is_clean(text: str) -> bool:
    """Whether ``clean`` has nothing to do; a regular expression over the text would take ten times as long."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return False
    if len(data.translate(None, _CONTROLS)) != len(data):
        return False
    if text.isascii():
        return True
    separated = "\u2028" in text or "\u2029" in text or "\ufeff" in text
    return not separated and not _HIGH_CONTROL.search(data)


def tidy(text: str) -> str:
    """Clean text whose paragraphs are parted by one blank line, without blanks at the ends of lines."""
    text = clean(text).strip()
    # One character is looked for far more quickly than two.
    if " \n" in text or ("\t" in text and "\t\n" in text) or ("\u00a0" in text and "\u00a0\n" in text):
        text = "\n".join([line.rstrip() for line in text.split("\n")])
    if "\n\n\n" in text:
        text = _MANY_BREAKS.sub("\n\n", text)
    return text


_MANY_BREAKS = re.compile("\n{3,}")


def one_line(text: str) -> str:
    """Clean text on one line, each run of white space made one blank: for titles, names and ids."""
    return " ".join(clean(text).split()) if text else text


# What a cut excerpt ends in.
_CUT = " .…[]()_–—-"


def introduced(body: str, *pieces: str) -> str:
    """The body with pieces before it that it does not say itself: a standfirst, a dateline, a second headline."""
    plain = one_line(body).casefold()
    missing = [clean(piece) for piece in pieces if piece and one_line(piece).casefold().rstrip(_CUT) not in plain]
    return "\n\n".join([*missing, body]).strip()
