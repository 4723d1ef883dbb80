"""Words of many texts, found by searchkit.analysis and numbered one by one."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING

from searchkit.analysis import borders, fold, word_spans

if TYPE_CHECKING:
    from typing_extensions import Buffer

# What a word costs besides its bytes, in its list and in its dictionary.
_WORD = 200


class Vocabulary:
    """Distinct words, numbered in the order of their first appearance, and the texts as their numbers.

    The words and sentences are those of searchkit.analysis, whatever ``classes`` says. ``abbreviations`` are
    the first words, and only that: which words end in a full stop, searchkit.analysis knows. ``room`` is
    of no use here.
    """

    def __init__(self, classes: bytes, abbreviations: Iterable[bytes] = (), room: int = 0) -> None:
        if len(classes) != 0x110000:
            raise ValueError("classes must cover every code point")
        self._numbers: dict[bytes, int] = {}
        self._size = 0
        for word in abbreviations:
            self._number(word)
        self.forget_texts()

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def texts(self) -> int:
        """How many texts were added since the last ``forget_texts``."""
        return len(self._bounds) // 3

    @property
    def token_count(self) -> int:
        """How many words these texts have."""
        return len(self._tokens)

    @property
    def bytes_held(self) -> int:
        """About how much memory this takes."""
        held = self._size + _WORD * len(self._numbers)
        return held + 4 * (len(self._tokens) + len(self._bounds) + len(self._borders))

    def words(self, first: int = 0) -> list[bytes]:
        """The distinct words from number ``first`` on, as bytes."""
        return list(self._numbers)[first:]

    def tokens(self) -> array[int]:
        """The texts as word numbers, one after the other: uint32."""
        return self._tokens[:]

    def bounds(self) -> bytes:
        """Three uint32 a text: the token after its title, the token after its body, the end of its borders."""
        return self._bounds.tobytes()

    def borders(self) -> bytes:
        """Where sentences begin: twice the position in the text, plus one where a paragraph begins."""
        return self._borders.tobytes()

    def counts(self) -> bytes:
        """How often each word stands in the texts: uint32."""
        often = array("I", bytes(4 * len(self._numbers)))
        for number in self._tokens:
            often[number] += 1
        return often.tobytes()

    def forget_texts(self) -> None:
        """Drop the texts and keep the words."""
        self._tokens, self._bounds, self._borders = array("I"), array("I"), array("I")

    def add(self, titles: list[bytes], bodies: list[bytes]) -> None:
        """Add texts, each a title and a body in valid UTF-8, of the same number."""
        if len(bodies) != len(titles):
            raise ValueError("as many bodies as titles")
        for title, body in zip(titles, bodies, strict=True):
            first = len(self._tokens)
            self._field(title.decode(), 0)
            middle = len(self._tokens)
            self._field(body.decode(), middle - first)
            self._bounds.extend((middle, len(self._tokens), len(self._borders)))

    def add_spans(self, data: Buffer, spans: Buffer) -> None:
        """Add texts that lie in ``data``: for each, where title and body begin and end, four uint64 in ``spans``."""
        view, where = memoryview(data), list(memoryview(spans).cast("B").cast("Q"))
        if len(where) % 4:
            raise ValueError("four borders a text")
        pairs = list(zip(where[::2], where[1::2], strict=True))
        if any(begin > end or end > len(view) for begin, end in pairs):
            raise ValueError("a text lies outside its bytes")
        texts = [bytes(view[begin:end]) for begin, end in pairs]
        self.add(texts[::2], texts[1::2])

    def _field(self, text: str, before: int) -> None:
        """Add a title or a body; ``before`` words of its article stand before it."""
        spans = list(word_spans(text))
        if spans and before:
            # Only a body has words before it: it begins a paragraph.
            self._borders.append(2 * before + 1)
        for number, paragraph in borders(text, spans):
            self._borders.append(2 * (before + number) + paragraph)
        for start, end in spans:
            word = text[start:end]
            # Folding the others is left to whoever reads the words: once for each, not here each time.
            self._tokens.append(self._number((fold(word) if word.isascii() else word).encode()))

    def _number(self, word: bytes) -> int:
        if word not in self._numbers:
            self._numbers[word] = len(self._numbers)
            self._size += len(word)
        return self._numbers[word]
