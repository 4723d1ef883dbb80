"""What is a member of an archive? A file with a name there, which says whether it may be read."""

from __future__ import annotations

import io
from typing import NamedTuple

from searchkit.readers.prose import one_line

LONGEST_NAME = 4096

PLAINLY = {"File is not a zip file": "it has no table of contents at its end, so it may be cut off"}
"""In plain words, what a library says that tells nobody anything."""


class Member(NamedTuple):
    """A file in an archive: its name there, and its content, or why it is not read."""

    name: str
    stream: io.BufferedReader | None
    refusal: str = ""


class Names:
    """Names of members, made different where an archive has one twice; only their hashes are kept."""

    def __init__(self) -> None:
        self._met: dict[int, int] = {}

    def __call__(self, name: str) -> str:
        """The name, or one like it that no member had before."""
        count = self._met.get(hash(name), 0)
        if not count:
            self._met[hash(name)] = 1
            return name
        while True:
            count += 1
            other = f"{name} ({count})"
            if hash(other) not in self._met:
                self._met[hash(name)] = count
                self._met[hash(other)] = 1
                return other


def damaged(what: str, error: Exception) -> str:
    """What a library says of a damaged archive or member, as half a sentence."""
    said = one_line(str(error)).rstrip(".")[:200]
    said = PLAINLY.get(said, said)
    return f"is a damaged {what} ({said[:1].lower()}{said[1:]})" if said else f"is a damaged {what}"


def _parts(name: str) -> list[str]:
    return name.replace("\\", "/").split("/")


def hidden(name: str) -> bool:
    """Whether a walk through folders would pass over it too: what begins with a dot, and what a Mac adds."""
    return any((part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in _parts(name))


def refusal(name: str) -> str:
    """Why a member of this name is not read, or ''."""
    drive = name[1:2] == ":" and name[0].isascii() and name[0].isalpha()
    if ".." in _parts(name) or name.startswith(("/", "\\")) or drive:
        return "has a name that climbs out of the archive"
    if len(name) >= LONGEST_NAME:
        return "has a name that is too long"
    return "" if name else "has no name"
