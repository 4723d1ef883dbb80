"""A stem may have thousands of written forms; their numbers once ran into the positions when segments were merged."""

from __future__ import annotations

import itertools
from collections import defaultdict
from pathlib import Path

from searchkit.analysis import Chain
from searchkit.article import Article
from searchkit.engine import Request
from searchkit.local.engine import LocalEngine
from searchkit.query.tree import phrase
from searchkit.store.writer import StoreWriter

# Finnish endings; nobody stacks four of them at random, but whoever wants to do harm does.
ENDINGS = "t n a ta tta ssa sta lla lta lle ksi na in han hin kin kaan ko pa mme nne nsa ni si ja en i e mpi mma"
SEGMENTS = 8


def test_a_stem_of_thousands_of_forms_keeps_its_places_when_segments_are_merged(tmp_path: Path) -> None:
    chain = Chain("finnish")
    by_stem: dict[str, list[str]] = defaultdict(list)
    for endings in itertools.product(ENDINGS.split(), repeat=4):
        word = "talo" + "".join(endings)
        by_stem[chain.term(word)[1]].append(word)
    forms = sorted(set(max(by_stem.values(), key=len)))
    assert len(forms) > 4096
    share = len(forms) // SEGMENTS
    with StoreWriter(tmp_path / "index", language="finnish") as writer:
        for number in range(SEGMENTS):
            between = f" x{number} "
            # In one article the forms stand at even positions, in the other at odd ones.
            body = between.join(forms[number * share : (number + 1) * share])
            writer.put(Article(f"even {number}", "", body))
            writer.put(Article(f"odd {number}", "", between + body))
            writer.commit()
    engine = LocalEngine(tmp_path / "index")
    assert engine.statistics().versions["segments"] == "1"
    for number in range(SEGMENTS):
        assert engine.search(Request(phrase(f"{forms[0]} x{number}"))).total == 2
