"""What is packed in an archive? Its members one after the other, as streams; nothing is unpacked to disk."""

from __future__ import annotations

import io
from collections.abc import Iterator

from searchkit.readers.binary import binary_kind
from searchkit.readers.member import Member
from searchkit.readers.packed import Budget
from searchkit.readers.tars import tar_members
from searchkit.readers.zips import zip_members


def archive_kind(name: str, sample: bytes) -> str:
    """Which archive of files this is: "zip", "tar" or '' (a Word document is no archive here)."""
    lower = name.lower()
    if sample.startswith(b"PK"):
        is_archive = binary_kind(sample) in ("a ZIP archive", "an empty ZIP archive")
        return "zip" if is_archive and not lower.endswith(".docx") else ""
    # The first tars had no mark, and a zip may stand behind a program that unpacks it.
    if sample.startswith(b"ustar", 257) or (lower.endswith(".tar") and b"\0" in sample[:512]):
        return "tar"
    return "zip" if lower.endswith(".zip") else ""


def members(stream: io.BufferedReader, kind: str, budget: Budget, depth: int) -> Iterator[Member]:
    """Every file of an archive in its order, each with a name of its own; read one before the next is asked for.

    ``depth`` is how deep the archive lies, 1 for the outermost: ``ContainerError`` leaves the stream of a member
    if what is around it breaks, UnreadableError if the member itself is damaged.
    """
    return zip_members(stream, budget) if kind == "zip" else tar_members(stream, budget, depth)
