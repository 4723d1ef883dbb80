"""Where things lie that many tests look at, and the type of the program as a fixture."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEED = ROOT / "seeds" / "000_2b5d70423e18adf0.txt"

Run = Callable[..., "subprocess.CompletedProcess[str]"]
