"""Group commit: many small writes, one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.errors import StorageError

T = TypeVar("T")

GROUP_LIMIT = 100  # writes that share one transaction


class GroupCommit(Generic[T]):
    """Lets many small writes that arrive together share one transaction.

    A commit costs a disk flush; while one is under way the next writes gather and then go together. `submit` returns
    when the item's transaction is committed, with whether the item took effect.
    """

    def __init__(self, write: Callable[[list[T]], Awaitable[list[bool]]], *, limit: int = GROUP_LIMIT) -> None:
        self._write = write
        self._limit = limit
        self._waiting: list[tuple[T, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def submit(self, item: T) -> bool:
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
            await self._commit(group)

    async def _commit(self, group: list[tuple[T, asyncio.Future[bool]]]) -> None:
        try:
            results = await self._write([item for item, _ in group])
        except BaseException as error:
            if isinstance(error, Exception) and not isinstance(error, StorageError) and len(group) > 1:
                # Something is wrong with one of the items: it alone must fail.
                for one in group:
                    await self._commit([one])
                return
            # Whatever went wrong belongs to those who wait for it, cancellation included.
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for (_, future), result in zip(group, results, strict=True):
            if not future.done():
                future.set_result(result)
