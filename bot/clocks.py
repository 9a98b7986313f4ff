"""Clocks: the machine's, and one that the demo moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class SystemClock:
    """The machine's clock. Implements `bot.clocks.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """Stands still where it is set, until it is started; then it runs on from there."""

    def __init__(self, start: datetime) -> None:
        self._at = start
        self._started: datetime | None = None

    def now(self) -> datetime:
        running = datetime.now(UTC) - self._started if self._started else timedelta()
        return self._at + running

    def set(self, moment: datetime) -> None:
        self._at, self._started = moment, None

    def start(self) -> None:
        self._at, self._started = self.now(), datetime.now(UTC)


class Clock(Protocol):
    """Where the core gets the time from: aware, in UTC."""

    def now(self) -> datetime: ...
