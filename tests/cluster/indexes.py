"""Small indexes on a real server for the tests, loaded by the layout alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence

from searchkit.article import Article
from searchkit.cluster.connection import Connection
from searchkit.cluster.engine import ClusterEngine
from searchkit.cluster.layout import Layout, words_index

_LINES = 500


def own(name: str) -> str:
    """An index name that no other run of the tests has."""
    return f"{name}-{os.getpid()}"


def make_index(
    connection: Connection, index: str, articles: Sequence[Article], *, shards: int = 1, language: str = "english"
) -> ClusterEngine:
    """An index of these articles, in place of one that has the name."""
    remove_index(connection, index)
    layout = Layout.for_articles(language, articles)
    connection.put(f"/{index}", body=layout.settings_and_mappings(shards))
    connection.put(f"/{words_index(index)}", body=layout.words_settings_and_mappings())
    add(connection, index, layout, articles)
    return ClusterEngine(connection, index)


def remove_index(connection: Connection, index: str) -> None:
    """Remove an index, if it is there."""
    both = f"{index},{words_index(index)}"
    connection.delete(f"/{both}", params={"ignore_unavailable": "true"})


def add(connection: Connection, index: str, layout: Layout, articles: Iterable[Article]) -> None:
    """Add articles, each in place of one with its id, and show them."""
    lines: list[str] = []
    for key, source, forms in layout.documents(articles):
        lines += [json.dumps({"index": {"_index": index, "_id": key}}), source.decode()]
        for form in forms:
            word, document = layout.word_document(form)
            lines += [json.dumps({"index": {"_index": words_index(index), "_id": word}}), document.decode()]
        if len(lines) > _LINES:
            _send(connection, lines)
            lines = []
    if lines:
        _send(connection, lines)
    connection.post(f"/{index},{words_index(index)}/_refresh")


def remove(connection: Connection, index: str, keys: Iterable[str]) -> None:
    """Remove documents."""
    lines = [json.dumps({"delete": {"_index": index, "_id": key}}) for key in keys]
    if lines:
        _send(connection, lines)
    connection.post(f"/{index}/_refresh")


def _send(connection: Connection, lines: list[str]) -> None:
    answer = connection.post("/_bulk", body="\n".join([*lines, ""]))
    assert not answer["errors"], [item for item in answer["items"] if "error" in next(iter(item.values()))][:3]
