"""searchkit check: is the index sound?"""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from searchkit.cli.formats import json_text
from searchkit.cli.options import DEFAULT_INDEX, IndexOption
from searchkit.cli.terminal import Screen, screen, visible, write

if TYPE_CHECKING:
    from searchkit.store.check import Report

EXAMPLE = "Example: searchkit check --deep"


def check(
    index_folder: IndexOption = DEFAULT_INDEX,
    deep: Annotated[
        bool, typer.Option("--deep", help="Take every text apart again and compare its words with the index.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Verify the index: every byte, every structure, every count; exit code 1 when anything is wrong."""
    from searchkit.local import check_index  # heavy, and no other command needs it

    report = check_index(index_folder, deep=deep)
    write(json_text(_record(report), indent=2) if json else _text(report, screen(sys.stdout)))
    if not report.sound:
        raise typer.Exit(1)


def _text(report: Report, style: Screen) -> str:
    counts = report.counts
    out = [
        f"{style.error('damaged')}: {visible(finding.file)}{', ' if finding.place else ''}"
        f"{visible(finding.place)}: {visible(finding.what)}"
        for finding in report.findings
    ]
    if report.orphans:
        out.append(
            f"Not part of the index, and removed with the next change: {', '.join(map(visible, report.orphans))}"
        )
    out.append(
        f"{counts.files:,} files, {counts.bytes:,} bytes, {counts.pages:,} pages; "
        f"{counts.segments:,} segments, {counts.articles:,} articles ({counts.live:,} live); "
        f"{counts.stems:,} stems, {counts.forms:,} forms, {counts.postings:,} postings, "
        f"{counts.positions:,} positions"
    )
    if report.sound:
        out.append(style.bold("The index is sound."))
    else:
        found = "1 thing is" if len(report.findings) == 1 else f"{len(report.findings):,} things are"
        out.append(f"{found} wrong. Build the index again: searchkit index --rebuild PATH")
    return "\n".join(out)


def _record(report: Report) -> dict[str, object]:
    return {
        "sound": report.sound,
        "generation": report.generation,
        "deep": report.deep,
        "findings": [asdict(finding) for finding in report.findings],
        "orphans": list(report.orphans),
        "counts": asdict(report.counts),
    }
