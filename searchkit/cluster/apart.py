"""Which words stand in many articles? They are found in bulk, by the kernel that makes segments of the store."""

from __future__ import annotations

import array
import json
from collections.abc import Sequence, Set

from searchkit.analysis import Chain, Token
from searchkit.article import Article
from searchkit.cluster.tokens import token
from searchkit.memory.text import Text
from searchkit.store.builder import new_vocabulary

# The numbers of the words of a title and of a body, and borders, doubled, odd for a paragraph.
Apart = tuple[Sequence[int], Sequence[int], Sequence[int]]


class KnownWords:
    """The words of articles by number, with what they are folded and stemmed to, and their tokens within JSON.

    The first ``given`` are abbreviations, known from the start, whether an article has them or not.
    """

    def __init__(self, chain: Chain) -> None:
        self.forms: list[str] = []
        self.stems: list[str] = []
        self.form_tokens: list[bytes] = []
        self.stem_tokens: list[bytes] = []
        self._words: list[Token] = []
        self._chain = chain
        self._vocabulary = new_vocabulary()
        self._learn()
        self.given = len(self.forms)

    def take_apart(self, articles: Sequence[Article]) -> list[Apart]:
        """The words of each."""
        vocabulary = self._vocabulary
        vocabulary.forget_texts()
        vocabulary.add(
            [article.title.encode("utf-8", "replace") for article in articles],
            [article.body.encode("utf-8", "replace") for article in articles],
        )
        self._learn()
        tokens = _numbers(bytes(vocabulary.tokens()))
        bounds = _numbers(vocabulary.bounds())
        borders = _numbers(vocabulary.borders())
        found: list[Apart] = []
        first = drawn = 0
        for middle, end, last in zip(bounds[::3], bounds[1::3], bounds[2::3], strict=True):
            found.append((tokens[first:middle], tokens[middle:end], borders[drawn:last]))
            first, drawn = end, last
        return found

    def texts(self, articles: Sequence[Article], stems: Set[str], forms: Set[str]) -> list[Text]:
        """The articles as the engine in memory sees them, of their words only those with these stems or forms.

        A word does not know where in the text it stood.
        """
        apart = self.take_apart(articles)
        for form, stem in zip(self.forms[len(self._words) :], self.stems[len(self._words) :], strict=True):
            self._words.append(Token(0, 0, form, stem))
        words = self._words
        numbers = set[int]().union(*[part for titles, bodies, _ in apart for part in (titles, bodies)])
        wanted = {one for one in numbers if words[one].stem in stems or words[one].word in forms}
        found = []
        for titles, bodies, borders in apart:
            # One position between title and body belongs to no word.
            kept = [(at, words[one]) for at, one in enumerate(titles) if one in wanted]
            kept += [(at, words[one]) for at, one in enumerate(bodies, len(titles) + 1) if one in wanted]
            drawn = [(border >> 1, bool(border & 1)) for border in borders]
            found.append(Text.of_words(kept, len(titles), len(bodies), drawn, self._chain))
        return found

    def _learn(self) -> None:
        forms, stems = self._chain.terms(self._vocabulary.words(len(self.forms)))
        for form, stem in zip(map(_decoded, forms), map(_decoded, stems), strict=True):
            self.forms.append(form)
            self.stems.append(stem)
            self.form_tokens.append(_in_json(token(form)))
            self.stem_tokens.append(_in_json(token(stem)))


def _numbers(data: bytes) -> list[int]:
    return array.array("I", data).tolist()


def _decoded(term: bytes) -> str:
    return term.decode("utf-8", "replace")


def _in_json(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False)[1:-1].encode()
