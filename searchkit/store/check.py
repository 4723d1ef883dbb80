"""Is an index sound? Every byte is verified, every structure walked, and what is said twice is compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from searchkit.errors import IndexDamaged, StorageError
from searchkit.store.check_segment import Finding, SegmentCheck, reason
from searchkit.store.folder import Folder
from searchkit.store.manifest import NAME as MANIFEST
from searchkit.store.manifest import TRANSIENT, Manifest, manifest_bytes, read_manifest


@dataclass(frozen=True, slots=True)
class Counts:
    """What was walked. ``articles`` counts deleted ones too; ``stems`` and ``forms`` count each segment's own."""

    files: int = 0
    bytes: int = 0
    pages: int = 0
    segments: int = 0
    articles: int = 0
    live: int = 0
    stems: int = 0
    forms: int = 0
    postings: int = 0
    positions: int = 0
    borders: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What ``check_index`` found. ``orphans`` are files of the store that no commit names: no error.

    ``generation`` is the number of the commit, -1 where the manifest cannot be read. ``deep`` says whether the
    texts were taken apart again.
    """

    generation: int
    deep: bool
    findings: tuple[Finding, ...]
    orphans: tuple[str, ...]
    counts: Counts

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def check_index(path: Path, *, deep: bool = False) -> Report:
    """Verify the index in the folder ``path``; what is wrong is reported, not raised.

    Raises IndexMissing or NotAnIndex where there is nothing to verify, StorageError where the system refuses a
    read. It takes no lock: a commit in between makes it begin anew.
    """
    while True:
        report = _checked(path, deep)
        if report.sound or report.generation < 0:
            return report
        try:
            if read_manifest(path).generation == report.generation:
                return report
        except IndexDamaged:
            return report


def _checked(path: Path, deep: bool) -> Report:
    try:
        manifest = read_manifest(path)
    except IndexDamaged as error:
        return Report(-1, deep, (Finding(MANIFEST, "", reason(error)),), (), Counts(files=1))
    try:
        content = (path / MANIFEST).read_bytes()
        names = Folder(path).names()
    except OSError as error:
        raise StorageError(f"the index {path} cannot be read: {error.strerror or error}") from error
    findings = [Finding(MANIFEST, "", what) for what in _about_manifest(manifest, content)]
    counts: Counter[str] = Counter(files=1, bytes=len(content))
    owners: dict[bytes, str] = {}
    for entry in manifest.segments:
        check = SegmentCheck(path, entry, manifest.language, deep, owners)
        check.run()
        findings += check.findings
        counts += check.counts
    named = manifest.files()
    orphans = tuple(name for name in names if TRANSIENT.fullmatch(name) and name not in named)
    known = {field.name for field in fields(Counts)}
    walked = Counts(**{name: count for name, count in counts.items() if name in known})
    return Report(manifest.generation, deep, tuple(findings), orphans, walked)


def _about_manifest(manifest: Manifest, content: bytes) -> Iterator[str]:
    if content != manifest_bytes(manifest):
        yield "it is not written as it was"
    names = [name for entry in manifest.segments for name in (entry.name, entry.deleted) if name]
    if len(set(names)) < len(names):
        yield "it names a file twice"
    for name in names:
        if not TRANSIENT.fullmatch(name) or int(name.rpartition("-")[2]) >= manifest.next_file:
            yield f"it names a file that it cannot have made: {name}"
