"""What is trending: the most upvoted of what feeds listed lately."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from bot.papers.paper import Paper
from bot.papers.store import PaperStore

#: How far back to look, in days.
PERIODS: Final[Mapping[str, int]] = MappingProxyType({"day": 1, "week": 7, "month": 30})


async def trending_papers(papers: PaperStore, period: str, *, today: date, limit: int) -> list[Paper]:
    """The most upvoted papers of that period; raises `bot.errors.StorageError`.

    It is counted from the newest listing, so that it is not empty on a Monday morning, or while a feed is away.
    """
    newest = await papers.newest_day() or today
    return await papers.trending(newest - timedelta(days=PERIODS[period] - 1), limit)
