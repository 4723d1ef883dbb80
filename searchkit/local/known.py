"""What does an index know of the leaves of a query? Which words a pattern means, and which articles a condition."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from searchkit.analysis import Chain, fold, fold_letters
from searchkit.errors import QueryError, QueryTimeout
from searchkit.local.plan import Filter, Plan
from searchkit.query import Exact, Fuzzy, Id, Leaf, Node, Regex, Scope, Wildcard, pieces, shape_pieces
from searchkit.store.kernels import Damage
from searchkit.store.segment import damaged
from searchkit.store.snapshot import Snapshot

if TYPE_CHECKING:
    from searchkit.memory.text import Text
    from searchkit.store.forms import Forms

Count = Callable[[Plan], int]
# For each segment the numbers of its stems, each with a byte for each of its forms, 1 where it is meant.
Meant = list[dict[int, bytes]]


class KnownWords:
    """The words of one snapshot, as one query asks for them; each pattern is looked up once.

    ``count`` says how many articles match a plan, ``count_meant`` how many have one of some words. A pattern that
    means more than ``most`` words is a QueryError, and what begins after ``deadline`` a QueryTimeout, unless that
    is 0.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        chain: Chain,
        count: Count,
        count_meant: Callable[[Meant], int],
        most: int,
        deadline: int,
    ) -> None:
        self._snapshot = snapshot
        self._chain = chain
        self._count = count
        self._count_meant = count_meant
        self._most = most
        self._deadline = deadline
        self._meant: dict[Leaf, list[tuple[str, Filter]]] = {}
        self._in_segments: dict[Leaf, Meant] = {}
        self._having: dict[Leaf, int] = {}
        self._taken_apart: dict[tuple[int, str], list[Text | None]] = {}

    def meant(self, leaf: Leaf) -> list[tuple[str, Filter]]:
        """The stems that a pattern means, each with which of its forms."""
        found = self._meant.get(leaf)
        if found is None:
            found = self._meant[leaf] = self._with_names(leaf)
        return found

    def in_segments(self, leaf: Leaf) -> Meant:
        """The same by the numbers of the stems, for each segment."""
        found = self._in_segments.get(leaf)
        if found is None:
            found = self._in_segments[leaf] = self._look_up(leaf)
        return found

    def having(self, leaf: Leaf) -> int:
        """How many articles have a word that a pattern means."""
        if leaf not in self._having:
            pattern = as_pattern(leaf)
            if pattern is not None:
                self._having[leaf] = self._count_meant(self.in_segments(pattern))
                return self._having[leaf]
            # While it is counted nothing is scored.
            self._having[leaf] = 0
            plan = Plan(leaf, self._chain, self)
            self._having[leaf] = self._count(plan) if plan.possible else 0
        return self._having[leaf]

    def keep_having(self, leaf: Leaf, count: int) -> None:
        """Remember what was counted elsewhere."""
        self._having[leaf] = count

    def forms(self, leaf: Leaf) -> list[str]:
        """The words as they are written that a pattern means, in alphabetical order."""
        return sorted({forms.text(number) for forms, numbers in self._numbers(leaf) for number in numbers})

    def chosen(self, node: Scope | Id) -> list[bytes | None]:
        """The articles of which a condition holds: for each segment a bit for each, or None."""
        if isinstance(node, Id):
            return self._with_id(node.text)
        from searchkit.memory.fields import field_tree  # few queries ask for a field
        from searchkit.query.spread import spread

        tree = spread(field_tree(node.field, node.part))
        found = []
        for number, segment in enumerate(self._snapshot.segments):
            _, numbers = segment.reader.values(node.field)
            wanted = []
            for text in self._values(number, node.field):
                self._check_time()
                wanted.append(text is not None and text.holds(tree))
            found.append(_as_bits(wanted, numbers) if any(wanted) else None)
        return found

    def _values(self, number: int, field: str) -> list[Text | None]:
        """The values of a field in a segment, taken apart once for a query; None for nothing."""
        from searchkit.memory.fields import text_of

        known = self._taken_apart.get((number, field))
        if known is None:
            known = []
            for value in self._snapshot.segments[number].reader.values(field)[0]:
                self._check_time()
                known.append(text_of(field, value, self._chain) if value else None)
            self._taken_apart[number, field] = known
        return known

    def _with_id(self, text: str) -> list[bytes | None]:
        found: list[bytes | None] = []
        key = text.encode("utf-8", "replace")
        for segment in self._snapshot.segments:
            number = segment.reader.number_of(key)
            bits = None
            if number >= 0:
                kept = bytearray((segment.reader.articles + 7) // 8)
                kept[number >> 3] = 1 << (number & 7)
                bits = bytes(kept)
            found.append(bits)
        return found

    def _look_up(self, leaf: Leaf) -> Meant:
        self._check_time()
        held = self._numbers(leaf)
        if max((len(numbers) for _, numbers in held), default=0) > self._most or (
            sum(len(numbers) for _, numbers in held) > self._most and len(self.forms(leaf)) > self._most
        ):
            raise self._too_many(leaf)
        return [forms.by_stem(numbers) for forms, numbers in held]

    def _with_names(self, leaf: Leaf) -> list[tuple[str, Filter]]:
        segments = self._snapshot.segments
        found: dict[str, list[bytes | None]] = {}
        for at, meant in enumerate(self.in_segments(leaf)):
            stems = segments[at].reader.stems
            for stem, wanted in meant.items():
                if stem >= len(stems):
                    raise segments[at].reader.file.damaged("a form has no stem")
                column = found.setdefault(stems[stem].decode("utf-8", "replace"), [None] * len(segments))
                column[at] = wanted
        return [(stem, self._whole(stem, column)) for stem, column in sorted(found.items())]

    def _whole(self, stem: str, column: list[bytes | None]) -> Filter:
        """None where all forms of a stem are meant wherever it stands."""
        key = stem.encode()
        for segment, wanted in zip(self._snapshot.segments, column, strict=True):
            try:
                if (wanted is None and segment.reader.dictionary.find(key) >= 0) or (wanted and 0 in wanted):
                    return column
            except Damage as error:
                raise damaged(error, segment.reader) from error
        return None

    def _check_time(self) -> None:
        if self._deadline and time.monotonic_ns() > self._deadline:
            raise timed_out()

    def _too_many(self, leaf: Leaf) -> QueryError:
        count = len(self.forms(leaf))
        return QueryError(
            f"“{leaf.text}” means {count:,} different words of the index, and {self._most:,} are the most",
            text="",
            column=leaf.column,
            hint=f"Write more of the word, or allow them: --max-expansions {count}",
        )

    def _numbers(self, leaf: Leaf) -> list[tuple[Forms, list[int]]]:
        """For each segment the numbers of the forms that a pattern means."""
        found = self._snapshot.forms.numbers(self._finder(leaf))
        return list(zip([segment.reader.forms for segment in self._snapshot.segments], found, strict=True))

    def _finder(self, leaf: Leaf) -> Callable[[Forms], list[int]]:
        match leaf:
            case Wildcard(text):
                from searchkit.store.forms import Wild  # few queries have one

                shape = [
                    Wild.MANY if piece is None else piece or Wild.ONE for piece in shape_pieces(text, fold_letters)
                ]
                return lambda forms: forms.wildcard(shape)
            case Fuzzy(text, edits):
                word = fold(text)
                return lambda forms: [number for number, _ in forms.fuzzy(word, edits)]
            case Regex(text):
                from searchkit.query.regex import compile_regex  # heavy, and few queries have one

                expression = compile_regex(text)
                return lambda forms: forms.regex(expression)
            case Exact(text):
                form = fold(text)
                return lambda forms: [number for number in (forms.find(form),) if number >= 0]
        raise TypeError(leaf)


def as_pattern(node: Node) -> Leaf | None:
    """A leaf that means single words of the index as they are written, or None."""
    if isinstance(node, Exact):
        single = pieces(node)
        return single[0] if len(single) == 1 else None
    return node if isinstance(node, Wildcard | Fuzzy | Regex) else None


def timed_out() -> QueryTimeout:
    """The error about a query whose deadline has passed."""
    return QueryTimeout(
        "the query took longer than it may, and half of an answer is none",
        hint="Allow more with --timeout, or ask for rarer words.",
    )


def _as_bits(wanted: Sequence[bool], numbers: Sequence[int]) -> bytes:
    """A bit for each article, set where the value with its number is wanted."""
    digits = [b"1"[0] if one else b"0"[0] for one in wanted]
    # As one number to the base of two, its last digit the first article.
    return int(bytes([digits[number] for number in numbers])[::-1], 2).to_bytes((len(numbers) + 7) // 8, "little")
