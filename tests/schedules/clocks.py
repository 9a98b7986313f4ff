"""What the clocks of the world do, found by looking at them minute by minute and without any rule of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BEGIN, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
"""Three years with a leap day, summer time of both hemispheres, Ramadan in Morocco, and zones that gave up or moved."""


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """What a clock on the wall shows."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


@dataclass(frozen=True)
class Change:
    """A clock is changed by `by`, at `at`."""

    at: datetime
    by: timedelta


def changes(zone: ZoneInfo, begin: datetime = BEGIN, end: datetime = END) -> tuple[Change, ...]:
    """Every change of a zone's clock, to the minute."""
    found = []
    day = begin
    while day < end:
        before, after = day.astimezone(zone).utcoffset(), (day + DAY).astimezone(zone).utcoffset()
        assert before is not None
        assert after is not None
        if before != after:
            low, high = 0, 24 * 60
            while high - low > 1:
                middle = (low + high) // 2
                still = (day + middle * MINUTE).astimezone(zone).utcoffset() == before
                low, high = (middle, high) if still else (low, middle)
            found.append(Change(day + high * MINUTE, after - before))
        day += DAY
    return tuple(found)


@cache
def zones_that_differ() -> dict[ZoneInfo, tuple[Change, ...]]:
    """One zone for each behaviour that any zone of the world has in the three years, with its changes.

    What a schedule does depends on the offsets alone: zones with the same offsets need not be tried again.
    """
    behaviours: dict[object, tuple[ZoneInfo, tuple[Change, ...]]] = {}
    for name in sorted(available_timezones() - {"localtime"}):
        zone = ZoneInfo(name)
        found = changes(zone)
        behaviours.setdefault((BEGIN.astimezone(zone).utcoffset(), found), (zone, found))
    return dict(behaviours.values())


def watch(zone: ZoneInfo, begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Every minute that a wall clock shows from `begin` to `end`, each once, with the moment that it stands for.

    A minute that the clock shows again does not count again. Minutes that the clock jumps over count as if they went
    by from the jump on, as the same clock would have shown them had it not been changed.
    """
    minutes = []
    latest = wall(begin, zone) - MINUTE
    moment = begin
    while moment < end:
        shown = wall(moment, zone)
        if shown > latest:
            jumped = (shown - latest) // MINUTE - 1
            minutes += [(latest + ahead * MINUTE, moment + (ahead - 1) * MINUTE) for ahead in range(1, jumped + 1)]
            minutes.append((shown, moment))
            latest = shown
        moment += MINUTE
    return minutes
