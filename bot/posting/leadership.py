"""Leadership: which platforms this process serves, where several processes share a store.

Some platforms know a bot only as a whole. Discord counts its limits for all that comes with one token, and tells every
open connection of everything that people do: two processes would answer everything twice. On such a platform one
process at a time listens, and one posts; they may be the same. When it dies, the next one that asks the store takes
over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import structlog

from bot.background import cancel
from bot.channels.channel import PlatformName
from bot.errors import StorageError
from bot.platforms.platform import Platform, UnservedError
from bot.posting.roles import Duty, ProcessRole

#: The lock of the one process that polls the feeds.
LEADING = "leading"
#: Seconds that a process leaves a platform to others which it could not serve. They ask every few seconds.
REST = 10.0

_log = structlog.get_logger()


class AdvisoryLocks(Protocol):
    """Locks between processes that share a store. A lock is lost when its process dies, or is silent for a while."""

    async def acquire(self, lock: str) -> bool:
        """Whether this process has the lock; it has now if nobody had. Raises `StorageError`.

        `lock` is a name in small letters, digits and hyphens. It has to be asked for every few seconds to be kept.
        """
        ...

    async def release(self, lock: str) -> None:
        """Leaves the lock to others; harmless if this process does not have it. Raises `StorageError`."""
        ...


class Leadership:
    """`renew` has to be called every few seconds. When the store cannot be asked, everything stays as it is.

    What a process has to do with a platform is up to its `role`.
    """

    def __init__(
        self,
        locks: AdvisoryLocks,
        platforms: Mapping[PlatformName, Platform],
        role: ProcessRole = ProcessRole.ALL,
    ) -> None:
        self._locks = locks
        self._role = role
        self._polls = False
        duties = [*([Duty.LISTENING] if role.listens else ()), *([Duty.POSTING] if role.works else ())]
        #: The locks that this process asks for; there is none where any number of processes may do it.
        self._wanted = {
            (name, duty): _lock(platform.account, duty)
            for name, platform in platforms.items()
            for duty in duties
            if platform.account
        }
        self._ours = frozenset(
            (name, duty) for name, platform in platforms.items() for duty in duties if not platform.account
        )
        #: Duties that are left to others, and until when on the monotonic clock.
        self._resting: dict[tuple[PlatformName, Duty], float] = {}
        self._changed = asyncio.Condition()
        self._asking = asyncio.Lock()

    @property
    def ours(self) -> list[PlatformName]:
        """The platforms that this process posts to now."""
        return sorted(name for name, duty in self._ours if duty is Duty.POSTING)

    @property
    def polls(self) -> bool:
        """Whether it is this process that polls the feeds, and does what else only one process should."""
        return self._polls

    async def renew(self) -> None:
        """Asks for the polling and for every platform; raises `StorageError` when that cannot be done."""
        async with self._asking:
            if self._role.works:
                await self._renew_polling()
            ours = set(self._ours)
            for wanted, lock in self._wanted.items():
                if self._resting.get(wanted, 0.0) <= time.monotonic():
                    (ours.add if await self._locks.acquire(lock) else ours.discard)(wanted)
            await self._change(ours)

    async def _renew_polling(self) -> None:
        polled = self._polls
        try:
            # Who leads goes on to while it asks: whatever else begins in this moment would take itself for a follower.
            self._polls = await self._locks.acquire(LEADING)
        except StorageError:
            self._polls = False
            raise
        if polled != self._polls:
            _log.info("leadership.polls" if self._polls else "leadership.follows")

    async def _release(self, name: PlatformName, duty: Duty, reason: str) -> None:
        """Leaves a platform to whoever else asks for it; if nobody does, it is ours again after `REST`."""
        async with self._asking:
            _log.warning("leadership.released", platform=name.value, duty=duty.value, reason=reason)
            self._resting[name, duty] = time.monotonic() + REST
            await self._change(set(self._ours) - {(name, duty)})
            try:
                await self._locks.release(self._wanted[name, duty])
            except StorageError as error:
                _log.error("leadership.not_released", platform=name.value, reason=str(error))

    async def _change(self, ours: set[tuple[PlatformName, Duty]]) -> None:
        if ours != self._ours:
            said = {duty.value: [name.value for name, one in sorted(ours) if one is duty] for duty in Duty}
            _log.info("leadership.changed", **said)
            async with self._changed:
                self._ours = frozenset(ours)
                self._changed.notify_all()

    async def serve(self, name: PlatformName, duty: Duty, work: Callable[[], Awaitable[None]]) -> None:
        """Works whenever that is our duty, and ends when the work does: with what it raises, if it does.

        Work that raises `UnservedError` goes on when it is our turn again.
        """
        while True:
            await self._until(name, duty, ours=True)
            working = asyncio.ensure_future(work())
            over = asyncio.ensure_future(self._until(name, duty, ours=False))
            try:
                await asyncio.wait({working, over}, return_when=asyncio.FIRST_COMPLETED)
                if working.done():
                    return working.result()
            except UnservedError as error:
                await self._release(name, duty, str(error))
            finally:
                await cancel(working, over)

    async def _until(self, name: PlatformName, duty: Duty, *, ours: bool) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: ((name, duty) in self._ours) is ours)


def _lock(account: str, duty: Duty) -> str:
    """The lock of a duty. Versions that did both in one process asked for the account's own: where one of them still
    runs, nobody answers people twice."""
    return account if duty is Duty.LISTENING else f"{account}-{duty}"
