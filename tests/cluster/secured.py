"""A server with OpenSearch's own security plugin: TLS by an authority made here, users, and the rights of each."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cluster.server import LOOPBACK, Cluster
from cluster.software import SECURITY, secured

PASSWORD = "Fjord-7-lantern-Weaver"
ADMIN, NODE = "/CN=admin/O=searchkit", "/CN=node/O=searchkit"
HEAP = 512
# More than the plugin's own, which has users whose passwords everybody knows.
NO_USERS = '_meta:\n  type: "internalusers"\n  config_version: 2\n'
API = "/_plugins/_security/api"


class Pair(NamedTuple):
    """A certificate and its key, in PEM."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.own = Pair(folder / "authority.pem", folder / "authority.key")
        words = ["-x509", "-subj", "/CN=searchkit tests", "-addext", "basicConstraints=critical,CA:TRUE"]
        self._request(words, self.own.certificate, self.own.key)

    def signed(self, name: str, subject: str) -> Pair:
        """A certificate for this machine, for servers and for clients."""
        made = Pair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        words = ["-x509", "-subj", subject, "-CA", str(self.own.certificate), "-CAkey", str(self.own.key)]
        words += ["-addext", f"subjectAltName=DNS:localhost,IP:{LOOPBACK}"]
        words += ["-addext", "extendedKeyUsage=serverAuth,clientAuth", "-addext", "basicConstraints=CA:FALSE"]
        self._request(words, made.certificate, made.key)
        return made

    def _request(self, words: Sequence[str], certificate: Path, key: Path) -> None:
        ours = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run(["openssl", "req", *ours, *words], check=True, capture_output=True)


class Secured(Cluster):
    """One node with the plugin; the tests themselves may do everything, by a certificate."""

    def __init__(self, folder: Path) -> None:
        home = secured()
        authority = Authority(folder / "authority")
        self.authority_file = authority.own.certificate
        node, admin = authority.signed("node", NODE), authority.signed("admin", ADMIN)
        configuration = folder / "configuration"
        shutil.copytree(home / "plugins" / SECURITY / "config", configuration / SECURITY)
        (configuration / SECURITY / "internal_users.yml").write_text(NO_USERS, encoding="utf-8")
        for file in (authority.own.certificate, *node):
            shutil.copy(file, configuration)
        settings: dict[str, Any] = {
            "plugins.security.allow_default_init_securityindex": True,
            "plugins.security.authcz.admin_dn": [_distinguished(ADMIN)],
            "plugins.security.nodes_dn": [_distinguished(NODE)],
            "plugins.security.ssl.http.enabled": True,
            "plugins.security.ssl.transport.enforce_hostname_verification": False,
        }
        for layer in ("http", "transport"):
            settings |= {
                f"plugins.security.ssl.{layer}.pemcert_filepath": "node.pem",
                f"plugins.security.ssl.{layer}.pemkey_filepath": "node.key",
                f"plugins.security.ssl.{layer}.pemtrustedcas_filepath": "authority.pem",
            }
        tls = ssl.create_default_context(cafile=str(authority.own.certificate))
        tls.load_cert_chain(*admin)
        super().__init__(home, heap=HEAP, settings=settings, configuration=configuration, tls=tls)

    def start(self) -> None:
        """Start the node, and wait until it knows whom it lets in."""
        super().start()
        self.until(lambda: self.request("GET", f"{API}/roles")[0] == 200, "ready to name its roles")

    def add_user(self, name: str, *, cluster: Sequence[str] = (), indexes: Sequence[dict[str, Any]] = ()) -> None:
        """A user with these rights and no other."""
        rights = {"cluster_permissions": list(cluster), "index_permissions": list(indexes)}
        for path, body in (
            (f"roles/{name}", rights),
            (f"internalusers/{name}", {"password": PASSWORD}),
            (f"rolesmapping/{name}", {"users": [name]}),
        ):
            status, told = self.request("PUT", f"{API}/{path}", body)
            assert status in (200, 201), told


def _distinguished(subject: str) -> str:
    """The name in a certificate as the plugin compares it: the last part first."""
    return ",".join(reversed(subject.strip("/").split("/")))
