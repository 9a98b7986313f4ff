"""Days as people name them."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

from bot.errors import UserError
from bot.text.suggestions import closest, quoted
from bot.text.typed import value_typed

DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FARTHEST_DAY = timedelta(days=3660)  # what a person may name at most, about ten years ahead

_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_IN_DAYS = re.compile(r"(?:in )?(\d{1,9}|an?|one) (day|week)s?", re.ASCII)
_DAY_OF_MONTH = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?(?: of)? ([a-z]+)|([a-z]+) (\d{1,2})(?:st|nd|rd|th)?)(?: (\d{4}))?",
    re.ASCII,
)


def day_of_week(word: str) -> int | None:
    """The day (0 is Monday) that a word in small letters names: `mon`, `tues`, `wednesdays`; None for another word."""
    found = [day for day, name in enumerate(DAY_NAMES) if len(word) >= 3 and f"{name}s".startswith(word)]
    return found[0] if found else None


def parse_day(text: str, today: date) -> date:
    """The day that a person names: `2026-12-24`, `24 Dec`, `today`, `tomorrow`, `friday` (the next one after today),
    `in 3 days`, `2 weeks`. A day without a year is the next such day. Days in the past are days, too.

    Raises `UserError` for what is none, and for one too far away to be meant.
    """
    wanted = " ".join(value_typed(text.strip(" .")).casefold().strip(" .").replace(",", " ").split()).removeprefix(
        "on "
    )
    try:
        day = _read_day(wanted, today)
        near = day is None or day - today <= FARTHEST_DAY
    except (ValueError, OverflowError):
        raise UserError(f"There is no day {quoted(text)}. Write one like `2026-12-24`.") from None
    if not near:
        raise UserError(f"{quoted(text)} is too far away. Name a day of the next ten years.")
    if day is not None:
        return day
    meant = closest(wanted, ("today", "tomorrow", *DAY_NAMES))
    hint = f"Did you mean `{meant}`?" if meant else "Write one like `2026-12-24`, `tomorrow`, `friday` or `in 3 days`."
    raise UserError(f"{quoted(text)} is not a day that I know. {hint}" if wanted else f"Which day? {hint}")


def _read_day(wanted: str, today: date) -> date | None:
    if wanted in ("today", "tomorrow"):
        return today + timedelta(days=wanted == "tomorrow")
    if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", wanted, re.ASCII):
        return date(*map(int, wanted.split("-")))
    if (weekday := day_of_week(wanted.removeprefix("next "))) is not None:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    if ahead := _IN_DAYS.fullmatch(wanted):
        number = int(ahead[1]) if ahead[1].isdigit() else 1
        return today + timedelta(days=number * (7 if ahead[2] == "week" else 1))
    if named := _DAY_OF_MONTH.fullmatch(wanted):
        return _read_day_of_month(int(named[1] or named[4]), named[2] or named[3], named[5], today)
    return None


def _read_day_of_month(day: int, month_name: str, year: str | None, today: date) -> date | None:
    months = [number for number, name in enumerate(_MONTH_NAMES, 1) if name.startswith(month_name)]
    if len(month_name) < 3 or not months:
        return None
    if year:
        return date(int(year), months[0], day)
    date(2000, months[0], day)  # the day of a leap year that does not exist never does
    # Leap days are four years apart, around 2100 eight.
    candidates = (
        date(candidate, months[0], day)
        for candidate in range(today.year, today.year + 9)
        if day <= calendar.monthrange(candidate, months[0])[1]
    )
    return next(candidate for candidate in candidates if candidate >= today)
