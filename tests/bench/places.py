"""Where the benchmark reads from and writes to: the repository, the corpora, the work folder, the results."""

from __future__ import annotations

import os
from pathlib import Path

# Not resolved: a checkout reached by a link keeps its own neighbours.
REPOSITORY = Path(__file__).absolute().parents[2]
RESULTS = Path(__file__).absolute().parent / "results"


def corpora_folder() -> Path:
    """The shared corpora: SEARCHKIT_CORPORA, or ../shared/corpora beside the repository."""
    folder = Path(os.environ.get("SEARCHKIT_CORPORA", REPOSITORY.parent / "shared" / "corpora"))
    if not folder.is_dir():
        raise SystemExit(f"The corpora are not at {folder}. Set SEARCHKIT_CORPORA to their folder.")
    return folder


def work_folder() -> Path:
    """Where unpacked corpora and indexes go: SEARCHKIT_BENCH_WORK, or ./bench-work. Made if absent."""
    folder = Path(os.environ.get("SEARCHKIT_BENCH_WORK", "bench-work"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute()
