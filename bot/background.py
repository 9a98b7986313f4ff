"""Background tasks: work that people and platforms give rise to. It is let finish before what it needs is closed, and
what many tasks do takes turns.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, Final

import structlog

FINISH_WITHIN: Final = 5.0  # seconds that work gets when whoever began it stops
STINT: Final = 0.005  # seconds for which work holds the event loop that could go on for much longer

_log = structlog.get_logger()


class Turns:
    """Lets work that many tasks are about to do at the same moment be done one after the other, with everything else
    that is ready in between: what people wait for passes through the event loop dozens of times."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def take(self) -> None:
        """Waits for a turn."""
        async with self._lock:
            await asyncio.sleep(0)


class Stints:
    """Lets long work be done in stints: between two of them everything else that is ready has its turn."""

    def __init__(self) -> None:
        self._until = time.monotonic() + STINT

    async def rest(self) -> None:
        """Ends a stint that is long enough. To be called often: mostly it only looks at the clock."""
        if time.monotonic() >= self._until:
            await asyncio.sleep(0)
            self._until = time.monotonic() + STINT


class BackgroundTasks:
    """Keeps hold of work until it is done."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[Any]] = set()
        self._ended = False

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Does the work beside everything else."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Does the work in a task that somebody else began. After `end` it is not begun any more."""
        if self._ended:
            work.close()
            return
        if task := asyncio.current_task():
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        await work

    async def finish(self) -> None:
        """Lets work that is under way end, with what it begins, and cancels what takes longer than `FINISH_WITHIN`."""
        until = time.monotonic() + FINISH_WITHIN
        while self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=max(0.0, until - time.monotonic()))
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def end(self) -> None:
        """Lets work that is under way end, and begins no more of what comes to `run`."""
        self._ended = True
        await self.finish()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("background.failed", exc_info=error)
