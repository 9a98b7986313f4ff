"""Shifts: which platforms this process serves, where several processes share a store.

Some platforms know a bot only as a whole. Discord counts its limits for all that comes with one token, and tells every
open connection of everything that people do: two processes would answer everything twice. Such a platform is served by
one process at a time. When it dies, the next one that asks the store takes over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from bot.channels import PlatformName
from bot.ports import Platform, Store

_log = structlog.get_logger()


class Shifts:
    """`renew` has to be called every few seconds. When the store cannot be asked, everything stays as it is."""

    def __init__(self, store: Store, platforms: Mapping[PlatformName, Platform]) -> None:
        self._store = store
        self._accounts = {name: platform.account for name, platform in platforms.items()}
        self._ours = frozenset(name for name, account in self._accounts.items() if not account)
        self._changed = asyncio.Condition()

    @property
    def ours(self) -> list[PlatformName]:
        """The platforms that this process posts to now."""
        return sorted(self._ours)

    async def renew(self) -> None:
        """Asks for every platform; raises `StorageError` when that cannot be done."""
        ours = set(self._ours)
        for name, account in self._accounts.items():
            if account:
                (ours.add if await self._store.hold(account) else ours.discard)(name)
        if ours != self._ours:
            _log.info("shift.changed", serves=[name.value for name in sorted(ours)])
            async with self._changed:
                self._ours = frozenset(ours)
                self._changed.notify_all()

    async def serve(self, name: PlatformName, work: Callable[[], Awaitable[None]]) -> None:
        """Works whenever the platform is ours, and ends when the work does: with what it raises, if it does."""
        while True:
            await self._until(name, ours=True)
            working = asyncio.ensure_future(work())
            over = asyncio.ensure_future(self._until(name, ours=False))
            try:
                await asyncio.wait({working, over}, return_when=asyncio.FIRST_COMPLETED)
                if working.done():
                    return working.result()
            finally:
                for task in (working, over):
                    task.cancel()
                await asyncio.gather(working, over, return_exceptions=True)

    async def _until(self, name: PlatformName, *, ours: bool) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: (name in self._ours) is ours)
