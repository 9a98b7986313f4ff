"""When arXiv announces what was submitted when (https://info.arxiv.org/help/availability.html).

Announced are, five times a week, the papers submitted up to a deadline at 14:00 in New York; the feeds carry the date
of the next morning there, Monday to Friday. Not in here: holidays, on which a batch waits for the next day, and papers
that arXiv holds back for a closer look. Neither can be told from a paper's times.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_NEW_YORK: Final = ZoneInfo("America/New_York")
_DEADLINE: Final = time(14)
_ONE_DAY: Final = timedelta(days=1)
_FRIDAY: Final = 4


def has_announcement(day: date) -> bool:
    """Whether arXiv announces papers on such a day at all."""
    return day.weekday() <= _FRIDAY


def announcement_day(submitted: datetime) -> date:
    """The day on which a paper is announced that was submitted at that time.

    A time of midnight sharp in UTC is a date without a time, as mirrors know it: of the announcement itself.
    """
    submitted = submitted.astimezone(UTC)
    if submitted.time() == time.min:
        return submitted.date()
    local = submitted.astimezone(_NEW_YORK)
    deadline = local.date() if local.time() < _DEADLINE else local.date() + _ONE_DAY
    while deadline.weekday() > _FRIDAY:
        deadline += _ONE_DAY
    # What is in on Friday is announced on Sunday evening, and so in Monday's feed.
    return deadline + (3 if deadline.weekday() == _FRIDAY else 1) * _ONE_DAY


def submissions_of(day: date) -> tuple[datetime, datetime]:
    """From when until before when papers were submitted that are announced on that day, in UTC.

    The day must have announcements. The times of all days follow each other without a gap.
    """
    before = day - (3 if day.weekday() == 0 else 1) * _ONE_DAY
    return _deadline(before), _deadline(day)


def _deadline(day: date) -> datetime:
    """The end of the submissions that are announced on that day."""
    last_day = day - (3 if day.weekday() == 0 else 1) * _ONE_DAY
    return datetime.combine(last_day, _DEADLINE, _NEW_YORK).astimezone(UTC)
