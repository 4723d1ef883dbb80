"""How does an index get from one place to another? Article by article, in one commit, counted at the end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from searchkit.article import Problem
from searchkit.engine import Engine, Request
from searchkit.errors import IndexMissing, OperationError, UsageError
from searchkit.frozen import frozen
from searchkit.index import is_cluster
from searchkit.indexing.homes import every_article, open_writer
from searchkit.query import Everything

# After so many articles somebody looks whether Ctrl-C was pressed.
_LOOK = 100


@frozen
class Copied:
    """How many articles are in the copy, and what the other engine did not take."""

    articles: int
    problems: tuple[Problem, ...] = ()


def copy_index(
    source: str | Path,
    target: str | Path,
    *,
    replace: bool = False,
    memory: int | None = None,
    workers: int | None = None,
    watch: Callable[[int, int], None] | None = None,
) -> Copied:
    """Copy all articles of one index into another, a folder or an address of a cluster each.

    ``target`` must hold none, unless ``replace`` lets it give way. ``watch`` is called with articles that were put
    and articles that there are. Raises UsageError, the errors of opening either, and OperationError where the two
    do not hold as many articles at the end; then and after any other error the target is what it was before.
    """
    if str(source) == str(target):
        raise UsageError("an index cannot be copied to where it is", hint="Name another folder or address.")
    with closing(_opened(source)) as engine:
        language, total = engine.language, _count(engine)
        _check_target(target, replace)
        with open_writer(target, language=language, fresh=replace, memory=memory, workers=workers) as writer:
            writer.clear()
            put = 0
            for article in every_article(source):
                writer.put(article)
                put += 1
                if watch and not put % _LOOK:
                    watch(put, total)
            if put != total:
                raise OperationError(
                    f"{source} has changed: it held {total:,} articles, and {put:,} came out of it",
                    hint="Copy it while nobody writes to it.",
                )
            refused = writer.commit()
    with closing(_opened(target)) as engine:
        there = _count(engine)
    if there != total - len(refused):
        raise OperationError(
            f"{target} holds {there:,} articles, and {source} {total:,}",
            hint="Copy it again, with --replace, while nobody else writes to it.",
        )
    return Copied(there, tuple(one.problem for one in refused))


def _opened(index: str | Path) -> Engine:
    if is_cluster(index):
        from searchkit.cluster import open_engine as open_in_cluster  # only where there is a cluster

        return open_in_cluster(str(index))
    from searchkit.local import open_engine

    return open_engine(Path(index))


def _count(engine: Engine) -> int:
    return engine.search(Request(Everything(), limit=0, details=False)).total


def _check_target(target: str | Path, replace: bool) -> None:
    """Raise UsageError where the target holds articles that nobody has given up."""
    if replace:
        return
    try:
        with closing(_opened(target)) as engine:
            count = _count(engine)
    except IndexMissing:
        return
    if count:
        raise UsageError(f"{target} holds {count:,} articles already", hint="To let them give way, say --replace.")
