"""The experiments: build, query, memory, startup and growth. Each returns raw results, for report.py.

Engines take turns (A B A B), round after round, so that a busy minute of the machine hits all of them.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tests.bench import measure, queries, registry
from tests.bench.corpora import Corpus, corpus, warm
from tests.bench.engine import Engine, Question, Sort
from tests.bench.places import work_folder
from tests.bench.queries import KINDS, Kind
from tests.bench.searchkit_engine import SearchkitEngine

# The filter lets about a tenth of the articles pass, from the middle of the corpus.
FILTER = (45, 55)


@dataclass(frozen=True, slots=True)
class Settings:
    """How thorough a run is.

    ``seconds`` is what an engine may spend on a round of one kind of query; ``whole`` has even those build a large
    corpus that take minutes for it.
    """

    engines: tuple[str, ...]
    rounds: int = 3
    a_set: int = queries.A_SET
    seconds: float = 20.0
    pin: bool = False
    whole: bool = False
    say: Callable[[str], None] = lambda line: None

    def facts(self) -> dict[str, Any]:
        """What is published of them."""
        facts = asdict(self)
        del facts["say"], facts["engines"]
        return facts


def refusal(kind: type[Engine], on: Corpus) -> str:
    """Why an engine is not run on a corpus, or ''."""
    largest = kind.abilities.largest
    if largest is not None and on.articles > largest:
        return f"no: {kind.abilities.remark}"
    return ""


def build(on: Corpus, settings: Settings, workers: Sequence[int] = (1, 2)) -> dict[str, Any]:
    """Build with equal workers, in turn. ``runs`` has one record for each engine, workers and round."""
    warm(on.path)
    runs: list[dict[str, Any]] = []
    for number in range(settings.rounds):
        for count in workers:
            for name in settings.engines:
                reason = _no_build(registry.engine(name), on, count, settings.whole)
                if reason and number == 0:
                    runs.append({"engine": name, "workers": count, "round": 0, "no": reason})
                if not reason:
                    cost = _build(name, on, count, settings.pin)
                    settings.say(f"{name}, {count} workers: {_speed(cost, on)}")
                    runs.append({"engine": name, "workers": count, "round": number, **cost})
    return {"runs": runs, "files": _file_sizes(on)}


def _no_build(kind: type[Engine], on: Corpus, workers: int, whole: bool = False) -> str:
    if kind.index_of:
        return f"no: reads the index of {kind.index_of}"
    if workers > 1 and not kind.abilities.workers:
        return f"no: one worker only; {kind.abilities.remark}"
    return "" if whole else refusal(kind, on)


def _speed(cost: dict[str, Any], on: Corpus) -> str:
    return cost["error"] if "error" in cost else f"{on.text_bytes / 1e6 / cost['seconds']:.1f} MB/s"


def _file_sizes(on: Corpus) -> dict[str, int]:
    return {"json_lines": on.file_bytes, "text": on.text_bytes}


def _build(name: str, on: Corpus, workers: int, pin: bool) -> dict[str, Any]:
    folder = _index(name, on, workers)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    cost = measure.build(name, on.path, folder, workers, pin)
    if workers > 1:
        shutil.rmtree(folder)  # queries run on what one worker built; this one only takes room
    elif "error" not in cost:
        _stamp(folder).write_text(_identity(name, on), encoding="utf-8")
    return cost


def _index(name: str, on: Corpus, workers: int = 1) -> Path:
    owner = registry.engine(name).index_of or name
    return work_folder() / "index" / on.name / f"{owner}-{workers}"


def _stamp(folder: Path) -> Path:
    return folder.with_suffix(".stamp")


def _identity(name: str, on: Corpus) -> str:
    owner = registry.engine(name).index_of or name
    return json.dumps({"version": registry.engine(owner).version(), "corpus": on.sha256})


def ready(name: str, on: Corpus, settings: Settings) -> Path:
    """An engine's index of a corpus, built unless the same version has built it from the same bytes."""
    folder = _index(name, on)
    stamp = _stamp(folder)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != _identity(name, on):
        owner = registry.engine(name).index_of or name
        settings.say(f"building the index of {owner} over {on.name}")
        cost = _build(owner, on, 1, pin=False)
        if "error" in cost:
            raise SystemExit(f"{owner} could not build its index over {on.name}: {cost['error']}")
    return folder


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of question: a set of queries, how their words are meant, and a filter or an order."""

    origin: str
    kind: Kind
    variant: str  # plain, dates, newest or operators
    questions: tuple[Question, ...]

    @property
    def name(self) -> str:
        return f"{self.variant}/{self.kind}/{self.origin}"


def cells(on: Corpus, settings: Settings) -> list[Cell]:
    """Every kind of question, with the same queries for every engine."""
    first, last = on.days(*FILTER)
    made: list[Cell] = []
    variants: tuple[tuple[str, Sort, bool], ...] = (
        ("plain", "relevance", False),
        ("dates", "relevance", True),
        ("newest", "newest", False),
    )
    for variant, sort, filtered in variants:
        since, until = (first, last) if filtered else (None, None)
        for origin in queries.SETS:
            loaded = queries.load(origin, settings.a_set)
            for kind in KINDS:
                chosen = queries.for_kind(loaded, kind)
                asked = tuple(Question(q.words, kind, 10, since, until, sort) for q in chosen)
                made.append(Cell(origin, kind, variant, asked))
    for origin in queries.SETS:
        loaded = queries.load(origin, settings.a_set)
        for kind in queries.OF_PAIRS:
            made.append(
                Cell(origin, kind, "operators", tuple(Question(words, kind) for words in queries.pairs(loaded)))
            )
        for kind in queries.PATTERNS:
            asked = tuple(Question(words, kind) for words in queries.patterns(loaded, kind))
            made.append(Cell(origin, kind, "operators", asked))
    common = tuple(Question(query.words, "phrase") for query in queries.common_phrases())
    return [*made, Cell("common-words", "phrase", "plain", common)]


def unable(kind: type[Engine], cell: Cell) -> str:
    """Why an engine cannot answer this kind of question, or ''."""
    can = kind.abilities
    if cell.kind not in can.kinds:
        return f"no: cannot answer {cell.kind}"
    if cell.variant == "dates" and not can.dates:
        return "no: cannot filter by date"
    return "no: cannot sort by date" if cell.variant == "newest" and not can.newest else ""


def query(on: Corpus, settings: Settings, only: Sequence[str] = ()) -> dict[str, Any]:
    """Ask every kind of question of every engine in turn; ``only`` limits it to these variants."""
    refused = {name: refusal(registry.engine(name), on) for name in settings.engines}
    able = [name for name in settings.engines if not refused[name]]
    folders = {name: ready(name, on, settings) for name in able}
    servers = {name: measure.Server(name, folders[name]) for name in able}
    asked: list[dict[str, Any]] = []
    try:
        for cell in cells(on, settings):
            if only and cell.variant not in only:
                continue
            settings.say(f"{on.name} {cell.name}")
            answers = {name: {"no": reason} for name, reason in refused.items() if reason}
            asked.append(
                {
                    "origin": cell.origin,
                    "kind": cell.kind,
                    "variant": cell.variant,
                    # How many, not which: the files of queries are not ours to publish.
                    "queries": len(cell.questions),
                    "answers": {**_in_turn(cell, servers, settings), **answers},
                }
            )
    finally:
        for server in servers.values():
            server.close()
    facts = {
        name: {**server.facts, "index_bytes": measure.folder_bytes(folders[name])} for name, server in servers.items()
    }
    return {
        "reference": _reference(servers),
        "cells": asked,
        "facts": facts,
        "filter": [str(day) for day in on.days(*FILTER)],
    }


def _in_turn(cell: Cell, servers: dict[str, measure.Server], settings: Settings) -> dict[str, Any]:
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in servers}
    for _ in range(settings.rounds):
        for name, server in servers.items():
            if unable(registry.engine(name), cell):
                continue
            earlier = rounds[name]
            # What the first round had no time for is not asked again, so that every query has every round.
            count = len(earlier[0]["page"]) if earlier else len(cell.questions)
            seconds = 10 * settings.seconds if earlier else settings.seconds
            earlier.append(server.ask(cell.questions[:count], seconds))
    reference = _reference(servers)
    best = rounds[reference][0]["best"] if rounds[reference] else []
    return {
        name: {**_middle(found), "overlap": overlap(best, found[0]["best"])}
        if found
        else {"no": unable(registry.engine(name), cell)}
        for name, found in rounds.items()
    }


def _reference(servers: dict[str, measure.Server]) -> str:
    """The engine that the others are held beside: searchkit, or the first where it takes no part."""
    return registry.BASELINE if registry.BASELINE in servers else next(iter(servers))


def overlap(ones: list[list[str]], others: list[list[str]]) -> float | None:
    """The mean share of one engine's best ten that are among another's; None where it found nothing."""
    shares = [
        len(set(one) & set(other)) / len(one) for one, other in zip(ones, others, strict=False) if one
    ]  # not strict: a slow engine answers only the first part
    return round(sum(shares) / len(shares), 4) if shares else None


def _middle(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Each query's median over the rounds, in microseconds; the totals are the same in each."""
    count = min(len(one["page"]) for one in rounds)
    middle = {
        what: [round(measure.median([one[what][i] for one in rounds])) for i in range(count)]
        for what in ("search", "page")
    }
    return {**middle, "totals": rounds[0]["totals"][:count]}


def memory(on: Corpus, settings: Settings) -> dict[str, Any]:
    """Peak memory of one build with one worker, and of answering every kind of question."""
    warm(on.path)
    building: dict[str, Any] = {}
    answering: dict[str, Any] = {}
    for name in settings.engines:
        kind = registry.engine(name)
        reason = refusal(kind, on)
        if reason:
            building[name] = answering[name] = {"no": reason}
            continue
        settings.say(f"memory of {name} over {on.name}")
        building[name] = {"no": _no_build(kind, on, 1)} if kind.index_of else _build(name, on, 1, pin=False)
        server = measure.Server(name, ready(name, on, settings))
        _, opened = measure.memory(server.pid)
        with measure.Watch(server.pid, 0.005) as seen:
            for cell in cells(on, settings):
                if not unable(kind, cell):
                    server.ask(cell.questions, settings.seconds)
        server.close()
        answering[name] = {
            "opened_own_bytes": opened,
            "own_bytes": seen.own_bytes,
            "resident_bytes": seen.resident_bytes,
        }
    return {"building": building, "answering": answering}


def startup(on: Corpus, settings: Settings, words: str = "pride parade police") -> dict[str, Any]:
    """A fresh process that answers one query, in turn with one that only imports Typer."""
    searchkit = SearchkitEngine.command(ready("searchkit", on, settings), words)
    typer = [sys.executable, "-c", "import typer"]
    times: dict[str, list[float]] = {"searchkit query": [], "import typer": []}
    failed = 0
    for _ in range(max(10, 5 * settings.rounds)):
        for name, command in (("searchkit query", searchkit), ("import typer", typer)):
            usage = measure.run(command, watch=False)
            # 0 is hits found, 1 is none found: both are answers.
            failed += usage.status not in (0, 1)
            times[name].append(usage.wall_seconds)
    return {"words": words, "seconds": times, "failed": failed}


def growth(settings: Settings, quick: bool) -> dict[str, Any]:
    """Build time and query times on a generated corpus and on one ten times as large."""
    result: dict[str, Any] = {}
    # Once: a build of a million takes minutes, and chance is small beside a factor of ten.
    once = replace(settings, rounds=1)
    for name in ("tiny", "small") if quick else ("hundred", "million"):
        on = corpus(name)
        result[name] = {
            "corpus": on.facts(),
            "build": build(on, once, workers=(1,)),
            "query": query(on, settings, only=("plain",)),
        }
    return result
