"""Where does a passage stand? As rules of the server's intervals over the words of one field.

The server knows minimal intervals only: of two that end at one word it may see the shorter alone. A rule is exact
here where that does not matter, because all passages of its parts are equally long; any other rule finds at least
what is meant, and says that it may find more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from searchkit.analysis import Chain
from searchkit.cluster import layout
from searchkit.cluster.tokens import token
from searchkit.frozen import frozen
from searchkit.query import (
    AnyOf,
    Exact,
    First,
    Leaf,
    Near,
    Node,
    Phrase,
    Scope,
    Within,
    Word,
    pieces,
)

Rule = dict[str, Any]
# The positions of a passage whose length nothing bounds.
ENDLESS = 1 << 30
# So many kinds of passages of one node are told apart, by their lengths.
_MOST_KINDS = 12
# So many words may all rules of a query have: the server's own limit is 1,024 clauses.
MOST_WORDS = 700
# So often a passage is counted by a rule.
MOST_TIMES = 25


class TooManyWords(Exception):
    """The patterns of a query mean more words than rules can have."""


@frozen
class Place:
    """A rule and the passages that it is for: of so many words, ``shortest`` to ``longest``.

    ``exact``: the rule finds something where there is such a passage, and only there. ``words`` are the tokens of
    each position, where the passages are words side by side. ``inner`` is the rule where these are a part of others,
    if that is another: it finds the passages and may find more.
    """

    rule: Rule
    shortest: int
    longest: int
    exact: bool
    words: tuple[frozenset[str], ...] = ()
    inner: Rule | None = None

    @property
    def fixed(self) -> bool:
        """Whether all passages are equally long and the rule finds each of them."""
        return self.exact and self.shortest == self.longest and self.inner is None

    @property
    def part(self) -> Rule:
        """The rule within the rule of something larger."""
        return self.inner or self.rule


class Places:
    """Rules for the words of one field of a document, ``whole`` if what stands in it has borders and beginnings.

    ``meant`` are the forms of each pattern.
    """

    def __init__(self, field: str, chain: Chain, meant: Mapping[Leaf, Sequence[str]], *, whole: bool) -> None:
        self._field = field
        self._chain = chain
        self._meant = meant
        self._whole = whole
        self.spent = 0

    def of(self, node: Node, scope: str = "") -> list[Place]:
        """The kinds of passages of a node of a spread tree, none where it can stand nowhere in this field."""
        match node:
            case Word(text):
                return _chained([self._words([token(stem)], "stems") for stem in self._chain.stems(text)])
            case Exact(text):
                forms = [one.word for one in self._chain.tokens(text)]
                return _chained([self._words([token(form)], "forms") for form in forms])
            case Phrase(parts, slop):
                if slop:
                    return self._close([self.of(piece, scope) for part in parts for piece in pieces(part)], slop)
                return _each([self.of(part, scope) for part in parts], _chained)
            case Near(left, right, distance, ordered):
                return _each(
                    [self.of(left, scope), self.of(right, scope)],
                    lambda pair: [_near(pair[0], pair[1], distance, ordered=ordered)],
                )
            case Within(left, right, unit, ordered):
                return _each(
                    [self.of(left, scope), self.of(right, scope)],
                    lambda pair: [self._within(pair[0], pair[1], unit, ordered=ordered)],
                )
            case First(words, part):
                return [made for one in self.of(part, scope) if (made := self._first(one, words, scope))]
            case AnyOf(parts):
                return _union([place for part in parts for place in self.of(part, scope)])
            case Scope(field, part):
                return self.of(part, field) if field == self._field else []
        forms = [token(form) for form in self._meant[node]]  # type: ignore[index]
        return [self._words(forms, "forms")] if forms else []

    def _words(self, tokens: Sequence[str], kind: str) -> Place:
        self.spent += len(tokens)
        if self.spent > MOST_WORDS:
            raise TooManyWords
        other = {"use_field": f"{self._field}.{kind}"} if kind != "stems" else {}
        rules = [{"match": {"query": one, **other}} for one in sorted(set(tokens))]
        rule = rules[0] if len(rules) == 1 else {"any_of": {"intervals": rules}}
        return Place(rule, 1, 1, True, (frozenset(f"{kind} {one}" for one in tokens),))

    def _close(self, parts: list[list[Place]], slop: int) -> list[Place]:
        """A word of each part, each another, in any order."""
        if not parts or not all(parts):
            return []
        single = [_single(part) for part in parts]
        # A word may be found for two parts at once, unless they are of one kind and have none in common.
        kinds = {word.partition(" ")[0] for place in single for word in place.words[0]}
        apart = len(kinds) == 1 and len(set[str]().union(*[place.words[0] for place in single])) == sum(
            len(place.words[0]) for place in single
        )
        count = len(single)
        if count == 1:
            return single
        if count == 2:
            return [_near(single[0], single[1], slop + 1, ordered=False)]
        rule = _all_of([place.rule for place in single], most=slop)
        return [Place(rule, count, count + slop, apart)]

    def _within(self, left: Place, right: Place, unit: str, *, ordered: bool) -> Place:
        # What is known of an article has no sentences, and its parts are too far from each other for a rule.
        inside = {"contained_by": self._unit(unit)} if self._whole else None
        shortest = left.shortest + right.shortest
        if left.fixed and right.fixed and self._whole:
            return Place(_in_order(left, right, None, inside, ordered=ordered), shortest, ENDLESS, True)
        return Place(_all_of([left.part, right.part], where=inside), shortest, ENDLESS, False)

    def _unit(self, unit: str) -> Rule:
        """A sentence or a paragraph. (The server's rule for what contains no border takes a touch for containing.)"""
        begin, end, whole = (
            (layout.BEGIN_SENTENCE, layout.END_SENTENCE, layout.ARE_SENTENCES)
            if unit == "sentence"
            else (layout.BEGIN_PARAGRAPH, layout.END_PARAGRAPH, layout.ARE_PARAGRAPHS)
        )
        longer = _all_of([self._marks(begin), self._marks(end)], ordered=True)
        return {"any_of": {"intervals": [longer, self._marks(whole)]}}

    def _first(self, place: Place, words: int, scope: str) -> Place | None:
        if place.shortest > words:
            return None
        longest = min(place.longest, words)
        if not self._whole:
            return Place(place.part, place.shortest, longest, False)
        # From the mark at the beginning to the end of the first passage: it may not be too far away.
        beginning = self._marks(layout.BEFORE_BODY if scope == "body" else layout.BEFORE_ARTICLE)
        most = words - (place.shortest if place.fixed else 1)
        rule = _all_of([beginning, place.part], ordered=True, most=most)
        return Place(rule, place.shortest, longest, place.fixed, (), place.part)

    def _marks(self, marks: Sequence[str]) -> Rule:
        borders = f"{self._field}.borders"
        return {"any_of": {"intervals": [{"match": {"query": one, "use_field": borders}} for one in marks]}}


def clauses(rule: Rule) -> int:
    """About how many words and marks the server makes of a rule; it counts each of them.

    It writes alternatives out: of a rule with two in each of three parts it makes eight.
    """
    return min(sum(cost for cost, _ in _written_out(rule)), ENDLESS)


def _written_out(rule: Rule) -> list[tuple[int, int]]:
    """(clauses, least number of words) of each alternative."""
    if "match" in rule:
        return [(1, 1)]
    ((kind, inside),) = rule.items()
    parts = [_written_out(part) for part in inside["intervals"]]
    if kind == "any_of":
        return [alternative for part in parts for alternative in part]
    parts += [_written_out(part) for part in inside.get("filter", {}).values()]
    made = [(0, 0)]
    for part in parts:
        # Single words are one alternative together.
        single = sum(cost for cost, extent in part if extent == 1)
        apart = [(single, 1)] * (single > 0) + [alternative for alternative in part if alternative[1] > 1]
        if len(made) * len(apart) > MOST_WORDS:
            return [(ENDLESS, 2)]
        made = [(cost + more, extent + longer) for cost, extent in made for more, longer in apart]
    return made


def _all_of(
    rules: Sequence[Rule], *, ordered: bool = False, most: int | None = None, where: Rule | None = None
) -> Rule:
    """One interval of each rule, with ``most`` other positions between them, ``where`` a filter says."""
    made: Rule = {"ordered": ordered, "intervals": list(rules)}
    if most is not None:
        made["max_gaps"] = most
    if where is not None:
        made["filter"] = where
    return {"all_of": made}


def _in_order(left: Place, right: Place, most: int | None, where: Rule | None = None, *, ordered: bool) -> Rule:
    """Two passages that do not overlap: the left first, or either."""
    one = _all_of([left.rule, right.rule], ordered=True, most=most, where=where)
    if ordered:
        return one
    other = _all_of([right.rule, left.rule], ordered=True, most=most, where=where)
    return {"any_of": {"intervals": [one, other]}}


def _near(left: Place, right: Place, distance: int, *, ordered: bool) -> Place:
    shortest = left.shortest + right.shortest
    longest = min(left.longest + right.longest + distance - 1, ENDLESS)
    if left.fixed and right.fixed:
        return Place(_in_order(left, right, distance - 1, ordered=ordered), shortest, longest, True)
    # The longest passage has one of each part in it, however the server takes them.
    most = longest if longest < ENDLESS else None
    return Place(_all_of([left.part, right.part], most=most), shortest, longest, False)


def _chained(parts: Sequence[Place]) -> list[Place]:
    """Side by side, in this order."""
    if not parts:
        return []
    if len(parts) == 1:
        return [parts[0]]
    length = sum(place.shortest for place in parts)
    rule = _all_of([place.rule for place in parts], ordered=True, most=0)
    return [Place(rule, length, length, True, tuple([word for place in parts for word in place.words]))]


def _each(parts: Sequence[list[Place]], make: Callable[[Sequence[Place]], list[Place]]) -> list[Place]:
    """What is made of one kind of each part, for all such choices; of too many one that is not exact."""
    choices = 1
    for part in parts:
        choices *= len(part)
    if choices > _MOST_KINDS:
        parts = [[_loose(part)] for part in parts]
    return _union([made for chosen in product(*parts) for made in make(chosen)])


def _union(places: Sequence[Place]) -> list[Place]:
    """Those that are equally long, and those whose lengths vary, as one of each."""
    fixed: dict[int, list[Place]] = {}
    others = []
    for place in places:
        if place.fixed:
            fixed.setdefault(place.shortest, []).append(place)
        else:
            others.append(place)
    return [_one_of(group) for group in fixed.values()] + ([_one_of(others)] if others else [])


def _one_of(places: Sequence[Place]) -> Place:
    if len(places) == 1:
        return places[0]
    words: tuple[frozenset[str], ...] = ()
    if all(len(place.words) == 1 for place in places):
        words = (frozenset[str]().union(*[place.words[0] for place in places]),)
    inner = [place.part for place in places] if any(place.inner for place in places) else None
    return Place(
        {"any_of": {"intervals": [place.rule for place in places]}},
        min(place.shortest for place in places),
        max(place.longest for place in places),
        all(place.exact for place in places),
        words,
        {"any_of": {"intervals": inner}} if inner else None,
    )


def _single(places: list[Place]) -> Place:
    return places[0] if len(places) == 1 else _one_of(places)


def _loose(places: list[Place]) -> Place:
    made = _single(places)
    return Place(made.part, made.shortest, made.longest, False)
