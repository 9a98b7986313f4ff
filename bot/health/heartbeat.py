"""The heartbeat: a process says every half minute that it lives, so that each can tell which ones there are."""

from __future__ import annotations

import os
import socket
import uuid

import structlog

from bot import __version__
from bot.clocks import Clock
from bot.errors import StorageError
from bot.health.report import Process
from bot.health.store import HealthStore
from bot.platforms.access import Access
from bot.posting.roles import ProcessRole

_log = structlog.get_logger()


class Heartbeat:
    """This process among those that share the store."""

    def __init__(
        self, store: HealthStore, clock: Clock, role: ProcessRole = ProcessRole.ALL, access: Access | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._role = role
        self._access = access or Access()
        self._id = uuid.uuid4().hex
        self._process: Process | None = None

    async def beat(self, *, leads: bool) -> None:
        """Says that this process lives. Raises `StorageError`."""
        now = self._clock.now()
        # A clock that was set back must not let the beginning lie behind the present.
        started_at = min(self._process.started_at, now) if self._process else now
        self._process = Process(
            id=self._id,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=__version__,
            started_at=started_at,
            seen_at=now,
            leads=leads,
            role=self._role,
            refusals=self._access.refusals,
        )
        await self._store.beat(self._process)

    async def end(self) -> None:
        """Says that it ends, if it ever said that it lives."""
        if self._process is None:
            return
        try:
            await self._store.leave(self._id)
        except StorageError as error:
            _log.warning("heartbeat.not_ended", reason=str(error))  # others notice that it is silent
