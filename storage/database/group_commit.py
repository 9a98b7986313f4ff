"""Group commit: many small writes, one transaction."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot import commits
from bot.errors import StorageError

T = TypeVar("T")

GROUP_LIMIT = 100  # writes that share one transaction
#: Where so many writes came within so many seconds, those that may wait gather for a while.
MANY = 10
LATELY = 0.1


@dataclass(frozen=True, slots=True)
class _Item(Generic[T]):
    """A write, who waits for it, and where its commit is noted."""

    item: T
    future: asyncio.Future[bool]
    watched: commits.Commits | None

    def note(self, state: commits.Commit) -> None:
        if self.watched is not None:
            self.watched.note(state)


class GroupCommit(Generic[T]):
    """Lets many small writes that arrive together share one transaction.

    A commit costs a disk flush; while one is under way the next writes gather and then go together. `submit` returns
    when the item's transaction is committed, with whether the item took effect.

    Where they come one after the other, faster than they are written, each would find that the last commit has just
    ended. With `gather`, they wait for so many seconds for others.
    """

    def __init__(
        self,
        write: Callable[[list[T]], Awaitable[list[bool]]],
        *,
        limit: int = GROUP_LIMIT,
        gather: float = 0.0,
    ) -> None:
        self._write = write
        self._limit = limit
        self._gather = gather
        self._came: deque[float] = deque(maxlen=MANY)
        self._waiting: list[_Item[T]] = []
        self._writer: asyncio.Task[None] | None = None

    async def submit(self, item: T) -> bool:
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Item(item, future, commits.watched()))
        self._came.append(time.monotonic())
        if self._writer is None or self._writer.done():
            # In a context of its own: what is written for others is nothing that the first of them has changed.
            self._writer = asyncio.create_task(self._drain(), context=Context())
        return await future

    async def _drain(self) -> None:
        while self._waiting:
            if self._gather and len(self._waiting) < self._limit and self._are_many:
                await asyncio.sleep(self._gather)
            group, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
            await self._commit(group)

    @property
    def _are_many(self) -> bool:
        return len(self._came) == MANY and time.monotonic() - self._came[0] < LATELY

    async def _commit(self, group: list[_Item[T]]) -> None:
        with commits.watch() as committed:
            await self._write_group(group, committed)

    async def _write_group(self, group: list[_Item[T]], committed: commits.Commits) -> None:
        try:
            results = await self._write([one.item for one in group])
        except BaseException as error:
            if isinstance(error, Exception) and not isinstance(error, StorageError) and len(group) > 1:
                # Something is wrong with one of the items: it alone must fail.
                for one in group:
                    await self._commit([one])
                return
            # Whatever went wrong belongs to those who wait for it, cancellation included.
            for one in group:
                one.note(committed.state)
                if not one.future.done():
                    one.future.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for one, result in zip(group, results, strict=True):
            if result:
                one.note(committed.state)
            if not one.future.done():
                one.future.set_result(result)
