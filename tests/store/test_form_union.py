"""The forms of several segments as one table: both kernels make the same, and it finds what each segment finds."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store.test_patterns import BOTH, LETTERS, VOCABULARIES, WORDS, File

from searchkit.article import Article
from searchkit.engine import Request
from searchkit.errors import IndexDamaged
from searchkit.local import open_engine, open_writer
from searchkit.query import Fuzzy, Node, Regex, Wildcard
from searchkit.store.forms import SharedForms, tokens
from searchkit.store.segment import SegmentReader


@given(st.lists(VOCABULARIES, max_size=4), WORDS, st.integers(0, 2))
def test_it_finds_what_each_of_them_finds(vocabularies: list[list[str]], word: str, limit: int) -> None:
    files = [File([form.encode() for form in forms]) for forms in vocabularies]
    everything = sorted({form.encode() for forms in vocabularies for form in forms})
    answers = []
    for module in BOTH:
        tables = [file.lexicon(module) for file in files]
        union = module.FormUnion(tables)
        table = union.table
        assert [table.form(number) for number in range(table.forms)] == everything
        assert table.ordered(0, table.forms) == list(range(len(everything)))
        near = [number for number, _ in table.fuzzy(word, limit, 0, table.forms)]
        apart = [[number for number, _ in one.fuzzy(word, limit, 0, one.forms)] for one in tables]
        assert union.split(near) == apart
        pattern = tokens([word, *LETTERS[:1]])
        assert union.split(table.wildcard(pattern)) == [one.wildcard(pattern) for one in tables]
        answers.append((near, apart))
        with pytest.raises(IndexError):
            union.split([table.forms])
    assert answers.count(answers[0]) == len(answers)


def test_long_forms_of_one_beginning() -> None:
    """Whose first eight bytes are the same, some of them with zeros behind."""
    random_ = random.Random(5)
    words = ["abcdefgh" + "".join(random_.choices("ab\0", k=random_.randrange(4))) for _ in range(300)]
    words += ["abcdefg", "abcdefg\0", "\0", "\0\0", ""]
    parts = [sorted(set(random_.sample(words, 150))) for _ in range(4)]
    for module in BOTH:
        union = module.FormUnion([File([form.encode() for form in part]).lexicon(module) for part in parts])
        everything = sorted({form.encode() for part in parts for form in part})
        assert [union.table.form(number) for number in range(union.table.forms)] == everything
        assert union.split(range(union.table.forms)) == [list(range(len(part))) for part in parts]


@pytest.mark.parametrize("module", BOTH)
def test_damage_names_its_table(module: Any) -> None:
    files = [File([b"a", b"b"]), File([b"a", b"c"])]
    files[1].order = [0, 0]
    with pytest.raises(module.Damage) as caught:
        module.FormUnion([file.lexicon(module) for file in files])
    assert caught.value.args[1] == 1


@pytest.mark.parametrize("module", BOTH)
def test_a_bad_page_is_damage_of_its_file(module: Any) -> None:
    files = [File([b"a", b"b"]), File([b"a", b"c"])]
    files[1].bad_pages = {1}
    with pytest.raises(IndexDamaged):
        module.FormUnion([file.lexicon(module) for file in files])


BODIES = ("Police policed the policies", "a policeman, policies of poilce", "polite police officers", "no such thing")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of four segments, each made by a commit of its own."""
    path = tmp_path_factory.mktemp("union") / "index"
    for number, body in enumerate(BODIES):
        with open_writer(path) as writer:
            writer.put(Article(str(number), "", body))
            writer.commit()
    return path


QUERIES: list[Node] = [
    Fuzzy("police", 1),
    Fuzzy("police", 2),
    Regex("pol[a-z]*e.*"),
    Regex("polic(e|ies)"),
    Wildcard("*lic*"),
    Wildcard("pol*"),
    Wildcard("p?lice"),
    Regex("nothing like it"),
]


def test_answers_stay_the_same_once_forms_are_united(index: Path) -> None:
    alone = [open_engine(index).search(Request(query)) for query in QUERIES]
    engine = open_engine(index)
    for _ in range(3):
        for query, expected in zip(QUERIES, alone, strict=True):
            found = engine.search(Request(query))
            assert [(one.id, one.score) for one in found.found] == [(one.id, one.score) for one in expected.found]
            assert (found.total, found.terms) == (expected.total, expected.terms)
    assert [one.total for one in alone] == [3, 3, 3, 3, 3, 3, 2, 0]


def test_one_segment_is_not_united(index: Path) -> None:
    forms = [SegmentReader(index / f"segment-{number}").forms for number in (1, 2)]
    one, two = SharedForms(forms[:1]), SharedForms(forms)
    kinds = []
    for _ in range(6):
        one.numbers(lambda found: kinds.append(type(found)) or [])  # type: ignore[func-returns-value]
    assert set(kinds) == {type(forms[0])}
    kinds.clear()
    for _ in range(6):
        two.numbers(lambda found: kinds.append(type(found)) or [])  # type: ignore[func-returns-value]
    assert len(set(kinds)) == 2
