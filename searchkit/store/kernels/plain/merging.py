"""Several segments become one: each term's occurrences are read, renumbered, sorted and encoded again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from searchkit.store.kernels.plain.dictionary import Damage, occurrences_of
from searchkit.store.kernels.plain.encoding import TermOutput

if TYPE_CHECKING:
    from typing_extensions import Buffer

_GONE = 0xFFFFFFFF


class Merger:
    """Merges terms, one call a term, into ``output``."""

    def __init__(self, output: TermOutput) -> None:
        self._output = output

    def merge(self, parts: Sequence[tuple[Buffer, int, int, int, int, Buffer, Buffer]], forms: int) -> bool:
        """Merge one term, the next of the output's dictionary; False where nothing of it is left.

        ``parts`` has for each segment with the term (bytes of its postings and positions, where they split,
        articles, occurrences, forms, new article numbers, new form numbers). The number of an article that is
        deleted is 0xFFFFFFFF.
        """
        if len(parts) > 64:
            raise ValueError("at most 64 segments are merged at once")
        entries = []
        for data, split, articles, occurrences, held, numbers, form_numbers in parts:
            whole = bytes(data)
            article_numbers: memoryview[int] = memoryview(numbers)
            new_forms: memoryview[int] = memoryview(form_numbers)
            if split > len(whole) or held > len(new_forms) or not whole:
                raise Damage("a term lies outside its section")
            postings = occurrences_of(whole, split, articles, occurrences, held, len(article_numbers))
            for at, article in enumerate(postings.articles):
                number = article_numbers[article]
                if number != _GONE:
                    entries += [
                        self._output.entry(number, place, new_forms[form]) for place, form in postings.positions(at)
                    ]
        if not entries:
            return False
        self._output.take(sorted(entries), forms)
        return True
