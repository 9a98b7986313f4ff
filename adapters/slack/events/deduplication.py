"""De-duplication: telling a repeated delivery from a new one, also where another process had the first."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from datetime import timedelta
from typing import Final

import structlog

from adapters.slack.client.payloads import Json
from bot.clocks import Clock, SystemClock
from bot.errors import PaperRoundError
from bot.platforms.idempotency import IdempotencyStore

log = structlog.get_logger(__name__)

#: Slack repeats a delivery for some six minutes, and a signed request can be replayed for five.
_REMEMBERED: Final = 20_000
#: For how long an event is remembered in the store; Slack says no limit for what it catches up on after an outage.
EVENT_REMEMBERED_FOR: Final = timedelta(hours=24)


class Deduplication:
    """Remembers what was delivered: in this process at once, and for events in the store that processes share."""

    def __init__(
        self, store: IdempotencyStore | None = None, clock: Clock | None = None, remembered: int = _REMEMBERED
    ) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._remembered = remembered

    def is_new(self, body: Json) -> bool:
        """Whether this process has it for the first time; what has no mark of its own always counts as new."""
        mark = _mark_of(body)
        if mark is None:
            return True
        if mark in self._seen:
            return False
        self._seen[mark] = None
        if len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        return True

    async def is_first(self, body: Json) -> bool:
        """Whether no process has begun with that event. Events are delivered again; what people do never is."""
        mark = _mark_of(body)
        return mark is None or await self.claim(f"slack event {mark}", EVENT_REMEMBERED_FOR)

    async def claim(self, key: str, duration: timedelta) -> bool:
        """Whether nobody has claimed that key lately. A store that cannot be asked lets everything pass."""
        if self._store is None:
            return True
        now = self._clock.now()
        try:
            return await self._store.claim(key, now=now, until=now + duration)
        except PaperRoundError as error:
            log.warning("slack.not_remembered", reason=str(error))
            return True

    async def release(self, key: str) -> None:
        """Says that what the key stands for did not happen."""
        if self._store is None:
            return
        try:
            await self._store.release(key)
        except PaperRoundError as error:
            log.warning("slack.not_remembered", reason=str(error))


def _mark_of(body: Json) -> str | None:
    """What a delivery and its repetitions have in common, and no other delivery has."""
    name = body.get("event_id") or body.get("trigger_id")
    if not isinstance(name, str):
        return None
    # A repetition says the same as well. Whoever gives out one name twice costs nobody a command.
    said = json.dumps(body.get("event", body), sort_keys=True)
    return f"{name[:100]} {hashlib.sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()}"
