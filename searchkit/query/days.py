"""What is a stretch of days? Weeks, months and years as days from a first to a last, and the text of a stretch.

Days are counted by their ordinals, and months from year 0 on, so that a step beyond the calendar is a number
like any other and never an overflow. The calendar runs from 0001-01-01 to 9999-12-31.
"""

from __future__ import annotations

import datetime

from searchkit.frozen import frozen

_FIRST, _LAST = datetime.date.min.toordinal(), datetime.date.max.toordinal()
_FIRST_MONTH, _LAST_MONTH = 12, 9999 * 12 + 11


@frozen
class Days:
    """The days from ``first`` to ``last``, both included; None is an open end. ``last`` is never before ``first``."""

    first: datetime.date | None
    last: datetime.date | None


def as_text(days: Days) -> str:
    """The canonical text of ``days``, which ``days_of`` reads back whatever day it is.

    A day, a month and a year have a text of their own; all else is ``first..last``, an open end left out.
    """
    first, last = days.first, days.last
    if first is None or last is None:
        return f"{first or ''}..{last or ''}"
    if first == last:
        return first.isoformat()
    if (first.day, first.month) == (1, 1) and last == datetime.date(first.year, 12, 31):
        return f"{first.year:04}"
    if first.day == 1 and last == first.replace(day=length_of_month(first.year, first.month)):
        return f"{first.year:04}-{first.month:02}"
    return f"{first}..{last}"


def length_of_month(year: int, month: int) -> int:
    """How many days a month has."""
    if month == 12:
        return 31
    return (datetime.date(year, month + 1, 1) - datetime.date(year, month, 1)).days


def stretch(first: int, last: int) -> Days | None:
    """The days between two ordinals as far as the calendar has them; None where it has none of them."""
    if last < _FIRST or first > _LAST:
        return None
    return Days(
        datetime.date.fromordinal(max(first, _FIRST)),
        datetime.date.fromordinal(min(last, _LAST)),
    )


def months(first: int, count: int) -> Days | None:
    """``count`` whole months from month number ``first`` on, as far as the calendar has them."""
    last = min(first + count - 1, _LAST_MONTH)
    first = max(first, _FIRST_MONTH)
    if last < first:
        return None
    year, month = divmod(last, 12)
    return Days(
        datetime.date(first // 12, first % 12 + 1, 1),
        datetime.date(year, month + 1, length_of_month(year, month + 1)),
    )


def month_of(day: datetime.date) -> int:
    """The number of the month of ``day``, counted from January of year 0."""
    return day.year * 12 + day.month - 1


def earlier(day: datetime.date, count: int, unit: str) -> datetime.date | None:
    """The day ``count`` units before ``day``; None where it lies before the calendar begins.

    In months, quarters and years it is the same day of the month, or its last where the month is shorter.
    """
    if unit in ("day", "week"):
        ordinal = day.toordinal() - count * (7 if unit == "week" else 1)
        return datetime.date.fromordinal(ordinal) if ordinal >= _FIRST else None
    number = month_of(day) - count * {"month": 1, "quarter": 3, "year": 12}[unit]
    if number < _FIRST_MONTH:
        return None
    year, month = number // 12, number % 12 + 1
    return datetime.date(year, month, min(day.day, length_of_month(year, month)))


def calendar_unit(day: datetime.date, unit: str, shift: int) -> Days | None:
    """The week (Monday to Sunday), month, quarter or year of ``day``, or the one ``shift`` units after it."""
    if unit == "week":
        monday = day.toordinal() - day.weekday() + 7 * shift
        return stretch(monday, monday + 6)
    length = {"month": 1, "quarter": 3, "year": 12}[unit]
    number = month_of(day)
    return months(number - number % length + shift * length, length)
