"""How is a tree answered by several machines? By an index of OpenSearch that holds the very words of a local one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from searchkit.article import Article
from searchkit.engine import Engine

if TYPE_CHECKING:
    from searchkit.cluster.checking import Report


def open_engine(address: str) -> Engine:
    """The index at this address, ready to be asked.

    Raises UsageError, IndexMissing, NotAnIndex, AnalysisMismatch, IndexDamaged, AccessRefused or ClusterError.
    """
    from searchkit.cluster.address import parse_address  # heavy, as the client of the cluster is
    from searchkit.cluster.connection import Connection
    from searchkit.cluster.engine import ClusterEngine

    parsed = parse_address(address)
    connection = Connection.to(parsed)
    try:
        connection.check_product()
        return ClusterEngine(connection, parsed.index)
    except BaseException:
        connection.close()
        raise


def every_article(address: str) -> Iterator[Article]:
    """All articles of the index at this address, in no order."""
    from contextlib import closing

    from searchkit.cluster.address import parse_address  # heavy, as the client of the cluster is
    from searchkit.cluster.connection import Connection
    from searchkit.cluster.indexes import Indexes
    from searchkit.cluster.reading import every_article as every

    parsed = parse_address(address)
    with closing(Connection.to(parsed)) as connection:
        connection.check_product()
        yield from every(connection, Indexes(connection, parsed.index).find().index)


def check_index(address: str, *, deep: bool = False, against: str = "") -> Report:
    """Compare what the index at this address holds with what its articles say; see searchkit/cluster/checking.py."""
    from searchkit.cluster.checking import check  # heavy: only a check needs it

    return check(address, deep=deep, against=against)


__all__ = ["check_index", "every_article", "open_engine"]
