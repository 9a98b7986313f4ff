"""When a whole workspace is asked to wait.

Slack limits messages per channel and per workspace, and its answer does not say which limit it was. One channel's is
nobody else's business; when several channels are refused at once it is the workspace's, and more requests would only
be refused as well. https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

import time
from typing import Final

#: So many channels that have to wait at the same time mean the workspace.
CHANNELS: Final = 5


class RateLimit:
    """How long a workspace's channels have to wait, as far as Slack said."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def retry_after(self, channel: str, seconds: float) -> None:
        now = time.monotonic()
        self._until = {one: until for one, until in self._until.items() if until > now} | {channel: now + seconds}

    def taken(self) -> None:
        """Slack took a message: it was not the workspace."""
        self._until.clear()

    def wait(self) -> float:
        """Seconds until the workspace may be asked again."""
        now = time.monotonic()
        waiting = sorted(until - now for until in self._until.values() if until > now)
        # Until so few of them wait that it may be only those channels again.
        return waiting[-CHANNELS] if len(waiting) >= CHANNELS else 0.0
