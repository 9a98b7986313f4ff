"""The port of sources: a feed of papers, read day by day."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from bot.papers.sources import SourceName
from bot.papers.store import DayAnswer


class Source(Protocol):
    """A feed of papers. Both methods raise `bot.errors.SourceError` when the feed cannot be read or is not one."""

    @property
    def name(self) -> SourceName: ...

    async def newest_day(self) -> date | None:
        """The latest day that the feed shows any sign of (it may still be growing), None when it shows nothing.

        A sign may run a few days ahead of or behind the listing itself; the intake reads around it.
        """
        ...

    async def read_day(self, day: date, validator: str | None = None) -> DayAnswer:
        """Everything listed on that day, best first; no listings for a day that has none (yet)."""
        ...
