"""Which words of a text does the query light? The words and phrases of the query, each with a weight."""

from __future__ import annotations

import math
from collections.abc import Sequence

from searchkit.analysis import Chain
from searchkit.engine import Term
from searchkit.frozen import frozen


@frozen
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
            # Who writes a word twice sees it lit once.
            if term.stems and all(term.stems != stems for stems, _ in self._by_first.get(term.stems[0], ())):
                self._by_first.setdefault(term.stems[0], []).append((term.stems, number))

    def lit(self, text: str, words: Sequence[tuple[int, int]]) -> list[Lit]:
        """Every lit stretch of ``text``, by start; a phrase is lit only where it stands whole.

        ``words`` are the (start, end) of the words of ``text``.
        """
        term, by_first = self._chain.term, self._by_first
        found: list[Lit] = []
        for at, (start, end) in enumerate(words):
            candidates = by_first.get(term(text[start:end])[1])
            for stems, number in candidates or ():
                following = words[at + 1 : at + len(stems)]
                here = tuple(term(text[begin:stop])[1] for begin, stop in following)
                if here == stems[1:]:
                    found.append(Lit(start, following[-1][1] if following else end, number))
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
