"""What does a Markdown file say? Its front matter, its first heading as title, its text without marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from searchkit.article import Article, Problem
from searchkit.readers.decoding import read_whole
from searchkit.readers.format import Source, UnreadableError
from searchkit.readers.front_matter import FrontMatterError, front_matter
from searchkit.readers.markup import tokens
from searchkit.readers.prose import clean, one_line
from searchkit.readers.records import entry, lifted, plan_for, said

# Markdown is parsed at some 100 KiB a second where it is all lists: a larger file would hold up a run.
_LIMIT = 1024 * 1024

_FRONT = re.compile(r"\s*---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)


def read_markdown(source: Source) -> Iterator[Article | Problem]:
    """The one article of a Markdown file; UnreadableError if it holds no text."""
    text = clean(read_whole(source.stream, _LIMIT, "1 MiB"))
    if not text.strip():
        raise UnreadableError("holds no text", "empty")
    record: dict[str, object] = {}
    front = _FRONT.match(text)
    if front:
        try:
            found = front_matter(front.group(1) or "")
        except FrontMatterError as error:
            yield Problem(source.origin(), f"the front matter could not be used: {error}", kept=True)
        else:
            # Prose between two rules is no front matter, and stays in the body.
            if found is not None:
                record, text = found, text[front.end() :]
    heading, body = _spoken(text)
    record = lifted(record, source.settings.keys)
    plan = plan_for(tuple(record), source.settings.keys)
    title = said(record, "title", source.settings.keys)
    if heading and title and one_line(heading) != one_line(title):
        body = f"{heading}\n\n{body}"
    # The text of the file is the body, whatever the front matter calls body.
    for key in (*plan.title, *plan.body):
        del record[key]
    record["title"], record["body"] = title or heading, body
    # The keys of these two have been looked at.
    keys = tuple((field, key) for field, key in source.settings.keys if field not in ("title", "body"))
    yield from entry(record, source.origin(), source.name, replace(source.settings, keys=keys), marked=False)


def _spoken(text: str) -> tuple[str, str]:
    """The first heading of the first level, and the rest as paragraphs without marks."""
    page = _Page()
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        page.take(token)
    return page.heading, "".join(page.body)


class _Page:
    """Gathers what the tokens of a page say: one heading, and the text in pieces to be joined."""

    def __init__(self) -> None:
        self.heading = ""
        self.body: list[str] = []
        self._opener = ""
        self._bullet = ""
        self._cells: list[str] | None = None
        self._in_rows = False

    def take(self, token: Token) -> None:
        if token.type == "inline":
            self._say(_inline(token.children or ()))
        elif token.type in ("fence", "code_block"):
            self._block(token.content)
        elif token.type == "html_block":
            self._block(_without_tags(token.content))
        elif token.type == "tr_open":
            self._cells = []
        elif token.type == "tr_close":
            self._row(" | ".join(self._cells or ()))
            self._cells = None
        elif token.type == "list_item_open":
            self._bullet = f"{token.info}. " if token.info else "- "
        elif token.nesting == 1:
            self._opener = token.tag
            # A table, or a list that lies in no other, begins a block of its own.
            if token.level == 0:
                self._in_rows = False

    def _say(self, words: str) -> None:
        if self._cells is not None:
            self._cells.append(words)
        elif self._opener == "h1" and not self.heading:
            self.heading = one_line(words)
        elif self._bullet:
            self._row(self._bullet + words)
            self._bullet = ""
        else:
            self._block(words)

    def _row(self, words: str) -> None:
        self.body += ("\n" if self._in_rows else "\n\n", words)
        self._in_rows = True

    def _block(self, words: str) -> None:
        self.body += ("\n\n", words)
        self._in_rows = False


def _inline(tokens: Sequence[Token]) -> str:
    """The text of a line: that of links and emphasis, the description of images, no tags."""
    pieces = []
    for token in tokens:
        if token.type in ("text", "code_inline", "text_special"):
            pieces.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            pieces.append("\n")
        elif token.type == "image":
            pieces.append(_inline(token.children or ()))
    return "".join(pieces)


def _without_tags(block: str) -> str:
    return " ".join(token.text.strip() for token in tokens(block) if not token.name).strip()
