"""The tastes of channels: made of their votes when they are needed, and kept until a vote changes or a day is over."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Final

from bot.channels.channel import Channel, Unlearnt
from bot.clocks import Clock
from bot.meaning.terms import shipped_table
from bot.papers.paper import Paper
from bot.papers.store import PaperStore
from bot.ranking.features import features_of
from bot.ranking.taste import NO_TASTE, Taste
from bot.reading.store import ReadingStore
from bot.reading.votes import CastVote, VoteState

if TYPE_CHECKING:  # both bring NumPy, and are loaded when there are votes to learn from
    from bot.ranking.background import Background

BACKGROUND_PAPERS: Final = 300
#: Tastes that are remembered: up to a quarter of a megabyte each, and some milliseconds to make anew.
MOST_REMEMBERED: Final = 64
#: With fewer papers than these from before today, today's are of the background, too.
LEAST_BACKGROUND: Final = 50


@dataclass(frozen=True, slots=True)
class _Made:
    """A taste, and what it was made from: it is right as long as that is the same."""

    taste: Taste
    state: VoteState
    unlearnt: Unlearnt
    midnight: datetime


class Tastes:
    """What the votes of each channel have taught. Kept are the votes; a taste is made anew when one of them changed."""

    def __init__(self, *, papers: PaperStore, reading: ReadingStore, clock: Clock) -> None:
        self._papers = papers
        self._reading = reading
        self._clock = clock
        self._made: OrderedDict[int, _Made] = OrderedDict()
        self._background: tuple[datetime, Background] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def of(self, channel: Channel) -> Taste:
        """The channel's taste; nothing is learnt before its first 👍."""
        return (await self.of_all([channel])).get(channel.id, NO_TASTE)

    async def of_all(self, channels: Sequence[Channel]) -> dict[int, Taste]:
        """The tastes of those of the channels that have votes."""
        states = await self._reading.vote_states([channel.id for channel in channels])
        # A day's tastes are those of its midnight, so that all processes have the same.
        midnight = datetime.combine(self._clock.now().date(), time(), self._clock.now().tzinfo)
        tastes: dict[int, Taste] = {}
        stale: dict[int, Unlearnt] = {}
        for channel in channels:
            if (state := states.get(channel.id)) is None:
                self._made.pop(channel.id, None)
                continue
            made, unlearnt = self._made.get(channel.id), channel.settings.unlearnt
            if made and (made.state, made.unlearnt, made.midnight) == (state, unlearnt, midnight):
                self._made.move_to_end(channel.id)
                tastes[channel.id] = made.taste
            else:
                stale[channel.id] = unlearnt
        if stale:
            for channel_id, taste in (await self._learn(stale, midnight)).items():
                tastes[channel_id] = taste
                self._made[channel_id] = _Made(taste, states[channel_id], stale[channel_id], midnight)
                self._made.move_to_end(channel_id)
            while len(self._made) > MOST_REMEMBERED:
                self._made.popitem(last=False)
        return tastes

    async def _learn(self, unlearnt: Mapping[int, Unlearnt], midnight: datetime) -> dict[int, Taste]:
        cast = {
            channel_id: [vote for vote in votes if since is None or vote.at > since]
            for channel_id, votes in (await self._reading.cast_votes(list(unlearnt))).items()
            for since in (unlearnt[channel_id].since,)
        }
        liked = {channel_id: votes for channel_id, votes in cast.items() if any(vote.up for vote in votes)}
        if not liked:
            return dict.fromkeys(cast, NO_TASTE)
        ids = sorted({vote.paper_id for votes in liked.values() for vote in votes})
        papers = await self._papers.papers(ids)
        async with self._one_at_a_time:
            background = await self._latest_background(midnight)
        learnt = await asyncio.to_thread(_learn_all, liked, papers, background, midnight, unlearnt)
        return {channel_id: learnt.get(channel_id, NO_TASTE) for channel_id in cast}

    async def _latest_background(self, midnight: datetime) -> Background:
        if self._background is None or self._background[0] != midnight:
            papers = await self._papers.latest(BACKGROUND_PAPERS, midnight)
            if len(papers) < LEAST_BACKGROUND:
                # In the first days whatever there is has to do, and there is more of it with every hour.
                papers = await self._papers.latest(BACKGROUND_PAPERS, self._clock.now())
                return await asyncio.to_thread(_background_of, papers)
            self._background = midnight, await asyncio.to_thread(_background_of, papers)
        return self._background[1]


def _background_of(papers: Iterable[Paper]) -> Background:
    from bot.ranking.background import Background

    return Background([features_of(paper) for paper in papers], len(shipped_table()))


def _learn_all(
    cast: Mapping[int, Sequence[CastVote]],
    papers: Mapping[str, Paper],
    background: Background,
    now: datetime,
    unlearnt: Mapping[int, Unlearnt],
) -> dict[int, Taste]:
    from bot.ranking.learning import learn

    known = {paper_id: features_of(paper) for paper_id, paper in papers.items()}
    return {
        channel_id: learn(votes, known, background, now).without(unlearnt[channel_id].names)
        for channel_id, votes in cast.items()
    }
