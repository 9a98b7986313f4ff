"""The store of how sources are doing, and of what was read of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from bot.papers.sources import SourceName


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How a source is doing. `read_through` is the latest day read with success, `retry_at` what it asked of us."""

    name: SourceName
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_error: str = ""
    failures: int = 0
    read_through: date | None = None
    retry_at: datetime | None = None

    @property
    def was_asked(self) -> bool:
        """Whether it was ever read, or somebody tried to."""
        return bool(self.last_success_at or self.last_failure_at)


@dataclass(frozen=True, slots=True)
class DayReading:
    """The last reading of a source's day, and the validator that came with it."""

    read_at: datetime
    validator: str | None


class SourceStore(Protocol):
    async def names(self) -> list[SourceName]:
        """All sources that there are, those that are built in first."""
        ...

    async def states(self) -> list[SourceState]:
        """How all of them are doing, in the order of `names`."""
        ...

    async def state(self, name: SourceName) -> SourceState: ...

    async def readings(self, name: SourceName, days: Sequence[date]) -> dict[date, DayReading]:
        """When and how those of the days that were read before were read."""
        ...

    async def record_unchanged(self, name: SourceName, day: date, now: datetime) -> None:
        """Notes that a day was read again and is as it was."""
        ...

    async def begin_from(self, name: SourceName, day: date) -> None:
        """Notes that a source is to be read from that day on, however long it takes until that succeeds."""
        ...

    async def record_success(self, name: SourceName, now: datetime, read_through: date | None) -> None: ...

    async def record_failure(self, name: SourceName, now: datetime, error: str, retry_at: datetime | None) -> None: ...
