"""Which written forms of a segment does a pattern mean? Wildcards, misspellings and regular expressions.

A written form is a word as it stands in articles, folded and not stemmed. Forms have numbers, and the forms of one
stem have numbers in a row. Everything here is about one segment and knows nothing of queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from itertools import takewhile
from typing import TYPE_CHECKING

from searchkit.store.kernels import Damage, FormTable, FormUnion
from searchkit.store.sections import SectionReader

if TYPE_CHECKING:
    from searchkit.query.regex import CompiledRegex, Step

# More edits than this make one word of any other.
MOST_EDITS = 2
_SECTIONS = ["forms", "forms.ends", "forms.sorted", "forms.first"]
# So many patterns are looked up in each segment before its forms are united with those of the others.
_ASKED_APART = 3
# What the kernels call the wildcards; below them, a byte means itself.
_ONE, _MANY = 256, 257


class Wild(Enum):
    """A wildcard. It is no text, since a form may have a question mark of its own: ``⁉`` is folded to ``!?``."""

    ONE = "?"
    MANY = "*"


class Forms:
    """The written forms of one segment; whatever is damaged in them raises IndexDamaged. Safe for many threads."""

    def __init__(self, file: SectionReader) -> None:
        self._file = file
        with self._damage():
            self._lexicon = file.for_kernel(FormTable, _SECTIONS)

    def __len__(self) -> int:
        return self._lexicon.forms

    def text(self, number: int) -> str:
        """A form, by its number; IndexError where there is none."""
        with self._damage():
            return self._lexicon.form(number).decode("utf-8", "replace")

    def find(self, form: str) -> int:
        """The number of a form, or -1."""
        with self._damage():
            return self._lexicon.find(_bytes(form))

    def stem_of(self, number: int) -> int:
        """The number of the stem of a form; IndexError where there is no such form."""
        with self._damage():
            return self._lexicon.stem_of(number)

    def by_stem(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """The stems of these forms, ascending, each with a byte for each of its forms: 1 for those of ``numbers``."""
        with self._damage():
            return self._lexicon.by_stem(numbers)

    def wildcard(self, pattern: Sequence[str | Wild]) -> list[int]:
        """The numbers of the forms that a pattern means, ascending.

        Its parts stand one after the other: text, folded as forms are, which means itself, and wildcards:
        ``("pol", Wild.MANY, "e", Wild.ONE)``.
        """
        with self._damage():
            return self._lexicon.wildcard(tokens(pattern))

    def fuzzy(self, word: str, distance: int, prefix: int = 0) -> list[tuple[int, int]]:
        """(form, edits) of all forms within ``distance`` edits of a folded word, 2 at most; ascending by the form.

        An edit puts in, leaves out or changes a character, or swaps two neighbours (optimal string alignment). Forms
        begin with the first ``prefix`` characters of the word. Raises ValueError for any other distance.
        """
        if not 0 <= distance <= MOST_EDITS or prefix < 0:
            raise ValueError(f"a word is sought within 0 to {MOST_EDITS} edits, not {distance}")
        with self._damage():
            lexicon = self._lexicon
            first, behind = lexicon.starting(_bytes(word[:prefix])) if prefix else (0, lexicon.forms)
            return lexicon.fuzzy(word, distance, first, behind)

    def regex(self, expression: CompiledRegex) -> list[int]:
        """The numbers of the forms that are what an expression means, from their first to their last character.

        Ascending. Where wildcards cannot say the same, a million of them take about a second to be found.
        """
        with self._damage():
            lexicon = self._lexicon
            if expression.exact:
                return lexicon.wildcard(_wildcards(expression))
            if expression.steps is not None:
                return self._stepped(expression, expression.steps)
            if not any(expression.outline):
                return expression.matching(lexicon.lines())
            # Few forms have the letters that all of those have that are meant.
            numbers = lexicon.wildcard(_wildcards(expression))
            return [numbers[at] for at in expression.matching(lexicon.lines_of(numbers))]

    def _stepped(self, expression: CompiledRegex, steps: list[Step]) -> list[int]:
        """The same for an expression that is a run of steps; what those do not decide is left to the expression."""
        lexicon = self._lexicon
        prefix = "".join(takewhile(bool, expression.outline))  # type: ignore[arg-type]
        if prefix or not any(expression.outline):
            first, behind = lexicon.starting(_bytes(prefix)) if prefix else (0, lexicon.forms)
            found, others = lexicon.stepped(steps, first, behind)
        else:
            found, others = lexicon.stepped(steps, 0, 0, lexicon.wildcard(_wildcards(expression)))
        if not others:
            return found
        return sorted(found + [others[at] for at in expression.matching(lexicon.lines_of(others))])

    @staticmethod
    def united(all_forms: Sequence[Forms]) -> UnitedForms:
        """The forms of several segments, each once."""
        try:
            union = FormUnion([forms._lexicon for forms in all_forms])
        except Damage as error:
            raise all_forms[error.args[1]]._file.damaged(str(error.args[0])) from error
        return UnitedForms(all_forms[0]._file, union)

    @contextmanager
    def _damage(self) -> Iterator[None]:
        """What a kernel complains of is an error of this file."""
        try:
            yield
        except Damage as error:
            raise self._file.damaged(str(error.args[0])) from error


class UnitedForms(Forms):
    """The forms of several segments, each once; in their alphabetical order they have numbers of their own."""

    def __init__(self, file: SectionReader, union: FormUnion) -> None:
        self._file = file
        self._union = union
        self._lexicon = union.table

    def split(self, numbers: Iterable[int]) -> list[list[int]]:
        """For each segment the numbers that these forms have there, ascending."""
        return self._union.split(numbers)


class SharedForms:
    """The forms of the segments of a snapshot. Who asks once asks each segment; for who asks on they are united.

    To unite them takes about as long as thirty look-ups in each of them. Safe for many threads.
    """

    def __init__(self, forms: Sequence[Forms]) -> None:
        self._forms = forms
        self._asked = 0
        self._united: UnitedForms | None = None

    def numbers(self, find: Callable[[Forms], list[int]]) -> list[list[int]]:
        """For each segment the numbers of the forms that ``find`` finds."""
        if self._united is None and len(self._forms) > 1:
            self._asked += 1
            if self._asked > _ASKED_APART:
                self._united = Forms.united(self._forms)
        if self._united is None:
            return [find(forms) for forms in self._forms]
        return self._united.split(find(self._united))


def _wildcards(expression: CompiledRegex) -> list[int]:
    """The wildcards that say as much as an expression, or less."""
    return tokens([Wild.MANY if part is None else part or Wild.ONE for part in expression.outline])


def _bytes(text: str) -> bytes:
    # Half a character is in no form; it must not be taken for one that is.
    return text.encode("utf-8", "surrogatepass")


def tokens(pattern: Sequence[str | Wild]) -> list[int]:
    """A pattern as the kernels read it: of wildcards in a row, single characters first, and one run at most."""
    found: list[int] = []
    ones, many = 0, False
    for part in pattern:
        if part is Wild.ONE:
            ones += 1
        elif part is Wild.MANY:
            many = True
        elif isinstance(part, str) and part:
            found += [_ONE] * ones + [_MANY] * many
            # Half a character is in no form; it must not be taken for one that is.
            found += part.encode("utf-8", "surrogatepass")
            ones, many = 0, False
    return found + [_ONE] * ones + [_MANY] * many
