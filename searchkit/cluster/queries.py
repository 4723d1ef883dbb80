"""What are queries of the server made of? The few forms that a tree is compiled to, and how many clauses they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from searchkit.cluster.places import clauses
from searchkit.cluster.tokens import FILLER, source_key
from searchkit.engine import Filters
from searchkit.query import Days

Query = dict[str, Any]
NOTHING: Query = {"match_none": {}}
ALL: Query = {"match_all": {"boost": 0.0}}
# What no article has.
_NEVER: Query = {"term": {"has": FILLER}}


def size_of(query: Query) -> int:
    """How many clauses the server counts."""
    ((kind, inside),) = query.items()
    match kind:
        case "bool":
            parts = [one for name in ("must", "should", "must_not", "filter") for one in inside.get(name, ())]
            return sum(map(size_of, parts))
        case "constant_score":
            return size_of(inside["filter"])
        case "intervals":
            return sum(map(clauses, inside.values()))
        case "match" | "match_phrase":
            return sum([one["query"].count(" ") + 1 for one in inside.values()])
        case "dis_max":
            return sum(map(size_of, inside["queries"]))
        case "span_near":
            return sum(map(size_of, inside["clauses"]))
    return 1


def filtered(query: Query, filters: Filters) -> Query:
    """``query``, of the articles that pass."""
    conditions = []
    if filters.since or filters.until:
        conditions.append(of_days(Days(filters.since, filters.until)))
    if filters.sources:
        named: list[Query] = [{"terms": {"source": [source_key(source) for source in filters.sources if source]}}]
        if "" in filters.sources:
            named.append({"bool": {"must_not": [{"exists": {"field": "source"}}]}})
        conditions.append({"bool": {"should": named, "minimum_should_match": 1}})
    return {"bool": {"must": [query], "filter": conditions}} if conditions else query


def of_days(days: Days) -> Query:
    """Articles of these days.

    A part of the index that has no such day would leave the whole query out, and then not be asked how rare its
    words are there: so it is always asked for something that only might be there as well.
    """
    limits = {}
    if days.first:
        limits["gte"] = days.first.isoformat()
    if days.last:
        limits["lte"] = days.last.isoformat()
    dated: Query = {"range": {"day": limits}} if limits else {"exists": {"field": "day"}}
    return {"bool": {"should": [dated, _NEVER], "minimum_should_match": 1}}


def intervals(name: str, rule: Query) -> Query:
    """Articles in which a rule of intervals holds somewhere in a field."""
    return {"intervals": {f"{name}.stems": rule}}


def silent(query: Query | None) -> Query | None:
    """The same, adding nothing to a score."""
    return None if query is None else {"constant_score": {"filter": query, "boost": 0.0}}


def any_of(parts: Sequence[Query | None]) -> Query | None:
    """Articles that match one of the parts; None where none of them can be matched."""
    held = [part for part in parts if part is not None]
    if len(held) < 2:
        return held[0] if held else None
    return {"bool": {"should": held, "minimum_should_match": 1}}


def all_of(parts: Sequence[Query | None]) -> Query | None:
    """Articles that match every part; None where one of them cannot be matched."""
    held = [part for part in parts if part is not None]
    if not held or None in parts:
        return None
    return held[0] if len(held) == 1 else {"bool": {"must": held}}
