"""What did a file say in earlier runs, and what in this one? Kept in memory, or, of many articles, by the ledger."""

from __future__ import annotations

from collections.abc import Iterator

from searchkit.indexing.ledger import Known, Ledger

# Of so many articles of a file it is kept in mind what they said and where they stand; of more, the ledger is asked.
_REMEMBERED = 200_000


class Told:
    """The articles of one file by their ids: those from before, each with its digest, and those of this run."""

    def __init__(self, ledger: Ledger, number: int, known: Known | None, goes_on: bool) -> None:
        """``goes_on`` says that only the end of the file is read: then all from before stays as it is."""
        self._ledger = ledger
        self._number = number
        self._goes_on = goes_on
        self._has_before = bool(known) and not goes_on
        # A file with many articles from before: what it says again is noted in a table.
        self._many = self._has_before and ledger.has_more(number, _REMEMBERED)
        self._before = ledger.articles(number) if self._has_before and not self._many else {}
        self._seen: dict[str, str] = {}
        if self._many:
            ledger.forget_met()

    def __bool__(self) -> bool:
        """Whether the file has said anything in this run."""
        return bool(self._seen)

    def digest(self, article_id: str) -> bytes | None:
        """What an article said before, None for one that was not there; it was not said in this run."""
        return self._ledger.digest(self._number, article_id) if self._many else self._before.get(article_id)

    def place(self, article_id: str) -> str | None:
        """Where this file gave the id in this run, '' for the whole file; None where it did not."""
        place = self._seen.get(article_id)
        if place is not None:
            return place
        if self._many:
            return "an earlier line" if self._ledger.is_met(article_id) else None
        asks = self._goes_on or len(self._seen) >= _REMEMBERED
        return "an earlier line" if asks and self._ledger.owner(article_id) == self._number else None

    def say(self, article_id: str, place: str) -> None:
        """Note that the file gives an article."""
        if self._many:
            self._ledger.meet(article_id)
        if self._before or len(self._seen) < _REMEMBERED:
            self._seen[article_id] = place

    def has_none(self, ids: list[str]) -> bool:
        """Whether it is certain that none of these was there before or was said, and that each is another."""
        if self._has_before or self._goes_on or len(self._seen) + len(ids) > _REMEMBERED:
            return False
        return self._seen.keys().isdisjoint(ids) and len(set(ids)) == len(ids)

    def say_all(self, ids: list[str], places: list[str]) -> None:
        """Note that the file gives articles of which it had none."""
        self._seen.update(zip(ids, places, strict=True))

    def still_says(self, article_id: str) -> bool:
        """Whether an article that is in the index has its text still, as far as the file has told by now."""
        if self._many:
            return self._ledger.owner(article_id) != self._number or self._ledger.is_met(article_id)
        return article_id not in self._before or article_id in self._seen

    def lacking(self) -> Iterator[str]:
        """The ids from before that the file has not said again; whoever asks may remove them."""
        if self._many:
            return self._ledger.unmet(self._number)
        return iter(self._before.keys() - self._seen.keys())
