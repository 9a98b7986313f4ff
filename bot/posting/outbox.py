"""OutboxWorker: sends what is in the outbox, each message once, and keeps the trouble of one channel in that channel.

A post is leased, its attempt is committed, the request leaves, the outcome is committed. Whatever dies in between
leaves a state from which the next worker knows what may have happened (DESIGN, section 6).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from bot.channels.channel import Channel, PlatformName
from bot.channels.store import ChannelStore
from bot.clocks import Clock
from bot.errors import StorageError
from bot.messages.message import Message, Paragraph, bold, code, text
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
    SendResult,
    Sent,
    Unknown,
)
from bot.platforms.platform import Platform
from bot.posting.composition import Composer
from bot.posting.leadership import Leadership
from bot.posting.post import Post, PostState, Settlement
from bot.posting.retries import retry_delay
from bot.posting.store import PostStore
from bot.topics.store import SubscriptionStore

#: How long a worker may hold a post. Longer than a request can take, so that a live worker never loses its lease.
LEASE = timedelta(seconds=60)
SEND_TIMEOUT = 30.0  # seconds
#: Requests under way at once. Generous, because a slow channel occupies its place for up to SEND_TIMEOUT.
IN_FLIGHT = 500
LEASED_AT_ONCE = 100
#: Without being woken, the outbox is looked at so often (seconds): other processes fill it too, and retries fall due.
LOOK_EVERY = 1.0
#: Finished posts gather for so long (seconds) before the next ones are leased, so that they share one transaction.
GATHER = 0.005
#: After so long without success the channel counts as broken: somebody should know.
GIVE_UP_AFTER = timedelta(hours=24)
#: A message may show up in a channel's history a little after the request failed.
LOOK_UP_AFTER = timedelta(seconds=5)
#: How often a message must be missing before it is sent again.
LOOK_UPS = 2

_log = structlog.get_logger()


class UnknownPolicy(StrEnum):
    """What becomes of a message where nobody can find out whether it arrived."""

    AT_MOST_ONCE = "at_most_once"
    AT_LEAST_ONCE = "at_least_once"


class OutboxWorker:
    """A worker on the outbox. Any number of them, in any number of processes, may work on one store."""

    def __init__(
        self,
        *,
        posts: PostStore,
        channels: ChannelStore,
        subscriptions: SubscriptionStore,
        composer: Composer,
        platforms: Mapping[PlatformName, Platform],
        clock: Clock,
        metrics: Metrics,
        leadership: Leadership,
        unknown_policy: UnknownPolicy = UnknownPolicy.AT_MOST_ONCE,
    ) -> None:
        self._posts = posts
        self._channels = channels
        self._subscriptions = subscriptions
        self._composer = composer
        self._platforms = platforms
        self._clock = clock
        self._metrics = metrics
        self._leadership = leadership
        self._unknown_policy = unknown_policy
        self._under_way: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Says that there may be something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Sends what is due, until cancelled; requests that are under way then get the time to end."""
        try:
            while True:
                self._wake.clear()
                try:
                    leased = await self._start_due()
                except StorageError as error:
                    _log.error("outbox.unreachable", reason=str(error))
                    leased = False
                if not leased:
                    await self._wait()
                    await asyncio.sleep(GATHER)
        finally:
            await self._finish()

    async def drain(self) -> int:
        """Sends everything that is due now, retries excepted; returns how many posts were worked on."""
        worked_on = 0
        while True:
            worked_on += await self._start_due()
            if not self._under_way:
                return worked_on
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def reconcile(self) -> int:
        """Frees leases of workers that died, and looks for messages with an unknown outcome; returns how many."""
        now = self._clock.now()
        if expired := await self._posts.expire(now):
            _log.warning("posts.leases_expired", posts=expired)
        posts = await self._posts.lease_unknown(self._leadership.ours, now=now, until=now + LEASE, limit=LEASED_AT_ONCE)
        composed = await self._composer.compose(posts)
        looks = [self._look_up(post, *composed[post.id]) for post in posts if post.id in composed]
        await asyncio.gather(*looks)
        self.wake()
        return len(looks)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(LOOK_EVERY):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _finish(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=SEND_TIMEOUT)

    async def _start_due(self) -> int:
        """Leases what is due as far as there is room, and starts sending it; returns how many posts."""
        room, ours = min(IN_FLIGHT - len(self._under_way), LEASED_AT_ONCE), self._leadership.ours
        if room <= 0 or not ours:
            return 0
        now = self._clock.now()
        posts = await self._posts.lease(ours, now=now, until=now + LEASE, limit=room)
        if not posts:
            return 0
        composed = await self._composer.compose(posts)
        for post in posts:
            if post.id in composed:
                task = asyncio.create_task(self._send(post, *composed[post.id]), name=f"post-{post.id}")
            else:
                task = asyncio.create_task(self._drop(post), name=f"drop-{post.id}")
            self._under_way.add(task)
            task.add_done_callback(self._done)
        return len(posts)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self.wake()
        # Whatever went wrong stays with this post: its lease runs out and it is tried, or looked for, again.
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("post.interrupted", task=task.get_name(), exc_info=error)

    async def _drop(self, post: Post) -> None:
        settlement = Settlement(
            post=post, state=PostState.FAILED, at=self._clock.now(), error="what it was about is not stored any more"
        )
        await self._posts.settle(settlement)
        _log.error("post.dropped", post=post.id, reason=settlement.error)

    async def _send(self, post: Post, channel: Channel, outgoing: Outgoing) -> None:
        platform = self._platforms[channel.address.platform]
        started = self._clock.now()
        if not await self._posts.begin(post, now=started, until=started + LEASE):
            _log.warning("post.lease_lost", post=post.id)
            return
        result: SendResult
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                result = await platform.send(outgoing)
        except TimeoutError:
            result = Unknown(f"no answer within {SEND_TIMEOUT:g} seconds")
        await self._settle(post, channel, result, platform.channel_interval, started)

    async def _settle(
        self, post: Post, channel: Channel, result: SendResult, interval: float, started: datetime
    ) -> None:
        now = self._clock.now()
        self._metrics.post(type(result).__name__.lower())
        log = _log.bind(post=post.id, channel=str(channel.address), attempt=post.attempts + 1)
        first = post.first_attempt_at or started
        match result:
            case Sent(remote_id=remote_id):
                after = now + timedelta(seconds=interval) if interval else None
                outcome = Settlement(post=post, state=PostState.SENT, at=now, remote_id=remote_id, channel_after=after)
                log.info("post.sent")
            case Retry(reason=reason, after=seconds):
                if now - first >= GIVE_UP_AFTER:
                    await self._give_up(post, channel, Gone(f"Nothing could be posted for a day: {reason}"), now)
                    return
                due = now + (retry_delay(post.attempts) if seconds is None else timedelta(seconds=seconds))
                outcome = Settlement(post=post, state=PostState.PENDING, at=now, due_at=due, error=reason)
                log.warning("post.retried_later", reason=reason, due=due)
            case Unknown(reason=reason):
                due = now + LOOK_UP_AFTER
                outcome = Settlement(post=post, state=PostState.UNKNOWN, at=now, due_at=due, error=reason)
                log.warning("post.unknown", reason=reason)
            case Rejected(reason=reason):
                outcome = Settlement(post=post, state=PostState.FAILED, at=now, error=reason)
                log.error("post.rejected", reason=reason)
            case Gone():
                await self._give_up(post, channel, result, now)
                return
        if not await self._posts.settle(outcome):
            log.warning("post.lease_lost")

    async def _look_up(self, post: Post, channel: Channel, outgoing: Outgoing) -> None:
        platform, now = self._platforms[channel.address.platform], self._clock.now()
        found: LookUpResult
        window = HistoryWindow(since=post.first_attempt_at or now, until=post.attempt_at or now)
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                found = await platform.look_up(outgoing, window)
        except TimeoutError:
            found = Retry(f"no answer within {SEND_TIMEOUT:g} seconds")
        now = self._clock.now()
        outcome = self._reconciled(post, found, now)
        _log.info("post.looked_up", post=post.id, channel=str(channel.address), state=outcome.state.value)
        if not await self._posts.settle(outcome):
            _log.warning("post.lease_lost", post=post.id)
        elif isinstance(found, Gone):
            await self._break(channel, found)

    def _reconciled(self, post: Post, found: LookUpResult, now: datetime) -> Settlement:
        sent = Settlement(post=post, state=PostState.SENT, at=now, looked_up=True)
        again = Settlement(post=post, state=PostState.PENDING, at=now, due_at=now, looked_up=True)
        still_unknown = Settlement(
            post=post, state=PostState.UNKNOWN, at=now, due_at=now + LOOK_UP_AFTER, looked_up=True
        )
        match found:
            case Sent(remote_id=remote_id):
                return replace(sent, remote_id=remote_id)
            case LookUp.CANNOT_TELL:
                return again if self._unknown_policy is UnknownPolicy.AT_LEAST_ONCE else sent
            case LookUp.MISSING:
                return again if post.look_ups + 1 >= LOOK_UPS else still_unknown
            case Retry(reason=reason, after=seconds):
                wait = retry_delay(post.look_ups) if seconds is None else timedelta(seconds=seconds)
                return Settlement(
                    post=post, state=PostState.UNKNOWN, at=now, due_at=now + wait, error=reason, looked_up=True
                )
            case Partly(after=seconds):
                return replace(still_unknown, due_at=now + timedelta(seconds=seconds))
            case Gone(reason=reason):
                return replace(still_unknown, error=reason)

    async def _give_up(self, post: Post, channel: Channel, gone: Gone, now: datetime) -> None:
        """Keeps the post for the day on which the channel is well again."""
        kept = Settlement(post=post, state=PostState.PENDING, at=now, due_at=now, error=gone.reason, fresh_start=True)
        if await self._posts.settle(kept):
            await self._break(channel, gone)
        else:
            _log.warning("post.lease_lost", post=post.id)

    async def _break(self, channel: Channel, gone: Gone) -> None:
        """Stops the channel, or its whole workspace, and tells those who set up the topics there, once."""
        whole = gone.scope is GoneScope.WORKSPACE
        told: set[str] = set()
        for one in await self._channels.break_channels(channel.address, gone.reason, whole_workspace=whole):
            _log.error("channel.broken", channel=str(one.address), reason=gone.reason)
            owner = await self._subscriptions.owner(one.id)
            if owner and owner not in told:
                told.add(owner)
                await self._tell(one, owner, gone.reason)

    async def _tell(self, channel: Channel, person: str, reason: str) -> None:
        sentence = text(
            "I cannot post in ",
            bold(channel.full_name),
            f" any more: {reason} The papers wait; say ",
            code("/papers resume"),
            " there once it is fixed.",
        )
        message = Message(summary=f"I cannot post in {channel.full_name} any more", blocks=(Paragraph(sentence),))
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                told = await self._platforms[channel.address.platform].tell(channel.address, person, message)
        except TimeoutError:
            told = False
        _log.info("channel.owner_told", channel=str(channel.address), told=told)
