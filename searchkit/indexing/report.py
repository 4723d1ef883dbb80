"""What did a run do? Counts of articles, by format and by kind of problem, and the first of the problems."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from searchkit.article import Problem

MOST_PROBLEMS = 10_000


@dataclass(slots=True)
class Report:
    """What a run did. The first five count articles; ``skipped`` counts files and records.

    ``moved`` are articles of files that lie elsewhere than before. ``copies`` are those of this run whose text
    another article has already, its case and its spaces apart. ``formats`` counts all articles of the paths by
    format, ``kinds`` the problems by kind. ``problems`` are those of this run and those that unchanged files
    gave when they were read: the first 10,000 of them, and ``untold`` more.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    moved: int = 0
    copies: int = 0
    skipped: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    untold: int = 0

    def __str__(self) -> str:
        counts = {name: getattr(self, name) for name in ("added", "changed", "unchanged", "removed")}
        if self.moved:
            counts["moved"] = self.moved
        counts["skipped"] = self.skipped
        return ", ".join(f"{count:,} {name}" for name, count in counts.items())

    def note(self, problem: Problem) -> None:
        """Count a problem, and keep it if it is one of the first."""
        self.skipped += not problem.kept
        self.kinds[problem.kind] += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)
        else:
            self.untold += 1

    def copy(self) -> Report:
        """What it says now, whatever becomes of it later; the problems stay shared."""
        return replace(self, formats=self.formats.copy(), kinds=self.kinds.copy())


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: articles met so far, and bytes read of all bytes, in files as they lie.

    ``bytes_total`` is 0 while it is not known how much there is.
    """

    articles: int
    bytes_read: int
    bytes_total: int
