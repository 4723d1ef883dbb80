"""searchkit query: the best articles for a few words, with snippets."""

# No annotations put off: Typer reads them, and would have to compile the text of each at every start.

import datetime
import sys
from enum import StrEnum
from typing import Annotated

import typer

from searchkit.cli.formats import FORMATS, Page, error_as_json
from searchkit.cli.options import DEFAULT_INDEX, IndexOption
from searchkit.cli.terminal import screen, write
from searchkit.engine import MOST_EXPANSIONS
from searchkit.errors import SearchkitError, UsageError
from searchkit.index import open_index

EXAMPLE = 'Example: searchkit query "pride parade police" --since 2020 --sort newest'


class Order(StrEnum):
    """The orders in which hits can stand."""

    relevance = "relevance"
    newest = "newest"
    oldest = "oldest"


class Format(StrEnum):
    """The forms in which an answer can be written."""

    text = "text"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"
    trec = "trec"


def query(
    words: Annotated[list[str], typer.Argument(metavar="TEXT...", help='Words and "quoted phrases".')],
    index_folder: IndexOption = DEFAULT_INDEX,
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, max=100_000, help="How many hits.")] = 10,
    page: Annotated[int, typer.Option(metavar="N", min=1, help="Which page of that many hits.")] = 1,
    require_all: Annotated[bool, typer.Option("--all", help="Only articles that have all the words.")] = False,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Not before this day, month or year.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Not after this day, month or year.")] = None,
    source: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only from this source; may be repeated.")
    ] = None,
    sort: Annotated[Order, typer.Option(help="Best, newest or oldest first.")] = Order.relevance,
    output: Annotated[Format, typer.Option("--format", help="How the answer is written.")] = Format.text,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="The same as --format jsonl.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="The same as --format csv.")] = False,
    dialect: Annotated[
        str, typer.Option(metavar="NAME", help="Read a query of nexis, factiva, westlaw, google or lucene.")
    ] = "",
    topic: Annotated[str, typer.Option(metavar="ID", help="The topic's id in --format trec.")] = "1",
    parse: Annotated[bool, typer.Option("--parse", help="Only say what the query means.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say of each hit why it scores what it scores.")] = False,
    today: Annotated[
        str | None, typer.Option(metavar="DATE", help='The day that "yesterday" is counted from.')
    ] = None,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Give up after so long.")] = None,
    max_expansions: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many words a wildcard may mean.")
    ] = MOST_EXPANSIONS,
) -> None:
    """Find articles, best first, each with the passages that hold most of the words.

    \b
    pride parade           any of the words; more of the rarer ones come first
    +pride -parade         must be there, must not
    "pride parade"         side by side; "pride parade"~4 near each other
    a AND (b OR c) NOT d   both, either, not
    a NEAR/5 b, a PRE/5 b  at most five words apart, PRE in this order
    a w/s b, a w/p b       in one sentence, in one paragraph
    polic* ?ride word~     any ending, any letter, a letter or two astray
    =word /regex/          as it is written; what an expression means
    title:word source:bbc  in the title; of a source, author, section, url ...
    date:2020-03           also date:"last 30 days", after:2020, before:2020
    """  # noqa: D301  (Typer's mark for lines that stay as they are)
    from_day = _day(today)
    asked = [name for name, wanted in (("json", json), ("jsonl", jsonl), ("csv", csv)) if wanted]
    if output.value != "text":
        asked.append(output.value)
    if len(set(asked)) > 1:
        raise UsageError(f"only one format can be written, not {' and '.join(sorted(set(asked)))}")
    name = asked[0] if asked else "text"
    text = " ".join(words)
    try:
        if parse:
            write(_parsed(text, name, dialect, require_all, from_day))
            return
        with open_index(index_folder) as index:
            results = index.search(
                text,
                dialect=dialect,
                limit=limit,
                offset=(page - 1) * limit,
                require_all=require_all,
                since=since,
                until=until,
                sources=source or (),
                sort=sort.value,
                today=from_day,
                timeout=timeout,
                max_expansions=max_expansions,
                explain=explain,
            )
            answer = FORMATS[name](results, Page(screen(sys.stdout), topic, page, limit))
    except SearchkitError as error:
        if name not in ("json", "jsonl"):
            raise
        write(error_as_json(error))
        raise typer.Exit(error.exit_code) from None
    if answer:
        write(answer)


def _parsed(text: str, name: str, dialect: str, require_all: bool, today: datetime.date | None) -> str:
    from searchkit.cli import parsed  # only where nothing is looked for
    from searchkit.query import parse

    query = parse(text, dialect=dialect, require_all=require_all, today=today)
    return parsed.as_json(query) if name == "json" else parsed.as_text(query, screen(sys.stdout))


def _day(text: str | None) -> datetime.date | None:
    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--today {text!r} is not a day", hint="Write it like 2020-03-09.") from None
