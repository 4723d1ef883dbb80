"""What does one file say, held against what it said before? What is new is put, what it says no more is removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from searchkit.article import Article, Origin, Problem
from searchkit.engine import ParcelWriter, Writer
from searchkit.indexing.difference import Job, settled_time
from searchkit.indexing.ledger import Known, Ledger
from searchkit.indexing.pool import PooledReading
from searchkit.indexing.report import Report
from searchkit.indexing.told import Told
from searchkit.indexing.walk import STANDARD_INPUT, printable
from searchkit.readers import Reading
from searchkit.store.kernels import Parcel, article_digests
from searchkit.store.writer import LONGEST_ARTICLE

# Failures that may mend themselves while the file stays what it is.
_PASSING = frozenset(("access", "extra", "slow"))


class Books(NamedTuple):
    """What the files of a run have in common; ``note`` is told of each problem, and of the file that gave it."""

    writer: Writer
    ledger: Ledger
    report: Report
    note: Callable[[Problem, int], None]


class Intake:
    """One file on its way into the index: ``take`` what it says, bit by bit, and then ``finish``."""

    def __init__(self, books: Books, job: Job, goes_on: bool) -> None:
        """``goes_on`` says that only the end of the file is read, its beginning being in the index."""
        self._writer, self._ledger, self._report, self._note = books
        self._file, self._known, self._moved = job
        self._goes_on = goes_on
        known = job.known
        self._number = self._ledger.begin_file(job.file.path, known)
        self._told = Told(self._ledger, self._number, known, goes_on)
        self._count = 0
        # How many of its ids were taken, by the number of the file that had them.
        self._renamed: Counter[int] = Counter()
        self._problems = 0
        self._again = False
        if known and goes_on:
            self._problems = known.problems
            self._report.unchanged += known.articles
        elif known:
            self._ledger.forget_problems(self._number)

    def take(self, items: Sequence[Article | Problem | Parcel]) -> int:
        """Take what the file says next, in its order; returns how many characters were put into the index."""
        articles = self._named([item for item in items if isinstance(item, Article)])
        digested = zip(articles, article_digests(articles), strict=True)
        size = 0
        for item in items:
            if isinstance(item, Problem):
                self._trouble(item)
            elif isinstance(item, Parcel):
                size += self._parcel(item)
            else:
                article, (digest, text) = next(digested)
                length = len(article.title) + len(article.body)
                if self._is_news(article.id, article.origin.place, length, digest, text):
                    self._writer.put(article)
                    size += length
        return size

    def _parcel(self, parcel: Parcel) -> int:
        """Take articles as another process has packed them, as they are where the writer can do with that."""
        writer, ids = self._writer, parcel.ids()
        owners = self._ledger.owners(ids)
        if not isinstance(writer, ParcelWriter) or any(owner != self._number for owner in owners.values()):
            return self.take(parcel.articles())
        lengths, places, digests = parcel.lengths(), parcel.places(), parcel.digests()
        if not owners and not self._moved and max(lengths, default=0) <= LONGEST_ARTICLE and self._told.has_none(ids):
            self._take_new(ids, places, digests)
            writer.put_parcel(parcel)
            return sum(lengths)
        said = zip(ids, places, lengths, digests, strict=True)
        news = [
            number
            for number, (key, place, length, (digest, text)) in enumerate(said)
            if self._is_news(key, place, length, digest, text)
        ]
        if news:
            writer.put_parcel(parcel.chosen(news))
        return sum([lengths[number] for number in news])

    def _take_new(self, ids: list[str], places: list[str], digests: list[tuple[bytes, bytes]]) -> None:
        """Note articles that no file gave before, of a file of which nothing was known."""
        texts = [text for _, text in digests]
        known = self._ledger.known_texts(texts)
        if known or len(set(texts)) < len(texts):
            met: set[bytes] = set()
            for text in texts:
                self._report.copies += text in met or (text in known and bool(self._ledger.with_text(text)))
                met.add(text)
        self._count += len(ids)
        self._report.added += len(ids)
        self._told.say_all(ids, places)
        self._ledger.put_articles(self._number, ids, digests)

    def finish(self, reading: Reading | PooledReading) -> None:
        """Note what became of the file, once it was read to its end."""
        file, known = self._file, self._known
        self._tell_renamed()
        # What cannot be looked at today is not gone; what is there and says nothing more is.
        keeps_rest = self._again or self._goes_on or file.path == STANDARD_INPUT
        lacking = sum(1 for _ in self._told.lacking()) if keeps_rest else 0
        if not keeps_rest:
            self._remove(self._told.lacking())
        elif self._again and known:
            # What cannot be read today is still there.
            self._report.unchanged += lacking
        goes_with = known and (self._goes_on or (self._again and not self._told))
        formats = reading.formats + counts(known.formats if known and goes_with else "")
        self._report.formats.update(formats)
        articles = self._count
        if self._goes_on and known:
            articles += known.articles
        elif keeps_rest:
            articles += lacking
        said = ", ".join(f"{name} {count}" for name, count in sorted(formats.items()))
        self._ledger.finish_file(
            Known(
                *(self._number, file.path, file.size, settled_time(file), reading.digest, reading.lines, said),
                *(articles, self._problems, self._again),
            )
        )

    def _named(self, articles: list[Article]) -> list[Article]:
        """The articles; where another file gave an id first, under an id that says which file this is."""
        owners = self._ledger.owners([article.id for article in articles])
        if not owners:
            return articles
        return [self._renamed_from(article, owners.get(article.id)) for article in articles]

    def _renamed_from(self, article: Article, first: int | None) -> Article:
        if first is None or first == self._number:
            return article
        article_id = article.id
        owner: int | None = first
        while owner not in (None, self._number):
            article_id = f"{self._file.name}#{article_id}"
            owner = self._ledger.owner(article_id)
        self._renamed[first] += 1
        return replace(article, id=article_id)

    def _tell_renamed(self) -> None:
        for owner, count in self._renamed.items():
            ids = "1 id is" if count == 1 else f"{count:,} ids are"
            there, here = printable(self._ledger.path_of(owner)), self._file.name
            reason = f"{ids} taken by {there}; in this file they begin with {here}#"
            self._tell(Problem(Origin(self._file.path), reason, True, "id"))

    def _trouble(self, problem: Problem) -> None:
        """What the reader says of the file."""
        self._tell(problem)
        # What changed while it was read may be half of a copy: kept, but it says nothing of what is gone.
        lost = not problem.kept or problem.kind == "access"
        if lost and not problem.origin.place and problem.kind in _PASSING:
            self._again = True

    def _tell(self, problem: Problem) -> None:
        self._note(problem, self._number)
        self._problems += 1

    def _is_news(self, key: str, place: str, length: int, digest: bytes, text: bytes) -> bool:
        """Note that the file gives an article, of ``length`` characters; whether it is to be put into the index."""
        if length > LONGEST_ARTICLE:
            reason = f"is longer than {LONGEST_ARTICLE:,} characters, more than one article can be"
            self._tell(Problem(Origin(self._file.path, place), reason, kind="limit"))
            return False
        told, report = self._told, self._report
        if (taken := told.place(key)) is not None:
            reason = f"the id {key!r} is taken already, by {taken or 'this file'}"
            self._tell(Problem(Origin(self._file.path, place), reason, kind="id"))
            return False
        known = told.digest(key)
        self._count += 1
        told.say(key, place)
        if known == digest:
            report.unchanged += 1
            return False
        if self._moved:
            report.moved += 1
        elif known is None:
            report.added += 1
        else:
            report.changed += 1
        if not self._moved and (others := self._ledger.with_text(text)):
            report.copies += any(other != key and told.still_says(other) for other in others)
        self._ledger.put_article(key, self._number, digest, text)
        return True

    def _remove(self, ids: Iterable[str]) -> None:
        for article_id in ids:
            self._writer.remove(article_id)
            self._ledger.remove_article(article_id)
            self._report.removed += not self._moved


def counts(said: str) -> Counter[str]:
    """The counts of a text such as "HTML 3, NITF 1"."""
    found: Counter[str] = Counter()
    for part in said.split(", ") if said else ():
        name, _, count = part.rpartition(" ")
        found[name] += int(count)
    return found
