"""How is a whole index read? Page by page from a point in time, so that nothing is lost or comes twice meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
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
    """All articles that can be seen in ``index``, in the order of their ids.

    Raises ClusterError where not all of them came, IndexDamaged where one is none.
    """
    for hit in every_hit(connection, index, {"_source": ["article"]}):
        yield article_of(hit, index)


def every_hit(connection: Connection, index: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All documents of an index, each with what ``body`` asks for."""
    opened = connection.post(f"/{index}/_search/point_in_time", params={"keep_alive": _KEEP_ALIVE})
    point = {"id": opened["pit_id"], "keep_alive": _KEEP_ALIVE}
    search = body | {"pit": point, "sort": [{"id": "asc"}], "track_total_hits": True, "size": _FIRST_PAGE}
    given, total = 0, 0
    try:
        while True:
            answer = connection.post("/_search", body=search, timeout=_SECONDS)
            shards = answer.get("_shards", {})
            if answer.get("timed_out") or shards.get("failed") or shards.get("successful") != shards.get("total"):
                raise _incomplete(index)
            hits = answer["hits"]["hits"]
            total = int(answer["hits"]["total"]["value"])
            yield from hits
            given += len(hits)
            if len(hits) < search["size"]:
                break
            search = search | {"search_after": hits[-1]["sort"], "size": _next_size(hits)}
    finally:
        # It ends by itself where the cluster is away.
        with contextlib.suppress(SearchkitError):
            connection.delete("/_search/point_in_time", body={"pit_id": [point["id"]]}, timeout=10.0)
    if given != total:
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
