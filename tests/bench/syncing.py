"""Measures ``searchkit index`` end to end: one large file, a hundred thousand small ones, and one that is huge.

Each measure runs the real code in a fresh process, in turn over the rounds. What is compared is searchkit with
its own parts: the reader alone, the building of an index alone.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from searchkit.article import Article
from searchkit.indexing import Ledger, Sync
from searchkit.local import open_writer
from searchkit.readers import open_articles
from searchkit.store.writer import workers_of_this_machine
from tests.bench import measure as usage
from tests.bench.places import corpora_folder, work_folder

SMALL_FILES = 100_000
HUGE_BYTES = 10_000_000_000


def measure(rounds: int, quick: bool) -> dict[str, Any]:
    """The medians are the report's business: here each round gives its figures, and memory once."""
    large = corpora_folder() / "senate-press" / "docs.jsonl.gz"
    small = small_files(2000 if quick else SMALL_FILES)
    huge = huge_file(50_000_000 if quick else HUGE_BYTES)
    found: dict[str, Any] = {"read": [], "build": [], "whole": [], "first": [], "again": []}
    for _ in range(rounds):
        for part in ("read", "build", "whole"):
            found[part].append(_alone(part, large))
        found["first"].append(_alone("sync", small))
        found["again"].append(_alone("again", small))
    found["huge"] = {**_alone("sync", huge), "bytes": huge.stat().st_size}
    return found


def small_files(count: int) -> Path:
    """A folder of so many files of text, a thousand in each of its folders, cut from the press releases."""
    folder = work_folder() / f"files-{count}"
    if folder.exists():
        return folder
    from tests.bench import corpora  # it loads NumPy, whose threads and memory would be measured too

    made = folder.with_name(folder.name + ".part")
    shutil.rmtree(made, ignore_errors=True)
    with corpora.corpus("senate").path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for _, line in zip(range(count), lines, strict=False)]
    for number in range(count):
        record = records[number % len(records)]
        place = made / f"{number // 1000:03}"
        place.mkdir(parents=True, exist_ok=True)
        # Of those beyond the corpus, each text is another part.
        begin = 1500 * (number // len(records))
        day, body = record.get("date", "2005-01-01"), record["text"][begin : begin + 1500]
        text = f" date {day} {record['title']}\n\n{body} {number}"
        (place / f"{number:06}.txt").write_text(text, encoding="utf-8")
    made.rename(folder)
    return folder


def huge_file(size: int) -> Path:
    """A file of JSON lines of at least ``size`` bytes: generated articles, over and over with other ids."""
    path = work_folder() / f"huge-{size}.jsonl"
    if not path.exists():
        from tests.bench import corpora  # as above

        part = path.with_suffix(".part")
        written, turn = 0, 0
        with part.open("w", encoding="utf-8") as out:
            while written < size:
                for line in _lines(corpora.corpus("small" if size < 1e9 else "hundred").path):
                    written += out.write(line.replace('"id": "', f'"id": "{turn}-', 1))
                    if written >= size:
                        break
                turn += 1
        part.rename(path)
    return path


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as lines:
        yield from lines


def _alone(part: str, path: Path) -> dict[str, Any]:
    """One measure in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.syncing", part, str(path), str(work_folder() / "synced")]
    used = usage.run(command)
    found: dict[str, Any] = json.loads(used.output)
    return {**found, "own": used.own_bytes, "resident": used.resident_bytes}


def _run(part: str, path: Path, index: Path) -> dict[str, Any]:
    articles: list[Article] = []
    if part == "build":
        articles = [item for item in open_articles(path, "large") if isinstance(item, Article)]
    if part != "again":
        shutil.rmtree(index, ignore_errors=True)
    workers = workers_of_this_machine()
    begin, processor = time.perf_counter(), time.process_time()
    count = 0
    if part == "read":
        count = sum(isinstance(item, Article) for item in open_articles(path, "large"))
    else:
        with open_writer(index, workers=workers) as writer:
            if part == "build":
                for article in articles:
                    writer.put(article)
                writer.commit()
                count = len(articles)
            else:
                with Ledger(index) as ledger:
                    report = Sync(writer, ledger, index, workers=workers).run([path])
                count = report.added + report.unchanged
    return {
        "seconds": time.perf_counter() - begin,
        "processor": time.process_time() - processor,
        "count": count,
    }


if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
