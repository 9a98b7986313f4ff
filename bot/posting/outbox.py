"""OutboxWorker: sends what is in the outbox, each message once, and keeps the trouble of one channel in that channel.

A post is leased, its attempt is committed, the request leaves, the outcome is committed. Whatever dies in between
leaves a state from which the next worker knows what may have happened.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from bot.background import Turns
from bot.channels.channel import Channel, PlatformName, Style
from bot.channels.store import ChannelStore
from bot.clocks import Clock
from bot.digests.content import PaperReply
from bot.errors import StorageError
from bot.mail.recipients import RecipientStore
from bot.metrics import Metrics
from bot.platforms.outcomes import (
    Gone,
    GoneScope,
    Outgoing,
    Rejected,
    Retry,
    SendResult,
    Sent,
    Unknown,
)
from bot.platforms.platform import Platform
from bot.posting.composition import Composer
from bot.posting.leadership import Leadership
from bot.posting.notices import Notices
from bot.posting.post import LEASE, LookUps, Post, PostState, Priority
from bot.posting.reconciliation import Reconciliation
from bot.posting.retries import RetryPolicy, UnknownPolicy
from bot.posting.rooms import Rooms
from bot.posting.settling import Settling
from bot.posting.store import PostStore
from bot.spans import Spans
from bot.topics.store import SubscriptionStore

SEND_TIMEOUT = 30.0  # seconds
#: Requests under way at once. Generous, because a slow channel occupies its place for up to SEND_TIMEOUT.
IN_FLIGHT = 500
#: Places of these that are kept for what people wait for: a digest whose time has come takes none of them.
RESERVED = 50
LEASED_AT_ONCE = 100
#: While requests are under way, or an account has no room, the outbox is looked at so often (seconds).
LOOK_EVERY = 1.0
#: Otherwise at the next moment at which anything falls due, or with news of others; so often (seconds) in any case,
#: since news may get lost.
LOOK_ANYWAY = 60.0
#: Finished posts gather for so long (seconds) before the next ones are leased, so that they share one transaction.
GATHER = 0.05
RETRIES = RetryPolicy()

_log = structlog.get_logger()


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
        spans: Spans,
        leadership: Leadership,
        recipients: RecipientStore,
        jumps: Callable[[], int | None],
        unknown_policy: UnknownPolicy = UnknownPolicy.AT_MOST_ONCE,
    ) -> None:
        self._posts = posts
        self._notices = Notices(
            channels=channels, subscriptions=subscriptions, platforms=platforms, recipients=recipients
        )
        self._composer = composer
        self._platforms = platforms
        self._clock = clock
        self._metrics = metrics
        self._spans = spans
        self._leadership = leadership
        self._settling = Settling(posts, self._notices, metrics, spans)
        self._reconciliation = Reconciliation(
            posts=posts,
            composer=composer,
            platforms=platforms,
            clock=clock,
            metrics=metrics,
            leadership=leadership,
            settling=self._settling,
            unknown_policy=unknown_policy,
            wake=self.wake,
            jumps=jumps,
        )
        self._under_way: set[asyncio.Task[None]] = set()
        self._rooms = Rooms(platforms)
        self._turns = Turns()
        self._wake = asyncio.Event()
        self._gathering: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """Says that there may be something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Sends what is due, until cancelled; requests that are under way then get the time to end."""
        try:
            while True:
                self._wake.clear()
                now, due, longest = self._clock.now(), None, LOOK_EVERY
                try:
                    if await self._start_due(now):
                        continue
                    if not self._under_way and not self._rooms.full(self._leadership.ours):
                        due, longest = await self._posts.next_due(now), LOOK_ANYWAY
                except StorageError as error:
                    _log.error("outbox.unreachable", reason=str(error))
                await self._wait(due, longest)
        finally:
            await self._finish()

    async def drain(self) -> int:
        """Sends everything that is due now, retries excepted; returns how many posts were worked on."""
        worked_on = 0
        while True:
            self._wake.clear()
            worked_on += await self._start_due(self._clock.now())
            if not self._under_way:
                return worked_on
            await self._wake.wait()  # until one of them is done

    async def reconcile(self) -> int:
        """Frees leases of workers that died, and looks for messages with an unknown outcome; returns how many."""
        return await self._reconciliation.reconcile()

    async def measure(self) -> None:
        """Finds out how long papers waited that were posted since the last time. Raises `StorageError`."""
        await self._settling.measure()

    async def stop(self, channel: Channel, gone: Gone) -> None:
        """Stops what was refused in another way than by an answer, and tells who set it up."""
        await self._notices.stop(channel, gone)

    async def _wait(self, due: datetime | None, longest: float) -> None:
        """Waits until it is `due`, or for news, for so many seconds. A clock may be set, so it is looked at again."""
        until = time.monotonic() + longest
        while (left := until - time.monotonic()) > 0:
            if due is not None:
                left = min(left, LOOK_EVERY, max(0.0, (due - self._clock.now()).total_seconds()))
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._wake.wait()
                    return
            if due is not None and self._clock.now() >= due:
                return

    async def _finish(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=SEND_TIMEOUT)

    async def _start_due(self, now: datetime) -> int:
        """Leases what is due as far as there is room, and starts sending it; returns how many posts."""
        places, ours = IN_FLIGHT - len(self._under_way), self._leadership.ours
        if places <= 0 or not ours:
            return 0
        # The last places are kept for what people wait for.
        least = Priority.SCHEDULED if places > RESERVED else Priority.AWAITED
        limit = min(places - RESERVED if least is Priority.SCHEDULED else places, LEASED_AT_ONCE)
        began = time.perf_counter()
        posts = await self._posts.lease(ours, now=now, until=now + LEASE, limit=limit, rooms=self._rooms, least=least)
        if not posts:
            return 0
        leased = time.perf_counter()
        composed, unwritten = await self._composer.compose_each(posts)
        times = {"leased_in": leased - began, "composed_in": time.perf_counter() - leased}
        for post in posts:
            if post.id in composed:
                channel, outgoing = composed[post.id]
                self._rooms.enter(channel.address)
                task = asyncio.create_task(self._deliver(post, channel, outgoing, **times), name=f"post-{post.id}")
            elif post.id in unwritten:
                continue  # its lease runs out, and it is tried again
            else:
                task = asyncio.create_task(self._settling.drop(post, now), name=f"drop-{post.id}")
            self._under_way.add(task)
            task.add_done_callback(self._done)
        return len(posts)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not self._under_way:
            self.wake()
        elif self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(GATHER, self._gathered)
        # Whatever went wrong stays with this post: its lease runs out and it is tried, or looked for, again.
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, StorageError):  # hundreds may be under way, and one place in the code tells nobody more
            _log.error("post.interrupted", task=task.get_name(), reason=str(error))
        else:
            _log.error("post.interrupted", task=task.get_name(), exc_info=error)

    def _gathered(self) -> None:
        self._gathering = None
        self.wake()

    async def _deliver(
        self, post: Post, channel: Channel, outgoing: Outgoing, *, leased_in: float, composed_in: float
    ) -> None:
        with self._settling.delivering("post", post, channel, outgoing):
            _log.debug("post.leased", post=post.id, channel=str(channel.address), attempt=post.attempts + 1)
            self._spans.done("lease", leased_in)
            self._spans.done("render", composed_in)
            await self._send(post, channel, outgoing)

    async def _send(self, post: Post, channel: Channel, outgoing: Outgoing) -> None:
        platform = self._platforms[channel.address.platform]
        started, started_at = self._clock.now(), time.monotonic()
        try:
            begun = await self._begin(post, channel, outgoing, started)
        finally:
            self._rooms.leave(channel.address)
        if not begun:
            return
        await self._turns.take()
        if self._held_up(started, started_at):
            _log.warning("post.held_up", post=post.id)
            now = self._clock.now()
            await self._settling.settle(post, PostState.PENDING, now, due_at=now)
            return
        result: SendResult
        asked_at = time.perf_counter()
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                result = await platform.send(outgoing)
        except TimeoutError:
            result = Unknown(f"There was no answer within {SEND_TIMEOUT:g} seconds.", late=True)
        seconds = time.perf_counter() - asked_at
        outcome = type(result).__name__.lower()
        self._metrics.post(channel.address.platform.value, outcome, seconds)
        self._spans.done("send", seconds, outcome=outcome)
        log = _log.bind(post=post.id, channel=str(channel.address), attempt=post.attempts + 1)
        now = self._clock.now()
        match result:
            case Gone(scope=GoneScope.THREAD) if isinstance(post.content, PaperReply):
                log.info("post.thread_gone", reason=result.reason, detail=result.detail)
                await self._fold(post, channel)
            case Gone():
                await self._settling.give_up(post, channel, result, now)
            case Retry(after=after, known=known):
                # Before the first attempt nobody tried, however long it was due: the bot may have been off.
                waited = post.waited(started) if post.attempts else timedelta()
                took = waited + timedelta(seconds=seconds)
                wait = RETRIES.wait(result, attempts=post.attempts, tried_for=post.tried_for + took)
                if wait is None:
                    tried = "a day" if known else "an hour"
                    gone = Gone(f"Nothing could be posted for {tried}. {result.reason}", detail=result.detail)
                    await self._settling.give_up(post, channel, gone, now)
                    return
                log.warning("post.retried_later", reason=result.reason, detail=result.detail, asked=after, wait=wait)
                await self._settling.settle(
                    post, PostState.PENDING, now, due_at=now + wait, error=result.reason, tried=took + wait
                )
            case Unknown(late=late):
                log.warning("post.unknown", reason=result.reason, detail=result.detail)
                wait = self._reconciliation.first_wait(result)
                due, looks = now + wait, LookUps(late=late, lasted=timedelta(seconds=seconds) + wait)
                await self._settling.settle(
                    post, PostState.UNKNOWN, now, due_at=due, error=result.reason, look_ups=looks
                )
            case Rejected():
                await self._settling.reject(post, channel, outgoing, result, now)
            case Sent(remote_id=remote_id):
                rest = now + timedelta(seconds=platform.channel_interval) if platform.channel_interval else None
                if await self._settling.settle(post, PostState.SENT, now, remote_id=remote_id, channel_after=rest):
                    log.info("post.sent")

    def _held_up(self, started: datetime, started_at: float) -> bool:
        """Whether this process stood still since then, so that the lease may end before a request that leaves now."""
        return (
            time.monotonic() - started_at > SEND_TIMEOUT
            or self._clock.now() - started > timedelta(seconds=SEND_TIMEOUT)
        )  # fmt: skip

    async def _begin(self, post: Post, channel: Channel, outgoing: Outgoing, now: datetime) -> bool:
        """Puts on record that a request leaves now; whether it may."""
        if isinstance(post.content, PaperReply) and not outgoing.reply_to:
            await self._fold(post, channel)  # what it would reply to was never posted
            return False
        if not await self._posts.begin(post, now=now, until=now + LEASE):
            _log.warning("post.lease_lost", post=post.id)
            return False
        self._reconciliation.begun(post, now)
        return True

    async def _fold(self, post: Post, channel: Channel) -> None:
        """The thread is gone, the channel is well: what was still to be replied goes into the channel."""
        abstracts = channel.settings.abstracts
        platform = self._platforms[channel.address.platform]
        per_message = platform.papers_per_message(Style.CARDS, abstracts=abstracts)
        if not await self._posts.fold(post, per_message=per_message, abstracts=abstracts, now=self._clock.now()):
            _log.warning("post.lease_lost", post=post.id)
