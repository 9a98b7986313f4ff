"""Waiting as long as Slack asks to, and no longer than the bot itself has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from adapters.slack.client.errors import ERRORS, outcome_of
from bot.platforms.outcomes import Retry

T = TypeVar("T")

_TRIES: Final = 3
_LONGEST_PAUSE: Final = 60.0  # seconds
#: Seconds that a wait may still take once the bot stops: less than what work under way is given then.
_LAST_WAIT: Final = 3.0


class Retries:
    """Lets requests wait until Slack takes them. After `end` there is a last try in a moment."""

    def __init__(self, told: Callable[[float], None]) -> None:
        """`told` hears for how many seconds a request has to wait."""
        self._told = told
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Says that the bot stops: who waits for longer than a moment tries once more, and may be refused again."""
        self._ended.set()

    async def wait(self, seconds: float) -> None:
        self._told(seconds)
        until = time.monotonic() + seconds
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return
        await asyncio.sleep(max(0.0, min(until - time.monotonic(), _LAST_WAIT)))

    async def ask(self, request: Callable[[], Awaitable[T]]) -> T:
        """Asks for something at once, and again as long as Slack refuses it because it wants a short pause; raises one
        of `errors.ERRORS`."""
        for _ in range(_TRIES - 1):
            try:
                return await request()
            except ERRORS as error:
                outcome = outcome_of(error)
                pause = outcome.after if isinstance(outcome, Retry) else None
                if pause is None or pause > _LONGEST_PAUSE:
                    raise
            await self.wait(pause)
        return await request()
