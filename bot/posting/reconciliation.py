"""Reconciliation: looking for messages of which nobody knows whether they arrived."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.channels.channel import Channel, PlatformName
from bot.clocks import Clock
from bot.metrics import Metrics
from bot.platforms.outcomes import (
    Gone,
    GoneScope,
    HistoryWindow,
    LookUp,
    LookUpResult,
    Outgoing,
    Partly,
    Rejected,
    Retry,
    Sent,
    Unknown,
)
from bot.platforms.platform import Platform
from bot.posting.composition import Composer
from bot.posting.leadership import Leadership
from bot.posting.post import LEASE, Begun, Post, PostState, Settlement
from bot.posting.retries import LookUpPolicy, UnknownPolicy, Verdict
from bot.posting.settling import Settling
from bot.posting.store import PostStore

LOOK_TIMEOUT = 30.0  # seconds
LOOKED_FOR_AT_ONCE = 100
#: By so much another clock may have been wrong by which an earlier run noted when it began to send something.
ADOPTED_MARGIN = timedelta(days=1)
LOOK_UPS = LookUpPolicy()

_log = structlog.get_logger()


class Reconciliation:
    """Looks for what may have arrived, once a request for it has left and no answer came."""

    def __init__(
        self,
        *,
        posts: PostStore,
        composer: Composer,
        platforms: Mapping[PlatformName, Platform],
        clock: Clock,
        metrics: Metrics,
        leadership: Leadership,
        settling: Settling,
        unknown_policy: UnknownPolicy,
        wake: Callable[[], None],
        jumps: Callable[[], int | None],
    ) -> None:
        self._posts = posts
        self._composer = composer
        self._platforms = platforms
        self._clock = clock
        self._metrics = metrics
        self._leadership = leadership
        self._settling = settling
        self._unknown_policy = unknown_policy
        self._wake = wake
        self._jumps, self._adopted_after = jumps, 0
        #: The requests of this process before it took over those of earlier runs, and the posts of these; None before.
        self._begun: dict[int, Begun] = {}
        self._adopted: frozenset[int] | None = None

    def begun(self, post: Post, now: datetime) -> None:
        """Says that this process has begun to send a post: that request is none of an earlier run."""
        if self._adopted is None:
            self._begun[post.id] = Begun(attempts=post.attempts + 1, at=now)

    def first_wait(self, outcome: Unknown) -> timedelta:
        """How long after that outcome a message is looked for."""
        return LOOK_UPS.first_wait(outcome)

    async def reconcile(self) -> int:
        """Frees leases of workers that died, and looks for messages with an unknown outcome; returns how many.

        `jumps` counts those of the clock, and is None while what is stored is to be moved along. After one, what had
        been begun is taken over as if by a new run: what was written meanwhile may bear the time of either clock.
        """
        jumps, now = self._jumps(), self._clock.now()
        if jumps is None:
            return 0
        if self._adopted is None or jumps != self._adopted_after:
            self._adopted, self._adopted_after = await self._posts.adopt(now, self._begun), jumps
            self._begun.clear()
        if expired := await self._posts.expire(now):
            _log.warning("posts.leases_expired", posts=expired)
            self._wake()
        posts = await self._posts.lease_unknown(
            self._leadership.ours, now=now, until=now + LEASE, limit=LOOKED_FOR_AT_ONCE
        )
        if not posts:
            return 0
        composed, unwritten = await self._composer.compose_each(posts)
        looks = (
            self._look_up(post, *composed[post.id]) if post.id in composed else self._settling.drop(post, now)
            for post in posts
            if post.id not in unwritten
        )
        await asyncio.gather(*looks)
        self._wake()
        return len(posts)

    async def _look_up(self, post: Post, channel: Channel, outgoing: Outgoing) -> None:
        with self._settling.delivering("look_up", post, channel, outgoing):
            await self._look_for(post, channel, outgoing)

    async def _look_for(self, post: Post, channel: Channel, outgoing: Outgoing) -> None:
        platform, now = self._platforms[channel.address.platform], self._clock.now()
        looks, attempt = post.look_ups, post.attempt_at or now
        since = post.first_attempt_at or attempt
        if post.id in (self._adopted or ()):
            since -= ADOPTED_MARGIN
        window = HistoryWindow(since=since, until=attempt, cursor=looks.cursor)
        found: LookUpResult
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(LOOK_TIMEOUT):
                found = await platform.look_up(outgoing, window)
        except TimeoutError:
            found = Retry(f"There was no answer within {LOOK_TIMEOUT:g} seconds.")
        if self._jumps() != self._adopted_after and not isinstance(found, Sent):
            _log.info("post.looked_up_in_vain", post=post.id)  # it was looked for by another clock than it was sent by
            return
        self._metrics.look_up(channel.address.platform.value, _named(found))
        log = _log.bind(post=post.id, channel=str(channel.address), found=_named(found))
        if isinstance(found, Gone) and found.scope is GoneScope.THREAD:
            found = LookUp.MISSING  # with its thread
        began_at = looks.began_at if looks.cursor and looks.began_at else now
        lasted = looks.lasted + post.waited(now) + timedelta(seconds=time.monotonic() - asked_at)
        now = self._clock.now()
        match found:
            case Sent(remote_id=remote_id):
                await self._settling.settle(post, PostState.SENT, now, remote_id=remote_id)
            case Gone(reason=reason):
                # It waits as unknown until the channel is well again, and is looked for then.
                waits = Settlement(post=post, state=PostState.UNKNOWN, at=now, due_at=now, error=reason, look_ups=looks)
                await self._settling.stop(channel, found, waits)
            case Retry() | Partly() | LookUp():
                progress = isinstance(found, Partly) and found.cursor != looks.cursor
                decision = LOOK_UPS.decide(
                    found,
                    late=looks.late,
                    look_ups=looks.count,
                    began_after=began_at - attempt,
                    elapsed=now - attempt,
                    looked_for=lasted,
                    tried_for=post.tried_for,
                    progress=progress,
                )
                log = log.bind(decision=str(decision))
                await self._look_again(post, channel, outgoing, found, decision, now, began_at, lasted)
        log.info("post.looked_up")

    async def _look_again(
        self,
        post: Post,
        channel: Channel,
        outgoing: Outgoing,
        found: Retry | Partly | LookUp,
        decision: timedelta | Verdict,
        now: datetime,
        began_at: datetime,
        lasted: timedelta,
    ) -> None:
        looks = post.look_ups
        over = post.tried_for + LOOK_UPS.tried(lasted) >= LOOK_UPS.sent_again_for
        match decision:
            case Verdict.SEND_AGAIN if over:
                await self._give_up(post, channel, outgoing, now)
            case Verdict.SEND_AGAIN:
                await self._send_again(post, now, lasted)
            case Verdict.SETTING_DECIDES if self._unknown_policy is UnknownPolicy.AT_LEAST_ONCE and not over:
                await self._send_again(post, now, lasted)
            case Verdict.SETTING_DECIDES:
                _log.warning("post.taken_for_sent", post=post.id)
                await self._settling.settle(post, PostState.SENT, now)
            case timedelta():
                match found:
                    case Retry(reason=reason):
                        error = reason
                    case Partly(cursor=cursor):
                        count = looks.count + (cursor != looks.cursor)
                        looks = replace(looks, cursor=cursor, began_at=began_at if cursor else None, count=count)
                        error = ""
                    case _:
                        looks, error = replace(looks, cursor="", began_at=None, count=looks.count + 1), ""
                due, looks = now + decision, replace(looks, lasted=lasted + decision)
                await self._settling.settle(post, PostState.UNKNOWN, now, due_at=due, error=error, look_ups=looks)

    async def _send_again(self, post: Post, now: datetime, lasted: timedelta) -> None:
        fresh, tried = not post.attempts, LOOK_UPS.tried(lasted)
        await self._settling.settle(post, PostState.PENDING, now, due_at=now, tried=tried, fresh_start=fresh)

    async def _give_up(self, post: Post, channel: Channel, outgoing: Outgoing, now: datetime) -> None:
        """It was sent again and again and is not there: which is its own fault where others have come meanwhile."""
        since = post.first_attempt_at or now
        if await self._posts.has_sent(channel.id, since):
            rejected = Rejected("It was sent again and again for a day, and never arrived.")
            await self._settling.reject(post, channel, outgoing, rejected, now)
        else:
            gone = Gone("Nothing could be posted for a day. What was sent never arrived.")
            await self._settling.give_up(post, channel, gone, now)


def _named(found: LookUpResult) -> str:
    return found.value if isinstance(found, LookUp) else type(found).__name__.lower()
