"""searchkit stats: what is in an index."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from searchkit.cli.formats import json_text
from searchkit.cli.options import DEFAULT_INDEX, IndexOption
from searchkit.cli.terminal import Screen, screen, visible, write
from searchkit.engine import Statistics
from searchkit.index import open_index

EXAMPLE = "Example: searchkit stats --json"
_SHOWN_SOURCES = 10


def stats(
    index_folder: IndexOption = DEFAULT_INDEX,
    json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Say what is in the index: articles, words, sources, dates, size, versions."""
    with open_index(index_folder) as index:
        statistics = index.statistics()
    write(json_text(_record(statistics), indent=2) if json else _text(statistics, screen(sys.stdout)))


def _text(held: Statistics, style: Screen) -> str:
    dates = f"{held.first_date} to {held.last_date}" if held.first_date else "none"
    undated = f" ({held.undated:,} undated)" if held.undated and held.first_date else ""
    sources = [f"{visible(name)} ({count:,})" for name, count in held.sources[:_SHOWN_SOURCES]]
    left = len(held.sources) - _SHOWN_SOURCES
    if left > 0:
        sources.append(f"and {left:,} more")
    rows = [
        ("Articles", f"{held.articles:,}"),
        ("Words", f"{held.words:,}, {held.terms:,} of them distinct"),
        ("Dates", dates + undated),
        ("Sources", ", ".join(sources) or "none named"),
        ("On disk", _size(held.bytes)),
        ("Versions", ", ".join(f"{name} {version}" for name, version in held.versions.items())),
    ]
    rows += [("Notice", notice) for notice in held.notices]
    return "\n".join(f"{style.bold(name.ljust(9))} {value}" for name, value in rows)


def _record(held: Statistics) -> dict[str, object]:
    return {
        "articles": held.articles,
        "words": held.words,
        "terms": held.terms,
        "sources": dict(held.sources),
        "first_date": held.first_date.isoformat() if held.first_date else None,
        "last_date": held.last_date.isoformat() if held.last_date else None,
        "undated": held.undated,
        "bytes": held.bytes,
        "versions": held.versions,
        "notices": list(held.notices),
    }


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
