"""What does a chunk of a query's text mean? A word, a shape of words, or, where it falls into pieces, a phrase.

A chunk falls into the words that the analysis of articles would make of it. Escaped by a backslash a character
stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from searchkit.analysis import word_spans
from searchkit.frozen import frozen
from searchkit.query.grammar import Grammar
from searchkit.query.late import late
from searchkit.query.tree import Exact, Fuzzy, Leaf, Phrase, Regex, Wildcard, Word

Note = Callable[[int, str], None]
_ESCAPED = late(r"\\(.?)", re.DOTALL)
_CHUNK = late(r"(?:\\.|[^\s\x00-\x1f\x7f-\x9f\ufeff\\]|\\$)+", re.DOTALL)
# What stands around words without changing them.
_USUAL = frozenset(" \t\n\r.,;:!?…'’‘\"“”„«»()[]{}<>-–—/\\&|*~^=+_")
# A letter that no word has, so that a shape can be taken apart as the word it stands for would be.
_STAND_IN = "x"
_PIECE = late(r"[*?]|(?:\\.|[^*?\\])+", re.DOTALL)
_REGEX = late(r"/(?:\\.|[^/\\])+/", re.DOTALL)
_FUZZY = late(r"(?<!\\)~([012])$")
MOST_EDITS = 2


@frozen
class Notice:
    """What a reader of a query should know: something was passed over, or taken in one of several ways."""

    column: int
    text: str


def plain(text: str) -> str:
    """``text`` with its backslashes taken away."""
    return _ESCAPED().sub(r"\1", text) if "\\" in text else text


def word(text: str, column: int, grammar: Grammar, note: Note) -> Leaf | Phrase | None:
    """A chunk: a word, or a wildcard, or the phrase that its pieces make; None where no word is in it."""
    if _has_wildcard(text, grammar):
        return _shape(text, column, grammar, note)
    found = _trimmed(plain(text), column, note)
    return Word(found, column) if found else None


def exact(text: str, column: int, note: Note) -> Exact | None:
    """``=word``: None where no word is in it."""
    found = _trimmed(plain(text), column, note)
    return Exact(found, column) if found else None


def fuzzy(text: str, edits: str, column: int) -> Fuzzy | str:
    """``word~`` and ``word~2``, or why not. A bare ~ allows two edits from six letters on, one from three on."""
    bare = plain(text)
    spans = list(word_spans(bare))
    if len(spans) != 1:
        return "a ~ belongs behind one word"
    bare = bare[spans[0][0] : spans[0][1]]
    count = int(edits) if edits else (2 if len(bare) >= 6 else 1 if len(bare) >= 3 else 0)
    if count > MOST_EDITS:
        return f"at most {MOST_EDITS} letters of a word may differ, not {count}"
    return Fuzzy(bare, count, column)


def phrase(text: str, column: int, grammar: Grammar, note: Note, *, exactly: bool = False) -> Leaf | Phrase | None:
    """What stands between quotation marks, from ``column`` on: a phrase, or the one word, or None."""
    parts: list[Leaf] = []
    for match in _CHUNK().finditer(text):
        chunk, place = match[0], match.start()
        part: Leaf | Phrase | None
        at = column + place
        part = exact(chunk, at, note) if exactly else _in_phrase(chunk, at, grammar, note)
        if isinstance(part, Phrase):
            parts += part.parts
        elif part is not None:
            parts.append(part)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Phrase(tuple(parts), 0, max(column - 1, 1))


def _in_phrase(chunk: str, column: int, grammar: Grammar, note: Note) -> Leaf | Phrase | None:
    """A chunk between quotation marks: what it would be alone, but for operators and fields."""
    if chunk[0] == "=" and len(chunk) > 1:
        return exact(chunk[1:], column, note)
    if _REGEX().fullmatch(chunk):
        return Regex(chunk[1:-1], column)
    close = _FUZZY().search(chunk)
    if close and close.start():
        found = fuzzy(chunk[: close.start()], close[1], column)
        if not isinstance(found, str):
            return found
    return word(chunk, column, grammar, note)


def _has_wildcard(text: str, grammar: Grammar) -> bool:
    bare = _ESCAPED().sub("", text) if "\\" in text else text
    return grammar.many in bare or grammar.one in bare


def _shape(text: str, column: int, grammar: Grammar, note: Note) -> Leaf | Phrase | None:
    """A chunk with wildcards, in pieces."""
    # Each character with whether it is a wildcard, escapes undone.
    letters: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            letters.append((text[at + 1], False))
            at += 2
            continue
        letters.append((text[at], text[at] in (grammar.many, grammar.one)))
        at += 1
    stand_in = "".join(_STAND_IN if wild else letter for letter, wild in letters)
    pieces: list[Leaf] = []
    for begin, end in word_spans(stand_in):
        piece = letters[begin:end]
        if all(wild and letter == grammar.one for letter, wild in piece):
            # The question mark of a question, with a blank before it; it stands for no word.
            note(column, f"a {grammar.one} without a letter stands for no word and is passed over")
        elif any(wild for _, wild in piece):
            shape = "".join(_wild(letter, grammar) if wild else _escaped(letter) for letter, wild in piece)
            pieces.append(Wildcard(re.sub(r"(?<!\\)\*{2,}", "*", shape), column))
        else:
            pieces.append(Word("".join(letter for letter, _ in piece), column))
    if not pieces:
        return None
    return pieces[0] if len(pieces) == 1 else Phrase(tuple(pieces), 0, column)


def _wild(letter: str, grammar: Grammar) -> str:
    return "*" if letter == grammar.many else "?"


def _escaped(letter: str) -> str:
    return "\\" + letter if letter in "*?\\" else letter


def _trimmed(text: str, column: int, note: Note) -> str:
    """``text`` from its first word to its last; '' where it has none."""
    spans = list(word_spans(text))
    if not spans:
        return ""
    found = text[spans[0][0] : spans[-1][1]]
    lost = (set(text[: spans[0][0]]) | set(text[spans[-1][1] :])) - _USUAL
    # What nobody sees says nothing.
    if any(map(str.isprintable, lost)) or text.endswith("++"):
        note(column, f"“{text}” is looked for as “{found}”: signs are no part of a word")
    return found


def shape_pieces(shape: str, fold: Callable[[str], str]) -> tuple[str | None, ...]:
    """The pieces of a Wildcard's text: folded letters, "" for one character, None for any number of them."""
    pieces: list[str | None] = []
    for match in _PIECE().finditer(shape):
        if match[0] in ("*", "?"):
            pieces.append(None if match[0] == "*" else "")
        elif letters := fold(plain(match[0])):
            pieces.append(letters)
    return tuple(pieces)


def pieces(leaf: Leaf) -> list[Leaf]:
    """The single words that analysis makes of a Word or an Exact, each as one; any other leaf is one itself."""
    if not isinstance(leaf, Word | Exact):
        return [leaf]
    kind = type(leaf)
    return [kind(leaf.text[begin:end], leaf.column) for begin, end in word_spans(leaf.text)]
