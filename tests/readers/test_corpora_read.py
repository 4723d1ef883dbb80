"""Real corpora come through whole: counts, the first, tenth and last article, and all problems are pinned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from searchkit.article import Article, Problem
from searchkit.readers import open_articles

Pin = tuple[str, str, str, int]

SENATE = [
    ("Akaka/10Apr2007akaka175", "", "2007-04-10", 2483),
    ("Akaka/10May2007akaka144", "", "2007-05-10", 2548),
    (
        "Wyden/9Sep2004Wyden257",
        "OREGON LAWMAKERS URGE SEC. THOMPSON TO APPROVE GOVERNOR'S DRUG REIMPORTATION PLAN",
        "2004-09-09",
        4276,
    ),
]
REUTERS = [
    ("reuters-1", "BAHIA COCOA REVIEW", "1987-02-26", 2822),
    ("reuters-10", "COMPUTER TERMINAL SYSTEMS <CPML> COMPLETES SALE", "1987-02-26", 1285),
    ("reuters-21578", "AMERICAN EXCHANGE INTRODUCES INSTITUTIONAL INDEX", "1987-10-19", 966),
]
TIME = [
    ("1", "", "1963-01-04", 5649),
    ("10", "", "1963-01-04", 1684),
    ("423", "", "1963-12-27", 442),
]
CRANFIELD = [
    ("1", "experimental investigation of the aerodynamics of a wing in a slipstream .", "", 825),
    ("10", "the theory of the impact tube at low pressure .", "", 279),
    (
        "1400",
        "the buckling shear stress of simply-supported infinitely long plates with transverse stiffeners .",
        "",
        564,
    ),
]
CACM = [
    ("1", "Preliminary Report-International Algebraic Language", "", 0),
    ("10", "Glossary of Computer Engineering and Programming Terminology", "", 0),
    ("3204", "An On-Line Program for Non-Numerical Algebra", "", 517),
]


def pins(items: Iterable[Article | Problem]) -> tuple[int, list[Pin], Counter[str]]:
    """How many articles, three of them (id, title, date, length of the body), and the problems' reasons."""
    count = 0
    chosen: list[Pin] = []
    last: Pin = ("", "", "", 0)
    problems: Counter[str] = Counter()
    for item in items:
        if isinstance(item, Problem):
            problems[item.reason] += 1
            continue
        count += 1
        last = (item.id, item.title, item.date.isoformat() if item.date else "", len(item.body))
        if count in (1, 10):
            chosen.append(last)
    return count, [*chosen, last], problems


def test_senate_press(corpora: Path) -> None:
    """72,644 records, of which 13 have neither a title nor a text."""
    count, three, problems = pins(open_articles(corpora / "senate-press" / "docs.jsonl.gz", "senate"))
    assert (count, problems) == (72_631, {"holds no text": 13})
    assert three == SENATE


def test_reuters(corpora: Path) -> None:
    """21,578 stories: one is empty; one day is a guess of an editor, and one has the hour 605."""
    files = sorted((corpora / "reuters21578").glob("*.sgm.gz"))
    count, three, problems = pins(chain.from_iterable(open_articles(file, file.name) for file in files))
    assert count == 21_577
    assert problems == {
        "holds no text": 1,
        "date '9-APR-1987 00:00:00.00 # date added by S Finch as guesswork' is not understood as a day": 1,
        "date '31-MAR-1987 605:12:19.12' is not understood as a day": 1,
    }
    assert three == REUTERS


def test_time(corpora: Path) -> None:
    count, three, problems = pins(open_articles(corpora / "time" / "docs.jsonl", "time"))
    assert (count, problems) == (423, {})
    assert three == TIME


def test_cranfield(corpora: Path) -> None:
    """1,400 abstracts, two of which are empty in the collection itself; none is dated."""
    count, three, problems = pins(open_articles(corpora / "cranfield" / "docs.jsonl", "cranfield"))
    assert (count, problems) == (1_398, {"holds no text": 2})
    assert three == CRANFIELD


def test_cacm(corpora: Path) -> None:
    """3,204 entries, half of them a title without an abstract."""
    count, three, problems = pins(open_articles(corpora / "cacm" / "docs.jsonl", "cacm"))
    assert (count, problems) == (3_204, {})
    assert three == CACM
