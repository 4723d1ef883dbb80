"""From the text of a query to its tree: operators by how tightly they bind, every mistake with its column."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import NoReturn

from searchkit.errors import QueryError
from searchkit.frozen import frozen
from searchkit.query import grammar as g
from searchkit.query import tokens as t
from searchkit.query.grammar import NATIVE, Grammar, Operator
from searchkit.query.tokens import Lexer, Token
from searchkit.query.tree import (
    TEXT_FIELDS,
    AllBut,
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Days,
    Everything,
    Field,
    First,
    Id,
    Leaf,
    Near,
    Node,
    Phrase,
    Scope,
    Within,
    children,
)
from searchkit.query.words import Notice

MOST_CHARACTERS = 200_000
DEEPEST = 64


@frozen
class Query:
    """A text, the tree that it means, and what its reader should know of how it was taken."""

    text: str
    tree: Node
    notices: tuple[Notice, ...] = ()


def parse(
    text: str, *, grammar: Grammar = NATIVE, require_all: bool = False, today: datetime.date | None = None
) -> Query:
    """The meaning of ``text`` in a dialect.

    ``require_all``: words side by side must all stand in an article, not any of them. ``today`` is the day
    that "yesterday" is counted from, by default that of the clock. Raises QueryError with the column of a mistake.
    """
    if not text.strip():
        raise QueryError("the query is empty", text=text, column=1, hint="Type the words to look for.")
    if len(text) > MOST_CHARACTERS:
        raise QueryError(
            f"the query has {len(text):,} characters, and {MOST_CHARACTERS:,} are the most that is read",
            text=text,
            column=MOST_CHARACTERS + 1,
        )
    return _Parser(text, grammar, "all" if require_all else grammar.adjacent, today).query()


class _Parser:
    """One text on its way to a tree. Each operand comes with its depth: the nodes on the way to its deepest leaf."""

    def __init__(self, text: str, grammar: Grammar, adjacent: str, today: datetime.date | None) -> None:
        self._text = text
        self._levels = grammar.levels
        self._adjacent = adjacent
        self._lexer = Lexer(text, grammar, today)
        self._tokens = list(self._lexer.tokens())
        self._at = 0
        # How many parentheses are open, and how many prefixes wait for their operand.
        self._open = self._before = 0
        self._scope: Token | None = None

    def query(self) -> Query:
        if self._next.kind == t.END:
            self._fail(
                len(self._text) - len(self._text.lstrip()) + 1,
                "the query holds no word, only punctuation",
                "Type at least one word or number.",
            )
        tree, _ = self._expression(0)
        if self._next.kind == t.CLOSE:
            self._fail(
                self._next.column, "this parenthesis closes none", "Leave it out, or open one with ( before it."
            )
        if self._next.kind == t.SUFFIX:
            self._fail(self._next.column, "a weight belongs behind what it weighs", "Write word^3.")
        return Query(self._text, tree, tuple(self._lexer.notices))

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _fail(self, column: int, message: str, hint: str = "") -> NoReturn:
        raise QueryError(message, text=self._text, column=column, hint=hint)

    def _deeper(self, depth: int, column: int) -> int:
        if depth >= DEEPEST:
            self._fail(column, f"the query is nested more than {DEEPEST} levels deep", "Ask in several queries.")
        return depth + 1

    def _expression(self, least: int) -> tuple[Node, int]:
        """An operand, and what follows it joined by operators that bind at least so tightly."""
        sign = self._sign()
        left, depth = self._operand()
        run = least <= self._levels[g.ADJACENT]
        if sign and not run:
            self._fail(sign.column, f"a {sign.value} cannot stand within an operator's operand", "Use parentheses.")
        chain = _Chain(left)
        while True:
            operator = self._between()
            if operator is None:
                break
            level = self._levels[operator.kind]
            if level < least:
                break
            in_run = sign is not None or (operator.kind == g.ADJACENT and self._adjacent != "phrase")
            if in_run and level <= self._levels[g.ADJACENT]:
                left, depth = self._run(chain.node(), depth, sign)
                sign, chain = None, _Chain(left)
                continue
            column = self._next.column
            if operator.kind != g.ADJACENT:
                self._at += 1
                self._need_operand(operator, column)
            negated = operator.kind == g.AND and self._is_not(self._next)
            right, right_depth = self._expression(level + 1)
            depth = max(depth, right_depth)
            if self._joined(chain, operator, right, negated, column):
                depth = self._deeper(depth, column)
        return self._run(chain.node(), depth, sign) if sign else (chain.node(), depth)

    def _between(self) -> Operator | None:
        """The operator before the next operand, which is none but their standing side by side; None at an end."""
        token = self._next
        if token.kind == t.OPERATOR:
            operator = token.value
            assert isinstance(operator, Operator)  # noqa: S101  (for the type checker)
            return operator if operator.kind not in (g.AT_LEAST, g.FIRST) else _SIDE_BY_SIDE
        return _SIDE_BY_SIDE if token.kind in (t.OPEN, t.PART, t.SCOPE, t.SIGN) else None

    def _is_not(self, token: Token) -> bool:
        return token.kind == t.OPERATOR and token.value.kind == g.NOT  # type: ignore[attr-defined]

    def _need_operand(self, operator: Operator, column: int) -> None:
        token = self._next
        if token.kind in (t.END, t.CLOSE):
            self._fail(
                column,
                f"nothing follows “{operator.written}”",
                f'Write what belongs behind it, or "{operator.written}" to look for the word.',
            )

    def _sign(self) -> Token | None:
        token = self._next
        if token.kind != t.SIGN:
            return None
        self._at += 1
        return token

    def _run(self, left: Node, depth: int, sign: Token | None) -> tuple[Node, int]:
        """Operands side by side, with their signs, from ``left`` on: any of them, or all."""
        level = self._levels[g.ADJACENT]
        column = sign.column if sign else left.column
        parts = [(str(sign.value) if sign else "", left)]
        while True:
            operator = self._between()
            if operator is None or operator.kind != g.ADJACENT:
                break
            sign = self._sign()
            part, part_depth = self._expression(level + 1)
            parts.append((str(sign.value) if sign else "", part))
            depth = max(depth, part_depth)
        return self._of_run(parts, depth, column)

    def _of_run(self, parts: list[tuple[str, Node]], depth: int, column: int) -> tuple[Node, int]:
        """What operands side by side mean together: words to choose from, what must hold, what must not."""
        required = [part for sign, part in parts if sign == "+"]
        conditions = [part for sign, part in parts if not sign and _is_condition(part)]
        optional = [part for sign, part in parts if not sign and not _is_condition(part)]
        without = tuple([part for sign, part in parts if sign == "-"])
        if self._adjacent == "all":
            required = [part for sign, part in parts if sign == "+" or (not sign and not _is_condition(part))]
            optional = []
        if optional and required:
            # What may be there adds to the score of what must be.
            optional.append(Everything(column))
        found = required + ([_joined_by(AnyOf, optional, column)] if optional else []) + _grouped(conditions, column)
        tree = _joined_by(AllOf, found, column) if found else Everything(column)
        for several in (len(parts) > 1, len(optional) > 1 and len(found) > 1, len(conditions) > 2):
            depth = self._deeper(depth, column) if several else depth
        if without:
            return AllBut(tree, without, column), self._deeper(depth, column)
        return tree, depth

    def _operand(self, *, weighed: bool = True) -> tuple[Node, int]:
        token = self._next
        self._at += 1
        if token.kind == t.PART:
            node: Node = token.value  # type: ignore[assignment]
            if self._scope and isinstance(node, Days | Id):
                self._fail(
                    token.column, f"a day or an id cannot stand within {self._scope.value}:", "Join it with AND."
                )
            found = node, 2 if isinstance(node, Phrase) else 1
            return self._weighed(*found) if weighed else found
        if token.kind == t.OPEN:
            found = self._group(token)
            return self._weighed(*found) if weighed else found
        if token.kind == t.SCOPE:
            return self._scoped(token)
        if token.kind == t.OPERATOR:
            return self._prefixed(token)
        if token.kind == t.SIGN:
            self._fail(
                token.column, f"a {token.value} stands before no word", "Write it before a word, without a blank."
            )
        if token.kind == t.CLOSE:
            self._fail(token.column, "a word was expected here, not a closing parenthesis", "Leave it out.")
        if token.kind == t.SUFFIX:
            self._fail(token.column, "a weight belongs behind what it weighs", "Write word^3.")
        return self._fail(token.column, "a word was expected at the end", "Type the word to look for.")

    def _group(self, opening: Token) -> tuple[Node, int]:
        if self._open >= DEEPEST:
            self._deeper(DEEPEST, opening.column)
        if self._next.kind == t.CLOSE:
            self._fail(opening.column, "there is nothing in these parentheses", "Leave them out.")
        if self._next.kind == t.END:
            self._fail(opening.column, "the parenthesis that opens here is never closed", "Close it with ).")
        self._open += 1
        node, depth = self._expression(0)
        self._open -= 1
        if self._next.kind != t.CLOSE:
            if self._next.kind == t.SUFFIX:
                self._fail(self._next.column, "a weight belongs behind what it weighs", "Write word^3.")
            self._fail(opening.column, "the parenthesis that opens here is never closed", "Close it with ).")
        self._at += 1
        return node, depth

    def _weighed(self, node: Node, depth: int) -> tuple[Node, int]:
        token = self._next
        if token.kind != t.SUFFIX:
            return node, depth
        self._at += 1
        factor = token.value
        assert isinstance(factor, float)  # noqa: S101  (for the type checker)
        return Boost(node, factor, node.column), self._deeper(depth, token.column)

    def _scoped(self, token: Token) -> tuple[Node, int]:
        if self._scope:
            self._fail(token.column, f"{token.value}: stands within {self._scope.value}:", "Join the two with AND.")
        self._scope = token
        # ``title:word^3`` is three times what ``title:word`` is.
        node, depth = self._operand(weighed=False)
        self._scope = None
        field: Field = token.value  # type: ignore[assignment]
        if isinstance(node, Everything) and field in TEXT_FIELDS:
            self._fail(node.column, "a * alone stands for every article, not for a word", f"Write {field}:word*.")
        return self._weighed(Scope(field, node, token.column), self._deeper(depth, token.column))

    def _prefixed(self, token: Token) -> tuple[Node, int]:
        """NOT, ATLEAST and FIRST, with what they stand before."""
        operator = token.value
        assert isinstance(operator, Operator)  # noqa: S101  (for the type checker)
        self._need_operand(operator, token.column)
        if operator.kind == g.NOT:
            # Deep before it is seen to be: each NOT is a call.
            self._before += 1
            if self._before > DEEPEST:
                self._deeper(DEEPEST, token.column)
            node, depth = self._expression(self._levels[g.NOT] + 1)
            self._before -= 1
            return AllBut(Everything(token.column), (node,), token.column), self._deeper(depth, token.column)
        if operator.kind not in (g.AT_LEAST, g.FIRST):
            self._fail(
                token.column,
                f"nothing stands before “{operator.written}”",
                f'Write what belongs before it, or "{operator.written}" to look for the word.',
            )
        most = g.MOST_TIMES if operator.kind == g.AT_LEAST else g.MOST_FIRST
        self._check_number(operator, token.column, most)
        self._before += 1
        if self._before > DEEPEST:
            self._deeper(DEEPEST, token.column)
        node, depth = self._operand()
        self._before -= 1
        self._check_has_place(node, operator)
        if operator.kind == g.AT_LEAST:
            return AtLeast(operator.number, node, token.column), self._deeper(depth, token.column)
        return First(operator.number, node, token.column), self._deeper(depth, token.column)

    def _joined(self, chain: _Chain, operator: Operator, right: Node, negated: bool, column: int) -> bool:
        """Join an operand to a chain; whether that made the tree deeper."""
        kind = operator.kind
        if kind in (g.OR, g.AND, g.NOT):
            if negated and isinstance(right, AllBut) and isinstance(right.part, Everything):
                return chain.grow(g.NOT, right.without)
            return chain.grow(kind, (right,))
        if kind == g.ADJACENT:
            # Words side by side in a dialect that takes them for a phrase.
            words = _words(right)
            if words and (chain.kind == kind or _words(chain.node())):
                return chain.grow(kind, words)
            operator = Operator(g.NEAR, "", 1, ordered=True)
        left = chain.node()
        self._check_has_place(left, operator)
        self._check_has_place(right, operator)
        if kind == g.WITHIN:
            chain.restart(Within(left, right, operator.unit, operator.ordered, left.column))  # type: ignore[arg-type]
        else:
            self._check_number(operator, column, g.MOST_APART)
            chain.restart(Near(left, right, operator.number, operator.ordered, left.column))
        return True

    def _check_number(self, operator: Operator, column: int, most: int) -> None:
        if not 1 <= operator.number <= most:
            self._fail(column, f"the number of “{operator.written}” must lie between 1 and {most:,}")

    def _check_has_place(self, node: Node, operator: Operator) -> None:
        """What holds of a whole article stands at no place in it."""
        left = [node]
        while left:
            node = left.pop()
            if isinstance(node, AllBut):
                left.append(node.part)
                continue
            if isinstance(node, Days | Id | Everything) or (
                isinstance(node, Scope) and node.field not in TEXT_FIELDS
            ):
                self._fail(
                    node.column,
                    f"“{operator.written}” joins words, and what stands here has no place in a text",
                    "Join it with AND.",
                )
            # What such an operator joins was looked at when it was joined.
            if not isinstance(node, Near | Within | First | AtLeast):
                left += children(node)


class _Chain:
    """Operands joined by one operator, of which a node is made when all are known: ten thousand are no work."""

    __slots__ = ("_parts", "kind")

    def __init__(self, node: Node) -> None:
        self.restart(node)

    def restart(self, node: Node) -> None:
        """A chain of one operand, without an operator yet."""
        self.kind = -1
        self._parts: list[Node] = [node]

    def grow(self, kind: int, added: Sequence[Node]) -> bool:
        """Join more by an operator; whether the chain so far becomes one part of what is joined."""
        if kind == self.kind:
            self._parts += added
            return False
        first = self.node()
        is_part = not (kind == g.ADJACENT and isinstance(first, Phrase))
        self.kind, self._parts = kind, [*(_words(first) if kind == g.ADJACENT else (first,)), *added]
        return is_part

    def node(self) -> Node:
        """What the chain means."""
        parts, at = self._parts, self._parts[0].column
        if self.kind == g.NOT:
            return AllBut(parts[0], tuple(parts[1:]), at)
        if self.kind == g.ADJACENT:
            return Phrase(tuple(parts), 0, at)  # type: ignore[arg-type]
        return _joined_by(AnyOf if self.kind == g.OR else AllOf, parts, at)


_SIDE_BY_SIDE = Operator(g.ADJACENT, "")
# Of these an article has one at most.
_SINGLE = ("source", "section", "url", "language")


def _words(node: Node) -> tuple[Leaf, ...]:
    """The words of a word or plain phrase; () of anything else."""
    if isinstance(node, Phrase):
        return () if node.slop else node.parts
    return (node,) if isinstance(node, Leaf) else ()


def _is_condition(node: Node) -> bool:
    """Whether a part says of which articles to choose, not what to look for in them."""
    return isinstance(node, Days | Id) or (isinstance(node, Scope) and node.field not in TEXT_FIELDS)


def _grouped(conditions: list[Node], column: int) -> list[Node]:
    """Conditions that must all hold; where an article can have one of several only, any of these."""
    groups: dict[str, list[Node]] = {}
    for number, node in enumerate(conditions):
        name = node.field if isinstance(node, Scope) else "id" if isinstance(node, Id) else ""
        groups.setdefault(name if name in (*_SINGLE, "id") else str(number), []).append(node)
    return [_joined_by(AnyOf, group, column) for group in groups.values()]


def _joined_by(kind: type[AnyOf] | type[AllOf], parts: list[Node], column: int) -> Node:
    return parts[0] if len(parts) == 1 else kind(tuple(parts), column)
