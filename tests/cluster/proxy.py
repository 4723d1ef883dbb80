"""A proxy in front of a real server: adds TLS and a password, and damages what passes through.

What the tests look at is how a client takes a certificate, a refusal or half a response. All else is the server's
answer; its own TLS, passwords and rights are looked at in test_security.py.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
SECONDS_OF_A_REQUEST = 60
# What belongs to one connection only, or is written anew.
NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "authorization"}


class Certificate(NamedTuple):
    """A certificate and its key, in PEM; who trusts the first trusts the server."""

    certificate: Path
    key: Path


class Request(NamedTuple):
    """What a client asked for."""

    method: str
    path: str


def self_signed(folder: Path, *names: str) -> Certificate:
    """A new certificate for these hosts, signed by nobody but itself; for this machine where none is named."""
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    alternatives = ",".join(f"DNS:{name}" for name in names) or f"DNS:localhost,IP:{LOOPBACK}"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-days", "2", "-subj", f"/CN={names[0] if names else 'localhost'}"]
    words += ["-addext", f"subjectAltName={alternatives}", "-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run(words, check=True, capture_output=True)
    return made


class Proxy:
    """Passes requests on to `target`, over TLS where a certificate is given, behind a password where one is given."""

    def __init__(
        self,
        target: str,
        *,
        certificate: Certificate | None = None,
        user: str = "",
        password: str = "",
        most_bytes: int = 0,
    ) -> None:
        self.target = urlsplit(target)
        self.most_bytes = most_bytes
        self.requests: list[Request] = []
        self.expected = ""
        if user:
            self.expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.cuts: dict[str, int] = {}
        self.delays: dict[str, float] = {}
        self.answers: dict[str, tuple[int, bytes]] = {}
        self._server = _Server(self, certificate)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.host, self.port = self._server.server_address[:2]
        self.url = f"{'https' if certificate else 'http'}://{LOOPBACK}:{self.port}"

    def cut(self, part: str, after: int) -> None:
        """End the connection after so many bytes of an answer, where `part` is in the path."""
        self.cuts[part] = after

    def delay(self, part: str, seconds: float) -> None:
        """Hold a request back, where `part` is in the path."""
        self.delays[part] = seconds

    def answer(self, path: str, status: int, body: Any) -> None:
        """Answer this path in the place of the server: what a server says that cannot be run here."""
        self.answers[path] = (status, json.dumps(body).encode())

    def mend(self) -> None:
        """Pass everything on as it is again."""
        self.cuts.clear()
        self.delays.clear()
        self.answers.clear()

    def close(self) -> None:
        """Listen no more, and end what is open."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.end_all()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, proxy: Proxy, certificate: Certificate | None) -> None:
        self.proxy = proxy
        self._open: set[socket.socket] = set()
        self._context = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate.certificate, certificate.key)
        super().__init__((LOOPBACK, 0), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands in the connection's own thread: a client that refuses the certificate holds nobody up."""
        request.settimeout(SECONDS_OF_A_REQUEST)
        stream = self._context.wrap_socket(request, server_side=True) if self._context else request
        self._open.add(stream)
        try:
            super().finish_request(stream, client_address)
        finally:
            self._open.discard(stream)
            stream.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is what the tests are about."""

    def end_all(self) -> None:
        for stream in list(self._open):
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""

    def _pass_on(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        proxy.requests.append(Request(self.command, self.path))
        if proxy.expected and self.headers.get("Authorization") != proxy.expected:
            self._send(HTTPStatus.UNAUTHORIZED, b"Unauthorized", {"WWW-Authenticate": 'Basic realm="OpenSearch"'})
            return
        if proxy.most_bytes and len(body) > proxy.most_bytes:
            self._send(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"<html>too large</html>", {"Content-Type": "text/html"})
            return
        for part, seconds in list(proxy.delays.items()):
            if part in self.path:
                time.sleep(seconds)
        if self.path in proxy.answers:
            status, text = proxy.answers[self.path]
            self._send(status, text, {"Content-Type": "application/json"})
            return
        try:
            self._send(*self._answer_of_the_server(body))
        except (ConnectionError, http.client.HTTPException):
            self._send(HTTPStatus.BAD_GATEWAY, b"the server did not answer", {})

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _pass_on  # noqa: N815 - the base class calls them so

    def _answer_of_the_server(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        target = self.server.proxy.target
        headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_PASSED_ON}
        connection = http.client.HTTPConnection(
            target.hostname or LOOPBACK, target.port, timeout=SECONDS_OF_A_REQUEST
        )
        with contextlib.closing(connection):
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            kept = {name: value for name, value in response.getheaders() if name.lower() not in NOT_PASSED_ON}
            return response.status, response.read(), kept

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        limits = [after for part, after in list(self.server.proxy.cuts.items()) if part in self.path]
        if limits and min(limits) < len(body):
            body = body[: min(limits)]
            self.close_connection = True
        self.wfile.write(body)
