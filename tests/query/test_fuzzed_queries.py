"""Whatever is typed: a tree that has a text, or an error with its column; quickly, and in little memory."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from fuzz_parse import TODAY, Texts, check, check_many
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.article import Article
from searchkit.engine import Request
from searchkit.errors import QueryError
from searchkit.local.engine import LocalEngine
from searchkit.memory import MemoryEngine
from searchkit.query import parse
from searchkit.store.writer import StoreWriter

SLOWEST = 1.0
MOST_MEMORY = 200 << 20
EACH = 10_000


def check_in_little_memory(seed: int) -> tuple[int, float]:
    """``EACH`` texts in a process that gets no more memory than it has, and a little."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_MEMORY, resource.RLIM_INFINITY))
    return check_many(seed, EACH)


@pytest.mark.parametrize("seed", range(2))
def test_thousands_of_random_texts(seed: int) -> None:
    meant, slowest = check_many(seed, 2000)
    assert 500 < meant < 1500
    assert slowest < SLOWEST


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded as Linux does it")
def test_a_million_random_texts() -> None:
    context = multiprocessing.get_context("spawn")
    found = []
    # Fresh processes now and then, made here: an executor that replaces its own may wait for ever (Python 3.11).
    for first in range(1000, 1100, 10):
        with ProcessPoolExecutor(2, context) as processes:
            found += processes.map(check_in_little_memory, range(first, first + 10))
    assert len(found) * EACH == 1_000_000
    assert max(slowest for _, slowest in found) < SLOWEST


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded as Linux does it")
def test_random_texts_in_little_memory() -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as processes:
        assert processes.submit(check_in_little_memory, 7).result()[1] < SLOWEST


@given(
    st.lists(
        st.sampled_from(["a", "b", " ", "(", ")", '"', "AND", "OR", "NOT", "w/3", "~2", "*", "\\", "/", "title:"])
    )
)
@settings(max_examples=2000)
def test_pieces_in_any_order(pieces: list[str]) -> None:
    check("".join(pieces))


def test_what_is_parsed_is_answered(tmp_path: Path) -> None:
    """Both engines answer whatever has a meaning, and in the same way."""
    words = "police pride parade new york a b 9/11 AT&T co-op O’Brien café 北京 pol p1l running ½ ß ﬁ"
    articles = [
        Article("x", words, f"{words}. Police at the pride!\n\nA b", TODAY, "BBC", ("A. B",), language="en"),
        Article("y", "👮 \u202e", "a" * 300 + " b \0 c\ud800d", None, "", (), url="http://x.org/a"),
        Article("", "", "", TODAY),
    ]
    with StoreWriter(tmp_path / "index", workers=1) as writer:
        for article in articles:
            writer.put(article)
            writer.commit()
    engine, oracle = LocalEngine(tmp_path / "index"), MemoryEngine(articles)
    texts = Texts(11)
    answered = 0
    while answered < 2000:
        text = texts.text()
        try:
            request = Request(parse(text, today=TODAY).tree)
            both = []
            for one in (engine, oracle):
                response = one.search(request)
                both.append(
                    (response.total, [hit.id for hit in response.found], [term.articles for term in response.terms])
                )
        except QueryError:
            continue
        except BaseException as error:
            error.add_note(repr(text))
            raise
        answered += 1
        assert both[0] == both[1], text
