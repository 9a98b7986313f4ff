"""Redraws: messages that were posted show how the votes stand, wherever somebody voted.

A message whose own button is pressed is drawn at once by its platform. All others are drawn here, some time later, and
one after the other in each workspace, behind what is to be posted. What is lost, as when the process ends, does no
harm: the next vote draws the message, too.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from bot.background import BackgroundTasks
from bot.channels.channel import Channel, PlatformName
from bot.errors import StorageError
from bot.platforms.outcomes import Outgoing, Retry, SendResult, Unknown
from bot.platforms.platform import Platform
from bot.posting.composition import Composer
from bot.posting.store import PostStore

#: Votes gather for so long (seconds) before a message is drawn, and it is not drawn again sooner than this.
GATHER: Final = 1.0
EVERY: Final = 5.0
#: Seconds between two edits in a workspace, in the intervals that a platform leaves between posts in a channel. Slack
#: takes 50 edits a minute in a workspace: https://docs.slack.dev/reference/methods/chat.update (tier 3).
INTERVALS: Final = 1.25
TIMEOUT: Final = 30.0  # seconds for one edit
#: A message that must wait is tried so often, after so many seconds where the platform names no time.
MOST_TRIES: Final = 5
WAIT: Final = 5.0
LONGEST_WAIT: Final = 300.0
#: Papers that wait in a workspace, workspaces, and papers of which it is known when they were drawn.
MOST_WAITING: Final = 1_000
MOST_PLACES: Final = 1_000
MOST_DRAWN: Final = 10_000

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where edits come one after the other."""

    platform: PlatformName
    workspace: str


@dataclass(frozen=True, slots=True)
class _Wish:
    """That the messages of a paper in a channel be drawn, all but one that is `drawn`; on the monotonic clock."""

    due: float
    drawn: str
    tries: int = 0


class Redraws:
    """Implements `bot.reading.news.VoteListener`."""

    def __init__(
        self,
        *,
        posts: PostStore,
        composer: Composer,
        platforms: Mapping[PlatformName, Platform],
        gather: float = GATHER,
        every: float = EVERY,
        wait: float = WAIT,
    ) -> None:
        self._posts = posts
        self._composer = composer
        self._platforms = platforms
        self._gather = gather
        self._every = every
        self._wait = wait
        self._waiting: dict[_Place, dict[tuple[int, str], _Wish]] = {}
        self._drawn_at: OrderedDict[tuple[int, str], float] = OrderedDict()
        self._tasks = BackgroundTasks()

    def voted(self, channel: Channel, paper_id: str, *, drawn: str) -> None:
        place = _Place(channel.address.platform, channel.address.workspace)
        if place.platform in self._platforms:
            self._wish(place, (channel.id, paper_id), drawn)

    async def close(self) -> None:
        """Forgets what waits, and lets an edit that is under way end."""
        for wishes in self._waiting.values():
            wishes.clear()
        await self._tasks.finish()

    def _wish(self, place: _Place, key: tuple[int, str], drawn: str, *, after: float = 0.0, tries: int = 0) -> None:
        wishes = self._waiting.get(place)
        if wishes is None:
            if len(self._waiting) >= MOST_PLACES:
                return
            wishes = self._waiting[place] = {}
            self._tasks.start(self._work(place, wishes))
        known = wishes.get(key)
        if known is not None and known.drawn != drawn:
            wishes[key] = _Wish(known.due, "", known.tries)
        elif known is None and len(wishes) < MOST_WAITING:
            last = self._drawn_at.get(key, float("-inf"))
            now = time.monotonic()
            wishes[key] = _Wish(max(now + max(self._gather, after), last + self._every), drawn, tries)

    async def _work(self, place: _Place, wishes: dict[tuple[int, str], _Wish]) -> None:
        """Draws what waits in a workspace, the next one that is due each time."""
        platform = self._platforms[place.platform]
        try:
            while wishes:
                key, wish = min(wishes.items(), key=lambda one: one[1].due)
                if (left := wish.due - time.monotonic()) > 0:
                    # Slept in short pieces, so that whoever stops the bot does not wait for it.
                    await asyncio.sleep(min(left, self._gather))
                    continue
                del wishes[key]
                pause = await self._draw(place, key, wish)
                await asyncio.sleep(max(pause, INTERVALS * platform.channel_interval))
        finally:
            del self._waiting[place]

    async def _draw(self, place: _Place, key: tuple[int, str], wish: _Wish) -> float:
        """Draws the messages of a paper; returns for how long (seconds) the platform wants to be left alone."""
        channel_id, paper_id = key
        try:
            shown = await self._posts.showing(channel_id, paper_id)
            shown = [one for one in shown if one.remote_id and one.remote_id != wish.drawn]
            composed = await self._composer.compose([one.post for one in shown])
            self._note(key)
            for one in shown:
                if one.post.id not in composed:
                    continue
                channel, outgoing = composed[one.post.id]
                result = await self._ask(place, outgoing, one.remote_id)
                if isinstance(result, Retry | Unknown):
                    asked = result.after if isinstance(result, Retry) else None
                    after = min(self._wait if asked is None else asked, LONGEST_WAIT)
                    if wish.tries + 1 < MOST_TRIES:
                        self._wish(place, key, wish.drawn, after=after, tries=wish.tries + 1)
                    return after
                _log.info("post.redrawn", channel=str(channel.address), post=one.post.id, result=type(result).__name__)
            # Somebody else may have drawn one meanwhile, with votes that were not known here.
            latest = await self._composer.compose([one.post for one in shown])
        except StorageError as error:
            _log.warning("redraws.unreachable", reason=str(error))
            return WAIT
        if latest != composed:
            self._wish(place, key, "")
        return 0.0

    async def _ask(self, place: _Place, outgoing: Outgoing, remote_id: str) -> SendResult:
        try:
            async with asyncio.timeout(TIMEOUT):
                return await self._platforms[place.platform].redraw(outgoing, remote_id)
        except TimeoutError:
            return Unknown(f"There was no answer within {TIMEOUT:g} seconds.")

    def _note(self, key: tuple[int, str]) -> None:
        self._drawn_at[key] = time.monotonic()
        self._drawn_at.move_to_end(key)
        if len(self._drawn_at) > MOST_DRAWN:
            self._drawn_at.popitem(last=False)
