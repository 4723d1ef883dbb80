"""What else is known of articles? Authors, section, address and language, each as a column of numbered values.

A field has two sections where any article of the segment has something in it, and none otherwise: ``known.<field>``,
a uint32 for each article, 0 for nothing and else the number of its value, counted from 1; and the values, ascending,
as strings, ``known.<field>.values``. Several authors are one value, a line each.
"""

from __future__ import annotations

import array
from collections.abc import Iterable, Sequence

from searchkit.article import Article
from searchkit.store.kernels import Parcel
from searchkit.store.sections import SectionWriter
from searchkit.store.strings import write_strings

FIELDS = ("author", "section", "url", "language")


def known_of(article: Article, field: str) -> str:
    """What an article has in a field; '' for nothing."""
    if field == "author":
        return "\n".join(article.authors)
    return str(getattr(article, field))


class KnownColumns:
    """The columns of a segment while it is made: articles are told one after the other."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, int]] = {}
        self._numbers: dict[str, array.array[int]] = {}
        self._count = 0

    def add(self, items: Iterable[Article | Parcel]) -> None:
        """Take what is known of more articles."""
        for item in items:
            if isinstance(item, Parcel):
                for number, *values in item.known():
                    for field, value in zip(FIELDS, values, strict=True):
                        if value:
                            self.tell(self._count + number, field, value)
                self._count += len(item)
                continue
            if item.authors or item.section or item.url or item.language:
                for field in FIELDS:
                    if value := known_of(item, field):
                        self.tell(self._count, field, value)
            self._count += 1

    def tell(self, number: int, field: str, value: str) -> None:
        """An article with this number, above all before it, has this in a field."""
        column = self._numbers.setdefault(field, array.array("I"))
        column.extend(bytes(number - len(column)))
        known = self._values.setdefault(field, {})
        column.append(known.setdefault(value, len(known) + 1))

    def write(self, writer: SectionWriter, order: Sequence[int]) -> None:
        """Write the columns of the articles in ``order``."""
        for field in FIELDS:
            column = self._numbers.get(field)
            if column is None:
                continue
            held = len(column)
            numbers = array.array("I", [column[number] if number < held else 0 for number in order])
            # Values that an article had which another took the place of are left out.
            used = set(numbers)
            values = sorted(
                (value.encode("utf-8", "replace"), number)
                for value, number in self._values[field].items()
                if number in used
            )
            place = {number: at for at, (_, number) in enumerate(values, start=1)}
            place[0] = 0
            if values:
                writer.add(f"known.{field}", memoryview(array.array("I", [place[one] for one in numbers])).cast("B"))
                write_strings(writer, f"known.{field}.values", [value for value, _ in values])
