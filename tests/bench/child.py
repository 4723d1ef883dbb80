"""The process in which one engine works alone: it builds an index, or answers questions from its input.

Run by the harness as ``python -m tests.bench.child build|serve ENGINE ...``. Times are taken here, around the
engine's own calls, so that neither the start of Python nor the pipe is in them.
"""

from __future__ import annotations

import datetime
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from tests.bench import registry
from tests.bench.engine import Engine, Question


def build(name: str, articles: Path, index: Path, workers: int, pin: bool) -> dict[str, Any]:
    """Build an index; the seconds that the engine took."""
    if pin:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:workers])
    kind = registry.engine(name)
    start = time.perf_counter()
    kind.build(articles, index, workers)
    return {"seconds": time.perf_counter() - start}


def serve(name: str, index: Path, requests: TextIO, replies: TextIO) -> None:
    """Answer lines of JSON until the input ends."""
    engine = registry.engine(name).open(index)
    _reply(replies, {"facts": engine.facts()})
    for line in requests:
        request = json.loads(line)
        questions = [question(fields) for fields in request["questions"]]
        _reply(replies, ask(engine, questions, request["seconds"]))


def ask(engine: Engine, questions: list[Question], seconds: float) -> dict[str, Any]:
    """Ask one after the other until ``seconds`` are over; what was not asked has no time in the answer.

    ``search`` is the time to the total and the best ten, ``page`` the time until their articles are read too,
    both in microseconds. An error stands in place of the total, and its time counts.
    """
    search: list[int] = []
    page: list[int] = []
    totals: list[int | str | None] = []
    best: list[list[str]] = []
    deadline = time.perf_counter() + seconds
    for one in questions:
        start = middle = time.perf_counter()
        if start > deadline:
            break
        try:
            found = engine.search(one)
            middle = time.perf_counter()
            answer = engine.answer(found)
        except Exception as error:  # counted and printed with the results, whatever it is
            totals.append(f"{type(error).__name__}: {error}"[:200])
            best.append([])
        else:
            totals.append(answer.total)
            best.append([identifier for identifier, _ in answer.hits])
        end = time.perf_counter()
        search.append(round(1e6 * ((middle if middle > start else end) - start)))
        page.append(round(1e6 * (end - start)))
    return {"search": search, "page": page, "totals": totals, "best": best}


def question(fields: dict[str, Any]) -> Question:
    """The question as it was before it became JSON."""
    day = datetime.date.fromisoformat
    since, until = fields["since"], fields["until"]
    return Question(
        words=tuple(fields["words"]),
        kind=fields["kind"],
        limit=fields["limit"],
        since=day(since) if since else None,
        until=day(until) if until else None,
        sort=fields["sort"],
    )


def _reply(replies: TextIO, value: dict[str, Any]) -> None:
    replies.write(json.dumps(value) + "\n")
    replies.flush()


def main(arguments: list[str]) -> None:
    # Replies go to the real output; what an engine prints goes to the errors, where it disturbs nothing.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    task, name, *rest = arguments
    if task == "build":
        articles, index, workers, pin = rest
        _reply(replies, build(name, Path(articles), Path(index), int(workers), pin == "pin"))
    else:
        serve(name, Path(rest[0]), sys.stdin, replies)


if __name__ == "__main__":
    main(sys.argv[1:])
