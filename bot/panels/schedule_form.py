"""The schedule of a channel as the parts of a form, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Final

from bot.errors import UserError
from bot.schedules.parsing import DEFAULT_TIME, parse_schedule
from bot.schedules.recurrence import EVERY_DAY, WEEKDAYS, Hourly, Instant, Weekly

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ScheduleKind(StrEnum):
    """The common forms of a schedule. `OTHER` is whatever else can be written."""

    INSTANT = "instant"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKDAYS = "weekdays"
    DAYS = "days"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleForm:
    """The parts of a form for a schedule: its kind, and the time, the days or the words that this kind needs."""

    kind: ScheduleKind
    time: str = f"{DEFAULT_TIME:%H:%M}"
    days: Sequence[str] = ()
    words: str = ""

    @property
    def written(self) -> str:
        """The schedule as somebody would write it. What is missing is missing in it, too."""
        match self.kind:
            case ScheduleKind.INSTANT | ScheduleKind.HOURLY:
                return self.kind.value
            case ScheduleKind.DAILY | ScheduleKind.WEEKDAYS:
                return f"{self.kind} {self.time}".strip()
            case ScheduleKind.DAYS:
                return f"{','.join(day for day in DAYS if day in self.days)} {self.time}".strip()
            case ScheduleKind.OTHER:
                return self.words.strip()


def form_of_schedule(schedule: str) -> ScheduleForm:
    """The form that shows a stored schedule."""
    try:
        read = parse_schedule(schedule)
    except UserError:
        return ScheduleForm(kind=ScheduleKind.OTHER, words=schedule)  # stored by a version that understood more
    match read:
        case Instant():
            return ScheduleForm(kind=ScheduleKind.INSTANT, words=schedule)
        case Hourly():
            return ScheduleForm(kind=ScheduleKind.HOURLY, words=schedule)
        case Weekly(days, at):
            kinds = {EVERY_DAY: ScheduleKind.DAILY, WEEKDAYS: ScheduleKind.WEEKDAYS}
            named = [DAYS[day] for day in sorted(days)]
            kind = kinds.get(days, ScheduleKind.DAYS)
            return ScheduleForm(kind=kind, time=_minutes(at), days=named, words=schedule)
        case _:
            return ScheduleForm(kind=ScheduleKind.OTHER, words=schedule)


def _minutes(at: time) -> str:
    return f"{at:%H:%M}"
