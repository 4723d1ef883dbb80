"""Whole corpora of real news, from files to answers."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from searchkit.index import Index, open_index
from searchkit.indexing import Ledger, Report, Sync
from searchkit.local import open_writer


def build(index: Path, *paths: Path) -> Report:
    with open_writer(index) as writer, Ledger(index) as ledger:
        return Sync(writer, ledger, index).run(paths)


def topics(corpora: Path) -> list[tuple[str, str]]:
    lines = (corpora / "queries" / "news-topics.tsv").read_text(encoding="utf-8").splitlines()
    return [(line.split("\t")[0], line.split("\t")[1]) for line in lines]


def answer_all(index: Index, corpora: Path) -> None:
    """Ask every topic, and look at every hit that comes back."""
    asked = topics(corpora)
    assert len(asked) == 400
    answered = 0
    for _, text in asked:
        results = index.search(text, limit=3)
        assert results.total_all <= results.total
        assert len(results) == min(results.total, 3)
        for hit in results:
            assert hit.title
            assert all(0 <= start < end <= len(hit.snippet) for start, end in hit.highlights)
        answered += results.total > 0
    assert answered > 390


@pytest.fixture(scope="module")
def reuters(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    folder = tmp_path_factory.mktemp("reuters") / "index"
    return folder, build(folder, corpora / "reuters21578")


def test_reuters_is_indexed_whole(reuters: tuple[Path, Report]) -> None:
    folder, report = reuters
    assert (report.added, report.skipped) == (21_577, 1)
    with open_index(folder) as index:
        held = index.statistics()
        assert held.articles == 21_577
        assert held.sources == (("Reuters", 21_577),)
        assert (held.first_date, held.last_date) == (datetime.date(1987, 2, 26), datetime.date(1987, 10, 20))
        assert index.search("cocoa bahia")[0].title.startswith("BAHIA COCOA")


def test_reuters_answers_every_topic(reuters: tuple[Path, Report], corpora: Path) -> None:
    with open_index(reuters[0]) as index:
        answer_all(index, corpora)


@pytest.mark.long
def test_the_press_releases_of_the_senate(corpora: Path, tmp_path: Path) -> None:
    report = build(tmp_path / "index", corpora / "senate-press" / "docs.jsonl.gz")
    # Thirteen of the 72,644 records have neither a title nor a text.
    assert (report.added, report.skipped) == (72_631, 13)
    assert {problem.reason for problem in report.problems if not problem.kept} == {"holds no text"}
    with open_index(tmp_path / "index") as index:
        assert index.statistics().articles == 72_631
        for article_id in ("Akaka/10Apr2007akaka175", "Wyden/9Sep2004Wyden257"):
            assert index.article(article_id).id == article_id
        answer_all(index, corpora)
