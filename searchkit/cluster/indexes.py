"""Which indexes stand behind a name? An alias, the index that it means, the index of its words, and a small state.

news                  the alias that is asked
news-000001           the articles; a rebuild makes news-000002 and lets the alias mean it
news-000001-words     their written forms
news-state            documents about the loading: who writes, which commit is the last, what is to be restored

Each of the three has an alias of its own that all is written through (``…-load``). A server makes an index for
whatever is sent to a name that it does not know, with a mapping that it guesses; an alias it does not make. So an
index that somebody removes in the middle of a load stays away, and the load ends with a sentence.
"""

from __future__ import annotations

import contextlib
import random
import re
import time
from collections.abc import Mapping
from typing import Any, TypedDict

from searchkit.cluster.address import replicas, shards
from searchkit.cluster.connection import Connection
from searchkit.cluster.layout import Layout, words_index
from searchkit.errors import (
    ClusterError,
    ClusterUnavailable,
    IndexDamaged,
    IndexMissing,
    NotAnIndex,
    SearchkitError,
)
from searchkit.frozen import frozen

_REFRESH, _COPIES = "refresh_interval", "number_of_replicas"
_NO_REFRESH = "-1"
_HEALTH = 10.0
_TIMED_OUT = 408
# How long it is waited until copies stand on other nodes.
_COPYING = 600.0
# What a template of the cluster, for names like ours, must not say in our place.
_NOT_OF_TEMPLATES: dict[str, object] = {
    "default_pipeline": "_none",
    "final_pipeline": "_none",
    "max_result_window": 10_000,
    "max_terms_count": 65_536,
    "max_docvalue_fields_search": 100,
    "mapping.total_fields.limit": 1000,
}
# What is sent to an alias that is not there is refused.
ONLY_ALIASES = {"require_alias": "true"}


def load_alias(index: str) -> str:
    """The name by which an index is written to."""
    return f"{index}-load"


def removed(what: str) -> IndexDamaged:
    """The error about an index that was there when the load began."""
    return IndexDamaged(
        f"somebody has removed {what} from the cluster while it was written to",
        hint="See who does that; then run the same command again, which puts in what is missing.",
    )


@frozen
class Standing:
    """What a name stands for: the index, its layout, and whether the name is an alias of it."""

    index: str
    layout: Layout
    is_alias: bool


class Held(TypedDict):
    """What a commit notes of an index: articles, words, and the number of the last change of each shard."""

    articles: int
    words: int
    changes: dict[str, int]


class Indexes:
    """The indexes behind the name ``name``."""

    def __init__(self, connection: Connection, name: str, *, patience: float = 0.0) -> None:
        self._connection = connection
        # In seconds: how long a node that is away is waited for; what is done here may be done twice.
        self._patience = patience
        self._name = name
        self._state = f"{name}-state"
        self._has_state = False

    def find(self) -> Standing:
        """What the name stands for.

        Raises IndexMissing, NotAnIndex where it is something else's, AnalysisMismatch where other words were
        found, IndexDamaged where somebody changed the mapping.
        """
        index, told = self.behind()
        mappings = told.get("mappings", {})
        layout = Layout.of_metadata(mappings.get("_meta"), self._name)
        check_mapping(layout, mappings, self._name)
        return Standing(index, layout, index != self._name)

    def find_whole(self) -> Standing:
        """What the name stands for; raises IndexDamaged, too, where the index of its words is gone."""
        standing = self.find()
        try:
            self._connection.get(f"/{words_index(standing.index)}/_mapping")
        except IndexMissing as error:
            raise IndexDamaged(error.message, hint=error.hint) from None
        return standing

    def behind(self) -> tuple[str, dict[str, Any]]:
        """(the index that the name means, what the server tells of it), whatever it is."""
        try:
            found = self._connection.get(f"/{self._name}")
        except IndexMissing:
            raise IndexMissing(
                f"the cluster has no index {self._name}", hint="Make it with: searchkit index PATH --index ADDRESS"
            ) from None
        if len(found) != 1:
            raise NotAnIndex(
                f"{self._name} stands for {len(found)} indexes of the cluster", hint="Give the name of another."
            )
        ((index, told),) = found.items()
        return index, told

    def make(self, layout: Layout) -> str:
        """A new, empty index and the one of its words, which no name means yet; refresh and copies are off."""
        pattern = re.compile(re.escape(self._name) + r"-(\d{6,})")
        taken = [match[1] for name in self._all() if (match := pattern.match(name))]
        index = f"{self._name}-{max(map(int, taken), default=0) + 1:06}"
        wanted = self._wanted_copies()
        self.note("load", {"index": index, "restore": {_REFRESH: None, _COPIES: wanted}})
        try:
            for name, body in (
                (index, layout.settings_and_mappings(shards())),
                (words_index(index), layout.words_settings_and_mappings(1)),
            ):
                body["settings"]["index"][_REFRESH] = _NO_REFRESH
                self._make(name, body)
        except SearchkitError:
            for name in (index, words_index(index)):
                with contextlib.suppress(SearchkitError):
                    self._connection.delete(f"/{name}")
            raise
        return index

    def _make(self, name: str, body: dict[str, Any]) -> None:
        """One index, as it is asked for and not as a template of the cluster has it."""
        body["settings"]["index"] |= _NOT_OF_TEMPLATES
        body["aliases"] = {load_alias(name): {}}
        hint = f"Let the templates of the cluster leave {self._name}-* out: GET _index_template, GET _template"
        try:
            self._connection.put(f"/{name}", body=body)
        except ClusterError as error:
            if isinstance(error, ClusterUnavailable):
                raise
            raise ClusterError(error.message, hint=hint, status=error.status) from None
        made = self._connection.get(f"/{name}")[name]
        more = made["aliases"].keys() - body["aliases"].keys()
        where = f"the alias {min(more)}" if more else _difference(body["mappings"], made["mappings"])
        if where is not None:
            raise ClusterError(f"a template of the cluster has given the new index {name} {where}", hint=hint)

    def begin_load(self, index: str) -> None:
        """Turn refresh off for an index that articles are in; what it was is noted first, to be restored."""
        self._let_load(index, words_index(index))
        settings = self._settings(index)
        if settings.get(_REFRESH) == _NO_REFRESH:
            # Whoever turned it off for good wants it so.
            return
        self.note("load", {"index": index, "restore": {_REFRESH: settings.get(_REFRESH)}})
        self._set(index, {_REFRESH: _NO_REFRESH})

    def end_load(self) -> None:
        """Restore what a load has turned off, this one or one that was killed."""
        told = self.noted("load")
        if not told:
            return
        index, restored = told.get("index"), told.get("restore")
        if isinstance(index, str) and isinstance(restored, dict) and self._is_ours(index):
            with contextlib.suppress(IndexMissing):
                self._set(index, {key: restored[key] for key in (_REFRESH, _COPIES) if key in restored})
        self.forget("load")

    def lacks_copies(self, index: str) -> bool:
        """Whether a load has still to make the copies of an index, so that a lost disk would take articles."""
        told = self.noted("load") or {}
        restored = told.get("restore")
        return told.get("index") == index and isinstance(restored, dict) and bool(restored.get(_COPIES))

    def show(self, index: str) -> None:
        """Make all that was acknowledged visible; raises ClusterError where a shard did not."""
        end = time.monotonic() + self._patience
        while True:
            path = f"/{index},{words_index(index)}/_refresh"
            failed = self._connection.post(path, patience=self._patience).get("_shards", {}).get("failed", 0)
            if not failed:
                return
            if time.monotonic() > end:
                raise ClusterUnavailable(
                    f"{failed} shards of {index} could not be refreshed",
                    hint="See which nodes of the cluster are away (GET _cluster/health), and run this again.",
                )
            time.sleep(random.uniform(0.5, 1))  # noqa: S311  (no secret)

    def count(self, index: str) -> int:
        """How many articles can be seen in an index; raises ClusterError where a shard does not say."""
        end = time.monotonic() + self._patience
        while True:
            answer = self._connection.get(f"/{index}/_count", patience=self._patience)
            told = answer.get("_shards", {})
            if not told.get("failed") and told.get("successful") == told.get("total"):
                return int(answer["count"])
            if time.monotonic() > end:
                raise ClusterUnavailable(
                    f"parts of {index} did not answer",
                    hint="See which nodes of the cluster are away (GET _cluster/health), and run this again.",
                )
            time.sleep(random.uniform(0.5, 1))  # noqa: S311  (no secret)

    def held(self, index: str) -> Held:
        """What a commit notes, so that a check can see what came behind it."""
        return {
            "articles": self.count(index),
            "words": self.count(words_index(index)),
            "changes": self.changes(index),
        }

    def changes(self, index: str) -> dict[str, int]:
        """The number of the last change of each shard of an index; it grows with each document put or removed."""
        told = self._connection.get(f"/{index}/_stats/docs", params={"level": "shards"}, patience=self._patience)
        return {
            shard: int(copy["seq_no"]["max_seq_no"])
            for shard, copies in told.get("indices", {}).get(index, {}).get("shards", {}).items()
            for copy in copies
            if copy.get("routing", {}).get("primary") and "seq_no" in copy
        }

    def await_copies(self, index: str) -> None:
        """Wait until the copies of an index stand where they can; a cluster that is too small has fewer."""
        params = {"wait_for_no_initializing_shards": "true", "timeout": f"{_COPYING:.0f}s"}
        try:
            self._connection.get(f"/_cluster/health/{index}", params=params, timeout=_COPYING + _HEALTH)
        except ClusterError as error:
            if error.status != _TIMED_OUT:
                raise

    def switch(self, index: str) -> None:
        """Let the name mean this index, in one step, and no other."""
        before = self._meant()
        actions: list[dict[str, Any]] = [{"add": {"index": index, "alias": self._name}}]
        actions += [{"remove": {"index": name, "alias": self._name}} for name in before if name != index]
        self._connection.post("/_aliases", body={"actions": actions})

    def remove_others(self, index: str) -> list[str]:
        """Remove the indexes of this name that it does not mean: old ones, and those of a load that was killed."""
        others = self.others(index)
        for name in others:
            self._connection.delete(f"/{name}")
            self.forget(f"commit-{name}")
        return others

    def others(self, index: str) -> list[str]:
        """The indexes of this name beside the one that it means, '' for none."""
        keep = {index, words_index(index)} if index else set()
        others = [name for name in self._all() if self._is_ours(name) and name not in keep]
        # Their metadata says whose they are: another program may like the same names.
        return [name for name in sorted(others) if "searchkit" in self._metadata(name)]

    def _metadata(self, name: str) -> dict[str, Any]:
        told = self._connection.get(f"/{name}/_mapping").get(name, {}).get("mappings", {})
        metadata: dict[str, Any] = told.get("_meta", {})
        return metadata

    def noted(self, key: str) -> dict[str, Any] | None:
        """What the state says under ``key``."""
        told = self.state(key)
        return told["_source"]["told"] if told else None

    def state(self, key: str) -> dict[str, Any] | None:
        """A whole document of the state, with the numbers of its last change."""
        try:
            told = self._connection.get(f"/{self._state}/_doc/{key}")
        except IndexMissing:
            return None
        return told if told.get("found") else None

    def note(self, key: str, told: Mapping[str, Any], **conditions: object) -> dict[str, Any]:
        """Say something under ``key``; ``conditions`` are the server's, of which a ClusterError of 409 tells."""
        self._make_state()
        patience = 0.0 if conditions else self._patience
        path = f"/{load_alias(self._state)}/_doc/{key}"
        try:
            return self._connection.put(
                path, body={"told": told}, params=ONLY_ALIASES | conditions, patience=patience
            )
        except IndexMissing:
            raise removed(f"the index {self._state}") from None

    def forget(self, key: str, **conditions: object) -> None:
        """Say no more about ``key``."""
        # Where there is no state, nothing is said.
        with contextlib.suppress(IndexMissing):
            self._connection.delete(f"/{self._state}/_doc/{key}", params=conditions)

    def _make_state(self) -> None:
        if self._has_state:
            return
        body = {
            "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-2"}},
            "mappings": {"dynamic": "strict", "properties": {"told": {"type": "object", "enabled": False}}},
        }
        try:
            self._let_load(self._state)
        except IndexMissing:
            try:
                self._make(self._state, body)
            except ClusterError as error:
                if "already exists" not in error.message:
                    raise
        self._has_state = True

    def _let_load(self, *indexes: str) -> None:
        """Give indexes the aliases that they are written through, where another release has made them without."""
        for index in indexes:
            ((name, told),) = self._connection.get(f"/{index}/_alias").items()
            if load_alias(index) not in told.get("aliases", {}):
                add = {"add": {"index": name, "alias": load_alias(index)}}
                self._connection.post("/_aliases", body={"actions": [add]})

    def _wanted_copies(self) -> int:
        said = replicas()
        if said is not None:
            return said
        return int(self._connection.get("/_cluster/health")["number_of_data_nodes"] > 1)

    def _settings(self, index: str) -> dict[str, Any]:
        told = self._connection.get(f"/{index}/_settings")
        settings: dict[str, Any] = next(iter(told.values()))["settings"]["index"]
        return settings

    def _set(self, index: str, settings: Mapping[str, object]) -> None:
        path = f"/{index},{words_index(index)}/_settings"
        self._connection.put(path, body={"index": settings}, patience=self._patience)

    def _all(self) -> list[str]:
        """The names of all indexes that begin with this name and a number."""
        return list(self._connection.get(f"/{self._name}-*/_settings", params={"flat_settings": "true"}))

    def _is_ours(self, name: str) -> bool:
        return bool(re.fullmatch(re.escape(self._name) + r"-\d{6,}(-words)?", name)) or name == self._name

    def _meant(self) -> list[str]:
        """The indexes that the name is an alias of."""
        try:
            return [name for name in self._connection.get(f"/{self._name}") if name != self._name]
        except IndexMissing:
            return []


def check_mapping(layout: Layout, mappings: Mapping[str, Any], name: str) -> None:
    """Raise IndexDamaged where the mapping of an index is not what its layout makes: somebody has changed it."""
    wanted = layout.settings_and_mappings()["mappings"]
    if (where := _difference(wanted, mappings)) is not None:
        raise IndexDamaged(
            f"somebody has changed the mapping of the index {name}: {where}",
            hint="Build it again: searchkit index --rebuild PATH",
        )


def _difference(wanted: Mapping[str, Any], there: Mapping[str, Any], path: str = "") -> str | None:
    """Where two mappings differ; the server leaves out that something with properties is an object."""
    for key in sorted({*wanted, *there}):
        at = f"{path}.{key}" if path else key
        one, other = wanted.get(key), there.get(key)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            if (inner := _difference(one, other, at)) is not None:
                return inner
        elif _plain(one) != _plain(other) and (key, one, other) != ("type", "object", None):
            return at
    return None


def _plain(value: object) -> object:
    """A value as the server writes it: numbers and truth in a text or not."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if value is None else str(value).lower()
