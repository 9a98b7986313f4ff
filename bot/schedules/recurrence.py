"""Schedules: when digests go out, in the words that people write and in UTC.

A schedule is meant in a channel's time zone, and it is a rule over the wall clock: the next wall-clock time is found
first and turned into UTC afterwards. Over the changes of daylight saving time (DST), a time that the clock skips moves
forward by what is skipped, and a time that comes twice counts the first time only. So a day, a week or a month has
exactly one occurrence whatever the clocks do. Only `hourly` looks at no clock: it is every full hour of UTC, since
hours of a wall clock may be missing, repeated, or half as long; where the offset is not a number of whole hours
(Asia/Kathmandu) it falls on another minute of the local hour.
"""

from __future__ import annotations

import calendar
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from bot.schedules.days import DAY_NAMES

EVERY_DAY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))

SOME_DAY = datetime.combine(date(2000, 1, 1), time())  # where cron expressions are tried out; without a zone

_DAY = timedelta(days=1)


class Schedule(ABC):
    """A rule for when digests go out. Equal rules are equal values."""

    __slots__ = ()

    @property
    @abstractmethod
    def text(self) -> str:
        """The one canonical way to write it; `parse_schedule` reads it back."""

    @property
    @abstractmethod
    def described(self) -> str:
        """It in words that fit behind “papers are posted”: `every weekday at 09:00`."""

    @property
    def is_instant(self) -> bool:
        """Whether papers go out as soon as they are found."""
        return isinstance(self, Instant)


@dataclass(frozen=True, slots=True)
class Instant(Schedule):
    @property
    def text(self) -> str:
        return "instant"

    @property
    def described(self) -> str:
        return "at once"


@dataclass(frozen=True, slots=True)
class Hourly(Schedule):
    @property
    def text(self) -> str:
        return "hourly"

    @property
    def described(self) -> str:
        return "every hour"


class WallClockSchedule(Schedule):
    """A schedule that is read off a clock on the wall."""

    __slots__ = ()

    @abstractmethod
    def wall_times(self, after: datetime) -> Iterator[datetime]:
        """Its times on a clock that is never changed, after that time: naive, growing, without end."""


@dataclass(frozen=True, slots=True)
class Weekly(WallClockSchedule):
    """At one time of day on some days of the week (0 is Monday), or on all of them."""

    days: frozenset[int]
    at: time

    @property
    def text(self) -> str:
        names = {EVERY_DAY: "daily", WEEKDAYS: "weekdays"}
        days = names.get(self.days) or ",".join(DAY_NAMES[day][:3] for day in sorted(self.days))
        return f"{days} {self.at:%H:%M}"

    @property
    def described(self) -> str:
        names = {EVERY_DAY: "every day", WEEKDAYS: "every weekday"}
        *most, last = [f"{DAY_NAMES[day].capitalize()}s" for day in sorted(self.days)]
        listed = f"{', '.join(most)} and {last}" if most else last
        return f"{names.get(self.days) or f'on {listed}'} at {self.at:%H:%M}"

    def wall_times(self, after: datetime) -> Iterator[datetime]:
        day = after.date()
        while True:
            wall = datetime.combine(day, self.at)
            if day.weekday() in self.days and wall > after:
                yield wall
            day += _DAY


@dataclass(frozen=True, slots=True)
class Monthly(WallClockSchedule):
    """On one day of every month, or the last day of a month that has no such day."""

    day: int
    at: time

    @property
    def text(self) -> str:
        return f"monthly {self.day} {self.at:%H:%M}"

    @property
    def described(self) -> str:
        if self.day == 31:
            return f"on the last day of each month at {self.at:%H:%M}"
        ending = "th" if 10 < self.day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(self.day % 10, "th")
        day = "first" if self.day == 1 else f"{self.day}{ending}"
        shorter = " (the last day of a shorter one)" if self.day > 28 else ""
        return f"on the {day} of each month{shorter} at {self.at:%H:%M}"

    def wall_times(self, after: datetime) -> Iterator[datetime]:
        year, month = after.year, after.month
        while True:
            wall = datetime.combine(date(year, month, min(self.day, calendar.monthrange(year, month)[1])), self.at)
            if wall > after:
                yield wall
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)


@dataclass(frozen=True, slots=True)
class Cron(WallClockSchedule):
    """A cron expression of five fields; days of the month and of the week combine as in Debian's cron."""

    expression: str

    @property
    def text(self) -> str:
        return f"cron {self.expression}"

    @property
    def described(self) -> str:
        words = CronSim(self.expression, SOME_DAY).explain()
        return words[0].lower() + words[1:]

    def wall_times(self, after: datetime) -> Iterator[datetime]:
        return CronSim(self.expression, after)


def next_occurrence(schedule: Schedule, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first time (UTC) of a schedule strictly after an aware time; None for one that is not bound to times."""
    after = after.astimezone(UTC)
    if isinstance(schedule, Hourly):
        return after.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if not isinstance(schedule, WallClockSchedule):
        return None
    # Where the clock was put forward a moment ago, times that it skipped may still be to come. No zone has ever
    # skipped more than a day (Pacific/Apia, 2011-12-30).
    walls = schedule.wall_times(min(_wall(after, zone), _wall(after - _DAY, zone) + _DAY))
    first: datetime | None = None
    while True:
        wall = next(walls)
        moment = wall.replace(tzinfo=zone).astimezone(UTC)  # PEP 495, fold=0: skipped ones move, repeated come first
        if moment > after and (first is None or moment < first):
            first = moment
        # A skipped time moves behind times that come later on the wall: `first` stands once those are seen, too.
        if first is not None and _wall(first, zone) <= wall:
            return first


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)
