"""What differs, in this very query, from how searchkit itself would bind its operators?"""

from __future__ import annotations

from collections.abc import Callable

from searchkit.query import grammar as g
from searchkit.query.grammar import NATIVE, Grammar, Operator
from searchkit.query.joining import is_condition
from searchkit.query.tree import AllBut, Everything, Node, Scope

# Whichever of these is read first, the same articles are meant.
_ALIKE = {(g.AND, g.NOT)}
Joint = tuple[Operator, int]


class Comparison:
    """Is told by the parser what it joins, and notes it where searchkit's own grammar would join it otherwise."""

    def __init__(self, grammar: Grammar, note_once: Callable[[object, int, str], None]) -> None:
        self._grammar = grammar
        self._note_once = note_once

    def seen(self, outer: Joint, left: Joint | None, right: Joint | None) -> None:
        """An operator was read, and the last operator of either operand, None where it has none of its own."""
        operator = outer[0]
        for inner, least in ((left, _level(operator)), (right, _level(operator) + 1)):
            if inner is not None and inner[0].kind != operator.kind:
                self._mixed(operator, *inner, least)

    def _mixed(self, outer: Operator, inner: Operator, column: int, least: int) -> None:
        kinds = outer.kind, inner.kind
        if text := (self._grammar.mixed or {}).get(kinds):
            self._note_once(kinds, column, text)
        elif kinds not in _ALIKE and _level(inner) < least and not self._is_phrase(inner):
            text = (
                f"{_named(inner)} binds tighter than {_named(outer)} in {self._grammar.title}: "
                f"what it joins is one operand; searchkit's own language reads {_named(outer)} first"
            )
            self._note_once(kinds, column, text)

    def _is_phrase(self, operator: Operator) -> bool:
        # That words side by side are a phrase is said once, and says it all.
        return operator.kind == g.ADJACENT and self._grammar.adjacent == "phrase"

    def ran(self, parts: list[tuple[str, Node]]) -> None:
        """Words side by side were read, with their signs."""
        chosen = [part for sign, part in parts if sign != "-"]
        if self._grammar.adjacent == "any" and len(chosen) > 1:
            for sign, part in parts:
                if not sign:
                    self._alternative(part)
        words = [part for part in chosen if not is_condition(part)]
        if self._grammar.adjacent == "all" and len(words) > 1:
            self._note_once("beside", words[0].column, self._grammar.beside)

    def joined(self, operator: Operator, left: Node, right: Node) -> None:
        """Two operands are joined."""
        if operator.kind == g.ADJACENT:
            self._note_once("beside", left.column, self._grammar.beside)
        # Of two conditions it is plain that they are alternatives.
        if operator.kind == g.OR and not operator.written and is_condition(left) != is_condition(right):
            self._alternative(left)
            self._alternative(right)

    def _alternative(self, part: Node) -> None:
        """A part is one of several to choose from; searchkit's own language would take some for conditions."""
        if is_condition(part):
            what = f"{part.field}:" if isinstance(part, Scope) else "a date"
            self._note_once(
                ("condition", part.column),
                part.column,
                f"{what} is one of several to choose from here, as in {self._grammar.title}; "
                "join it with AND where it must hold",
            )

    def read(self, tree: Node) -> None:
        """The whole query was read."""
        if isinstance(tree, AllBut) and isinstance(tree.part, Everything):
            text = f"{self._grammar.title} finds nothing where all is left out; here every other article is found"
            self._note_once("excluded", tree.column, text)


def _level(operator: Operator) -> int:
    """How tightly searchkit's own grammar binds what is written like this."""
    own = NATIVE.operator(operator.written.upper())
    kind = g.ADJACENT if not operator.written else own.kind if own else operator.kind
    return NATIVE.levels.get(kind, NATIVE.levels[g.NEAR])


def _named(operator: Operator) -> str:
    return f"“{operator.written}”" if operator.written else "a blank"
