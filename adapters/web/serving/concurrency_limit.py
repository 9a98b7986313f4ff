"""A concurrency limit: what costs time is done for one request of a visitor at a time, and for few visitors at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Queue:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    asked: int = 0
    inside: int = 0


class ConcurrencyLimit:
    """Of the requests of one visitor that wait only the latest is worth an answer: they type on meanwhile."""

    def __init__(self, at_once: int) -> None:
        self._queues: dict[str, _Queue] = {}
        self._room = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def slot(self, visitor: str) -> AsyncIterator[Callable[[], bool]]:
        """Waits for the visitor's turn; tells at any time whether they have not asked for something newer since."""
        queue = self._queues.setdefault(visitor, _Queue())
        queue.asked += 1
        queue.inside += 1
        number = queue.asked
        try:
            async with queue.lock:
                if number != queue.asked:
                    yield lambda: False
                    return
                async with self._room:
                    yield lambda: number == queue.asked
        finally:
            queue.inside -= 1
            if not queue.inside:
                del self._queues[visitor]
