"""The intake: reads what the sources list and keeps it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import structlog

from bot.clocks import Clock
from bot.errors import SourceError
from bot.intake.feeds import Feeds
from bot.intake.source import Source
from bot.intake.store import DayReading, SourceState, SourceStore
from bot.papers.sources import BUILT_IN, SourceName
from bot.papers.store import PaperStore

#: Days read again on every poll: lists grow past midnight, and votes come in.
RECENT_DAYS = 3
#: Days whose votes still matter to topics, read again now and then.
WATCHED_DAYS = 14
WATCHED_EVERY = timedelta(hours=6)
#: A feed may show papers some days before it lists them: over a weekend three, over a holiday one or two more.
LOOK_AHEAD = 4
#: No right clock shows an earlier day: one without a battery begins in 1970 or 2000, and nobody is owed all since.
EARLIEST = date(2026, 1, 1)
#: Days read at most in one poll when catching up; the next poll goes on.
MOST_DAYS = 60
#: Added feeds that are read side by side.
FEEDS_AT_ONCE = 4
#: A source that fails on so many days of one poll is left alone until the next.
MOST_FAILURES = 2
#: After a failed poll the next one comes sooner than usual.
RETRY_POLL_AFTER = timedelta(minutes=1)
#: How long a source is left alone after it asked for it, at most.
LONGEST_WAIT = timedelta(hours=6)

_ONE_DAY = timedelta(days=1)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What one poll of one source did. `error` is a sentence for the operator, or empty; `seconds` is what it took."""

    source: str
    days: int = 0
    listings: int = 0
    changed: int = 0
    skipped: int = 0
    seconds: float = field(default=0.0, compare=False)
    error: str = ""

    @property
    def kind(self) -> str:
        """The source for figures: its name if it is built in, else `added`, as people may add hundreds."""
        return self.source if self.source in BUILT_IN else "added"


class Intake:
    """Polls the sources. Nothing is lost when a poll fails halfway: each day is stored as a whole, or not at all."""

    def __init__(
        self,
        sources: Sequence[Source],
        papers: PaperStore,
        states: SourceStore,
        clock: Clock,
        feeds: Feeds | None = None,
    ) -> None:
        self._sources = sources
        self._feeds = feeds
        self._papers = papers
        self._states = states
        self._clock = clock

    @property
    def sources(self) -> tuple[SourceName, ...]:
        return tuple(source.name for source in self._sources)

    async def poll(self, day: date | None = None) -> list[PollReport]:
        """Reads all sources, side by side: what is new and what was missed, or just the given day."""
        added = await self._feeds.sources() if self._feeds else []
        built_in = asyncio.gather(*(self._poll(source, day) for source in self._sources))
        reports, others = await asyncio.gather(built_in, self._some(added, day))
        return [*reports, *others]

    async def poll_feeds(self) -> list[PollReport]:
        """Reads those of the added feeds that are due."""
        return await self._some(await self._feeds.due(), None) if self._feeds else []

    async def _some(self, sources: Sequence[Source], day: date | None) -> list[PollReport]:
        """Reads sources, a few at a time."""
        turns = asyncio.Semaphore(FEEDS_AT_ONCE)

        async def poll(source: Source) -> PollReport:
            async with turns:
                return await self._poll(source, day)

        return list(await asyncio.gather(*map(poll, sources)))

    async def poll_source(self, name: SourceName) -> PollReport:
        """Reads one source: what is new and what was missed."""
        return await self._poll(next(source for source in self._sources if source.name == name), None)

    async def _poll(self, source: Source, day: date | None) -> PollReport:
        started = time.monotonic()
        report = await self._read_once(source, day)
        return replace(report, seconds=time.monotonic() - started)

    async def _read_once(self, source: Source, day: date | None) -> PollReport:
        now = self._clock.now()
        state = await self._states.state(source.name)
        if day is None and _must_wait(state, now):
            _log.info("source.waiting", source=source.name, until=state.retry_at)
            return PollReport(source=source.name, error=f"asked to be left alone until {state.retry_at:%H:%M} UTC")
        try:
            if day is not None:
                report = await self._read(source, [day], {})
            else:
                report = await self._catch_up(source, state, now.date())
        except SourceError as error:
            return await self._failed(source, error)
        _log.info(
            "source.polled",
            source=source.name,
            days=report.days,
            listings=report.listings,
            changed=report.changed,
            skipped=report.skipped,
        )
        return report

    async def _catch_up(self, source: Source, state: SourceState, today: date) -> PollReport:
        begun = state.read_through
        if begun is None and today >= EARLIEST:
            # Before anything is asked: a feed that is down from the first poll on for days owes what it lists in them.
            begun = today
            await self._states.begin_from(source.name, begun)
        newest = await source.newest_day()
        if newest and begun and state.last_success_at is None and begun <= today < newest - LOOK_AHEAD * _ONE_DAY:
            # No feed is so far ahead: our clock is behind, and so is the day on which it had this begin.
            begun = min(begun + (newest - today), newest)
            await self._states.begin_from(source.name, begun)
        days = days_to_read(today, newest, begun)
        # The latest first: days of before that fail each time must not keep them from being read.
        recent = days_to_read(today, newest, None)
        in_order = [*recent, *(day for day in days if day not in recent)]
        known = await self._states.readings(source.name, [*in_order, *_watched_days(days)])
        watched = [
            day
            for day in _watched_days(days)
            # One that lies in the future was read by a clock that was ahead.
            if (reading := known.get(day)) and not timedelta() <= self._clock.now() - reading.read_at < WATCHED_EVERY
        ]
        report = await self._read(source, [*in_order, *watched], known)
        if newest is None and not report.listings:
            # Nothing was asked, as nobody wants anything of it: that is no success to tell people of. Who wants
            # something from now on wants nothing old.
            if state.read_through not in (None, today):
                await self._states.begin_from(source.name, today)
            return report
        read_through = min(days[-1], newest) if newest else None
        await self._states.record_success(source.name, self._clock.now(), read_through)
        return report

    async def _read(self, source: Source, days: Sequence[date], known: Mapping[date, DayReading]) -> PollReport:
        """Reads the days one after the other; a day that fails does not keep the others from being read."""
        read = listings = changed = skipped = 0
        failures: list[SourceError] = []
        for day in days:
            reading = known.get(day)
            try:
                answer = await source.read_day(day, reading.validator if reading else None)
            except SourceError as error:
                failures.append(error)
                if error.retry_after is not None or len(failures) >= MOST_FAILURES:
                    break
                continue
            read += 1
            if answer.unchanged:
                await self._states.record_unchanged(source.name, day, self._clock.now())
                continue
            listings += len(answer.listings)
            skipped += answer.skipped
            changed += await self._papers.record_day(source.name, answer, self._clock.now())
        if failures:
            raise failures[-1]
        return PollReport(source=source.name, days=read, listings=listings, changed=changed, skipped=skipped)

    async def _failed(self, source: Source, error: SourceError) -> PollReport:
        now = self._clock.now()
        retry_at = None
        if error.retry_after is not None:
            retry_at = now + min(timedelta(seconds=error.retry_after), LONGEST_WAIT)
        await self._states.record_failure(source.name, now, str(error), retry_at)
        _log.warning("source.failed", source=source.name, reason=str(error), retry_at=retry_at)
        return PollReport(source=source.name, error=str(error))


def next_poll(state: SourceState, every: timedelta) -> datetime:
    """When a source that was asked is polled next, where sources are polled so often."""
    read_at, failed_at = state.last_success_at, state.last_failure_at
    if failed_at and state.failures:
        return max(failed_at + min(every, RETRY_POLL_AFTER), state.retry_at or failed_at)
    asked_at = max(at for at in (read_at, failed_at) if at)
    return asked_at + every


def _must_wait(state: SourceState, now: datetime) -> bool:
    # A clock that was set back must not keep us waiting for longer than any source could have asked.
    return state.retry_at is not None and now < state.retry_at <= now + LONGEST_WAIT


def days_to_read(today: date, newest: date | None, read_through: date | None) -> list[date]:
    """The days of a poll, oldest first: the recent ones, and whatever was missed since `read_through`.

    They follow the feed's own idea of its newest day, not only our clock: a feed that fell behind is read where it
    is, and one that is hours ahead as well.
    """
    if newest is None:
        newest = today
    last = min(max(today, newest), newest + timedelta(days=LOOK_AHEAD))
    first = min(newest, last) - timedelta(days=RECENT_DAYS - 1)
    if read_through is not None and read_through < first:
        first = read_through
    count = min((last - first).days + 1, MOST_DAYS)
    return [first + timedelta(days=number) for number in range(count)]


def _watched_days(days: Sequence[date]) -> list[date]:
    """The days before those of a poll on which papers still gather votes that topics wait for."""
    return [days[0] - timedelta(days=number) for number in range(1, WATCHED_DAYS - RECENT_DAYS + 1)]
