"""The overview: what a person sees of their reading list and of the bot's health outside of any channel."""

from __future__ import annotations

from bot.commands.operating.health_wording import posting_in_short, source_in_short
from bot.digests.cards import paper_line
from bot.errors import StorageError
from bot.health.reporting import Health
from bot.messages.message import PaperBlock
from bot.papers.sources import title_of_source
from bot.reading.lists import Reader
from bot.reading.store import ReadingStore


class Overview:
    """Implements `bot.platforms.overview.Overview` on the store."""

    def __init__(self, *, reading: ReadingStore, health: Health) -> None:
        self._reading = reading
        self._health = health

    async def saved(self, reader: Reader, limit: int) -> tuple[int, list[PaperBlock]]:
        total = await self._reading.saved_count(reader)
        entries = await self._reading.saved(reader, limit=limit) if total else []
        return total, [paper_line(entry.paper) for entry in entries]

    async def health(self, time_zone: str) -> str:
        report = await self._health.report()
        if report.stored is None:
            raise StorageError(report.database.problem)
        asked = [source for source in report.sources if source.state.was_asked]
        parts = [f"{title_of_source(source.name)}: {source_in_short(source, time_zone, report.at)}" for source in asked]
        return " · ".join([*parts, posting_in_short(report)])
