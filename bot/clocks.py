"""Clocks: a steady one, the machine's, and one that the demo moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

#: Two clocks that differ by less agree: machines are set right by so much all the time.
TOLERANCE: Final = timedelta(seconds=1)
#: macOS counts by this name what Linux counts by the other.
_ALSO_ASLEEP: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def machine_time() -> datetime:
    """What the machine's clock shows."""
    return datetime.now(UTC)


def seconds_passed() -> float:
    """Seconds since some moment, whatever the clocks are set to, and also while the machine slept: a laptop that was
    closed for a night shows no clock that jumped. Linux keeps `time.monotonic` still meanwhile (`clock_gettime(2)`)."""
    return time.clock_gettime(_ALSO_ASLEEP)


class SystemClock:
    """The machine's clock. Implements `bot.clocks.Clock`."""

    def now(self) -> datetime:
        return machine_time()


class SteadyClock:
    """Begins with what the machine's clock says and then counts seconds that really passed.

    The machine's clock may be set, by minutes or by years, at any moment. This one moves only where `move` says so, and
    what is stored is moved along with it (`bot.lifecycle.timekeeping`). Implements `bot.clocks.Clock`.
    """

    def __init__(
        self, wall: Callable[[], datetime] = machine_time, monotonic: Callable[[], float] = seconds_passed
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._shown, self._at = wall(), monotonic()

    def now(self) -> datetime:
        return self._shown + timedelta(seconds=self._monotonic() - self._at)

    def behind(self, reference: datetime | None = None) -> timedelta:
        """How far it is behind a better clock, by default the machine's; less than nothing where it is ahead."""
        return (reference or self._wall()) - self.now()

    def move(self, by: timedelta) -> None:
        """Shows a time that is so much later from now on."""
        self._shown += by


class ShiftedClock:
    """Stands still where it is set, until it is started; then it runs on from there."""

    def __init__(self, start: datetime) -> None:
        self._at = start
        self._started: float | None = None

    def now(self) -> datetime:
        running = time.monotonic() - self._started if self._started is not None else 0.0
        return self._at + timedelta(seconds=running)

    def set(self, moment: datetime) -> None:
        self._at, self._started = moment, None

    def start(self) -> None:
        self._at, self._started = self.now(), time.monotonic()


class Clock(Protocol):
    """Where the core gets the time from: aware, in UTC."""

    def now(self) -> datetime: ...
