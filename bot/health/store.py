"""The store behind the health report."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.health.report import DatabaseHealth, Process, StoredFacts


class HealthStore(Protocol):
    """What the database says of itself and of what is in it."""

    async def database(self, now: datetime) -> DatabaseHealth:
        """How the database does: something is written to find out. Never raises for a database in trouble."""
        ...

    async def facts(self, now: datetime) -> StoredFacts:
        """What is in the database. Raises `StorageError`."""
        ...

    async def beat(self, process: Process) -> None:
        """Notes that a process lives, and forgets those that were not seen for a day. Raises `StorageError`."""
        ...

    async def leave(self, process_id: str) -> None:
        """Forgets a process that ends. Raises `StorageError`."""
        ...
