"""Access: whether platforms let this process in, with the tokens and rights that whoever runs the bot gave it.

A platform that refuses them ends nothing else: the others are served, it is asked again, less and less often, and the
health report says what to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog

from bot.channels.channel import PlatformName
from bot.metrics import Metrics

FIRST_RETRY: Final = 5.0  # seconds until a platform that refuses us is asked again
LONGEST_RETRY: Final = 300.0  # seconds; each wait is twice as long as the one before, up to this

_log = structlog.get_logger()


class Means(StrEnum):
    """What a process gets into a platform for. Each may take a token of its own."""

    POSTING = "posting"
    LISTENING = "listening"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A platform lets us in no more. `advice` is a sentence or two: what it refuses, and what to do."""

    platform: PlatformName
    advice: str


class Access:
    """What one process knows. A platform may let us post and refuse to tell us anything, or the other way round."""

    def __init__(self, metrics: Metrics | None = None) -> None:
        self.metrics = metrics or Metrics()
        self._refused: dict[tuple[PlatformName, Means], str] = {}
        self._listeners: list[Callable[[], None]] = []
        self._changed = asyncio.Event()

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """What is refused now; what is to be done for both means is said once."""
        told = {Refusal(platform, advice): None for (platform, _), advice in sorted(self._refused.items())}
        return tuple(told)

    def is_refused(self, platform: PlatformName, means: Means) -> bool:
        return (platform, means) in self._refused

    def refused(self, platform: PlatformName, means: Means, advice: str) -> None:
        """The platform does not let us in by these means."""
        if self._refused.get((platform, means)) != advice:
            self._refused[platform, means] = advice
            _log.error("platform.refused", platform=platform.value, means=means.value, advice=advice)
            self._tell(platform)

    def granted(self, platform: PlatformName, means: Means) -> None:
        """The platform lets us in by these means, maybe again."""
        if self._refused.pop((platform, means), None) is not None:
            _log.info("platform.granted", platform=platform.value, means=means.value)
            self._tell(platform)

    @contextmanager
    def heard_by(self, listener: Callable[[], None]) -> Iterator[None]:
        """Calls somebody whenever this changes, within the context."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    async def until_refused(self, platform: PlatformName, means: Means) -> None:
        """Waits until the platform refuses these means."""
        while not self.is_refused(platform, means):
            self._changed.clear()
            await self._changed.wait()

    def _tell(self, platform: PlatformName) -> None:
        self.metrics.access(platform, refused=any(name is platform for name, _ in self._refused))
        self._changed.set()
        for listener in self._listeners:
            listener()
