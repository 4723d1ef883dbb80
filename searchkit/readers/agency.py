"""What do the formats of agencies share? Bylines, stated days, notes, and the names of codes.

Agencies say in many formats the same few things: who wrote it, how urgent it is, whether it may be used, and of
what it is about in the codes of the IPTC and of the ANPA.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import NamedTuple

from searchkit.article import Origin, Problem
from searchkit.readers.dates import no_day, settled_day
from searchkit.readers.prose import one_line

# The seventeen first levels of the IPTC's subject codes, which its media topics have kept, by their numbers.
_SUBJECTS = {
    f"{number:02}000000": name
    for number, name in enumerate(
        (
            "arts, culture and entertainment",
            "crime, law and justice",
            "disaster and accident",
            "economy, business and finance",
            "education",
            "environment",
            "health",
            "human interest",
            "labour",
            "lifestyle and leisure",
            "politics",
            "religion and belief",
            "science and technology",
            "society",
            "sport",
            "unrest, conflicts and war",
            "weather",
        ),
        start=1,
    )
}
# The categories of ANPA 1312 on which agencies agree.
_CATEGORIES = {
    "a": "domestic", "c": "features", "d": "food", "e": "entertainment", "f": "business", "i": "international",
    "k": "commentary", "l": "lifestyle", "o": "weather", "p": "politics", "r": "racing", "s": "sport", "t": "travel",
    "v": "advisories", "w": "Washington",
}  # fmt: skip

_BY = re.compile(r"(?:by|von|par|por)[:\s]\s*", re.IGNORECASE)
_BETWEEN = re.compile(r"[;|\n]")


class Stated(NamedTuple):
    """A day as a document states it: its text, and the name of the field for a note, '' for the plain one."""

    text: str
    field: str = ""


def dated(
    stated: Iterable[Stated], dates: str, language: str
) -> tuple[datetime.date | None, str, list[tuple[str, str]]]:
    """The first certain day of those that are stated, what is said instead of one, and the notes on how it came.

    ``dates`` is the person's setting, ``language`` the document's: they settle a day that fits two readings.
    """
    doubtful = ""
    for text, field in stated:
        if not text or text.isspace():
            continue
        day, settled = settled_day(text, dates, language)
        if day:
            return day, "", noted(("date from", field), ("date settled", settled))
        doubtful = doubtful or text
    return None, doubtful, []


def doubted(origin: Origin, doubtful: str) -> Iterable[Problem]:
    """The Problem of a day that is stated but none, if there is one."""
    return [Problem(origin, no_day(doubtful), kept=True, kind="date")] if doubtful else []


def noted(*pairs: tuple[str, str]) -> list[tuple[str, str]]:
    """The notes that say anything, each on one line."""
    lines = [(name, one_line(text)) for name, text in pairs]
    return [(name, text) for name, text in lines if text]


def status_notes(status: str, embargo: str = "") -> list[tuple[str, str]]:
    """The notes on an item that may not be used as it stands: withheld, canceled, embargoed."""
    status = one_line(status).rpartition(":")[2].lower()
    return noted(("status", "" if status == "usable" else status), ("embargoed until", embargo))


def named(bylines: Iterable[str]) -> tuple[str, ...]:
    """The authors in the words of bylines, each once. Only ; and | part names: a comma may stand within one."""
    found: dict[str, None] = {}
    for byline in bylines:
        for part in _BETWEEN.split(byline):
            author = _BY.sub("", one_line(part), count=1) if _BY.match(one_line(part)) else one_line(part)
            author = author.strip(" ,=<")
            if author:
                found[author] = None
    return tuple(found)


def subject_of(code: str) -> str:
    """The name of the first level of a subject code of eight digits ("15054000" is sport), or ''."""
    digits = one_line(code).rpartition(":")[2]
    return _SUBJECTS.get(f"{digits[:2]}000000", "") if len(digits) == 8 and digits.isdecimal() else ""


def category_of(code: str) -> str:
    """The name of a category of ANPA 1312, which is one letter, or ''."""
    return _CATEGORIES.get(code.lower(), "")


def joined(names: Iterable[str]) -> str:
    """Names as one text, each once."""
    return ", ".join(dict.fromkeys(name for name in map(one_line, names) if name))
