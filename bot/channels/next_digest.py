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
        # Not from one time to the next: a day may have three hundred, and quiet days last for a year.
        begins_at = _start_of(channel, _day_from(channel, local_day(channel, occurrence), now), now)
        occurrence = next_digest_at(channel.schedule, channel.time_zone, begins_at - timedelta.resolution)
    return occurrence


def local_day(channel: Channel, moment: datetime) -> date:
    return moment.astimezone(zone_of(channel.time_zone)).date()


def quiet_until(channel: Channel, now: datetime) -> datetime | None:
    """The start of the first day that is not quiet, when today is; else None."""
    today = local_day(channel, now)
    day = _day_from(channel, today, now)
    return None if day == today else _start_of(channel, day, now)


def _day_from(channel: Channel, day: date, now: datetime) -> date:
    """The first day from that one on that is not quiet; where all are, the first behind the horizon."""
    horizon = local_day(channel, now + QUIET_HORIZON)
    while day in channel.settings.quiet_days and day <= horizon:
        day += timedelta(days=1)
    return day


def _start_of(channel: Channel, day: date, now: datetime) -> datetime:
    return datetime.combine(day, time(), zone_of(channel.time_zone)).astimezone(now.tzinfo)
