"""Which words of a text does the query light? The words, patterns and phrases of the query, each with a weight."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from searchkit.analysis import Chain
from searchkit.engine import Term
from searchkit.frozen import frozen
from searchkit.query import Leaf, Phrase, Word, pieces

# One word of a term: a stem, or whether a word as it is written is meant.
_Step = str | Callable[[str], bool]


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
        # What begins with a stem, and what begins with a pattern; of the latter, what a word may begin.
        self._by_stem: dict[str, list[tuple[tuple[_Step, ...], int]]] = {}
        self._by_pattern: list[tuple[tuple[_Step, ...], int]] = []
        self._fitting: dict[str, list[tuple[tuple[_Step, ...], int]]] = {}
        self.weights: list[float] = []
        for number, term in enumerate(terms):
            seen = min(term.articles, articles)
            self.weights.append(math.log(1 + (articles - seen + 0.5) / (seen + 0.5)))
            for steps in _runs(term.leaf, chain):
                self._add(steps, number)

    def _add(self, steps: tuple[_Step, ...], number: int) -> None:
        if isinstance(steps[0], str):
            known = self._by_stem.setdefault(steps[0], [])
            # Who writes a word twice sees it lit once.
            if all(steps != others for others, _ in known):
                known.append((steps, number))
        else:
            self._by_pattern.append((steps, number))

    def lit(self, text: str, words: Sequence[tuple[int, int]]) -> list[Lit]:
        """Every lit stretch of ``text``, by start; a phrase is lit only where it stands whole.

        ``words`` are the (start, end) of the words of ``text``.
        """
        term, by_stem = self._chain.term, self._by_stem
        found: list[Lit] = []
        # Within a phrase that is lit it is not looked for again: what is as long as it would take as long squared.
        behind: dict[int, int] = {}
        for at, (start, end) in enumerate(words):
            form, stem = term(text[start:end])
            candidates = by_stem.get(stem)
            if self._by_pattern:
                candidates = [*(candidates or ()), *self._patterns(form)]
            for steps, number in candidates or ():
                if at < behind.get(number, 0):
                    continue
                following = words[at + 1 : at + len(steps)]
                if len(following) == len(steps) - 1 and all(
                    _is(step, *term(text[begin:stop]))
                    for step, (begin, stop) in zip(steps[1:], following, strict=True)
                ):
                    found.append(Lit(start, following[-1][1] if following else end, number))
                    if following:
                        behind[number] = at + len(steps)
        return found

    def _patterns(self, form: str) -> list[tuple[tuple[_Step, ...], int]]:
        """What begins with a pattern that means this word."""
        known = self._fitting.get(form)
        if known is None:
            known = [(steps, number) for steps, number in self._by_pattern if _is(steps[0], form, "")]
            self._fitting[form] = known
        return known


def _is(step: _Step, form: str, stem: str) -> bool:
    return step == stem if isinstance(step, str) else step(form)


def _runs(leaf: Leaf | Phrase, chain: Chain) -> list[tuple[_Step, ...]]:
    """The runs of words that a term lights; of words in any order, each alone."""
    parts = leaf.parts if isinstance(leaf, Phrase) else (leaf,)
    steps: list[_Step] = []
    for part in parts:
        for piece in pieces(part):
            if isinstance(piece, Word):
                steps += chain.stems(piece.text)
            else:
                from searchkit.memory.shapes import matcher  # few queries have a pattern

                steps.append(matcher(piece))
    if isinstance(leaf, Phrase) and leaf.slop:
        return [(step,) for step in steps]
    return [tuple(steps)] if steps else []


def spans(lit: Sequence[Lit]) -> list[tuple[int, int]]:
    """The stretches of ``lit`` as (start, end), joined where they overlap."""
    joined: list[tuple[int, int]] = []
    for item in sorted(lit, key=lambda one: (one.start, one.end)):
        if joined and item.start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], item.end))
        else:
            joined.append((item.start, item.end))
    return joined
