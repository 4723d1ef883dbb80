"""How does a person name one day, month or year? Each form of a date but the ranges, read off a cursor."""

from __future__ import annotations

import datetime

from searchkit.frozen import frozen
from searchkit.query.date_tokens import Cursor, DateError, Token
from searchkit.query.days import Days, calendar_unit, earlier, length_of_month, month_of, months, stretch

_MONTHS_IN_FULL = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
]  # fmt: skip
_MONTHS = {name.lower(): number for number, name in enumerate(_MONTHS_IN_FULL, 1)}
_MONTHS |= {name[:3]: number for name, number in _MONTHS.items()} | {"sept": 9}
_WEEKDAYS_IN_FULL = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_WEEKDAYS = {name.lower(): number for number, name in enumerate(_WEEKDAYS_IN_FULL)}
_WEEKDAYS |= {name[:3]: number for name, number in _WEEKDAYS.items()} | {"tues": 1, "thur": 3, "thurs": 3}
_COUNTED = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_COUNTS = {name: number for number, name in enumerate(_COUNTED, 1)}
_A_FEW = _COUNTS | {"a": 1, "an": 1}
_UNITS = {name + ending: name for name in ("day", "week", "month", "quarter", "year") for ending in ("", "s")}
_CLOCK_UNITS = {"hour", "hours", "minute", "minutes", "second", "seconds"}
_NAMED_DAYS = {"yesterday": -1, "today": 0, "now": 0, "tomorrow": 1}
_SHIFTS = {"this": 0, "current": 0, "last": -1, "past": -1, "previous": -1, "next": 1}
_SEASONS = {"spring", "summer", "autumn", "fall", "winter"}
_ORDINALS = {"st", "nd", "rd", "th"}
_JOINTS = ("-", "/", ".")
# Every word that stands in one of the forms below.
WORDS = frozenset().union(
    _MONTHS, _WEEKDAYS, _A_FEW, _UNITS, _CLOCK_UNITS, _NAMED_DAYS, _SHIFTS, _SEASONS, _ORDINALS,
    ("the", "of", "ago", "s", "w", "q"),
)  # fmt: skip
_YEARS = "years have four digits, from 0001 to 9999"
_BEYOND = "it lies beyond the calendar, which runs from 0001-01-01 to 9999-12-31"


@frozen
class Named:
    """What one form names, and where in the text it stands.

    ``kind`` is "dated" (a day, week, month or quarter with its year), "year" (a year or a decade), "month" (one
    whose year was not said, number ``month``) or "relative". The last day is never open.
    """

    days: Days
    kind: str
    at: int
    end: int
    month: int = 0


def one_date(cursor: Cursor, today: datetime.date) -> Named:
    """The one form that stands at the cursor, which it passes. Raises DateError where none does."""
    cursor.word(("the",))
    cursor.pass_joint()
    token = cursor.peek()
    read = _numbered if token.kind == "number" else _worded if token.kind == "word" else None
    if read is None:
        raise cursor.unexpected()
    days, kind, month = read(cursor, today)
    if days is None:
        raise cursor.mistake(token, _BEYOND)
    return Named(days, kind, token.at, cursor.peek(-1).end, month)


_Read = tuple[Days | None, str, int]


def _numbered(cursor: Cursor, today: datetime.date) -> _Read:
    token = cursor.peek()
    ago = _ago(cursor, today)
    if ago is not None:
        return ago
    cursor.take()
    digits = len(token.text)
    if cursor.peek().text == "s" and cursor.peek().glued:
        return _decade(cursor, token), "year", 0
    if digits == 4:
        return _year_first(cursor, token)
    if digits == 8:
        year, month, day = (
            Token("number", token.text[begin:end], token.at + begin, token.at + end, True)
            for begin, end in ((0, 4), (4, 6), (6, 8))
        )
        return _day(cursor, _year(cursor, year), month, day), "dated", 0
    if digits > 2:
        raise cursor.mistake(token, _YEARS)
    return _day_first(cursor, token), "dated", 0


def _worded(cursor: Cursor, today: datetime.date) -> _Read:
    word = cursor.peek().text
    if word in _NAMED_DAYS:
        cursor.take()
        day = today.toordinal() + _NAMED_DAYS[word]
        return stretch(day, day), "relative", 0
    if word in _SHIFTS:
        return _relative(cursor, today), "relative", 0
    if word in _MONTHS:
        return _month_first(cursor, today)
    if word in _WEEKDAYS:
        return _weekday_first(cursor, today)
    if word == "q":
        return _quarter(cursor), "dated", 0
    if word in _SEASONS:
        raise cursor.mistake(
            cursor.peek(), "a season has no first day that all agree on", hint="Write 2020-03..2020-05."
        )
    ago = _ago(cursor, today)
    if ago is None:
        raise cursor.unexpected()
    return ago


def _year(cursor: Cursor, token: Token) -> int:
    if len(token.text) != 4 or token.number == 0:
        raise cursor.mistake(token, _YEARS)
    return token.number


def _month(cursor: Cursor, token: Token) -> int:
    if len(token.text) > 2 or not 1 <= token.number <= 12:
        raise cursor.mistake(token, f"there is no month {token.text[:9]}")
    return token.number


def _day(cursor: Cursor, year: int, month: Token | int, day: Token) -> Days:
    number = month if isinstance(month, int) else _month(cursor, month)
    length = length_of_month(year, number)
    if len(day.text) > 2 or not 1 <= day.number <= length:
        raise cursor.mistake(day, f"{_MONTHS_IN_FULL[number - 1]} {year:04} has {length} days")
    found = datetime.date(year, number, day.number)
    return Days(found, found)


def _part(cursor: Cursor, marks: tuple[str, ...]) -> tuple[str, Token] | None:
    """A mark and a number without a blank between them, both passed; a number of four digits is left to a range."""
    mark, number = cursor.peek(), cursor.peek(1)
    if mark.kind != "mark" or mark.text not in marks or number.kind != "number":
        return None
    if not mark.glued or not number.glued or (mark.text == "-" and len(number.text) >= 4):
        return None
    cursor.place += 2
    return mark.text, number


def _year_first(cursor: Cursor, token: Token) -> _Read:
    """2020, 2020-03, 2020-03-09, 2020/03/09, 2020-W10, 2020-W10-1, 2020-Q1."""
    year = _year(cursor, token)
    if cursor.word(("w",)):
        return _iso_week(cursor, year), "dated", 0
    if cursor.word(("q",)):
        return _quarter_of(cursor, _quarter_number(cursor), year), "dated", 0
    month = _part(cursor, _JOINTS)
    if month is None:
        return months(year * 12, 12), "year", 0
    number = _month(cursor, month[1])
    day = _part(cursor, (month[0],))
    if day is None:
        return months(year * 12 + number - 1, 1), "dated", 0
    return _day(cursor, year, number, day[1]), "dated", 0


def _iso_week(cursor: Cursor, year: int) -> Days | None:
    week = cursor.take()
    if week.kind != "number" or not week.glued:
        raise cursor.mistake(week, "a week has a number from 1 to 53", hint=f"Write {year:04}-W10.")
    # The week that has the fourth of January is the first (ISO 8601).
    fourth = datetime.date(year, 1, 4)
    monday = fourth.toordinal() - fourth.weekday()
    following = monday + 7 * 52
    is_long = (datetime.date(year, 12, 28).toordinal() - following) >= 0
    if len(week.text) > 2 or not 1 <= week.number <= (53 if is_long else 52):
        raise cursor.mistake(week, f"{year:04} has {53 if is_long else 52} weeks")
    first = monday + 7 * (week.number - 1)
    day = _part(cursor, ("-",))
    if day is None:
        return stretch(first, first + 6)
    if len(day[1].text) > 1 or not 1 <= day[1].number <= 7:
        raise cursor.mistake(day[1], "the days of a week are numbered from 1 to 7")
    return stretch(first + day[1].number - 1, first + day[1].number - 1)


def _day_first(cursor: Cursor, token: Token) -> Days | None:
    """25/03/2020, 25.03.2020, 03/2020, 9 March 2020, 9th of March 2020, 9-Mar-2020."""
    second = _part(cursor, _JOINTS)
    if second is not None and len(second[1].text) <= 2:
        return _three_numbers(cursor, token, second[1], second[0])
    if second is None and cursor.peek().text == "-" and (year := _glued_number(cursor)):
        second = ("-", year)
    if second is not None:
        month = _month(cursor, token)
        return months(_year(cursor, second[1]) * 12 + month - 1, 1)
    if cursor.peek().text in _ORDINALS and cursor.peek().glued:
        cursor.take()
    cursor.word(("of",))
    name = cursor.word(_MONTHS)
    if not name:
        raise cursor.mistake(token, f"{token.text} alone is no day")
    cursor.mark((".",))
    year_token = _year_behind(cursor, token, _MONTHS[name])
    return _day(cursor, _year(cursor, year_token), _MONTHS[name], token)


def _glued_number(cursor: Cursor) -> Token | None:
    return cursor.number() if cursor.peek().glued and cursor.peek(1).glued else None


def _year_behind(cursor: Cursor, day: Token, month: int) -> Token:
    """The year behind a day and a month, with or without a comma."""
    cursor.mark((",",))
    year = cursor.number()
    if year is None:
        name = _MONTHS_IN_FULL[month - 1]
        raise cursor.mistake(
            cursor.peek(), "its year is missing", hint=f"Write the year too: {day.number} {name} 2020."
        )
    return year


def _three_numbers(cursor: Cursor, first: Token, second: Token, mark: str) -> Days:
    year_token = None
    if cursor.mark((mark,)):
        year_token = cursor.number()
    if year_token is None:
        raise cursor.mistake(first, "its year is missing", hint="Write 2020-03-09.")
    year = _year(cursor, year_token)
    day, month = first.number, second.number
    # 13/04 can only be a day and a month, 04/13 only a month and a day, and 03/03 is both.
    if 1 <= day <= 12 and 1 <= month <= 12 and day != month:
        raise cursor.mistake(
            first,
            "it can be read in two ways",
            hint=f"Write {year:04}-{month:02}-{day:02} or {year:04}-{day:02}-{month:02}.",
        )
    return _day(cursor, year, first, second) if month > 12 else _day(cursor, year, second, first)


def _month_first(cursor: Cursor, today: datetime.date) -> _Read:
    """March, March 2020, March 9, 2020, Mar. 9th 2020."""
    month = _MONTHS[cursor.take().text]
    cursor.mark((".",))
    comma = cursor.place
    cursor.mark((",",))
    cursor.word(("of",))
    number = cursor.number()
    if number is None:
        cursor.place = comma
        latest = month_of(today)
        return months(latest - (latest % 12 - month + 1) % 12, 1), "month", month
    if len(number.text) > 2:
        return months(_year(cursor, number) * 12 + month - 1, 1), "dated", 0
    if cursor.peek().text in _ORDINALS and cursor.peek().glued:
        cursor.take()
    year = _year_behind(cursor, number, month)
    return _day(cursor, _year(cursor, year), month, number), "dated", 0


def _weekday_first(cursor: Cursor, today: datetime.date) -> _Read:
    """Monday, which may be today, or Monday, 9 March 2020."""
    token = cursor.take()
    weekday = _WEEKDAYS[token.text]
    has_mark = cursor.mark((",", "."))
    following = cursor.peek()
    if not has_mark and following.kind != "number" and following.text not in {*_MONTHS, "the"}:
        return _weekday_before(today, (today.weekday() - weekday) % 7), "relative", 0
    named = one_date(cursor, today)
    day = named.days.first
    if named.kind != "dated" or day is None or day != named.days.last:
        raise cursor.mistake(following, "a day and its year are expected here", hint="Write Monday, 9 March 2020.")
    if day.weekday() != weekday:
        raise cursor.mistake(token, f"{day} is a {_WEEKDAYS_IN_FULL[day.weekday()]}")
    return named.days, "dated", 0


def _weekday_before(today: datetime.date, back: int) -> Days | None:
    return stretch(today.toordinal() - back, today.toordinal() - back)


def _quarter(cursor: Cursor) -> Days | None:
    """q1 2020, q1 of 2020."""
    cursor.take()
    quarter = _quarter_number(cursor)
    cursor.mark((",",))
    cursor.word(("of",))
    year = cursor.number()
    if year is None:
        raise cursor.mistake(cursor.peek(), "its year is missing", hint=f"Write q{quarter} 2020.")
    return _quarter_of(cursor, quarter, _year(cursor, year))


def _quarter_number(cursor: Cursor) -> int:
    token = cursor.take()
    if token.text not in ("1", "2", "3", "4") or not token.glued:
        raise cursor.mistake(token, "quarters are numbered from 1 to 4", hint="Write q1 2020.")
    return token.number


def _quarter_of(cursor: Cursor, quarter: int, year: int) -> Days | None:
    return months(year * 12 + quarter * 3 - 3, 3)


def _decade(cursor: Cursor, token: Token) -> Days | None:
    """1990s."""
    cursor.take()
    if len(token.text) != 4:
        raise cursor.mistake(token, "a decade is named with all four digits", hint="Write 1990s.")
    year = _year(cursor, token)
    if year % 10:
        raise cursor.mistake(
            token, "a decade begins with a year that ends in 0", hint=f"Write {year // 10 * 10:04}s."
        )
    if year % 100 == 0 and year != 2000:
        raise cursor.mistake(
            token,
            "it can be a decade or a century",
            hint=f"Write {year:04}..{year + 9:04} or {year:04}..{year + 99:04}.",
        )
    return months(year * 12, 120)


def _count(cursor: Cursor, names: dict[str, int]) -> Token | int | None:
    name = cursor.word(names)
    return names[name] if name else cursor.number()


def _ago(cursor: Cursor, today: datetime.date) -> _Read | None:
    """30 days ago, a week ago, three months ago: one day. None, with nothing passed, where that is not meant."""
    place, token = cursor.place, cursor.peek()
    count = _count(cursor, _A_FEW)
    unit = cursor.word(_UNITS) if count is not None else ""
    if count is None or not unit:
        cursor.place = place
        return None
    number = count if isinstance(count, int) else count.number
    if not cursor.word(("ago",)):
        raise cursor.mistake(
            token, "it says no beginning", hint=f"Write 'last {number} {unit}' or '{number} {unit} ago'."
        )
    day = earlier(today, number, _UNITS[unit])
    return Days(day, day) if day else None, "relative", 0


def _relative(cursor: Cursor, today: datetime.date) -> Days | None:
    """Last week, this year, next month, last 30 days, last monday."""
    token = cursor.take()
    shift = _SHIFTS[token.text]
    count = _count(cursor, _COUNTS)
    if count is not None:
        return _last(cursor, today, token, count)
    unit = cursor.word(_UNITS)
    if unit and unit == _UNITS[unit] != "day":
        return calendar_unit(today, unit, shift)
    weekday = cursor.word(_WEEKDAYS) if shift < 0 else ""
    if weekday:
        return _weekday_before(today, (today.weekday() - _WEEKDAYS[weekday]) % 7 or 7)
    raise _not_relative(cursor, unit)


def _not_relative(cursor: Cursor, unit: str) -> DateError:
    hint = "Write 'last week', 'this month', 'last 30 days' or 'last monday'."
    if unit:
        return cursor.mistake(
            cursor.peek(-1), "a number or a single week, month, quarter or year is expected", hint=hint
        )
    if cursor.peek().text in _MONTHS:
        return cursor.mistake(cursor.peek(), "its year is not certain", hint=f"Write {cursor.peek().text} 2020.")
    return cursor.unexpected(hint=hint)


def _last(cursor: Cursor, today: datetime.date, token: Token, count: Token | int) -> Days:
    """So many days, weeks, months or years that end with today; what begins before the calendar is open."""
    number_token = cursor.peek(-1)
    number = count if isinstance(count, int) else count.number
    unit = _UNITS.get(cursor.word(_UNITS), "")
    if not unit:
        if cursor.peek().text in _CLOCK_UNITS:
            raise cursor.unexpected(hint="A date is a day, without a clock: write 'last 2 days'.")
        raise cursor.unexpected(hint="Write 'last 30 days', in days, weeks, months or years.")
    if _SHIFTS[token.text] >= 0:
        raise cursor.mistake(token, "only the past is counted", hint=f"Write 'last {number} {unit}s'.")
    if number == 0:
        raise cursor.mistake(number_token, "at least 1 is expected", hint="Write 'today' or 'last 1 day'.")
    before = earlier(today, number, unit)
    return Days(before + datetime.timedelta(1) if before else None, today)
