"""The time of a channel's next digest: its schedule, its time zone, its quiet days."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from bot.channels.channel import Channel
from bot.schedules.recurrence import next_occurrence
from bot.schedules.stored import schedule_of, zone_of

#: A channel whose every scheduled day is quiet for so long has quiet days that leave no day: it is looked at again.
QUIET_HORIZON = timedelta(days=400)


def next_digest_at(schedule: str, time_zone: str, now: datetime) -> datetime | None:
    """The next time (UTC) of a schedule written in words, None where papers go out at once."""
    return next_occurrence(schedule_of(schedule), zone_of(time_zone), now)


def next_for(channel: Channel, now: datetime) -> datetime | None:
    """The next time (UTC) of a channel's schedule on a day that is not quiet; None where papers go out at once."""
    occurrence = next_digest_at(channel.schedule, channel.time_zone, now)
    while occurrence is not None and local_day(channel, occurrence) in channel.settings.quiet_days:
        if occurrence - now > QUIET_HORIZON:
            break
        occurrence = next_digest_at(channel.schedule, channel.time_zone, occurrence)
    return occurrence


def local_day(channel: Channel, moment: datetime) -> date:
    return moment.astimezone(zone_of(channel.time_zone)).date()


def quiet_until(channel: Channel, now: datetime) -> datetime | None:
    """The start of the first day that is not quiet, when today is; else None."""
    day = today = local_day(channel, now)
    while day in channel.settings.quiet_days and day - today < QUIET_HORIZON:
        day += timedelta(days=1)
    if day == today:
        return None
    return datetime.combine(day, time(), zone_of(channel.time_zone)).astimezone(now.tzinfo)
