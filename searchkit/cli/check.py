"""searchkit check: is the index sound?"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from searchkit.cli.formats import json_text
from searchkit.cli.options import DEFAULT_INDEX, IndexOption
from searchkit.cli.terminal import Screen, screen, visible, write
from searchkit.errors import UsageError
from searchkit.index import is_cluster

if TYPE_CHECKING:
    from searchkit.cluster.checking import Report as ClusterReport
    from searchkit.store.check import Report

EXAMPLE = "Example: searchkit check --deep"


def check(
    index_folder: IndexOption = DEFAULT_INDEX,
    deep: Annotated[
        bool, typer.Option("--deep", help="Take every text apart again and compare its words with the index.")
    ] = False,
    against: Annotated[
        str, typer.Option(metavar="DIR", help="A local index that one in a cluster must hold the same articles as.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Verify the index: every byte, every structure, every count; exit code 1 when anything is wrong.

    Of an index in a cluster the counts and 200 articles are compared with what their texts give, with --deep all.
    """
    if is_cluster(index_folder):
        _check_cluster(index_folder, deep, against, json)
        return
    if against:
        raise UsageError("only an index in a cluster is checked against another", hint="Give its address by --index.")
    from searchkit.local import check_index  # heavy, and no other command needs it

    report = check_index(Path(index_folder), deep=deep)
    write(json_text(_record(report), indent=2) if json else _text(report, screen(sys.stdout)))
    if not report.sound:
        raise typer.Exit(1)


def _check_cluster(address: str, deep: bool, against: str, json: bool) -> None:
    from searchkit.cluster import check_index  # heavy, and no other command needs it

    report = check_index(address, deep=deep, against=against)
    write(json_text(_cluster_record(report), indent=2) if json else _cluster_text(report, screen(sys.stdout)))
    if not report.sound:
        raise typer.Exit(1)


def _cluster_text(report: ClusterReport, style: Screen) -> str:
    out = [
        f"{style.error('wrong')}: {visible(finding.place)}{': ' if finding.place else ''}{visible(finding.what)}"
        for finding in report.findings
    ]
    out.append(
        f"{report.articles:,} articles in {visible(report.index)}; {report.checked:,} of them taken apart again, "
        f"{report.words:,} words"
    )
    if report.copies_missing:
        out.append(
            f"{report.copies_missing:,} copies of its shards are on no node: one that fails may take articles."
        )
    out.append(style.bold("The index is sound.") if report.sound else _wrong(len(report.findings)))
    return "\n".join(out)


def _cluster_record(report: ClusterReport) -> dict[str, object]:
    return {
        "sound": report.sound,
        "index": report.index,
        "articles": report.articles,
        "checked": report.checked,
        "words": report.words,
        "copies_missing": report.copies_missing,
        "findings": [{"place": finding.place, "what": finding.what} for finding in report.findings],
    }


def _wrong(count: int) -> str:
    found = "1 thing is" if count == 1 else f"{count:,} things are"
    return f"{found} wrong. Build the index again: searchkit index --rebuild PATH"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


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
        f"{_counted(counts.files, 'file')}, {counts.bytes:,} bytes, {_counted(counts.pages, 'page')}; "
        f"{_counted(counts.segments, 'segment')}, {_counted(counts.articles, 'article')} ({counts.live:,} live); "
        f"{counts.stems:,} stems, {counts.forms:,} forms, {counts.postings:,} postings, "
        f"{counts.positions:,} positions"
    )
    if report.sound:
        out.append(style.bold("The index is sound."))
    else:
        out.append(_wrong(len(report.findings)))
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
