"""Real corpora come through whole: their counts, their first, tenth and last record, and every problem, are pinned."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from searchkit.article import Article, Problem
from searchkit.readers import open_articles

Pin = tuple[str, str, str, int]
