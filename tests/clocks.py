"""A clock that stands still until a test moves it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from bot.clocks import SteadyClock

#: A Tuesday noon, far from any change to or from summer time.
NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)


class SettableClock:
    """Implements `bot.clocks.Clock`."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        """Seconds on a clock that also goes on by itself, for what waits in real time."""
        return self._now.timestamp() + time.monotonic()

    def set(self, now: datetime) -> None:
        """Moves to that time, which may be in the past."""
        self._now = now

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Moves on by that much; returns the new time."""
        self._now += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self._now


class Machine:
    """A computer whose clock somebody sets, while the seconds that really pass are counted apart."""

    def __init__(self, now: datetime = NOON) -> None:
        self.true = now
        self.off = timedelta()
        self._suspended = timedelta()

    def wall(self) -> datetime:
        """What its clock shows."""
        return self.true + self.off

    def monotonic(self) -> float:
        return (self.true - NOON - self._suspended).total_seconds()

    def run(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Lets time pass."""
        self.true += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)

    def suspend(self, *, hours: float) -> None:
        """Holds it, as a host does its virtual machines: no clock of its counts that time, and one is set right."""
        self.true += timedelta(hours=hours)
        self._suspended += timedelta(hours=hours)

    def set_off(self, off: timedelta) -> None:
        """Sets its clock, so much ahead of the truth or behind it."""
        self.off = off

    def clock(self) -> SteadyClock:
        """The clock of a process that starts now."""
        return SteadyClock(self.wall, self.monotonic)
