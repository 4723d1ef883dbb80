"""How does a request reach the cluster? Through opensearch-py's low-level client, its errors made ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from searchkit.errors import OperationError


class Connection:
    """A cluster at these addresses."""

    def __init__(self, *hosts: str) -> None:
        from opensearchpy import OpenSearch  # an extra, and heavy

        self._client = OpenSearch(list(hosts))

    def get(self, path: str, **options: Any) -> dict[str, Any]:
        """What is there."""
        return self._ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> dict[str, Any]:
        """The answer to a question."""
        return self._ask("POST", path, **options)

    def put(self, path: str, **options: Any) -> dict[str, Any]:
        """Make or change something."""
        return self._ask("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> dict[str, Any]:
        """Remove something."""
        return self._ask("DELETE", path, **options)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        params: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        from opensearchpy.exceptions import OpenSearchException

        given = dict(params or {})
        if timeout is not None:
            given["request_timeout"] = timeout
        try:
            answer: dict[str, Any] = self._client.transport.perform_request(method, path, params=given, body=body)
        except OpenSearchException as error:
            raise OperationError(f"the cluster did not answer: {error}") from error
        return answer

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
