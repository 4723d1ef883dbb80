"""The engine finds what matches, counts it, and ranks it."""

from __future__ import annotations

import datetime
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from places import ROOT

from searchkit.article import Article, Origin
from searchkit.errors import (
    AnalysisMismatch,
    ArticleMissing,
    IndexDamaged,
    IndexLocked,
    IndexMissing,
    NotAnIndex,
    UsageError,
)
from searchkit.index import Index, open_index
from searchkit.local import open_engine, open_writer

Make = Callable[..., Index]


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


ARTICLES = [
    Article("a", "Police at the parade", "Pride of parades. It was 9/11.", day("2020-01-01"), "Herald"),
    Article("b", "", "Police at a pride event", day("2020-02-01"), "Post"),
    Article("c", "", "Nothing happened, the parade of nothing", day("2020-03-01"), "Herald"),
    Article("d", "", "Police, undated"),
    Article("e", "End of police", "parade begins", day("2019-01-01"), "Post"),
]


def ids(index: Index, text: str, **options: object) -> list[str]:
    return [hit.id for hit in index.search(text, **options)]  # type: ignore[arg-type]


def test_articles_with_more_of_the_rarer_words_come_first(make_index: Make) -> None:
    with make_index(ARTICLES) as index:
        results = index.search("pride parade police")
        assert (results.total, results.total_all) == (5, 1)
        assert results[0].id == "a"
        assert [hit.rank for hit in results] == [1, 2, 3, 4, 5]
        scores = [hit.score for hit in results]
        assert scores == sorted(scores, reverse=True)
        assert {term.text: term.articles for term in results.terms} == {"pride": 2, "parade": 3, "police": 4}


@pytest.mark.parametrize("times", [1, 3, 4, 5, 62, 63, 300])
def test_a_pattern_of_one_word_scores_as_the_word_does(make_index: Make, times: int) -> None:
    """What stands in a title more often than a few bits can say was once taken for four times."""
    again = " ".join(["police"] * times)
    articles = [Article("title", again, "End."), Article("body", "End", again), Article("both", again, again)]
    with make_index([*articles, *ARTICLES]) as index:
        word, pattern = index.search("police"), index.search("polic*")
        assert [(hit.id, hit.score) for hit in pattern] == [(hit.id, hit.score) for hit in word]


def test_all_words_can_be_required(make_index: Make) -> None:
    with make_index(ARTICLES) as index:
        results = index.search("pride police", require_all=True)
        assert sorted(hit.id for hit in results) == ["a", "b"]
        assert (results.total, results.total_all) == (2, 2)


def test_phrases_need_their_words_side_by_side_in_order(make_index: Make) -> None:
    with make_index(ARTICLES) as index:
        assert ids(index, '"pride of parades"') == ["a"]
        assert ids(index, '"parades of pride"') == []
        assert ids(index, "9/11") == ["a"]
        # A phrase does not run from the title into the body.
        assert ids(index, '"police parade"') == []


def test_dates_sources_and_orders(make_index: Make) -> None:
    with make_index(ARTICLES) as index:
        assert ids(index, "police", sort="newest") == ["b", "a", "e", "d"]
        assert ids(index, "police", sort="oldest") == ["e", "a", "b", "d"]
        assert ids(index, "police", since=day("2020-01-01"), sort="oldest") == ["a", "b"]
        assert ids(index, "police", until=day("2020-01-01"), sort="oldest") == ["e", "a"]
        assert ids(index, "parade", sources=["herald"], sort="oldest") == ["a", "c"]
        assert ids(index, "parade", sources=["nobody"]) == []
        with pytest.raises(UsageError, match="no day lies between"):
            index.search("police", since=day("2021-01-01"), until=day("2020-01-01"))


def test_pages_continue_one_another(make_index: Make) -> None:
    with make_index([Article(f"{n:02}", "", "police") for n in range(25)]) as index:
        pages = [ids(index, "police", limit=10, offset=offset) for offset in (0, 10, 20, 30)]
        assert [len(page) for page in pages] == [10, 10, 5, 0]
        # Equal scores and no dates: the order of the ids decides.
        assert [key for page in pages for key in page] == [f"{n:02}" for n in range(25)]
        assert index.search("police", limit=10, offset=20)[0].rank == 21


def test_equal_scores_stand_newest_first(make_index: Make) -> None:
    days = ["2020-01-02", "2020-01-03", "2020-01-01"]
    with make_index([Article(text, "", "police", day(text)) for text in days]) as index:
        assert ids(index, "police") == ["2020-01-03", "2020-01-02", "2020-01-01"]


def test_an_article_comes_back_whole(make_index: Make) -> None:
    article = Article(
        "ü/1", "T", "B\n\nC", day("0999-01-01"), "S", ("A", "B"), "sec", "u", "en", Origin("/p", "line 3")
    )
    with make_index([article]) as index:
        assert index.article("ü/1") == article
        with pytest.raises(ArticleMissing, match="nope"):
            index.article("nope")


def test_put_replaces_and_remove_removes(tmp_path: Path) -> None:
    with open_writer(tmp_path / "i") as writer:
        writer.put(Article("a", "", "old"))
        writer.put(Article("a", "", "new"))
        writer.put(Article("b", "", "old"))
        writer.commit()
        writer.put(Article("a", "", "newer"))
        writer.remove("b")
        writer.remove("never")
        writer.commit()
        writer.put(Article("z", "", "given up"))
    with open_index(tmp_path / "i") as index:
        assert index.statistics().articles == 1
        assert index.article("a").body == "newer"
        assert ids(index, "old") == []


def test_clear_takes_effect_with_the_commit(tmp_path: Path) -> None:
    with open_writer(tmp_path / "i") as writer:
        writer.put(Article("a", "", "old"))
        writer.commit()
        writer.clear()
        with open_index(tmp_path / "i") as index:
            assert index.statistics().articles == 1
        writer.put(Article("b", "", "new"))
        writer.commit()
    with open_index(tmp_path / "i") as index:
        assert ids(index, "old new") == ["b"]


def test_a_reader_shows_the_commit_that_it_was_opened_on(tmp_path: Path) -> None:
    with open_writer(tmp_path / "i") as writer:
        writer.put(Article("a", "", "police"))
        writer.commit()
        with open_index(tmp_path / "i") as before:
            writer.put(Article("b", "", "police"))
            writer.commit()
            with open_index(tmp_path / "i") as after:
                assert (ids(before, "police"), ids(after, "police")) == (["a"], ["a", "b"])


def test_a_second_writer_is_told(tmp_path: Path) -> None:
    with open_writer(tmp_path / "i"), pytest.raises(IndexLocked, match="is writing to the index"):
        open_writer(tmp_path / "i")


def test_an_index_remembers_its_language(make_index: Make) -> None:
    with make_index([Article("a", "", "Die Häuser")], language="german") as index:
        assert ids(index, "Haus Hause") == ["a"]


def test_statistics(make_index: Make) -> None:
    with make_index(ARTICLES) as index:
        held = index.statistics()
    assert (held.articles, held.undated) == (5, 1)
    assert (held.first_date, held.last_date) == (day("2019-01-01"), day("2020-03-01"))
    assert held.sources == (("Herald", 2), ("Post", 2))
    assert held.bytes > 0


def test_paths_that_hold_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="no index at"):
        open_engine(tmp_path / "nothing")
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(NotAnIndex, match="is a file"):
        open_engine(file)
    with pytest.raises(NotAnIndex, match="is a file"):
        open_writer(file)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear")
    for call in (open_engine, open_writer):
        with pytest.raises(NotAnIndex, match="not an index"):
            call(tmp_path / "other")


def test_damage_and_other_versions_are_said(tmp_path: Path) -> None:
    with open_writer(tmp_path / "i") as writer:
        writer.commit()
    manifest = tmp_path / "i" / "manifest.json"
    good = json.loads(manifest.read_text())

    def sealed(**changes: object) -> str:
        index = {**good["index"], **changes}
        compact = json.dumps(index, sort_keys=True, separators=(",", ":"))
        return json.dumps({"checksum": zlib.crc32(compact.encode()), "index": index})

    for bad in ("", "[]", '{"index": "x"}', "\x00", sealed(segments=[1]), sealed(generation="x")):
        manifest.write_text(bad)
        with pytest.raises(IndexDamaged, match="damaged"):
            open_engine(tmp_path / "i")
    manifest.write_text(json.dumps({**good, "checksum": 1}))
    with pytest.raises(IndexDamaged, match="checksum"):
        open_engine(tmp_path / "i")
    segment = {"name": "../x", "bytes": 1, "articles": 1, "live": 1, "title_words": 1, "body_words": 1}
    manifest.write_text(sealed(segments=[segment]))
    with pytest.raises(IndexDamaged, match="damaged"):
        open_engine(tmp_path / "i")
    manifest.write_text(sealed(format=99))
    with pytest.raises(NotAnIndex, match="has format 99"):
        open_engine(tmp_path / "i")
    manifest.write_text(sealed(fingerprint="something else"))
    for call in (open_engine, open_writer):
        with pytest.raises(AnalysisMismatch, match="another analysis"):
            call(tmp_path / "i")
    with open_writer(tmp_path / "i", fresh=True) as writer:
        writer.put(Article("a", "", "police"))
        writer.commit()
    with open_index(tmp_path / "i") as index:
        assert ids(index, "police") == ["a"]


def test_the_default_folder_with_only_a_hidden_file_is_no_index_yet() -> None:
    assert (ROOT / "index" / ".gitignore").is_file()


def test_a_snippet_is_made_when_it_is_asked_for(make_index: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    from searchkit.results import hits

    real = hits.snippet
    monkeypatch.setattr(hits, "snippet", lambda body, light: made.append(body) or real(body, light))
    with make_index(ARTICLES) as index:
        results = index.search("undated")
        assert made == []
        assert "Police" in results[0].snippet
        assert len(made) == 1
