"""Which days does a person mean? Dates as they are said in a query, from a first civil day to a last.

One date is any of these; a day, month or year can stand alone:

    2020  2020-03  2020-03-09  2020/03/09  20200309  25/03/2020  03/2020  2020-W10  2020-Q1  q1 2020  1990s
    march 2020  Mar 2020  9 March 2020  9th of March 2020  March 9, 2020  Monday, 9 March 2020
    march                         the most recent March that has begun, to its last day
    today  yesterday  tomorrow
    monday  last monday           the most recent one; today is one for ``monday`` and not for ``last monday``
    this|last|next week           the calendar week, Monday to Sunday: ``last week`` is the one before this one
    this|last|next month|quarter|year    likewise of the calendar; ``past`` is ``last``
    last 30 days                  so many days, the last of them today; weeks are seven days
    last 3 months|years           from the day behind the same day of that month to today
    3 days|weeks|months|years ago one day

The same day of a shorter month is its last day. ``last 99999 years`` begins before the calendar: its first day is
open. Several of them, or one, make

    A..B  A to B  A – B  from A to B  between A and B     from the first day of A to the last day of B
    ..B  A..  ..                                          with open ends
    [A TO B]  {A TO B}  [* TO B}                          as Lucene: { and } leave out the day, month or year named
    after A  before A  > A  < A                           without any day of A
    since A  until A  from A  >= A  <= A                  with all days of A
    on A  in A  during A  = A                             A itself

Case and blanks do not matter, and a hyphen is as good as a blank: ``last-30-days``. What can be read in two ways
(03/04/2020) is refused, and so is a range that ends before it begins.
"""

from __future__ import annotations

import datetime

from searchkit.query.date_forms import WORDS, Named, one_date
from searchkit.query.date_tokens import HINT, Cursor, DateError, Token, has_only
from searchkit.query.days import Days, as_text, months

__all__ = ["DateError", "Days", "as_text", "days_of", "goes_on"]

# What begins a bound, and whether it leaves out the days of its date.
_LOWER = {"after": True, ">": True, "since": False, ">=": False}
_UPPER = {"before": True, "<": True, "until": False, "till": False, "<=": False}
_ITSELF = ("on", "in", "during")
_RANGE_WORDS = ("to", "until", "till", "through")
_WORDS = WORDS.union(_LOWER, _UPPER, _ITSELF, _RANGE_WORDS, ("from", "between", "and"))


def days_of(text: str, today: datetime.date) -> Days:
    """The days that ``text`` names, as the forms above, if ``today`` is today. Raises DateError."""
    cursor = Cursor(text)
    if cursor.peek().kind == "end":
        raise DateError("the date is empty", at=0, hint=HINT)
    days = _brackets(cursor, today) or _bounds(cursor, today) or _range(cursor, today)
    rest = cursor.peek()
    if rest.text in ("t", "at", ":") or cursor.peek(1).text == ":":
        raise cursor.unexpected(hint="A date is a day: leave the clock out.")
    if rest.kind != "end":
        raise cursor.unexpected()
    return days


def goes_on(chunk: str) -> bool:
    """Whether a date may go on with ``chunk``; most words of a query behind a date cannot belong to it."""
    return has_only(_WORDS, chunk)


def _brackets(cursor: Cursor, today: datetime.date) -> Days | None:
    """[A TO B], with { or } where the date itself is left out and * where that end is open."""
    hint = "Write [2020-03-01 TO 2020-03-09]."
    opening = cursor.mark(("[", "{"))
    if not opening:
        return None
    left = None if cursor.mark(("*",)) else one_date(cursor, today)
    if not cursor.word(("to",)):
        raise cursor.mistake(cursor.peek(), "TO is expected here", hint=hint)
    right = None if cursor.mark(("*",)) else one_date(cursor, today)
    closing = cursor.mark(("]", "}"))
    if not closing:
        raise cursor.mistake(cursor.peek(), "its bracket is never closed", hint=hint)
    left, right = _with_years(cursor, left, right)
    first = _first(cursor, left, is_excluded=opening == "{")
    last = _last(cursor, right, is_excluded=closing == "}")
    return _ordered(cursor, first, last, left, right)


def _bounds(cursor: Cursor, today: datetime.date) -> Days | None:
    """After A, before B, since A and before B, from A to B, between A and B, on A."""
    if cursor.mark(("=",)) or cursor.word(_ITSELF):
        return one_date(cursor, today).days
    if cursor.word(("from",)):
        return _range(cursor, today, is_open=True)
    if cursor.word(("between",)):
        left = one_date(cursor, today)
        if not cursor.word(("and",)):
            raise cursor.mistake(cursor.peek(), "'and' is expected here", hint="Write between 2019 and 2020.")
        return _from_to(cursor, left, one_date(cursor, today))
    lower = _bound(cursor, today, _LOWER)
    upper = _bound(cursor, today, _UPPER)
    if lower is None and upper is not None:
        lower = _bound(cursor, today, _LOWER)
    if lower is None and upper is None:
        return None
    first = _first(cursor, lower[0], is_excluded=lower[1]) if lower else None
    last = _last(cursor, upper[0], is_excluded=upper[1]) if upper else None
    return _ordered(cursor, first, last, lower and lower[0], upper and upper[0])


def _bound(cursor: Cursor, today: datetime.date, names: dict[str, bool]) -> tuple[Named, bool] | None:
    """The date of a bound, and whether its days are left out; a second bound may stand behind an "and"."""
    place = cursor.place
    if place:
        cursor.word(("and",))
    name = cursor.mark(names) or cursor.word(names)
    if not name:
        cursor.place = place
        return None
    return one_date(cursor, today), names[name]


def _range(cursor: Cursor, today: datetime.date, *, is_open: bool = False) -> Days:
    """A, A..B, A to B, ..B or A..; with ``is_open``, A alone has no last day."""
    if cursor.mark(("*",)):
        return Days(None, None)
    if cursor.mark(("..",)):
        is_all = cursor.peek().kind == "end"
        return Days(None, None if is_all else one_date(cursor, today).days.last)
    left = one_date(cursor, today)
    mark = cursor.mark(("..", "–"))
    if mark == ".." and cursor.peek().kind == "end":
        return Days(left.days.first, None)
    if mark or cursor.word(_RANGE_WORDS) or cursor.mark(("-",)):
        return _from_to(cursor, left, one_date(cursor, today))
    return Days(left.days.first, None) if is_open else left.days


def _from_to(cursor: Cursor, left: Named, right: Named) -> Days:
    begin, end = _with_years(cursor, left, right)
    return _ordered(cursor, _first(cursor, begin), _last(cursor, end), begin, end)


def _with_years(cursor: Cursor, left: Named | None, right: Named | None) -> tuple[Named | None, Named | None]:
    """Both, a month without a year in the year of the other: "march to april 2020"."""
    if left and right:
        return _with_year(cursor, left, right.days.first, right), _with_year(cursor, right, left.days.last, left)
    return left, right


def _with_year(cursor: Cursor, named: Named, day: datetime.date | None, other: Named) -> Named:
    if named.kind != "month" or day is None or other.kind not in ("dated", "year"):
        return named
    month = months(day.year * 12 + named.month - 1, 1)
    if other.kind == "year" or month is None:
        said = cursor.text[named.at : named.end]
        raise cursor.mistake(_token(named), f"the year of {said} is not certain", hint=f"Write {said} 2020.")
    return Named(month, "dated", named.at, named.end)


def _first(cursor: Cursor, named: Named | None, *, is_excluded: bool = False) -> datetime.date | None:
    """The first day of what begins with a date, or behind it."""
    if named is None or not is_excluded:
        return named.days.first if named else None
    last = named.days.last
    if last is None or last == datetime.date.max:
        raise cursor.mistake(_token(named), "no day comes after it")
    return last + datetime.timedelta(1)


def _last(cursor: Cursor, named: Named | None, *, is_excluded: bool = False) -> datetime.date | None:
    """The last day of what ends with a date, or before it."""
    if named is None or not is_excluded:
        return named.days.last if named else None
    first = named.days.first
    if first is None or first == datetime.date.min:
        raise cursor.mistake(_token(named), "no day comes before it")
    return first - datetime.timedelta(1)


def _ordered(
    cursor: Cursor,
    first: datetime.date | None,
    last: datetime.date | None,
    left: Named | None,
    right: Named | None,
) -> Days:
    """The days from ``first`` to ``last``; refused where they are exchanged or none lies between."""
    if first is None or last is None or left is None or right is None or first <= last:
        return Days(first, last)
    begin, end = left.days.first, right.days.last
    said = [cursor.text[named.at : named.end].strip() for named in (right, left)]
    if begin and end and begin <= end:
        hint = "Both dates are left out: write [2020-03-01 TO 2020-03-09] or 'since ... until ...' to have them in."
    elif "month" in (left.kind, right.kind):
        hint = "Write the years too: march 2020..may 2020."
    else:
        hint = f"Exchange the two: {said[0]}..{said[1]}."
    raise cursor.mistake(_token(right), f"no day lies between {first} and {last}", hint=hint)


def _token(named: Named) -> Token:
    return Token("word", "", named.at, named.end, False)
