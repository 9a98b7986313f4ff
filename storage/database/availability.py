"""Availability: whether the database does its work, said in the log when that changes.

While it is away every part of the bot fails at every attempt. Here it is said once when that begins, once a minute
while it lasts, and once when it is over; what the parts say themselves is left out of the log (`bot.app.logs`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog

REMIND_EVERY: Final = 60.0  # seconds

_log = structlog.get_logger()


class Availability:
    """What the last transactions came to. Reading may go on where writing does not."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        #: Transactions that failed, by kind.
        self.failures: Counter[str] = Counter(read=0, write=0)
        self._failing: set[str] = set()
        self._reason = ""
        self._since = 0.0
        self._said_at = -REMIND_EVERY
        self._said = False

    @property
    def reason(self) -> str:
        """Why it does not do its work, empty as long as it does."""
        return self._reason if self._failing else ""

    def failed(self, kind: str, reason: str) -> None:
        """A transaction of that kind (`read`, `write`) failed because of the database."""
        self.failures[kind] += 1
        now = self._now()
        if not self._failing:
            self._since, self._said = now, False
        self._failing.add(kind)
        self._reason = reason
        if now - self._said_at >= REMIND_EVERY:
            event = "database.still_away" if self._said else "database.away"
            _log.error(event, reason=reason, seconds=round(now - self._since))
            self._said_at, self._said = now, True

    def succeeded(self, kind: str) -> None:
        """A transaction of that kind was committed. One that writes shows that reading works, too."""
        if not self._failing:
            return
        self._failing -= {"read", "write"} if kind == "write" else {kind}
        if not self._failing and self._said:
            _log.warning("database.back", after_seconds=round(self._now() - self._since))
