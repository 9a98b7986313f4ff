"""Idempotency keys: what was begun once is not begun again, in whichever process it comes a second time."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class IdempotencyStore(Protocol):
    """Remembers keys for a while, for all processes on one database."""

    async def claim(self, key: str, *, now: datetime, until: datetime) -> bool:
        """Whether nobody has claimed that key, or not for a while; it is claimed from now on, until then."""
        ...

    async def release(self, key: str) -> None:
        """Says that what the key stands for did not happen."""
        ...
