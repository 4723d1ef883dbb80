"""Every format comes out of every packing as it does of a file that lies open."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import zstandard

from searchkit.article import NOWHERE, Article, Problem
from searchkit.readers import FORMATS, Reading

CASES = Path(__file__).parent / "cases"
# One case or more of every format in the table.
CHOSEN = {
    "plain text": "text-headers", "Markdown": "markdown-full", "JSON lines": "jsonl-mixed", "JSON": "json-envelope",
    "CSV": "csv-cells", "Parquet": "parquet-table", "HTML": "html-microdata", "MHTML": "mhtml-chrome",
    "WARC": "warc-crawl", "RSS or Atom": "feed-atom", "JSON Feed": "json-feed", "WordPress": "wordpress-export",
    "NITF": "nitf-agency", "NewsML-G2": "newsml-g2-message", "NewsML 1.2": "newsml-1-nested",
    "ANPA 1312": "anpa-log", "IPTC 7901": "iptc-7901-log", "mail": "mail-attached", "mailbox": "mailbox-three",
    "Reuters-21578": "reuters-story", "Reuters RCV1": "rcv1-story", "TREC": "trec-papers", "PDF": "pdf-story",
    "Word document": "docx-report", "RTF": "rtf-release", "Nexis text": "nexis-academic",
    "Factiva page": "factiva-coded",
}  # fmt: skip
ALSO = ("nexis-uni-docx", "nexis-uni-rtf", "factiva-coded-rtf", "ninjs-1", "ninjs-2", "ninjs-3", "tsv-plain")


def zipped(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return file.getvalue()


def tarred(name: str, data: bytes, mode: str = "w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstandard.compress,
}  # fmt: skip
ARCHIVED: dict[str, Callable[[str, bytes], bytes]] = {
    ".zip": zipped, ".tar": tarred,
    ".tar.gz": partial(tarred, mode="w:gz"), ".tar.bz2": partial(tarred, mode="w:bz2"),
}  # fmt: skip


def plainly(item: Article | Problem, name: str) -> Article | Problem:
    """An item without its place, and without the name of its file in its id."""
    if isinstance(item, Problem):
        return Problem(NOWHERE, item.reason, item.kept, item.kind)
    return replace(item, origin=NOWHERE, id=item.id.removeprefix(name))


def said(path: Path, name: str) -> tuple[list[Article | Problem], dict[str, int]]:
    with Reading(path, path.name) as reading:
        items = [plainly(item, name) for item in reading]
    return items, dict(reading.formats)


def test_every_format_has_its_case() -> None:
    assert set(CHOSEN) == {row.name for row in FORMATS}
    for name, case in CHOSEN.items():
        (file,) = (CASES / case).glob("input.*")
        assert set(said(file, file.name)[1]) == {name}


@pytest.mark.parametrize("case", [*CHOSEN.values(), *ALSO])
def test_a_format_is_read_out_of_every_packing(case: str, tmp_path: Path) -> None:
    (file,) = (CASES / case).glob("input.*")
    data = file.read_bytes()
    expected, formats = said(file, file.name)
    assert any(isinstance(item, Article) for item in expected)
    for suffix, compress in COMPRESSED.items():
        path = tmp_path / f"{file.name}{suffix}"
        path.write_bytes(compress(data))
        assert said(path, path.name) == (expected, formats), suffix
    for suffix, pack in ARCHIVED.items():
        path = tmp_path / f"packed{suffix}"
        path.write_bytes(pack(f"deep/{file.name}", data))
        assert said(path, f"{path.name}/deep/{file.name}") == (expected, formats), suffix
    # A compressed file in an archive, and an archive that nothing but its content announces.
    path = tmp_path / "noname"
    path.write_bytes(zipped(f"{file.name}.gz", gzip.compress(data)))
    assert said(path, f"noname/{file.name}.gz") == (expected, formats)
