"""Start, break, mend and stop nodes of OpenSearch on this machine's loopback address.

OpenSearch refuses to run as root. Started by root, the nodes run as the user ``nobody``, in folders that are its own.
A node and its folder go away with the process that started it, however that ends: a guard sees its pipe close.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pwd
import random
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cluster.software import java_home

# Where the environment says what the tests may use: a server that runs, and one to start nodes of.
URL = "SEARCHKIT_TEST_OPENSEARCH"
HOME = "SEARCHKIT_TEST_OPENSEARCH_HOME"
LOOPBACK = "127.0.0.1"
# Below where Linux takes the ports of outgoing connections from: a node that is killed finds its port free again.
PORTS = range(20000, 32000)
HEAP_MB = 384
SECONDS_TO_START = 180
SECONDS_TO_STOP = 20
GUARD = """\
import os, shutil, signal, sys
sys.stdin.read()
os.kill(int(sys.argv[1]), signal.SIGKILL)
shutil.rmtree(sys.argv[2], ignore_errors=True)
"""
# Of the options that a server comes with, those that set its heap or write files of its own are left out.
OWN_OPTIONS = re.compile(r"-Xm[sx]|HeapDump|ErrorFile|gc\.log|PrintGC|PrintTenuring|GCLog")
PROGRAMS = ("opensearch", "elasticsearch")
LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""
# More than any disk has free: every node is over its watermark.
NO_DISK_HAS = "9000000gb"
WATERMARKS = [f"cluster.routing.allocation.disk.watermark.{name}" for name in ("low", "high", "flood_stage")]


class ServerFailed(Exception):
    """A node ended by itself or did not do what was waited for; the message has the end of its log."""


class Node:
    """One process of OpenSearch, its folder and its two ports, which it keeps when it is started again."""

    def __init__(self, name: str, folder: Path, home: Path, settings: dict[str, Any], heap: int) -> None:
        self.name = name
        self.folder = folder
        self.url = f"http://{LOOPBACK}:{settings['http.port']}"
        self.process: subprocess.Popen[bytes] | None = None
        self._program = next(home / "bin" / name for name in PROGRAMS if (home / "bin" / name).is_file())
        self._guard: subprocess.Popen[bytes] | None = None
        for part in ("config", "data", "tmp"):
            (folder / part).mkdir(parents=True)
        lines = [f"{key}: {json.dumps(value)}\n" for key, value in settings.items()]
        (folder / "config" / f"{self._program.name}.yml").write_text("".join(lines), encoding="utf-8")
        options = (home / "config" / "jvm.options").read_text(encoding="utf-8").splitlines()
        options = [option for option in options if not OWN_OPTIONS.search(option)]
        options += [f"-Xms{heap}m", f"-Xmx{heap}m", "-XX:-UsePerfData", ""]
        (folder / "config" / "jvm.options").write_text("\n".join(options), encoding="utf-8")
        (folder / "config" / "log4j2.properties").write_text(LOGGING, encoding="utf-8")

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process; whether it answers is another question."""
        if self.is_running:
            return
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "JAVA_HOME": str(java_home()),
        }
        for product in ("OPENSEARCH", "ES"):
            environment[f"{product}_PATH_CONF"] = str(self.folder / "config")
            environment[f"{product}_TMPDIR"] = str(self.folder / "tmp")
        who: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._program],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop the nodes in order
                **who,
            )
        words = [sys.executable, "-c", GUARD, str(self.process.pid), str(self.folder.parent)]
        self._guard = subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)

    def kill(self) -> None:
        """End it at once, as a machine that loses its power does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Let it end in order, and at once where it does not."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Stop its time: it keeps its connections open and says nothing."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def last_words(self) -> str:
        """The end of its log."""
        log = self.folder / "log"
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        return f"--- {self.name}\n{text[-3000:]}"

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            raise ServerFailed(f"{self.name} does not run\n{self.last_words()}")
        return self.process

    def _end(self, first: signal.Signals) -> None:
        process, guard = self.process, self._guard
        self.process = self._guard = None
        if process is not None:
            process.send_signal(first)
            process.send_signal(signal.SIGCONT)  # one whose time stands still does not hear the first
            try:
                process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if guard is not None and guard.stdin is not None:
            guard.kill()
            guard.stdin.close()
            guard.wait()


class Cluster:
    """Some nodes that know each other, in a folder that goes away with them."""

    def __init__(
        self,
        home: Path,
        *,
        nodes: int = 1,
        heap: int = HEAP_MB,
        port: int | None = None,
        settings: dict[str, Any] | None = None,
        configuration: Path | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Write what `nodes` nodes need; `heap` is megabytes for each, `port` the first one's.

        What is in the folder `configuration` comes beside the settings of each; `tls` says that they speak it, and
        as whom these tests speak to them.
        """
        self.tls = tls
        self.folder = Path(tempfile.mkdtemp(prefix="searchkit-opensearch-"))
        home = self._readable(home)
        ports = free_ports(2 * nodes)
        http_ports, transport_ports = ports[:nodes], ports[nodes:]
        if port:
            http_ports[0] = port
        names = [f"node-{number}" for number in range(1, nodes + 1)]
        together: dict[str, Any] = {
            "cluster.name": f"searchkit-{self.folder.name}",
            "network.host": LOOPBACK,
            "cluster.info.update.interval": "10s",  # how often it looks at the disks; it takes no less
        }
        if nodes == 1:
            together["discovery.type"] = "single-node"
        else:
            together["discovery.seed_hosts"] = [f"{LOOPBACK}:{port}" for port in transport_ports]
            together["cluster.initial_cluster_manager_nodes"] = names
        self.nodes = []
        for name, http_port, transport_port in zip(names, http_ports, transport_ports, strict=True):
            folder = self.folder / name
            alone = {
                "node.name": name,
                "http.port": http_port,
                "transport.port": transport_port,
                "path.data": str(folder / "data"),
                "path.logs": str(folder / "tmp"),
            }
            self.nodes.append(Node(name, folder, home, {**together, **alone, **(settings or {})}, heap))
            if tls:
                self.nodes[-1].url = f"https://{LOOPBACK}:{http_port}"
            if configuration:
                shutil.copytree(configuration, folder / "config", dirs_exist_ok=True)
        if os.geteuid() == 0:
            _give_to_nobody(self.folder)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The address of the first node that runs."""
        return self.urls[0]

    @property
    def urls(self) -> Sequence[str]:
        """The addresses of all nodes that run."""
        urls = [node.url for node in self.nodes if node.is_running]
        if not urls:
            raise ServerFailed("no node runs")
        return urls

    def start(self) -> None:
        """Start the nodes that do not run, and wait until all have found each other."""
        for node in self.nodes:
            node.start()
        self.wait("yellow")

    def restore(self) -> None:
        """Start what was killed, wake what was paused, and remove every index and every setting."""
        for node in self.nodes:
            if node.is_running:
                node.resume()
        self.start()
        self._set({"*": None})
        for name in self.request("GET", "/_all/_settings?flat_settings=true&expand_wildcards=all")[1]:
            self.request("DELETE", f"/{name}")

    def close(self) -> None:
        """Stop everything and remove what the nodes wrote."""
        for node in self.nodes:
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait(self, status: str, *, nodes: int | None = None, limit: float = SECONDS_TO_START) -> dict[str, Any]:
        """Wait for a state of health and a number of nodes: as many as run, where not said. Gives that health.

        Green is better than yellow and counts as such; red is red.
        """
        expected = len(self.urls) if nodes is None else nodes
        accepted = {"green": ["green"], "yellow": ["green", "yellow"], "red": ["red"]}[status]

        def is_so() -> dict[str, Any] | None:
            _, health = self.request("GET", "/_cluster/health")
            good = health.get("status") in accepted and health.get("number_of_nodes") == expected
            return health if good else None

        health: dict[str, Any] = self.until(is_so, f"{status} with {expected} nodes", limit)
        return health

    def until(self, is_so: Callable[[], Any], what: str, limit: float = SECONDS_TO_START) -> Any:
        """Ask again until the answer is true, and give it; errors of a server that is not there yet are no answer."""
        end = time.monotonic() + limit
        while True:
            died = [node.name for node in self.nodes if node.process is not None and not node.is_running]
            if died or time.monotonic() > end:
                why = f"{', '.join(died)} ended by itself" if died else f"not {what} after {limit:.0f} seconds"
                raise ServerFailed("\n".join([why, *(node.last_words() for node in self.nodes)]))
            with contextlib.suppress(OSError, http.client.HTTPException, json.JSONDecodeError):
                answer = is_so()
                if answer:
                    return answer
            time.sleep(0.2)

    def request(self, method: str, path: str, body: Any = None, *, limit: float = 60) -> tuple[int, Any]:
        """Ask the first node that runs; the status and the JSON of the answer, also of one that refuses."""
        return ask(self.url + path, method, body, limit, self.tls)

    def fill_disk(self, index: str) -> None:
        """Let every disk count as full, and wait until OpenSearch has seen it and made the index read-only."""
        self._set(dict.fromkeys(WATERMARKS, NO_DISK_HAS))
        self.until(lambda: self._is_read_only(index), f"{index} read-only", 60)

    def free_disk(self, index: str) -> None:
        """Let the disks have space again, and wait until OpenSearch has seen it and lifted the block."""
        self._set(dict.fromkeys(WATERMARKS))
        self.until(lambda: not self._is_read_only(index), f"{index} writable", 60)
        self._set({"cluster.blocks.create_index": None})  # the block that comes along with a full disk

    def _set(self, settings: dict[str, Any]) -> None:
        status, answer = self.request("PUT", "/_cluster/settings", {"persistent": settings})
        if status != http.HTTPStatus.OK:
            raise ServerFailed(f"settings refused: {answer}")

    def _is_read_only(self, index: str) -> bool:
        _, answer = self.request("GET", f"/{index}/_settings?flat_settings=true")
        return any("index.blocks.read_only_allow_delete" in entry["settings"] for entry in answer.values())

    def _readable(self, home: Path) -> Path:
        """The server's folder, or a copy where the user who runs it may not look into the first."""
        is_open = all(folder.stat().st_mode & stat.S_IXOTH for folder in (home, *home.parents))
        if os.geteuid() != 0 or is_open:
            return home
        return shutil.copytree(home, self.folder / "opensearch")


def ask(
    url: str, method: str = "GET", body: Any = None, limit: float = 60, tls: ssl.SSLContext | None = None
) -> tuple[int, Any]:
    """One request to a server on this machine, past any proxy: the status and the JSON of the answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=tls))
    try:
        with opener.open(request, timeout=limit) as response:
            return response.status, json.loads(response.read() or b"{}")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"{}")


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nothing listens on."""
    ports: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            ports.append(port)
        if len(ports) == count:
            return ports
    raise ServerFailed(f"no {count} ports are free between {PORTS.start} and {PORTS.stop}")


def _give_to_nobody(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
