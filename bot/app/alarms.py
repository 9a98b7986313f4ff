"""Alarms: APScheduler's jobs, on time whatever the machine's clock does.

APScheduler keeps the time of a job's next run as a time of day and compares it with the machine's clock. That clock set
back by half an hour would silence every job for as long. Its own timers are the event loop's, which count seconds that
really passed; so does the watch here, which compares the two each second and moves the next runs along with the clock.

Between a jump and the watch APScheduler may look at its jobs itself. Neither does it then make up for what the clock
skipped, nor does a run end up further ahead than its interval.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from bot.clocks import TOLERANCE, SteadyClock, machine_time, seconds_passed

WATCH_EVERY: Final = 1.0  # seconds


class _Every(BaseTrigger):  # type: ignore[misc]
    """A time after the last look at the clock. APScheduler's own trigger goes through every time that was missed, which
    takes it hours for a clock that was set right by decades."""

    def __init__(self, interval: timedelta) -> None:
        self.interval = interval

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now + self.interval if previous_fire_time else now


class _StopFilter(logging.Filter):
    """Leaves out that jobs were cancelled: APScheduler does that when it stops, and reports it as their failure."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        return not isinstance(error, asyncio.CancelledError)


_STOP_FILTER: Final = _StopFilter()


class Alarms:
    """The jobs of a running engine. Each runs at once, and then again and again, never twice at the same time."""

    def __init__(
        self, wall: Callable[[], datetime] = machine_time, monotonic: Callable[[], float] = seconds_passed
    ) -> None:
        # APScheduler warns whenever a job is skipped because it still runs, which is what we want it to do.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        logging.getLogger("apscheduler.executors.default").addFilter(_STOP_FILTER)
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._wall = wall
        self._clock = SteadyClock(wall, monotonic)

    def every(self, interval: timedelta, job: Callable[..., Awaitable[object]], name: str, *given: Any) -> None:
        """Runs the job with what is given, from now on."""
        self._scheduler.add_job(job, _Every(interval), given, id=name, next_run_time=self._wall())

    def soon(self, name: str, wait: timedelta) -> None:
        """Has a job run sooner or later than it would."""
        self._scheduler.modify_job(name, next_run_time=self._wall() + wait)

    def watch(self) -> None:
        """Moves the next runs by as much as the machine's clock jumped since the last time."""
        jump = self._clock.behind()
        self._clock.move(jump)
        if abs(jump) < TOLERANCE:
            return
        now = self._wall()
        for job in self._scheduler.get_jobs():
            # APScheduler has moved it already if it looked before us: then it is not moved again.
            job.modify(next_run_time=min(job.next_run_time + jump, now + job.trigger.interval))

    @contextlib.asynccontextmanager
    async def ringing(self) -> AsyncIterator[None]:
        """Runs the jobs, until the end of the context."""
        self._scheduler.start()
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            self._scheduler.shutdown(wait=False)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_EVERY)
            self.watch()
