"""Prints raw results as Markdown tables: every engine, every kind, wins and losses alike.

A ratio says how searchkit compares with the engine of that column or row: 2.0x is twice as fast (or half as
large), 0.5x half as fast (or twice as large), and is then marked LOSS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.bench import pages
from tests.bench.measure import median, percentile
from tests.bench.registry import BASELINE

MB = 1e6


def markdown(raw: dict[str, Any]) -> str:
    """The tables of one experiment."""
    corpus = raw.get("corpus")
    of = f", {corpus['name']}" if corpus else ""
    tables: dict[str, Callable[[dict[str, Any]], list[str]]] = {
        "build": lambda r: build(r["result"], r["corpus"]),
        "query": lambda r: query(r["result"]),
        "memory": lambda r: memory(r["result"]),
        "startup": lambda r: startup(r["result"]),
        "growth": lambda r: growth(r["result"]),
        "sync": lambda r: sync(r["result"]),
        "pages": lambda r: table(*pages.rows(r["result"], ratio)),
    }
    lines = [f"## {raw['experiment']}{of}", "", *_heading(raw), "", *tables[raw["experiment"]](raw), ""]
    return "\n".join(lines)


def _heading(raw: dict[str, Any]) -> list[str]:
    machine, settings = raw["machine"], raw["settings"]
    lines = []
    if "corpus" in raw:
        corpus = raw["corpus"]
        lines.append(f"{corpus['articles']:,} articles, {corpus['text_bytes'] / MB:,.1f} MB of text.")
    pinned = ", each bound to as many cores as workers" if settings["pin"] else ""
    lines.append(
        f"{machine['processor']}, {machine['cores']} cores, {machine['python']}, "
        f"load {machine['load_before']} before; {settings['rounds']} rounds in turn{pinned}."
    )
    return [*lines, "; ".join(machine["engines"].values()) + "."]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def ratio(rival: float, ours: float | None) -> str:
    """How much more of something a rival needs than searchkit; '' where there is nothing to compare with."""
    if ours is None:
        return ""
    if ours == 0:
        return "-"
    times = rival / ours
    return f"{times:.2f}x" if times >= 1 else f"{times:.2f}x LOSS"


def build(result: dict[str, Any], corpus: dict[str, Any]) -> list[str]:
    """Speed, processor time, memory and size of each engine's builds: medians of the rounds."""
    groups: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for run in result["runs"]:
        groups.setdefault((run["workers"], run["engine"]), []).append(run)
    rows = []
    for (workers, name), found in groups.items():
        good = [run for run in found if "seconds" in run]
        if not good:
            rows.append([str(workers), name, found[0].get("no") or found[0]["error"], *[""] * 6])
            continue
        ours = [run for run in groups.get((workers, BASELINE), []) if "seconds" in run]
        middle = {what: median([run[what] for run in good]) for what in good[0] if _is_figure(good[0][what])}
        own = {what: median([run[what] for run in ours]) for what in ("seconds", "index_bytes")} if ours else {}
        failed = f" ({len(found) - len(good)} of {len(found)} runs failed)" if len(good) < len(found) else ""
        rows.append(
            [
                str(workers),
                name + failed,
                f"{corpus['text_bytes'] / MB / middle['seconds']:.1f}",
                ratio(middle["seconds"], own.get("seconds")) if name != BASELINE else "",
                f"{middle['seconds']:.1f}",
                f"{middle['cpu_seconds']:.1f}",
                f"{middle['own_bytes'] / MB:,.0f} / {middle['resident_bytes'] / MB:,.0f}",
                f"{middle['index_bytes'] / MB:,.1f}",
                ratio(middle["index_bytes"], own.get("index_bytes")) if name != BASELINE else "",
            ]
        )
    memory_head = "peak MB, own / resident"
    head = ["workers", "engine", "MB/s", "speed", "seconds", "CPU s", memory_head, "index MB", "size"]
    return [
        *table(head, rows),
        "",
        f"The JSON lines themselves are {result['files']['json_lines'] / MB:,.1f} MB.",
    ]


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float)


def query(result: dict[str, Any]) -> list[str]:
    """Median and 95th percentile of each kind of question, and how far the totals agree."""
    names = list(result["cells"][0]["answers"])
    names.sort(key=lambda name: name != BASELINE)
    lines = [
        "Median / 95th percentile in milliseconds, from the question to ten articles read; in brackets the "
        "median until the ten are known. The ratio compares medians over the queries that both answered.",
        f"The date filter is {result['filter'][0]} to {result['filter'][1]}.",
        "",
    ]
    rows = []
    for cell in result["cells"]:
        ours = cell["answers"].get(BASELINE)
        label = f"{cell['variant']}, {cell['kind']}, {cell['origin']} ({cell['queries']})"
        rows.append([label, *[_times(name, cell, ours) for name in names]])
    lines += table(["kind of query", *names], rows)
    lines += ["", *_agreement(result["cells"], names, result["reference"])]
    lines += [
        "",
        "Indexes: " + "; ".join(_facts(name, facts) for name, facts in result["facts"].items()) + ".",
    ]
    return lines


def _times(name: str, cell: dict[str, Any], ours: dict[str, Any] | None) -> str:
    answer = cell["answers"][name]
    if "no" in answer:
        return str(answer["no"]).partition(":")[0]
    page = answer["page"]
    if not page:
        return "none in time"
    middle, high, known = median(page), percentile(page, 0.95), median(answer["search"])
    text = f"{middle / 1e3:.2f} / {high / 1e3:.2f} ({known / 1e3:.2f})"
    if name != BASELINE and ours and ours.get("page"):
        both = min(len(page), len(ours["page"]))
        text += " " + ratio(median(page[:both]), median(ours["page"][:both]))
    if len(page) < cell["queries"]:
        text += f" [{len(page)} in time]"
    errors = sum(isinstance(total, str) for total in answer["totals"])
    return text + (f" [{errors} errors]" if errors else "")


def _agreement(cells: Sequence[dict[str, Any]], names: Sequence[str], reference: str) -> list[str]:
    """How far the best ten and the totals of each engine are those of the reference."""
    rows = []
    for name in names:
        if name == reference:
            continue
        row = [name, _overlap(cells, name)]
        for kind in ("any", "all", "phrase"):
            pairs = [pair for cell in cells if cell["kind"] == kind for pair in _totals(cell, reference, name)]
            equal = sum(one == other for one, other in pairs)
            far = [abs(one - other) / max(one, other, 1) for one, other in pairs]
            row.append(f"{equal} of {len(pairs)}, mean difference {sum(far) / len(far):.1%}" if pairs else "no")
        rows.append(row)
    note = (
        f"Beside {reference}: how many of its best ten are found when ranked by relevance "
        "(each engine ranks in its own way), and how many totals are equal:"
    )
    return [note, "", *table(["engine", "best ten", "any", "all", "phrase"], rows)]


def _overlap(cells: Sequence[dict[str, Any]], name: str) -> str:
    shares = [cell["answers"][name].get("overlap") for cell in cells if cell["variant"] != "newest"]
    known = [share for share in shares if share is not None]
    return f"{sum(known) / len(known):.0%}" if known else "no"


def _totals(cell: dict[str, Any], one: str, other: str) -> list[tuple[int, int]]:
    pairs = zip(
        cell["answers"][one].get("totals", ()), cell["answers"][other].get("totals", ()), strict=False
    )  # not strict: a slow engine answers only the first part
    return [(a, b) for a, b in pairs if isinstance(a, int) and isinstance(b, int)]


def _facts(name: str, facts: dict[str, Any]) -> str:
    more = "".join(f", {what} {value}" for what, value in facts.items() if what != "index_bytes")
    return f"{name} {facts['index_bytes'] / MB:,.1f} MB{more}"


def memory(result: dict[str, Any]) -> list[str]:
    """Peak memory of building and of answering."""
    rows = []
    for name, building in result["building"].items():
        answering = result["answering"][name]
        rows.append([name, _peaks(building), _peaks(answering), _opened(answering)])
    note = "Peak MB: own memory / resident, which counts mapped files too. Python itself is in both."
    return [note, "", *table(["engine", "building, 1 worker", "answering", "own, only opened"], rows)]


def _peaks(peaks: dict[str, Any]) -> str:
    if "own_bytes" not in peaks:
        return str(peaks.get("no") or peaks["error"])
    return f"{peaks['own_bytes'] / MB:,.0f} / {peaks['resident_bytes'] / MB:,.0f}"


def _opened(peaks: dict[str, Any]) -> str:
    return f"{peaks['opened_own_bytes'] / MB:,.0f}" if "opened_own_bytes" in peaks else ""


def startup(result: dict[str, Any]) -> list[str]:
    """A fresh process beside one that only imports Typer."""
    rows = [
        [name, f"{1e3 * median(times):.0f}", f"{1e3 * percentile(times, 0.95):.0f}", str(len(times))]
        for name, times in result["seconds"].items()
    ]
    query_time, typer_time = (median(times) for times in result["seconds"].values())
    more = f"The query takes {1e3 * (query_time - typer_time):+.0f} ms beside importing Typer."
    failed = f" {result['failed']} processes FAILED." if result["failed"] else ""
    return [*table(["process", "median ms", "95th percentile ms", "runs"], rows), "", more + failed]


def growth(result: dict[str, Any]) -> list[str]:
    """What ten times the articles cost: build seconds and median query times, and their ratios."""
    (small, few), (large, many) = result.items()
    ratio_head = f"times, for {many['corpus']['text_bytes'] / few['corpus']['text_bytes']:.1f} times the text"
    rows = []
    builds = [_build_seconds(part["build"]) for part in (few, many)]
    for name in builds[0]:
        if name in builds[1]:
            one, ten = builds[0][name], builds[1][name]
            rows.append([name, "build, s", f"{one:.1f}", f"{ten:.1f}", f"{ten / one:.1f}"])
    for one_cell, ten_cell in zip(few["query"]["cells"], many["query"]["cells"], strict=True):
        for name, answer in one_cell["answers"].items():
            both = [answer.get("page"), ten_cell["answers"][name].get("page")]
            if not all(both):
                continue
            answered = min(len(both[0]), len(both[1]))
            one, ten = (median(page[:answered]) / 1e3 for page in both)
            label = f"{one_cell['kind']}, {one_cell['origin']}, ms"
            rows.append([name, label, f"{one:.2f}", f"{ten:.2f}", f"{ten / one:.1f}"])
    rows.sort(key=lambda row: (row[0] != BASELINE, row[0]))
    return table(["engine", "what", small, large, ratio_head], rows)


def _build_seconds(result: dict[str, Any]) -> dict[str, float]:
    names = {run["engine"] for run in result["runs"] if "seconds" in run}
    return {
        name: median([run["seconds"] for run in result["runs"] if run["engine"] == name and "seconds" in run])
        for name in sorted(names)
    }


def sync(result: dict[str, Any]) -> list[str]:
    """One large file against its parts, many small ones, and the memory that a huge one takes."""

    def middle(part: str) -> float:
        return median([one["seconds"] for one in result[part]])

    read, built, whole = (middle(part) for part in ("read", "build", "whole"))
    count = result["first"][0]["count"]
    rows = [
        ("one large file: reading alone", f"{read:.2f} s"),
        ("building alone", f"{built:.2f} s"),
        ("index, end to end", f"{whole:.2f} s, {whole / max(read, built):.2f} times the slower of the two"),
        (f"{count:,} small files, first run", f"{count / middle('first'):,.0f} files a second"),
        ("the same, nothing changed", f"{count / middle('again'):,.0f} files a second"),
        (
            f"one file of {result['huge']['bytes'] / 1e9:.1f} GB",
            f"{result['huge']['count']:,} articles in {result['huge']['seconds']:,.0f} s, peak "
            f"{result['huge']['own'] / MB:,.0f} MB, {result['huge']['resident'] / MB:,.0f} MB with mapped files",
        ),
    ]
    return table(("what", "measured"), rows)
