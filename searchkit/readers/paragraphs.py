"""What is a document of a word processor made of? Paragraphs in their order, each with what sets it apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from searchkit.readers.prose import tidy

TITLE, HEADING = 1, 2


class Paragraph(NamedTuple):
    """One paragraph, or one row of a table.

    ``text`` has line feeds where the author broke a line. ``level`` is ``TITLE`` for a paragraph of the style
    Title, ``HEADING`` for a heading of the first order, and 0 for all others. ``is_row`` says that it is a row:
    its cells are parted by tabs.
    """

    text: str
    level: int = 0
    is_bold: bool = False
    is_row: bool = False


def row_of(cells: list[list[Paragraph]]) -> list[Paragraph]:
    """A row of a table: one paragraph, or, where it has a single cell that speaks, the paragraphs in that cell.

    Such tables are there for the layout.
    """
    speaking = [cell for cell in cells if any(not paragraph.text.isspace() for paragraph in cell if paragraph.text)]
    if len(speaking) <= 1:
        return speaking[0] if speaking else []
    texts = ["\n".join([paragraph.text for paragraph in cell if paragraph.text]) for cell in cells]
    return [Paragraph("\t".join(texts).rstrip("\t"), is_row=True)]


def running_text(paragraphs: Iterable[Paragraph]) -> str:
    """The text of the paragraphs, a blank line between two; the rows of a table stand close together."""
    parts: list[str] = []
    after_row = False
    for paragraph in paragraphs:
        if not paragraph.text or paragraph.text.isspace():
            continue
        if parts:
            parts.append("\n" if after_row and paragraph.is_row else "\n\n")
        parts.append(paragraph.text)
        after_row = paragraph.is_row
    return tidy("".join(parts))
