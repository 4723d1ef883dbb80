"""Which written forms of an index does a pattern mean? The server finds what may be; our own matchers decide.

The words have an index of their own, and the engine in memory says of each candidate whether it has the shape. So a
pattern means here just what it means in a local index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from searchkit.analysis import Chain, fold, fold_letters
from searchkit.cluster.tokens import is_plain, token
from searchkit.errors import QueryError
from searchkit.frozen import frozen
from searchkit.memory.shapes import matcher
from searchkit.query import Exact, Fuzzy, Leaf, Regex, Scope, Wildcard, children, shape_pieces
from searchkit.query.tree import KNOWN_FIELDS, Node

if TYPE_CHECKING:
    from searchkit.cluster.asking import Asking

_PAGE = 5000
_MEANS_ITSELF = re.compile(r"([*?\\])")
# Suggestions, as a local index makes them: so many, of words that are not too short for it.
_MOST_SIMILAR = 3
_SHORTEST = 3
_TWO_EDITS_FROM = 5


@frozen
class Meaning:
    """The written forms that a pattern means, in alphabetical order, and the tokens of their stems."""

    forms: tuple[str, ...]
    stems: tuple[str, ...]


# Of what is known of articles, as many as the server takes at once.
MOST_KNOWN = 60_000
# A pattern, and whether it is of what is known of articles: those are other words.
Asked = tuple[Leaf, bool]


class WordsOfIndex:
    """The words of an index, asked by one request; each pattern is looked up once.

    ``holding`` says how many of some tokens of forms any article has in its text; of more than ``most`` that a
    pattern means it is a QueryError.
    """

    def __init__(self, asking: Asking, index: str, holding: Callable[[Sequence[str]], int], most: int) -> None:
        self._asking = asking
        self._index = index
        self._holding = holding
        self._most = most
        self._found: dict[Asked, Meaning] = {}

    def of(self, tree: Node) -> dict[Asked, Meaning]:
        """What all patterns of a tree mean."""
        for leaf, known in patterns(tree):
            if (leaf, known) not in self._found:
                self._found[leaf, known] = self._look_up(leaf, known)
        return self._found

    def _look_up(self, leaf: Leaf, known: bool) -> Meaning:
        found = dict(self.matching(leaf, known=known))
        if known and len(found) > MOST_KNOWN:
            raise self._too_many(leaf, len(found), MOST_KNOWN, "Write more of the word.")
        if not known and len(found) > self._most:
            # Words that no article has any more do not count, and to look is for those who may need it.
            count = self._holding([token(form) for form in found])
            if count > self._most:
                hint = f"Write more of the word, or allow them: --max-expansions {count}"
                raise self._too_many(leaf, count, self._most, hint)
        return Meaning(tuple(sorted(found)), tuple(sorted(set(found.values()))))

    def _too_many(self, leaf: Leaf, count: int, most: int, hint: str) -> QueryError:
        return QueryError(
            f"“{leaf.text}” means {count:,} different words of the index, and {most:,} are the most",
            text="",
            column=leaf.column,
            hint=hint,
        )

    def matching(self, leaf: Leaf, *, known: bool = False) -> Iterator[tuple[str, str]]:
        """(form, token of its stem) of each word that a pattern means."""
        query = {
            "bool": {
                "should": [*_candidates(leaf), {"term": {"digest": True}}],
                "minimum_should_match": 1,
                "filter" if known else "must_not": [{"term": {"known": True}}],
            }
        }
        if isinstance(leaf, Regex):
            from searchkit.query.regex import compile_regex  # heavy, and few queries have one

            expression = compile_regex(leaf.text)
            for page in self._pages(query):
                lines = "".join([f"{form}\n" for form, _ in page])
                for number in expression.matching(lines.encode("utf-8", "replace")):
                    yield page[number]
            return
        fits = matcher(leaf)
        for page in self._pages(query):
            yield from [(form, stem) for form, stem in page if fits(form)]

    def _pages(self, query: dict[str, Any]) -> Iterator[list[tuple[str, str]]]:
        body: dict[str, Any] = {
            "query": {"constant_score": {"filter": query}},
            "size": _PAGE,
            "sort": [{"form": "asc"}],
            "track_total_hits": False,
            "_source": ["text"],
            "docvalue_fields": ["stem"],
        }
        while True:
            hits = self._asking.search(self._index, body)["hits"]["hits"]
            if hits:
                yield [_form_of(hit) for hit in hits]
            if len(hits) < _PAGE:
                return
            body["search_after"] = hits[-1]["sort"]


def patterns(tree: Node, known: bool = False) -> Iterator[Asked]:
    """The leaves of a tree that mean words of the index by their shape."""
    if isinstance(tree, Wildcard | Fuzzy | Regex):
        yield tree, known
    known = known or (isinstance(tree, Scope) and tree.field in KNOWN_FIELDS)
    for part in children(tree):
        yield from patterns(part, known)


def similar(
    word: str, words: WordsOfIndex, chain: Chain, having: Callable[[Sequence[str]], Sequence[int]]
) -> list[tuple[str, int]]:
    """(a word as it is written, how many articles have its stem), three at most, the likeliest first."""
    folded = fold(word)
    if len(folded) < _SHORTEST:
        return []
    for edits in (1, 2) if len(folded) >= _TWO_EDITS_FROM else (1,):
        found = [(form, stem) for form, stem in words.matching(Fuzzy(word, edits)) if form != folded]
        counts = having([stem for _, stem in found])
        counted = [(form, count) for (form, _), count in zip(found, counts, strict=True) if count]
        if counted:
            return _different(sorted(counted, key=lambda item: (-item[1], item[0])), chain)
    return []


def _different(found: Iterable[tuple[str, int]], chain: Chain) -> list[tuple[str, int]]:
    """The first of each stem: "police" and "polices" are one suggestion."""
    first: dict[str, tuple[str, int]] = {}
    for form, count in found:
        first.setdefault(chain.term(form)[1], (form, count))
    return list(first.values())[:_MOST_SIMILAR]


def _form_of(hit: dict[str, Any]) -> tuple[str, str]:
    (sent,), (stem,) = hit["sort"], hit["fields"]["stem"]
    return (sent if is_plain(sent) else hit["_source"]["text"]["form"]), stem


def _candidates(leaf: Leaf) -> list[dict[str, Any]]:
    """Queries that find all forms which may be meant, those apart that have digests for tokens."""
    match leaf:
        case Wildcard(text):
            return [_shaped(shape_pieces(text, fold_letters))]
        case Fuzzy(text, edits):
            return _within_edits(fold(text), edits)
        case Regex(text):
            from searchkit.query.regex import compile_regex  # heavy, and few queries have one

            return [_shaped(compile_regex(text).outline)]
        case Exact(text):
            return [{"term": {"form": token(fold(text))}}]
    raise TypeError(leaf)


def _shaped(pieces: Sequence[str | None]) -> dict[str, Any]:
    """Forms of a shape: behind any number of letters a single one is any number too, or it would cost too much."""
    shape, many = "", False
    for piece in pieces:
        if piece is None or (piece == "" and many):
            many = True
            shape += "" if shape.endswith("*") and not shape.endswith("\\*") else "*"
        else:
            shape += _MEANS_ITSELF.sub(r"\\\1", piece) if piece else "?"
    if shape == "*":
        return {"match_all": {}}
    return {"wildcard": {"form": {"value": shape.encode("utf-8", "replace").decode(), "rewrite": "constant_score"}}}


def _within_edits(word: str, edits: int) -> list[dict[str, Any]]:
    if not edits:
        return [{"term": {"form": token(word)}}]
    sent = word.encode("utf-8", "replace").decode()
    found: list[dict[str, Any]] = [
        {"fuzzy": {"form": {"value": sent, "fuzziness": edits, "transpositions": True, "rewrite": "constant_score"}}}
    ]
    if len(word) <= 2 * edits:
        # The server leaves out what has no more letters than edits.
        longest = len(word) + edits if len(word) <= edits else edits
        found.append({"range": {"length": {"lte": longest}}})
    return found
