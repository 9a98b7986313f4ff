"""Timekeeping: a clock that was wrong and is set right must not silence a channel, flood it or post anything twice.

The core lives by a clock that does not jump (`bot.clocks.SteadyClock`). Here it is compared, at each sweep, with the
one that is right: the database server's where there is one, so that several processes agree whatever their machines
show, else the machine's. Where the two have come apart, what is stored for the next minutes (when posts are due, how
long they are held, when they were tried) is moved along with the clock. What a wrong clock stored in an earlier run is
found by its rule: nothing may lie further ahead than whoever writes it can put it.

What has happened keeps the time that was noted: a clock that is behind, as after a start without a battery, would
else rewrite the history.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from bot.clocks import TOLERANCE, Clock, SteadyClock

#: Other processes may store wrong times as well, so these are looked through now and then without any jump.
LOOK_THROUGH_EVERY: Final = timedelta(minutes=1)
#: For so long after a jump they are looked through at each check: what was under way may be stored by the clock before.
SETTLES_FOR: Final = timedelta(minutes=1)

_log = structlog.get_logger()


class StoredTimes(Protocol):
    """The times that are stored of what is still to come."""

    async def server_time(self) -> datetime | None:
        """What the database's own clock shows; None where it has none but the machine's."""
        ...

    async def move(self, by: timedelta) -> None:
        """Moves the times of open posts, and the rests of channels between two posts."""
        ...

    async def pull_in(self, clock: Callable[[], datetime]) -> int:
        """Brings back what lies further ahead than its rule can put it; returns how many rows.

        The clock is read once the rows are: others may write while this waits for them.
        """
        ...


async def set_right(clock: Clock, times: StoredTimes) -> None:
    """Has a new clock show the right time, before anything is stored. Raises `bot.errors.StorageError`."""
    if isinstance(clock, SteadyClock) and (server_time := await times.server_time()):
        behind = clock.behind(server_time)
        if abs(behind) >= TOLERANCE:
            _log.warning("clock.differs", behind_database_seconds=round(behind.total_seconds(), 1))
        clock.move(behind)


class Timekeeping:
    """Keeps the clock right, and what is stored with it."""

    def __init__(self, times: StoredTimes, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._times = times
        self._clock = clock
        self._steady = clock if isinstance(clock, SteadyClock) else None
        self._monotonic = monotonic
        self._unmoved = timedelta()
        self._others_move_until = -math.inf
        self._jumps = 0
        self._looked_through_at: datetime | None = None
        self._jumped_at: datetime | None = None

    def jumps(self) -> int | None:
        """How often the clock has jumped; None while what is stored has not been moved along yet.

        Whatever was written around a jump may be wrong by as much: it was moved, or not, without having to be.
        """
        left_to_others = self._monotonic() < self._others_move_until
        return None if self._unmoved or left_to_others else self._jumps

    async def check(self, *, leads: bool) -> bool:
        """Notices a jump; whether digests should be looked through because of one, or because of a start.

        Only the process that leads changes what is stored. Raises `bot.errors.StorageError`; the next check goes on.
        """
        jumped = await self._follow(leads=leads)
        now = self._clock.now()
        first = self._looked_through_at is None
        if not leads:
            return False
        if jumped:
            self._jumped_at = now
        settles = self._jumped_at is not None and now - self._jumped_at < SETTLES_FOR
        if first or settles or not timedelta() <= now - (self._looked_through_at or now) < LOOK_THROUGH_EVERY:
            if rows := await self._times.pull_in(self._clock.now):
                _log.warning("clock.times_pulled_in", rows=rows)
            self._looked_through_at = now
        return first or jumped

    async def _follow(self, *, leads: bool) -> bool:
        """Takes over the right time, and moves what is stored along with it."""
        if self._steady is None:
            return False
        asked_at = self._steady.now()
        server_time = await self._times.server_time()
        jump = self._steady.behind(server_time)
        if server_time is not None and jump < timedelta():
            # It may have shown that when it was asked: an answer that came late, as to who was busy, is no jump.
            jump = min(jump + (self._steady.now() - asked_at), timedelta())
        if abs(jump) < TOLERANCE:
            self._steady.move(jump)
            jump = timedelta()
        else:
            _log.warning("clock.jumped", seconds=round(jump.total_seconds(), 1))
        if not leads:
            self._steady.move(jump)
            if jump:
                # Whoever leads moves what is stored. Until then live leases look as if they had run out.
                self._jumps += 1
                self._others_move_until = self._monotonic() + SETTLES_FOR.total_seconds()
            return False
        owed = self._unmoved + jump
        # In this order no lease looks as if it had run out while its holder is still at work.
        if owed > timedelta():
            await self._times.move(owed)
            self._steady.move(jump)
            self._unmoved = timedelta()
        else:
            self._steady.move(jump)
            self._unmoved = owed
        if jump:
            self._jumps += 1
        if self._unmoved:
            await self._times.move(self._unmoved)
            self._unmoved = timedelta()
        return bool(jump or owed)
