"""Where does an index live? In a folder of this machine or in a cluster, and its ledger in a folder of this machine.

The ledger of a cluster's index tells what was read here, so it stays here: below XDG_STATE_HOME, in a folder of its
own for each address. Another machine that loads the same index has its own, and learns from the index what is there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from searchkit.article import Article
from searchkit.engine import Writer
from searchkit.errors import StorageError
from searchkit.index import is_cluster
from searchkit.local import open_writer as open_local_writer
from searchkit.store.committed import every_article as every_local_article
from searchkit.store.writer import workers_of_this_machine

_STATE = "XDG_STATE_HOME"


def open_writer(
    index: str | Path,
    *,
    language: str | None = None,
    fresh: bool = False,
    memory: int | None = None,
    workers: int | None = None,
    tell: Callable[[str], None] | None = None,
) -> Writer:
    """The writer of an index, which is made where there is none; see `local.open_writer` for what it raises.

    A cluster is written to over ``workers`` lanes, and holds back what it does not keep up with, so that ``memory``
    is of no matter there. ``tell`` hears what it has found there and put in order.
    """
    if not is_cluster(index):
        return open_local_writer(Path(index), language=language, fresh=fresh, memory=memory, workers=workers)
    from searchkit.cluster.address import parse_address  # only where there is a cluster
    from searchkit.cluster.writing import LANES, ClusterWriter

    return ClusterWriter(parse_address(str(index)), language=language, fresh=fresh, lanes=workers or LANES, tell=tell)


def ledger_folder(index: str | Path) -> Path:
    """The folder of the ledger of an index: the index itself, or one below XDG_STATE_HOME."""
    if not is_cluster(index):
        return Path(index)
    from searchkit.cluster.address import parse_address  # only where there is a cluster

    state = os.environ.get(_STATE, "")
    # (A relative one is to be ignored, says the standard.)
    home = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return home / "searchkit" / parse_address(str(index)).digest


def made_ledger_folder(index: str | Path) -> Path:
    """The folder of the ledger of an index, which is made, for its owner alone, where it is that of a cluster."""
    folder = ledger_folder(index)
    if is_cluster(index):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / "address").write_text(f"{index}\n", encoding="utf-8")
        except OSError as error:
            raise StorageError(
                f"the list of indexed files cannot be kept in {folder}: {error.strerror}",
                hint=f"Set {_STATE} to a folder that you may write to.",
            ) from error
    return folder


def every_article(index: str | Path) -> Iterator[Article]:
    """All articles of an index, in no order; raises IndexMissing where there is no index in a cluster."""
    if not is_cluster(index):
        yield from every_local_article(Path(index))
        return
    from searchkit.cluster import every_article as every_cluster_article  # only where there is a cluster

    yield from every_cluster_article(str(index))


__all__ = ["every_article", "ledger_folder", "made_ledger_folder", "open_writer", "workers_of_this_machine"]
