"""When everything is done that an input gave rise to: once no task is left but those that were there before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

#: Seconds in which what an input gives rise to is done.
DONE_WITHIN = 10.0
#: Turns of the event loop that are looked at one by one; whoever needs more waits for somebody else.
_TURNS = 50
#: A server has a task for each connection, as long as that is open.
_OF_SERVERS = "RequestHandler."


class Idleness:
    """Of a loop in which nothing is under way when this is made. `lasting` says of a task that it does not count."""

    def __init__(self, lasting: Callable[[asyncio.Task[object]], bool] = lambda _: False) -> None:
        self._before = asyncio.all_tasks()
        self._lasting = lasting

    async def wait(self) -> None:
        """Raises `TimeoutError` where something does not end."""
        async with asyncio.timeout(DONE_WITHIN):
            turns = 0
            await asyncio.sleep(0)
            while any(self._counts(task) for task in asyncio.all_tasks() - self._before):
                await asyncio.sleep(0 if (turns := turns + 1) < _TURNS else 0.0002)

    def _counts(self, task: asyncio.Task[object]) -> bool:
        name = getattr(task.get_coro(), "__qualname__", "")
        return task is not asyncio.current_task() and not name.startswith(_OF_SERVERS) and not self._lasting(task)
