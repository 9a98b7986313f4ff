"""Running commands: who waits for one that asks elsewhere hears why."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from bot.commands.registry import Registry
from bot.commands.wording import answer, say
from bot.papers.sources import BUILT_IN, title_of_source
from bot.platforms.command_calls import CommandCall, Reply
from bot.text.lists import listed

#: Seconds after which somebody who waits hears why.
SILENT_FOR: Final = 3.0
_LOOKING: Final = f"Looking at {listed(map(title_of_source, BUILT_IN))}…"


class SlowCommands:
    """Runs commands, and what may become a search, and says what takes long where something does."""

    def __init__(
        self,
        run: Callable[[CommandCall], Coroutine[Any, Any, Reply]],
        registry: Registry,
        *,
        silent_for: float = SILENT_FOR,
    ) -> None:
        self._run = run
        self._registry = registry
        self._silent_for = silent_for

    async def run(self, call: CommandCall, tell: Callable[[Reply], Awaitable[Any]]) -> Reply:
        """The reply to a command; `tell` gets what there is to say before."""
        work = asyncio.create_task(self._run(call))
        try:
            await asyncio.wait((work,), timeout=self._silent_for)
            command = self._registry.of_line(call.line)
            asks_elsewhere = command is None or command.asks_elsewhere
            if not work.done() and call.from_message is None and asks_elsewhere:
                await tell(answer(say(_LOOKING)))
            return await work
        finally:
            work.cancel()
