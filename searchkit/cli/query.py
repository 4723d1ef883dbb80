"""searchkit query: the best articles for a few words, with snippets."""

# No annotations put off: Typer reads them, and would have to compile the text of each at every start.

import sys
from enum import StrEnum
from typing import Annotated

import typer

from searchkit.cli.formats import FORMATS, Page
from searchkit.cli.options import DEFAULT_INDEX, IndexOption
from searchkit.cli.terminal import screen, write
from searchkit.errors import UsageError
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
    topic: Annotated[str, typer.Option(metavar="ID", help="The topic's id in --format trec.")] = "1",
) -> None:
    """Find articles, best first, each with the passages that hold most of the words.

    Any of the words may match: articles with more of the rarer words come first. Words in double
    quotes must stand side by side.
    """
    asked = [name for name, wanted in (("json", json), ("jsonl", jsonl), ("csv", csv)) if wanted]
    if output.value != "text":
        asked.append(output.value)
    if len(set(asked)) > 1:
        raise UsageError(f"only one format can be written, not {' and '.join(sorted(set(asked)))}")
    with open_index(index_folder) as index:
        results = index.search(
            " ".join(words),
            limit=limit,
            offset=(page - 1) * limit,
            require_all=require_all,
            since=since,
            until=until,
            sources=source or (),
            sort=sort.value,
        )
        name = asked[0] if asked else "text"
        text = FORMATS[name](results, Page(screen(sys.stdout), topic, page, limit))
    if text:
        write(text)
