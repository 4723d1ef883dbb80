"""Each folder of cases/ holds a file as it is found in the world, and what its reader has to say about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from searchkit.article import Article, Problem
from searchkit.readers import open_articles

CASES = sorted(Path(__file__).parent.joinpath("cases").iterdir())


def as_data(item: Article | Problem) -> dict[str, object]:
    """What the item says, without what it leaves empty."""
    place = {"place": item.origin.place} if item.origin.place else {}
    if isinstance(item, Problem):
        return {"problem": item.reason, **({"kept": True} if item.kept else {}), **place}
    data: dict[str, object] = {
        "id": item.id,
        "title": item.title,
        "body": item.body,
        "date": item.date.isoformat() if item.date else "",
        "source": item.source,
        "authors": list(item.authors),
        "section": item.section,
        "url": item.url,
        "language": item.language,
        "notes": [list(note) for note in item.notes],
        **place,
    }
    return {key: value for key, value in data.items() if value}


@pytest.mark.parametrize("folder", CASES, ids=[folder.name for folder in CASES])
def test_case(folder: Path) -> None:
    (file,) = folder.glob("input.*")
    expected = json.loads(folder.joinpath("expected.json").read_text("utf-8"))
    items = list(open_articles(file, file.name))
    assert [as_data(item) for item in items] == expected["items"], expected["comment"]
    assert {item.origin.path for item in items} == {str(file)}
