"""Noticing that the message log has grown, whoever wrote to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot.errors import StorageError
from bot.platforms.message_log import MessageLog

log = structlog.get_logger(__name__)

POLL_INTERVAL = 1.0  # seconds until a message of another process is noticed
GATHER = 0.05  # seconds between two times that readers are woken


class LogTail:
    """Wakes whoever waits for new messages.

    A message of this process wakes them at once (`wake`); those of other processes on the same database are found by
    asking for the last id, and only while somebody waits.
    """

    def __init__(self, messages: MessageLog, *, interval: float = POLL_INTERVAL) -> None:
        self._messages = messages
        self._interval = interval
        self._last_id = 0
        self._nudge = asyncio.Event()
        self._growth = asyncio.Event()
        self._waiting = 0
        self._closed = False

    @property
    def last_id(self) -> int:
        """The newest id that was noticed: compare it before reading with `wait` after reading."""
        return self._last_id

    @property
    def closed(self) -> bool:
        return self._closed

    def wake(self) -> None:
        self._nudge.set()

    def stir(self) -> None:
        """Wakes whoever waits, though no message came."""
        self._growth.set()
        self._growth = asyncio.Event()

    def close(self) -> None:
        """Sends everybody who waits home. There is no way back."""
        self._closed = True
        self._nudge.set()
        self._growth.set()

    async def wait(self, seen: int, timeout: float) -> None:
        """Returns when the last id is no longer `seen`, on closing, or after `timeout` seconds."""
        if self._closed or self._last_id != seen:
            return
        self._waiting += 1
        try:
            async with asyncio.timeout(timeout):
                await self._growth.wait()
        except TimeoutError:
            return
        finally:
            self._waiting -= 1

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Looks at the log for as long as the block lasts, and closes at its end."""
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            # Closing lets a query that is under way come to its end; cancelling it would break its connection.
            self.close()
            await watching

    async def _watch(self) -> None:
        failing = False
        while not self._closed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._nudge.wait()
            self._nudge.clear()
            if not self._waiting:
                continue
            try:
                last_id = await self._messages.last_id()
            except StorageError as error:
                if not failing:
                    log.warning("web.log_unreadable", error=str(error))
                failing = True
                continue
            failing = False
            if last_id != self._last_id:
                self._last_id = last_id
                self._growth.set()
                self._growth = asyncio.Event()
                # While a digest goes out to thousands of channels, readers hear of many messages at once.
                await asyncio.sleep(GATHER)
