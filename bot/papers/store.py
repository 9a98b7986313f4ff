"""The store of papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from bot.papers.paper import Listing, Paper, PaperRecord, StoredPaper
from bot.papers.sources import SourceName


class PaperStore(Protocol):
    """Papers and where they were listed."""

    async def record_day(self, source: SourceName, answer: DayAnswer, now: datetime) -> int:
        """Merges a day's listings and remembers its validator; returns how many papers are new or changed."""
        ...

    async def import_papers(self, papers: Sequence[Paper]) -> int:
        """Merges papers that are news to nobody: they are searchable and no topic is told of them."""
        ...

    async def paper(self, paper_id: str) -> Paper | None: ...

    async def papers(self, paper_ids: Sequence[str]) -> dict[str, Paper]:
        """The papers that are known by these ids. One that has got another id since is found by the old one, too."""
        ...

    async def seen(self, source: SourceName, paper_ids: Sequence[str]) -> dict[str, date | None]:
        """Those of the papers that the source has shown before, with the day on which it first listed each, if any."""
        ...

    async def record_of(self, paper_id: str) -> PaperRecord | None:
        """How a paper came to us, None for one that is not known."""
        ...

    async def beginning_with(self, beginning: str, limit: int) -> list[Paper]:
        """The papers whose id begins so, the largest ids first."""
        ...

    async def listed_on(self, day: date) -> list[Paper]:
        """The papers that any source listed on that day, most upvoted first."""
        ...

    async def newest_day(self) -> date | None: ...

    async def trending(self, since: date, limit: int) -> list[Paper]:
        """The most upvoted papers featured on `since` or later."""
        ...

    async def listed_since(self, since: datetime) -> list[Paper]:
        """The papers that a source listed after that time, newest first."""
        ...

    async def first_listed_since(self, since: datetime, sources: frozenset[SourceName] | None) -> list[Paper]:
        """The papers that these sources (None for all) first listed after that time, newest first."""
        ...

    async def latest(self, limit: int, until: datetime) -> list[Paper]:
        """The papers that were listed last until that time, the latest first."""
        ...

    async def unmatched(self, limit: int) -> list[StoredPaper]:
        """Listed papers that changed since topics were last told of them, in the order of listing."""
        ...

    async def gone_papers(self, after: int) -> Sequence[str]:
        """The ids of papers that were deleted after that change, as far back as it is kept."""
        ...

    async def changed_papers(self, after: int, limit: int) -> Sequence[tuple[int, Paper]]:
        """Papers by growing change number; numbers are in commit order, so none can appear behind a reader."""
        ...

    async def last_change(self) -> int: ...

    async def count(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAnswer:
    """What a source lists for one day.

    `validator` is opaque to us: handed back with the next reading of that day it lets the source answer that nothing
    changed (`unchanged`, with no listings). `older` are papers that it shows but that are news to nobody, as
    all that a feed had when it was added. `skipped` counts entries that were unusable and left out.
    """

    day: date
    listings: tuple[Listing, ...] = ()
    older: tuple[Paper, ...] = ()
    validator: str | None = None
    unchanged: bool = False
    skipped: int = 0
