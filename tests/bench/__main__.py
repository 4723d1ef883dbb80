"""The benchmark's command line: ``python -m tests.bench build|query|memory|startup|growth|sync|pages|all|show``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.bench import corpora, measure, pages, queries, registry, report, runs, syncing
from tests.bench.places import RESULTS, work_folder

EXPERIMENTS = ("build", "query", "memory", "startup", "growth", "sync", "pages")
# What "all" does. Whoosh takes part on the slice.
PLAN = (
    ("build", "slice"),
    ("query", "slice"),
    ("build", "senate"),
    ("query", "senate"),
    ("build", "million"),
    ("query", "million"),
    ("memory", "million"),
    ("startup", "million"),
    ("growth", "million"),
    ("sync", "senate"),
    ("pages", "made"),
)
QUICK_PLAN = tuple((experiment, "quick") for experiment in EXPERIMENTS)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what was asked for, write the raw results, print the tables."""
    options = _options(arguments)
    if options.experiment == "show":
        for file in options.files:
            print(report.markdown(json.loads(file.read_text(encoding="utf-8"))))
        return
    if options.experiment == "all":
        plan = QUICK_PLAN if options.quick else PLAN
    else:
        corpus = "made" if options.experiment == "pages" else options.corpus
        plan = ((options.experiment, "quick" if options.quick else corpus),)
    settings = _settings(options)
    machine = measure.machine(settings.engines)
    for experiment, corpus in plan:
        if experiment == "startup" and registry.BASELINE not in settings.engines:
            print(f"startup: not run, {registry.BASELINE} is not among the engines\n", file=sys.stderr)
            continue
        result = _run(experiment, corpus, settings, options.quick, machine)
        _write(result, options.name or f"{experiment}-{corpus}", options.quick)
        print(report.markdown(result), flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("experiment", choices=(*EXPERIMENTS, "all", "show"))
    parser.add_argument("files", nargs="*", type=Path, help="for show: files of raw results")
    parser.add_argument("--corpus", choices=corpora.NAMES, default="senate")
    parser.add_argument("--engines", default=",".join(registry.NAMES), help="names with commas; the default is all")
    parser.add_argument("--quick", action="store_true", help="small corpora, few queries; to try the harness")
    parser.add_argument("--rounds", type=int, help="how often each engine has its turn")
    parser.add_argument("--queries", type=int, help="how many of each file of queries")
    parser.add_argument("--seconds", type=float, default=20.0, help="for an engine, a kind of query and a round")
    parser.add_argument("--pin", action="store_true", help="bind each build to as many cores as it has workers")
    parser.add_argument("--whole", action="store_true", help="build: also those that take minutes for a large corpus")
    parser.add_argument("--name", help="of the file of raw results, without .json")
    return parser.parse_args(arguments)


def _settings(options: argparse.Namespace) -> runs.Settings:
    engines = tuple(options.engines.split(","))
    for name in engines:
        registry.engine(name)
    return runs.Settings(
        engines=engines,
        rounds=options.rounds or (2 if options.quick else 3),
        a_set=options.queries or (20 if options.quick else queries.A_SET),
        seconds=options.seconds,
        pin=options.pin,
        whole=options.whole,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )


def _run(experiment: str, name: str, settings: runs.Settings, quick: bool, machine: dict[str, Any]) -> dict[str, Any]:
    start = time.perf_counter()
    heading = {"experiment": experiment, "machine": machine, "settings": settings.facts()}
    if experiment == "growth":
        return {**heading, "result": runs.growth(settings, quick), "seconds": time.perf_counter() - start}
    if experiment == "sync":
        return {**heading, "result": syncing.measure(settings.rounds, quick), "seconds": time.perf_counter() - start}
    if experiment == "pages":
        result = pages.measured(50 if quick else 500, settings.rounds)
        return {**heading, "result": result, "seconds": time.perf_counter() - start}
    corpus = corpora.corpus(name)
    measured: dict[str, Callable[[corpora.Corpus, runs.Settings], dict[str, Any]]] = {
        "build": runs.build,
        "query": runs.query,
        "memory": runs.memory,
        "startup": runs.startup,
    }
    result = measured[experiment](corpus, settings)
    return {**heading, "corpus": corpus.facts(), "result": result, "seconds": time.perf_counter() - start}


def _write(result: dict[str, Any], name: str, quick: bool) -> None:
    # A quick run says nothing about speed, so it does not go where results are committed.
    folder = work_folder() if quick else RESULTS
    folder.mkdir(exist_ok=True)
    text = json.dumps(result, indent=None, separators=(",", ":"), ensure_ascii=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
