"""What a load that was ended has left undone: words of articles that are there, and not yet in the index of words.

An article and its words go different ways, and a process may be killed between them. Whoever comes next finds the
article as it should be and does not send it again; without its words it would be found by no pattern.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice

from searchkit.cluster.connection import Connection, as_error
from searchkit.cluster.indexes import ONLY_ALIASES, load_alias, removed
from searchkit.cluster.layout import Form, Layout, words_index
from searchkit.cluster.reading import article_of, every_hit
from searchkit.errors import IndexMissing

_AT_ONCE, _WORDS_AT_ONCE = 250, 5000
_THERE = 409


def mend_words(connection: Connection, index: str, layout: Layout, since: Mapping[str, int] | None) -> None:
    """Send the words of all articles that came behind the changes ``since`` of each shard; of all where it is None.

    Raises ClusterError, StorageError and the like where one of them is refused.
    """
    fresh = Layout(layout.chain.language, layout.averages)
    hits = every_hit(connection, index, {"_source": True}, since=since)
    forms: list[Form] = []
    while some := list(islice(hits, _AT_ONCE)):
        for _, _, told in fresh.documents([article_of(hit, index) for hit in some]):
            forms += told
        while len(forms) >= _WORDS_AT_ONCE:
            _send(connection, index, fresh, forms[:_WORDS_AT_ONCE])
            forms = forms[_WORDS_AT_ONCE:]
    if forms:
        _send(connection, index, fresh, forms)


def _send(connection: Connection, index: str, layout: Layout, forms: list[Form]) -> None:
    lines: list[bytes] = []
    for form in forms:
        key, source = layout.word_document(form)
        lines += [json.dumps({"create": {"_id": key}}).encode(), source]
    answer = connection.post(
        f"/{load_alias(words_index(index))}/_bulk", body=b"\n".join([*lines, b""]), params=ONLY_ALIASES
    )
    for item in answer.get("items", []):
        told = next(iter(item.values()))
        if "error" in told and told.get("status") != _THERE:
            error = as_error(int(told.get("status", 0)), told)
            raise removed("the index of the words") if isinstance(error, IndexMissing) else error
