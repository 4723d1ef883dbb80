"""Which day does a person mean? A date of publication is a civil day, without a clock or a time zone."""

from __future__ import annotations

import datetime
import re

from searchkit.errors import UsageError

_DATE = r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?"


def civil_day(text: str, *, last: bool = False) -> datetime.date:
    """The day that YYYY-MM-DD names; of YYYY or YYYY-MM the first day, or with ``last`` the last.

    Raises UsageError for anything else.
    """
    import calendar  # heavy, and only a query with days needs it

    match = re.fullmatch(_DATE, text.strip(), re.ASCII)
    try:
        if match is None:
            raise ValueError(text)
        year = int(match[1])
        month = int(match[2]) if match[2] else 12 if last else 1
        if match[3]:
            return datetime.date(year, month, int(match[3]))
        return datetime.date(year, month, calendar.monthrange(year, month)[1] if last else 1)
    except ValueError:
        raise UsageError(f"{text!r} is not a date", hint="Write 2020-03-09, 2020-03 or 2020.") from None
