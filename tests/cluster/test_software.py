"""What is fetched is checked before it is used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cluster import software
from cluster.software import SUMS, VERSION, NoServer, java_home


def test_a_file_with_another_sum_is_refused_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(software, "CACHE", tmp_path)
    (tmp_path / "fetched").mkdir()
    files = [tmp_path / "fetched" / name for name in SUMS]
    for file in files:
        file.write_bytes(b"not what was published")
    with pytest.raises(NoServer, match="instead of"):
        software._fetched()
    assert not files[0].exists()


def test_the_versions_of_maven_and_of_the_tests_are_the_same() -> None:
    text = software.POM.read_text(encoding="utf-8")
    assert re.findall(r"<opensearch.version>(.*)</", text) == [VERSION]


def test_a_machine_without_java_is_told_which_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("OPENSEARCH_JAVA_HOME", raising=False)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(NoServer, match=f"needs Java 11 to 23: {tmp_path} is no Java"):
        java_home()
