"""Which day does the date line of an export name? "March 9, 2020 Monday Final Edition", in the language of the paper.

The day stands first, with its weekday before or behind it, and the rest of the line is the edition. A weekday that
contradicts the day makes it none, as everywhere here.
"""

from __future__ import annotations

import datetime
import re
from typing import NamedTuple

from searchkit.readers.calendar_names import MONTH_OF, WEEKDAY_OF, any_of
from searchkit.readers.dates import civil_day, no_day, settled_day
from searchkit.readers.prose import one_line

_MONTH = any_of(MONTH_OF)
_WEEKDAY = any_of(WEEKDAY_OF)
_LINE = re.compile(
    rf"(?:(?:le\s+)?(?P<before>{_WEEKDAY})\.?,?\s+(?:le\s+|den\s+)?)?"
    rf"(?:(?P<month>{_MONTH})\.?\s+(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?"
    rf"|(?P<first>[0-9]{{1,2}})(?:st|nd|rd|th|er|º|°|\.)?\s*(?:of\s+|de\s+)?(?P<then>{_MONTH})\.?),?"
    rf"\s+(?:del?\s+)?(?P<year>[0-9]{{4}})\b[\s,;]*(?:(?P<behind>{_WEEKDAY})\b)?(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_EASTERN = re.compile(r"([0-9]{4})\s*年\s*([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*日(.*)", re.DOTALL)
_NO_DAY = re.compile(
    rf"(?:(?:early|mid|late|spring|summer|autumn|fall|winter|{_MONTH})[\s,/-]*){{1,3}}[0-9]{{4}}\b(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_NUMBERS = re.compile(r"[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}")
_CLOCK = re.compile(
    r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?\s*(?:[ap]\.?m\.?)?\s*(?:\(?[A-Z]{2,5}\)?)?(?=\s|$)", re.IGNORECASE
)
_LONGEST = 160


class DateLine(NamedTuple):
    """The day, None where the line names none for certain; the edition; and how the order of numbers was settled."""

    day: datetime.date | None
    edition: str = ""
    settled: str = ""


def date_line(text: str, order: str = "", language: str = "") -> DateLine | None:
    """What a line that begins with a date says; None for any other line.

    ``order`` and ``language`` settle a day in numbers, as in ``dates.settled_day``.
    """
    text = one_line(text[: 2 * _LONGEST])
    if not text or len(text) > _LONGEST:
        return None
    if line := _LINE.fullmatch(text):
        month = MONTH_OF[(line["month"] or line["then"]).lower()]
        weekday = WEEKDAY_OF.get((line["before"] or line["behind"] or "").lower(), "")
        day = f"{line['day'] or line['first']} {month} {line['year']}"
        return DateLine(civil_day(f"{weekday}, {day}" if weekday else day), _edition(line["rest"]))
    if eastern := _EASTERN.fullmatch(text):
        year, month, number, rest = eastern.groups()
        return DateLine(civil_day(f"{year}-{month}-{number}"), _edition(rest))
    if _NUMBERS.match(text):
        found, settled = settled_day(text, order, language)
        return DateLine(found, "", settled)
    without = _NO_DAY.fullmatch(text)
    return DateLine(None, _edition(without["rest"])) if without else None


def without_day(stated: str) -> str:
    """The reason of a Problem about a date line that gives no day, as half a sentence."""
    said = one_line(stated[: 2 * _LONGEST])
    return f"date '{said}' names no day" if _NO_DAY.fullmatch(said[:_LONGEST]) else no_day(said)


def _edition(rest: str) -> str:
    edition = rest.strip(" ,;.-")
    clock = _CLOCK.match(edition)
    return (edition[clock.end() :] if clock else edition).strip(" ,;.-")
