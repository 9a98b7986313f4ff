"""How often a workspace's histories may be read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

#: Seconds after the last refusal for which histories are read no faster than it allowed.
_PACE_KEPT_FOR: Final = 3_600.0
_LONGEST_INTERVAL: Final = 300.0  # seconds


class HistoryPace:
    """How often one method may be asked in a workspace, learnt from its refusals; each that waits has its turn.

    Apps that are distributed outside the Marketplace may read a history once a minute, in the whole workspace:
    https://docs.slack.dev/reference/methods/conversations.history
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._interval = 0.0
        self._learnt_at = 0.0
        self._asked_at: float | None = None
        self._asked_before: float | None = None  # the time before that
        self._free_at = 0.0  # nobody may ask before
        self._turns: OrderedDict[str, float] = OrderedDict()

    def wait(self, key: str) -> float:
        """Seconds until whatever has that key may ask, 0 for now: then it is taken to have asked."""
        now = self._monotonic()
        if self._interval and now - self._learnt_at > _PACE_KEPT_FOR:
            self._interval = 0.0
            self._turns.clear()
        # Who had a turn and did not come, does not come any more.
        while self._turns and (first := next(iter(self._turns.items())))[1] < now - self._interval and first[0] != key:
            self._turns.popitem(last=False)
        turn = self._turns.pop(key, None)
        others = max(self._turns.values(), default=None) if turn is None else None
        at = max(now if turn is None else turn, self._free_at)
        if others is not None:
            at = max(at, others + self._interval)
        if at > now:
            self._turns[key] = at
            self._turns = OrderedDict(sorted(self._turns.items(), key=lambda one: one[1]))
            return at - now
        self._asked_before, self._asked_at, self._free_at = self._asked_at, now, now + self._interval
        return 0.0

    def limited(self, seconds: float) -> None:
        """Slack refused the last one for so long: that, and the time since the one before it, are what it wants."""
        now = self._monotonic()
        before = 0.0 if self._asked_before is None else now - self._asked_before
        self._interval = max(self._interval, min(_LONGEST_INTERVAL, seconds + before))
        self._learnt_at, self._free_at = now, now + seconds
