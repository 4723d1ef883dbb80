"""How does one request speak to the server? Several searches in one round trip, each whole or an error."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from searchkit.cluster.connection import Connection, as_error
from searchkit.errors import ClusterError, QueryTimeout, QueryTooLarge, SearchkitError

# The answer may be on its way when the server's time ends.
_GRACE = 0.5
# Without a deadline, in seconds.
_LONGEST = 120.0
# So many searches in one round trip.
_MOST_AT_ONCE = 500


class Asking:
    """One request to the server; ``deadline`` is what time.monotonic_ns() must not pass, 0 for none."""

    def __init__(self, connection: Connection, deadline: int = 0) -> None:
        self._connection = connection
        self._deadline = deadline

    def seconds_left(self) -> float:
        """Until the deadline; raises QueryTimeout behind it."""
        if not self._deadline:
            return _LONGEST
        left = (self._deadline - time.monotonic_ns()) / 1e9
        if left <= 0:
            raise timed_out()
        return min(left, _LONGEST)

    def search(self, index: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to one search."""
        return self.searches(index, [body])[0]

    def searches(self, index: str, bodies: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The answers to searches: all shards have answered, in time, or it is an error."""
        found: list[dict[str, Any]] = []
        for first in range(0, len(bodies), _MOST_AT_ONCE):
            found += self._at_once(index, bodies[first : first + _MOST_AT_ONCE])
        return found

    def counts(self, index: str, queries: Sequence[dict[str, Any]]) -> list[int]:
        """How many documents match each query."""
        return [total_of(answer) for answer in self.searches(index, [counting(query) for query in queries])]

    def articles(self, index: str, keys: Sequence[str]) -> list[dict[str, Any] | None]:
        """The documents with these keys, None for each that is gone."""
        left = self.seconds_left()
        answer = self._connection.post(
            f"/{index}/_mget", body={"ids": list(keys)}, params={"realtime": "false"}, timeout=left + _GRACE
        )
        return [_document(one) for one in answer["docs"]]

    def _at_once(self, index: str, bodies: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        left = self.seconds_left()
        limit = {"timeout": f"{max(1, int(left * 1000))}ms"} if self._deadline else {}
        # Rarity is that in all shards, not in the one where an article happens to be.
        header = {"search_type": "dfs_query_then_fetch", "allow_partial_search_results": False}
        if index:
            # (A point in time knows its own.)
            header["index"] = index
        lines = [json.dumps(line) for body in bodies for line in (header, {**body, **limit})]
        answer = self._connection.post(
            "/_msearch", body="\n".join([*lines, ""]), timeout=left + _GRACE if self._deadline else left
        )
        responses = answer.get("responses", [])
        if len(responses) != len(bodies):
            raise ClusterError("the cluster answered something else than it was asked", hint="Ask again.")
        return [_whole(one, index) for one in responses]


def counting(query: dict[str, Any]) -> dict[str, Any]:
    """A search that only counts."""
    return {"query": {"constant_score": {"filter": query}}, "size": 0, "track_total_hits": True}


def total_of(answer: dict[str, Any]) -> int:
    """How many documents matched, exactly."""
    return int(answer["hits"]["total"]["value"])


def timed_out() -> QueryTimeout:
    """The error about a query whose deadline has passed."""
    return QueryTimeout(
        "the query took longer than it may, and half of an answer is none",
        hint="Allow more with --timeout, or ask for rarer words.",
    )


def _whole(answer: dict[str, Any], index: str) -> dict[str, Any]:
    if "error" in answer:
        raise _refused(answer["error"], int(answer.get("status", 500)))
    if answer.get("timed_out"):
        raise timed_out()
    shards = answer.get("_shards", {})
    if shards.get("failed") or shards.get("successful") != shards.get("total"):
        raise _incomplete(index)
    return answer


def _incomplete(index: str) -> ClusterError:
    return ClusterError(
        f"parts of the index {index} did not answer, and half of an answer is none",
        hint="See which nodes of the cluster are away: GET _cluster/health",
    )


def _refused(error: dict[str, Any], status: int) -> SearchkitError:
    """What the server says of a search, as an error of ours."""
    said = json.dumps(error).lower()
    if any(name in said for name in ("too_many_clauses", "too_many_nested_clauses", "maxclausecount")):
        return QueryTooLarge(
            "the query has more words, with all that its patterns mean, than the cluster takes at once",
            hint="Ask in several queries, or raise the cluster's indices.query.bool.max_clause_count.",
        )
    if any(name in said for name in ("time exceeded", "time_exceeded", "task_cancelled")):
        return timed_out()
    if "circuit_breaking_exception" in said:
        return QueryTooLarge(
            "the query needs more memory than a node of the cluster has for it", hint="Ask for less at once."
        )
    return as_error(status, error)


def _document(one: dict[str, Any]) -> dict[str, Any] | None:
    if "error" in one:
        raise _refused(one["error"], 500)
    return one if one.get("found") else None
