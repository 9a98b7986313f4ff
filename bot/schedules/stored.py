"""Schedules and time zones as they are stored, which is not always as they can be read.

Another version may have written a schedule that this one does not know, and another machine may have newer zones:
`America/Coyhaique` came with tzdata 2025b. Whoever plans goes by what stands in for them, since one such channel must
not keep all others from their papers. What is stored stays as it is, for the version or the machine that can read it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from bot.errors import UserError
from bot.schedules.parsing import parse_schedule
from bot.schedules.recurrence import Schedule

DEFAULT_SCHEDULE: Final = "weekdays 09:00"
DEFAULT_TIME_ZONE: Final = "UTC"

_ON_EVERY_MACHINE: Final = "America/New_York"

_log = structlog.get_logger()


def schedule_of(text: str) -> Schedule:
    """The schedule of a channel; `DEFAULT_SCHEDULE` for words that say none."""
    return _schedule(text) or parse_schedule(DEFAULT_SCHEDULE)


def zone_of(name: str) -> ZoneInfo:
    """The time zone of a channel; `DEFAULT_TIME_ZONE` for a name that is none on this machine.

    Raises `OSError` or `ZoneInfoNotFoundError` where no zone can be read at all, as without a free file descriptor.
    """
    return _zone(name) or ZoneInfo(DEFAULT_TIME_ZONE)


def misread(schedule: str, time_zone: str) -> str:
    """What of a channel's times is not understood, and what stands in for it; empty where all is."""
    told = []
    if _schedule(schedule) is None:
        told.append(f"the schedule “{schedule}” is not understood: it is “{DEFAULT_SCHEDULE}” instead")
    if _zone(time_zone) is None:
        told.append(f"the time zone “{time_zone}” is not known here: it is {DEFAULT_TIME_ZONE} instead")
    return ", and ".join(told)


@lru_cache(1024)
def _schedule(text: str) -> Schedule | None:
    try:
        return parse_schedule(text)
    except UserError as error:
        _log.warning("schedule.not_understood", schedule=text, instead=DEFAULT_SCHEDULE, reason=str(error))
        return None


@lru_cache(1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the last of a name that no file could have
        # Who can open no file finds no zone, either, and must not remember that of one that is there.
        ZoneInfo.no_cache(_ON_EVERY_MACHINE)
        _log.warning("time_zone.unknown", time_zone=name, instead=DEFAULT_TIME_ZONE)
        return None
