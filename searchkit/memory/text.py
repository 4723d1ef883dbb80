"""What stands where in a text? Its words by their places, and the passages in which a query finds it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cached_property

from searchkit.analysis import Chain, Token, borders, word_spans
from searchkit.memory.shapes import matcher
from searchkit.query import (
    AllBut,
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Everything,
    Exact,
    First,
    Leaf,
    Near,
    Node,
    Phrase,
    Scope,
    Within,
    Word,
    pieces,
)
from searchkit.query.grammar import MOST_APART
from searchkit.store import passages
from searchkit.store.passages import ANYWHERE, IN_BODY, IN_TITLE, Passage


class Text:
    """A title and a body, taken apart: forms and stems by position, borders of sentences and paragraphs."""

    def __init__(self, title: str, body: str, chain: Chain) -> None:
        self._chain = chain
        self._matcher: Callable[[Leaf], Callable[[str], bool]] = matcher
        self._title, self._body = title, body
        titles, bodies = list(chain.tokens(title)), list(chain.tokens(body))
        self.title_words, self.body_words = len(titles), len(bodies)
        # One position between title and body belongs to no word.
        self.words = [(at, token) for at, token in enumerate(titles)]
        self.words += [(at, token) for at, token in enumerate(bodies, start=len(titles) + 1)]

    @classmethod
    def of_words(
        cls,
        words: list[tuple[int, Token]],
        title_words: int,
        body_words: int,
        sentences: list[tuple[int, bool]],
        chain: Chain,
        matching: Callable[[Leaf], Callable[[str], bool]] = matcher,
    ) -> Text:
        """A text that was taken apart elsewhere; of its words those will do, by position, that are asked for.

        ``matching`` says what words a pattern means: whoever has many texts need not find it out for each.
        """
        text = cls("", "", chain)
        text._matcher = matching
        text.words, text.title_words, text.body_words, text.sentences = words, title_words, body_words, sentences
        return text

    @classmethod
    def of_parts(cls, parts: Sequence[str], chain: Chain) -> Text:
        """Texts that are one, and across whose borders no passage reaches."""
        text = cls("", "", chain)
        text.words, borders_between = [], []
        place = 1
        for part in parts:
            tokens = list(chain.tokens(part))
            text.words += enumerate(tokens, start=place)
            borders_between.append((place - 1, True))
            place += len(tokens) + MOST_APART
        text.sentences = borders_between
        return text

    @cached_property
    def sentences(self) -> list[tuple[int, bool]]:
        """The number of each word that begins a sentence, title and body on end, and whether a paragraph begins."""
        found = list(borders(self._title, list(word_spans(self._title))))
        before = self.title_words
        if before and self.body_words:
            found.append((before, True))
        return found + [(before + at, ends) for at, ends in borders(self._body, list(word_spans(self._body)))]

    def stems(self) -> set[str]:
        """The stems that stand in the text."""
        return set(self._stems)

    def count(self, stem: str) -> tuple[int, int]:
        """(how often a stem stands in the text, how often of these in the title)."""
        places = self._stems.get(stem)
        return (len(places), bisect_left(places, self.title_words)) if places else (0, 0)

    @cached_property
    def _stems(self) -> dict[str, list[int]]:
        """Where each stem stands."""
        found: dict[str, list[int]] = {}
        for at, token in self.words:
            found.setdefault(token.stem, []).append(at)
        return found

    @cached_property
    def _forms(self) -> dict[str, list[int]]:
        """Where each written form stands."""
        found: dict[str, list[int]] = {}
        for at, token in self.words:
            found.setdefault(token.word, []).append(at)
        return found

    def passages(self, node: Node, scope: int = ANYWHERE) -> list[Passage]:
        """Where a node of a spread tree stands, if it is of those that stand somewhere."""
        title = self.title_words
        match node:
            case Word(text):
                stems = self._chain.stems(text)
                return self._beside([self._stems.get(stem, []) for stem in stems], scope)
            case Exact(text):
                forms = [token.word for token in self._chain.tokens(text)]
                return self._beside([self._forms.get(form, []) for form in forms], scope)
            case Phrase(parts, slop):
                if slop:
                    single = [piece for part in parts for piece in pieces(part)]
                    return passages.close([self.passages(piece, scope) for piece in single], slop, title)
                return passages.chain([self.passages(part, scope) for part in parts])
            case Near(left, right, distance, ordered):
                return passages.near(
                    self.passages(left, scope), self.passages(right, scope), distance, ordered, title
                )
            case Within(left, right, unit, ordered):
                drawn = [at for at, paragraph in self.sentences if paragraph or unit == "sentence"]
                return passages.within(self.passages(left, scope), self.passages(right, scope), drawn, ordered, title)
            case First(words, part):
                return passages.first(self.passages(part, scope), words, scope, title)
            case AnyOf(parts):
                return passages.union([self.passages(part, scope) for part in parts])
            case Scope(field, part):
                return self.passages(part, IN_TITLE if field == "title" else IN_BODY)
        return self._pattern(node, scope)  # type: ignore[arg-type]

    def holds(self, node: Node) -> bool:
        """Whether a spread tree without fields and days holds of the text."""
        match node:
            case AnyOf(parts):
                return any(map(self.holds, parts))
            case AllOf(parts):
                return all(map(self.holds, parts))
            case AllBut(part, without):
                return self.holds(part) and not any(map(self.holds, without))
            case Boost(part):
                return self.holds(part)
            case AtLeast(count, part):
                return passages.begins(self.passages(part), self.title_words)[0] >= count
            case Everything():
                return True
        return bool(self.passages(node))

    def _beside(self, places: list[list[int]], scope: int) -> list[Passage]:
        if not places:
            return []
        return passages.chain([passages.scoped(part, self.title_words, scope) for part in places])

    def _pattern(self, leaf: Leaf, scope: int) -> list[Passage]:
        fits = self._matcher(leaf)
        places = [at for form, where in self._forms.items() if fits(form) for at in where]
        return passages.scoped(places, self.title_words, scope)
