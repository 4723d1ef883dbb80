"""Which words stand in many articles? They are found in bulk, by the kernel that makes segments of the store."""

from __future__ import annotations

import array
import json
from collections.abc import Callable, Sequence, Set
from itertools import accumulate, chain, islice, repeat

from searchkit.analysis import Chain, Token
from searchkit.article import Article
from searchkit.cluster.tokens import SURELY_SHORT, token
from searchkit.memory.shapes import matcher
from searchkit.memory.text import Text
from searchkit.query import Leaf
from searchkit.store.builder import new_vocabulary
from searchkit.store.kernels import terms_of_articles, words_standing
from searchkit.store.ranking import Scale

# How many words a title and a body have, and what stands of them in a document.
Written = tuple[int, int, bytes]


class KnownWords:
    """The words of articles by number, with what they are folded and stemmed to, and their tokens within JSON.

    Tokens stand one behind the other, as the kernel wants them that writes documents; equal stems have one number.

    The first ``given`` are abbreviations, known from the start, whether an article has them or not.
    """

    def __init__(self, chain: Chain) -> None:
        self.forms: list[str] = []
        self.stems: list[str] = []
        self._form_tokens, self._stem_tokens = _Tokens(), _Tokens()
        self._stem_of = array.array("I")
        self._stem_numbers: dict[bytes, int] = {}
        # For texts, when they are asked for.
        self._words: list[Token] = []
        self._of_stem: dict[str, list[int]] = {}
        self._of_form: dict[str, list[int]] = {}
        self._chain = chain
        self._vocabulary = new_vocabulary()
        self._learn()
        self.given = len(self.forms)

    def lengths(self, articles: Sequence[Article]) -> tuple[int, int]:
        """How many words all titles have, and all bodies."""
        self._scan(articles)
        bounds = _numbers(self._vocabulary.bounds())
        bodies = sum([end - middle for middle, end in zip(bounds[::3], bounds[1::3], strict=True)])
        return self._vocabulary.token_count - bodies, bodies

    def written(self, articles: Sequence[Article], scale: Scale, fineness: int) -> list[Written]:
        """(words of the title, words of the body, the end of the document as JSON) for each article."""
        self._scan(articles)
        self._learn()
        vocabulary = self._vocabulary
        bounds = vocabulary.bounds()
        ends = terms_of_articles(
            vocabulary.tokens(),
            _as_numbers(bounds),
            _as_numbers(vocabulary.borders()),
            *(self._form_tokens.data, self._form_tokens.ends, self._stem_of),
            *(self._stem_tokens.data, self._stem_tokens.ends),
            scale.for_bounds(),
            float(fineness),
        )
        found: list[Written] = []
        first = 0
        numbers = _numbers(bounds)
        for middle, last, end in zip(numbers[::3], numbers[1::3], ends, strict=True):
            found.append((middle - first, last - middle, end))
            first = last
        return found

    def standing(self, numbers: Set[int]) -> set[int]:
        """Which of some words the articles have that were taken apart last."""
        counts = _as_numbers(self._vocabulary.counts())
        return {number for number in numbers if counts[number]}

    def texts(
        self,
        articles: Sequence[Article],
        stems: Set[str],
        forms: Set[str],
        matching: Callable[[Leaf], Callable[[str], bool]] = matcher,
    ) -> list[Text]:
        """The articles as the engine in memory sees them, of their words only those with these stems or forms.

        A word does not know where in the text it stood. ``matching`` says what words a pattern means.
        """
        self._scan(articles)
        self._learn()
        first = len(self._words)
        for number, form, stem in zip(
            range(first, len(self.forms)), self.forms[first:], self.stems[first:], strict=True
        ):
            self._words.append(Token(0, 0, form, stem))
            self._of_stem.setdefault(stem, []).append(number)
            self._of_form.setdefault(form, []).append(number)
        wanted = bytearray(len(self._words))
        for some, numbers in ((stems, self._of_stem), (forms, self._of_form)):
            for number in chain.from_iterable(map(numbers.get, some, repeat(()))):
                wanted[number] = 1
        bounds = _as_numbers(self._vocabulary.bounds())
        borders = _numbers(self._vocabulary.borders())
        standing = words_standing(self._vocabulary.tokens(), bounds, wanted)
        found = []
        begin = drawn = 0
        ends = bounds.tolist()
        for middle, end, last, (places, kept) in zip(ends[::3], ends[1::3], ends[2::3], standing, strict=True):
            words = list(zip(places, map(self._words.__getitem__, kept), strict=True))
            sentences = [(border >> 1, bool(border & 1)) for border in borders[drawn:last]]
            found.append(Text.of_words(words, middle - begin, end - middle, sentences, self._chain, matching))
            begin, drawn = end, last
        return found

    def _scan(self, articles: Sequence[Article]) -> None:
        self._vocabulary.forget_texts()
        self._vocabulary.add(
            [article.title.encode("utf-8", "replace") for article in articles],
            [article.body.encode("utf-8", "replace") for article in articles],
        )

    def _learn(self) -> None:
        forms, stems = self._chain.terms(self._vocabulary.words(len(self.forms)))
        self.forms += map(_decoded, forms)
        self.stems += map(_decoded, stems)
        self._form_tokens.add([token_in_json(form) for form in forms])
        numbers = self._stem_numbers
        tokens = [token_in_json(stem) for stem in stems]
        known = len(numbers)
        self._stem_of.extend([numbers.setdefault(one, len(numbers)) for one in tokens])
        self._stem_tokens.add(list(islice(numbers, known, None)))


class _Tokens:
    """Tokens one behind the other, and where each ends."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.ends = array.array("I")

    def add(self, tokens: Sequence[bytes]) -> None:
        """More of them."""
        ends = accumulate(map(len, tokens), initial=len(self.data))
        self.ends.extend(islice(ends, 1, None))
        self.data += b"".join(tokens)


def token_in_json(term: bytes) -> bytes:
    """The token of a term, as it stands within quotation marks."""
    if term.isalnum() and len(term) <= SURELY_SHORT:
        # As nearly all are.
        return term
    return _in_json(token(_decoded(term)))


def _numbers(data: bytes) -> list[int]:
    return array.array("I", data).tolist()


def _as_numbers(data: bytes) -> memoryview:
    return memoryview(data).cast("I")


def _decoded(term: bytes) -> str:
    return term.decode("utf-8", "replace")


def _in_json(text: str) -> bytes:
    return _AS_JSON(text)[1:-1].encode()


_AS_JSON = json.JSONEncoder(ensure_ascii=False).encode
