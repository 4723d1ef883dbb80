"""A date in a query means what the person says, and what is none is refused where it goes wrong."""

from __future__ import annotations

import calendar
import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from searchkit.errors import UsageError
from searchkit.query.dates import DateError, Days, as_text, days_of

TODAY = datetime.date(2020, 3, 12)  # a Thursday
DATES = st.dates()

# Each line: the text, and the first and last day that it means.
ONE_DATE = """
2020                        2020-01-01 2020-12-31
0001                        0001-01-01 0001-12-31
9999                        9999-01-01 9999-12-31
2020-03                     2020-03-01 2020-03-31
2020-02                     2020-02-01 2020-02-29
1900-02                     1900-02-01 1900-02-28
9999-12                     9999-12-01 9999-12-31
2020-3                      2020-03-01 2020-03-31
2020-03-09                  2020-03-09 2020-03-09
2020-3-9                    2020-03-09 2020-03-09
2020-02-29                  2020-02-29 2020-02-29
0001-01-01                  0001-01-01 0001-01-01
9999-12-31                  9999-12-31 9999-12-31
２０２０－０３－０９                  2020-03-09 2020-03-09
2020/03/09                  2020-03-09 2020-03-09
2020.03.09                  2020-03-09 2020-03-09
2020/03                     2020-03-01 2020-03-31
20200309                    2020-03-09 2020-03-09
25/03/2020                  2020-03-25 2020-03-25
03/25/2020                  2020-03-25 2020-03-25
25.03.2020                  2020-03-25 2020-03-25
25-3-2020                   2020-03-25 2020-03-25
03/03/2020                  2020-03-03 2020-03-03
03/2020                     2020-03-01 2020-03-31
3-2020                      2020-03-01 2020-03-31
2020-W10                    2020-03-02 2020-03-08
2020-w01                    2019-12-30 2020-01-05
2020W53                     2020-12-28 2021-01-03
2020-W10-7                  2020-03-08 2020-03-08
0001-W01                    0001-01-01 0001-01-07
9999-W52                    9999-12-27 9999-12-31
2020-Q1                     2020-01-01 2020-03-31
2020q2                      2020-04-01 2020-06-30
q1 2020                     2020-01-01 2020-03-31
Q4, 2020                    2020-10-01 2020-12-31
q2-2020                     2020-04-01 2020-06-30
1990s                       1990-01-01 1999-12-31
the 2000s                   2000-01-01 2009-12-31
9990s                       9990-01-01 9999-12-31
march 2020                  2020-03-01 2020-03-31
Mar 2020                    2020-03-01 2020-03-31
MARCH, 2020                 2020-03-01 2020-03-31
Sept. 2020                  2020-09-01 2020-09-30
march-2020                  2020-03-01 2020-03-31
march of 2020               2020-03-01 2020-03-31
may 1968                    1968-05-01 1968-05-31
9 March 2020                2020-03-09 2020-03-09
09 mar 2020                 2020-03-09 2020-03-09
9th of March, 2020          2020-03-09 2020-03-09
9-mar-2020                  2020-03-09 2020-03-09
1st january 2000            2000-01-01 2000-01-01
March 9, 2020               2020-03-09 2020-03-09
Mar. 9th 2020               2020-03-09 2020-03-09
march-9-2020                2020-03-09 2020-03-09
Monday, 9 March 2020        2020-03-09 2020-03-09
Mon. the 9th of March 2020  2020-03-09 2020-03-09
Monday March 9, 2020        2020-03-09 2020-03-09
"""

RELATIVE = """
today                       2020-03-12 2020-03-12
NOW                         2020-03-12 2020-03-12
yesterday                   2020-03-11 2020-03-11
tomorrow                    2020-03-13 2020-03-13
this week                   2020-03-09 2020-03-15
last week                   2020-03-02 2020-03-08
past week                   2020-03-02 2020-03-08
next week                   2020-03-16 2020-03-22
Last   Month                2020-02-01 2020-02-29
this month                  2020-03-01 2020-03-31
next month                  2020-04-01 2020-04-30
this quarter                2020-01-01 2020-03-31
last quarter                2019-10-01 2019-12-31
next quarter                2020-04-01 2020-06-30
last year                   2019-01-01 2019-12-31
this year                   2020-01-01 2020-12-31
the-past-year               2019-01-01 2019-12-31
last 30 days                2020-02-12 2020-03-12
last-30-days                2020-02-12 2020-03-12
past 7 days                 2020-03-06 2020-03-12
last 1 day                  2020-03-12 2020-03-12
last 2 weeks                2020-02-28 2020-03-12
last two weeks              2020-02-28 2020-03-12
last 1 month                2020-02-13 2020-03-12
last twelve months          2019-03-13 2020-03-12
last 1 year                 2019-03-13 2020-03-12
last 2 quarters             2019-09-13 2020-03-12
last 99999 years            .. 2020-03-12
last 99999999999999999 days .. 2020-03-12
last 2019 years             0001-03-13 2020-03-12
last 2020 years             .. 2020-03-12
0 days ago                  2020-03-12 2020-03-12
30 days ago                 2020-02-11 2020-02-11
a week ago                  2020-03-05 2020-03-05
three months ago            2019-12-12 2019-12-12
2-years-ago                 2018-03-12 2018-03-12
monday                      2020-03-09 2020-03-09
Fri                         2020-03-06 2020-03-06
thursday                    2020-03-12 2020-03-12
last thursday               2020-03-05 2020-03-05
last monday                 2020-03-09 2020-03-09
march                       2020-03-01 2020-03-31
feb                         2020-02-01 2020-02-29
april                       2019-04-01 2019-04-30
"""

RANGES = """
2020-03-01..2020-03-09              2020-03-01 2020-03-09
2020-03-01 .. 2020-03-09            2020-03-01 2020-03-09
2020-03-01…2020-03-09               2020-03-01 2020-03-09
2019..2020-03                       2019-01-01 2020-03-31
2020-03..2020                       2020-03-01 2020-12-31
..2020-03                           .. 2020-03-31
2020-03..                           2020-03-01 ..
..                                  .. ..
*                                   .. ..
1990s..today                        1990-01-01 2020-03-12
last week..yesterday                2020-03-02 2020-03-11
2019–2020                           2019-01-01 2020-12-31
2019-2020                           2019-01-01 2020-12-31
2020-03-01 - 2020-03-09             2020-03-01 2020-03-09
2020-03-01-2020-03-09               2020-03-01 2020-03-09
2020-03-01 — 2020-03-09             2020-03-01 2020-03-09
9 march 2020 – 11 march 2020        2020-03-09 2020-03-11
monday-wednesday                    2020-03-09 2020-03-11
2020-03-01 to 2020-03-09            2020-03-01 2020-03-09
2020-03-01 TO 2020-03-09            2020-03-01 2020-03-09
2019-to-2020                        2019-01-01 2020-12-31
from 2019 to march 2020             2019-01-01 2020-03-31
from 2019 until 2020                2019-01-01 2020-12-31
from 2019                           2019-01-01 ..
between 2019 and 2020-03            2019-01-01 2020-03-31
between monday and yesterday        2020-03-09 2020-03-11
march to may 2018                   2018-03-01 2018-05-31
march 2018 to may                   2018-03-01 2018-05-31
january..march                      2020-01-01 2020-03-31
[2020-03-01 TO 2020-03-09]          2020-03-01 2020-03-09
{2020-03-01 TO 2020-03-09}          2020-03-02 2020-03-08
[2020-03-01 to 2020-03-09}          2020-03-01 2020-03-08
{2020-02 TO 2020-04}                2020-03-01 2020-03-31
[* TO 2020}                         .. 2019-12-31
{2020 TO *]                         2021-01-01 ..
[* TO *]                            .. ..
[ last week TO today ]              2020-03-02 2020-03-12
after 2020-03                       2020-04-01 ..
after 2020-03-09                    2020-03-10 ..
after yesterday                     2020-03-12 ..
before 2020                         .. 2019-12-31
before 9 march 2020                 .. 2020-03-08
since 2020-03                       2020-03-01 ..
since last week                     2020-03-02 ..
since-last-week                     2020-03-02 ..
after-2020-03-09                    2020-03-10 ..
until 2020-03                       .. 2020-03-31
till 2020                           .. 2020-12-31
on 2020-03-09                       2020-03-09 2020-03-09
on monday                           2020-03-09 2020-03-09
in march 2020                       2020-03-01 2020-03-31
during the 1990s                    1990-01-01 1999-12-31
>2020                               2021-01-01 ..
>=2020-03                           2020-03-01 ..
<2020-03                            .. 2020-02-29
<= 2020                             .. 2020-12-31
=2020                               2020-01-01 2020-12-31
since 2019 until 2020-03            2019-01-01 2020-03-31
after 2018 and before 2020          2019-01-01 2019-12-31
before 2020 and after 2018          2019-01-01 2019-12-31
>=2019 <2020-03                     2019-01-01 2020-02-29
"""

# The text, where it is not understood, a part of what is said about it, and a part of the hint.
REFUSED = [
    ("", 0, "empty", "2020-03-09"),
    ("  \t\u00a0", 0, "empty", "2020-03-09"),
    ("notadate", 0, "'notadate' is not a date", "2020-03-09"),
    ("2020-13-45", 5, "no month 13", ""),
    ("2020-00", 5, "no month 00", ""),
    ("2020-123", 5, "no month 123", ""),
    ("2020-02-30", 8, "February 2020 has 29 days", ""),
    ("2020-02-00", 8, "February 2020 has 29 days", ""),
    ("1900-02-29", 8, "February 1900 has 28 days", ""),
    ("31 april 2020", 0, "April 2020 has 30 days", ""),
    ("20201301", 4, "no month 13", ""),
    ("13/13/2020", 0, "no month 13", ""),
    ("0000", 0, "from 0001 to 9999", ""),
    ("0000-01-01", 0, "from 0001 to 9999", ""),
    ("march 0000", 6, "from 0001 to 9999", ""),
    ("10000", 0, "from 0001 to 9999", ""),
    ("12020-03-09", 0, "from 0001 to 9999", ""),
    ("987", 0, "four digits", ""),
    ("9" * 5000, 0, "four digits", ""),
    ("25/03/20", 6, "four digits", ""),
    ("2020-03-09..2020-03-01", 12, "no day lies between", "Exchange the two: 2020-03-01..2020-03-09"),
    ("from 2021 to 2020", 13, "no day lies between", "2020..2021"),
    ("between march 2020 and march 2019", 23, "no day lies between", "march 2019..march 2020"),
    ("[2021 TO 2020]", 9, "no day lies between", "2020..2021"),
    ("{2020-03-01 TO 2020-03-02}", 15, "no day lies between", "left out"),
    ("after 2020 before 2021", 18, "no day lies between", "left out"),
    ("march..february", 7, "no day lies between", ""),
    ("march..may", 7, "no day lies between", "Write the years"),
    ("march to 2019", 0, "year of march", "march 2020"),
    ("03/04/2020", 0, "two ways", "2020-04-03 or 2020-03-04"),
    ("09.03.2020", 0, "two ways", "2020-03-09 or 2020-09-03"),
    ("after 9-3-2020", 6, "two ways", "2020-03-09 or 2020-09-03"),
    ("1900s", 0, "decade or a century", "1900..1909 or 1900..1999"),
    ("1995s", 0, "ends in 0", "1990s"),
    ("90s", 0, "four digits", "1990s"),
    ("spring 2020", 0, "season", "2020-03..2020-05"),
    ("since winter", 6, "season", ""),
    ("9 march", 7, "year is missing", "9 March 2020"),
    ("march 9", 7, "year is missing", "9 March 2020"),
    ("q1", 2, "year is missing", "q1 2020"),
    ("q5 2020", 1, "from 1 to 4", "q1 2020"),
    ("9", 0, "9 alone", ""),
    ("9/3", 0, "year is missing", "2020-03-09"),
    ("2019-W53", 6, "2019 has 52 weeks", ""),
    ("2020-W54", 6, "2020 has 53 weeks", ""),
    ("2020-W10-8", 9, "from 1 to 7", ""),
    ("tuesday, 9 march 2020", 0, "2020-03-09 is a Monday", ""),
    ("monday 2020", 7, "day and its year", "Monday, 9 March 2020"),
    ("last march", 5, "year is not certain", "march 2020"),
    ("last", 4, "missing", "last 30 days"),
    ("last days", 5, "single week", "last week"),
    ("last day", 5, "single week", "last week"),
    ("last 30", 7, "missing", "last 30 days"),
    ("last 0 days", 5, "at least 1", ""),
    ("next 7 days", 0, "only the past", "last 7 days"),
    ("next monday", 5, "'monday' is not understood", ""),
    ("last 24 hours", 8, "'hours'", "without a clock"),
    ("30 days", 0, "no beginning", "'last 30 days' or '30 days ago'"),
    ("99999 years ago", 0, "beyond the calendar", ""),
    ("after 9999", 6, "no day comes after", ""),
    ("before 0001", 7, "no day comes before", ""),
    ("[2020 TO 9999}..", 14, "not understood", ""),
    ("{9999-12-31 TO *]", 1, "no day comes after", ""),
    ("[2020-13-45 to]", 6, "no month 13", ""),
    ("[2020 to]", 8, "not understood", ""),
    ("[2020 2021]", 6, "TO is expected", "[2020-03-01 TO"),
    ("[2020 TO 2021", 13, "never closed", "[2020-03-01 TO"),
    ("2020]", 4, "']' is not understood", ""),
    ("between 2019 to 2020", 13, "'and' is expected", ""),
    ("from", 4, "missing", ""),
    ("2020 to", 7, "missing", ""),
    ("2020-", 5, "missing", ""),
    ("2020 –", 6, "missing", ""),
    ("-2020", 0, "'-' is not understood", ""),
    ("2020..2021..2022", 10, "'..' is not understood", ""),
    ("2020 2021", 5, "'2021' is not understood", ""),
    ("2020-03/09", 7, "'/' is not understood", ""),
    ("2020-03-09T12:00:00Z", 10, "not understood", "leave the clock out"),
    ("2020-03-09 12:00", 11, "not understood", "leave the clock out"),
    ("after after 2020", 6, "'after' is not understood", ""),
    ("on 2019..2020", 7, "'..' is not understood", ""),
    ("٢٠٢٠", 0, "is not a date", ""),
    ("2020-03-09\x00", 10, "is not a date", ""),
    ("\ud800", 0, "is not a date", ""),
]  # fmt: skip


def read(text: str) -> list[tuple[str, Days]]:
    rows = []
    for line in text.strip().splitlines():
        said, begin, end = line.rsplit(maxsplit=2)
        first, last = (None if day == ".." else datetime.date.fromisoformat(day) for day in (begin, end))
        rows.append((said, Days(first, last)))
    return rows


@pytest.mark.parametrize(("text", "days"), read(ONE_DATE))
def test_one_date_whatever_day_it_is(text: str, days: Days) -> None:
    assert days_of(text, TODAY) == days_of(f"  {text.upper()} ", datetime.date(1, 1, 1)) == days


@pytest.mark.parametrize(("text", "days"), read(RELATIVE) + read(RANGES))
def test_dates_and_ranges_of_today(text: str, days: Days) -> None:
    assert days_of(text, TODAY) == days_of(f"\t{text.upper()}\u00a0 ", TODAY) == days


@pytest.mark.parametrize(
    ("today", "text", "first", "last"),
    [
        ("2020-03-31", "last 1 month", "2020-03-01", "2020-03-31"),
        ("2020-03-30", "last 1 month", "2020-03-01", "2020-03-30"),
        ("2019-05-31", "last 3 months", "2019-03-01", "2019-05-31"),
        ("2020-02-29", "last 1 year", "2019-03-01", "2020-02-29"),
        ("2020-03-31", "one month ago", "2020-02-29", "2020-02-29"),
        ("2020-02-29", "1 year ago", "2019-02-28", "2019-02-28"),
        ("2020-03-15", "last week", "2020-03-02", "2020-03-08"),
        ("2020-03-16", "last week", "2020-03-09", "2020-03-15"),
        ("2020-03-15", "sunday", "2020-03-15", "2020-03-15"),
        ("2020-03-15", "last sunday", "2020-03-08", "2020-03-08"),
        ("2020-03-15", "monday", "2020-03-09", "2020-03-09"),
        ("2020-02-29", "march", "2019-03-01", "2019-03-31"),
        ("2020-03-01", "march", "2020-03-01", "2020-03-31"),
        ("2020-01-01", "last month", "2019-12-01", "2019-12-31"),
        ("2020-01-01", "last quarter", "2019-10-01", "2019-12-31"),
        ("2020-12-31", "next month", "2021-01-01", "2021-01-31"),
        ("2020-11-30", "next quarter", "2021-01-01", "2021-03-31"),
        ("9999-12-31", "this week", "9999-12-27", "9999-12-31"),
        ("0001-01-01", "this week", "0001-01-01", "0001-01-07"),
    ],
)
def test_today_at_the_borders_of_months_and_years(today: str, text: str, first: str, last: str) -> None:
    expected = Days(datetime.date.fromisoformat(first), datetime.date.fromisoformat(last))
    assert days_of(text, datetime.date.fromisoformat(today)) == expected


@pytest.mark.parametrize(("text", "at", "message", "hint"), REFUSED)
def test_what_is_no_date_is_refused_where_it_goes_wrong(text: str, at: int, message: str, hint: str) -> None:
    with pytest.raises(DateError) as caught:
        days_of(text, TODAY)
    assert caught.value.at == at
    assert message in caught.value.message == str(caught.value)
    assert hint in caught.value.hint
    assert caught.value.hint
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, UsageError)
    assert len(caught.value.message) < 250


@pytest.mark.parametrize(
    ("today", "text"),
    [
        *((datetime.date.max, text) for text in ("tomorrow", "next week", "next month", "next quarter", "next year")),
        *(
            (datetime.date.min, text)
            for text in ("yesterday", "last week", "last month", "last quarter", "last year")
        ),
        *((datetime.date.min, text) for text in ("1 day ago", "last monday", "december", "saturday", "a year ago")),
    ],
)
def test_nothing_lies_beyond_the_calendar(today: datetime.date, text: str) -> None:
    with pytest.raises(DateError, match="beyond the calendar"):
        days_of(text, today)


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ("2020-03-01", "2020-03-09", "2020-03-01..2020-03-09"),
        ("2020-03-09", "2020-03-09", "2020-03-09"),
        ("2020-03-01", "2020-03-31", "2020-03"),
        ("2020-02-01", "2020-02-29", "2020-02"),
        ("2020-02-01", "2020-02-28", "2020-02-01..2020-02-28"),
        ("2020-01-01", "2020-12-31", "2020"),
        ("0001-01-01", "0001-12-31", "0001"),
        ("9999-12-01", "9999-12-31", "9999-12"),
        ("2019-01-01", "2020-12-31", "2019-01-01..2020-12-31"),
        (None, "2020-03-09", "..2020-03-09"),
        ("2020-03-01", None, "2020-03-01.."),
        (None, None, ".."),
    ],
)
def test_the_canonical_text(first: str | None, last: str | None, text: str) -> None:
    days = Days(first and datetime.date.fromisoformat(first), last and datetime.date.fromisoformat(last))  # type: ignore[arg-type]
    assert as_text(days) == text
    assert days_of(text, TODAY) == days


@given(st.none() | DATES, st.none() | DATES, DATES)
def test_the_canonical_text_is_read_back(
    first: datetime.date | None, last: datetime.date | None, today: datetime.date
) -> None:
    if first and last and last < first:
        first, last = last, first
    assert days_of(as_text(Days(first, last)), today) == Days(first, last)


@given(DATES, DATES)
def test_whole_months_and_years_are_read_back(day: datetime.date, today: datetime.date) -> None:
    length = calendar.monthrange(day.year, day.month)[1]
    month = Days(day.replace(day=1), day.replace(day=length))
    year = Days(day.replace(month=1, day=1), day.replace(month=12, day=31))
    assert (as_text(month), as_text(year)) == (f"{day.year:04}-{day.month:02}", f"{day.year:04}")
    assert days_of(as_text(month), today) == month
    assert days_of(as_text(year), today) == year


@given(DATES, st.sampled_from(range(6)))
def test_every_day_is_read_in_every_form(day: datetime.date, form: int) -> None:
    name = calendar.month_name[day.month]
    forms = [
        f"{day.year:04}/{day.month}/{day.day}",
        f"{day.day} {name} {day.year:04}",
        f"{name[:3]}. {day.day}, {day.year:04}",
        f"{calendar.day_name[day.weekday()]}, {name} {day.day}th {day.year:04}",
        "{:04}-W{:02}-{}".format(*day.isocalendar()),
        day.isoformat().replace("-", ""),
    ]
    if form == 4 and not 1 <= day.isocalendar().year <= 9999:
        return
    assert days_of(forms[form], TODAY) == Days(day, day)


@given(DATES, st.integers(1, 10**6), st.sampled_from(["days", "weeks"]))
def test_the_last_days_are_as_many_as_were_asked_for(today: datetime.date, count: int, unit: str) -> None:
    days = days_of(f"last {count} {unit}", today)
    assert days.last == today
    asked = count * (7 if unit == "weeks" else 1)
    if days.first is None:
        assert asked >= today.toordinal()
    else:
        assert (today - days.first).days + 1 == asked


SAID = """
    2020 2020-03 2020-03-09 0000 9999 99999 1 31 w 10 q 1 s th of the .. – - / . , [ ] { } * > >= < = TO to from and
    between after before since until on in this last past next two days weeks months quarter year ago a monday march
    today yesterday spring hours T : é ²
"""
WORDS = SAID.split()
TEXTS = st.text(max_size=60) | st.lists(st.sampled_from([*WORDS, " ", " ", "\ud800"]), max_size=16).map("".join)


@given(TEXTS | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), DATES)
@example("last 999999999 months", datetime.date.min)
@example("2020-W" + "9" * 5000, TODAY)
@example("9" * 5000 + " days ago", TODAY)
def test_any_text_gives_days_or_a_positioned_error(text: str, today: datetime.date) -> None:
    try:
        days = days_of(text, today)
    except DateError as error:
        assert 0 <= error.at <= len(text)
        assert error.message
        assert error.hint
    else:
        assert days.first is None or days.last is None or days.first <= days.last
        assert days_of(as_text(days), today) == days


@pytest.mark.parametrize(
    "part", [" ", "9", "a", "-", "2020 ", "2020..", "[", "é", "last ", "1990s-", "\ud800", "march "]
)
def test_a_text_of_any_length_is_read_quickly(part: str) -> None:
    with pytest.raises(DateError):
        days_of("2020 " + part * 100_000 + "!", TODAY)
