"""The next digest of a channel with quiet days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, PlatformName, QuietDays
from bot.channels.next_digest import QUIET_HORIZON, local_day, next_digest_at, next_for
from tests.clocks import NOON

#: In each of these the clock moves at midnight, or whole days were left out, in 2026 or once.
ZONES = ("UTC", "Asia/Beirut", "America/Havana", "Africa/Cairo", "America/Santiago", "Pacific/Apia", "Europe/Berlin")
SCHEDULES = ("cron */5 * * * *", "hourly", "daily 00:30", "mon,thu 17:30", "monthly 1 09:00", "instant")


def channel(schedule: str, zone: str, quiet_days: QuietDays) -> Channel:
    return Channel(
        id=1,
        address=Address(PlatformName.WEB, "local", "general"),
        name="general",
        time_zone=zone,
        schedule=schedule,
        settings=ChannelSettings(quiet_days=quiet_days),
        state=ChannelState.ACTIVE,
    )


def one_after_the_other(channel: Channel, now: datetime) -> datetime | None:
    """What is right, however long it takes; None for none within the next ten weeks."""
    found = next_digest_at(channel.schedule, channel.time_zone, now)
    while found is not None and local_day(channel, found) in channel.settings.quiet_days:
        found = next_digest_at(channel.schedule, channel.time_zone, found)
        if found is not None and found - now > timedelta(weeks=10):
            return None
    return found


@given(
    schedule=st.sampled_from(SCHEDULES),
    zone=st.sampled_from(ZONES),
    weekdays=st.frozensets(st.integers(0, 6), max_size=5),
    days=st.frozensets(st.integers(-1, 12), max_size=10),
    begins=st.sampled_from((datetime(2026, 1, 1, tzinfo=UTC), datetime(2011, 12, 20, tzinfo=UTC))),
    minutes=st.integers(0, 365 * 24 * 60),
)
def test_it_is_the_first_time_that_is_on_no_quiet_day(
    schedule: str, zone: str, weekdays: frozenset[int], days: frozenset[int], begins: datetime, minutes: int
) -> None:
    now = begins + timedelta(minutes=minutes)
    quiet_days = QuietDays(weekdays, frozenset(now.date() + timedelta(days=day) for day in days))
    here = channel(schedule, zone, quiet_days)
    right = one_after_the_other(here, now)
    assume(right is not None or schedule == "instant")
    assert next_for(here, now) == right


@pytest.mark.parametrize("schedule", ["cron */5 * * * *", "hourly", "daily 09:00"])
def test_quiet_days_that_leave_no_day_are_seen_through_at_once(schedule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[datetime] = []

    def looked_for(schedule: str, zone: str, now: datetime) -> datetime | None:
        looked.append(now)
        return next_digest_at(schedule, zone, now)

    monkeypatch.setattr("bot.channels.next_digest.next_digest_at", looked_for)
    sundays = frozenset(date(2026, 5, 17) + timedelta(weeks=week) for week in range(100))
    found = next_for(channel(schedule, "Europe/Berlin", QuietDays(frozenset(range(6)), sundays)), NOON)
    assert found is not None
    assert QUIET_HORIZON < found - NOON <= QUIET_HORIZON + timedelta(days=2)
    assert len(looked) < 5
