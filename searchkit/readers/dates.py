"""Which civil day does a text name? The day that is certain, or none.

Years run from 1500 to 2200. A clock and a zone may follow the day: they are checked and dropped, the
day stays as it was stated. A day that contradicts its own weekday gives None, and so does one that fits two
readings (03/04/2020), unless a person or the document's language says which comes first, the day or the month:
a wrong date is worse than none. A month or a year alone is no day either. Names of months and weekdays are read in
English, German, French, Spanish, Italian, Dutch, Portuguese, Danish and Swedish.
"""

from __future__ import annotations

import datetime
import re
from functools import lru_cache

from searchkit.readers.calendar_names import ANY_MONTH_OF, MONTH_NUMBERS, WEEKDAY_OF, any_of
from searchkit.readers.prose import clean, one_line

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_WEEKDAY = (
    r"(?:(?P<weekday>mon|tue|wed|thu|fri|sat|sun)"
    r"(?:day|s|sday|nesday|r|rs|rsday|urday)?\.?(?:,\s*|\s+))?"
)
_ENGLISH = (
    "january jan february feb march mar april apr may june jun july jul august aug september sept sep october oct"
)
_MONTH = rf"(?P<month>{any_of(dict.fromkeys(f'{_ENGLISH} november nov december dec'.split(), ''))})\.?"
_YEAR = r"(?P<year>[0-9]{4})"
_DAY = r"(?P<day>[0-9]{1,2})"
_ORDINAL = r"(?:st|nd|rd|th)?"
_CLOCK = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?"
    r"(?:\s*[ap]\.?m\.?)?"
)
_OFFSET = r"[+-](?:[0-9]{2}:?[0-9]{2}|[0-9]{2})"
_ZONE = rf"(?:z|{_OFFSET}|(?:utc|gmt)?{_OFFSET}|[a-z]{{2,5}})(?:\s*\([a-z ]{{1,40}}\))?"
_THEN = rf"(?:(?:,?\s+(?:at\s+)?|t){_CLOCK}(?:\s*{_ZONE})?)?"

_FORMS = tuple(
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        # 2020-03-09, 2020/03/09, 2020-03-09T12:00:00+13:00
        rf"{_YEAR}(?P<mark>[-/.])(?P<month>[0-9]{{1,2}})(?P=mark){_DAY}{_THEN}",
        # 20200309, 20200309T120000Z, 20200309T1200+0100, 20200309+0100
        r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
        r"(?:t(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?:(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?)?"
        rf"(?:z|{_OFFSET})?",
        # 9 March 2020, Mon, 09 Mar 2020 12:00:00 GMT, 26-FEB-1987 15:01:01.79
        rf"{_WEEKDAY}{_DAY}{_ORDINAL}(?:\s+(?:of\s+)?|-){_MONTH}(?:,?\s+|-){_YEAR}{_THEN}",
        # March 9, 2020, Mar. 9 2020, Monday, March 9th, 2020
        rf"{_WEEKDAY}{_MONTH}\s+{_DAY}{_ORDINAL}(?:,\s*|\s+){_YEAR}{_THEN}",
        # Mon Mar  9 12:00:00 +0000 2020
        rf"{_WEEKDAY}{_MONTH}\s+{_DAY}\s+{_CLOCK}\s+(?:{_ZONE}\s+)?{_YEAR}",
    )
)
# Of small letters: lundi 9 mars 2020, 9. März 2020, 1er mars 2020, 9 de marzo de 2020, marzo 9, 2020.
_ANY_MONTH = any_of(ANY_MONTH_OF)
_ANY_WEEKDAY = (
    rf"(?:(?:le|il|el|op|am|den)\s+)?(?:(?P<weekday>{any_of(WEEKDAY_OF)})\.?,?\s+(?:(?:le|den|der|the)\s+)?)?"
)
_ANY_CLOCK = (
    r"(?:,?\s+(?:(?:um|à|kl\.?|om|alle|às|a\slas)\s+)?(?P<hour>[0-9]{1,2})[:h.](?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2}))?(?:\s*(?:uhr|uur|h))?)?"
)
_ANY_LANGUAGE = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"{_ANY_WEEKDAY}{_DAY}(?:er|\.|º|°|ª)?\s*(?:(?:de|di)\s+)?(?P<month>{_ANY_MONTH})\.?,?\s+(?:del?\s+)?"
        rf"{_YEAR}{_ANY_CLOCK}",
        rf"{_ANY_WEEKDAY}(?P<month>{_ANY_MONTH})\.?\s+{_DAY},?\s+(?:del?\s+)?{_YEAR}{_ANY_CLOCK}",
    )
)
# A month or a year, as they are stated where nobody knows more.
_NO_DAY = re.compile(
    rf"(?:(?:(?:early|mid|late|spring|summer|autumn|fall|winter|{_ANY_MONTH})\.?[\s,/-]*(?:de\s+)?){{1,3}}"
    r"|(?:0?[1-9]|1[0-2])[-/.]|(?:ca?\.?|circa)\s+)?[0-9]{4}|[0-9]{4}[-/.](?:0[1-9]|1[0-2])(?:[-/.]00)?|[0-9]{4}-00-00",
    re.ASCII,
)
_TWO_NUMBERS = re.compile(
    rf"(?P<first>[0-9]{{1,2}})(?P<mark>[-/.])(?P<second_number>[0-9]{{1,2}})(?P=mark){_YEAR}{_THEN}",
    re.IGNORECASE | re.ASCII,
)

# Seconds since 1970 from 1973 to 2100. Smaller numbers are years, days or counts.
_EPOCH_FIRST, _EPOCH_LAST = 100_000_000, 4_102_444_800
_LARGEST = 10**15
_EPOCH = datetime.date(1970, 1, 1)
_SECONDS_A_DAY = 86_400
_FIRST_YEAR, _LAST_YEAR = 1500, 2200
_LONGEST = 80


# Countries that write the month first, and the languages whose every country writes the day first.
_MONTH_FIRST = frozenset(("en-us", "en-ph", "es-us"))
_DAY_FIRST = frozenset(
    (
        *("en-gb", "en-au", "en-nz", "en-ie", "en-in", "en-za", "de", "fr", "es", "it", "nl", "pt", "ca", "ga", "cy"),
        *("da", "nb", "no", "is", "fi", "et", "lv", "pl", "cs", "sk", "sl", "hr", "sr", "bg", "ro", "ru", "uk", "el"),
        *("tr", "he", "ar", "id", "vi"),
    )
)


def civil_day(text: str, order: str = "") -> datetime.date | None:
    """The day that ``text`` names, or None if it names none, or not beyond doubt.

    ``order`` ("dmy" or "mdy") settles a day that fits two readings.
    """
    if len(text) > _LONGEST:
        text = text.strip()
        if len(text) > _LONGEST:
            return None
    return _civil_day(text, order)


def day_order(language: str) -> str:
    """How a language (a tag such as "en-GB" or "de") writes a day in numbers: "dmy", "mdy", or '' where it varies."""
    tag = language.lower().replace("_", "-")
    for known in (tag, tag.partition("-")[0]):
        if known in _MONTH_FIRST:
            return "mdy"
        if known in _DAY_FIRST:
            return "dmy"
    return ""


def settled_day(text: str, dates: str, language: str = "") -> tuple[datetime.date | None, str]:
    """The day that ``text`` names, and a few words on how its order was settled, '' where it needed none.

    ``dates`` is what the person has set ("dmy", "mdy" or ''); without it the document's language decides.
    """
    day = civil_day(text)
    order = dates or day_order(language)
    if day or not order:
        return day, ""
    day = civil_day(text, order)
    first = "day" if order == "dmy" else "month"
    return day, f"'{one_line(text)}' read {first} first, as {'told' if dates else f'in {language}'}" if day else ""


def numbered_day(number: float) -> datetime.date | None:
    """The day of a number in a record: seconds or milliseconds since 1970 (in UTC), or YYYYMMDD."""
    # Neither infinite nor "not a number" lies within, and an int may be too large for a float.
    if isinstance(number, bool) or not -_LARGEST <= number <= _LARGEST:
        return None
    if 15_000_101 <= number <= 22_001_231 and number == int(number):
        return civil_day(str(int(number)))
    seconds = number / 1000 if abs(number) >= _EPOCH_FIRST * 1000 else number
    if not _EPOCH_FIRST <= seconds <= _EPOCH_LAST:
        return None
    return _EPOCH + datetime.timedelta(days=int(seconds // _SECONDS_A_DAY))


def no_day(said: str) -> str:
    """The reason of a Problem about a date that is none, as half a sentence."""
    said = " ".join(clean(said).split())
    shown = said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
    if _TWO_NUMBERS.fullmatch(said) and civil_day(said, "dmy") and civil_day(said, "mdy"):
        return f"date '{shown}' fits two days: --dates dmy or --dates mdy settles it"
    return f"date '{shown}' {_why_none(said)}"


def _why_none(said: str) -> str:
    if _NO_DAY.fullmatch(said.lower()):
        return "names no day"
    match = _written(said) or _TWO_NUMBERS.fullmatch(said)
    if not match:
        return "is not understood as a day"
    found = match.groupdict()
    if not _FIRST_YEAR <= int(found["year"]) <= _LAST_YEAR:
        return f"lies outside the years {_FIRST_YEAR} to {_LAST_YEAR}"
    if found.get("weekday") and civil_day(re.sub(r"^(?:le |il |el |am )?[^\W\d]+(?:-[a-z]+)?[.,]*\s*", "", said)):
        return f"is no {_weekday(found['weekday']).capitalize()}"
    return "is none that exists"


@lru_cache(maxsize=4096)
def _civil_day(text: str, order: str) -> datetime.date | None:
    text = text.strip()
    match = _written(text)
    if match:
        found = match.groupdict()
        month = found["month"].lower()
        number = int(month) if month.isdecimal() else MONTH_NUMBERS[ANY_MONTH_OF[month]]
        return _checked(int(found["year"]), number, int(found["day"]), found)
    match = _TWO_NUMBERS.fullmatch(text)
    if not match:
        return None
    first, second = int(match["first"]), int(match["second_number"])
    # 13/04 can only be a day and a month, 04/13 only a month and a day, and 03/03 is both.
    if first > 12 or first == second:
        return _checked(int(match["year"]), second, first, match.groupdict())
    if second > 12:
        return _checked(int(match["year"]), first, second, match.groupdict())
    if not order:
        return None
    day, month = (first, second) if order == "dmy" else (second, first)
    return _checked(int(match["year"]), month, day, match.groupdict())


def _written(text: str) -> re.Match[str] | None:
    """How a day is written whose month is a name, or whose year stands first."""
    for form in _FORMS:
        if match := form.fullmatch(text):
            return match
    small = text.lower()
    return next((match for form in _ANY_LANGUAGE if (match := form.fullmatch(small))), None)


def _weekday(name: str) -> str:
    """The English name, in small letters, of a weekday in any of the languages."""
    return WEEKDAY_OF[name.lower()]


def _checked(year: int, month: int, day: int, found: dict[str, str | None]) -> datetime.date | None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    if int(found.get("hour") or 0) > 24 or int(found.get("minute") or 0) > 59 or int(found.get("second") or 0) > 60:
        return None
    try:
        date = datetime.date(year, month, day)
    except ValueError:
        return None
    weekday = found.get("weekday")
    if weekday and _WEEKDAYS[date.weekday()] != _weekday(weekday):
        return None
    return date
