"""Fetch OpenSearch through Maven, check what came, and assemble a server that can be started.

OpenSearch publishes a server without modules. A module is a folder with jars and a description; where only the jar
is published, the description is written here.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from places import ROOT

VERSION = "2.19.1"
OPENSEARCH = f"opensearch-{VERSION}"
# Servers of the wrong kind: the tests look at how they are refused.
OLD_OPENSEARCH = "opensearch-1.3.20"
ELASTICSEARCH = "elasticsearch-7.10.2"
# The same server with the plugin that knows users and their rights.
SECURED = f"{OPENSEARCH}-secured"
SECURITY = "opensearch-security"
CACHE = ROOT / "build" / "opensearch"
POM = Path(__file__).with_name("pom.xml")
# What pom.xml names. A file with another sum is not used.
SUMS = {
    f"{OPENSEARCH}.zip": "af7152d8b7f6f1cee09d47276b32b70479fe6dd8cdbb61213f84eb7f8098b261",
    f"analysis-common-{VERSION}.jar": "13fdc1071af42946b13153a62491a5e9b0ad214d44f7c8153d3afef60f558821",
    f"{SECURITY}-{VERSION}.0.zip": "94a04f12ac6033902209fac1e4e512618d45beee604bbf0e42c3ed79c55220cf",
    f"{OLD_OPENSEARCH}.zip": "031e0cdcd14c7a5b9907dff8050fff76c7c2892c7313ea83c4a0bfbaae9265e3",
    f"{ELASTICSEARCH}.zip": "38a4232a9b8506235c8a2b6a24cdf3732b2c2aa4b8026c89063e038a610c9f4c",
}
# Only the server that answers questions needs more than it comes with.
MODULES = {
    OPENSEARCH: {"analysis-common": "org.opensearch.analysis.common.CommonAnalysisPlugin"},
}
DESCRIPTION = """\
description={name}
name={name}
version={version}
opensearch.version={version}
java.version=11
classname={classname}
has.native.controller=false
"""
# Version 2 asks for a security manager, which Java 24 no longer has.
OLDEST_JAVA, NEWEST_JAVA = 11, 23
MINUTES_TO_FETCH = 10


class NoServer(Exception):
    """OpenSearch cannot be run here; the message says what is missing."""


def java_home() -> Path:
    """The folder of a Java that this version of OpenSearch runs on."""
    program = shutil.which("java")
    candidates = [Path(os.environ[name]) for name in ("OPENSEARCH_JAVA_HOME", "JAVA_HOME") if os.environ.get(name)]
    if program:
        candidates.append(Path(program).resolve().parent.parent)
    found = []
    for home in candidates:
        version = _java_version(home / "bin" / "java")
        if version and OLDEST_JAVA <= version <= NEWEST_JAVA:
            return home
        found.append(f"{home} is {version or 'no Java'}")
    raise NoServer(
        f"OpenSearch {VERSION} needs Java {OLDEST_JAVA} to {NEWEST_JAVA}: {'; '.join(found) or 'none found'}"
    )


def assembled(release: str = OPENSEARCH) -> Path:
    """The folder of a server that is ready to start; fetched and assembled where it was not yet."""
    home = CACHE / release
    if home.is_dir():
        return home
    java_home()
    fetched = _fetched()
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="assemble-") as folder:
        _unpack(fetched / f"{release}.zip", Path(folder))
        made = Path(folder) / release
        for name, classname in MODULES.get(release, {}).items():
            module = made / "modules" / name
            module.mkdir()
            shutil.copy(fetched / f"{name}-{VERSION}.jar", module)
            text = DESCRIPTION.format(name=name, version=VERSION, classname=classname)
            (module / "plugin-descriptor.properties").write_text(text, encoding="utf-8")
        made.rename(home)  # whole or not at all
    return home


def secured() -> Path:
    """The folder of a server with the security plugin; fetched and assembled where it was not yet."""
    home = CACHE / SECURED
    if home.is_dir():
        return home
    plain = assembled()
    plugin = _fetched() / f"{SECURITY}-{VERSION}.0.zip"
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="assemble-") as folder:
        made = Path(shutil.copytree(plain, Path(folder) / SECURED))
        with zipfile.ZipFile(plugin) as source:
            source.extractall(made / "plugins" / SECURITY)
        made.rename(home)
    return home


def _java_version(java: Path) -> int | None:
    """The feature release, such as 17; nothing where that is no Java."""
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return None
    said = re.search(r'version "(\d+)', done.stderr)
    return int(said[1]) if said else None


def _fetched() -> Path:
    """The folder with the files of pom.xml, each with the sum that it must have."""
    folder = CACHE / "fetched"
    folder.mkdir(parents=True, exist_ok=True)
    if any(not (folder / name).is_file() for name in SUMS):
        _run_maven(folder)
    for name, expected in SUMS.items():
        file = folder / name
        if not file.is_file():
            raise NoServer(f"Maven fetched no {name}")
        with file.open("rb") as stream:
            actual = hashlib.file_digest(stream, "sha256").hexdigest()
        if actual != expected:
            file.unlink()
            raise NoServer(f"{name} was fetched with the SHA-256 {actual} instead of {expected}, and removed")
    return folder


def _run_maven(folder: Path) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise NoServer("Maven, which fetches OpenSearch, is not installed (Debian: apt-get install maven)")
    words = ["--batch-mode", "--quiet", "--file", str(POM), f"-Dmaven.repo.local={CACHE / 'maven'}"]
    words += ["dependency:copy", f"-DoutputDirectory={folder}"]
    try:
        done = subprocess.run(
            [maven, *words], capture_output=True, text=True, check=False, timeout=MINUTES_TO_FETCH * 60
        )
    except subprocess.TimeoutExpired:
        raise NoServer(f"Maven did not fetch OpenSearch within {MINUTES_TO_FETCH} minutes") from None
    if done.returncode:
        raise NoServer(f"Maven could not fetch OpenSearch:\n{(done.stdout + done.stderr)[-2000:]}")


def _unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as source:
        source.extractall(folder)
    for script in folder.glob("*/bin/*"):
        script.chmod(0o755)  # zipfile forgets that they can be run
