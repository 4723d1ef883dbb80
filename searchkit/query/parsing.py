"""From the text of a query to its tree: operators by how tightly they bind, every mistake with its column."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, NoReturn

from searchkit.errors import QueryError, UsageError
from searchkit.frozen import frozen
from searchkit.query import grammar as g
from searchkit.query import tokens as t
from searchkit.query.grammar import NATIVE, Grammar, Operator
from searchkit.query.joining import Chain, height, is_condition, left_out, of_run, signed, without_place, words_of
from searchkit.query.tokens import Lexer, Prefix, Token
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
    Near,
    Node,
    Scope,
    Within,
)
from searchkit.query.words import Notice

if TYPE_CHECKING:
    from searchkit.query.dialects.comparing import Comparison

MOST_CHARACTERS = 200_000
DEEPEST = 64
# Where every number of words binds differently: so many operators within each other's operands.
MOST_CLIMBED = 128
# An operator with its column.
Joint = tuple[Operator, int]


@frozen
class Query:
    """A text, the tree that it means, and what its reader should know of how it was taken."""

    text: str
    tree: Node
    notices: tuple[Notice, ...] = ()


def parse(
    text: str,
    *,
    grammar: Grammar = NATIVE,
    dialect: str = "",
    require_all: bool = False,
    today: datetime.date | None = None,
) -> Query:
    """The meaning of ``text`` in searchkit's own language, or in a dialect by its name or grammar.

    ``require_all``: words side by side must all stand in an article, not any of them. ``today`` is the day
    that "yesterday" is counted from, by default that of the clock. Raises QueryError with the column of a mistake,
    and UsageError where no dialect has that name or words side by side cannot be required in it.
    """
    if dialect:
        from searchkit.query.dialects import grammar_of  # few queries are in one

        grammar = grammar_of(dialect)
    if not text.strip():
        raise QueryError("the query is empty", text=text, column=1, hint="Type the words to look for.")
    if len(text) > MOST_CHARACTERS:
        raise QueryError(
            f"the query has {len(text):,} characters, and {MOST_CHARACTERS:,} are the most that is read",
            text=text,
            column=MOST_CHARACTERS + 1,
        )
    if require_all and grammar.adjacent not in ("any", "all"):
        raise UsageError(
            f"words side by side cannot all be required in {grammar.title}, where they mean something else",
            hint="Write and between them.",
        )
    return _Parser(text, grammar, "all" if require_all else grammar.adjacent, today).query()


class _Parser:
    """One text on its way to a tree. Each operand comes with its depth: the nodes on the way to its deepest leaf."""

    def __init__(self, text: str, grammar: Grammar, adjacent: str, today: datetime.date | None) -> None:
        self._text = text
        self._levels = grammar.levels
        self._adjacent = adjacent
        self._has_conditions = grammar.has_conditions
        self._excludes = grammar.excludes
        self._prefixed_level = grammar.prefixed
        # What stands between words side by side.
        self._beside = Operator(g.OR if adjacent == "or" else g.ADJACENT, "")
        self._lexer = (grammar.lexer or Lexer)(text, grammar, today)
        # What is said of a dialect's operators, as against our own.
        self._compared: Comparison | None = self._lexer.comparison()
        self._tokens = list(self._lexer.tokens())
        self._at = 0
        # How many parentheses are open, how many prefixes wait for an operand, how many operators are climbed over.
        self._open = self._before = self._climbed = 0
        # What the last expression joined last.
        self._top: Joint | None = None
        self._scope = ""

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
        if self._compared:
            self._compared.read(tree)
        return Query(self._text, tree, self._lexer.said())

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _fail(self, column: int, message: str, hint: str = "") -> NoReturn:
        raise QueryError(message, text=self._text, column=column, hint=hint)

    def _deeper(self, depth: int, column: int) -> int:
        if depth >= DEEPEST:
            self._fail(column, f"the query is nested more than {DEEPEST} levels deep", "Ask in several queries.")
        return depth + 1

    def _expression(self, least: int, sign: Token | None = None) -> tuple[Node, int]:
        """An operand, behind its sign, and what follows it joined by operators that bind at least so tightly."""
        is_part = sign is not None
        sign = sign or self._sign()
        is_excluded = self._excludes and self._is_not(self._next)
        left, depth = self._operand()
        chain = Chain(left)
        if sign and not is_part and least > self._levels[g.ADJACENT]:
            self._fail(sign.column, f"a {sign.value} cannot stand within an operator's operand", "Use parentheses.")
        # The operator that was read last, with its column.
        last: Joint | None = None
        while True:
            operator = self._between()
            if operator is None:
                break
            level = operator.binds or self._levels[operator.kind]
            if level < least:
                break
            in_run = operator.kind == g.ADJACENT and self._adjacent != "phrase"
            joint = operator, self._next.column
            if (in_run or (sign and not is_part)) and level <= self._levels[g.ADJACENT]:
                left, depth = self._run(signed(sign, is_excluded, chain.node()), depth, sign, last)
                chain.restart(left)
                self._say_of_run(left, least > 0)
                sign, is_excluded, last = None, False, joint
                continue
            if sign and operator.kind == g.OR:
                self._fail(sign.column, f"it is not plain what this {sign.value} belongs to", "Use parentheses.")
            depth = self._join(chain, joint, level, depth, last)
            is_excluded, last = False, joint
        left = chain.node()
        if sign and not is_part:
            left, depth = self._run(signed(sign, False, left), depth, sign, last)
        self._top = last
        return left, depth

    def _say_of_run(self, run: Node, is_operand: bool) -> None:
        """Say that words to choose from are one operand of an operator, where that may surprise."""
        following = self._between()
        if self._compared:
            return
        if isinstance(run, AllOf) and any(is_condition(part) for part in run.parts):
            if is_operand or (following and following.kind == g.OR):
                text = "a condition holds for the words beside it, not beyond an operator: use parentheses"
                self._lexer.notices.append(Notice(run.column, text))
            return
        if not isinstance(run, AnyOf):
            return
        if is_operand or (following and following.kind in (g.AND, g.NOT)):
            text = "words side by side are any of these, beside an operator too: to need all, join them with AND"
            self._lexer.notices.append(Notice(run.column, text))

    def _join(self, chain: Chain, joint: Joint, level: int, depth: int, last: Joint | None) -> int:
        """Read an operator and its right operand, and join them to the chain on its left; how deep it is then."""
        operator, column = joint
        if operator is not self._beside:
            self._at += 1
            if operator.kind == g.AMONG_FIRST:
                return self._among_first(chain, operator, column, depth)
            self._need_operand(operator, column)
        negated = operator.kind == g.AND and self._is_not(self._next)
        if operator.binds:
            # Such levels are many, and each is a call.
            self._climbed += 1
            if self._climbed > MOST_CLIMBED:
                self._deeper(DEEPEST, column)
        right, right_depth = self._expression(level + 1)
        self._climbed -= operator.binds > 0
        if self._compared:
            self._compared.seen(joint, last, self._top)
            self._compared.joined(operator, chain.last, right)
        depth = max(depth, right_depth)
        return self._deeper(depth, column) if self._joined(chain, operator, right, negated, column) else depth

    def _between(self) -> Operator | None:
        """The operator before the next operand, which is none but their standing side by side; None at an end."""
        token = self._next
        if token.kind == t.OPERATOR:
            operator = token.value
            assert isinstance(operator, Operator)  # noqa: S101  (for the type checker)
            is_prefix = operator.kind in (g.AT_LEAST, g.FIRST) or (self._excludes and operator.kind == g.NOT)
            return self._beside if is_prefix else operator
        return self._beside if token.kind in (t.PART, t.OPEN, t.SCOPE, t.SIGN, t.PREFIX) else None

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

    def _run(self, first: tuple[str, Node], depth: int, sign: Token | None, last: Joint | None) -> tuple[Node, int]:
        """Operands side by side, with their signs, from the first on: any of them, or all."""
        level = self._levels[g.ADJACENT]
        column = sign.column if sign else first[1].column
        parts = [first]
        while True:
            operator = self._between()
            if operator is None or operator.kind != g.ADJACENT:
                break
            joint = operator, self._next.column
            if operator is not self._beside:
                self._at += 1
                self._need_operand(*joint)
            sign = self._sign()
            is_excluded = self._excludes and self._is_not(self._next)
            part, part_depth = self._expression(level + 1, sign)
            if self._compared:
                self._compared.seen(joint, last, self._top)
                last = None
            parts.append(signed(sign, is_excluded, part))
            depth = max(depth, part_depth)
        if self._compared:
            self._compared.ran(parts)
        tree, deeper = of_run(parts, column, require_all=self._adjacent == "all", has_conditions=self._has_conditions)
        for _ in range(deeper):
            depth = self._deeper(depth, column)
        return tree, depth

    def _operand(self, *, weighed: bool = True) -> tuple[Node, int]:
        token = self._next
        self._at += 1
        if token.kind == t.PART:
            node: Node = token.value  # type: ignore[assignment]
            if self._scope and isinstance(node, Days | Id):
                self._fail(token.column, f"a day or an id cannot stand within {self._scope}", "Join it with AND.")
            found = node, height(node)
            if found[1] > DEEPEST:
                self._deeper(DEEPEST, token.column)
            return self._weighed(*found) if weighed else found
        if token.kind == t.OPEN:
            found = self._group(token)
            return self._weighed(*found) if weighed else found
        if token.kind == t.SCOPE:
            return self._scoped(token)
        if token.kind == t.PREFIX:
            return self._taken(token)
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
        field: Field = token.value  # type: ignore[assignment]
        # ``title:word^3`` is three times what ``title:word`` is.
        node, depth = self._within_scope(token, field, f"{field}:", -1)
        return self._weighed(Scope(field, node, token.column), self._deeper(depth, token.column))

    def _within_scope(self, token: Token, field: str, written: str, takes: int) -> tuple[Node, int]:
        """What a field takes: an operand, or all that binds so tightly."""
        if self._scope:
            self._fail(token.column, f"{written} stands within {self._scope}", "Join the two with AND.")
        self._scope = written
        node, depth = self._operand(weighed=False) if takes < 0 else self._expression(takes)
        self._scope = ""
        if isinstance(node, Everything) and field in TEXT_FIELDS:
            self._fail(node.column, "a * alone stands for every article, not for a word", f"Write {field}:word*.")
        return node, depth

    def _taken(self, token: Token) -> tuple[Node, int]:
        """The field of another system, which may be something else here."""
        prefix = token.value
        assert isinstance(prefix, Prefix)  # noqa: S101  (for the type checker)
        self._need_operand(Operator(g.FIRST, prefix.written), token.column)
        node, depth = self._within_scope(token, prefix.field, prefix.written, prefix.takes)
        if prefix.field in ("", *TEXT_FIELDS):
            self._check_has_place(node, Operator(g.FIRST, prefix.written))
        return prefix.make(node), self._deeper(self._deeper(depth, token.column), token.column)

    def _among_first(self, chain: Chain, operator: Operator, column: int, depth: int) -> int:
        """FIRST behind its operand."""
        self._check_number(operator, column, g.MOST_FIRST)
        left = chain.node()
        self._check_has_place(left, operator)
        chain.restart(First(operator.number, left, left.column))
        return self._deeper(depth, column)

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
        node, depth = self._expression(self._prefixed_level) if self._prefixed_level else self._operand()
        self._before -= 1
        self._check_has_place(node, operator)
        if operator.kind == g.AT_LEAST:
            return AtLeast(operator.number, node, token.column), self._deeper(depth, token.column)
        return First(operator.number, node, token.column), self._deeper(depth, token.column)

    def _joined(self, chain: Chain, operator: Operator, right: Node, negated: bool, column: int) -> bool:
        """Join an operand to a chain; whether that made the tree deeper."""
        kind = operator.kind
        if kind in (g.OR, g.AND, g.NOT):
            if negated and (without := left_out(right)):
                return chain.grow(g.NOT, without)
            if kind == g.AND and self._excludes and (without := chain.left_out()):
                chain.restart(right)
                return chain.grow(g.NOT, without)
            return chain.grow(kind, (right,))
        if kind == g.ADJACENT:
            # Words side by side in a dialect that takes them for a phrase.
            words = words_of(right)
            if words and (chain.kind == kind or words_of(chain.node())):
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
        if lost := without_place(node):
            joins = (
                f"“{operator.written}” joins words" if operator.written else "words side by side are a phrase here"
            )
            self._fail(lost.column, f"{joins}, and what stands here has no place in a text", "Join it with AND.")
