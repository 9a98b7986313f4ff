"""A source in an almanac: a list of papers for each day, read from memory."""

from __future__ import annotations

from datetime import date

from bot.errors import SourceError
from bot.papers.paper import Listing, Paper
from bot.papers.sources import HUGGINGFACE
from bot.papers.store import DayAnswer


class AlmanacSource:
    """Implements `bot.intake.source.Source`."""

    name = HUGGINGFACE

    def __init__(self) -> None:
        self.days: dict[date, list[Paper | None]] = {}  # None is an entry that nobody can read
        self.trouble: SourceError | None = None

    async def newest_day(self) -> date | None:
        self._look()
        return max(self.days, default=None)

    async def read_day(self, day: date, validator: str | None = None) -> DayAnswer:
        self._look()
        entries = self.days.get(day, [])
        version = str(hash(tuple(entries)))
        if version == validator:
            return DayAnswer(day=day, validator=version, unchanged=True)
        papers = [paper for paper in entries if paper is not None]
        listings = tuple(
            Listing(source=self.name, day=day, paper=paper, rank=rank) for rank, paper in enumerate(papers, start=1)
        )
        return DayAnswer(day=day, listings=listings, validator=version, skipped=len(entries) - len(papers))

    def _look(self) -> None:
        if self.trouble is not None:
            raise self.trouble
