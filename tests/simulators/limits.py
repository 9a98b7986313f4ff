"""Limits as platforms set them: how many requests they take, which a test may change while it runs."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

#: Requests a second, always or by the time (seconds on the clock of whoever asks).
Rate = float | Callable[[float], float]
_LOOK_AGAIN = 0.05  # seconds until others are asked again whether they want something


class Kind(Enum):
    """How requests are counted."""

    SLIDING = auto()  # in any second
    FIXED = auto()  # in seconds one after the other
    BUCKET = auto()  # what was not used is saved up for a second


@dataclass(slots=True)
class Limit:
    """Takes so many requests a second as its `rate` says; everything may be changed at any time.

    A refusal asks to wait for `retry_after` seconds, else for as long as it takes. A limit that `blocks` takes nothing
    before those are over. `others` make so many requests a second as well, evenly. Times are seconds that only grow.
    """

    rate: Rate
    kind: Kind = Kind.SLIDING
    retry_after: float | None = None
    blocks: bool = False
    others: Rate = 0.0
    taken: int = 0
    refused: int = 0
    allowed: float = 0.0  # what could have been taken until now, without what others took and without blocks
    blocked: float = 0.0  # seconds of blocks
    _window: deque[float] = field(default_factory=deque)  # when those came that count
    _tokens: float = math.inf
    _filled_at: float = 0.0
    _now: float | None = None
    _next_other: float = 0.0
    _blocked_until: float = -math.inf

    def take(self, now: float) -> float:
        """Counts a request. 0 if it is taken, else how many seconds it is asked to wait."""
        self.look(now)
        if now < self._blocked_until:
            wait = self._blocked_until - now
        elif not (wait := self._take(now)):
            self.taken += 1
            return 0.0
        else:
            wait = wait if self.retry_after is None else self.retry_after
            if self.blocks:
                self._blocked_until = now + wait
        self.refused += 1
        return max(wait, 0.001)

    def look(self, now: float) -> None:
        """Lets time go on until `now`: counts what was allowed meanwhile, and what others asked for."""
        before = self._now if self._now is not None else now
        self._next_other = self._next_other if self._now is not None else now
        blocked = max(0.0, min(now, self._blocked_until) - before)
        self.blocked += blocked
        self.allowed += (now - before - blocked) * _at(self.rate, (before + now) / 2)
        self._now = now
        while self._next_other <= now:
            at, others = self._next_other, _at(self.others, self._next_other)
            if others and at >= self._blocked_until and not self._take(at):
                self.allowed -= 1
            self._next_other += 1 / others if others else _LOOK_AGAIN

    @property
    def used(self) -> float:
        """The share of what was allowed that was taken."""
        return self.taken / self.allowed if self.allowed else 0.0

    @property
    def share_refused(self) -> float:
        return self.refused / (self.taken + self.refused) if self.refused else 0.0

    def _take(self, now: float) -> float:
        rate = _at(self.rate, now)
        if self.kind is Kind.BUCKET:
            self._tokens = min(rate, self._tokens + (now - self._filled_at) * rate)
            self._filled_at = now
            if self._tokens < 1:
                return (1 - self._tokens) / rate
            self._tokens -= 1
            return 0.0
        begins = math.floor(now) if self.kind is Kind.FIXED else now - 1 + 1e-9
        while self._window and self._window[0] < begins:
            self._window.popleft()
        if len(self._window) >= rate:
            return max(begins + 1 - now if self.kind is Kind.FIXED else self._window[0] + 1 - now, 0.001)
        self._window.append(now)
        return 0.0


def _at(rate: Rate, now: float) -> float:
    return rate(now) if callable(rate) else rate
