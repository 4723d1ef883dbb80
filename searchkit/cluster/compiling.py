"""From a tree to the server's query language: what must hold of an article, and what adds to its score.

No text of a query is ever parsed or run there: words travel as terms, which the server compares.
Where the server cannot say exactly what is meant, it is asked for what surely holds all that is meant: then
``exact`` is False, and whoever asked decides article by article.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from searchkit.analysis import Chain
from searchkit.cluster.layout import TITLE_K1, field_name
from searchkit.cluster.places import MOST_TIMES, MOST_WORDS, Place, Places, TooManyWords, clauses
from searchkit.cluster.queries import ALL, NOTHING, Query, all_of, any_of, intervals, of_days, silent, size_of
from searchkit.cluster.tokens import key_of, token
from searchkit.cluster.vocabulary import Asked, Meaning
from searchkit.memory.fields import field_tree
from searchkit.query import (
    AllBut,
    AllOf,
    AnyOf,
    AtLeast,
    Boost,
    Days,
    Everything,
    Exact,
    First,
    Id,
    Leaf,
    Near,
    Node,
    Phrase,
    Scope,
    Within,
    Word,
)
from searchkit.query.spread import is_passage, spread
from searchkit.query.tree import TEXT_FIELDS
from searchkit.store.ranking import K1

# The server counts 1,024 clauses at most, unless it is told otherwise.
MOST_CLAUSES = 1000
# A pattern that means more stems is not ranked by the server: each of them is a clause.
_MOST_RANKED = 300
# What the lesser of two scores adds, where a passage stands in the title and in the body.
_IN_BOTH = 0.3


class Compiled:
    """A tree as a query. ``exact``: it matches what is meant, not more; ``ranked``: by the score that is meant."""

    __slots__ = ("exact", "query", "ranked")

    def __init__(self, query: Query, exact: bool, ranked: bool) -> None:
        self.query = query
        self.exact = exact
        self.ranked = ranked


def compiled(
    tree: Node, chain: Chain, meant: Mapping[Asked, Meaning], fineness: int, *, scored: bool = True
) -> Compiled:
    """``tree`` as a query; ``meant`` has all its patterns, ``fineness`` is the layout's.

    The server takes so many clauses. Where there are more, and where it cannot say what is meant, nothing is scored
    there, and of passages as little said as must be. Then it is not ``exact``, if scores are wanted at all.
    """
    tree = spread(tree)
    made = Compiled(NOTHING, True, True)
    for most, scoring in ((MOST_WORDS, True), (MOST_WORDS, False), (MOST_WORDS // 3, False), (0, False)):
        if scoring and not scored:
            continue
        compiling = _Compiling(chain, meant, fineness, most=most, scored=scoring)
        query = compiling.node(tree, 1.0) or NOTHING
        as_wanted = scoring or compiling.ranked or not scored
        made = Compiled(query, compiling.exact and as_wanted, compiling.ranked)
        if size_of(query) <= MOST_CLAUSES and (made.exact or not scoring):
            break
    return made


class _Compiling:
    """One query. A method that returns None says that no article can match."""

    def __init__(
        self, chain: Chain, meant: Mapping[Asked, Meaning], fineness: int, *, most: int, scored: bool
    ) -> None:
        self.exact = True
        self.ranked = True
        self._chain = chain
        self._meant = meant
        # The server's factor is k1 + 1, of a k1 that is as fine as its frequencies.
        self._unit = (K1 + 1) / (K1 * fineness + 1)
        self._spent = 0
        self._most = most
        self._scoring = scored

    def node(self, node: Node, factor: float) -> Query | None:
        match node:
            case AnyOf(parts):
                return any_of([self.node(part, factor) for part in parts])
            case AllOf(parts):
                return all_of([self.node(part, factor) for part in parts])
            case AllBut(part, without):
                return self._all_but(self.node(part, factor), without, lambda other: self.node(other, 1.0))
            case Boost(part, more):
                return self.node(part, factor * more)
            case AtLeast(count, part):
                return self._ranked_by_words(self._at_least(count, part, TEXT_FIELDS), part, factor)
            case Scope(field, part) if not is_passage(node):
                return silent(self._known(field, part))
            case Days() | Id() | Everything():
                return silent(self._condition(node))
            case Word(text) if len(stems := self._chain.stems(text)) == 1:
                return self._weight(stems[0], factor)
            case Word() | Phrase(_, 0) if (found := self._words_of(node)) is not None:
                return self._phrase(found, factor)
        return self._ranked_by_words(self._passage(node, TEXT_FIELDS), node, factor)

    def _words_of(self, node: Word | Phrase) -> list[str] | None:
        """The stems of words side by side, none where one of them is no word; None for anything else."""
        parts = node.parts if isinstance(node, Phrase) else (node,)
        if not all(isinstance(part, Word) for part in parts):
            return None
        stems = [self._chain.stems(part.text) for part in parts]
        return [stem for some in stems for stem in some] if all(stems) else []

    def _phrase(self, stems: Sequence[str], factor: float) -> Query | None:
        """Words side by side, which the server finds and ranks in one: in both fields, a bit better than in one."""
        self.ranked = False
        if not stems:
            return None
        text = " ".join(map(token, stems))
        fields = [
            {"match_phrase": {f"{name}.stems": {"query": text, "boost": factor * _boost_in(name)}}}
            for name in TEXT_FIELDS
        ]
        return {"dis_max": {"queries": fields, "tie_breaker": _IN_BOTH}}

    def _all_but(
        self, kept: Query | None, without: Sequence[Node], make: Callable[[Node], Query | None]
    ) -> Query | None:
        if kept is None:
            return None
        unwanted = []
        exact, ranked = self.exact, self.ranked
        for other in without:
            self.exact = True
            query = make(other)
            # What matches too much must not leave articles out.
            if query is not None and self.exact:
                unwanted.append(query)
            exact = exact and self.exact
        self.exact, self.ranked = exact, ranked
        return {"bool": {"must": [kept], "must_not": unwanted}} if unwanted else kept

    def _condition(self, node: Days | Id | Everything) -> Query:
        match node:
            case Days():
                return of_days(node)
            case Id(text):
                return {"ids": {"values": [key_of(text)]}}
        return ALL

    def _known(self, field: str, part: Node) -> Query | None:
        """What is asked of a field: of an empty one nothing holds."""
        query = self._field(spread(field_tree(field, part)), field_name(field))
        return all_of([{"term": {"has": field}}, query])

    def _field(self, node: Node, name: str) -> Query | None:
        match node:
            case AnyOf(parts):
                return any_of([self._field(part, name) for part in parts])
            case AllOf(parts):
                return all_of([self._field(part, name) for part in parts])
            case AllBut(part, without):
                return self._all_but(self._field(part, name), without, lambda other: self._field(other, name))
            case Boost(part):
                return self._field(part, name)
            case AtLeast(count, part):
                return self._at_least(count, part, (name,))
            case Everything():
                return ALL
        return self._passage(node, (name,))

    def _passage(self, node: Node, names: Sequence[str]) -> Query | None:
        """Articles in which a passage stands in one of these fields."""
        if type(node) is not Word and not isinstance(node, Phrase | Near | Within | First | AnyOf | Scope):
            return self._pattern(node, names)  # type: ignore[arg-type]
        kinds = self._kinds(node, names)
        if kinds is None:
            return self._roughly(node, names)
        found = []
        for name, places in kinds:
            for place in places:
                self.exact = self.exact and place.exact
                found.append(intervals(name, place.rule))
        return any_of(found)

    def _pattern(self, leaf: Leaf, names: Sequence[str]) -> Query | None:
        """Articles that have a word which is meant; an exact word may be several."""
        if isinstance(leaf, Exact):
            written = [one.word for one in self._chain.tokens(leaf.text)]
            if len(written) != 1:
                kinds = self._kinds(leaf, names) or []
                return any_of([intervals(name, place.rule) for name, places in kinds for place in places])
        else:
            written = list(self._meant[leaf, names != TEXT_FIELDS].forms)
        forms = [token(form) for form in written]
        return any_of([{"terms": {f"{name}.forms": forms}} for name in names]) if forms else None

    def _kinds(self, node: Node, names: Sequence[str]) -> list[tuple[str, list[Place]]] | None:
        """The places of a passage in each field; None where its patterns mean too many words for them."""
        found = []
        known = names != TEXT_FIELDS
        forms = {leaf: meaning.forms for (leaf, of_known), meaning in self._meant.items() if of_known == known}
        spent = self._spent
        try:
            for name in names:
                places = Places(name, self._chain, forms, whole=not known).of(node)
                found.append((name, places))
                spent += sum([clauses(place.rule) for place in places])
        except TooManyWords:
            return None
        if spent > self._most:
            return None
        self._spent = spent
        return found

    def _roughly(self, node: Node, names: Sequence[str]) -> Query | None:
        """Articles that have the words of a passage, wherever they stand."""
        self.exact = False
        match node:
            case AnyOf(parts):
                return any_of([self._roughly(part, names) for part in parts])
            case Phrase(parts):
                return all_of([self._roughly(part, names) for part in parts])
            case Near(left, right) | Within(left, right):
                return all_of([self._roughly(part, names) for part in (left, right)])
            case First(_, part) | Scope(_, part):
                return self._roughly(part, names)
            case Word(text):
                stems = [token(stem) for stem in self._chain.stems(text)]
                if names == TEXT_FIELDS:
                    return all_of([{"term": {"weights": stem}} for stem in stems])
                return all_of([any_of([{"term": {f"{name}.stems": stem}} for name in names]) for stem in stems])
        return self._pattern(node, names)  # type: ignore[arg-type]

    def _at_least(self, count: int, part: Node, names: Sequence[str]) -> Query | None:
        """Articles in which passages begin so often, in all fields together."""
        if count <= 1:
            return self._passage(part, names)
        kinds = self._kinds(part, names)
        single = [(name, places) for name, places in kinds or [] if places]
        if kinds is not None and not single:
            return None
        counted = all(len(places) == 1 and _stands_apart(places[0]) for _, places in single)
        cost = sum([clauses(place.rule) for _, places in single for place in places]) * count * count
        if kinds is None or not counted or self._spent + cost > self._most:
            self.exact = False
            return self._passage(part, names)
        times = min(count, MOST_TIMES)
        self.exact = self.exact and times == count
        self._spent += cost

        def often(at: int, count: int) -> Query:
            name, (place,) = single[at]
            return intervals(name, _times(place, count))

        if len(single) == 1:
            return often(0, times)
        shares = [
            [often(1, times)],
            *[[often(0, one), often(1, times - one)] for one in range(1, times)],
            [often(0, times)],
        ]
        return any_of([all_of(share) for share in shares])

    def _as_spans(self, node: Node, factor: float, names: Sequence[str] = TEXT_FIELDS) -> list[Query]:
        """Words side by side or near each other, ranked as in one field or the other: in both, a bit better."""
        spans = []
        for name in names:
            span = self._span(node, name)
            if span is not None:
                boosted = span.get("span_near") or next(iter(span["span_term"].values()))
                boosted["boost"] = factor * _boost_in(name)
                spans.append(span)
        return [{"dis_max": {"queries": spans, "tie_breaker": _IN_BOTH}}] if len(spans) > 1 else spans

    def _span(self, node: Node, name: str) -> Query | None:
        """Words side by side or near each other in a field as the server's spans, or None for anything else."""
        match node:
            case Word(text):
                parts: list[Query | None] = [
                    {"span_term": {f"{name}.stems": {"value": token(stem)}}} for stem in self._chain.stems(text)
                ]
                most, ordered = 0, True
            case Phrase(leaves, 0):
                parts = [self._span(leaf, name) for leaf in leaves]
                most, ordered = 0, True
            case Near(left, right, distance, ordered):
                parts = [self._span(left, name), self._span(right, name)]
                most = distance - 1
            case _:
                return None
        held = [part for part in parts if part is not None]
        if not held or len(held) < len(parts):
            return None
        if len(held) == 1:
            return held[0]
        return {"span_near": {"clauses": held, "slop": most, "in_order": ordered}}

    def _weight(self, stem: str, factor: float) -> Query:
        return {"term": {"weights": {"value": token(stem), "boost": factor * self._unit}}}

    def _ranked_by_words(self, query: Query | None, node: Node, factor: float) -> Query | None:
        """Articles that match, with about the score that their passages have: that of the words in them."""
        if query is None:
            return None
        self.ranked = False
        scored = self._scored(node, factor) if self._scoring else None
        return {"bool": {"filter": [query], "should": scored}} if scored else silent(query)

    def _scored(self, node: Node, factor: float) -> list[Query]:
        match node:
            case Word(text):
                stems = self._chain.stems(text)
                return [self._weight(stems[0], factor)] if len(stems) == 1 else self._as_spans(node, factor)
            case Phrase(parts, 0) if all(isinstance(part, Word) for part in parts):
                return self._as_spans(node, factor)
            case Near() if self._span(node, "body"):
                return self._as_spans(node, factor)
            case Scope(field, Word() as part) if field in TEXT_FIELDS:
                return self._as_spans(part, factor, (field,))
            case Phrase(parts) | AnyOf(parts):
                return [query for part in parts for query in self._scored(part, factor)]
            case Near(left, right) | Within(left, right):
                return self._scored(left, factor) + self._scored(right, factor)
            case First(_, part) | Scope(_, part):
                return self._scored(part, factor)
        if isinstance(node, Exact):
            return [self._weight(one.stem, factor) for one in self._chain.tokens(node.text)]
        meaning = self._meant[node, False]  # type: ignore[index]
        if not meaning.stems or len(meaning.stems) > _MOST_RANKED:
            return []
        # Words at one position are ranked as one.
        text = " ".join(meaning.stems)
        boost = factor * self._unit
        return [{"match": {"weights": {"query": text, "analyzer": "one_word", "boost": boost}}}]


def _boost_in(name: str) -> float:
    """What makes the server's score of a passage in one field alone one of ours."""
    return 1.0 if name == "body" else (K1 + 1) / (TITLE_K1 + 1)


def _times(place: Place, count: int) -> Query:
    if count == 1:
        return place.rule
    return {"all_of": {"ordered": True, "intervals": [place.rule] * count}}


def _stands_apart(place: Place) -> bool:
    """Whether no two of its passages overlap, so that they can be counted one behind the other."""
    if not place.fixed or len(place.words) != place.shortest:
        return False
    kinds = {word.partition(" ")[0] for words in place.words for word in words}
    return place.shortest == 1 or (
        len(kinds) == 1 and len(frozenset[str]().union(*place.words)) == sum(map(len, place.words))
    )
