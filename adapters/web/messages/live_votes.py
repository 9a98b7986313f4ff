"""Votes that are cast while pages are open, wherever that is: they are counted once for all of these pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from bot.background import BackgroundTasks
from bot.channels.channel import Channel
from bot.errors import StorageError
from bot.reading.store import ReadingStore
from bot.reading.votes import Tally

log = structlog.get_logger(__name__)

GATHER = 0.1  # seconds in which votes gather before they are counted
NO_VOTES = Tally()

#: How the votes on papers stand by now, for a page that has not shown it yet.
Changed = dict[str, Tally]


class LiveVotes:
    """Implements `bot.reading.news.VoteListener`. `stir` wakes the streams of events of open pages."""

    def __init__(self, reading: ReadingStore, stir: Callable[[], None], *, gather: float = GATHER) -> None:
        self._reading = reading
        self._stir = stir
        self._gather = gather
        self._pages: dict[int, list[Changed]] = {}
        self._fresh: set[tuple[int, str]] = set()
        self._tasks = BackgroundTasks()
        self._counting = False

    def voted(self, channel: Channel, paper_id: str, *, drawn: str) -> None:  # noqa: ARG002 - pages show all
        if channel.id not in self._pages:
            return
        self._fresh.add((channel.id, paper_id))
        if not self._counting:
            self._counting = True
            self._tasks.start(self._count())

    @contextmanager
    def page_of(self, channel: Channel) -> Iterator[Changed]:
        """What changes in that channel as long as a page of it is open; who has shown it takes it out."""
        changed: Changed = {}
        pages = self._pages.setdefault(channel.id, [])
        pages.append(changed)
        try:
            yield changed
        finally:
            # By identity: two pages to which nothing happened are equal.
            pages[:] = [page for page in pages if page is not changed]
            if not pages:
                del self._pages[channel.id]

    async def _count(self) -> None:
        try:
            while self._fresh:
                await asyncio.sleep(self._gather)
                fresh, self._fresh = self._fresh, set()
                channels, papers = {channel for channel, _ in fresh}, {paper for _, paper in fresh}
                tallies = await self._reading.tallies(sorted(channels), sorted(papers))
                for channel_id, paper_id in fresh:
                    for page in self._pages.get(channel_id, ()):
                        page[paper_id] = tallies.get((channel_id, paper_id), NO_VOTES)
                self._stir()
        except StorageError as error:
            log.warning("web.votes_unknown", error=str(error))  # the page that is opened next shows them
        finally:
            self._counting = False
