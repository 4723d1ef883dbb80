"""A day is taken only where it is certain; a wrong date is worse than none."""

from __future__ import annotations

import datetime
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchkit.readers.dates import civil_day, no_day, numbered_day

MARCH_9 = [
    "2020-03-09", " 2020-03-09\n", "2020-3-9", "2020/03/09", "2020.03.09", "20200309", "20200309T120000Z",
    "20200309T120000+1300", "20200309T1200-05:00", "20200309T120000.250Z", "20200309+0100",
    "2020-03-09T23:59:59+13:00", "2020-03-09T00:00:01-1100", "2020-03-09T12:00:00.123456Z",
    "2020-03-09 12:00:00 UTC", "2020-03-09 12:00", "Mon, 09 Mar 2020 12:00:00 GMT",
    "Mon, 9 Mar 2020 23:59:00 -0800 (PST)", "09 Mar 2020", "9-MAR-2020 15:01:01.79", "9 MAR 2020",
    "March 9, 2020", "March 9th, 2020", "Mar. 9 2020", "9 March 2020", "9th of March 2020",
    "Monday, March 9, 2020 at 5:00 PM EST", "Monday 9 March 2020", "Mon Mar  9 12:00:00 2020",
    "Mon Mar 09 12:00:00 +0000 2020", "Mon Mar 09 2020 12:00:00 GMT+0000 (Coordinated Universal Time)",
    "9. März 2020", "Montag, 9. März 2020", "Montag, den 9. MÄRZ 2020", "9. März 2020, 12:30 Uhr", "09. Mrz. 2020",
    "lundi 9 mars 2020", "Le 9 mars 2020", "9 mars 2020 à 12h30", "lunes, 9 de marzo de 2020", "9 de marzo del 2020",
    "Marzo 9, 2020", "lunedì 9 marzo 2020", "9 marzo 2020, 12.30", "maandag 9 maart 2020", "9 mrt. 2020",
    "segunda-feira, 9 de março de 2020", "9 de mar. de 2020", "måndag 9 mars 2020",
]  # fmt: skip
NO_DAY = [
    "", "yesterday", "2020", "2020-03", "March 2020", "03/04/2020", "3.4.2020", "31/02/2020", "2020-02-30",
    "2020-13-01", "20201301", "20200309T250000Z", "20200309T",
    "202003091", "120200309", "1499-12-31", "2201-01-01", "09/03/20", "9 Mar 20",
    "Tue, 9 Mar 2020", "2020-03-09T25:00:00", "2020-03-09 12:61", "2020-03-09-10", "2020-03/09", "9 ſep 2020",
    "martedì 9 marzo 2020", "9 mars", "31 février 2020", "9 de 2020", "9. 2020", "im März 2020", "März 2020",
    "٢٠٢٠-٠٣-٠٩", "March 9, 2020 or later", "2020-03-09" + " " * 90 + "x", "31-MAR-1987 605:12:19.12",
]  # fmt: skip

# What tells a month, or a year, and what is to be said of it.
MONTHS_AND_YEARS = [
    *("2020", "2020-03", "2020-03-00", "2020-00-00", "2020/03", "03/2020", "March 2020", "Mar. 2020", "MARCH, 2020"),
    *("März 2020", "mars 2020", "marzo de 2020", "marzo 2020", "maart 2020", "março de 2020", "Spring 2020"),
    *("March/April 2020", "Juni-Juli 2020", "ca. 1920", "févr. 2020"),
]

DAYS = st.dates(datetime.date(1500, 1, 1), datetime.date(2200, 12, 31))
FORMS = [
    *("%Y-%m-%d", "%Y%m%d", "%d %B %Y", "%B %d, %Y", "%d-%b-%Y"),
    *("%a, %d %b %Y 10:00:00 +0000", "%A, %b. %d, %Y"),
]


@pytest.mark.parametrize("text", MARCH_9)
def test_one_day_in_many_forms(text: str) -> None:
    assert civil_day(text) == datetime.date(2020, 3, 9)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1er janvier 2021", "2021-01-01"), ("2 févr. 2021", "2021-02-02"), ("3 déc. 2021", "2021-12-03"),
        ("4. Jänner 2021", "2021-01-04"), ("5. Dez. 2021", "2021-12-05"), ("6 ene. 2021", "2021-01-06"),
        ("7 de diciembre de 2021", "2021-12-07"), ("1º de setembro de 2021", "2021-09-01"),
        ("8 set 2021", "2021-09-08"), ("9 out. 2021", "2021-10-09"), ("10 agosto 2021", "2021-08-10"),
        ("11 lug 2021", "2021-07-11"), ("12 augustus 2021", "2021-08-12"), ("13 mei 2021", "2021-05-13"),
        ("14 août 2021", "2021-08-14"), ("15 okt. 2021", "2021-10-15"), ("16 giugno 2021", "2021-06-16"),
    ],
)  # fmt: skip
def test_months_of_other_languages(text: str, day: str) -> None:
    assert str(civil_day(text)) == day


@pytest.mark.parametrize("text", MONTHS_AND_YEARS)
def test_a_month_or_a_year_is_no_day_and_said_as_it_is(text: str) -> None:
    assert civil_day(text) is None
    assert no_day(text) == f"date '{text}' names no day"


def test_a_weekday_that_contradicts_its_day_is_said() -> None:
    assert no_day("martedì 9 marzo 2020") == "date 'martedì 9 marzo 2020' is no Tuesday"
    assert no_day("segunda-feira, 10 de março de 2020") == "date 'segunda-feira, 10 de março de 2020' is no Monday"
    assert no_day("31 février 2020") == "date '31 février 2020' is none that exists"


def test_a_month_is_a_note_on_the_article(read_bytes) -> None:
    problem, article = read_bytes("a.jsonl", '{"text": "t", "date": "März 2020"}\n'.encode())
    assert (problem.reason, problem.kept, problem.kind) == ("date 'März 2020' names no day", True, "date")
    assert article.date is None


@pytest.mark.parametrize("text", NO_DAY)
def test_what_is_no_certain_day(text: str) -> None:
    assert civil_day(text) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("13/04/2020", datetime.date(2020, 4, 13)),
        ("04/13/2020", datetime.date(2020, 4, 13)),
        ("03/03/2020", datetime.date(2020, 3, 3)),
        ("31.12.1999", datetime.date(1999, 12, 31)),
        ("26-FEB-1987 15:01:01.79", datetime.date(1987, 2, 26)),
        ("1500-01-01", datetime.date(1500, 1, 1)),
        ("2200-12-31", datetime.date(2200, 12, 31)),
    ],
)
def test_numbers_with_one_reading_only(text: str, day: datetime.date) -> None:
    assert civil_day(text) == day


@pytest.mark.parametrize("number", [1583712000, 1583798399.9, 1583712000000, 20200309, 20200309.0])
def test_numbers_of_a_record(number: float) -> None:
    assert numbered_day(number) == datetime.date(2020, 3, 9)


@pytest.mark.parametrize("number", [0, 2020, -5, 99_999_999, 10**400, -(10**400), 1e300, math.nan, True])
def test_numbers_that_are_no_days(number: float) -> None:
    assert numbered_day(number) is None


@given(DAYS, st.sampled_from(FORMS))
def test_every_day_is_read_back(day: datetime.date, form: str) -> None:
    assert civil_day(day.strftime(form)) == day


@given(DAYS, st.sampled_from(["/", ".", "-"]))
def test_numbers_alone_give_the_right_day_or_none(day: datetime.date, mark: str) -> None:
    for text in (
        f"{day.day}{mark}{day.month}{mark}{day.year}",
        f"{day.month}{mark}{day.day}{mark}{day.year}",
    ):
        assert civil_day(text) in (day, None)


@given(st.text(max_size=60) | st.text("0123456789-/.:TZ+ ,MarJunSept", max_size=40))
def test_any_text_gives_a_day_or_none(text: str) -> None:
    day = civil_day(text)
    assert day is None or 1500 <= day.year <= 2200
