"""What part of an article does the reader see? The one or two passages that hold most of the query."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from searchkit.analysis import sentence_starts, word_spans
from searchkit.frozen import frozen
from searchkit.results.headline import ELLIPSIS, cut_at_word
from searchkit.results.lighting import Lighting, Lit, spans

_ONE_PASSAGE = 240
_EACH_OF_TWO = 150
# How far before its first lit word a passage may begin, to begin where a sentence does.
_LEAD = 70
# What a word counts that the passage, or the passage before it, already holds.
_REPEATED = 0.1
# An article is looked through this far; beyond it lie lists and tables.
_LONGEST_TEXT = 2_000_000
_BLANKS = re.compile(r"\s+")


@frozen
class Snippet:
    """Passages of an article on one line, and the lit stretches as (start, end) offsets into ``text``."""

    text: str
    highlights: tuple[tuple[int, int], ...]


def snippet(body: str, lighting: Lighting) -> Snippet:
    """The best passages of ``body``; its opening where no word of the query stands in it."""
    text = body[:_LONGEST_TEXT]
    words = list(word_spans(text))
    lit = lighting.lit(text, words)
    if not lit:
        return Snippet(cut_at_word(_BLANKS.sub(" ", text[: 2 * _ONE_PASSAGE]).strip(), _ONE_PASSAGE), ())
    starts = sentence_starts(text, words)
    passages = [_around(text, starts, window, room) for window, room in _windows(lit, lighting.weights)]
    return _joined(text, _without_overlap(sorted(passages)), spans(lit))


def _windows(lit: Sequence[Lit], weights: Sequence[float]) -> list[tuple[tuple[int, int], int]]:
    """The stretches of text to show, best first, as ((start, end), room in characters)."""
    present = {item.term for item in lit}
    whole = _best(lit, weights, _ONE_PASSAGE - _LEAD, frozenset())
    if {lit[at].term for at in range(*whole)} == present:
        return [((lit[whole[0]].start, lit[whole[1] - 1].end), _ONE_PASSAGE)]
    first = _best(lit, weights, _EACH_OF_TWO - _LEAD // 2, frozenset())
    held = frozenset(lit[at].term for at in range(*first))
    second = _best(lit, weights, _EACH_OF_TWO - _LEAD // 2, held)
    chosen = [first, second] if second != first else [first]
    return [((lit[begin].start, lit[end - 1].end), _EACH_OF_TWO) for begin, end in chosen]


def _best(lit: Sequence[Lit], weights: Sequence[float], room: int, held: frozenset[int]) -> tuple[int, int]:
    """The run ``lit[begin:end]`` of at most ``room`` characters that gains most; the earliest of equals."""
    best, best_gain, end = (0, 1), -1.0, 0
    counts: dict[int, int] = {}
    for begin, first in enumerate(lit):
        while end < len(lit) and (end <= begin or lit[end].end - first.start <= room):
            counts[lit[end].term] = counts.get(lit[end].term, 0) + 1
            end += 1
        gain = sum(
            weights[term] * ((_REPEATED if term in held else 1.0) + _REPEATED * min(count - 1, 3))
            for term, count in counts.items()
            if count
        )
        if gain > best_gain + 1e-9:
            best, best_gain = (begin, end), gain
        counts[first.term] -= 1
    return best


def _around(text: str, starts: list[int], window: tuple[int, int], room: int) -> tuple[int, int]:
    """The passage that shows ``window``: it begins with a sentence if one begins near, and ends with one."""
    first, last = window
    sentence = starts[bisect_right(starts, first) - 1]
    begin = sentence if first - sentence <= _LEAD else _word_border(text, first - _LEAD // 2, first)
    end = max(last, min(len(text), begin + room))
    if end == len(text):  # what is left over goes to the sentences before
        earlier = bisect_left(starts, end - room)
        begin = min(begin, starts[earlier] if earlier < len(starts) else begin)
    following = bisect_right(starts, end)
    border = starts[following - 1]
    if border > last and border - begin >= room // 2:
        return begin, len(text[:border].rstrip())
    if following < len(starts) or end < len(text):
        cut = text.rfind(" ", last, end + 1)
        end = cut if cut > last else end if text[end : end + 1].isspace() else last
    return begin, end


def _word_border(text: str, near: int, limit: int) -> int:
    """The first start of a word at or after ``near``, or ``limit``."""
    blank = _BLANKS.search(text, max(near, 0), limit)
    return blank.end() if blank else limit


def _without_overlap(passages: list[tuple[int, int]]) -> list[tuple[int, int]]:
    if len(passages) == 2 and passages[1][0] <= passages[0][1]:
        return [(passages[0][0], max(passages[0][1], passages[1][1]))]
    return passages


def _joined(text: str, passages: list[tuple[int, int]], lit: list[tuple[int, int]]) -> Snippet:
    """The passages on one line, blanks made single, with an ellipsis wherever text was left out."""
    out = ""
    highlights: list[tuple[int, int]] = []
    for number, (begin, end) in enumerate(passages):
        if number:
            out += f" {ELLIPSIS} "
        elif text[:begin].strip():
            out += f"{ELLIPSIS} "
        at = begin
        for start, stop in lit:
            if start < begin or stop > end:
                continue
            out += _BLANKS.sub(" ", text[at:start])
            shown = _BLANKS.sub(" ", text[start:stop])
            highlights.append((len(out), len(out) + len(shown)))
            out += shown
            at = stop
        out += _BLANKS.sub(" ", text[at:end])
    if text[passages[-1][1] :].strip():
        out += f" {ELLIPSIS}"
    return Snippet(out, tuple(highlights))
