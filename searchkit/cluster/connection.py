"""How does a request reach the cluster? Through opensearch-py's low-level client, and every failure becomes ours.

This is the only file that knows the client. Requests that only ask are asked again, of another node where there is
one; those that change something are not, since nobody knows whether the first was done.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from searchkit.cluster.address import CA_FILE, PASSWORD, USER, Address, certificates, credentials
from searchkit.errors import (
    AccessRefused,
    ClusterError,
    ClusterUnavailable,
    IndexMissing,
    NotAnIndex,
    QueryTimeout,
    SearchkitError,
    StorageError,
    UsageError,
)

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

# In seconds, where nobody says otherwise.
_TIMEOUT = 60.0
_CONNECTIONS = 16
# How often what only asks is asked again, and how long it is waited before, at first and at most.
_AGAIN = 3
_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
_OLDEST, _TOO_NEW = (2, 10), (4, 0)
_ASKS = re.compile(r"/_(?:m?search|count|mget|termvectors|mtermvectors|validate|explain|field_caps)\b")
TOO_MANY_REQUESTS, TOO_LARGE = 429, 413
_PASSING = (TOO_MANY_REQUESTS, 502, 503, 504)
# In the place of a status: nothing was sent; nothing came in time.
NOT_SENT, LATE = -2, -1
# What the server says, with any status, while a node is lost and another takes its part.
_NODE_IS_AWAY = re.compile(
    r"\b(?:node_disconnected|node_not_connected|node_closed|connect_transport|no_shard_available_action|"
    r"unavailable_shards|cluster_manager_not_discovered|master_not_discovered|receive_timeout_transport|"
    r"shard_not_found|index_shard_closed)_exception\b"
)
_BLOCKS_READING = re.compile(r"/index (?:read|metadata) \(api\)")
# What the security plugin says.
_RIGHT = re.compile(r"no permissions for \[([^\]]+)\]")
# The index of the words of another; searchkit/cluster/indexes.py has all names.
_WORDS = re.compile(r"(.+)-words(?:-load)?")


class Options(TypedDict, total=False):
    """What goes with a request: JSON or lines of it, parameters of the address, and seconds."""

    body: object
    params: Mapping[str, Any] | None
    timeout: float | None
    patience: float


class Connection:
    """A cluster at these addresses, each "http://host:port"; a password and authorities only where it has them."""

    def __init__(self, *urls: str, user: str = "", password: str = "", authorities: str = "") -> None:
        try:
            from opensearchpy import OpenSearch  # an extra, and heavy
        except ImportError as error:
            raise UsageError("a cluster needs a library", hint="pip install 'searchkit[cluster]'") from error
        # What fails is told by our errors; the client's own warnings would come on top.
        logging.getLogger("opensearch").setLevel(logging.CRITICAL)
        secure = urls[0].startswith("https:")
        more: dict[str, Any] = {"ca_certs": authorities} if authorities else {}
        if secure:
            more["verify_certs"] = True
        if user:
            more["http_auth"] = (user, password)
        self._urls = urls
        self._client: OpenSearch = OpenSearch(
            list(urls),
            use_ssl=secure,
            max_retries=0,
            timeout=_TIMEOUT,
            pool_maxsize=_CONNECTIONS,
            **more,
        )

    @classmethod
    def to(cls, address: Address) -> Connection:
        """The cluster at ``address``, as who the environment says; raises UsageError."""
        who = credentials(address)
        authorities = certificates() if address.secure else ""
        return cls(*address.urls, user=who.user, password=who.password, authorities=authorities)

    def get(self, path: str, **options: Unpack[Options]) -> dict[str, Any]:
        """What is there."""
        return self._ask("GET", path, **options)

    def post(self, path: str, **options: Unpack[Options]) -> dict[str, Any]:
        """The answer to a question."""
        return self._ask("POST", path, **options)

    def put(self, path: str, **options: Unpack[Options]) -> dict[str, Any]:
        """Make or change something."""
        return self._ask("PUT", path, **options)

    def delete(self, path: str, **options: Unpack[Options]) -> dict[str, Any]:
        """Remove something."""
        return self._ask("DELETE", path, **options)

    def check_product(self) -> None:
        """Raise NotAnIndex where another program answers, or a release that this was not made for."""
        told = self.get("/")
        version = told.get("version")
        number = str(version.get("number", "")) if isinstance(version, Mapping) else ""
        if not isinstance(version, Mapping) or version.get("distribution") != "opensearch":
            what = f"Elasticsearch {number}" if "Know, for Search" in str(told.get("tagline")) else "another program"
            raise NotAnIndex(
                f"at {self._urls[0]} answers {what}, not OpenSearch",
                hint="Give the address of a cluster of OpenSearch.",
            )
        release = tuple(int(part) for part in re.findall(r"\d+", number)[:2])
        if not _OLDEST <= release < _TOO_NEW:
            raise NotAnIndex(
                f"at {self._urls[0]} answers OpenSearch {number}; searchkit works with 2.10 to 3.x",
                hint="Install a release between these on the cluster.",
            )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        params: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        patience: float = 0.0,
    ) -> dict[str, Any]:
        """One request, and the JSON of its answer; of a document that is not there the answer that says so.

        With ``patience`` it is one that may be done twice, and is sent again for so many seconds.
        """
        from opensearchpy.exceptions import OpenSearchException, TransportError

        harmless = method == "GET" or bool(_ASKS.search(path)) or patience > 0
        began = time.monotonic()
        end = began + max(timeout or _TIMEOUT, patience)
        tries = 0
        while True:
            left = min(max(end - time.monotonic(), 0.001), timeout or _TIMEOUT)
            given = {**(params or {}), "request_timeout": left}
            try:
                answer = self._client.transport.perform_request(method, path, params=given, body=body)
            except OpenSearchException as error:
                info = error.info if isinstance(error, TransportError) and error.status_code == 404 else None
                if isinstance(info, dict) and _not_there(info):
                    return info
                ours = self._as_ours(error, path, timeout or _TIMEOUT)
                tries += 1
                pause = random.uniform(0.5, 1) * min(_PAUSE * 2**tries, _LONGEST_PAUSE)  # noqa: S311  (no secret)
                now = time.monotonic()
                passes = isinstance(ours, ClusterUnavailable) and (harmless or ours.status == NOT_SENT)
                enough = now > began + patience if patience else tries > _AGAIN or _is_late(ours)
                if not passes or enough or now + pause >= end:
                    raise ours from error
                time.sleep(pause)
                continue
            if not isinstance(answer, dict):
                raise ClusterError(
                    f"what {self._urls[0]} answers is not what OpenSearch says",
                    hint="Look whether another program, or a proxy, listens there.",
                )
            return answer

    def _as_ours(self, error: Exception, path: str, seconds: float) -> SearchkitError:
        """What went wrong, as one sentence and what to do."""
        from opensearchpy import exceptions as theirs

        where = self._urls[0] if len(self._urls) == 1 else "these addresses"
        if isinstance(error, theirs.ConnectionTimeout):
            return _late(path, seconds)
        if isinstance(error, theirs.ConnectionError):
            return _not_reached(error, where)
        if not isinstance(error, theirs.TransportError) or not isinstance(error.status_code, int):
            return ClusterUnavailable(
                f"what {where} answers is no JSON, or only a part of it",
                hint="Look whether a proxy stands between, and try again.",
            )
        return as_error(error.status_code, error.info if isinstance(error.info, dict) else {}, path)


def as_error(status: int, told: Mapping[str, Any], path: str = "") -> SearchkitError:
    """The error of ours for a refusal of the server, of a whole request or of one article within."""
    error = told.get("error", told)
    kinds, reasons = _said(error)
    if status == 401:
        return AccessRefused(
            "the cluster does not know this user, or the password is wrong", hint=f"Look at {USER} and {PASSWORD}."
        )
    if "read-only-allow-delete" in reasons or "flood" in reasons:
        return StorageError(
            "a disk of the cluster is full over its watermark, so that OpenSearch lets the index be read only",
            hint="Free space or add a node; OpenSearch lifts the block by itself; then run the same command again.",
        )
    if "cluster_block_exception" in kinds and status != 503:
        done = "read" if _BLOCKS_READING.search(reasons) else "written"
        return StorageError(
            f"the cluster does not let this be {done}: {_short(reasons)}",
            hint="Lift the block of the index or of the cluster (index.blocks, cluster.blocks).",
        )
    if "index_closed_exception" in kinds:
        closed = str(error.get("index", "")) if isinstance(error, Mapping) else ""
        return StorageError(
            f"the index {closed} of the cluster is closed" if closed else "an index of the cluster is closed",
            hint=f"Open it again: POST /{closed or 'NAME'}/_open",
        )
    if status == 403:
        right = _RIGHT.search(reasons)
        missing = f": the right {right[1]} is missing" if right else ""
        return AccessRefused(
            f"the cluster does not allow this user to do that{missing}",
            hint="Ask who runs the cluster for it; what each command needs stands in README.",
        )
    if "index_not_found_exception" in kinds:
        # The path has names of parts as well; the reason tells which one it was.
        name = re.search(r"no such index \[([^\]]+)\]", reasons)
        if name and (words := _WORDS.fullmatch(name[1])):
            return IndexMissing(
                f"the index {words[1]} has lost the index of its words",
                hint="Build it again: searchkit index --rebuild PATH",
            )
        missing = f"the cluster has no index {name[1]}" if name else "the cluster has no such index"
        return IndexMissing(missing, hint="Make it with: searchkit index PATH --index ADDRESS")
    if status == TOO_MANY_REQUESTS:
        return ClusterUnavailable(
            "the cluster has too much to do", hint="Wait, and run the same command again.", status=status
        )
    if status in _PASSING or _NODE_IS_AWAY.search(f"{kinds} {reasons}"):
        return ClusterUnavailable(
            "the cluster cannot answer for all of the index: a node is away, or a shard is not there yet",
            hint="See which nodes are missing (GET _cluster/health), and try again.",
            status=status,
        )
    if status == TOO_LARGE:
        return ClusterError(
            "a request is larger than the cluster takes", hint="Raise its http.max_content_length.", status=status
        )
    said = _short(reasons) or f"status {status}"
    return ClusterError(f"the cluster refused it: {said}", hint="Its log says more.", status=status)


def _late(path: str, seconds: float) -> SearchkitError:
    if _ASKS.search(path):
        return QueryTimeout(
            "the query took longer than it may, and half of an answer is none",
            hint="Allow more with --timeout, or ask for rarer words.",
        )
    # (Whoever waited this long does not ask again at once.)
    return ClusterUnavailable(
        f"the cluster did not answer within {seconds:,.0f} seconds", hint="Wait, and try again.", status=LATE
    )


def _not_reached(error: Exception, where: str) -> SearchkitError:
    from opensearchpy import exceptions as theirs

    said = str(error)
    if isinstance(error, theirs.SSLError) or "CERTIFICATE_VERIFY_FAILED" in said or "SSL" in said:
        if "CERTIFICATE_VERIFY_FAILED" in said:
            own = "signed by itself, or by nobody who is known here"
            reason = "not made for this host" if "ostname" in said else "expired" if "expired" in said else own
            return AccessRefused(
                f"the certificate of {where} is {reason}",
                hint=f"Name the file of its authority: {CA_FILE}=FILE (or mend the certificate).",
            )
        return AccessRefused(
            f"{where} does not speak TLS as it should", hint="Write opensearch:// where it has no certificate."
        )
    if any(name in said for name in ("NewConnectionError", "NameResolution", "refused", "ConnectTimeoutError")):
        return _no_server(where)
    return ClusterUnavailable(
        f"the answer of {where} was cut off, or none came", hint="Look whether its node still runs, and try again."
    )


def _no_server(where: str) -> ClusterUnavailable:
    return ClusterUnavailable(
        f"no server answers at {where}",
        hint="Look at the address, and whether the cluster runs.",
        status=NOT_SENT,
    )


def _is_late(error: SearchkitError) -> bool:
    """Whether so long was waited for an answer that nobody asks again at once."""
    return isinstance(error, ClusterError) and error.status == LATE


def _not_there(info: Mapping[str, Any]) -> bool:
    """Whether this is the answer that a document is missing, and not that an index is."""
    return "found" in info or info.get("result") == "not_found"


def _said(error: object) -> tuple[str, str]:
    """(types, reasons) of an error and of its causes, in one text each."""
    kinds: list[str] = []
    reasons: list[str] = []
    waiting = [error]
    while waiting and len(kinds) < 50:
        one = waiting.pop(0)
        if isinstance(one, str):
            reasons.append(one)
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, Mapping):
            kinds.append(str(one.get("type", "")))
            reasons.append(str(one.get("reason", "")))
            waiting += [one[key] for key in ("caused_by", "root_cause", "failed_shards") if key in one]
    return " ".join(kinds), "; ".join(dict.fromkeys(reason for reason in reasons if reason))


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:200] + "…"
