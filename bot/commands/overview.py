"""The overview: what a person sees of their reading list and of the bot's health outside of any channel."""

from __future__ import annotations

from bot.clocks import Clock
from bot.commands.wording import moment
from bot.digests.cards import paper_line
from bot.intake.store import SourceState, SourceStore
from bot.messages.message import PaperBlock
from bot.papers.sources import title_of_source
from bot.posting.post import PostState
from bot.posting.store import PostStore
from bot.reading.lists import Reader
from bot.reading.store import ReadingStore
from bot.text.counting import count_of


class Overview:
    """Implements `bot.platforms.overview.Overview` on the store."""

    def __init__(self, *, reading: ReadingStore, sources: SourceStore, posts: PostStore, clock: Clock) -> None:
        self._reading = reading
        self._sources = sources
        self._posts = posts
        self._clock = clock

    async def saved(self, reader: Reader, limit: int) -> tuple[int, list[PaperBlock]]:
        total = await self._reading.saved_count(reader)
        entries = await self._reading.saved(reader, limit=limit) if total else []
        return total, [paper_line(entry.paper) for entry in entries]

    async def health(self, time_zone: str) -> str:
        asked = [state for state in await self._sources.states() if state.was_asked]
        parts = [f"{title_of_source(state.name)}: {self._said(state, time_zone)}" for state in asked]
        counts = await self._posts.counts()
        waiting = sum(counts.get(state, 0) for state in (PostState.PENDING, PostState.LEASED, PostState.UNKNOWN))
        posting = f"{count_of(waiting, 'message')} on the way" if waiting else "everything is posted"
        return " · ".join([*parts, posting])

    def _said(self, state: SourceState, time_zone: str) -> str:
        if state.failures:
            return f"cannot be read ({count_of(state.failures, 'failure')})"
        if state.last_success_at is None:
            return "not read yet"
        return f"read {moment(state.last_success_at, time_zone, self._clock.now())}"
