"""Start OpenSearch, run the tests of this folder against it, stop it: ``PYTHONPATH=tests python -m cluster``.

With ``serve`` it runs until Ctrl-C instead, for who wants to try things; other words go to pytest.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from cluster.server import HOME, URL, Cluster, ServerFailed
from cluster.software import NoServer, assembled

PORT_TO_SERVE = 9200
HEAP_TO_SERVE = 512
# A test that waits for ever is ended, and with it the server.
MINUTES_FOR_ALL = 40


def main(words: Sequence[str]) -> int:
    """What pytest's exit code was; 1 where there is no server, with what to do about it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    given = os.environ.get(URL)
    try:
        if given and words[:1] != ["serve"]:
            return _run_pytest({}, words)
        home = assembled()
        if words[:1] == ["serve"]:
            return _serve(home)
        with Cluster(home) as cluster:
            print(f"{home.name} answers at {cluster.url}", flush=True)
            return _run_pytest({URL: cluster.url, HOME: str(home)}, words)
    except (NoServer, ServerFailed) as error:
        print(f"no OpenSearch: {error}", file=sys.stderr)
        print(f"The tests can also use a server that you started: set {URL} to its address.", file=sys.stderr)
        return 1


def _run_pytest(environment: dict[str, str], words: Sequence[str]) -> int:
    folder = os.path.relpath(Path(__file__).parent)
    command = [sys.executable, "-m", "pytest", *(words or [folder])]
    end = time.monotonic() + MINUTES_FOR_ALL * 60
    with subprocess.Popen(command, env={**os.environ, **environment}) as process:
        while True:
            try:
                return process.wait(max(0, end - time.monotonic()))
            except KeyboardInterrupt:
                continue  # pytest heard it too, and cleans up
            except subprocess.TimeoutExpired:
                process.terminate()
                print(f"the tests did not end within {MINUTES_FOR_ALL} minutes", file=sys.stderr)
                return 1
            except SystemExit:
                process.terminate()
                raise


def _serve(home: Path) -> int:
    with Cluster(home, port=PORT_TO_SERVE, heap=HEAP_TO_SERVE) as cluster:
        print(f"{home.name} answers at {cluster.url} until Ctrl-C; what is put into it goes away with it", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print()
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
