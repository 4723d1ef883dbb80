"""Does a word have this shape? Wildcards, letters astray and regular expressions, one word at a time."""

from __future__ import annotations

from collections.abc import Callable

from searchkit.analysis import fold, fold_letters
from searchkit.query import Exact, Fuzzy, Leaf, Regex, Wildcard, shape_pieces
from searchkit.query.regex import compile_regex


def matcher(leaf: Leaf) -> Callable[[str], bool]:
    """Whether a folded word is one that a pattern means; raises ValueError for an expression that is none."""
    match leaf:
        case Wildcard(text):
            pieces = shape_pieces(text, fold_letters)
            return lambda form: has_shape(pieces, form)
        case Fuzzy(text, edits):
            word = fold(text)
            return lambda form: edits_between(word, form, edits) <= edits
        case Regex(text):
            expression = compile_regex(text)
            return expression.fits
        case Exact(text):
            wanted = fold(text)
            return lambda form: form == wanted
    raise TypeError(leaf)


def has_shape(pieces: tuple[str | None, ...], form: str) -> bool:
    """Whether ``form`` is the pieces one after the other: letters as they are, "" any one letter, None any number.

    After a None the next piece is tried further and further on; what lies before that None is settled.
    """
    at = number = 0
    again: tuple[int, int] | None = None
    while True:
        if number == len(pieces):
            if at == len(form):
                return True
        else:
            piece = pieces[number]
            if piece is None:
                number += 1
                again = (at, number)
                continue
            if (at < len(form)) if piece == "" else form.startswith(piece, at):
                at += len(piece) or 1
                number += 1
                continue
        if again is None or again[0] >= len(form):
            return False
        again = (again[0] + 1, again[1])
        at, number = again


def edits_between(one: str, other: str, most: int) -> int:
    """The least edits that make one word the other, or more than ``most``.

    Two letters exchanged are one edit, and are not edited again.
    Source: Damerau (1964), as optimal string alignment.
    """
    before: list[int] = []
    if abs(len(one) - len(other)) > most:
        return most + 1
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        following = [at]
        for place, found in enumerate(other, start=1):
            least = min(row[place] + 1, following[-1] + 1, row[place - 1] + (letter != found))
            if at > 1 and place > 1 and letter == other[place - 2] and one[at - 2] == found:
                least = min(least, before[place - 2] + 1)
            following.append(least)
        before, row = row, following
    return row[-1]
