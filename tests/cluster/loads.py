"""What the tests of loading share: articles by number, the address of an index, and a look at what stands there."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cluster.server import ask
from searchkit.article import Article, Origin
from searchkit.cluster import every_article, open_engine
from searchkit.cluster.address import Address, parse_address
from searchkit.cluster.writing import ClusterWriter
from searchkit.engine import Request
from searchkit.query import Everything, parse

FIRST_DAY = datetime.date(2020, 1, 1)


def article(number: int, said: str = "") -> Article:
    """An article of its own for each number; ``number0`` is the one word that no other has."""
    return Article(
        id=f"news/{number}",
        title=f"Report {number} on the harbour",
        body=f"The council met for the {number}th time. Word number{number} was said.\n\nNobody left early. {said}",
        date=FIRST_DAY + datetime.timedelta(days=number % 900),
        source=("The Herald", "Evening Post")[number % 2],
        authors=(f"Reporter {number % 7}",),
        origin=Origin(f"/news/{number}.txt"),
        notes=(("slugline", f"harbour-{number}"),),
    )


def articles(count: int) -> Iterator[Article]:
    return map(article, range(count))


def address_at(urls: str | Iterable[str], name: str) -> Address:
    """The address of an index at servers of the tests, each "http://host:port"."""
    hosts = [urls] if isinstance(urls, str) else list(urls)
    secure = hosts[0].startswith("https:")
    listed = ",".join(url.partition("://")[2] for url in hosts)
    return parse_address(f"opensearch{'+https' if secure else ''}://{listed}/{name}")


def load(address: Address, items: Iterable[Article], **options: Any) -> None:
    """Put articles and commit them."""
    with ClusterWriter(address, **options) as writer:
        for item in items:
            writer.put(item)
        assert list(writer.commit()) == []


def total(address: Address, query: str = "") -> int:
    """How many articles match."""
    engine = open_engine(str(address))
    try:
        tree = parse(query).tree if query else Everything()
        return engine.search(Request(tree, limit=0, details=False)).total
    finally:
        engine.close()


def held(address: Address) -> dict[str, Article]:
    """All articles, by their ids."""
    return {one.id: one for one in every_article(str(address))}


def indexes_of(url: str, name: str) -> dict[str, dict[str, str]]:
    """The indexes whose names begin with this one, each with its settings."""
    _, told = ask(f"{url}/{name}-*/_settings?flat_settings=true")
    return {index: one["settings"] for index, one in sorted(told.items())}


def remove_all(url: str, name: str) -> None:
    """Remove all that belongs to a name."""
    for index in indexes_of(url, name):
        ask(f"{url}/{index}", "DELETE")
    ask(f"{url}/{name}", "DELETE")


@contextmanager
def corpus(folder: Path, count: int) -> Iterator[Path]:
    """A folder with so many articles in files of text."""
    folder.mkdir(parents=True)
    for number in range(count):
        one = article(number)
        (folder / f"{number:04}.txt").write_text(f"{one.title}\n\n{one.body}\n", encoding="utf-8")
    yield folder
