"""Settling: writing down what became of posts, and stopping what refuses them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars

from bot.channels.channel import Channel
from bot.metrics import Metrics
from bot.platforms.outcomes import Gone, Outgoing, Rejected
from bot.posting.notices import Notices
from bot.posting.post import Post, PostState, Settlement
from bot.posting.store import PostStore
from bot.spans import Spans

#: Posts that were sent of which it is not known yet when their papers were listed; more are not measured.
MOST_UNMEASURED = 50_000
MEASURED_AT_ONCE = 500
#: Whoever set up the topics is told of messages that a channel did not get, at most so often.
TELL_EVERY = timedelta(days=1)

_log = structlog.get_logger()


class Settling:
    """The records of what is sent and looked for: in the outbox, in the log, in traces and figures."""

    def __init__(self, posts: PostStore, notices: Notices, metrics: Metrics, spans: Spans) -> None:
        self._posts = posts
        self._notices = notices
        self._metrics = metrics
        self._spans = spans
        self._unmeasured: deque[int] = deque(maxlen=MOST_UNMEASURED)

    @contextmanager
    def delivering(self, name: str, post: Post, channel: Channel, outgoing: Outgoing) -> Iterator[None]:
        """Has the log name what it is about, and whoever collects traces know of it."""
        address = str(channel.address)
        with (
            bound_contextvars(digest=post.digest_id, papers=list(outgoing.message.paper_ids)),
            self._spans.within(name, post.trace, post=post.id, channel=address, attempt=post.attempts + 1),
        ):
            yield

    async def settle(self, post: Post, state: PostState, at: datetime, **what: Any) -> bool:
        """Writes down what became of a post; whether that was still ours to say."""
        started = time.perf_counter()
        settled = await self._posts.settle(Settlement(post=post, state=state, at=at, **what))
        self._spans.done("settle", time.perf_counter() - started, state=state.value, settled=settled)
        if settled and state is PostState.SENT and post.digest_id is not None:
            self._unmeasured.append(post.id)
        if not settled:
            _log.warning("post.lease_lost", post=post.id)
        return settled

    async def stop(self, channel: Channel, gone: Gone, settlement: Settlement) -> None:
        """Stops what refused a post, whose settlement this is, and tells who set it up; unless the post is not ours."""
        started = time.perf_counter()
        stopped = await self._posts.stop(settlement, channel.address, gone)
        state, settled = settlement.state.value, stopped is not None
        self._spans.done("settle", time.perf_counter() - started, state=state, settled=settled)
        if stopped is None:
            _log.warning("post.lease_lost", post=settlement.post.id)
            return
        self._metrics.stopped(channel.address.platform.value, gone.scope.value)
        await self._notices.tell_stopped(channel, gone, stopped)

    async def give_up(self, post: Post, channel: Channel, gone: Gone, at: datetime) -> None:
        """Keeps the post for the day on which the channel is well again."""
        kept = Settlement(post=post, state=PostState.PENDING, at=at, due_at=at, error=gone.reason, fresh_start=True)
        await self.stop(channel, gone, kept)

    async def reject(self, post: Post, channel: Channel, outgoing: Outgoing, rejected: Rejected, at: datetime) -> None:
        """Gives up a message that is never taken, and tells who set it up."""
        _log.error(
            "post.rejected", post=post.id, channel=str(channel.address), reason=rejected.reason, detail=rejected.detail
        )
        known = await self._posts.failures(channel.id, at - TELL_EVERY)
        if await self.settle(post, PostState.FAILED, at, error=rejected.reason) and not known:
            await self._notices.rejected(channel, outgoing.message, rejected.reason)

    async def drop(self, post: Post, at: datetime) -> None:
        """Gives up a post of which there is nothing to say."""
        reason = "what it was about is not stored any more"
        if await self.settle(post, PostState.FAILED, at, error=reason):
            _log.error("post.dropped", post=post.id, reason=reason)

    async def measure(self) -> None:
        """Finds out how long after they were listed papers were posted that were posted since the last time.

        Apart from the posting, so that it costs one look for hundreds of posts. Raises `StorageError`.
        """
        while self._unmeasured:
            posts = [self._unmeasured.popleft() for _ in range(min(len(self._unmeasured), MEASURED_AT_ONCE))]
            for delivered in await self._posts.waits(posts):
                self._metrics.delivered(delivered.platform, delivered.kind, delivered.wait.total_seconds())
