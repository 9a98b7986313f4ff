"""Roles: what a process does, where several share a store."""

from __future__ import annotations

from enum import StrEnum


class ProcessRole(StrEnum):
    """What a process does. A `gateway` hears people and answers them, a `worker` does what nobody waits for."""

    ALL = "all"
    GATEWAY = "gateway"
    WORKER = "worker"

    @property
    def listens(self) -> bool:
        """Whether it has the connections to chat platforms, takes commands and serves the web workspace."""
        return self is not ProcessRole.WORKER

    @property
    def works(self) -> bool:
        """Whether it reads the feeds, matches, plans and posts."""
        return self is not ProcessRole.GATEWAY


class Duty(StrEnum):
    """What one process at a time does for a platform that knows a bot only as a whole."""

    LISTENING = "listening"
    POSTING = "posting"
