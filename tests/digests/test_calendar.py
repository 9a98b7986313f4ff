"""What the calendar says of a channel is what the planner then does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, PlatformName, QuietDays
from bot.channels.next_digest import next_for
from bot.digests.calendar import times_of
from bot.digests.digest import DigestPlan, QueuedPaper
from bot.digests.planning import Planner
from bot.mail.trending import Trending
from bot.metrics import Metrics
from bot.ranking.taste import NO_TASTE, Taste
from bot.spans import Spans
from tests.clocks import SettableClock
from tests.platforms import SimulatedPlatform
from tests.sources import a_paper

STEP = timedelta(minutes=15)
#: Zones whose clocks change, some by half an hour, some at midnight, and one that is off by three quarters of an hour.
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu")
SCHEDULES = (
    "hourly", "daily 09:00", "daily 00:00", "daily 02:30", "weekdays 23:45", "sun 02:15", "monthly 1 00:30",
    "cron 0 */6 * * *", "instant",
)  # fmt: skip
#: Days around changes of the clocks, and any others.
DAYS = st.one_of(
    st.sampled_from([date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 5), date(2026, 9, 6), date(2026, 10, 25)]),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
)


class OneChannel:
    """The stores of a channel in which a paper always waits."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.plans: list[DigestPlan] = []

    async def due(
        self, now: datetime, limit: int, platforms: Collection[PlatformName], but: Collection[int]
    ) -> list[Channel]:
        due = self.channel.next_digest_at is not None and self.channel.next_digest_at <= now
        return [self.channel] if due and self.channel.state is ChannelState.ACTIVE else []

    async def waiting_in(self, channel_ids: Sequence[int]) -> Mapping[int, list[QueuedPaper]]:
        return {one: [QueuedPaper(paper=a_paper(1), topics=("hares",), instant=False)] for one in channel_ids}

    async def plan_all(self, plans: Sequence[DigestPlan], now: datetime) -> set[int]:
        for plan in plans:
            self.channel = replace(self.channel, next_digest_at=plan.next_digest_at)
            if plan.digest is not None:
                self.plans.append(plan)
        return {plan.channel_id for plan in plans}

    async def ended_pauses(self, now: datetime) -> list[Channel]:
        paused = self.channel.state is ChannelState.PAUSED and self.channel.paused_until is not None
        return [self.channel] if paused and (self.channel.paused_until or now) <= now else []

    async def end_pauses(self, now: datetime, next_digest: Callable[[Channel], datetime | None]) -> list[Channel]:
        ended = await self.ended_pauses(now)
        if ended:
            self.channel = replace(self.channel, state=ChannelState.ACTIVE, next_digest_at=next_digest(self.channel))
        return ended


class NoEnrichment:
    async def freshen(self, paper_ids: object) -> None: ...


class NoTastes:
    async def of_all(self, channels: Sequence[Channel]) -> Mapping[int, Taste]:
        return {channel.id: NO_TASTE for channel in channels}


async def planned(channel: Channel, start: datetime) -> list[datetime]:
    """When a planner that looks every quarter of an hour for a day makes digests."""
    stores: Any = OneChannel(channel)
    clock = SettableClock()
    planner = Planner(
        digests=stores,
        channels=stores,
        platforms={PlatformName.WEB: SimulatedPlatform()},
        clock=clock,
        enrichment=cast("Any", NoEnrichment()),
        tastes=cast("Any", NoTastes()),
        trending=Trending(stores, stores),
        metrics=Metrics(),
        spans=Spans(),
    )
    times = []
    for number in range(timedelta(hours=24) // STEP):
        clock.set(start + number * STEP)
        if await planner.sweep():
            times.append(clock.now())
    return times


@given(
    DAYS,
    st.integers(0, 95),
    st.sampled_from(ZONES),
    st.sampled_from(SCHEDULES),
    st.frozensets(st.integers(0, 6), max_size=5),
    st.one_of(st.none(), st.integers(0, 120)),
    st.sampled_from(ChannelState),
)
def test_the_calendar_says_what_the_planner_does(
    day: date, quarter: int, zone: str, schedule: str, quiet: frozenset[int], pause: int | None, state: ChannelState
) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) + quarter * STEP
    channel = Channel(
        id=7,
        address=Address(PlatformName.WEB, "local", "general"),
        name="general",
        time_zone=zone,
        schedule=schedule,
        settings=ChannelSettings(quiet_days=QuietDays(quiet)),
        state=state,
        paused_until=start + pause * STEP if pause is not None and state is ChannelState.PAUSED else None,
    )
    channel = replace(channel, next_digest_at=next_for(channel, start - timedelta(hours=1)))
    assert list(times_of(channel, start)) == asyncio.run(planned(channel, start))
