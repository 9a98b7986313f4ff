"""The calendar: when digests come, by the rules by which they are planned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.channels.channel import Channel, ChannelState
from bot.channels.next_digest import local_day, next_for
from bot.digests.spreading import CROWD, turn_of
from bot.digests.store import DigestStore

AHEAD: Final = timedelta(hours=24)
#: Digests that are named; all of them are counted by the hour.
MOST_COMING: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingDigest:
    """A digest that comes at that time, with what waits by then: so many papers `waiting` now, for the channel's first.

    Nothing is sent where none waits.
    """

    channel: Channel
    at: datetime
    waiting: int | None


class Calendar:
    """Tells what comes. `spread` is within which time digests come that very many channels have at the same time."""

    def __init__(self, digests: DigestStore, spread: timedelta = timedelta()) -> None:
        self._digests = digests
        self._spread = spread

    async def coming(self, now: datetime) -> list[ComingDigest]:
        """The first `MOST_COMING` digests of the next `AHEAD`, those of people's own channels left out."""
        # None of the first is of a channel whose own first comes later than those of so many others.
        return await self.of(await self._digests.next_due(now + AHEAD, MOST_COMING), now)

    async def of(self, channels: Sequence[Channel], now: datetime) -> list[ComingDigest]:
        """The first `MOST_COMING` digests of these channels."""
        crowded = await self._digests.crowds(now + AHEAD, CROWD) if self._spread else {}
        waiting = await self._digests.waiting_counts([channel.id for channel in channels])
        coming = [
            ComingDigest(
                channel=channel,
                at=max(turn_of(channel.id, time, crowded, self._spread), now),
                waiting=waiting.get(channel.id, 0) if number == 0 else None,
            )
            for channel in channels
            for number, time in enumerate(times_of(channel, now))
        ]
        return sorted(coming, key=lambda one: (one.at, one.channel.id))[:MOST_COMING]


def times_of(channel: Channel, now: datetime, ahead: timedelta = AHEAD) -> Iterator[datetime]:
    """When the planner makes a digest of what waits for the channel by then, from now on and until `ahead`.

    One that is late comes now. A pause that ends meanwhile is over by then; one that nobody knows the end of is not.
    """
    end = now + ahead
    match channel.state:
        case ChannelState.ACTIVE:
            time = channel.next_digest_at
        case ChannelState.PAUSED if channel.paused_until is not None:
            time = next_for(channel, max(channel.paused_until, now))
        case _:
            return
    while time is not None and time < end:
        if local_day(channel, max(time, now)) not in channel.settings.quiet_days:
            yield max(time, now)
        time = next_for(channel, max(time, now))
