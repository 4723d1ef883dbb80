"""What must an engine do to be measured? The protocol, the question and the answer."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self

from tests.bench.queries import Kind

Sort = Literal["relevance", "newest"]


@dataclass(frozen=True, slots=True)
class Question:
    """Words, how they are meant, and which articles count. ``since`` and ``until`` are included days."""

    words: tuple[str, ...]
    kind: Kind = "any"
    limit: int = 10
    since: datetime.date | None = None
    until: datetime.date | None = None
    sort: Sort = "relevance"


@dataclass(frozen=True, slots=True)
class Answer:
    """The exact number of matching articles (None: the engine cannot say), and the best as (id, score).

    ``articles`` holds what a page of results needs, (title and text), of each hit.
    """

    total: int | None
    hits: list[tuple[str, float]]
    articles: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an engine can be asked for. What it cannot is printed as "no", not left out."""

    kinds: frozenset[Kind] = frozenset({"any", "all", "phrase"})
    total: bool = True
    dates: bool = True
    newest: bool = True
    workers: bool = True
    largest: int | None = None  # articles; beyond it a run would take hours
    remark: str = ""


class Engine(Protocol):
    """An index under measurement. Built in a fresh process, and asked in another."""

    name: ClassVar[str]
    abilities: ClassVar[Abilities]
    # The engine whose index this one reads; '' where it builds its own.
    index_of: ClassVar[str]

    @staticmethod
    def version() -> str:
        """The versions of what does the work."""

    @classmethod
    def build(cls, articles: Path, index: Path, workers: int) -> None:
        """Index JSON lines into the empty folder ``index``: title and text, with positions, and kept."""

    @classmethod
    def open(cls, index: Path) -> Self:
        """Open an index to ask it."""

    def search(self, question: Question) -> Any:
        """Find the total and the best, as the engine's own record. Timed as "search"."""

    def answer(self, found: Any) -> Answer:
        """Read the ids, titles and texts of what ``search`` found. Timed with it as "page"."""

    def facts(self) -> dict[str, Any]:
        """What a reader of the figures should know of this index, such as its segments."""
