"""Which words of a text does the query light? The words and phrases of the query, each with a weight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from searchkit.analysis import Chain, Token
from searchkit.engine import Term


@dataclass(frozen=True, slots=True)
class Lit:
    """One lit stretch of a text, ``text[start:end]``, and the number of the term that lights it."""

    start: int
    end: int
    term: int


class Lighting:
    """The terms of one query over an index of ``articles`` articles, ready to be looked for in texts.

    ``weights[i]`` is the inverse document frequency of term ``i``, ln(1 + (N - n + 0.5)/(n + 0.5)): how
    much a passage gains by holding it.
    """

    def __init__(self, terms: Sequence[Term], articles: int, chain: Chain) -> None:
        self._chain = chain
        self._by_first: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        self.weights: list[float] = []
        for number, term in enumerate(terms):
            seen = min(term.articles, articles)
            self.weights.append(math.log(1 + (articles - seen + 0.5) / (seen + 0.5)))
            if term.stems:
                self._by_first.setdefault(term.stems[0], []).append((term.stems, number))

    def lit(self, text: str) -> list[Lit]:
        """Every lit stretch of ``text``, by start; a phrase is lit only where it stands whole."""
        tokens = list(self._chain.tokens(text))
        found: list[Lit] = []
        for at, token in enumerate(tokens):
            for stems, number in self._by_first.get(token.stem, ()):
                if _stands_at(stems, tokens, at):
                    found.append(Lit(token.start, tokens[at + len(stems) - 1].end, number))
        return found


def spans(lit: Sequence[Lit]) -> list[tuple[int, int]]:
    """The stretches of ``lit`` as (start, end), joined where they overlap."""
    joined: list[tuple[int, int]] = []
    for item in sorted(lit, key=lambda one: (one.start, one.end)):
        if joined and item.start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], item.end))
        else:
            joined.append((item.start, item.end))
    return joined


def _stands_at(stems: tuple[str, ...], tokens: list[Token], at: int) -> bool:
    if at + len(stems) > len(tokens):
        return False
    return all(tokens[at + step].stem == stem for step, stem in enumerate(stems))
