"""The overview: what a person sees of their reading list and of the bot's health outside of any channel."""

from __future__ import annotations

from bot.cards import paper_card
from bot.commands.wording import moment
from bot.messages import PaperBlock
from bot.papers import SOURCE_NAMES, SourceName
from bot.ports import Clock, SourceState, Store
from bot.posts import PostState
from bot.reading import Reader
from bot.text import count_of


class Overview:
    """Implements `bot.ports.Overview` on the store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def saved(self, reader: Reader, limit: int) -> tuple[int, list[PaperBlock]]:
        total = await self._store.reading.saved_count(reader)
        entries = await self._store.reading.saved(reader, limit=limit) if total else []
        return total, [paper_card(entry.paper, compact=True) for entry in entries]

    async def health(self, time_zone: str) -> str:
        parts = []
        for source in SourceName:
            state = await self._store.sources.state(source)
            if state.last_success_at or state.last_failure_at:
                parts.append(f"{SOURCE_NAMES[source]}: {self._said(state, time_zone)}")
        counts = await self._store.posts.counts()
        waiting = sum(counts.get(state, 0) for state in (PostState.PENDING, PostState.LEASED, PostState.UNKNOWN))
        posting = f"{count_of(waiting, 'message')} on the way" if waiting else "everything is posted"
        return " · ".join([*parts, posting])

    def _said(self, state: SourceState, time_zone: str) -> str:
        if state.failures:
            return f"cannot be read ({count_of(state.failures, 'failure')})"
        if state.last_success_at is None:
            return "not read yet"
        return f"read {moment(state.last_success_at, time_zone, self._clock.now())}"
