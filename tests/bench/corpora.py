"""The corpora that are measured: press releases, slices of them, and generated articles, as JSON lines.

A corpus is made once in the work folder and described by a small file beside it (``senate.info.json``), which
holds what the figures need: how many articles, how many bytes of text, and the dates at its percentiles.
"""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.bench import generate
from tests.bench.places import corpora_folder, work_folder

SLICE_ARTICLES = 5_000
QUICK_ARTICLES = 2_000
GENERATED = {"tiny": 2_000, "small": 20_000, "hundred": 100_000, "million": 1_000_000}
_BUFFER = 1 << 20
NAMES = ("quick", "slice", "senate", *GENERATED)


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus on disk. ``text_bytes`` counts titles and texts in UTF-8, without JSON around them.

    ``dates`` holds 101 days: the earliest, the 1st percentile, and so on to the latest.
    """

    name: str
    path: Path
    articles: int
    text_bytes: int
    file_bytes: int
    sha256: str
    dates: tuple[str, ...]

    def days(self, first: int, last: int) -> tuple[datetime.date, datetime.date]:
        """The days at two percentiles: a filter that lets about ``last - first`` of 100 articles pass."""
        return datetime.date.fromisoformat(self.dates[first]), datetime.date.fromisoformat(self.dates[last])

    def facts(self) -> dict[str, Any]:
        """What is published of this corpus: everything but where it lies."""
        facts = asdict(self)
        del facts["path"], facts["dates"]
        return {**facts, "first_date": self.dates[0], "last_date": self.dates[-1]}


def records(articles: Path) -> Iterator[dict[str, Any]]:
    """The articles of a corpus, as every engine is given them.

    By the quickest parser of JSON that Python has: it is the engines that are measured.
    """
    with articles.open("rb", buffering=_BUFFER) as lines:
        for line in lines:
            yield orjson.loads(line)


def corpus(name: str) -> Corpus:
    """The corpus of this name, made first if it is not there yet.

    ``senate`` is the whole of the press releases, ``slice`` 5,000 and ``quick`` 2,000 of them, taken evenly;
    ``tiny``, ``small``, ``hundred`` (thousand) and ``million`` are generated, each the beginning of the next.
    """
    if name not in NAMES:
        raise SystemExit(f"There is no corpus {name!r}. Known: {', '.join(NAMES)}.")
    path = work_folder() / f"{name}.jsonl"
    info = path.with_suffix(".info.json")
    if not info.exists():
        # Written under another name first, so that an interrupted run leaves no half corpus behind.
        part = path.with_suffix(".part")
        _make(name, part)
        facts = _describe(part)
        part.rename(path)
        info.write_text(json.dumps(facts), encoding="utf-8")
    facts = json.loads(info.read_text(encoding="utf-8"))
    return Corpus(name=name, path=path, **{**facts, "dates": tuple(facts["dates"])})


def warm(path: Path) -> None:
    """Read a file once, so that the first engine does not pay for the disk alone."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass


def _make(name: str, path: Path) -> None:
    if name == "senate":
        with (
            gzip.open(corpora_folder() / "senate-press" / "docs.jsonl.gz") as packed,
            path.open("wb") as plain,
        ):
            shutil.copyfileobj(packed, plain, 1 << 20)
    elif name in GENERATED:
        generate.write(corpus("senate").path, path, GENERATED[name])
    else:
        whole = corpus("senate")
        count = QUICK_ARTICLES if name == "quick" else SLICE_ARTICLES
        with path.open("wb") as out:
            out.writelines(_evenly(whole, count))


def _evenly(whole: Corpus, count: int) -> Iterator[bytes]:
    # Evenly, not from the start: the file is sorted by senator, and senators write differently.
    with whole.path.open("rb") as lines:
        for number, line in enumerate(lines):
            if number * count // whole.articles != (number + 1) * count // whole.articles:
                yield line


def _describe(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    articles = text_bytes = 0
    dates: list[str] = []
    with path.open("rb") as lines:
        for line in lines:
            digest.update(line)
            record = json.loads(line)
            articles += 1
            text_bytes += len(record["title"].encode()) + len(record["text"].encode())
            if record.get("date"):
                dates.append(record["date"])
    dates.sort()
    return {
        "articles": articles,
        "text_bytes": text_bytes,
        "file_bytes": path.stat().st_size,
        "sha256": digest.hexdigest(),
        "dates": [dates[min(len(dates) - 1, len(dates) * part // 100)] for part in range(101)],
    }
