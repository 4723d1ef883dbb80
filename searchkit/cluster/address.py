"""Where does a cluster live, and who asks it? ``opensearch://host:9200/news``, and a password from elsewhere.

An address is typed, kept in scripts and shown in lists of processes, so it never has a password. Who asks stands
in the environment or in a file that nobody else may read.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path

from searchkit.errors import UsageError
from searchkit.frozen import frozen

PLAIN, SECURE = "opensearch://", "opensearch+https://"
DEFAULT_PORT = 9200
# What the environment may say.
USER, PASSWORD = "SEARCHKIT_OPENSEARCH_USER", "SEARCHKIT_OPENSEARCH_PASSWORD"
PASSWORD_FILE = "SEARCHKIT_OPENSEARCH_PASSWORD_FILE"  # noqa: S105
CA_FILE = "SEARCHKIT_OPENSEARCH_CA"
SHARDS, REPLICAS = "SEARCHKIT_OPENSEARCH_SHARDS", "SEARCHKIT_OPENSEARCH_REPLICAS"
_MOST_SHARDS = 1024
_MOST_REPLICAS = 16
# OpenSearch allows 255 bytes, of which numbers and parts take some.
_LONGEST_NAME = 220
# (A per cent sign would let the server read another name than the one that is written.)
_NOT_IN_NAMES = re.compile(r'[\\/*?"<>|\s,#:%\x00-\x1f\x7f-\x9f\ud800-\udfff]')
# What the indexes behind a name are called.
_OWN_ENDINGS = re.compile(r"-(?:words|state|\d{6,})(?:-load)?$")
_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[\w.-]+))(?::(?P<port>\d{1,5}))?", re.ASCII)
_EXAMPLE = "Write it like opensearch://localhost:9200/news"
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1", re.ASCII)


@frozen
class Address:
    """Hosts of one cluster, each "name:port", and an index in it."""

    secure: bool
    hosts: tuple[str, ...]
    index: str

    def __str__(self) -> str:
        return f"{SECURE if self.secure else PLAIN}{','.join(self.hosts)}/{self.index}"

    @property
    def urls(self) -> tuple[str, ...]:
        """What a client connects to."""
        return tuple(f"{'https' if self.secure else 'http'}://{host}" for host in self.hosts)

    @property
    def digest(self) -> str:
        """What stands for this address in the name of a folder; the order of the hosts is of no matter."""
        said = f"{SECURE if self.secure else PLAIN}{','.join(sorted(self.hosts))}/{self.index}"
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()

    @property
    def is_local(self) -> bool:
        """Whether what is sent does not leave this machine."""
        return all(_LOOPBACK.fullmatch(host.rpartition(":")[0].strip("[]")) for host in self.hosts)


@frozen
class Credentials:
    """A user and a password; both are empty where the cluster asks for none."""

    user: str = ""
    password: str = ""


def parse_address(text: str) -> Address:
    """The address that ``text`` is; raises UsageError, which never repeats a password."""
    scheme = next((scheme for scheme in (SECURE, PLAIN) if text.startswith(scheme)), "")
    if not scheme:
        raise UsageError("this is no address of a cluster", hint=_EXAMPLE)
    hosts, slash, index = text.removeprefix(scheme).partition("/")
    if "@" in hosts:
        raise UsageError(
            "an address of a cluster has no user and no password: other users of this machine could read them",
            hint=f"Set {USER} and {PASSWORD}, or {PASSWORD_FILE}, and write the address without them.",
        )
    if "?" in index or "#" in index:
        raise UsageError("an address of a cluster ends with the name of an index", hint=_EXAMPLE)
    index = index.rstrip("/")
    if not slash or not index:
        raise UsageError("the address names no index of the cluster", hint=_EXAMPLE)
    found = tuple(dict.fromkeys(_host(host.strip()) for host in hosts.split(",")))
    return Address(scheme == SECURE, found, checked_name(index))


def _host(text: str) -> str:
    match = _HOST.fullmatch(text)
    if not match:
        raise UsageError(f"{text!r} is no host", hint=_EXAMPLE)
    port = int(match["port"] or DEFAULT_PORT)
    if not 0 < port < 1 << 16:
        raise UsageError(f"{port} is no port", hint=_EXAMPLE)
    name = f"[{match['six']}]" if match["six"] else match["name"]
    return f"{name.lower()}:{port}"


def checked_name(name: str) -> str:
    """The name of an index, if OpenSearch allows it and searchkit does not use it for a part; raises UsageError."""
    reason = ""
    if name != name.lower():
        reason = "it has capital letters"
    elif forbidden := _NOT_IN_NAMES.search(name):
        reason = f"it has {forbidden[0]!r}"
    elif name[0] in "-_+.":
        reason = f"it begins with {name[0]!r}"
    elif len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        reason = f"it has more than {_LONGEST_NAME} bytes"
    elif _OWN_ENDINGS.search(name):
        reason = "the parts of an index are called like this"
    if reason:
        shown = name if len(name) <= 60 else name[:60] + "…"
        raise UsageError(f"{shown!r} is no name for an index of a cluster: {reason}", hint=_EXAMPLE)
    return name


def credentials(address: Address) -> Credentials:
    """Who asks, from the environment or from the file that it names.

    Raises UsageError where only a part is known, where others may read the file, and where a password would leave
    this machine as plain text.
    """
    user, password = os.environ.get(USER, ""), os.environ.get(PASSWORD, "")
    if (path := os.environ.get(PASSWORD_FILE, "")) and not password:
        found = _from_file(Path(path))
        user, password = found.user or user, found.password
    if bool(user) != bool(password):
        missing, there = (PASSWORD, USER) if user else (USER, PASSWORD)
        raise UsageError(f"{there} is set and {missing} is not", hint="Set both, or none of them.")
    if password and not address.secure and not address.is_local:
        raise UsageError(
            "the password would travel as plain text",
            hint=f"Write {SECURE}… where the cluster has a certificate; else unset {PASSWORD}.",
        )
    return Credentials(user, password)


def _from_file(path: Path) -> Credentials:
    """The one line "user:password", or the password alone."""
    try:
        with path.open(encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or status.st_uid not in (os.geteuid(), 0):
                raise UsageError(f"others may read the password in {path}", hint=f"chmod 600 {path}")
            line = file.readline().rstrip("\r\n")
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(
            f"the password cannot be read from {path}: {said}", hint=f"Look at {PASSWORD_FILE}."
        ) from error
    user, colon, password = line.partition(":")
    return Credentials(user, password) if colon else Credentials("", line)


def certificates() -> str:
    """The file of the authorities that certificates are checked with; '' for those of the system."""
    path = os.environ.get(CA_FILE, "")
    if path and not Path(path).is_file():
        raise UsageError(f"there is no file {path} of certificates", hint=f"Look at {CA_FILE}.")
    return path


def shards() -> int:
    """Into how many shards a new index is cut."""
    return _number(SHARDS, 1, 1, _MOST_SHARDS)


def replicas() -> int | None:
    """How many more copies of each shard a new index gets; None for one where there are several nodes."""
    return _number(REPLICAS, -1, 0, _MOST_REPLICAS) if os.environ.get(REPLICAS) else None


def _number(name: str, default: int, least: int, most: int) -> int:
    said = os.environ.get(name) or str(default)
    if not re.fullmatch(r"\d{1,6}|-1", said, re.ASCII) or (os.environ.get(name) and not least <= int(said) <= most):
        raise UsageError(f"{name} is {said!r}", hint=f"Set it to a number between {least} and {most}.")
    return int(said)
