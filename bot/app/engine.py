"""The engine: polls, matches, plans and posts, each when its time has come.

Its few alarms live in memory (`bot.app.alarms`), and all that must survive a restart is in the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial

import structlog

from bot.app.alarms import Alarms
from bot.background import Precedence
from bot.clocks import Clock
from bot.digests.planning import Planner
from bot.errors import PaperRoundError, StorageError
from bot.health.heartbeat import Heartbeat
from bot.intake.enrichment import Enrichment
from bot.intake.polling import RETRY_POLL_AFTER, Intake, PollReport
from bot.lifecycle.pruning import Pruning
from bot.lifecycle.retention import Retention
from bot.lifecycle.timekeeping import Timekeeping
from bot.meaning.embedding import Embedding
from bot.meaning.meaning import Meaning
from bot.meaning.terms import shipped_table
from bot.memory import give_back
from bot.metrics import Metrics
from bot.papers.sources import SourceName
from bot.platforms.access import Access
from bot.posting.leadership import Leadership
from bot.posting.outbox import OutboxWorker
from bot.posting.roles import ProcessRole
from bot.search.index import SearchIndex
from bot.spans import Spans
from bot.topics.matching import TopicMatching
from bot.topics.model_change import ModelChange
from storage.database.news import News
from storage.database.notifications import Notifications

SWEEP_EVERY = timedelta(seconds=2)
FEEDS_EVERY = timedelta(minutes=1)  # each feed has its own pace, which is looked at so often
RECONCILE_EVERY = timedelta(seconds=5)
#: A search is to see a paper within 2 s after its commit, whichever process committed it.
REFRESH_EVERY = timedelta(seconds=1.5)
BEAT_EVERY = timedelta(seconds=30)
CORRECT_EVERY = timedelta(minutes=10)
RETENTION_EVERY = timedelta(minutes=30)
#: How long after papers were listed they were posted is looked up together.
MEASURE_EVERY = timedelta(seconds=5)
#: Changes that other processes tell of at once are taken over together, when they have gathered so long (seconds).
GATHER_CHANGES = 0.2
#: Well within the time for which removed topics are kept for processes that have not heard of it yet.
FOLLOW_EVERY = timedelta(minutes=5)
EMBED_EVERY = timedelta(seconds=2)
RELEASE_EVERY = timedelta(minutes=1)
GIVE_BACK_EVERY = timedelta(minutes=10)
#: How many papers a poll gives a vector that is not part of a running engine: a day's, in some seconds.
EMBEDDED_AFTER_POLL = 500
#: Nothing is deleted by a clock that is further ahead of others'.
TRUSTED = timedelta(hours=1)
#: Seconds in which no sweep ended, of those that come every two, after which something is stuck.
STUCK_AFTER = 60.0

_log = structlog.get_logger()


class Engine:
    """One process' share of the work. On PostgreSQL many of them share a store; one of them leads and polls.

    Where the process has the `role` to listen, it keeps up to date what commands and pages need, and no more.
    """

    def __init__(
        self,
        *,
        intake: Intake,
        matching: TopicMatching,
        enrichment: Enrichment,
        planner: Planner,
        outbox: OutboxWorker,
        leadership: Leadership,
        notifications: Notifications,
        timekeeping: Timekeeping,
        retention: Retention,
        pruning: Pruning,
        index: SearchIndex,
        meaning: Meaning,
        embedding: Embedding,
        model_change: ModelChange,
        metrics: Metrics,
        spans: Spans,
        heartbeat: Heartbeat,
        access: Access,
        poll_every: timedelta,
        role: ProcessRole = ProcessRole.ALL,
        clock: Clock,
        clock_ahead: Callable[[datetime], timedelta | None] = lambda _: timedelta(),
    ) -> None:
        """`clock_ahead` is how far a clock that shows that moment is ahead of others', None as long as nobody has
        told the time.
        """
        self._role = role
        #: People who wait for an answer come first; the engine's jobs and its outbox give way to them.
        self.precedence = Precedence()
        self._clock = clock
        self._clock_ahead = clock_ahead
        self._notifications = notifications
        self._taking_over: asyncio.TimerHandle | None = None
        self._timekeeping = timekeeping
        self._intake = intake
        self._enrichment = enrichment
        self._retention = retention
        self.pruning = pruning
        self._index = index
        self._embedding = embedding
        self._model_change = model_change
        self._metrics = metrics
        self._spans = spans
        self._heartbeat = heartbeat
        self.access = access
        self.poll_every = poll_every
        self._swept_at: float | None = None  # on the monotonic clock; None until it runs
        self.matching = matching
        self.meaning = meaning
        self.planner = planner
        self.leadership = leadership
        self.outbox = outbox

    def stuck_for(self) -> float:
        """Seconds for which a running engine has not done what was due, 0 as long as they are few."""
        silent = 0.0 if self._swept_at is None else time.monotonic() - self._swept_at
        return silent if silent >= STUCK_AFTER else 0.0

    async def wanted_categories(self) -> frozenset[str]:
        """The arXiv categories that topics name."""
        return await self.matching.categories()

    async def poll(self, day: date | None = None) -> list[PollReport]:
        """Reads the sources and matches what is new."""
        with self._spans.begin("poll"):
            await self._take_in(reports := await self._intake.poll(day))
        await self._model_change.follow()
        embedded = 0
        while embedded < EMBEDDED_AFTER_POLL and (step := await self._embedding.step()):
            embedded += step
        return reports

    async def poll_feeds(self) -> list[PollReport]:
        """Reads those of the added feeds that are due, and matches what is new."""
        with self._spans.begin("poll", source="added"):
            if reports := await self._intake.poll_feeds():
                await self._take_in(reports)
        return reports

    async def _take_in(self, reports: Sequence[PollReport]) -> None:
        """Tells topics and index of what a poll brought."""
        for report in reports:
            self._spans.done(
                "read", report.seconds, source=report.kind, changed=report.changed, failed=bool(report.error)
            )
            self._metrics.poll(report.kind, failed=bool(report.error), changed=report.changed, seconds=report.seconds)
        await self.matching.match_new()
        if await self._enrichment.complete():
            await self.matching.match_new()
        await self._index.refresh()

    async def deliver(self) -> int:
        """Plans what is due and posts it; returns how many posts were worked on."""
        await self.leadership.renew()
        await self._keep_time()
        await self.matching.match_new()
        await self.planner.sweep()
        return await self.outbox.drain()

    async def reconcile(self) -> None:
        """Takes care of what died or timed out while it was being posted."""
        await self.leadership.renew()
        await self.outbox.reconcile()

    async def run(self) -> None:
        """Works until cancelled."""
        async with self._alarms() as alarms:
            try:
                async with self._notifications.listening(partial(self._hear, alarms)):
                    with self.precedence.last():
                        await (self.outbox.run() if self._role.works else asyncio.Event().wait())
            finally:
                if self._taking_over is not None:
                    self._taking_over.cancel()

    def _hear(self, alarms: Alarms, news: News) -> None:
        """Another process, or this one, committed something."""

        def take_over() -> None:
            self._taking_over = None
            for name in ("refresh", "follow"):
                alarms.soon(name, timedelta())

        match news:
            case News.POSTS:
                self.outbox.wake()
            case News.CHANGES if self._taking_over is None:
                self._taking_over = asyncio.get_running_loop().call_later(GATHER_CHANGES, take_over)

    @contextlib.asynccontextmanager
    async def _alarms(self) -> AsyncIterator[Alarms]:
        alarms = Alarms()

        def every(interval: timedelta, job: Callable[[], Awaitable[object]], name: str) -> None:
            alarms.every(interval, self._logged, name, job, name)

        async def poll(source: SourceName) -> None:
            if not self.leadership.polls:
                return
            with self._spans.begin("poll", source=source):
                await self._take_in([report := await self._intake.poll_source(source)])
            await self.planner.sweep()
            self.outbox.wake()
            if report.error and self.poll_every > RETRY_POLL_AFTER:
                alarms.soon(f"poll {source}", RETRY_POLL_AFTER)

        async def poll_feeds() -> None:
            if self.leadership.polls and await self.poll_feeds():
                await self.planner.sweep()
                self.outbox.wake()

        self._swept_at = time.monotonic()
        await asyncio.to_thread(shipped_table)  # is read when it is needed, which may be while people wait
        # Not as an alarm: who stops us now, because Slack refuses the token, must not be overheard.
        await self._logged(self._sweep, "sweep")
        every(SWEEP_EVERY, self._sweep, "sweep")
        every(REFRESH_EVERY, self._index.refresh, "refresh")
        every(BEAT_EVERY, self._beat, "beat")
        every(FOLLOW_EVERY, self.matching.follow, "follow")
        every(RELEASE_EVERY, self.meaning.release_idle, "release")
        every(GIVE_BACK_EVERY, partial(asyncio.to_thread, give_back), "give back")
        if self._role.works:
            for source in self._intake.sources:
                # Each has its own alarm: one that takes minutes must not hold up the others.
                every(self.poll_every, partial(poll, source), f"poll {source}")
            every(min(FEEDS_EVERY, self.poll_every), poll_feeds, "poll feeds")
            every(RECONCILE_EVERY, self.outbox.reconcile, "reconcile")
            every(MEASURE_EVERY, self.outbox.measure, "measure")
            every(CORRECT_EVERY, self.planner.correct, "correct")
            every(EMBED_EVERY, self.embed, "embed")
            every(RETENTION_EVERY, self._delete_left, "retention")
        try:
            async with alarms.ringing():
                with self.access.heard_by(partial(alarms.soon, "beat", timedelta())):
                    yield alarms
        finally:
            await self._heartbeat.end()

    async def _sweep(self) -> None:
        await self._renew_leadership()
        await self._keep_time()
        if self.leadership.polls:
            await self.matching.match_new()
        if self._role.works and await self.planner.sweep():
            self.outbox.wake()
        self._swept_at = time.monotonic()

    async def _keep_time(self) -> None:
        if await self._timekeeping.check(leads=self.leadership.polls):
            await self.planner.correct()
            self.outbox.wake()

    async def _renew_leadership(self) -> None:
        ours = self.leadership.ours
        try:
            await self.leadership.renew()
        except StorageError as error:
            _log.error("engine.leadership_unknown", reason=str(error))
        if self.leadership.ours != ours:
            self.outbox.wake()

    async def embed(self) -> None:
        """Gives papers their vectors until none waits, in the process that leads."""
        if self.leadership.polls:
            await self._model_change.follow()  # before vectors of a model that nobody goes by are deleted
        while self.leadership.polls and await self._embedding.step():
            pass

    def close(self) -> None:
        """Ends what works beside the event loop."""
        self._embedding.close()

    async def _delete_left(self) -> None:
        if not self.leadership.polls:
            return
        now = self._clock.now()  # once: it may be set a year ahead while something is deleted
        ahead = self._clock_ahead(now)
        if ahead is None or ahead > TRUSTED:
            # What a clock that is a year ahead deletes too early is gone for good.
            _log.info("engine.nothing_deleted", clock_ahead=ahead)
            return
        await self._retention.delete_left(now)
        await self.pruning.prune(now)

    async def _beat(self) -> None:
        await self._heartbeat.beat(leads=self.leadership.polls)

    async def _logged(self, job: Callable[[], Awaitable[object]], name: str) -> None:
        """Runs a job; trouble with the database, a feed or the machine is logged and the next run tries again."""
        started, failed = time.monotonic(), True
        try:
            with self.precedence.last():
                await job()
            failed = False
        except asyncio.CancelledError:
            failed = False
            raise
        except (PaperRoundError, OSError) as error:
            _log.error("engine.job_failed", job=name, reason=str(error))
        finally:
            # All polls are one job: how each source does is counted by itself.
            self._metrics.task(name.partition(" ")[0], failed=failed, seconds=time.monotonic() - started)
