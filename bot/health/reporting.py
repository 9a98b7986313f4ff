"""Making the health report: the one place from which everything that tells of health has its facts."""

from __future__ import annotations

import functools
import platform
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

from bot import __version__
from bot.channels.channel import Channel
from bot.channels.next_digest import next_digest_at
from bot.channels.store import ChannelStore
from bot.clocks import Clock
from bot.digests.calendar import Calendar
from bot.errors import EmbeddingError, SearchIndexError, StorageError
from bot.health.report import (
    HOURS,
    MOST_NAMED,
    DatabaseHealth,
    DigestTime,
    HealthReport,
    IntakeReport,
    SourceHealth,
    StoredFacts,
)
from bot.health.store import HealthStore
from bot.intake.feeds import next_reading
from bot.intake.polling import next_poll
from bot.intake.store import SourceState, SourceStore
from bot.meaning.meaning import Meaning
from bot.meaning.store import Coverage
from bot.papers.sources import BUILT_IN
from bot.papers.store import PaperStore
from bot.platforms.access import Refusal
from bot.posting.post import FailedPost
from bot.posting.store import PostStore
from bot.search.index import SearchIndex

#: What a report on a fault should name, beside Python and ourselves.
LIBRARIES = ("aiohttp", "discord.py", "httpx", "slack-bolt", "SQLAlchemy", "starlette", "tantivy")
_HOUR = timedelta(hours=1)


class Health(Protocol):
    """Who can say how the bot is doing."""

    async def report(self) -> HealthReport: ...

    async def intake(self) -> IntakeReport:
        """A small part of it, several times as fast. Raises `StorageError`."""
        ...


class HealthReports:
    """Implements `Health`. `leads` and `stuck_for` are of the engine of this process (`bot.app.engine`), if any."""

    def __init__(
        self,
        *,
        store: HealthStore,
        sources: SourceStore,
        papers: PaperStore,
        channels: ChannelStore,
        posts: PostStore,
        calendar: Calendar,
        index: SearchIndex,
        meaning: Meaning,
        clock: Clock,
        poll_every: timedelta,
        schema: str,
        leads: Callable[[], bool] = lambda: False,
        stuck_for: Callable[[], float] = lambda: 0.0,
        clock_ahead: Callable[[], timedelta | None] = lambda: None,
        refusals: Callable[[], Sequence[Refusal]] = tuple,
    ) -> None:
        """`poll_every` is the pace of the built-in sources, `schema` the version of the database's tables."""
        self._store = store
        self._sources = sources
        self._papers = papers
        self._channels = channels
        self._posts = posts
        self._calendar = calendar
        self._index = index
        self._meaning = meaning
        self._clock = clock
        self._poll_every = poll_every
        self._leads = leads
        self._stuck_for = stuck_for
        self._clock_ahead = clock_ahead
        self._refusals = refusals
        self._versions = {**_versions(), "schema": schema}

    async def report(self) -> HealthReport:
        """How the bot is doing now. Never raises for a database in trouble: then the report says so."""
        now = self._clock.now()
        database = await self._store.database(now)
        try:
            return await self._of_readable(now, database)
        except StorageError as error:
            trouble = DatabaseHealth(
                kind=database.kind,
                place=database.place,
                problem=database.problem or str(error),
                written_at=database.written_at,
                connections=database.connections,
                failures=database.failures,
            )
            return HealthReport(
                at=now,
                database=trouble,
                stuck_for=self._stuck_for(),
                leads=self._leads(),
                clock_ahead=self._clock_ahead(),
                refused=self._refusals(),
                versions=self._versions,
            )

    async def intake(self) -> IntakeReport:
        coverage, problem = await self._coverage()
        return IntakeReport(
            papers=coverage.papers if coverage else await self._papers.count(),
            sources=await self._all_sources(self._clock.now()),
            coverage=coverage,
            meaning_problem=problem,
        )

    async def _of_readable(self, now: datetime, database: DatabaseHealth) -> HealthReport:
        stored = await self._store.facts(now)
        coverage, problem = await self._coverage()
        behind, index_problem = await self._behind()
        broken, failed = await self._named(stored)
        return HealthReport(
            at=now,
            database=database,
            stored=stored,
            sources=await self._all_sources(now),
            broken=broken,
            failed=failed,
            digests_by_hour=digests_by_hour(stored.digests, now),
            coming=await self._calendar.coming(now),
            index_behind=behind,
            index_problem=index_problem,
            coverage=coverage,
            meaning_problem=problem,
            stuck_for=self._stuck_for(),
            leads=self._leads(),
            clock_ahead=self._clock_ahead(),
            refused=self._refusals(),
            versions=self._versions,
        )

    async def _all_sources(self, now: datetime) -> list[SourceHealth]:
        return [self._source(state, now) for state in await self._sources.states()]

    def _source(self, state: SourceState, now: datetime) -> SourceHealth:
        if not state.was_asked:
            return SourceHealth(state=state)
        due = next_poll(state, self._poll_every) if state.name in BUILT_IN else next_reading(state)
        return SourceHealth(state=state, next_read_at=max(due, now))

    async def _coverage(self) -> tuple[Coverage | None, str]:
        try:
            return await self._meaning.coverage(), ""
        except EmbeddingError as error:
            return None, str(error)

    async def _behind(self) -> tuple[int | None, str]:
        try:
            return await self._index.behind(), ""
        except SearchIndexError as error:
            return None, str(error)

    async def _named(self, stored: StoredFacts) -> tuple[list[Channel], list[tuple[FailedPost, Channel]]]:
        posts = await self._posts.failed(MOST_NAMED)
        wanted = {*stored.broken, *(post.channel_id for post in posts)}
        channels = await self._channels.get(sorted(wanted))
        broken = [channels[each] for each in stored.broken if each in channels]
        failed = [(post, channels[post.channel_id]) for post in posts if post.channel_id in channels]
        return broken, failed


def digests_by_hour(times: Sequence[DigestTime], now: datetime) -> list[int]:
    """How many digests there are in this hour and each of the following ones, `HOURS` of them.

    One that is late counts in this hour. Channels that have several of them in that time are looked at through their
    schedule alone: a quiet day that begins meanwhile is not seen.
    """
    first = now.replace(minute=0, second=0, microsecond=0)
    counts = [0] * HOURS
    # Digests of one schedule may be spread over minutes: by the minute they are few again.
    alike: Counter[tuple[str, str, datetime]] = Counter()
    for time in times:
        due = max(time.next_digest_at, first).replace(second=0, microsecond=0)
        alike[time.schedule, time.time_zone, due] += time.channels
    for (schedule, time_zone, at), channels in alike.items():
        following: datetime | None = at
        while following is not None and following < first + HOURS * _HOUR:
            counts[(following - first) // _HOUR] += channels
            following = next_digest_at(schedule, time_zone, max(following, now))
    return counts


@functools.cache
def _versions() -> dict[str, str]:
    versions = {"paperround": __version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:  # of a platform that this installation does without
            continue
    return versions
