"""The turn to write: SQLite lets one write at a time, and people do not wait behind all that nobody waits for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

#: So many people write in a row while others want to as well; then it is the turn of one of these.
MOST_IN_A_ROW: Final = 8


class WriteTurn:
    """A lock in which people come before what nobody waits for; else it is first come, first served."""

    def __init__(self) -> None:
        self._taken = False
        self._people: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._in_a_row = 0

    def locked(self) -> bool:
        """Whether somebody writes."""
        return self._taken

    @asynccontextmanager
    async def taken(self, *, last: bool) -> AsyncIterator[None]:
        """Waits for the turn and has it in this block. What comes `last` lets people write first."""
        await self._take(last)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, last: bool) -> None:
        if not self._taken:
            self._taken = True
            return
        queue = self._others if last else self._people
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in queue:
                queue.remove(turn)
            elif not turn.cancelled():  # it had just been given
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Gives the turn to the next one."""
        while self._people or self._others:
            first = self._people and not (self._others and self._in_a_row >= MOST_IN_A_ROW)
            self._in_a_row = self._in_a_row + 1 if first else 0
            turn = (self._people if first else self._others).popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._taken = False
