"""Saved pages: searchkit's reader beside trafilatura's own ``extract``, in turn, in one process, on one core.

trafilatura is called as its manual says, on the text of the page, with its defaults and no metadata. searchkit opens
the file and gives a whole article. For both the words found are compared with those that are in the article.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from searchkit.article import Article
from searchkit.readers import open_articles
from tests.bench.page_maker import Page, pages, word_f1

SEED = 20201


def by_searchkit(path: Path) -> str:
    """The body that searchkit reads from a file."""
    return next((item.body for item in open_articles(path, path.name) if isinstance(item, Article)), "")


def by_trafilatura(path: Path) -> str:
    """The text that trafilatura extracts from a file, with its defaults."""
    from trafilatura import extract  # in the extra "web": the other experiments do without

    return extract(path.read_text(encoding="utf-8")) or ""


def measured(count: int, rounds: int) -> dict[str, Any]:
    """Pages a second and the mean word F1 of both, ``rounds`` times in turn over ``count`` pages."""
    made = pages(count, SEED)
    readers = {"searchkit": by_searchkit, "trafilatura": by_trafilatura}
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    scores: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number}.html") for number in range(count)]
        for path, page in zip(paths, made, strict=True):
            path.write_text(page.html, encoding="utf-8")
        for read in readers.values():
            read(paths[0])
        for _ in range(rounds):
            for name, read in readers.items():
                start = time.process_time()
                found = [read(path) for path in paths]
                seconds[name].append(time.process_time() - start)
                scores[name] = _scores(found, made)
    return {
        "pages": count,
        "seed": SEED,
        "bytes": sum(len(page.html.encode()) for page in made),
        "cpu_seconds": seconds,
        "word_f1": scores,
    }


def _scores(found: Sequence[str], made: Sequence[Page]) -> dict[str, float]:
    by_template: dict[str, list[float]] = {}
    for text, page in zip(found, made, strict=True):
        by_template.setdefault(page.template, []).append(word_f1(text, "\n".join(page.paragraphs)))
    return {name: sum(values) / len(values) for name, values in by_template.items()}


def rows(result: dict[str, Any], ratio: Callable[[float, float], str]) -> tuple[list[str], list[list[str]]]:
    """The head and the rows of the table: pages a second, how they compare, and the words found."""
    best = {name: min(times) for name, times in result["cpu_seconds"].items()}
    templates = list(result["word_f1"]["searchkit"])
    head = ["", "pages a CPU second", "searchkit is", *(f"word F1, {name}" for name in templates)]
    table = []
    for name, seconds in best.items():
        scores = [f"{result['word_f1'][name][template]:.3f}" for template in templates]
        beside = "" if name == "searchkit" else ratio(seconds, best["searchkit"])
        table.append([name, f"{result['pages'] / seconds:,.1f}", beside, *scores])
    return head, table
