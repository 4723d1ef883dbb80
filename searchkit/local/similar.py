"""Which word was meant? Words of the index that differ in a letter or two, the likeliest first."""

from __future__ import annotations

from searchkit.analysis import Chain, fold
from searchkit.store.forms import MOST_EDITS
from searchkit.store.kernels import Damage
from searchkit.store.segment import damaged
from searchkit.store.snapshot import Snapshot

# So many are worth naming.
_MOST = 3
_SHORTEST = 3
# Of a shorter word two letters are too much of it.
_TWO_EDITS_FROM = 5


def similar(word: str, snapshot: Snapshot, chain: Chain) -> list[tuple[str, int]]:
    """(a word as it is written, how many articles have its stem), three at most, the likeliest first.

    Two edits are tried where one finds nothing; shorter words get one at most.
    """
    folded = fold(word)
    if len(folded) < _SHORTEST:
        return []
    for edits in range(1, MOST_EDITS + 1 if len(folded) >= _TWO_EDITS_FROM else 2):
        found = _within(folded, edits, snapshot)
        if found:
            best = sorted(found.items(), key=lambda item: (-item[1], item[0]))
            return _different(best, chain)[:_MOST]
    return []


def _within(word: str, edits: int, snapshot: Snapshot) -> dict[str, int]:
    """The words within so many edits, each with how many articles have its stem."""
    found: dict[str, int] = {}
    for segment in snapshot.segments:
        forms, dictionary = segment.reader.forms, segment.reader.dictionary
        for number, _ in forms.fuzzy(word, edits):
            form = forms.text(number)
            try:
                having = dictionary.articles(forms.stem_of(number))
            except Damage as error:
                raise damaged(error, segment.reader) from error
            found[form] = found.get(form, 0) + having
    found.pop(word, None)
    return found


def _different(found: list[tuple[str, int]], chain: Chain) -> list[tuple[str, int]]:
    """The first of each stem: "police" and "polices" are one suggestion."""
    seen: set[str] = set()
    kept = []
    for form, count in found:
        stem = chain.term(form)[1]
        if stem not in seen:
            seen.add(stem)
            kept.append((form, count))
    return kept
