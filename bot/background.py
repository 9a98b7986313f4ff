"""Background tasks: work that people and platforms give rise to. It is let finish before what it needs is closed, and
what many tasks do takes turns. What nobody waits for gives way to what people wait for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Final

import structlog

FINISH_WITHIN: Final = 5.0  # seconds that work gets when whoever began it stops
CANCELLED_AGAIN: Final = 10.0  # seconds; more than it takes to say goodbye to a platform
STINT: Final = 0.005  # seconds for which work holds the event loop that could go on for much longer
#: While people wait all the time, what gives way to them rests for so many seconds, then goes on for so many.
RESTS_FOR: Final = 0.1
GOES_ON_FOR: Final = 0.025
#: Whoever waits for longer (seconds) waits for something else, such as an answer from the network.
COUNTS_FOR: Final = 1.0

_log = structlog.get_logger()


class Precedence:
    """Lets people come first: while somebody waits for an answer, what nobody waits for rests before its next step.

    It does so in turns of `RESTS_FOR` and `GOES_ON_FOR`, so that not even endless commands stop it.
    """

    def __init__(self) -> None:
        self._waiting = 0
        self._since = 0.0  # when, on the monotonic clock, the present row of people who wait began
        self._nobody = asyncio.Event()
        self._nobody.set()

    def begin(self) -> Callable[[], None]:
        """Somebody waits from now on, until what this returns is called, which may be often, or for `COUNTS_FOR`."""
        if not self._waiting:
            self._since = time.monotonic()
            self._nobody.clear()
        self._waiting += 1
        counted = True

        def end() -> None:
            nonlocal counted
            self._waiting -= counted
            counted = False
            if not self._waiting:
                self._nobody.set()

        ending = asyncio.get_running_loop().call_later(COUNTS_FOR, end)

        def end_at_once() -> None:
            ending.cancel()
            end()

        return end_at_once

    @contextmanager
    def first(self) -> Iterator[None]:
        """Somebody waits for what is done in this block, as `begin` has it."""
        end, token = self.begin(), _behind.set(None)
        try:
            yield
        finally:
            _behind.reset(token)
            end()

    @contextmanager
    def last(self) -> Iterator[None]:
        """What is done in this block, and in tasks that are started from it, gives way."""
        token = _behind.set(self)
        try:
            yield
        finally:
            _behind.reset(token)

    async def rest(self) -> None:
        """Waits until nobody does, or until it is the turn of what nobody waits for."""
        if not self._waiting:
            return
        left = RESTS_FOR - (time.monotonic() - self._since) % (RESTS_FOR + GOES_ON_FOR)
        if left > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._nobody.wait()


_behind: ContextVar[Precedence | None] = ContextVar("precedence", default=None)


def gives_way() -> bool:
    """Whether what is done here was begun to come last."""
    return _behind.get() is not None


async def give_way() -> None:
    """Rests while people wait, in what was begun to come last; to be called where nothing is held that they need."""
    if (precedence := _behind.get()) is not None:
        await precedence.rest()


class Turns:
    """Lets work that many tasks are about to do at the same moment be done one after the other, with everything else
    that is ready in between: what people wait for passes through the event loop dozens of times."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def take(self) -> None:
        """Waits for a turn. What people wait for does not wait behind what gives way to it."""
        if _behind.get() is None:
            return
        async with self._lock:
            await give_way()
            await asyncio.sleep(0)


class Stints:
    """Lets long work be done in stints: between two of them everything else that is ready has its turn."""

    def __init__(self) -> None:
        self._until = time.monotonic() + STINT

    async def rest(self) -> None:
        """Ends a stint that is long enough. To be called often: mostly it only looks at the clock."""
        if time.monotonic() >= self._until:
            await give_way()
            await asyncio.sleep(0)
            self._until = time.monotonic() + STINT


async def cancel(*tasks: asyncio.Future[Any]) -> None:
    """Cancels tasks and waits until they have ended, whatever they raise.

    A library may overhear it: before Python 3.12 `asyncio.wait_for` does, where what it waits for comes in the same
    moment. So who is still there after `CANCELLED_AGAIN` is told again.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCELLED_AGAIN)
    await asyncio.gather(*tasks, return_exceptions=True)


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
