"""What is an operator, and how tightly does it bind? A grammar says it; searchkit's own is here.

The grammars of other systems (searchkit.query.dialects) differ from it in words and tables, not in the parser.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from searchkit.frozen import frozen
from searchkit.query.late import late

if TYPE_CHECKING:
    from searchkit.query.tokens import Lexer

# Kinds of operators; the first six stand between two operands, two before one, the last behind one.
OR, AND, NOT, ADJACENT, NEAR, WITHIN, AT_LEAST, FIRST, AMONG_FIRST = range(9)

MOST_APART = 10_000
MOST_TIMES = 10_000
MOST_FIRST = 1_000_000


@frozen
class Operator:
    """An operator: its kind, as it was written, and its number or unit.

    ``binds`` says how tightly where that is not what its grammar says of the kind.
    """

    kind: int
    written: str
    number: int = 0
    unit: str = ""
    ordered: bool = False
    binds: int = 0


@frozen
class Grammar:
    """How a dialect reads a text.

    ``operator`` gives the operator that a chunk of text is, or None. ``levels`` says of each kind how tightly it
    binds, the tightest highest. ``adjacent`` is what words without an operator between them mean: "any", "all",
    "phrase", or "or" where nothing between them is an OR like any other. ``fields`` are the names before a colon,
    ``many`` and ``one`` the characters that stand for any characters and for one.

    Other systems need more. ``lexer`` takes their texts apart. ``has_conditions``: a day or a source among words
    side by side must hold whatever the words mean. ``prefixed`` is how tightly must bind what a field or ATLEAST
    takes, where that is more than one operand. ``excludes``: NOT is a sign before one operand. ``beside`` says what
    words side by side are, and ``mixed`` what is to be said where an operator of the second kind stands within one
    of the first without parentheses.
    """

    name: str
    operator: Callable[[str], Operator | None]
    levels: Mapping[int, int]
    adjacent: str
    fields: Mapping[str, str]
    many: str = "*"
    one: str = "?"
    signs: bool = True
    lexer: type[Lexer] | None = None
    has_conditions: bool = True
    prefixed: int = 0
    excludes: bool = False
    beside: str = ""
    mixed: Mapping[tuple[int, int], str] | None = None

    @property
    def title(self) -> str:
        """The name as a sentence has it."""
        return self.name.capitalize()


_WORDS = {"AND": AND, "&&": AND, "OR": OR, "||": OR, "NOT": NOT}
_NUMBERED = late(r"(near|w|pre|atleast|first)/(\d+|[sp])", re.IGNORECASE | re.ASCII)
_KINDS = {"near": NEAR, "w": NEAR, "pre": NEAR, "atleast": AT_LEAST, "first": FIRST}
UNITS = {"s": "sentence", "p": "paragraph"}


def _operator(chunk: str) -> Operator | None:
    kind = _WORDS.get(chunk)
    if kind is not None:
        return Operator(kind, chunk)
    match = _NUMBERED().fullmatch(chunk) if "/" in chunk else None
    if match is None:
        return None
    name, what = match[1].lower(), match[2].lower()
    if what in UNITS:
        return Operator(WITHIN, chunk, unit=UNITS[what], ordered=name == "pre") if name in ("w", "pre") else None
    # What is longer than any number that makes sense is too large all the same.
    return Operator(_KINDS[name], chunk, int(what[:12]), ordered=name == "pre")


# Names before a colon. Of the days' names each is how the day is meant.
NATIVE_FIELDS = {
    **{name: name for name in ("title", "body", "author", "source", "section", "url", "language", "id")},
    **dict.fromkeys(("date", "on"), "date"),
    **{name: name for name in ("after", "before", "since", "until")},
}

NATIVE = Grammar(
    "searchkit",
    _operator,
    {OR: 1, AND: 2, NOT: 2, ADJACENT: 3, NEAR: 4, WITHIN: 4},
    "any",
    NATIVE_FIELDS,
)
