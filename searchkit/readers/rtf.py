"""What does an RTF document say? Its paragraphs, with their bold and their headings, in one pass over the bytes.

The reader follows the Rich Text Format Specification, version 1.9.1. There is a library for it, striprtf, which is
not used: it needs a minute for half a megabyte of a hostile file, takes binary data outside of pictures for text,
and does not tell what is bold or who wrote a document. Pictures, embedded objects, headers, footnotes and
annotations are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from searchkit.article import Article, Problem
from searchkit.readers.documents import Properties, read_paragraphs
from searchkit.readers.format import RECORD_LIMIT, RECORD_LIMIT_WORDS, Source, UnreadableError
from searchkit.readers.paragraphs import HEADING, TITLE, Paragraph, row_of
from searchkit.readers.rtf_characters import CHARACTERS, charset_page, code_page, decoded

_TOKEN = re.compile(
    rb"([^\\{}\r\n]+)|\\'([0-9a-fA-F]{2})|\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|([{}])|\\([^a-zA-Z])|[\r\n]+",
    re.DOTALL,
)
_TEXT, _HEX, _WORD, _NUMBER, _BRACE, _SYMBOL = range(1, 7)
_BINARY = re.compile(rb"(?<!\\)((?:\\\\)*)\\bin([0-9]{1,10}) ?")

# Groups whose text is no text of the document. Any other one that begins with \* is passed over too.
_SILENT_WORDS = b"""
annotation atnauthor atndate atnid author bkmkend bkmkstart buptim category colorschememapping colortbl
comment company creatim datastore do doccomm docvar falt filetbl fldinst footer footerf footerl footerr
footnote formfield generator header headerf headerl headerr hlinkbase keywords latentstyles list listlevel
listoverridetable listpicture listtable listtext manager mmathPr nonshppict objclass objdata object operator
pict pntext printim private revtbl revtim rsidtbl rxe shppict shprslt sp subject tc template themedata title
txe userprops xe xmlnstbl
"""
_SILENT = frozenset(_SILENT_WORDS.split())
# Of the groups that begin with \*, the one that holds text: that of a box.
_TEXT_BOX = b"shpinst"
_DEEPEST = 1000
_INFO = {b"title": "title", b"author": "author"}


def read_rtf(source: Source) -> Iterator[Article | Problem]:
    """One article, or those of the export that the document is; UnreadableError where it is no RTF."""
    data = source.stream.read(RECORD_LIMIT + 1)
    if len(data) > RECORD_LIMIT:
        raise UnreadableError(f"is larger than {RECORD_LIMIT_WORDS}", "limit")
    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableError("is no RTF", "format")
    document = _Document()
    document.read(_without_binary(data))
    yield from read_paragraphs(source, document.paragraphs, document.properties())
    if document.depth > 0:
        yield Problem(source.origin(), "is cut off: a group that it opens is never closed", kept=True)


def _without_binary(data: bytes) -> bytes:
    r"""The document without what \bin announces: so many bytes of anything, braces too."""
    pieces: list[bytes] = []
    at = 0
    while found := _BINARY.search(data, at):
        pieces += (data[at : found.start()], found[1])
        at = found.end() + int(found[2])
    return b"".join([*pieces, data[at:]]) if pieces else data


class _Document:
    """The paragraphs that were read so far, and the one that is being read."""

    def __init__(self) -> None:
        self.paragraphs: list[Paragraph] = []
        self.depth = 0
        self._default = "cp1252"
        # What a group begins with, and its end restores: where text goes ("" for the document, or "silent", "fonts",
        # "styles", "info", "title", "author"), its code page, how much stands in for a character by its number, and
        # whether it is bold or hidden.
        self._into = ""
        self._page = "cp1252"
        self._fallback = 1
        self._is_bold = self._is_hidden = False
        self._stack: list[tuple[str, str, int, bool, bool]] = []
        self._starred = False
        self._skip = 0
        # Bytes that are not decoded yet: a character may take two of them.
        self._bytes = bytearray()
        self._pieces: list[str] = []
        self._all_bold = True
        self._in_table = False
        self._level = 0
        self._cell: list[Paragraph] = []
        self._row: list[list[Paragraph]] = []
        self._info: dict[str, list[str]] = {"title": [], "author": []}
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._styles: dict[int, int] = {}
        self._style, self._style_name = 0, bytearray()

    def properties(self) -> Properties:
        r"""What the group \info says."""
        return Properties("".join(self._info["title"]), "".join(self._info["author"]))

    def read(self, data: bytes) -> None:
        """Go over all the tokens, or to the end of the outermost group."""
        for token in _TOKEN.finditer(data):
            kind = token.lastindex
            if kind == _TEXT:
                self._text(token[_TEXT])
            elif kind == _HEX:
                self._text(bytes((int(token[_HEX], 16),)))
            elif kind == _BRACE:
                self._brace(token[_BRACE])
                if not self.depth:
                    break
            elif kind == _SYMBOL:
                self._symbol(token[_SYMBOL])
            elif kind is not None:
                self._word(token[_WORD], token[_NUMBER])
        self._end_paragraph()
        self._end_row()

    def _brace(self, brace: bytes) -> None:
        self._skip = 0
        self._starred = False
        if brace == b"{":
            self.depth += 1
            if self.depth > _DEEPEST:
                raise UnreadableError(f"is nested more than {_DEEPEST:,} groups deep", "limit")
            self._stack.append((self._into, self._page, self._fallback, self._is_bold, self._is_hidden))
            return
        self.depth -= 1
        self._flush()
        if self._stack:
            self._into, self._page, self._fallback, self._is_bold, self._is_hidden = self._stack.pop()

    def _text(self, text: bytes) -> None:
        into = self._into
        if self._skip:
            self._skip, text = max(0, self._skip - len(text)), text[self._skip :]
        if not text or into == "silent":
            return
        if into == "styles":
            self._style_text(text)
        elif into not in ("fonts", "info") and not self._is_hidden:
            self._bytes += text

    def _say(self, text: str) -> None:
        """Text that is no bytes: a character that the document names."""
        if self._into in _SPEAKING and not self._is_hidden:
            self._flush()
            self._append(text)

    def _append(self, text: str) -> None:
        if self._into:
            self._info[self._into].append(text)
            return
        self._pieces.append(text)
        self._all_bold = self._all_bold and (self._is_bold or text.isspace())

    def _flush(self) -> None:
        if self._bytes:
            text = decoded(bytes(self._bytes), self._page)
            self._bytes.clear()
            if text:
                self._append(text)

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._starred = True
        elif self._skip:
            self._skip -= 1
        elif symbol in b"\\{}":
            self._text(symbol)
        elif symbol in b"\r\n":
            self._word(b"par", None)
        elif symbol in (b"~", b"_"):
            self._say("\u00a0" if symbol == b"~" else "\u2011")

    def _word(self, word: bytes, number: bytes | None) -> None:
        starred, self._starred = self._starred, False
        if self._into == "silent":
            return
        if word == b"u" and number is not None:
            self._unicode(int(number))
            return
        if self._skip:
            # What stands for a character in its place may be a word, but a new paragraph is none.
            self._skip -= 1
            if word in CHARACTERS:
                return
            self._skip = 0
        if word in _OPENING:
            self._enter(_OPENING[word])
        elif self._into == "info" and word in _INFO:
            self._enter(_INFO[word])
        elif word in _SILENT or (starred and word != _TEXT_BOX):
            self._enter("silent")
        elif word in CHARACTERS:
            self._say(CHARACTERS[word])
        elif handler := _HANDLERS.get(word):
            handler(self, int(number) if number else None)

    def _enter(self, into: str) -> None:
        self._flush()
        self._into = into

    def _unicode(self, number: int) -> None:
        # Numbers are signed and have sixteen bits; beyond these, two make a pair, which prose.clean joins.
        number = number + 0x10000 if number < 0 else number
        if 0 < number <= 0x10FFFF:
            self._say(chr(number))
        self._skip = self._fallback

    def _set_page(self, page: str) -> None:
        if page != self._page:
            self._flush()
            self._page = page

    # What the words do; each has the number that follows it.

    def _on_code_page(self, number: int | None) -> None:
        self._default = code_page(number or 0)
        self._set_page(self._default)

    def _on_fallback(self, number: int | None) -> None:
        self._fallback = min(max(number or 0, 0), 16)

    def _on_font(self, number: int | None) -> None:
        self._font = number or 0
        if self._into != "fonts":
            self._set_page(self._fonts.get(self._font, self._default))

    def _on_charset(self, number: int | None) -> None:
        if self._into == "fonts":
            self._fonts[self._font] = charset_page(number or 0) or self._default

    def _on_style(self, number: int | None) -> None:
        if self._into == "styles":
            self._style, self._style_name = number or 0, bytearray()
        else:
            self._level = self._styles.get(number or 0, 0)

    def _style_text(self, text: bytes) -> None:
        self._style_name += text[:80]
        if b";" in text:
            name = bytes(self._style_name).partition(b";")[0].strip().lower()
            level = {b"title": TITLE, b"heading 1": HEADING}.get(name, 0)
            if level:
                self._styles[self._style] = level
            self._style_name = bytearray()

    def _on_outline(self, number: int | None) -> None:
        if self._into != "styles" and number == 0 and not self._level:
            self._level = HEADING

    def _on_bold(self, number: int | None) -> None:
        if self._is_bold != (number != 0):
            self._flush()
            self._is_bold = number != 0

    def _on_hidden(self, number: int | None) -> None:
        self._flush()
        self._is_hidden = number != 0

    def _on_plain(self, _: int | None) -> None:
        self._flush()
        self._is_bold = self._is_hidden = False
        if self._into != "fonts":
            self._page = self._default

    def _on_defaults(self, _: int | None) -> None:
        if self._into != "styles":
            self._level = 0
            self._in_table = False

    def _on_in_table(self, _: int | None) -> None:
        self._in_table = True

    def _on_paragraph(self, _: int | None) -> None:
        if self._into in _SPEAKING:
            self._end_paragraph()

    def _on_cell(self, _: int | None) -> None:
        if self._into in _SPEAKING:
            self._in_table = True
            self._end_paragraph()
            self._row.append(self._cell)
            self._cell = []

    def _on_row(self, _: int | None) -> None:
        if self._into in _SPEAKING:
            self._end_row()

    def _end_paragraph(self) -> None:
        self._flush()
        text = "".join(self._pieces)
        paragraph = Paragraph(text, self._level, self._all_bold and bool(text))
        self._pieces, self._all_bold = [], True
        if self._in_table:
            self._cell.append(paragraph)
            return
        self._end_row()
        if text:
            self.paragraphs.append(paragraph)

    def _end_row(self) -> None:
        if self._cell:
            self._row.append(self._cell)
        if self._row:
            self.paragraphs += row_of(self._row)
        self._cell, self._row = [], []


_SPEAKING = frozenset(("", "title", "author"))
_OPENING = {b"fonttbl": "fonts", b"stylesheet": "styles", b"info": "info"}
_HANDLERS: dict[bytes, Callable[[_Document, int | None], None]] = {
    b"ansicpg": _Document._on_code_page,
    b"mac": lambda document, _: document._on_code_page(10000),
    b"pc": lambda document, _: document._on_code_page(437),
    b"pca": lambda document, _: document._on_code_page(850),
    b"uc": _Document._on_fallback,
    b"f": _Document._on_font,
    b"fcharset": _Document._on_charset,
    b"s": _Document._on_style,
    b"outlinelevel": _Document._on_outline,
    b"b": _Document._on_bold,
    b"v": _Document._on_hidden,
    b"deleted": _Document._on_hidden,
    b"plain": _Document._on_plain,
    b"pard": _Document._on_defaults,
    b"intbl": _Document._on_in_table,
    b"par": _Document._on_paragraph,
    b"sect": _Document._on_paragraph,
    b"page": _Document._on_paragraph,
    b"cell": _Document._on_cell,
    b"nestcell": _Document._on_cell,
    b"row": _Document._on_row,
}
