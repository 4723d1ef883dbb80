"""How is a whole index read? Page by page from a point in time, so that nothing is lost or comes twice meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from searchkit.article import Article
from searchkit.cluster.connection import Connection
from searchkit.cluster.stored import from_stored
from searchkit.errors import ClusterError, IndexDamaged, SearchkitError

_KEEP_ALIVE = "5m"
# Articles of a page, at first and at most, and about how many characters a page should have.
_FIRST_PAGE, _LARGEST_PAGE = 50, 1000
_CHARACTERS = 8_000_000
_SECONDS = 120.0


def every_article(connection: Connection, index: str) -> Iterator[Article]:
    """All articles that can be seen in ``index``, in the order in which the server holds them, shard after shard.

    Raises ClusterError where not all of them came, IndexDamaged where one is none.
    """
    # (A source holds the article alone; to name it would make the server take each source apart.)
    for hit in every_hit(connection, index, {"_source": True}):
        yield article_of(hit, index)


def every_hit(connection: Connection, index: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All documents of an index, each with what ``body`` asks for.

    No other order costs as little: for each page of another one the server looks at the whole index again.
    """
    shards = int(connection.get(f"/{index}/_count")["_shards"]["total"])
    with ThreadPoolExecutor(1, "searchkit-read") as ahead:
        for shard in range(shards):
            with _point_in_time(connection, index, shard) as point:
                yield from _every_hit_of(connection, index, body | {"pit": point}, ahead)


@contextlib.contextmanager
def _point_in_time(connection: Connection, index: str, shard: int) -> Iterator[dict[str, str]]:
    params = {"keep_alive": _KEEP_ALIVE, "preference": f"_shards:{shard}"}
    opened = connection.post(f"/{index}/_search/point_in_time", params=params)
    try:
        yield {"id": opened["pit_id"], "keep_alive": _KEEP_ALIVE}
    finally:
        # It ends by itself where the cluster is away.
        with contextlib.suppress(SearchkitError):
            connection.delete("/_search/point_in_time", body={"pit_id": [opened["pit_id"]]}, timeout=10.0)


def _every_hit_of(
    connection: Connection, index: str, body: dict[str, Any], ahead: ThreadPoolExecutor
) -> Iterator[dict[str, Any]]:
    """All of one shard; a page is on its way while the one before is looked at."""

    def page(search: dict[str, Any]) -> dict[str, Any]:
        return connection.post("/_search", body=search, timeout=_SECONDS)

    search = body | {"sort": ["_doc"], "track_total_hits": True, "size": _FIRST_PAGE}
    given = 0
    coming = ahead.submit(page, search)
    while True:
        answer = coming.result()
        shards = answer.get("_shards", {})
        if answer.get("timed_out") or shards.get("failed") or shards.get("successful") != shards.get("total"):
            raise _incomplete(index)
        hits = answer["hits"]["hits"]
        last = len(hits) < search["size"]
        if not last:
            search = search | {"search_after": hits[-1]["sort"], "size": _next_size(hits)}
            coming = ahead.submit(page, search)
        yield from hits
        given += len(hits)
        if last:
            break
    if given != answer["hits"]["total"]["value"]:
        raise _incomplete(index)


def article_of(document: dict[str, Any], index: str) -> Article:
    """The article of a document; raises IndexDamaged where it is none."""
    try:
        return from_stored(document["_source"]["article"])
    except (KeyError, TypeError, ValueError):
        raise IndexDamaged(
            f"a document of the index {index} is no article", hint="Build it again: searchkit index --rebuild PATH"
        ) from None


def _next_size(hits: list[dict[str, Any]]) -> int:
    """How many to ask for next, so that a page of long articles still fits."""
    characters = sum(len(hit.get("_source", {}).get("article", {}).get("body", "")) + 500 for hit in hits)
    return max(1, min(_LARGEST_PAGE, _CHARACTERS * len(hits) // characters))


def _incomplete(index: str) -> ClusterError:
    return ClusterError(
        f"parts of the index {index} did not answer, and half of an index is none",
        hint="See which nodes of the cluster are away (GET _cluster/health), and try again.",
    )
