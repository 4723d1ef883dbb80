"""From text to terms: words are found, folded and stemmed, and a fingerprint names how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import Stemmer

from searchkit.analysis.words import fold, word_spans
from searchkit.frozen import frozen

# The languages that a chain can be made for; "none" leaves words as they are.
LANGUAGES = ("none", *sorted(Stemmer.algorithms()))
_CACHED_WORDS = 500_000
# Raised whenever the same text could give other terms than before.
_REVISION = 1


@frozen
class Token:
    """One word of a text: ``text[start:end]``, as it is folded, and the stem it is ranked by."""

    start: int
    end: int
    word: str
    stem: str


class Chain:
    """UAX #29 words, folded, with Snowball stems of one language.

    ``language`` is the name of a Snowball stemmer ("english", "german" ...) or "none". Two texts
    can be compared only when chains of the same ``fingerprint`` took them apart. An instance
    remembers the words it has seen, so it is quick, and it belongs to one thread.
    """

    def __init__(self, language: str = "english") -> None:
        if language not in LANGUAGES:
            raise ValueError(f"no stemmer for {language!r}")
        self.language = language
        self.fingerprint = f"uax29-15.0/nfkc-fold/possessive/snowball-2-{language}/{_REVISION}"
        # The stemmer's own memory would only repeat what ``_seen`` and the vocabularies know.
        self._stemmer = Stemmer.Stemmer(language, 0) if language != "none" else None
        self._seen: dict[str, tuple[str, str]] = {}

    def tokens(self, text: str) -> Iterator[Token]:
        """Yield the tokens of ``text`` in order."""
        for start, end in word_spans(text):
            word, stem = self.term(text[start:end])
            yield Token(start, end, word, stem)

    def stems(self, text: str) -> tuple[str, ...]:
        """The stems of ``text`` in order."""
        known = self._seen.get(text)
        if known is not None:
            return (known[1],)
        # Letters and digits of ASCII alone are one word, whatever parts it from the next.
        if text.isascii():
            words = text.split()
            if all(map(str.isalnum, words)):
                return tuple([self.term(word)[1] for word in words])
        return tuple([token.stem for token in self.tokens(text)])

    def term(self, raw: str) -> tuple[str, str]:
        """The folded form and the stem of one word as it is written."""
        known = self._seen.get(raw)
        if known is None:
            word = fold(raw)
            known = (word, self._stemmer.stemWord(word) if self._stemmer else word)
            if len(self._seen) >= _CACHED_WORDS:
                self._seen.clear()
            self._seen[raw] = known
        return known

    def terms(self, raw: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
        """The folded forms and the stems of many words, all in UTF-8; those in ASCII are folded already."""
        words = [word if word.isascii() else fold(word.decode()).encode() for word in raw]
        return words, self._stemmer.stemWords(words) if self._stemmer else words
