"""What are the fields of other systems here?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from searchkit.frozen import frozen
from searchkit.query.tokens import Prefix
from searchkit.query.tree import Field, First, Leaf, Node, Phrase, Scope, Word, rebuilt

# Where the lead of an article ends is not known here; it is taken for so many words.
LEAD = 100
# Articles name their languages by two letters.
_LANGUAGES = {
    "arabic": "ar", "bulgarian": "bg", "chinese": "zh", "croatian": "hr", "czech": "cs", "danish": "da",
    "dutch": "nl", "english": "en", "finnish": "fi", "french": "fr", "german": "de", "greek": "el", "hebrew": "he",
    "hindi": "hi", "hungarian": "hu", "italian": "it", "japanese": "ja", "korean": "ko", "norwegian": "no",
    "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru", "serbian": "sr", "slovak": "sk",
    "spanish": "es", "swedish": "sv", "turkish": "tr", "ukrainian": "uk",
}  # fmt: skip


@frozen
class Target:
    """What a field is here: one of ours or '' for none, and how many of its first words, 0 for all."""

    field: Field | None
    words: int = 0
    notice: str = ""


NoteOnce = Callable[[object, int, str], None]


def prefix(written: str, target: Target, column: int, note_once: NoteOnce, takes: int = -1) -> Prefix:
    """The token's value for a field as it was written."""
    if target.notice:
        note_once(written.lower(), column, target.notice)

    def make(node: Node) -> Node:
        if target.field == "language":
            node = _languages(node, note_once)
        if target.words:
            node = First(target.words, node, column)
        return Scope(target.field, node, column) if target.field else node

    return Prefix(written, target.field or "", make, takes)


def _languages(node: Node, note_once: NoteOnce) -> Node:
    """The names of languages as articles have them."""

    def change(part: Node) -> Node:
        if isinstance(part, Word) and (code := _LANGUAGES.get(part.text.lower())):
            text = f"“{part.text}” is looked for as “{code}”, as articles name it"
            note_once(("language", code), part.column, text)
            return Word(code, part.column)
        return part if isinstance(part, Leaf | Phrase) else rebuilt(part, change)

    return change(node)


def targets(**names: str) -> Mapping[str, Target]:
    """Fields that are ours under other names: ``title="headline hl"``."""
    return {name: Target(field) for field, listed in names.items() for name in listed.split()}  # type: ignore[arg-type]
