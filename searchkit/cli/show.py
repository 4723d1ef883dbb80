"""searchkit show: one article, whole."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from searchkit.article import Article
from searchkit.cli.formats import error_as_json, json_text
from searchkit.cli.options import DEFAULT_INDEX, IndexOption
from searchkit.cli.terminal import Screen, screen, short_path, visible, visible_lines, write
from searchkit.errors import SearchkitError
from searchkit.index import open_index

EXAMPLE = "Example: searchkit show seeds/000_2b5d70423e18adf0.txt"


def show(
    article_id: Annotated[str, typer.Argument(metavar="ID", help="The article's id, as hits show it.")],
    index_folder: IndexOption = DEFAULT_INDEX,
    json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Print an article."""
    try:
        with open_index(index_folder) as index:
            article = index.article(article_id)
            copies = _copies(index_folder, article)
    except SearchkitError as error:
        if not json:
            raise
        write(error_as_json(error))
        raise typer.Exit(error.exit_code) from None
    if json:
        write(json_text({**_record(article), "copies": copies}, indent=2))
    else:
        write(_text(article, copies, screen(sys.stdout)))


def _copies(index_folder: str, article: Article) -> list[str]:
    from searchkit.indexing import copies_of  # heavy, and only where a ledger lies
    from searchkit.indexing.homes import ledger_folder

    return copies_of(ledger_folder(index_folder), article)


def _text(article: Article, copies: list[str], style: Screen) -> str:
    where = visible(short_path(article.origin.path))
    facts = [
        ("Date", article.date.isoformat() if article.date else ""),
        ("Source", article.source),
        ("Author", ", ".join(article.authors)),
        ("Section", article.section),
        ("URL", article.url),
        ("Language", article.language),
        *((name.capitalize(), text) for name, text in article.notes),
        ("Id", article.id),
        ("Copies", ", ".join(copies)),
    ]
    out = [style.title(visible(article.title))] if article.title else []
    out += [f"{style.dim(visible(name) + ':')} {visible(value)}" for name, value in facts if value]
    place = f", {visible(article.origin.place)}" if article.origin.place else ""
    out.append(f"{style.dim('From:')} {style.link(article.origin.path, where)}{place}")
    return "\n".join(out) + "\n\n" + visible_lines(article.body)


def _record(article: Article) -> dict[str, object]:
    return {
        "id": article.id,
        "title": article.title,
        "date": article.date.isoformat() if article.date else None,
        "source": article.source,
        "authors": list(article.authors),
        "section": article.section,
        "url": article.url,
        "language": article.language,
        "path": article.origin.path,
        "place": article.origin.place,
        "notes": dict(article.notes),
        "body": article.body,
    }
