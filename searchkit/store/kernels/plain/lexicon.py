"""Forms and stems of words in dictionaries; what is sorted is sorted anew for each segment."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

_NONE = 0xFFFFFFFF
# What a word costs in its list and in its dictionary.
_WORD = 200


class Lexicon:
    """Forms and stems of the words of a vocabulary; words of one form have one stem."""

    def __init__(self) -> None:
        self._forms: list[bytes] = []
        self._stem_of: dict[bytes, bytes] = {}

    def __len__(self) -> int:
        """How many words are known."""
        return len(self._forms)

    @property
    def bytes_held(self) -> int:
        """About how much memory this takes."""
        return _WORD * len(self._forms)

    def learn(self, forms: list[bytes], stems: list[bytes]) -> None:
        """The forms and stems of the next words."""
        if len(forms) != len(stems):
            raise ValueError("as many stems as forms")
        for form, stem in zip(forms, stems, strict=True):
            self._forms.append(form)
            self._stem_of.setdefault(form, stem)

    def dictionary(self, counts: Buffer) -> tuple[bytes, bytes, bytes, dict[str, bytes]]:
        """(stem of each word, form of each word, forms of each stem, the sections of the dictionary).

        They are those of a segment in which each word stands so often as ``counts`` says; words, forms and stems
        that do not stand in it are left out, and such a word has the stem 0xFFFFFFFF. Forms are numbered within
        their stem, the most frequent first: small numbers take few bits. All are bytes of uint32, the strings apart.
        """
        stands: list[int] = list(memoryview(counts))
        if len(stands) != len(self._forms):
            raise ValueError("as many counts as words")
        occurring: Counter[bytes] = Counter()
        for form, count in zip(self._forms, stands, strict=True):
            occurring[form] += count
        occurring = +occurring
        stems = sorted({self._stem_of[form] for form in occurring})
        under: dict[bytes, list[bytes]] = {stem: [] for stem in stems}
        # Of equal ones the first that was learned is the first.
        for form in sorted(self._stem_of, key=occurring.__getitem__, reverse=True):
            if form in occurring:
                under[self._stem_of[form]].append(form)
        rank = {stem: at for at, stem in enumerate(stems)}
        number = {form: at for forms in under.values() for at, form in enumerate(forms)}
        by_stem = [form for forms in under.values() for form in forms]
        places = {form: at for at, form in enumerate(by_stem)}
        words = [form if count else None for form, count in zip(self._forms, stands, strict=True)]
        sizes = [len(forms) for forms in under.values()]
        return (
            _bytes([_NONE if form is None else rank[self._stem_of[form]] for form in words]),
            _bytes([0 if form is None else number[form] for form in words]),
            _bytes(sizes),
            {
                "stems": b"".join(stems),
                "stems.ends": _bytes(accumulate(map(len, stems))),
                "forms": b"".join(by_stem),
                "forms.ends": _bytes(accumulate(map(len, by_stem))),
                "forms.first": _bytes(accumulate(sizes, initial=0)),
                "forms.sorted": _bytes(places[form] for form in sorted(by_stem)),
            },
        )


def _bytes(numbers: Iterable[int]) -> bytes:
    return array("I", numbers).tobytes()
