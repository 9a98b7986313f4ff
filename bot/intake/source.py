"""The clock, the feeds of papers, and where else papers can be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from bot.papers import Listing, Paper, SourceName


class Clock(Protocol):
    """Where the core gets the time from: aware, in UTC."""

    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAnswer:
    """What a source lists for one day.

    `validator` is opaque to us: handed back with the next reading of that day it lets the source answer that nothing
    changed (`unchanged`, with no listings). `skipped` counts entries that were unusable and left out.
    """

    day: date
    listings: tuple[Listing, ...] = ()
    validator: str | None = None
    unchanged: bool = False
    skipped: int = 0


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


class Library(Protocol):
    """A place that answers questions about papers. Both methods raise `bot.errors.SourceError`."""

    @property
    def name(self) -> SourceName: ...

    async def search(self, words: str, limit: int) -> Sequence[Paper]:
        """The best matches for plain words, best first."""
        ...

    async def lookup(self, paper_ids: Sequence[str]) -> Sequence[Paper]:
        """Those of the papers that it knows."""
        ...
