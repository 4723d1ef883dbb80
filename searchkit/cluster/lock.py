"""Who may write? One loader at a time, which says so in a document of the cluster and says it again and again.

The document names who holds it, until when, and the process. A holder that has died on this machine is known to be
dead at once; one on another machine is believed until its time is up. Clocks may differ: a lock that is over by the
clock of this machine, or holds longer than one may, is watched for a while, and is over where nobody renews it. A
holder that could not say in time that it still lives stops writing by itself.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from searchkit.cluster.indexes import Indexes
from searchkit.errors import ClusterError, IndexDamaged, IndexLocked, SearchkitError

KEY = "lock"
# In seconds: how long a holder is believed without a word, and how often it says a word.
LEASE = 90.0
_EVERY = 20.0
_CONFLICT = 409
# What a holder stops at, before others may begin.
_MARGIN = 15.0
# How long a lock is watched that should be over, and how often it is looked at; for how long it may be over by then.
_WATCHED, _LOOK = _EVERY + 5.0, 1.0
_HOUR = 3600.0


class ClusterLock:
    """The right to write to the index of ``indexes``; raises IndexLocked where somebody else has it."""

    def __init__(self, indexes: Indexes, name: str, tell: Callable[[str], None] | None = None) -> None:
        self._indexes = indexes
        self._tell = tell
        self._name = name
        self._lost = False
        self._taken = ""
        self._token = os.urandom(16).hex()
        self._take(self._conditions())
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="searchkit-lock", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise IndexLocked where the lock is no longer held for sure."""
        if self._lost or time.monotonic() > self._held_until:
            reason = self._taken or "the cluster was not reached for too long"
            raise IndexLocked(
                f"the right to write to the index {self._name} was lost: {reason}",
                hint="Run the same command again: it goes on where this one has stopped.",
            )

    def release(self) -> None:
        """Let another writer in."""
        self._ended.set()
        self._thread.join()
        if not self._lost:
            # Where the cluster does not hear it, the lock ends by itself.
            with contextlib.suppress(SearchkitError):
                self._indexes.forget(KEY, if_seq_no=self._seq_no, if_primary_term=self._primary_term)

    def _conditions(self) -> dict[str, object]:
        """What must still be so when the lock is taken."""
        found = self._indexes.state(KEY)
        if not found:
            return {"op_type": "create"}
        holder = found["_source"].get("told", {})
        if holds(holder) or self._is_renewed(found):
            raise self._locked(holder)
        return {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}

    def _is_renewed(self, found: dict[str, Any]) -> bool:
        """Whether somebody renews a lock that is over by the clock of this machine, or too long for one."""
        holder = found["_source"].get("told", {})
        if _is_dead(holder) or _until(holder) < time.time() - _HOUR:
            return False
        if self._tell:
            who = str(holder.get("who"))[:200]
            self._tell(f"Looking for {_WATCHED:.0f} seconds whether {who} still writes to the index {self._name}.")
        end = time.monotonic() + _WATCHED
        while time.monotonic() < end:
            time.sleep(_LOOK)
            now = self._indexes.state(KEY)
            if now and (now["_seq_no"], now["_primary_term"]) != (found["_seq_no"], found["_primary_term"]):
                return True
        return False

    def _take(self, conditions: dict[str, object]) -> None:
        began = time.monotonic()
        try:
            made = self._indexes.note(KEY, {**_myself(), "token": self._token}, **conditions)
        except ClusterError as error:
            if error.status != _CONFLICT:
                raise
            made = self._indexes.state(KEY) or {}
            holder = made.get("_source", {}).get("told", {})
            # The answer to a change that was done may have been lost.
            if holder.get("token") != self._token:
                raise self._locked(holder) from None
        self._seq_no, self._primary_term = made["_seq_no"], made["_primary_term"]
        self._held_until = began + LEASE - _MARGIN

    def _locked(self, holder: dict[str, Any]) -> IndexLocked:
        who = str(holder.get("who") or "another process")[:200]
        left = min(max(_until(holder) - time.time(), _EVERY), LEASE)
        return IndexLocked(
            f"{who} is writing to the index {self._name}",
            hint=f"Wait until it is done, then run this again; if it has died, its right ends within {left:.0f} s.",
        )

    def _renew(self) -> None:
        while not self._lost and not self._ended.wait(_EVERY):
            self._renew_now()

    def _renew_now(self) -> None:
        try:
            self._take({"if_seq_no": self._seq_no, "if_primary_term": self._primary_term})
        except IndexLocked as error:
            self._taken = error.message
            self._lost = True
        except IndexDamaged as error:
            # Without the document another writer may begin.
            self._taken = error.message
            self._lost = True
        except SearchkitError:
            # It is tried again; until when the lock is held is known.
            return


def holds(holder: dict[str, Any]) -> bool:
    """Whether what a lock's document tells of holds the lock now, as far as can be known."""
    left = _until(holder) - time.time()
    return 0 < left <= LEASE + _MARGIN and not _is_dead(holder)


def _myself() -> dict[str, object]:
    pid = os.getpid()
    return {
        "who": f"{_user()}@{socket.gethostname()}, process {pid},",
        "until": time.time() + LEASE,
        "boot": _boot(),
        "pid": pid,
        "began": _began(pid),
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _until(holder: dict[str, Any]) -> float:
    until = holder.get("until")
    return float(until) if isinstance(until, int | float) else 0.0


def _is_dead(holder: dict[str, Any]) -> bool:
    """Whether the holder was a process of this machine that has ended."""
    pid, boot = holder.get("pid"), _boot()
    if not boot or holder.get("boot") != boot or not isinstance(pid, int):
        return False
    return _began(pid) != holder.get("began")


def _boot() -> str:
    """What tells this machine, since it was started last, from every other; '' where nothing does."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        # The processes of containers are numbered apart.
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _began(pid: int) -> str:
    """When a process began, in ticks since the machine did; '' for one that is not there."""
    try:
        # Its name may hold blanks and brackets; the twentieth field after it is the time.
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
