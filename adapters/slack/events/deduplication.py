"""Telling a repeated delivery from a new one."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from typing import Final

from adapters.slack.client.payloads import Json

#: Slack repeats a delivery for some six minutes, and a signed request can be replayed for five.
_REMEMBERED: Final = 20_000


class Deduplication:
    """Remembers what was delivered. Slack delivers at least once; what came while we were down is not remembered."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._remembered = remembered

    def is_new(self, body: Json) -> bool:
        """Whether this is the first time; what has no mark of its own always counts as new."""
        name = body.get("event_id") or body.get("trigger_id")
        if not isinstance(name, str):
            return True
        # A repetition says the same as well. Whoever gives out one name twice costs nobody a command.
        said = json.dumps(body.get("event", body), sort_keys=True)
        mark = f"{name} {hashlib.sha256(said.encode()).hexdigest()}"
        if mark in self._seen:
            return False
        self._seen[mark] = None
        if len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        return True
